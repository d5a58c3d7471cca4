//! The states of a correction and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a correction stands. 更正申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = CorrectionState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待审核
    Review,
    /// 已更正
    Approved,
    /// 未通过
    Rejected,
    /// 已撤回
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Review, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "REVIEW",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Review => "工会审核中",
            Self::Approved => "已更正",
            Self::Rejected => "未通过",
            Self::Withdrawn => "已撤回",
        }
    }

    /// Reads the word of the store.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == word)
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Review, Self::Approved | Self::Rejected | Self::Withdrawn))
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_ended_stays() {
        for from in State::ALL {
            let moves = State::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(moves, *from == State::Review, "{from:?}");
            assert_eq!(State::parse(from.as_str()), Some(*from));
        }
    }
}
