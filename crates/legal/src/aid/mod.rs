//! Legal aid 法律援助 (E8): a lawyer represents a member, free of charge. Applied for, looked through by one person and decided by
//! another within the law's seven days, given to a lawyer who is free of conflict within three, reported, checked and rated.
//! Where a limitation period or a hearing is near a lawyer acts first and the decision follows (法律援助法 44).

mod apply;
mod case;
mod decide;
mod entrust;
mod lawyer;
mod member;
mod turn;
mod watch;

use serde::{Deserialize, Serialize};
use unionhall_casework::hours::Limit;
use unionhall_casework::machine::{Deadline, Machine, Owner, Rule, Step};
use utoipa::ToSchema;

pub(crate) use case::WAITS;

pub use apply::{Ground, NewAid, apply};
pub use case::{
    Aid, Free, Listed, copied, free_lawyers, list_of_lawyer, list_of_person, list_of_scope, matters,
    of_lawyer, of_person, of_scope, waiting,
};
pub use decide::{
    By, appoint, archive, ask_papers, complete, decide, decide_appeal, provide, send_back, terminate,
};
pub use entrust::{decline, entrust, take_over, union};
pub use lawyer::{Outcome, Report, Who, accept, recuse, report, say};
pub use member::{Whose, appeal, rate, supply, withdraw, write};
pub use turn::{MOVED, Moved, take_back, timed_out};
pub use watch::{Near, REMINDED, remind};

/// The kind of case, for clocks and the timeline.
pub const KIND: &str = "legal_aid";
/// The clock of the decision: seven days by law from the application on, standing still while papers are missing.
pub const DECIDE: &str = "decide";
/// The clock of the limitation period: to the end of the last day to ask for arbitration.
pub const LIMITATION: &str = "limitation";
/// The clock of an entrustment that is offered.
pub const ENTRUST: &str = "entrust";
/// Days before the end of the limitation period on which it is told.
pub const ALARM_DAYS: [i64; 3] = [30, 7, 1];
/// With how many days left to the limitation or the hearing a lawyer may act before the decision (法律援助法 44).
pub const NEAR_DAYS: i64 = 7;

/// How a lawyer helps. 援助形式
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = LegalAidForm)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// 代写法律文书
    Drafting,
    /// 参与协商、调解
    Mediation,
    /// 劳动仲裁代理
    Arbitration,
    /// 诉讼代理
    Litigation,
    /// 其他
    Other,
}

impl Form {
    /// Every form.
    pub const ALL: &[Form] =
        &[Self::Drafting, Self::Mediation, Self::Arbitration, Self::Litigation, Self::Other];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafting => "drafting",
            Self::Mediation => "mediation",
            Self::Arbitration => "arbitration",
            Self::Litigation => "litigation",
            Self::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|form| form.as_str() == word)
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $text:literal;)*) => {
        /// Where a case of legal aid stands. 援助状态
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(as = LegalAidState)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum State { $($(#[$doc])* $variant,)* }

        impl State {
            /// Every state.
            pub const ALL: &[State] = &[$(Self::$variant),*];

            /// The word in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a person reads.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

states! {
    /// 已申请
    Applied = "APPLIED", "已提交申请，正在核对材料";
    /// 待补正
    NeedDocs = "NEED_DOCS", "材料不全，请补正";
    /// 审查中
    UnderReview = "UNDER_REVIEW", "正在审查";
    /// 先行援助
    Provisional = "PROVISIONAL", "时效或开庭临近，已决定先行援助";
    /// 准予援助
    Granted = "GRANTED", "准予援助，正在指派律师";
    /// 已指派
    Appointed = "APPOINTED", "已指派律师，等待律师接受";
    /// 办理中
    InProgress = "IN_PROGRESS", "律师办理中";
    /// 待结案审查
    Reported = "REPORTED", "律师已报告结果，等待结案审查";
    /// 已结案
    Closed = "CLOSED", "已结案，待评价";
    /// 已评价
    Rated = "RATED", "已评价";
    /// 未评价
    Unrated = "UNRATED", "已结案";
    /// 不予援助
    Refused = "REFUSED", "不予援助，可申请复核";
    /// 复核中
    Appealed = "APPEALED", "上级工会复核中";
    /// 维持不予援助
    RefusedFinal = "REFUSED_FINAL", "不予援助";
    /// 已撤回
    Withdrawn = "WITHDRAWN", "已撤回";
    /// 已终止
    Terminated = "TERMINATED", "援助已终止";
}

impl State {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == word)
    }

    /// How long a case may be in the state; `None` where it is over. Where the law counts calendar days, they count (decisions.md 26).
    pub const fn limit(self) -> Option<Limit> {
        match self {
            Self::Applied | Self::Appointed => Some(Limit::WorkingDays(2)),
            Self::NeedDocs | Self::Refused => Some(Limit::CalendarDays(15)),
            Self::UnderReview => Some(Limit::CalendarDays(7)),
            Self::Provisional => Some(Limit::CalendarDays(1)),
            Self::Granted => Some(Limit::CalendarDays(3)),
            Self::InProgress => Some(Limit::CalendarDays(180)),
            Self::Reported | Self::Appealed => Some(Limit::WorkingDays(10)),
            Self::Closed => Some(Limit::CalendarDays(30)),
            Self::Rated | Self::Unrated | Self::RefusedFinal | Self::Withdrawn | Self::Terminated => None,
        }
    }

    /// The clock that runs in the state.
    pub fn clock(self) -> Option<&'static str> {
        match MACHINE.rule(self).map(|rule| rule.deadline) {
            Some(Deadline::Runs(clock) | Deadline::Stops(_, clock)) => Some(clock),
            _ => None,
        }
    }
}

/// What is done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The papers are complete.
    Complete,
    /// Papers are missing; told once.
    AskPapers,
    /// The member handed them in.
    Supply,
    /// A lawyer acts first.
    Provide,
    /// Aid is given.
    Grant,
    /// It is not.
    Refuse,
    /// What was begun without a decision is granted.
    GrantLater,
    /// It is not, and ends.
    RefuseLater,
    /// The member asks the union above.
    Appeal,
    /// It grants the aid.
    Overturn,
    /// It does not.
    Uphold,
    /// A lawyer is named.
    Appoint,
    /// The lawyer takes it.
    Accept,
    /// The lawyer gives it back; whether aid is decided already says to where.
    Recuse {
        /// Whether aid is granted.
        decided: bool,
    },
    /// The lawyer was silent for too long.
    Silent {
        /// Whether aid is granted.
        decided: bool,
    },
    /// The lawyer turned out to stand behind the wall.
    Wall {
        /// Whether aid is granted.
        decided: bool,
    },
    /// Member or lawyer write to each other.
    Say,
    /// The lawyer reports what came of it.
    Report,
    /// The legal department wants more of the report.
    SendBack,
    /// It puts the case away.
    Archive,
    /// Another union is asked to handle it.
    Entrust,
    /// That union does not want to, or did not say.
    Decline,
    /// That union does.
    TakeOver,
    /// False facts, or the member does not want it any more.
    Terminate,
    /// The member takes it back.
    Withdraw,
    /// The member rates it.
    Rate,
    /// A clock ran out that gives nobody a right to wait longer: told to the union above.
    Raise,
    /// A clock ran out that ends the case.
    Lapse,
}

impl Action {
    /// The word in the timeline and in audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "completed",
            Self::AskPapers => "papers_asked",
            Self::Supply => "papers_supplied",
            Self::Provide => "provided_first",
            Self::Grant | Self::GrantLater => "granted",
            Self::Refuse | Self::RefuseLater => "refused",
            Self::Appeal => "appealed",
            Self::Overturn => "overturned",
            Self::Uphold => "upheld",
            Self::Appoint => "appointed",
            Self::Accept => "accepted",
            Self::Recuse { .. } => "recused",
            Self::Silent { .. } => "silent",
            Self::Wall { .. } => "reassigned",
            Self::Say => "message",
            Self::Report => "reported",
            Self::SendBack => "sent_back",
            Self::Archive => "archived",
            Self::Entrust => "entrusted",
            Self::Decline => "entrustment_declined",
            Self::TakeOver => "taken_over",
            Self::Terminate => "terminated",
            Self::Withdraw => "withdrawn",
            Self::Rate => "rated",
            Self::Raise => "raised",
            Self::Lapse => "lapsed",
        }
    }

    /// Whether the member reads it: not what stays between the unions and the lawyers.
    pub const fn is_public(self) -> bool {
        !matches!(
            self,
            Self::Recuse { .. }
                | Self::Silent { .. }
                | Self::Wall { .. }
                | Self::Raise
                | Self::SendBack
                | Self::Entrust
                | Self::Decline
        )
    }
}

/// What a clock does by itself.
pub const TIMES_OUT: &[Action] =
    &[Action::Raise, Action::Lapse, Action::Silent { decided: true }, Action::Silent { decided: false }];

const fn step(from: State, action: Action, to: State) -> Step<State, Action> {
    Step { from, action, to }
}

const fn rule(state: State, owner: Owner, clock: &'static str) -> Rule<State> {
    Rule { state, owner: Some(owner), deadline: Deadline::Runs(clock) }
}

const fn over(state: State) -> Rule<State> {
    Rule { state, owner: None, deadline: Deadline::Over }
}

/// E8. The decision's clock stands still in `NEED_DOCS` alone.
pub const MACHINE: Machine<'static, State, Action> = Machine {
    start: State::Applied,
    rules: &[
        rule(State::Applied, Owner::Union, "check"),
        Rule {
            state: State::NeedDocs,
            owner: Some(Owner::Member),
            deadline: Deadline::Stops(DECIDE, "papers"),
        },
        rule(State::UnderReview, Owner::Union, DECIDE),
        rule(State::Provisional, Owner::Union, "appoint"),
        rule(State::Granted, Owner::Union, "appoint"),
        rule(State::Appointed, Owner::Lawyer, "accept"),
        rule(State::InProgress, Owner::Lawyer, "outcome"),
        rule(State::Reported, Owner::Union, "archive"),
        rule(State::Closed, Owner::Member, "rate"),
        rule(State::Refused, Owner::Member, "appeal"),
        rule(State::Appealed, Owner::Union, "appeal_review"),
        over(State::Rated),
        over(State::Unrated),
        over(State::RefusedFinal),
        over(State::Withdrawn),
        over(State::Terminated),
    ],
    steps: &[
        step(State::Applied, Action::Complete, State::UnderReview),
        step(State::Applied, Action::AskPapers, State::NeedDocs),
        step(State::Applied, Action::Provide, State::Provisional),
        step(State::Applied, Action::Raise, State::Applied),
        step(State::Applied, Action::Withdraw, State::Withdrawn),
        step(State::NeedDocs, Action::Supply, State::Applied),
        step(State::NeedDocs, Action::Lapse, State::Withdrawn),
        step(State::NeedDocs, Action::Withdraw, State::Withdrawn),
        step(State::UnderReview, Action::Grant, State::Granted),
        step(State::UnderReview, Action::Refuse, State::Refused),
        step(State::UnderReview, Action::Provide, State::Provisional),
        step(State::UnderReview, Action::Raise, State::UnderReview),
        step(State::UnderReview, Action::Withdraw, State::Withdrawn),
        step(State::Provisional, Action::Grant, State::Granted),
        step(State::Provisional, Action::Refuse, State::Refused),
        step(State::Provisional, Action::Appoint, State::Appointed),
        step(State::Provisional, Action::Raise, State::Provisional),
        step(State::Provisional, Action::Terminate, State::Terminated),
        step(State::Provisional, Action::Withdraw, State::Withdrawn),
        step(State::Granted, Action::Appoint, State::Appointed),
        step(State::Granted, Action::Entrust, State::Granted),
        step(State::Granted, Action::Decline, State::Granted),
        step(State::Granted, Action::TakeOver, State::Granted),
        step(State::Granted, Action::Raise, State::Granted),
        step(State::Granted, Action::Terminate, State::Terminated),
        step(State::Granted, Action::Withdraw, State::Withdrawn),
        step(State::Appointed, Action::Accept, State::InProgress),
        step(State::Appointed, Action::Recuse { decided: true }, State::Granted),
        step(State::Appointed, Action::Recuse { decided: false }, State::Provisional),
        step(State::Appointed, Action::Silent { decided: true }, State::Granted),
        step(State::Appointed, Action::Silent { decided: false }, State::Provisional),
        step(State::Appointed, Action::Wall { decided: true }, State::Granted),
        step(State::Appointed, Action::Wall { decided: false }, State::Provisional),
        step(State::Appointed, Action::GrantLater, State::Appointed),
        step(State::Appointed, Action::RefuseLater, State::Terminated),
        step(State::Appointed, Action::Terminate, State::Terminated),
        step(State::InProgress, Action::Say, State::InProgress),
        step(State::InProgress, Action::Recuse { decided: true }, State::Granted),
        step(State::InProgress, Action::Recuse { decided: false }, State::Provisional),
        step(State::InProgress, Action::Wall { decided: true }, State::Granted),
        step(State::InProgress, Action::Wall { decided: false }, State::Provisional),
        step(State::InProgress, Action::GrantLater, State::InProgress),
        step(State::InProgress, Action::RefuseLater, State::Terminated),
        step(State::InProgress, Action::Report, State::Reported),
        step(State::InProgress, Action::Entrust, State::InProgress),
        step(State::InProgress, Action::Decline, State::InProgress),
        step(State::InProgress, Action::TakeOver, State::Granted),
        step(State::InProgress, Action::Raise, State::InProgress),
        step(State::InProgress, Action::Terminate, State::Terminated),
        step(State::Reported, Action::GrantLater, State::Reported),
        step(State::Reported, Action::RefuseLater, State::Terminated),
        step(State::Reported, Action::SendBack, State::InProgress),
        step(State::Reported, Action::Archive, State::Closed),
        step(State::Reported, Action::Raise, State::Reported),
        step(State::Closed, Action::Rate, State::Rated),
        step(State::Closed, Action::Lapse, State::Unrated),
        step(State::Refused, Action::Appeal, State::Appealed),
        step(State::Refused, Action::Lapse, State::RefusedFinal),
        step(State::Appealed, Action::Overturn, State::Granted),
        step(State::Appealed, Action::Uphold, State::RefusedFinal),
        step(State::Appealed, Action::Raise, State::Appealed),
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
