//! The states of an application (E17), which step leads where, and who acts next.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an application stands. 求职申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = JobApplicationState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 已投递
    Submitted,
    /// 已查看
    Viewed,
    /// 已邀约
    Invited,
    /// 已发录用通知
    Offered,
    /// 已录用
    Hired,
    /// 不合适
    Rejected,
    /// 已撤回
    Withdrawn,
    /// 已失效
    Lapsed,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The recruiter has read it.
    View,
    /// The recruiter wants to meet; contacts are revealed.
    Invite,
    /// The recruiter offers the place.
    Offer,
    /// The recruiter says no.
    Reject,
    /// The member takes the place.
    Accept,
    /// The member takes it back.
    Withdraw,
    /// The posting has ended a week ago.
    Lapse,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[
        Self::Submitted,
        Self::Viewed,
        Self::Invited,
        Self::Offered,
        Self::Hired,
        Self::Rejected,
        Self::Withdrawn,
        Self::Lapsed,
    ];
    /// Those in which somebody still has to act, until a week after the posting's last day.
    pub const OPEN: &[State] = &[Self::Submitted, Self::Viewed, Self::Invited, Self::Offered];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Viewed => "VIEWED",
            Self::Invited => "INVITED",
            Self::Offered => "OFFERED",
            Self::Hired => "HIRED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Lapsed => "LAPSED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Submitted => "已投递",
            Self::Viewed => "已查看",
            Self::Invited => "已邀约",
            Self::Offered => "已发录用通知",
            Self::Hired => "已录用",
            Self::Rejected => "不合适",
            Self::Withdrawn => "已撤回",
            Self::Lapsed => "已失效",
        }
    }

    /// Where a step leads; `None` when it is not allowed.
    pub const fn after(self, step: Step) -> Option<Self> {
        use State::{Hired, Invited, Lapsed, Offered, Rejected, Submitted, Viewed, Withdrawn};
        match (self, step) {
            (Submitted, Step::View) => Some(Viewed),
            (Submitted | Viewed, Step::Invite) => Some(Invited),
            (Invited, Step::Offer) => Some(Offered),
            (Submitted | Viewed | Invited | Offered, Step::Reject) => Some(Rejected),
            (Offered, Step::Accept) => Some(Hired),
            (Submitted | Viewed | Invited | Offered, Step::Withdraw) => Some(Withdrawn),
            (Submitted | Viewed | Invited | Offered, Step::Lapse) => Some(Lapsed),
            _ => None,
        }
    }

    /// Whether the recruiter learns who it is.
    pub const fn reveals(self) -> bool {
        matches!(self, Self::Invited | Self::Offered | Self::Hired)
    }

    /// Whether the recruiter sees the resume: not once it was taken back or nobody cared for it.
    pub const fn shows_resume(self) -> bool {
        !matches!(self, Self::Withdrawn | Self::Lapsed | Self::Rejected)
    }

    /// Who acts next; nobody once it has ended.
    pub const fn waits_for(self) -> Option<&'static str> {
        match self {
            Self::Submitted | Self::Viewed | Self::Invited => Some("recruiter"),
            Self::Offered => Some("member"),
            Self::Hired | Self::Rejected | Self::Withdrawn | Self::Lapsed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 7] =
        [Step::View, Step::Invite, Step::Offer, Step::Reject, Step::Accept, Step::Withdraw, Step::Lapse];

    #[test]
    fn what_is_open_has_somebody_who_acts_and_can_end_and_what_has_ended_stays() {
        let mut reached = vec![State::Submitted];
        let mut at = 0;
        while at < reached.len() {
            let from = reached[at];
            for to in STEPS.iter().filter_map(|step| from.after(*step)) {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
            at += 1;
        }
        for state in State::ALL {
            let open = State::OPEN.contains(state);
            assert!(reached.contains(state), "{state:?}");
            assert_eq!(state.waits_for().is_some(), open, "{state:?}");
            assert_eq!(STEPS.iter().any(|step| state.after(*step).is_some()), open, "{state:?}");
            assert_eq!(state.after(Step::Withdraw).is_some(), open, "a member may always take it back");
            assert_eq!(state.after(Step::Lapse).is_some(), open);
        }
    }

    #[test]
    fn nobody_is_revealed_before_an_invitation_or_hired_without_saying_so() {
        for state in State::ALL {
            let before = matches!(state, State::Submitted | State::Viewed);
            assert!(!(before && state.reveals()), "{state:?}");
            assert_eq!(STEPS.iter().any(|s| state.after(*s) == Some(State::Hired)), *state == State::Offered);
        }
    }
}
