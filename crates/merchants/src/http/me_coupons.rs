//! `/v1/me/coupons`: a member's own.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_storage::page::Page;
use unionhall_web::once::{created, respond};
use unionhall_web::{Answer, Body, Id, Listing, Member, Once, OnceHeader, PageBody, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::public::PublicPlace;
use super::words;
use crate::Merchants;
use crate::campaign::OfferKind;
use crate::claim::{self, CouponFilter, CouponState, CouponView};
use crate::code_pool;
use crate::directory::{self, Place};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(claim_coupon).service(list_coupons).service(get_coupon_code);
}

/// A coupon. 优惠券
#[derive(Debug, Serialize, ToSchema)]
struct CouponDto {
    /// Its id.
    id: Uuid,
    /// The campaign.
    campaign_id: Uuid,
    /// `coupon`, used at a till, or `code_pool`, whose code is asked for. 优惠类型
    kind: OfferKind,
    /// 名称
    title: String,
    /// 规则说明
    rule_text: String,
    /// 状态
    state: CouponState,
    /// 状态说明
    state_text: &'static str,
    /// 领取时间
    claimed_at: String,
    /// Its last day. 有效期至
    expires_on: NaiveDate,
}

impl From<CouponView> for CouponDto {
    fn from(view: CouponView) -> Self {
        let CouponView { id, campaign, kind, title, rule_text, state, claimed_at, expires_on } = view;
        Self {
            id,
            campaign_id: campaign,
            kind,
            title,
            rule_text,
            state,
            state_text: state.text(),
            claimed_at: wire::instant(claimed_at),
            expires_on,
        }
    }
}

/// A coupon with where it is used. 我的优惠券
#[derive(Debug, Serialize, ToSchema)]
struct OwnCoupon {
    #[serde(flatten)]
    coupon: CouponDto,
    /// The branches of its campaign that are open now. 可用门店
    places: Vec<PublicPlace>,
}

/// Which campaign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CouponClaim {
    /// A campaign of kind coupon or code_pool.
    campaign_id: Uuid,
}

/// Claim a coupon 领取优惠券
///
/// A coupon needs no code of its own: the till sees it among the offers when it scans the card's QR, and a member who scans the
/// shop's finds it in `GET /v1/me/branch-offers`. Of a `code_pool` the code is asked for with `GET /v1/me/coupons/{id}/code` and
/// spent where its `rule_text` says.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = CouponClaim,
    responses(
        (status = 201, description = "Claimed", body = CouponDto),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 404, description = "`NOT_FOUND`: no such campaign"),
        (status = 409, description = "`NOT_OPEN`, `NOT_ELIGIBLE` with `rule`, `MODULE_CLOSED`, `ALREADY_HAVE`, `SOLD_OUT`, `IN_PROGRESS`"),
    )
)]
#[post("/v1/me/coupons")]
async fn claim_coupon(
    merchants: web::Data<Merchants>,
    me: Member<1>,
    key: Once,
    body: Body<CouponClaim>,
) -> Answer {
    let key = key.of(me.principal.account, "claim_coupon", body.raw());
    let stored = claim::claim(&merchants.core, &me.actor, me.person()?, body.campaign_id, &key, |view| {
        created("/v1/me/coupons".to_owned(), &CouponDto::from(view.clone()))
    })
    .await?;
    Ok(respond(stored))
}

/// Which coupons.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CouponQuery {
    /// States, comma-separated; all without. 状态
    #[param(max_length = 64, example = "CLAIMED")]
    state: Option<String>,
    /// Usable at this branch. 门店
    branch_id: Option<Uuid>,
}

/// My coupons 我的优惠券
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(CouponQuery, Listing),
    responses(
        (status = 200, description = "By id", body = PageBody<OwnCoupon>),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
    )
)]
#[get("/v1/me/coupons")]
async fn list_coupons(
    merchants: web::Data<Merchants>,
    me: Member<1>,
    query: Query<CouponQuery>,
    listing: Listing,
) -> Answer {
    let core = &merchants.core;
    let (limit, person) = (listing.limit()?, me.person()?);
    let filter = CouponFilter { states: words("state", query.state.as_deref())?, branch: query.branch_id };
    let binding = format!("coupons|{person}|{:?}|{:?}", filter.states, filter.branch);
    let after: Option<Uuid> = listing.after(core, &binding)?;
    let mut conn = core.db.read().await?;
    let page = claim::list(&mut conn, person, core.today(), &filter, after, limit).await?;
    let campaigns: Vec<Uuid> = page.items.iter().map(|c| c.campaign).collect();
    let places = directory::places(&mut conn, &campaigns, core.today()).await?;
    let page = Page { items: directory::with_places(page.items, |c| c.campaign, &places), more: page.more };
    let item = |(view, places): (CouponView, Vec<Place>)| {
        let places = places.into_iter().map(PublicPlace::from).collect();
        Ok(OwnCoupon { coupon: CouponDto::from(view), places })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, |row| row.0.id, item)?))
}

/// A code to spend with another company. 兑换码
#[derive(Debug, Serialize, ToSchema)]
struct CouponCode {
    /// What that company asks for.
    #[schema(example = "GKX7-2M9P-QRST")]
    code: String,
}

/// The code of a coupon 查看兑换码
///
/// For coupons of a campaign of kind `code_pool`: how and where the code is spent, the campaign's title says.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The coupon")),
    responses(
        (status = 200, description = "The code, the same every time", body = CouponCode),
        (status = 403, description = "`LEVEL_TOO_LOW`"),
        (status = 404, description = "`NOT_FOUND`: no such coupon, or one that is used at a till"),
    )
)]
#[get("/v1/me/coupons/{id}/code")]
async fn get_coupon_code(merchants: web::Data<Merchants>, me: Member<1>, id: Id) -> Answer {
    let core = &merchants.core;
    let code = code_pool::of_coupon(core, &mut *core.db.read().await?, me.person()?, id.0).await?;
    Ok(HttpResponse::Ok().json(CouponCode { code }))
}
