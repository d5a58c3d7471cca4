//! The states of E16 and of an application, and which change is allowed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a recruiter stands. 招聘单位状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = RecruiterState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 已核验
    Verified,
    /// 待重新核验: derived, past the last day of the verification
    Reverify,
    /// 已暂停
    Suspended,
    /// 已禁止
    Banned,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Verified, Self::Reverify, Self::Suspended, Self::Banned];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Reverify => "REVERIFY",
            Self::Suspended => "SUSPENDED",
            Self::Banned => "BANNED",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Verified => "已核验",
            Self::Reverify => "待重新核验",
            Self::Suspended => "已暂停",
            Self::Banned => "已禁止",
        }
    }

    /// Whether E16 allows the county a change. What is derived is nobody's step.
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Verified | Self::Reverify, Self::Suspended)
                | (Self::Suspended, Self::Verified | Self::Banned)
        )
    }

    /// Whether it may hand its papers in again.
    pub const fn may_renew(self) -> bool {
        matches!(self, Self::Verified | Self::Reverify)
    }

    /// The stored state as of a day; the last day is inclusive.
    pub fn on(self, verified_until: NaiveDate, today: NaiveDate) -> Self {
        match self {
            Self::Verified if today > verified_until => Self::Reverify,
            other => other,
        }
    }
}

/// Where an application stands. 招聘单位申请状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = RecruiterApplicationState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApplicationState {
    /// 待核验
    Applied,
    /// 已核验
    Verified,
    /// 未通过
    Rejected,
    /// 已撤回
    Withdrawn,
}

impl ApplicationState {
    /// Every state.
    pub const ALL: &[ApplicationState] = &[Self::Applied, Self::Verified, Self::Rejected, Self::Withdrawn];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Verified => "VERIFIED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Applied => "待核验",
            Self::Verified => "已核验",
            Self::Rejected => "未通过",
            Self::Withdrawn => "已撤回",
        }
    }

    /// Whether a change is allowed.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Applied, Self::Verified | Self::Rejected | Self::Withdrawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_recruiter_stays_banned_and_only_a_suspended_one_is_banned() {
        for from in State::ALL {
            assert_eq!(from.may_become(State::Banned), *from == State::Suspended, "{from:?}");
            assert!(!from.may_become(State::Reverify), "re-verification is derived");
            let ended = State::ALL.iter().all(|to| !from.may_become(*to));
            assert_eq!(ended, *from == State::Banned, "{from:?}");
        }
        assert!(!State::Suspended.may_renew() && !State::Banned.may_renew());
    }

    #[test]
    fn the_last_day_counts() {
        let last = NaiveDate::from_ymd_opt(2027, 5, 20).unwrap();
        assert_eq!(State::Verified.on(last, last), State::Verified);
        assert_eq!(State::Verified.on(last, last.succ_opt().unwrap()), State::Reverify);
        assert_eq!(State::Suspended.on(last, last.succ_opt().unwrap()), State::Suspended);
    }

    #[test]
    fn an_application_ends_once() {
        for from in ApplicationState::ALL {
            let open = ApplicationState::ALL.iter().any(|to| from.may_become(*to));
            assert_eq!(open, *from == ApplicationState::Applied);
        }
    }
}
