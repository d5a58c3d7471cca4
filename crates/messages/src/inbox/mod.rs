//! The inbox 消息: what an account is told of its own affairs, once for each event.
//!
//! A message is written by the worker from an event that was published in the transaction of its cause ([`news`] says
//! which event tells whom what), and is only ever read or forgotten afterwards. Notices are not among them: they are
//! written once and listed by themselves.

mod news;
mod read;
mod tell;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

pub use news::{NEWS, News};
pub use read::{Message, Which, get, list, mark_all_read, mark_read, unread};
pub use tell::tell;

/// How long a message is kept.
pub const KEPT: Duration = Duration::days(180);

/// What a message is about, by which members choose what they are told. 消息类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = InboxKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 安全提醒: the mobile, a lost card, closing the account; always told, also in quiet hours
    Security,
    /// 服务通知: how one's applications, membership and card stand
    Service,
    /// 普惠提醒: coupons
    Benefits,
    /// 求职提醒: what a search that one keeps has found
    Jobs,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Kind] = &[Self::Security, Self::Service, Self::Benefits, Self::Jobs];

    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Service => "service",
            Self::Benefits => "benefits",
            Self::Jobs => "jobs",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Security => "安全提醒",
            Self::Service => "服务通知",
            Self::Benefits => "普惠提醒",
            Self::Jobs => "求职提醒",
        }
    }

    /// Whether a push may say that a message is of this kind: that somebody has an application, lost a card or looks for
    /// work is nothing for a lock screen.
    pub const fn may_be_named(self) -> bool {
        matches!(self, Self::Benefits)
    }

    /// Reads the word of the store.
    ///
    /// # Errors
    /// `INTERNAL` for a word that is none.
    pub fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown kind of message"))
    }
}

/// What a message leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `join-application`, `correction`, `mobile`, `account-closing`, `membership`, `card`, `coupon`, `job-application`, `job`,
    /// `job-alert`, `consultation`, `legal-aid`.
    pub rel: String,
    /// Which one, where there may be several.
    pub id: Option<Uuid>,
}

impl Link {
    /// Where that is in this API.
    pub fn href(&self) -> String {
        match (self.rel.as_str(), self.id) {
            ("join-application", Some(id)) => format!("/v1/me/join-applications/{id}"),
            ("correction", Some(id)) => format!("/v1/me/corrections/{id}"),
            ("job-application", Some(id)) => format!("/v1/me/job-applications/{id}"),
            ("consultation", Some(id)) => format!("/v1/me/consultations/{id}"),
            ("legal-aid", Some(id)) => format!("/v1/me/legal-aid/{id}"),
            ("job", Some(id)) => format!("/v1/public/jobs/{id}"),
            ("account-closing", _) => "/v1/me/account-closing".to_owned(),
            ("card", _) => "/v1/me/cards".to_owned(),
            ("coupon", _) => "/v1/me/coupons".to_owned(),
            ("job-alert", _) => "/v1/me/job-alerts".to_owned(),
            // A mobile and a membership are fields of the account itself.
            _ => "/v1/me".to_owned(),
        }
    }
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum To {
    /// An account.
    Account(Uuid),
    /// The member's account of a natural person, if they have one.
    Person(Uuid),
}

/// A message that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// For whom.
    pub to: To,
    /// Names what happened: an account is told of it once.
    pub key: String,
    /// What it is about.
    pub kind: Kind,
    /// One line.
    pub title: &'static str,
    /// A sentence or two.
    pub body: String,
    /// What it leads to.
    pub link: Link,
}
