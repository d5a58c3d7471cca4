//! The states of a request and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a request for a new mobile stands. 换号申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MobileChangeState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待审核
    Review,
    /// 已变更
    Approved,
    /// 未通过
    Rejected,
    /// 已由另一申请办结: another number was approved for the same person.
    Superseded,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Review, Self::Approved, Self::Rejected, Self::Superseded];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "REVIEW",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Superseded => "SUPERSEDED",
        }
    }

    /// Reads the word of the store.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == word)
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Review, Self::Approved | Self::Rejected | Self::Superseded))
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_was_decided_stays() {
        for from in State::ALL {
            let moves = State::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(moves, *from == State::Review, "{from:?}");
            assert_eq!(State::parse(from.as_str()), Some(*from));
        }
    }
}
