//! The states of an application and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an application stands. 入驻申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantApplicationState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待审核
    Applied,
    /// 已核验, a contract is offered
    Verified,
    /// 已签约
    Signed,
    /// 未通过
    Rejected,
    /// 已撤回
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Applied, Self::Verified, Self::Signed, Self::Rejected, Self::Withdrawn];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Verified => "VERIFIED",
            Self::Signed => "SIGNED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Applied => "待审核",
            Self::Verified => "待签约",
            Self::Signed => "已签约",
            Self::Rejected => "未通过",
            Self::Withdrawn => "已撤回",
        }
    }

    /// Whether E5 allows a change.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Applied, Rejected, Signed, Verified, Withdrawn};
        matches!(
            (self, to),
            (Applied, Verified | Rejected | Withdrawn) | (Verified, Signed | Rejected | Withdrawn)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn nothing_is_signed_that_was_not_verified_and_what_ended_stays() {
        for from in State::ALL {
            assert_eq!(from.may_become(State::Signed), *from == State::Verified, "{from:?}");
            let ended = matches!(from, State::Signed | State::Rejected | State::Withdrawn);
            assert_eq!(State::ALL.iter().all(|to| !from.may_become(*to)), ended, "{from:?}");
        }
    }
}
