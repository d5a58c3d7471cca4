//! The states of a sheet and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a sheet stands; extensible. 对账单状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconciliationState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待签认
    Drawn,
    /// 已签认
    Signed,
    /// 已撤回, or replaced by a later sheet.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Drawn, Self::Signed, Self::Withdrawn];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drawn => "DRAWN",
            Self::Signed => "SIGNED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads; a sheet that is no longer true says so.
    pub const fn text(self, stale: bool) -> &'static str {
        match (self, stale) {
            (Self::Drawn, false) => "待签认",
            (Self::Drawn, true) => "导入已有变动，请重新出单",
            (Self::Signed, false) => "已签认",
            (Self::Signed, true) => "已签认，此后导入有变动",
            (Self::Withdrawn, _) => "已撤回",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.as_str() == word)
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Drawn, Self::Signed | Self::Withdrawn))
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_ended_stays() {
        for from in State::ALL {
            let moves = State::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(moves, *from == State::Drawn, "{from:?}");
            assert_eq!(State::parse(from.as_str()), Some(*from));
        }
    }
}
