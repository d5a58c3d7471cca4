//! The states of a proposal and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a proposal stands; extensible. 离会提议状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = LeaverState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待确认
    Proposed,
    /// 已确认
    Confirmed,
    /// 未确认
    Rejected,
    /// 已撤回
    Withdrawn,
    /// 已失效: the membership changed otherwise.
    Lapsed,
}

impl State {
    /// Every state.
    pub const ALL: &[State] =
        &[Self::Proposed, Self::Confirmed, Self::Rejected, Self::Withdrawn, Self::Lapsed];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Lapsed => "LAPSED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Proposed => "待另一人确认",
            Self::Confirmed => "已确认",
            Self::Rejected => "未予确认",
            Self::Withdrawn => "已撤回",
            Self::Lapsed => "会籍已变动，提议失效",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == word)
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Proposed, Self::Confirmed | Self::Rejected | Self::Withdrawn | Self::Lapsed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_ended_stays() {
        for from in State::ALL {
            let moves = State::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(moves, *from == State::Proposed, "{from:?}");
            assert_eq!(State::parse(from.as_str()), Some(*from));
        }
    }
}
