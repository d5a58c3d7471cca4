//! `/v1/merchant`: the till.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unionhall_cards::Cards;
use unionhall_kernel::{Code, Fen, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::once::{ok, respond};
use unionhall_web::{
    Answer, Body, Empty, Id, Listing, Merchant, Once, OnceHeader, PageBody, Query, RoleName, can, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::Merchants;
use crate::campaign::OfferKind;
use crate::merchant::{self, Branch};
use crate::redeem::{self, Order, Via};
use crate::redemption::{self, RedemptionView, TillScope};
use crate::stats::{self, BranchDay};
use crate::verify::{self, Offer, Reason, Till, Valid};
use crate::void::{self, By};

/// The operation of till redemptions in the table of idempotency keys.
const REDEEM: &str = "redeem";

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(verify_card)
        .service(redeem_offer)
        .service(list_till_redemptions)
        .service(get_till_redemption)
        .service(void_till_redemption)
        .service(day_summary)
        .service(list_own_branches);
}

fn scope<A>(by: &Merchant<A>) -> TillScope {
    TillScope { merchant: by.merchant, branch: by.branch }
}

/// The branch somebody stands at: their post's; for a manager of all, the one they name, or the only one.
async fn standing_at<A>(
    merchants: &Merchants,
    by: &Merchant<A>,
    named: Option<Uuid>,
) -> Result<Uuid, Problem> {
    match (by.branch, named) {
        (Some(own), None) => return Ok(own),
        (Some(own), Some(named)) if own == named => return Ok(own),
        (Some(_), Some(_)) => return Err(Problem::not_found()),
        (None, _) => {}
    }
    let mut conn = merchants.core.db.read().await?;
    if let Some(named) = named {
        return Ok(merchant::branch(&mut conn, by.merchant, named).await?.id);
    }
    match merchant::branches(&mut conn, by.merchant, None, 2).await?.items.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Problem::invalid("/branch_id", Invalid::new("REQUIRED", "请选择所在门店。"))),
    }
}

/// A code to verify.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Verification {
    /// What the member's QR says.
    #[schema(min_length = 1, max_length = 512, example = "AQABZk5mZ2hpamtsbW5vcHFyc3R1dnd4eXo")]
    code: String,
    /// For a manager of several branches: which one they stand at. 门店
    branch_id: Option<Uuid>,
}

/// What a till shows. 核验提示
#[derive(Debug, Serialize, ToSchema)]
struct VerificationDisplay {
    /// `ok`, `warn` or `no`.
    #[schema(example = "ok")]
    result: &'static str,
    /// 标题
    title: &'static str,
    /// 一句话说明
    line: String,
}

/// An offer the holder can use here now. 可用优惠
#[derive(Debug, Serialize, ToSchema)]
struct OfferDto {
    /// Give this to redeem.
    offer_id: Uuid,
    /// Or this, for a coupon.
    coupon_id: Option<Uuid>,
    /// 优惠类型
    kind: OfferKind,
    /// 名称
    title: String,
    /// 规则说明
    rule_text: String,
    /// Whether the amount must be typed. 是否须录入金额
    needs_amount: bool,
    /// How often this member may still have it, this time included. 剩余次数
    remaining_for_member: i64,
}

impl From<Offer> for OfferDto {
    fn from(offer: Offer) -> Self {
        let Offer { campaign, coupon, kind, title, rule_text, needs_amount, remaining } = offer;
        Self {
            offer_id: campaign,
            coupon_id: coupon,
            kind,
            title,
            rule_text,
            needs_amount,
            remaining_for_member: remaining,
        }
    }
}

/// What a code is worth. 核验结果
#[derive(Debug, Serialize, ToSchema)]
struct VerificationDto {
    /// For step two; null unless valid.
    verification_token: Option<String>,
    /// Until when it may be redeemed; null unless valid.
    expires_at: Option<String>,
    /// 是否有效
    valid: bool,
    /// Why not; null when valid. 原因
    reason: Option<Reason>,
    /// What the till shows.
    display: VerificationDisplay,
    /// The holder's name, masked; null unless valid. 持卡人
    #[schema(example = "王*明")]
    holder_display: Option<String>,
    /// Empty unless valid.
    offers: Vec<OfferDto>,
}

impl From<Result<Valid, Reason>> for VerificationDto {
    fn from(outcome: Result<Valid, Reason>) -> Self {
        match outcome {
            Ok(Valid { token, expires_at, holder, limited, offers }) => {
                let (result, title) =
                    if limited { ("warn", "有效（保留会籍）") } else { ("ok", "有效") };
                let line = match offers.len() {
                    0 => "暂无可用优惠。".to_owned(),
                    n => format!("可用优惠 {n} 项。"),
                };
                Self {
                    verification_token: Some(token),
                    expires_at: Some(wire::instant(expires_at)),
                    valid: true,
                    reason: None,
                    display: VerificationDisplay { result, title, line },
                    holder_display: Some(holder),
                    offers: offers.into_iter().map(OfferDto::from).collect(),
                }
            }
            Err(reason) => Self {
                verification_token: None,
                expires_at: None,
                valid: false,
                reason: Some(reason),
                display: VerificationDisplay {
                    result: "no", title: "无效", line: reason.text().to_owned()
                },
                holder_display: None,
                offers: Vec::new(),
            },
        }
    }
}

/// Verify a member's code 核验会员码
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    request_body = Verification,
    responses(
        (status = 200, description = "Valid or not, and why", body = VerificationDto),
        (status = 404, description = "`NOT_FOUND`: the branch named is not the caller's"),
    )
)]
#[post("/v1/merchant/verifications")]
async fn verify_card(
    merchants: web::Data<Merchants>,
    cards: web::Data<Cards>,
    by: Merchant<can::Till>,
    body: Body<Verification>,
) -> Answer {
    if !unionhall_kernel::text::is_within(&body.code, 1, 512) {
        let invalid = Invalid::new("CODE_LENGTH", "请扫描会员卡二维码。");
        return Err(Problem::invalid("/code", invalid).into());
    }
    let till = Till { branch: standing_at(&merchants, &by, body.branch_id).await?, staff: by.role.id };
    let outcome = verify::verify(&merchants, &cards.codes, till, &body.code).await?;
    Ok(HttpResponse::Ok().json(VerificationDto::from(outcome)))
}

/// An offer to redeem.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Redemption {
    /// Of step one.
    #[schema(min_length = 1, max_length = 512, example = "AQAAAAF1bmlvbmhhbGw")]
    verification_token: String,
    /// The offer; exactly one of this and `coupon_id`.
    offer_id: Option<Uuid>,
    /// The coupon; exactly one of this and `offer_id`.
    coupon_id: Option<Uuid>,
    /// What the goods cost, where the offer needs it. 消费金额
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000, example = 5600)]
    amount_fen: Option<Fen>,
    /// For a manager of several branches: the one named at the verification. 门店
    branch_id: Option<Uuid>,
}

/// The largest amount a till takes: ten million yuan.
pub(super) const MAX_AMOUNT_FEN: i64 = 1_000_000_000;

/// Refuses an amount no till sees.
pub(super) fn check_amount(amount: Option<Fen>) -> Result<(), Problem> {
    if amount.is_some_and(|a| a.get() > MAX_AMOUNT_FEN) {
        return Err(Problem::invalid("/amount_fen", Invalid::new("OUT_OF_RANGE", "金额超出允许范围。")));
    }
    Ok(())
}

/// A redemption that was done. 核销结果
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // the statement writes it; this documents it
struct RedemptionDto {
    /// Its id.
    id: Uuid,
    /// What people read over the phone: 18 digits. 凭证号
    #[schema(example = "261120123456789016")]
    receipt_no: String,
    /// 原价; null where no amount was told
    original_fen: Option<i64>,
    /// 优惠
    benefit_fen: i64,
    /// 应付; null where no amount was told
    payable_fen: Option<i64>,
    /// How often this member may still have it. 剩余次数
    remaining_for_member: i64,
}

/// Redeem an offer 核销
#[utoipa::path(
    tag = "till",
    security(("merchant" = ["till"])),
    params(OnceHeader),
    request_body = Redemption,
    responses(
        (status = 201, description = "Done: the code is burned", body = RedemptionDto),
        (status = 404, description = "`NOT_FOUND`: no such offer or coupon at this branch"),
        (status = 409, description = "`CARD_QR_USED`, `CARD_NOT_VALID`, `VERIFICATION_EXPIRED`, `NOT_OPEN`, `NOT_ELIGIBLE` with `rule`, `COUPON_USED`, `ALREADY_HAVE`, `SOLD_OUT`, `IN_PROGRESS`"),
    )
)]
#[post("/v1/merchant/redemptions")]
async fn redeem_offer(
    merchants: web::Data<Merchants>,
    by: Merchant<can::Till>,
    key: Once,
    body: Body<Redemption>,
) -> Answer {
    let core = &merchants.core;
    if body.offer_id.is_some() == body.coupon_id.is_some() {
        let either = Invalid::new("ONE_OF", "优惠和优惠券须且只能填一项。");
        return Err(Problem::invalid("/offer_id", either).into());
    }
    check_amount(body.amount_fen)?;
    let branch = standing_at(&merchants, &by, body.branch_id).await?;
    let key = key.of(by.principal.account, REDEEM, body.raw());
    let Some(verified) = merchants.tokens.open(&body.verification_token, branch, by.role.id) else {
        let invalid = Invalid::new("TOKEN_INVALID", "核验凭证无效，请重新扫码。");
        let refusal = Problem::invalid("/verification_token", invalid);
        return Ok(respond(redeem::refuse(core, &key, refusal).await?));
    };
    if core.now() >= verified.expires_at {
        let refusal = Problem::new(Code::VerificationExpired);
        return Ok(respond(redeem::refuse(core, &key, refusal).await?));
    }
    let order = Order {
        key,
        person: verified.person,
        via: Via::Till { n: verified.n, step: verified.step, staff: verified.staff },
        branch,
        campaign: body.offer_id,
        coupon: body.coupon_id,
        amount: body.amount_fen,
    };
    Ok(respond(redeem::redeem(&merchants, order).await?))
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
    /// Four digits that member and shop compare; null at the till. 校验码
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
        let own = merchant::branch(&mut conn, by.merchant, own).await?;
        return Ok(HttpResponse::Ok().json(PageBody::whole(vec![OwnBranchDto::from(own)])));
    }
    let binding = format!("own-branches|{}", by.merchant);
    let after: Option<Uuid> = listing.after(core, &binding)?;
    let page = merchant::branches(&mut conn, by.merchant, after, limit).await?;
    let item = |branch| Ok(OwnBranchDto::from(branch));
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, |b| b.id, item)?))
}
