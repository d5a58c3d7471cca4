//! What a card is worth now: a pure function of its stored status, its holder's membership, the policy for
//! retained members and today's date in Shanghai. The redemption's statement, which must judge within one round trip, says
//! the same in SQL; a test of merchants (`worth`) meets every combination with both.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A card's stored status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 已申请
    Requested,
    /// 已制卡
    Issued,
    /// 正常
    Active,
    /// 挂失
    Lost,
    /// 已换卡
    Replaced,
    /// 已注销
    Revoked,
    /// 申请未通过
    Rejected,
}

impl Status {
    /// Every status.
    pub const ALL: &[Status] = &[
        Self::Requested,
        Self::Issued,
        Self::Active,
        Self::Lost,
        Self::Replaced,
        Self::Revoked,
        Self::Rejected,
    ];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Issued => "ISSUED",
            Self::Active => "ACTIVE",
            Self::Lost => "LOST",
            Self::Replaced => "REPLACED",
            Self::Revoked => "REVOKED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Reads the word of the store; an unknown one is worth nothing.
    pub fn parse(word: &str) -> Self {
        Self::ALL.iter().copied().find(|s| s.as_str() == word).unwrap_or(Self::Revoked)
    }

    /// Whether E4 allows a change of the stored status.
    pub const fn may_become(self, to: Self) -> bool {
        use Status::{Active, Issued, Lost, Rejected, Replaced, Requested, Revoked};
        matches!(
            (self, to),
            (Requested, Issued | Rejected)
                | (Issued, Active)
                | (Active, Lost | Revoked)
                | (Lost, Active | Replaced | Revoked)
        )
    }
}

/// What a card is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is valid; `limited` for a retained member under the policy `limited`.
    Valid {
        /// Only offers that allow it.
        limited: bool,
    },
    /// Reported lost, or replaced by another since.
    Lost,
    /// Revoked, or never in force.
    Revoked,
    /// The membership is frozen or over, or retained under the policy `suspended`.
    Suspended,
    /// Its last day has passed, or its first has not come.
    Expired,
}

/// What a card is worth: dates count inclusively, in Shanghai.
pub fn validity(
    status: &str,
    member_state: Option<&str>,
    retained_policy: &str,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    today: NaiveDate,
) -> Validity {
    match Status::parse(status) {
        Status::Active => {}
        Status::Lost | Status::Replaced => return Validity::Lost,
        Status::Requested | Status::Issued | Status::Revoked | Status::Rejected => return Validity::Revoked,
    }
    if today < valid_from || today > valid_to {
        return Validity::Expired;
    }
    match (member_state, retained_policy) {
        // Who asked to leave is a member until the seven days are over.
        (Some("ACTIVE" | "LEAVING"), _) | (Some("RETAINED"), "full") => Validity::Valid { limited: false },
        (Some("RETAINED"), "limited") => Validity::Valid { limited: true },
        _ => Validity::Suspended,
    }
}

/// A card's state as everybody is told it: the stored status, or what is derived from it. 会员卡状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CardState {
    /// 已申请
    Requested,
    /// 已制卡
    Issued,
    /// 正常
    Active,
    /// 挂失
    Lost,
    /// 已换卡
    Replaced,
    /// 已注销
    Revoked,
    /// 申请未通过
    Rejected,
    /// 暂停使用 (derived)
    Suspended,
    /// 已过期 (derived)
    Expired,
}

impl CardState {
    /// The state of a card.
    pub fn of(status: &str, validity: Validity) -> Self {
        match (Status::parse(status), validity) {
            (Status::Active, Validity::Suspended) => Self::Suspended,
            (Status::Active, Validity::Expired) => Self::Expired,
            (Status::Active, _) => Self::Active,
            (Status::Requested, _) => Self::Requested,
            (Status::Issued, _) => Self::Issued,
            (Status::Lost, _) => Self::Lost,
            (Status::Replaced, _) => Self::Replaced,
            (Status::Revoked, _) => Self::Revoked,
            (Status::Rejected, _) => Self::Rejected,
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Requested => "已申请",
            Self::Issued => "已制卡",
            Self::Active => "正常",
            Self::Lost => "已挂失",
            Self::Replaced => "已换卡",
            Self::Revoked => "已注销",
            Self::Rejected => "申请未通过",
            Self::Suspended => "暂停使用",
            Self::Expired => "已过期",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn at(status: &str, member: Option<&str>, policy: &str, today: u32) -> Validity {
        validity(status, member, policy, day(10), day(20), day(today))
    }

    #[test]
    fn both_ends_of_the_dates_count() {
        let valid = Validity::Valid { limited: false };
        assert_eq!(at("ACTIVE", Some("ACTIVE"), "limited", 10), valid);
        assert_eq!(at("ACTIVE", Some("ACTIVE"), "limited", 20), valid);
        assert_eq!(at("ACTIVE", Some("ACTIVE"), "limited", 9), Validity::Expired);
        assert_eq!(at("ACTIVE", Some("ACTIVE"), "limited", 21), Validity::Expired);
    }

    #[test]
    fn the_membership_decides_live() {
        assert_eq!(at("ACTIVE", Some("FROZEN"), "full", 15), Validity::Suspended);
        assert_eq!(at("ACTIVE", Some("ENDED"), "full", 15), Validity::Suspended);
        assert_eq!(at("ACTIVE", None, "full", 15), Validity::Suspended);
        assert_eq!(at("ACTIVE", Some("RETAINED"), "full", 15), Validity::Valid { limited: false });
        assert_eq!(at("ACTIVE", Some("RETAINED"), "limited", 15), Validity::Valid { limited: true });
        assert_eq!(at("ACTIVE", Some("RETAINED"), "suspended", 15), Validity::Suspended);
        assert_eq!(at("LOST", Some("ACTIVE"), "full", 15), Validity::Lost);
    }

    #[test]
    fn final_statuses_stay_and_every_other_can_be_left() {
        for from in Status::ALL {
            let terminal = matches!(from, Status::Replaced | Status::Revoked | Status::Rejected);
            assert_eq!(!Status::ALL.iter().any(|to| from.may_become(*to)), terminal, "{from:?}");
        }
    }

    proptest! {
        #[test]
        fn only_an_active_card_of_a_standing_member_is_valid(
            status in prop::sample::select(vec!["REQUESTED", "ISSUED", "ACTIVE", "LOST", "REPLACED", "REVOKED", "REJECTED", "?"]),
            member in prop::sample::select(vec![None, Some("ACTIVE"), Some("RETAINED"), Some("FROZEN"), Some("LEAVING"), Some("ENDED"), Some("?")]),
            policy in prop::sample::select(vec!["full", "limited", "suspended", "?"]),
            today in 1u32..28,
        ) {
            if let Validity::Valid { limited } = at(status, member, policy, today) {
                prop_assert_eq!(status, "ACTIVE");
                prop_assert!((10..=20).contains(&today));
                prop_assert!(matches!(member, Some("ACTIVE" | "LEAVING" | "RETAINED")));
                prop_assert_eq!(limited, member == Some("RETAINED") && policy == "limited");
            }
        }
    }
}
