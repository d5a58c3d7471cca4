//! The states of a notice, which change is allowed, and what clock and row make of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word;

/// Where a notice stands. 状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NoticeState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 草稿
    Draft,
    /// 待审核
    Review,
    /// 已审核: appears and ends by the clock
    Approved,
    /// 已撤回, for good
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Draft, Self::Review, Self::Approved, Self::Withdrawn];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Review => "REVIEW",
            Self::Approved => "APPROVED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// Whether a notice may go from here to there.
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Approved, Draft, Review, Withdrawn};
        matches!((self, to), (Draft, Review) | (Review, Approved | Draft) | (Approved, Withdrawn))
    }
}

impl TryFrom<String> for State {
    type Error = String;

    fn try_from(stored: String) -> Result<Self, String> {
        word(Self::ALL, Self::as_str, &stored)
    }
}

/// Where a notice stands now, derived from clock and row. 阶段
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NoticePhase)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// 草稿
    Draft,
    /// 待审核
    Review,
    /// 待发布: approved, its instant has not come
    Scheduled,
    /// 已发布
    Published,
    /// 已过期
    Expired,
    /// 已撤回
    Withdrawn,
}

impl Phase {
    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Review => "待审核",
            Self::Scheduled => "待发布",
            Self::Published => "已发布",
            Self::Expired => "已过期",
            Self::Withdrawn => "已撤回",
        }
    }
}

/// Where a notice stands at an instant: it is read from `published_at` on and no longer at `expires_at`.
pub fn phase(
    state: State,
    published_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Phase {
    match state {
        State::Draft => Phase::Draft,
        State::Review => Phase::Review,
        State::Withdrawn => Phase::Withdrawn,
        State::Approved if expires_at.is_some_and(|at| now >= at) => Phase::Expired,
        State::Approved if published_at.is_some_and(|at| now >= at) => Phase::Published,
        State::Approved => Phase::Scheduled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_in_the_table_and_nothing_leaves_withdrawn() {
        use State::{Approved, Draft, Review, Withdrawn};
        let allowed = [(Draft, Review), (Review, Approved), (Review, Draft), (Approved, Withdrawn)];
        for from in State::ALL {
            for to in State::ALL {
                assert_eq!(from.may_become(*to), allowed.contains(&(*from, *to)), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn phases_follow_the_clock_and_withdrawn_does_not() {
        let at = |hour: u32| format!("2026-11-20T{hour:02}:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let of = |state, hour| phase(state, Some(at(4)), Some(at(8)), at(hour));
        assert_eq!(of(State::Approved, 3), Phase::Scheduled);
        assert_eq!(of(State::Approved, 4), Phase::Published);
        assert_eq!(of(State::Approved, 7), Phase::Published);
        assert_eq!(of(State::Approved, 8), Phase::Expired);
        for hour in 3..9 {
            assert_eq!(of(State::Withdrawn, hour), Phase::Withdrawn);
        }
        assert_eq!(phase(State::Approved, Some(at(4)), None, at(23)), Phase::Published);
        assert_eq!(phase(State::Review, None, Some(at(8)), at(9)), Phase::Review);
    }
}
