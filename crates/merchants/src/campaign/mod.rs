//! Campaigns 普惠活动: an offer at some branches for the members under one union, entered by one person and approved
//! by another.
//!
//! States: E6 (docs/RULES.md). SCHEDULED, RUNNING, SOLD_OUT and ENDED are derived from clock and counters
//! ([`phase`]), never stored. Caps live on the counter alone, whose checks keep every writer honest.

mod enter;
mod read;
mod step;

use chrono::{DateTime, Utc};
use unionhall_kernel::{BasisPoints, Fen, Problem};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

pub use self::enter::{create, rewrite, set_limits};
pub(crate) use self::read::{any, public};
pub use self::read::{get, list};
pub use self::step::{Step, take};
use crate::benefit::{Benefit, Rate};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// What a person reads.
            pub const fn text(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// Reads the word of the store.
            ///
            /// # Errors
            /// `INTERNAL` for a word that is none.
            pub fn parse(word: &str) -> Result<Self, Problem> {
                let found = Self::ALL.iter().copied().find(|v| v.as_str() == word);
                found.ok_or_else(|| Problem::internal(concat!("unknown ", stringify!($name))))
            }
        }
    };
}

words! {
    /// What kind of offer it is. 优惠类型
    OfferKind {
        /// Show the card: once a member, branch and day.
        Standing = "standing" "出示会员卡优惠",
        /// So many in all, taken at the till.
        Quota = "quota" "限量优惠",
        /// So many in all, claimed first.
        Coupon = "coupon" "优惠券",
        /// So many codes of another company, claimed here and spent there.
        CodePool = "code_pool" "兑换码",
    }
}

impl OfferKind {
    /// Whether a member claims it before it is had.
    pub const fn is_claimed(self) -> bool {
        matches!(self, Self::Coupon | Self::CodePool)
    }
}

words! {
    /// The stored state of a campaign. 活动状态
    CampaignState {
        /// Being written.
        Draft = "DRAFT" "草稿",
        /// Waits for another person's approval.
        Review = "REVIEW" "待审批",
        /// Approved: runs by the clock.
        Approved = "APPROVED" "已审批",
        /// Stopped for now.
        Paused = "PAUSED" "已暂停",
        /// Settled after its end.
        Closed = "CLOSED" "已结束",
    }
}

words! {
    /// Where a campaign stands now, derived. 活动阶段
    Phase {
        /// Not approved yet.
        Draft = "DRAFT" "草稿",
        /// Waits for approval.
        Review = "REVIEW" "待审批",
        /// Approved, not begun.
        Scheduled = "SCHEDULED" "未开始",
        /// On.
        Running = "RUNNING" "进行中",
        /// Quota or budget is used up.
        SoldOut = "SOLD_OUT" "已领完",
        /// Stopped for now.
        Paused = "PAUSED" "已暂停",
        /// Over.
        Ended = "ENDED" "已结束",
    }
}

words! {
    /// What the limit per member counts over. 限次周期
    LimitPeriod {
        /// A Shanghai day.
        Day = "day" "每日",
        /// The whole campaign.
        Campaign = "campaign" "活动期内",
    }
}

/// Whether E6 allows a change of state.
pub const fn allowed(from: CampaignState, to: CampaignState) -> bool {
    use CampaignState::{Approved, Closed, Draft, Paused, Review};
    matches!(
        (from, to),
        (Draft, Review)
            | (Review, Approved | Draft)
            | (Approved, Paused | Closed)
            | (Paused, Approved | Closed)
    )
}

/// A claim window and how long a coupon lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponTerms {
    /// First instant of claiming.
    pub claim_from: DateTime<Utc>,
    /// End of claiming, exclusive.
    pub claim_until: DateTime<Utc>,
    /// Days a coupon lives, the day of the claim included.
    pub valid_days: i32,
}

/// What a campaign offers.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: OfferKind,
    /// Its worth.
    pub benefit: Benefit,
    /// How often a member may have it in a period.
    pub member_limit: i32,
    /// That period.
    pub period: LimitPeriod,
    /// How many in all.
    pub quota: Option<i64>,
    /// How much in all.
    pub budget: Option<Fen>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive.
    pub ends_at: DateTime<Utc>,
    /// For coupons.
    pub coupon: Option<CouponTerms>,
    /// Whether limited cards (retained members) may have it.
    pub retained_allowed: bool,
    /// Where.
    pub branches: Vec<Uuid>,
}

/// A campaign with its counter.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its id, the `offer_id` of a till.
    pub id: Uuid,
    /// The union whose members it is for.
    pub org: Uuid,
    /// That union's path.
    pub path: String,
    /// What it offers.
    pub terms: Terms,
    /// Its stored state.
    pub state: CampaignState,
    /// Taken of the quota.
    pub quota_used: i64,
    /// Taken of the budget.
    pub budget_used: Fen,
    /// Who entered it.
    pub entered_by: Uuid,
    /// Who changed it last.
    pub changed_by: Uuid,
    /// Why it was returned.
    pub return_reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
}

fn fen(value: i64) -> Result<Fen, Problem> {
    Fen::new(value).map_err(|_| Problem::internal("a stored amount is negative"))
}

/// The rate of stored columns.
///
/// # Errors
/// `INTERNAL` when the columns make no benefit.
pub fn benefit_of(
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
) -> Result<Benefit, Problem> {
    let rate = match (benefit_fen, benefit_bp) {
        (Some(amount), None) => Rate::Amount(fen(amount)?),
        (None, Some(bp)) => {
            let bp = u32::try_from(bp).ok().and_then(|bp| BasisPoints::new(bp).ok());
            let bp = bp.ok_or_else(|| Problem::internal("a stored rate is out of range"))?;
            Rate::Percent(bp, cap_fen.map(fen).transpose()?)
        }
        _ => return Err(Problem::internal("a stored benefit is none")),
    };
    Ok(Benefit { rate, min_spend: fen(min_spend_fen)? })
}

impl Campaign {
    /// Where it stands at an instant.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        phase(self.state, (self.terms.starts_at, self.terms.ends_at), self.is_sold_out(), now)
    }

    fn is_sold_out(&self) -> bool {
        self.terms.quota.is_some_and(|cap| self.quota_used >= cap)
            || self.terms.budget.is_some_and(|cap| self.budget_used >= cap)
    }

    /// Whether this is the time to claim its coupons: it may begin before the campaign does.
    pub fn is_claim_time(&self, coupon: &CouponTerms, now: DateTime<Utc>) -> bool {
        self.state == CampaignState::Approved
            && (coupon.claim_from..coupon.claim_until).contains(&now)
            && now < self.terms.ends_at
    }

    /// Whether a member it is for may claim a coupon of it now.
    pub fn is_claimable(&self, now: DateTime<Utc>) -> bool {
        self.terms.coupon.is_some_and(|coupon| self.is_claim_time(&coupon, now)) && !self.is_sold_out()
    }
}

/// Where a campaign stands: its stored state, its half-open time and whether its counters are full.
pub fn phase(
    state: CampaignState,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    sold_out: bool,
    now: DateTime<Utc>,
) -> Phase {
    match state {
        CampaignState::Draft => Phase::Draft,
        CampaignState::Review => Phase::Review,
        CampaignState::Closed => Phase::Ended,
        CampaignState::Approved | CampaignState::Paused if now >= ends_at => Phase::Ended,
        CampaignState::Paused => Phase::Paused,
        CampaignState::Approved if now < starts_at => Phase::Scheduled,
        CampaignState::Approved if sold_out => Phase::SoldOut,
        CampaignState::Approved => Phase::Running,
    }
}

/// Who does something to a campaign.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
    /// What they may see.
    pub scope: &'a OrgScope,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-20T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn phases_follow_clock_and_counters() {
        let running = |sold_out, hour| phase(CampaignState::Approved, (at(4), at(8)), sold_out, at(hour));
        assert_eq!(running(false, 3), Phase::Scheduled);
        assert_eq!(running(false, 4), Phase::Running);
        assert_eq!(running(true, 5), Phase::SoldOut);
        assert_eq!(running(true, 8), Phase::Ended);
        assert_eq!(phase(CampaignState::Paused, (at(4), at(8)), false, at(5)), Phase::Paused);
    }

    #[test]
    fn nothing_runs_without_review_and_nothing_leaves_closed() {
        assert!(!allowed(CampaignState::Draft, CampaignState::Approved));
        assert!(!allowed(CampaignState::Approved, CampaignState::Draft));
        assert!(CampaignState::ALL.iter().all(|to| !allowed(CampaignState::Closed, *to)));
    }
}
