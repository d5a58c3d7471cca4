//! `/v1/merchant`: the two steps at the till.

use std::collections::HashSet;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use unionhall_cards::Cards;
use unionhall_kernel::{Code, Fen, Invalid, Problem};
use unionhall_web::once::respond;
use unionhall_web::{Answer, Body, Merchant, Once, OnceHeader, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::Merchants;
use crate::branch;
use crate::campaign::OfferKind;
use crate::redeem::{self, Order, Via};
use crate::verify::{self, Offer, Reason, Till, Valid};

/// The operation of till redemptions in the table of idempotency keys.
pub(super) const REDEEM: &str = "redeem";

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(verify_card).service(redeem_offer);
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
        return Ok(branch::get(&mut conn, by.merchant, named).await?.id);
    }
    match branch::list(&mut conn, by.merchant, None, 2).await?.items.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Problem::invalid("/branch_id", Invalid::new("REQUIRED", "请选择所在门店。"))),
    }
}

/// A code to verify.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Verification {
    /// What the member's QR says, or the eight digits they tell.
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
    /// Give this to redeem; of coupons, the one that ends first is used. The same for all coupons of a campaign: show them once.
    offer_id: Uuid,
    /// To use this very coupon, give it in place of `offer_id`: exactly one of the two. Null where it is no coupon.
    coupon_id: Option<Uuid>,
    /// 优惠类型
    kind: OfferKind,
    /// 名称
    title: String,
    /// 规则说明
    rule_text: String,
    /// Whether the amount must be typed. 是否须录入金额
    needs_amount: bool,
    /// How often this member may still have it, this time included; of coupons how many they hold. 剩余次数
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
    /// Coupons first, one entry for each that the holder has, those of a campaign side by side. Empty unless valid.
    offers: Vec<OfferDto>,
}

impl From<Result<Valid, Reason>> for VerificationDto {
    fn from(outcome: Result<Valid, Reason>) -> Self {
        match outcome {
            Ok(Valid { token, expires_at, holder, limited, offers }) => {
                let (result, title) =
                    if limited { ("warn", "有效（保留会籍）") } else { ("ok", "有效") };
                // Two coupons of one campaign are one choice.
                let line = match offers.iter().map(|o| o.campaign).collect::<HashSet<_>>().len() {
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
        (status = 429, description = "`RATE_LIMITED`: also after thirty wrong sets of digits in ten minutes at a branch"),
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
    /// How often this member may still have it; of coupons how many more they hold, whatever may still be claimed. 剩余次数
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
