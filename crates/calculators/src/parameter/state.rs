//! The states of a version of a parameter, and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a version stands. 状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LawParameterState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待审核: entered, and counts for nothing yet
    Pending,
    /// 已审核: counts, until a later approval for the same first day replaces it
    Approved,
    /// 已退回, for good
    Rejected,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Pending, Self::Approved, Self::Rejected];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Pending => "待审核",
            Self::Approved => "已审核",
            Self::Rejected => "已退回",
        }
    }

    /// Whether a version may go from here to there.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Pending, Self::Approved | Self::Rejected))
    }
}

impl TryFrom<String> for State {
    type Error = String;

    fn try_from(stored: String) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|state| state.as_str() == stored);
        found.ok_or_else(|| format!("unknown state {stored:?} in the store"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_in_the_table_and_a_decision_is_final() {
        use State::{Approved, Pending, Rejected};
        for from in State::ALL {
            for to in State::ALL {
                let allowed = [(Pending, Approved), (Pending, Rejected)].contains(&(*from, *to));
                assert_eq!(from.may_become(*to), allowed, "{from:?} to {to:?}");
            }
        }
    }
}
