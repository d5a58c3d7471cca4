//! What a campaign offers, as cadres write it and as it is parsed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{BasisPoints, Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use super::text;
use crate::benefit::{Benefit, Rate};
use crate::campaign::{Campaign, CouponTerms, LimitPeriod, OfferKind, Terms};

/// How a benefit is computed. 优惠方式
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BenefitKind {
    /// 立减
    Amount,
    /// 折扣
    Percent,
}

/// What a campaign offers. 活动内容
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignTerms {
    /// The union whose members (with those of its subtree) it is for; the caller's own without. 工会
    pub(super) union_id: Option<Uuid>,
    /// 活动名称: 2 to 60 characters.
    #[schema(min_length = 2, max_length = 60, example = "会员卡满30减5")]
    pub(super) title: String,
    /// 优惠类型
    pub(super) kind: OfferKind,
    /// Where it is used: at least one, but none for `code_pool`. 门店
    #[schema(max_items = 500)]
    pub(super) branch_ids: Vec<Uuid>,
    /// 优惠方式
    pub(super) benefit_kind: BenefitKind,
    /// With `amount`: how much is taken off. 立减金额
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 100_000_000, example = 500)]
    pub(super) benefit_fen: Option<Fen>,
    /// With `percent`: which part is taken off, in basis points (1000 is 10 %, 九折). 优惠比例
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000, example = 1000)]
    pub(super) benefit_bp: Option<BasisPoints>,
    /// With `percent`: at most so much. 优惠上限
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 100_000_000, example = 2000)]
    pub(super) cap_fen: Option<Fen>,
    /// From which spend on; any without. 最低消费
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000_000, example = 3000)]
    pub(super) min_spend_fen: Option<Fen>,
    /// How often a member may have it in a period; 1 without. Standing offers are once a member, branch and day.
    /// 每人限次
    #[schema(minimum = 1, maximum = 100, example = 1)]
    pub(super) per_member_limit: Option<i32>,
    /// That period; the whole campaign without. 限次周期
    pub(super) period: Option<LimitPeriod>,
    /// How many in all; required for `quota`, `coupon` and `code_pool`. 总数量
    #[schema(minimum = 1, maximum = 100_000_000, example = 500)]
    pub(super) quota: Option<i64>,
    /// How much in all; any without. 总预算
    #[schema(value_type = Option<i64>, minimum = 1, example = 250_000)]
    pub(super) budget_fen: Option<Fen>,
    /// First instant. 开始时间
    #[schema(example = "2026-11-20T00:00:00Z")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub(super) starts_at: DateTime<Utc>,
    /// End, exclusive. 结束时间
    #[schema(example = "2026-12-31T16:00:00Z")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub(super) ends_at: DateTime<Utc>,
    /// For coupons and codes: from when they are claimed; `starts_at` without. 领取开始
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub(super) claim_from: Option<DateTime<Utc>>,
    /// For coupons and codes: until when, exclusive; `ends_at` without. 领取截止
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub(super) claim_until: Option<DateTime<Utc>>,
    /// For coupons and codes: days they live, the day of the claim included. 券有效天数
    #[schema(minimum = 1, maximum = 366, example = 7)]
    pub(super) coupon_valid_days: Option<i32>,
    /// Whether limited cards (retained members) may have it; no without. 保留会籍可用
    pub(super) retained_allowed: Option<bool>,
}

const MAX_FEN: i64 = 100_000_000;

fn needed() -> Invalid {
    Invalid::new("REQUIRED", "必填。")
}

fn surplus() -> Invalid {
    Invalid::new("NOT_APPLICABLE", "此类活动不填写该项。")
}

fn range() -> Invalid {
    Invalid::new("OUT_OF_RANGE", "数值超出允许范围。")
}

fn amount(fen: Option<Fen>) -> Result<Fen, Invalid> {
    let fen = fen.ok_or_else(needed)?;
    if (1..=MAX_FEN).contains(&fen.get()) { Ok(fen) } else { Err(range()) }
}

fn benefit(dto: &CampaignTerms, fields: &mut Fields) -> Option<Benefit> {
    let min_spend = dto.min_spend_fen.unwrap_or(Fen::ZERO);
    fields.require(min_spend.get() <= MAX_FEN, "/min_spend_fen", range());
    let rate = match dto.benefit_kind {
        BenefitKind::Amount => {
            fields.require(dto.benefit_bp.is_none(), "/benefit_bp", surplus());
            fields.require(dto.cap_fen.is_none(), "/cap_fen", surplus());
            Rate::Amount(fields.take("/benefit_fen", amount(dto.benefit_fen))?)
        }
        BenefitKind::Percent => {
            fields.require(dto.benefit_fen.is_none(), "/benefit_fen", surplus());
            let bp = dto.benefit_bp.ok_or_else(needed);
            let bp = bp.and_then(|bp| if bp.get() > 0 { Ok(bp) } else { Err(range()) });
            let bp = fields.take("/benefit_bp", bp);
            let cap = dto.cap_fen.map(|cap| amount(Some(cap))).transpose();
            Rate::Percent(bp?, fields.take("/cap_fen", cap)?)
        }
    };
    Some(Benefit { rate, min_spend })
}

fn coupon(dto: &CampaignTerms, fields: &mut Fields) -> Option<CouponTerms> {
    if !dto.kind.is_claimed() {
        fields.require(dto.claim_from.is_none(), "/claim_from", surplus());
        fields.require(dto.claim_until.is_none(), "/claim_until", surplus());
        fields.require(dto.coupon_valid_days.is_none(), "/coupon_valid_days", surplus());
        return None;
    }
    let days = dto.coupon_valid_days.ok_or_else(needed);
    let days = days.and_then(|d| if (1..=366).contains(&d) { Ok(d) } else { Err(range()) });
    let valid_days = fields.take("/coupon_valid_days", days)?;
    let (claim_from, claim_until) =
        (dto.claim_from.unwrap_or(dto.starts_at), dto.claim_until.unwrap_or(dto.ends_at));
    let inside = claim_from < claim_until && claim_until <= dto.ends_at;
    let order = Invalid::new("CLAIM_WINDOW", "领取截止须晚于领取开始，且不晚于活动结束。");
    fields.require(inside, "/claim_until", order);
    Some(CouponTerms { claim_from, claim_until, valid_days })
}

pub(super) fn parse(dto: &CampaignTerms) -> Result<Terms, Problem> {
    let mut fields = Fields::new();
    let title = fields.take("/title", text(&dto.title, 2, 60));
    let benefit = benefit(dto, &mut fields);
    let coupon = coupon(dto, &mut fields);
    let standing = dto.kind == OfferKind::Standing;
    if standing {
        fields.require(dto.per_member_limit.unwrap_or(1) == 1, "/per_member_limit", surplus());
        fields.require(dto.period.unwrap_or(LimitPeriod::Day) == LimitPeriod::Day, "/period", surplus());
        fields.require(dto.quota.is_none(), "/quota", surplus());
    } else {
        fields.require(dto.quota.is_some(), "/quota", needed());
    }
    fields.require(dto.quota.is_none_or(|n| (1..=100_000_000).contains(&n)), "/quota", range());
    fields.require(dto.budget_fen.is_none_or(|fen| !fen.is_zero()), "/budget_fen", range());
    let member_limit = dto.per_member_limit.unwrap_or(1);
    fields.require((1..=100).contains(&member_limit), "/per_member_limit", range());
    // A claim reserves the most a coupon can cost, so that must be known where a budget is kept.
    let reservable =
        coupon.is_none() || dto.budget_fen.is_none() || benefit.is_none_or(|b| b.most().is_some());
    let cap = Invalid::new("CAP_NEEDED", "有预算的折扣券须填写优惠上限。");
    fields.require(reservable, "/cap_fen", cap);
    let order = Invalid::new("TIME_ORDER", "结束时间须晚于开始时间。");
    fields.require(dto.starts_at < dto.ends_at, "/ends_at", order);
    let mut branches = dto.branch_ids.clone();
    branches.sort_unstable();
    branches.dedup();
    if dto.kind == OfferKind::CodePool {
        // It is spent with another company, not at a till of ours.
        fields.require(branches.is_empty(), "/branch_ids", surplus());
        fields.require(dto.benefit_kind == BenefitKind::Amount, "/benefit_kind", surplus());
        fields.require(dto.min_spend_fen.is_none_or(|fen| fen.is_zero()), "/min_spend_fen", surplus());
    } else {
        fields.require((1..=500).contains(&branches.len()), "/branch_ids", range());
    }
    fields.finish()?;
    let (Some(title), Some(benefit)) = (title, benefit) else { return Err(Fields::new().problem()) };
    let period = if standing { LimitPeriod::Day } else { dto.period.unwrap_or(LimitPeriod::Campaign) };
    Ok(Terms {
        title,
        kind: dto.kind,
        benefit,
        member_limit,
        period,
        quota: dto.quota,
        budget: dto.budget_fen,
        starts_at: dto.starts_at,
        ends_at: dto.ends_at,
        coupon,
        retained_allowed: dto.retained_allowed.unwrap_or(false),
        branches,
    })
}

pub(super) fn terms_dto(campaign: &Campaign) -> CampaignTerms {
    let terms = &campaign.terms;
    let (benefit_kind, benefit_fen, benefit_bp, cap_fen) = match terms.benefit.rate {
        Rate::Amount(fen) => (BenefitKind::Amount, Some(fen), None, None),
        Rate::Percent(bp, cap) => (BenefitKind::Percent, None, Some(bp), cap),
    };
    CampaignTerms {
        union_id: Some(campaign.org),
        title: terms.title.clone(),
        kind: terms.kind,
        branch_ids: terms.branches.clone(),
        benefit_kind,
        benefit_fen,
        benefit_bp,
        cap_fen,
        min_spend_fen: Some(terms.benefit.min_spend),
        per_member_limit: Some(terms.member_limit),
        period: Some(terms.period),
        quota: terms.quota,
        budget_fen: terms.budget,
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        claim_from: terms.coupon.map(|c| c.claim_from),
        claim_until: terms.coupon.map(|c| c.claim_until),
        coupon_valid_days: terms.coupon.map(|c| c.valid_days),
        retained_allowed: Some(terms.retained_allowed),
    }
}

/// Fields to change, as entered; absent ones stay, null takes one away. Of an approved campaign only `quota` and
/// `budget_fen`. 活动变更
#[derive(ToSchema)]
#[allow(dead_code)] // documentation of the merge patch
pub(super) struct CampaignPatch {
    /// 活动名称
    #[schema(min_length = 2, max_length = 60, example = "会员卡满30减6")]
    title: Option<String>,
    /// 优惠类型
    kind: Option<OfferKind>,
    /// 门店
    #[schema(max_items = 500)]
    branch_ids: Option<Vec<Uuid>>,
    /// 优惠方式
    benefit_kind: Option<BenefitKind>,
    /// 立减金额
    #[schema(minimum = 1, maximum = 100_000_000, example = 600)]
    benefit_fen: Option<i64>,
    /// 优惠比例
    #[schema(minimum = 1, maximum = 10_000, example = 1000)]
    benefit_bp: Option<u32>,
    /// 优惠上限
    #[schema(minimum = 1, maximum = 100_000_000, example = 2000)]
    cap_fen: Option<i64>,
    /// 最低消费
    #[schema(minimum = 0, maximum = 100_000_000, example = 3000)]
    min_spend_fen: Option<i64>,
    /// 每人限次
    #[schema(minimum = 1, maximum = 100, example = 1)]
    per_member_limit: Option<i32>,
    /// 限次周期
    period: Option<LimitPeriod>,
    /// 总数量
    #[schema(minimum = 1, maximum = 100_000_000, example = 800)]
    quota: Option<i64>,
    /// 总预算
    #[schema(minimum = 1, example = 400_000)]
    budget_fen: Option<i64>,
    /// 开始时间
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    starts_at: Option<DateTime<Utc>>,
    /// 结束时间
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    ends_at: Option<DateTime<Utc>>,
    /// 领取开始
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    claim_from: Option<DateTime<Utc>>,
    /// 领取截止
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    claim_until: Option<DateTime<Utc>>,
    /// 券有效天数
    #[schema(minimum = 1, maximum = 366, example = 7)]
    coupon_valid_days: Option<i32>,
    /// 保留会籍可用
    retained_allowed: Option<bool>,
}
