//! `/v1/merchant`: what was done at the till, voiding, the day, the branches.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::once::once;
use unionhall_web::once::{ok, respond};
use unionhall_web::{
    Answer, Empty, Id, Listing, Merchant, Once, OnceHeader, PageBody, Query, RoleName, can, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::merchant::REDEEM;
use crate::Merchants;
use crate::branch::{self, Branch};
use crate::campaign::OfferKind;
use crate::redemption::{self, RedemptionView, TillScope};
use crate::stats::{self, BranchDay};
use crate::void::{self, By};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_till_redemptions)
        .service(get_till_redemption)
        .service(void_till_redemption)
        .service(day_summary)
        .service(list_own_branches);
}

fn scope<A>(by: &Merchant<A>) -> TillScope {
    TillScope { merchant: by.merchant, branch: by.branch }
}

/// A redemption as the till and the union see it: nothing about the member. 核销记录
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TillRedemptionDto {
    /// Its id.
    id: Uuid,
    /// 凭证号
    receipt_no: String,
    /// The campaign.
    offer_id: Uuid,
    /// 优惠名称
    title: String,
    /// Kind of the offer. 优惠类型
    #[schema(value_type = OfferKind)]
    kind: String,
    /// The coupon, where one was used.
    coupon_id: Option<Uuid>,
    /// 门店
    branch_id: Uuid,
    /// 门店名称
    branch_name: String,
    /// 原价
    original_fen: Option<i64>,
    /// 优惠
    benefit_fen: i64,
    /// 应付
    payable_fen: Option<i64>,
    /// `DONE` or `VOIDED`. 状态
    state: String,
    /// `till` or `branch_qr`. 方式
    via: String,
    /// Four digits that member and shop compare where `via` is `branch_qr`: the shop finds the sale first in
    /// `GET /v1/merchant/redemptions`. 校验码
    check_code: Option<String>,
    /// When. 时间
    at: String,
    /// When it was voided. 撤销时间
    voided_at: Option<String>,
}

impl From<RedemptionView> for TillRedemptionDto {
    fn from(view: RedemptionView) -> Self {
        let RedemptionView {
            id,
            receipt_no,
            campaign_id,
            title,
            kind,
            coupon_id,
            merchant_name: _,
            branch_id,
            branch_name,
            original_fen,
            benefit_fen,
            payable_fen,
            state,
            via,
            check_code,
            at,
            voided_at,
        } = view;
        Self {
            id,
            receipt_no,
            offer_id: campaign_id,
            title,
            kind,
            coupon_id,
            branch_id,
            branch_name,
            original_fen,
            benefit_fen,
            payable_fen,
            state,
            via,
            check_code,
            at: wire::instant(at),
            voided_at: voided_at.map(|t: DateTime<Utc>| wire::instant(t)),
        }
    }
}

/// Which redemptions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TillQuery {
    /// The key of a request whose outcome is unknown: one redemption or none. 幂等键
    #[param(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$", example = "5b1f6a0e-till-7")]
    idempotency_key: Option<String>,
    /// A Shanghai day; today without. 日期
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    date: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct Stored {
    id: Uuid,
}

/// Redemptions at the till 核销记录
///
/// With `idempotency_key`, what became of that request; otherwise a day, newest first.
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(TillQuery, Listing),
    responses((status = 200, description = "Of the branch; of all branches for a manager of all", body = PageBody<TillRedemptionDto>))
)]
#[get("/v1/merchant/redemptions")]
async fn list_till_redemptions(
    merchants: web::Data<Merchants>,
    by: Merchant<can::Till>,
    query: Query<TillQuery>,
    listing: Listing,
) -> Answer {
    let core = &merchants.core;
    let (limit, scope) = (listing.limit()?, scope(&by));
    let mut conn = core.db.read().await?;
    if let Some(key) = &query.idempotency_key {
        let body = unionhall_storage::once::answer_of(&mut conn, by.principal.account, REDEEM, key).await?;
        let mut items = Vec::new();
        if let Some(body) = body {
            let Stored { id } = serde_json::from_slice(&body).map_err(Problem::internal)?;
            items.push(TillRedemptionDto::from(redemption::any(&mut conn, id).await?));
        }
        return Ok(HttpResponse::Ok().json(PageBody::whole(items)));
    }
    let day = query.date.unwrap_or_else(|| core.today());
    let binding = format!("till|{}|{:?}|{day}", scope.merchant, scope.branch);
    let after: Option<Uuid> = listing.after(core, &binding)?;
    let page = redemption::at_till(&mut conn, scope, day, after, limit).await?;
    let item = |view| Ok(TillRedemptionDto::from(view));
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, |r| r.id, item)?))
}

/// One redemption at the till 核销记录
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(("id" = Uuid, Path, description = "The redemption")),
    responses((status = 200, description = "The redemption", body = TillRedemptionDto))
)]
#[get("/v1/merchant/redemptions/{id}")]
async fn get_till_redemption(merchants: web::Data<Merchants>, by: Merchant<can::Till>, id: Id) -> Answer {
    let mut conn = merchants.core.db.read().await?;
    let found = redemption::one_at_till(&mut conn, scope(&by), id.0).await?;
    Ok(HttpResponse::Ok().json(TillRedemptionDto::from(found)))
}

/// Void a redemption 撤销核销
///
/// Staff within 10 minutes at their branch, managers within 24 hours.
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(("id" = Uuid, Path, description = "The redemption"), OnceHeader),
    responses(
        (status = 200, description = "Voided; what was taken came back, the code stays burned", body = TillRedemptionDto),
        (status = 409, description = "`INVALID_STATE`: voided already; `VOID_WINDOW_CLOSED`; `IN_PROGRESS`"),
    )
)]
#[post("/v1/merchant/redemptions/{id}/void")]
async fn void_till_redemption(
    merchants: web::Data<Merchants>,
    by: Merchant<can::Till>,
    id: Id,
    key: Once,
    body: Empty,
) -> Answer {
    let core = &merchants.core;
    let who = By::Till { scope: scope(&by), manager: by.role.name == RoleName::Manager };
    let key = key.of(by.principal.account, "void_till_redemption", body.raw());
    let stored = once(&core.db, core.now(), Some(key), async |tx| {
        ok(&TillRedemptionDto::from(void::void(core, tx, &by.actor, who, id.0, None).await?))
    })
    .await?;
    Ok(respond(stored))
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// A Shanghai day; today without. 日期
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    date: Option<NaiveDate>,
}

/// A branch's day. 门店日结
#[derive(Debug, Serialize, ToSchema)]
struct BranchDayDto {
    /// 门店
    branch_id: Uuid,
    /// 门店名称
    branch_name: String,
    /// 核销笔数
    redemptions: i64,
    /// 撤销笔数
    voided: i64,
    /// 原价合计
    original_fen: i64,
    /// 优惠合计
    benefit_fen: i64,
    /// 应付合计
    payable_fen: i64,
}

impl From<BranchDay> for BranchDayDto {
    fn from(day: BranchDay) -> Self {
        let BranchDay { branch, name, redemptions, voided, original_fen, benefit_fen, payable_fen } = day;
        Self {
            branch_id: branch,
            branch_name: name,
            redemptions,
            voided,
            original_fen,
            benefit_fen,
            payable_fen,
        }
    }
}

/// A day at the till. 日结
#[derive(Debug, Serialize, ToSchema)]
struct DaySummary {
    /// 日期
    date: NaiveDate,
    /// 核销笔数
    redemptions: i64,
    /// 撤销笔数
    voided: i64,
    /// 原价合计
    original_fen: i64,
    /// 优惠合计
    benefit_fen: i64,
    /// 应付合计
    payable_fen: i64,
    /// By branch.
    branches: Vec<BranchDayDto>,
}

/// A day at the till 日结
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(DayQuery),
    responses((status = 200, description = "Of the branch; of all branches for a manager of all", body = DaySummary))
)]
#[get("/v1/merchant/day-summary")]
async fn day_summary(
    merchants: web::Data<Merchants>,
    by: Merchant<can::Till>,
    query: Query<DayQuery>,
) -> Answer {
    let date = query.date.unwrap_or_else(|| merchants.core.today());
    let days = stats::day_summary(&mut *merchants.core.db.read().await?, scope(&by), date).await?;
    let total = |of: fn(&BranchDay) -> i64| days.iter().map(of).sum::<i64>();
    let body = DaySummary {
        date,
        redemptions: total(|d| d.redemptions),
        voided: total(|d| d.voided),
        original_fen: total(|d| d.original_fen),
        benefit_fen: total(|d| d.benefit_fen),
        payable_fen: total(|d| d.payable_fen),
        branches: days.into_iter().map(BranchDayDto::from).collect(),
    };
    Ok(HttpResponse::Ok().json(body))
}

/// A branch of one's merchant. 本商户门店
#[derive(Debug, Serialize, ToSchema)]
struct OwnBranchDto {
    /// Its id.
    id: Uuid,
    /// What its printed QR says. 门店码
    code: String,
    /// 门店名称
    name: String,
    /// 地址
    address: String,
    /// `OPEN` or `CLOSED`. 状态
    state: String,
}

impl From<Branch> for OwnBranchDto {
    fn from(branch: Branch) -> Self {
        let Branch {
            id,
            merchant_id: _,
            code,
            name,
            address,
            division_code: _,
            lat: _,
            lng: _,
            datum: _,
            state,
        } = branch;
        Self { id, code, name, address, state }
    }
}

/// Branches of one's merchant 本商户门店
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(Listing),
    responses((status = 200, description = "One's own; all for a manager of all", body = PageBody<OwnBranchDto>))
)]
#[get("/v1/merchant/branches")]
async fn list_own_branches(
    merchants: web::Data<Merchants>,
    by: Merchant<can::Till>,
    listing: Listing,
) -> Answer {
    let core = &merchants.core;
    let limit = listing.limit()?;
    let mut conn = core.db.read().await?;
    if let Some(own) = by.branch {
        let own = branch::get(&mut conn, by.merchant, own).await?;
        return Ok(HttpResponse::Ok().json(PageBody::whole(vec![OwnBranchDto::from(own)])));
    }
    let binding = format!("own-branches|{}", by.merchant);
    let after: Option<Uuid> = listing.after(core, &binding)?;
    let page = branch::list(&mut conn, by.merchant, after, limit).await?;
    let item = |branch| Ok(OwnBranchDto::from(branch));
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, |b| b.id, item)?))
}
