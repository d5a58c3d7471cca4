//! The states of an application (E1) and which change is allowed.

use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use utoipa::ToSchema;

/// Where an application stands. 入会申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = JoinState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 工会审核中
    BuReview,
    /// 县级审核中 (holding pool)
    PoolReview,
    /// 退回补正
    Returned,
    /// 已通过
    Approved,
    /// 未通过
    Rejected,
    /// 已撤回
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] =
        &[Self::BuReview, Self::PoolReview, Self::Returned, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// Those a cadre has something to do about.
    pub const WAITING: &[State] = &[Self::BuReview, Self::PoolReview];
    /// Those that can still become something else.
    pub const OPEN: &[State] = &[Self::BuReview, Self::PoolReview, Self::Returned];

    /// The words of some states, for a query.
    pub fn words(states: &[State]) -> Vec<&'static str> {
        states.iter().map(|s| s.as_str()).collect()
    }

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuReview => "BU_REVIEW",
            Self::PoolReview => "POOL_REVIEW",
            Self::Returned => "RETURNED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BuReview => "工会审核中",
            Self::PoolReview => "县级工会审核中",
            Self::Returned => "退回补正",
            Self::Approved => "已通过",
            Self::Rejected => "未通过",
            Self::Withdrawn => "已撤回",
        }
    }

    pub(super) fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|s| s.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown application state"))
    }

    /// Whether E1 allows a change.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Approved, BuReview, PoolReview, Rejected, Returned, Withdrawn};
        matches!(
            (self, to),
            (BuReview | PoolReview, Approved | Rejected | Returned | Withdrawn)
                | (Returned, BuReview | PoolReview | Withdrawn)
        )
    }

    /// Whether a cadre has something to do.
    pub fn is_waiting(self) -> bool {
        Self::WAITING.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_open_state_can_end_and_ended_ones_stay() {
        for from in State::ALL {
            let ends = matches!(from, State::Approved | State::Rejected | State::Withdrawn);
            assert_eq!(!State::ALL.iter().any(|to| from.may_become(*to)), ends, "{from:?}");
            assert_eq!(State::OPEN.contains(from), !ends, "{from:?}");
        }
    }
}
