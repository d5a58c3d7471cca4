//! The states of E17, which step leads where, who acts next and by when.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_registry::join::working_days_after;
use utoipa::ToSchema;

/// Working days a county has to look at a posting.
const REVIEW_DAYS: u32 = 2;
/// Working days a county has to look at one that was reported (24 hours, the takedown default).
const HIDDEN_DAYS: u32 = 1;
/// Days after which a draft nobody touches, and a posting nobody extends, is closed.
const LAPSE_DAYS: Days = Days::new(90);

/// Where a posting stands. 职位状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PostingState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 草稿
    Draft,
    /// 待审核
    Review,
    /// 招聘中
    Live,
    /// 已到期: derived, past the last day in Shanghai
    Expired,
    /// 已隐藏, 待核查
    Hidden,
    /// 已关闭
    Closed,
    /// 已下架
    Removed,
}

/// Who acts next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The recruiter.
    Recruiter,
    /// The county.
    County,
}

/// A step of E17.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The recruiter hands it in.
    Submit,
    /// The county lets it out.
    Approve,
    /// The county wants it changed.
    Return,
    /// The recruiter changes what an applicant decides by.
    Edit,
    /// The recruiter prolongs it.
    Extend,
    /// The recruiter has found somebody, or seeks nobody any more.
    Close,
    /// Enough members have reported it.
    Hide,
    /// The county found nothing wrong.
    Restore,
    /// The county takes it down.
    Remove,
    /// Its deadline passed without anybody caring.
    Lapse,
}

impl State {
    /// Every state.
    pub const ALL: &[State] =
        &[Self::Draft, Self::Review, Self::Live, Self::Expired, Self::Hidden, Self::Closed, Self::Removed];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Review => "REVIEW",
            Self::Live => "LIVE",
            Self::Expired => "EXPIRED",
            Self::Hidden => "HIDDEN",
            Self::Closed => "CLOSED",
            Self::Removed => "REMOVED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Review => "待审核",
            Self::Live => "招聘中",
            Self::Expired => "已到期",
            Self::Hidden => "已隐藏，待核查",
            Self::Closed => "已关闭",
            Self::Removed => "已下架",
        }
    }

    /// The stored state as of a day; the last day is inclusive.
    pub fn on(self, valid_through: Option<NaiveDate>, today: NaiveDate) -> Self {
        match self {
            Self::Live if valid_through.is_some_and(|last| today > last) => Self::Expired,
            other => other,
        }
    }

    /// Where a step leads; `None` when E17 does not allow it.
    pub const fn after(self, step: Step) -> Option<Self> {
        use State::{Closed, Draft, Expired, Hidden, Live, Removed, Review};
        match (self, step) {
            (Draft, Step::Submit) => Some(Review),
            (Review, Step::Approve) => Some(Live),
            (Review, Step::Return) => Some(Draft),
            (Live, Step::Edit) => Some(Review),
            (Live | Expired, Step::Extend) => Some(Live),
            // Whoever was reported does not close their way out of it.
            (Draft | Review | Live | Expired, Step::Close) => Some(Closed),
            (Live, Step::Hide) => Some(Hidden),
            (Hidden, Step::Restore) => Some(Live),
            (Live | Expired | Hidden, Step::Remove) => Some(Removed),
            (Draft | Expired, Step::Lapse) => Some(Closed),
            _ => None,
        }
    }

    /// Who acts next; nobody once it has ended.
    pub const fn owner(self) -> Option<Owner> {
        match self {
            Self::Draft | Self::Live | Self::Expired => Some(Owner::Recruiter),
            Self::Review | Self::Hidden => Some(Owner::County),
            Self::Closed | Self::Removed => None,
        }
    }

    /// By when, for a posting that comes into the state today; nothing once it has ended.
    pub fn due(self, today: NaiveDate, valid_through: Option<NaiveDate>) -> Option<NaiveDate> {
        let later = |from: NaiveDate| from.checked_add_days(LAPSE_DAYS).unwrap_or(from);
        match self {
            Self::Draft => Some(later(today)),
            Self::Review => Some(working_days_after(today, REVIEW_DAYS)),
            Self::Hidden => Some(working_days_after(today, HIDDEN_DAYS)),
            Self::Live => Some(valid_through.unwrap_or(today)),
            Self::Expired => Some(later(valid_through.unwrap_or(today))),
            Self::Closed | Self::Removed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEPS: [Step; 10] = [
        Step::Submit,
        Step::Approve,
        Step::Return,
        Step::Edit,
        Step::Extend,
        Step::Close,
        Step::Hide,
        Step::Restore,
        Step::Remove,
        Step::Lapse,
    ];

    fn ended(state: State) -> bool {
        matches!(state, State::Closed | State::Removed)
    }

    // The steps and the passing of the last day.
    fn next(state: State) -> Vec<State> {
        let mut found: Vec<State> = STEPS.iter().filter_map(|step| state.after(*step)).collect();
        if state == State::Live {
            found.push(State::Expired);
        }
        found
    }

    fn reach(from: State) -> Vec<State> {
        let mut seen = vec![from];
        let mut at = 0;
        while at < seen.len() {
            for to in next(seen[at]) {
                if !seen.contains(&to) {
                    seen.push(to);
                }
            }
            at += 1;
        }
        seen
    }

    #[test]
    fn what_has_ended_stays_and_everything_else_can_end() {
        for state in State::ALL {
            assert_eq!(next(*state).is_empty(), ended(*state), "{state:?}");
            let reached = reach(*state);
            assert!(reached.iter().any(|s| ended(*s)), "{state:?} is a dead end");
        }
        let all = reach(State::Draft);
        assert!(State::ALL.iter().all(|state| all.contains(state)), "{all:?}");
    }

    #[test]
    fn nothing_goes_live_that_no_county_has_seen() {
        for state in State::ALL.iter().filter(|s| matches!(s, State::Draft | State::Closed | State::Removed))
        {
            assert!(STEPS.iter().all(|step| state.after(*step) != Some(State::Live)), "{state:?}");
        }
        assert_eq!(State::Live.after(Step::Edit), Some(State::Review));
        assert_eq!(State::Hidden.after(Step::Close), None);
    }

    proptest! {
        #[test]
        fn no_path_leaves_a_state_without_an_owner_or_a_deadline(
            moves in prop::collection::vec((0usize..10, 0u64..120), 0..40),
        ) {
            let (mut today, mut stored) = (NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(), State::Draft);
            let mut valid_through = None;
            let mut due = stored.due(today, valid_through);
            for (step, days) in moves {
                today = today + Days::new(days);
                let state = stored.on(valid_through, today);
                if state == State::Expired {
                    due = state.due(today, valid_through);
                }
                prop_assert_eq!(state.owner().is_some(), !ended(state));
                prop_assert_eq!(due.is_some(), !ended(state));
                if state == State::Live {
                    prop_assert!(due >= Some(today), "a live posting's day has not passed");
                }
                if let Some(to) = state.after(STEPS[step]) {
                    if to == State::Live && valid_through.is_none_or(|last| last < today) && step != 7 {
                        valid_through = Some(today + Days::new(30));
                    }
                    stored = to;
                    due = to.on(valid_through, today).due(today, valid_through);
                }
            }
        }
    }
}
