//! The states of a suspension and which change is allowed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a suspension stands. 暂停状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantSuspensionState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 已暂停
    Suspended,
    /// 申诉中
    Appealed,
    /// 已恢复
    Resumed,
    /// 已终止
    Terminated,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Suspended, Self::Appealed, Self::Resumed, Self::Terminated];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "SUSPENDED",
            Self::Appealed => "APPEALED",
            Self::Resumed => "RESUMED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Suspended => "已暂停",
            Self::Appealed => "申诉中",
            Self::Resumed => "已恢复",
            Self::Terminated => "已终止",
        }
    }

    /// Whether E5 allows a change. Terminating without an appeal waits for the last day of it as well.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Appealed, Resumed, Suspended, Terminated};
        matches!((self, to), (Suspended, Appealed) | (Suspended | Appealed, Resumed | Terminated))
    }

    /// Whether it has ended.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resumed | Self::Terminated)
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn one_appeals_once_and_what_ended_stays() {
        for from in State::ALL {
            assert_eq!(from.may_become(State::Appealed), *from == State::Suspended, "{from:?}");
            assert_eq!(State::ALL.iter().all(|to| !from.may_become(*to)), from.is_over(), "{from:?}");
            assert!(!from.may_become(State::Suspended), "another suspension is another row");
        }
    }
}
