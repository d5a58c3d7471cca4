//! `/v1/me/redemptions`: a member's own.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_cards::issue;
use unionhall_kernel::{Code, Fen};
use unionhall_web::once::respond;
use unionhall_web::{Answer, Body, Id, Listing, Member, Once, OnceHeader, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::merchant::check_amount;
use crate::Merchants;
use crate::branch;
use crate::campaign::OfferKind;
use crate::redeem::{self, Order, Via};
use crate::redemption::{self, RedemptionView};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(redeem_at_branch).service(list_own_redemptions).service(get_own_redemption);
}

/// An offer to redeem at a shop whose printed QR was scanned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BranchRedemption {
    /// What the printed QR says: a link, or the code it ends with. 门店码
    #[schema(min_length = 1, max_length = 256, example = "7K2M9PQRST")]
    branch_code: String,
    /// The campaign; of kind coupon, the coupon that ends first is used.
    offer_id: Uuid,
    /// What the goods cost, where the offer needs it. 消费金额
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000, example = 5600)]
    amount_fen: Option<Fen>,
}

/// What the member shows the shop: the shop's page shows the same four digits. 核销确认
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // the statement writes it; this documents it
struct RedemptionConfirmation {
    /// Its id.
    id: Uuid,
    /// 凭证号
    receipt_no: String,
    /// 原价; null where no amount was told
    original_fen: Option<i64>,
    /// 优惠
    benefit_fen: i64,
    /// 应付; null where no amount was told
    payable_fen: Option<i64>,
    /// How often I may still have it; of coupons how many more I hold, whatever may still be claimed. 剩余次数
    remaining_for_member: i64,
    /// 商户
    merchant_name: String,
    /// 门店
    branch_name: String,
    /// 优惠名称
    title: String,
    /// When, by the server's clock. 时间
    at: String,
    /// Four digits to compare. 校验码
    #[schema(pattern = "^[0-9]{4}$", example = "4821")]
    check_code: String,
}

/// Redeem at a branch by its printed QR 扫门店码核销
///
/// The second of two calls, after `GET /v1/me/branch-offers` with the same code.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = BranchRedemption,
    responses(
        (status = 201, description = "Done; show it to the shop", body = RedemptionConfirmation),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 404, description = "`NOT_FOUND`: no such branch, or no such offer there"),
        (status = 409, description = "`CARD_NOT_VALID`, `NOT_OPEN`, `NOT_ELIGIBLE` with `rule`, `COUPON_USED`, `ALREADY_HAVE`, `SOLD_OUT`, `IN_PROGRESS`"),
    )
)]
#[post("/v1/me/redemptions")]
async fn redeem_at_branch(
    merchants: web::Data<Merchants>,
    me: Member<1>,
    key: Once,
    body: Body<BranchRedemption>,
) -> Answer {
    check_amount(body.amount_fen)?;
    let core = &merchants.core;
    let key = key.of(me.principal.account, "redeem_at_branch", body.raw());
    let code = branch::printed(&body.branch_code);
    let found = branch::by_code(&mut *core.db.read().await?, &code).await;
    let branch = match found {
        Err(problem) if problem.code == Code::NotFound => {
            return Ok(respond(redeem::refuse(core, &key, problem).await?));
        }
        other => other?.id,
    };
    let person = me.person()?;
    let order = || Order {
        key: key.clone(),
        person,
        via: Via::BranchQr,
        branch,
        campaign: Some(body.offer_id),
        coupon: None,
        amount: body.amount_fen,
    };
    let stored = match redeem::redeem(&merchants, order()).await {
        // A new member may stand in the shop before the event that issues their card was handled.
        Err(problem) if problem.code == Code::CardNotValid && issue::ensure(core, person).await? => {
            redeem::redeem(&merchants, order()).await?
        }
        done => done?,
    };
    Ok(respond(stored))
}

/// A redemption of one's own. 我的核销记录
#[derive(Debug, Serialize, ToSchema)]
struct OwnRedemptionDto {
    /// Its id.
    id: Uuid,
    /// 凭证号
    receipt_no: String,
    /// 优惠名称
    title: String,
    /// Kind of the offer. 优惠类型
    #[schema(value_type = OfferKind)]
    kind: String,
    /// The coupon, where one was used.
    coupon_id: Option<Uuid>,
    /// 商户
    merchant_name: String,
    /// 门店
    branch_name: String,
    /// 原价
    original_fen: Option<i64>,
    /// 优惠
    benefit_fen: i64,
    /// 应付
    payable_fen: Option<i64>,
    /// `DONE` or `VOIDED`. 状态
    state: String,
    /// 状态说明
    state_text: &'static str,
    /// Four digits to compare; null at the till. 校验码
    check_code: Option<String>,
    /// 时间
    at: String,
    /// 撤销时间
    voided_at: Option<String>,
}

impl From<RedemptionView> for OwnRedemptionDto {
    fn from(view: RedemptionView) -> Self {
        let RedemptionView {
            id,
            receipt_no,
            campaign_id: _,
            title,
            kind,
            coupon_id,
            merchant_name,
            branch_id: _,
            branch_name,
            original_fen,
            benefit_fen,
            payable_fen,
            state,
            via: _,
            check_code,
            at,
            voided_at,
        } = view;
        Self {
            id,
            receipt_no,
            title,
            kind,
            coupon_id,
            merchant_name,
            branch_name,
            original_fen,
            benefit_fen,
            payable_fen,
            state_text: if state == "DONE" { "已核销" } else { "已撤销" },
            state,
            check_code,
            at: wire::instant(at),
            voided_at: voided_at.map(wire::instant),
        }
    }
}

/// My redemptions 我的核销记录
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(Listing),
    responses(
        (status = 200, description = "Newest first", body = PageBody<OwnRedemptionDto>),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/redemptions")]
async fn list_own_redemptions(merchants: web::Data<Merchants>, me: Member<1>, listing: Listing) -> Answer {
    let core = &merchants.core;
    let (limit, person) = (listing.limit()?, me.person()?);
    let binding = format!("own-redemptions|{person}");
    let after: Option<Uuid> = listing.after(core, &binding)?;
    let page = redemption::of_member(&mut *core.db.read().await?, person, after, limit).await?;
    let item = |view| Ok(OwnRedemptionDto::from(view));
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, |r| r.id, item)?))
}

/// One of my redemptions 我的核销记录
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The redemption")),
    responses(
        (status = 200, description = "The redemption", body = OwnRedemptionDto),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/redemptions/{id}")]
async fn get_own_redemption(merchants: web::Data<Merchants>, me: Member<1>, id: Id) -> Answer {
    let person = me.person()?;
    let found = redemption::one_of_member(&mut *merchants.core.db.read().await?, person, id.0).await?;
    Ok(HttpResponse::Ok().json(OwnRedemptionDto::from(found)))
}
