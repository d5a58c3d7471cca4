//! Postings 招聘职位 (E17): what a verified recruiter offers, seen by its county before anybody else, for at most ninety days.
//!
//! EXPIRED is the end of the last day in Shanghai, derived at every read and never stored. Every state but the last two has
//! somebody who acts next and a day by when ([`State::owner`], [`State::due`]).

mod change;
mod import;
mod judge;
pub mod lint;
pub mod pay;
mod report;
mod review;
mod state;
mod store;
mod tasks;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use change::verified;
pub use change::{DRAFTS_AT_MOST, change, close, create, extend, fill, hired, submit};
pub(crate) use import::{Imported, enter, take_back};
pub use import::{Source, source};
pub(crate) use judge::judge;
pub use judge::minimum_wage;
pub use report::{HIDDEN_AT, Kind as ReportKind, NewReport, Report, report, reports};
pub use review::{Decision, decide};
pub use state::{Owner, State, Step};
pub use store::{get, list, own, own_list, shown, waiting};
pub use tasks::lapse;

use crate::schema::job_posting;
use lint::Hit;
use pay::{Pay, Period};

/// Published when applicants are to know that something happened to a posting: [`Changed`].
pub const CHANGED: &str = "job.posting_changed";

/// What [`CHANGED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// The event.
    pub id: Uuid,
    /// The posting.
    pub posting_id: Uuid,
    /// Its title.
    pub title: String,
    /// What happened.
    pub what: What,
    /// Those whose applications are open.
    pub persons: Vec<Uuid>,
}

/// What happened to a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Pay, place or content changed; it is looked at again.
    Edited,
    /// Members reported it; it is hidden until the county has looked.
    Hidden,
    /// The county took it down.
    Removed,
}

/// How somebody is employed. 用工类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmploymentType {
    /// 全职
    FullTime,
    /// 兼职（非全日制）
    PartTime,
    /// 临时
    Temporary,
    /// 实习
    Internship,
}

impl EmploymentType {
    /// Every type.
    pub const ALL: &[EmploymentType] = &[Self::FullTime, Self::PartTime, Self::Temporary, Self::Internship];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullTime => "full_time",
            Self::PartTime => "part_time",
            Self::Temporary => "temporary",
            Self::Internship => "internship",
        }
    }

    /// The word of schema.org.
    pub const fn schema_org(self) -> &'static str {
        match self {
            Self::FullTime => "FULL_TIME",
            Self::PartTime => "PART_TIME",
            Self::Temporary => "TEMPORARY",
            Self::Internship => "INTERN",
        }
    }

    pub(crate) fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|known| known.as_str() == word);
        found.ok_or_else(|| Problem::internal("unknown employment type"))
    }
}

/// What a posting says: the mandatory elements of 暂行条例 24 and the rule of 2021.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// 职位名称
    pub title: String,
    /// 用工类型
    pub employment_type: EmploymentType,
    /// 招聘人数
    pub headcount: i32,
    /// 工作内容
    pub content: String,
    /// 招聘条件
    pub conditions: String,
    /// The division of the place of work.
    pub division_code: String,
    /// 工作地点
    pub address: String,
    /// 劳动报酬
    pub pay: Pay,
    /// How many days it is to stand from its approval on.
    pub valid_days: i32,
    /// Where it was posted first.
    pub source_url: Option<String>,
    /// For the reviewer.
    pub note: Option<String>,
}

impl Terms {
    /// Whether what an applicant decides by differs: everything but how many, for how long, and a word to the reviewer.
    fn differs_materially(&self, other: &Self) -> bool {
        let rest = Self {
            headcount: self.headcount,
            valid_days: self.valid_days,
            note: self.note.clone(),
            ..other.clone()
        };
        rest != *self
    }
}

/// A posting.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job_posting)]
pub struct Posting {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub recruiter_id: Uuid,
    /// The county that looks at it.
    pub org_id: Uuid,
    /// That county's path.
    pub path: String,
    title: String,
    employment_type: String,
    headcount: i32,
    /// How many places are taken.
    pub filled: i32,
    content: String,
    conditions: String,
    division_code: String,
    address: String,
    pay_min_fen: Option<i64>,
    pay_max_fen: Option<i64>,
    pay_period: String,
    pay_months: i16,
    negotiable: bool,
    valid_days: i32,
    source_url: Option<String>,
    note: Option<String>,
    hits: serde_json::Value,
    /// The same text of the same recruiter.
    pub content_key: Vec<u8>,
    state: String,
    /// Its last day, inclusive, once it was published.
    pub valid_through: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    /// When it was first published.
    pub published_at: Option<DateTime<Utc>>,
    /// Why it was returned or taken down.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Posting {
    /// The state as of a day.
    pub fn state(&self, today: NaiveDate) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's live posting.
        let stored = State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Removed);
        stored.on(self.valid_through, today)
    }

    /// By when somebody has to act.
    pub fn due_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        match self.state(today) {
            State::Expired => State::Expired.due(today, self.valid_through),
            _ => self.due_on,
        }
    }

    /// What it says.
    ///
    /// # Errors
    /// `INTERNAL` for a word this version does not know.
    pub fn terms(&self) -> Result<Terms, Problem> {
        let period = Period::ALL.iter().copied().find(|p| p.as_str() == self.pay_period);
        Ok(Terms {
            title: self.title.clone(),
            employment_type: EmploymentType::parse(&self.employment_type)?,
            headcount: self.headcount,
            content: self.content.clone(),
            conditions: self.conditions.clone(),
            division_code: self.division_code.clone(),
            address: self.address.clone(),
            pay: Pay {
                min: self.pay_min_fen,
                max: self.pay_max_fen,
                period: period.ok_or_else(|| Problem::internal("unknown pay period"))?,
                months: self.pay_months,
                negotiable: self.negotiable,
            },
            valid_days: self.valid_days,
            source_url: self.source_url.clone(),
            note: self.note.clone(),
        })
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the reviewer is to look at.
    ///
    /// # Errors
    /// `INTERNAL` when the row holds something else.
    pub fn hits(&self) -> Result<Vec<Hit>, Problem> {
        Ok(serde_json::from_value(self.hits.clone())?)
    }
}
