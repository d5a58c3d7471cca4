//! Proposals that members have left 离会提议: somebody of the union says so, one member or two hundred at a time, and another
//! person confirms, of the union or one above it. Confirming changes the membership at once; whose membership changed
//! otherwise meanwhile is let be, and the proposal lapses.

mod decide;
mod propose;
mod state;
mod store;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use decide::{Decision, decide, withdraw};
pub use propose::propose;
pub use state::State;
pub use store::{Leaver, get, list, waiting};

use crate::member::Transition;
use crate::membership::{Reason, State as Membership};

/// Working days until somebody has looked at it (E2 names none; as for a join application).
const DAYS: u32 = 5;

/// How somebody left. 离会情形
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeaverKind)]
pub enum Kind {
    /// 退休: the membership is retained.
    Retire,
    /// 失业: the membership is retained.
    Unemployed,
    /// 服兵役: the membership is retained.
    Military,
    /// 死亡: the membership ends.
    Deceased,
    /// 自动退会: six months without dues or activity, after they were talked to; the membership ends.
    AutoQuit,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Kind] =
        &[Self::Retire, Self::Unemployed, Self::Military, Self::Deceased, Self::AutoQuit];

    /// Why the membership changes.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Retire => Reason::Retire,
            Self::Unemployed => Reason::Unemployed,
            Self::Military => Reason::Military,
            Self::Deceased => Reason::Deceased,
            Self::AutoQuit => Reason::AutoQuit,
        }
    }

    /// Reads the word of the store.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.reason().as_str() == word)
    }

    /// What confirming it does (E2).
    pub const fn transition(self) -> Transition {
        let (to, action) = match self {
            Self::Retire | Self::Unemployed | Self::Military => (Membership::Retained, "membership.retain"),
            Self::Deceased | Self::AutoQuit => (Membership::Ended, "membership.end"),
        };
        Transition { to, why: Some(self.reason()), action }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::allowed;

    #[test]
    fn every_kind_is_a_change_that_e2_knows() {
        for kind in Kind::ALL {
            let Transition { to, why, .. } = kind.transition();
            assert!(allowed(Some(Membership::Active), to, why), "{kind:?}");
            assert_eq!(Kind::parse(kind.reason().as_str()), Some(*kind));
        }
    }
}
