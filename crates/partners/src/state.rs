//! The states of a partner, and which change is allowed.

use serde::{Deserialize, Serialize};
use unionhall_identity::account;
use utoipa::ToSchema;

/// Where a partner stands. 状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PartnerState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 待审核: entered, and nothing works yet
    Registered,
    /// 已启用
    Active,
    /// 已暂停: its tokens are dead
    Suspended,
    /// 已关闭, for good
    Closed,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Registered, Self::Active, Self::Suspended, Self::Closed];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "REGISTERED",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Closed => "CLOSED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Registered => "待审核",
            Self::Active => "已启用",
            Self::Suspended => "已暂停",
            Self::Closed => "已关闭",
        }
    }

    /// Whether a partner may go from here to there.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Active, Closed, Registered, Suspended};
        matches!(
            (self, to),
            (Registered, Active | Closed) | (Active, Suspended | Closed) | (Suspended, Active | Closed)
        )
    }

    /// The state of the account its tokens are of.
    pub const fn of_account(self) -> account::State {
        match self {
            Self::Registered => account::State::Invited,
            Self::Active => account::State::Active,
            Self::Suspended => account::State::Suspended,
            Self::Closed => account::State::Closed,
        }
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
    fn every_change_is_in_the_table_and_nothing_leaves_closed() {
        use State::{Active, Closed, Registered, Suspended};
        let allowed = [
            (Registered, Active),
            (Registered, Closed),
            (Active, Suspended),
            (Active, Closed),
            (Suspended, Active),
            (Suspended, Closed),
        ];
        for from in State::ALL {
            for to in State::ALL {
                assert_eq!(from.may_become(*to), allowed.contains(&(*from, *to)), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn only_an_active_partners_account_may_log_in() {
        for state in State::ALL {
            let live = state.of_account() == account::State::Active;
            assert_eq!(live, *state == State::Active, "{state:?}");
        }
    }
}
