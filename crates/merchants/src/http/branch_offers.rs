//! `/v1/me/branch-offers`: what a member who scanned a shop's printed QR can have there.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_cards::standing::Validity;
use unionhall_cards::{issue, store};
use unionhall_kernel::{Code, Problem};
use unionhall_web::{Answer, Member, Query};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::campaign::OfferKind;
use crate::verify::{self, Offer};
use crate::{Merchants, branch};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_branch_offers);
}

/// Which shop.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BranchQuery {
    /// What the printed QR says: a link, or the code it ends with. 门店码
    #[param(min_length = 1, max_length = 256, example = "7K2M9PQRST")]
    branch_code: String,
}

/// An offer that can be had at the shop now. 本店可用优惠
#[derive(Debug, Serialize, ToSchema)]
struct BranchOffer {
    /// Give this to `POST /v1/me/redemptions`; of coupons the one that ends first is used.
    offer_id: Uuid,
    /// 优惠类型
    kind: OfferKind,
    /// 名称
    title: String,
    /// 规则说明
    rule_text: String,
    /// Whether the amount must be typed. 是否须填写金额
    needs_amount: bool,
    /// How often I may still have it, this time included; of coupons how many I hold. 剩余次数
    remaining_for_member: i64,
}

/// A shop and what I can have there. 门店与可用优惠
#[derive(Debug, Serialize, ToSchema)]
struct BranchOffers {
    /// 商户
    merchant_name: String,
    /// 门店
    branch_name: String,
    /// What can be had now; empty where there is nothing.
    offers: Vec<BranchOffer>,
}

/// What I can have at the shop whose QR I scanned 扫门店码查看优惠
///
/// The first of two calls: show the shop's name and the offers, let the member choose and type the amount where one is needed, then
/// `POST /v1/me/redemptions`. Nothing is used up by this.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(BranchQuery),
    responses(
        (status = 200, description = "The shop, and what can be had there now", body = BranchOffers),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 404, description = "`NOT_FOUND`: no shop has this code"),
        (status = 409, description = "`CARD_NOT_VALID`: no card a till would take"),
    )
)]
#[get("/v1/me/branch-offers")]
async fn list_branch_offers(
    merchants: web::Data<Merchants>,
    me: Member<1>,
    query: Query<BranchQuery>,
) -> Answer {
    let core = &merchants.core;
    let mut conn = core.db.read().await?;
    let unknown = |problem: Problem| match problem.code {
        Code::NotFound => problem.with_detail("未识别此门店码，请扫描店内张贴的二维码。"),
        _ => problem,
    };
    let code = branch::printed(&query.branch_code);
    let (branch, merchant_name) = branch::named_by_code(&mut conn, &code).await.map_err(unknown)?;
    drop(conn);
    let person = me.person()?;
    let cards = issue::cards_of(core, person).await?;
    let is_good =
        |card: &&store::CardView| card.is_virtual() && matches!(card.validity, Validity::Valid { .. });
    let card = cards.iter().find(is_good).ok_or_else(|| Problem::new(Code::CardNotValid))?;
    let mut offers: Vec<Offer> = verify::offers_at(&merchants, person, card.n, branch.id).await?;
    // Two coupons of one campaign are one choice.
    offers.dedup_by_key(|offer| offer.campaign);
    let offers = offers.into_iter().map(|offer| {
        let Offer { campaign, coupon: _, kind, title, rule_text, needs_amount, remaining } = offer;
        BranchOffer {
            offer_id: campaign,
            kind,
            title,
            rule_text,
            needs_amount,
            remaining_for_member: remaining,
        }
    });
    let offers = offers.collect();
    Ok(HttpResponse::Ok().json(BranchOffers { merchant_name, branch_name: branch.name, offers }))
}
