//! Questions to lawyers 法律咨询 (E7): asked at any hour, given to a lawyer who is there and free of conflict, answered by a human
//! in time, taken back from whoever is silent.

mod ask;
mod assign;
mod step;
mod store;

use serde::{Deserialize, Serialize};
use unionhall_casework::hours::Limit;
use unionhall_casework::machine::{Deadline, Machine, Owner, Rule, Step};
use utoipa::ToSchema;

pub use ask::{NewConsultation, ask};
pub use assign::{ASSIGNED, Assigned, assign_queued, by_hand, take_back, wake};
pub use step::{
    ANSWERED, Answered, accept, call_back, follow_up, rate, recommend_aid, recuse, reopen, reply, timed_out,
    to_aid, withdraw,
};
pub use store::{
    Consultation, Listed, entries_after, list_escalated, list_of_lawyer, list_of_person, matters, of_lawyer,
    of_person, of_scope, waiting,
};

/// The kind of case, for clocks and the timeline.
pub const KIND: &str = "consultation";
/// The clock from the question to a lawyer's first public message.
pub const FIRST_RESPONSE: &str = "first_response";
/// How long a lawyer may be silent, minutes.
pub const SILENT_MINUTES: i64 = 15;
/// How long a question may wait for a lawyer, minutes; on duty also for the first response.
pub const WAIT_MINUTES: i64 = 30;
/// How long a member may follow up, days; then the answer counts as accepted.
pub const FOLLOW_UP_DAYS: i64 = 7;
/// How long a closed question may be reopened, days.
pub const REOPEN_DAYS: i64 = 15;
/// How long a closed question may be rated, days.
pub const RATE_DAYS: i64 = 30;
/// A rating from which the legal department calls.
pub const CALL_BACK_FROM: i32 = 2;
/// How far up an unheeded question goes: county, city, province.
pub const HIGHEST: i32 = 2;

/// Where a question stands. 咨询状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ConsultationState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 等待接入
    Queued,
    /// 律师处理中
    Assigned,
    /// 已答复
    Answered,
    /// 已升级督办
    Escalated,
    /// 已办结
    Closed,
    /// 回访中
    Callback,
    /// 已评价
    Rated,
    /// 未评价
    Unrated,
    /// 已撤回
    Withdrawn,
    /// 已转法律援助
    ToAid,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[
        Self::Queued,
        Self::Assigned,
        Self::Answered,
        Self::Escalated,
        Self::Closed,
        Self::Callback,
        Self::Rated,
        Self::Unrated,
        Self::Withdrawn,
        Self::ToAid,
    ];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Assigned => "ASSIGNED",
            Self::Answered => "ANSWERED",
            Self::Escalated => "ESCALATED",
            Self::Closed => "CLOSED",
            Self::Callback => "CALLBACK",
            Self::Rated => "RATED",
            Self::Unrated => "UNRATED",
            Self::Withdrawn => "WITHDRAWN",
            Self::ToAid => "TO_AID",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Queued => "等待律师接入",
            Self::Assigned => "律师处理中",
            Self::Answered => "律师已答复",
            Self::Escalated => "已转工会法律部门督办",
            Self::Closed => "已办结，待评价",
            Self::Callback => "工会回访中",
            Self::Rated => "已评价",
            Self::Unrated => "已办结",
            Self::Withdrawn => "已撤回",
            Self::ToAid => "已转法律援助",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == word)
    }

    /// How long a question may be in the state; `None` where it is over.
    pub const fn limit(self) -> Option<Limit> {
        match self {
            Self::Queued => Some(Limit::Minutes(WAIT_MINUTES)),
            Self::Assigned => Some(Limit::Minutes(SILENT_MINUTES)),
            Self::Answered => Some(Limit::CalendarDays(FOLLOW_UP_DAYS)),
            Self::Escalated => Some(Limit::WorkingDays(1)),
            Self::Closed => Some(Limit::CalendarDays(RATE_DAYS)),
            Self::Callback => Some(Limit::WorkingDays(3)),
            Self::Rated | Self::Unrated | Self::Withdrawn | Self::ToAid => None,
        }
    }

    /// The clock that runs in the state.
    pub fn clock(self) -> Option<&'static str> {
        match MACHINE.rule(self).map(|rule| rule.deadline) {
            Some(Deadline::Runs(clock)) => Some(clock),
            _ => None,
        }
    }
}

/// What is done to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A lawyer gets it.
    Assign,
    /// The lawyer answers.
    Reply,
    /// The member asks on.
    FollowUp,
    /// The member asks on and the lawyer may not have it any more.
    FollowUpElsewhere,
    /// The lawyer gives it back.
    Recuse,
    /// The lawyer was silent for too long.
    Silent,
    /// The lawyer turned out to stand behind the wall.
    Wall,
    /// Nobody took it.
    Escalate,
    /// Nobody heeded it: to the union above.
    Raise,
    /// The member is satisfied.
    Accept,
    /// The member said nothing more.
    Lapse,
    /// The member wants it looked at again.
    Reopen,
    /// The member rates it well enough.
    Rate,
    /// The member rates it badly.
    RateBadly,
    /// The member did not rate it.
    Forget,
    /// The legal department called.
    CallBack,
    /// The member takes it back.
    Withdraw,
    /// It needs a lawyer's representation: a case of legal aid goes on with it.
    ToAid,
}

impl Action {
    /// The word in the timeline and in audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "assigned",
            Self::Reply => "message",
            Self::FollowUp | Self::FollowUpElsewhere => "follow_up",
            Self::Recuse => "recused",
            Self::Silent => "silent",
            Self::Wall => "reassigned",
            Self::Escalate => "escalated",
            Self::Raise => "raised",
            Self::Accept => "accepted",
            Self::Lapse => "lapsed",
            Self::Reopen => "reopened",
            Self::Rate | Self::RateBadly => "rated",
            Self::Forget => "unrated",
            Self::CallBack => "called_back",
            Self::Withdraw => "withdrawn",
            Self::ToAid => "to_aid",
        }
    }
}

/// What a clock does by itself.
pub const TIMES_OUT: &[Action] =
    &[Action::Escalate, Action::Silent, Action::Lapse, Action::Raise, Action::Forget];

const fn step(from: State, action: Action, to: State) -> Step<State, Action> {
    Step { from, action, to }
}

const fn rule(state: State, owner: Owner, clock: &'static str) -> Rule<State> {
    Rule { state, owner: Some(owner), deadline: Deadline::Runs(clock) }
}

const fn over(state: State) -> Rule<State> {
    Rule { state, owner: None, deadline: Deadline::Over }
}

/// E7. A question is asked into `QUEUED`; what needs a lawyer's representation goes on as a case of legal aid.
pub const MACHINE: Machine<'static, State, Action> = Machine {
    start: State::Queued,
    rules: &[
        rule(State::Queued, Owner::Platform, "assign"),
        rule(State::Assigned, Owner::Lawyer, "answer"),
        rule(State::Answered, Owner::Member, "accept"),
        rule(State::Escalated, Owner::Union, "escalation"),
        rule(State::Closed, Owner::Member, "rate"),
        rule(State::Callback, Owner::Union, "callback"),
        over(State::Rated),
        over(State::Unrated),
        over(State::Withdrawn),
        over(State::ToAid),
    ],
    steps: &[
        step(State::Queued, Action::Assign, State::Assigned),
        step(State::Queued, Action::Escalate, State::Escalated),
        step(State::Queued, Action::Withdraw, State::Withdrawn),
        step(State::Assigned, Action::Reply, State::Answered),
        step(State::Assigned, Action::FollowUp, State::Assigned),
        step(State::Assigned, Action::Recuse, State::Queued),
        step(State::Assigned, Action::Silent, State::Queued),
        step(State::Assigned, Action::Wall, State::Queued),
        step(State::Assigned, Action::Withdraw, State::Withdrawn),
        step(State::Assigned, Action::ToAid, State::ToAid),
        step(State::Answered, Action::Reply, State::Answered),
        step(State::Answered, Action::FollowUp, State::Assigned),
        step(State::Answered, Action::FollowUpElsewhere, State::Queued),
        step(State::Answered, Action::Accept, State::Closed),
        step(State::Answered, Action::ToAid, State::ToAid),
        step(State::Answered, Action::Lapse, State::Closed),
        step(State::Escalated, Action::Assign, State::Assigned),
        step(State::Escalated, Action::Raise, State::Escalated),
        step(State::Escalated, Action::Withdraw, State::Withdrawn),
        step(State::Closed, Action::Reopen, State::Queued),
        step(State::Closed, Action::Rate, State::Rated),
        step(State::Closed, Action::RateBadly, State::Callback),
        step(State::Closed, Action::Forget, State::Unrated),
        step(State::Callback, Action::CallBack, State::Rated),
        step(State::Callback, Action::Raise, State::Callback),
    ],
};

#[cfg(test)]
mod tests {
    use super::{MACHINE, State, TIMES_OUT};

    #[test]
    fn no_state_is_without_an_owner_a_deadline_or_an_end() {
        assert_eq!(MACHINE.faults(TIMES_OUT), Vec::<String>::new());
        for state in State::ALL {
            assert_eq!(state.limit().is_some(), state.clock().is_some(), "{state:?}");
            assert_eq!(State::parse(state.as_str()), Some(*state));
        }
    }
}
