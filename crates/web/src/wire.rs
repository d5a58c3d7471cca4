//! Small things every answer writes the same way, and the id in a path.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use unionhall_kernel::text::is_invisible;
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::page::Page;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::policy::Action;
use crate::problem::Fault;

/// An instant: RFC 3339, UTC, milliseconds.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The `{id}` of a path. Anything that is no id is absent, like an id nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromRequest for Id {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
        std::future::ready(id.map(Self).ok_or_else(|| Problem::not_found().into()))
    }
}

/// Checks a reason for the audit row: 2 to 200 characters.
///
/// # Errors
/// `REASON_LENGTH`.
pub fn parse_reason(reason: &str) -> Result<&str, Invalid> {
    let reason = reason.trim();
    // What nobody can see gives no reason.
    let seen = reason.chars().filter(|c| !is_invisible(*c)).count();
    if seen >= 2 && reason.chars().count() <= 200 {
        Ok(reason)
    } else {
        Err(Invalid::new("REASON_LENGTH", "原因须为2至200个字符。"))
    }
}

/// Why a step is taken, for its record and for whom it is told. 原因
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reason)]
pub struct ReasonBody {
    /// Why: 2 to 200 characters, of which two can be seen.
    #[schema(min_length = 2, max_length = 200, example = "经电话核实")]
    pub reason: String,
}

impl ReasonBody {
    /// The reason, checked.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with `REASON_LENGTH` at `/reason`.
    pub fn parse(&self) -> Result<&str, Problem> {
        parse_reason(&self.reason).map_err(|invalid| Problem::invalid("/reason", invalid))
    }
}

/// Where a case stands, the same block for every kind of case. 办理进度
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseProgress)]
pub struct Progress {
    /// The state's code.
    pub state: String,
    /// The state in words.
    pub state_text: &'static str,
    /// Who has to act: `member`, `union`, `county`; null at the end.
    pub waiting_for: Option<&'static str>,
    /// What comes next, in words.
    pub next_step: &'static str,
    /// By when, Shanghai; null at the end.
    pub due_on: Option<NaiveDate>,
    /// What is missing.
    pub missing: Vec<String>,
    /// Whom to call.
    pub contact_phone: Option<&'static str>,
}

/// Something of a member's that is under way, of whatever service. 在办事项
#[derive(Debug, Serialize, ToSchema)]
pub struct Matter {
    /// Its id.
    pub id: Uuid,
    /// `join_application`, `correction`, `consultation`, `legal_aid`, `job_application`; more may come. 类型
    #[schema(example = "consultation")]
    pub kind: &'static str,
    /// What it is about. 事项
    #[schema(example = "公司拖欠三个月工资")]
    pub title: String,
    /// When it was begun. 开始时间
    pub opened_at: String,
    /// Where it is.
    #[schema(example = "/v1/me/consultations/0192f3a4-0000-7000-8000-000000000000")]
    pub href: String,
    /// 办理进度
    pub progress: Progress,
}

/// A kind of thing that waits for a cadre. 待办
#[derive(Debug, Serialize, ToSchema)]
pub struct Todo {
    /// `join_application`, `mobile_change`, `correction`, `leaver_proposal`, `export`, `import`, `import_reconciliation`, `campaign`, `merchant_application`, `merchant_appeal`, `recruiter_application`, `recruiter_suspension`, `job_posting`, `job_report`, `notice`, `consultation`, `legal_aid`, `duty_gap`; more may come.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How many wait; 1001 stands for more than a thousand.
    pub count: i64,
    /// The earliest due date, or the day the oldest one came.
    pub oldest_due: Option<NaiveDate>,
    /// Where its items are.
    pub href: &'static str,
    /// What it takes to work it off: nobody is told of what they may not open.
    #[serde(skip)]
    #[schema(ignore)]
    pub needs: Action,
}

/// Rows of a copy of somebody's own data: the newest thousand. 数据副本
#[derive(Debug, Serialize, ToSchema)]
pub struct Copied<T> {
    /// The newest first.
    pub items: Vec<T>,
    /// Whether there are older ones, which are left out.
    pub more: bool,
}

/// How many rows of a kind a copy of somebody's own data holds.
pub const COPIED: i64 = 1000;

impl<T> Copied<T> {
    /// Nothing.
    pub const fn none() -> Self {
        Self { items: Vec::new(), more: false }
    }

    /// Copies a page of at most [`COPIED`] rows.
    pub fn of<R>(page: Page<R>, copy: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(copy).collect(), more: page.more }
    }

    /// Copies rows of which one more than [`COPIED`] was asked for.
    pub fn cut<R>(rows: Vec<R>, copy: impl FnMut(R) -> T) -> Self {
        Self::of(Page::cut(rows, COPIED), copy)
    }
}

/// A date or instant that can be one of ours: from 1900 to 2199. What lies beyond is a slip of a key, and the store
/// cannot hold the farthest of them.
pub trait Dated {
    /// The year, where there is one.
    fn year(&self) -> Option<i32>;
}

impl Dated for NaiveDate {
    fn year(&self) -> Option<i32> {
        Some(Datelike::year(self))
    }
}

impl Dated for DateTime<Utc> {
    fn year(&self) -> Option<i32> {
        Some(Datelike::year(self))
    }
}

impl<T: Dated> Dated for Option<T> {
    fn year(&self) -> Option<i32> {
        self.as_ref().and_then(Dated::year)
    }
}

/// Reads a date or instant, for `#[serde(deserialize_with = …)]`.
///
/// # Errors
/// When it is none, or beyond 1900 to 2199.
pub fn dated<'de, D: Deserializer<'de>, T: Deserialize<'de> + Dated>(from: D) -> Result<T, D::Error> {
    let value = T::deserialize(from)?;
    if value.year().is_none_or(|year| (1900..2200).contains(&year)) {
        Ok(value)
    } else {
        Err(serde::de::Error::custom("a year from 1900 to 2199"))
    }
}
