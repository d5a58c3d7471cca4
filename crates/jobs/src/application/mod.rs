//! Applications 求职申请 (E17): a member hands their resume, as it is at that moment, to one recruiter.
//!
//! The recruiter sees what it says, and who it is only once they invite them. No cadre sees any of it: of applications they
//! read numbers alone, from the county up, so that nobody's own enterprise union learns that they look for other work.

mod apply;
mod state;
mod step;
mod store;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::Sealer;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use apply::is_own_employer;
pub use apply::{accept, apply, withdraw};
pub use state::{State, Step};
pub use step::{decide, lapse};
pub use store::{Detail, Figures, figures, get, list_own, matters, of_posting, of_recruiter, own};

use crate::resume::Content;
use crate::schema::job_application;

const SNAPSHOT: &str = "job_application.snapshot";
/// How often one person applies for one posting, ever: whoever withdrew applies again, but not without end.
pub const TIMES_AT_MOST: i64 = 3;
/// Applications of one person that are open at a time.
pub const OPEN_AT_MOST: i64 = 20;
/// Applications of one person in a day of Shanghai.
pub const NEW_A_DAY: i64 = 30;
/// Days after its posting's last day on which an open application ends by itself.
pub const LAPSE_DAYS: chrono::Days = chrono::Days::new(7);

/// Published when an application moved: [`Moved`].
pub const MOVED: &str = "job.application_moved";

/// What [`MOVED`] says to the member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    /// The event.
    pub id: Uuid,
    /// The application.
    pub application_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// The posting's title.
    pub title: String,
    /// Where it stands now.
    pub state: State,
}

/// Why not. 不合适原因
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RejectionReason)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 岗位已招满
    Filled,
    /// 经验不符
    Experience,
    /// 技能不符
    Skills,
    /// 地点不便
    Location,
    /// 联系不上
    NoReply,
    /// 其他
    Other,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Reason] =
        &[Self::Filled, Self::Experience, Self::Skills, Self::Location, Self::NoReply, Self::Other];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Experience => "experience",
            Self::Skills => "skills",
            Self::Location => "location",
            Self::NoReply => "no_reply",
            Self::Other => "other",
        }
    }

    /// What a person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Filled => "岗位已招满",
            Self::Experience => "经验与岗位不符",
            Self::Skills => "技能与岗位不符",
            Self::Location => "工作地点不便",
            Self::NoReply => "未能联系上",
            Self::Other => "其他原因",
        }
    }
}

/// What a recruiter was handed: the resume as it was, and who it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// The resume.
    pub content: Content,
    /// Full name.
    pub name: String,
    /// Full mobile.
    pub mobile: String,
}

/// An application.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job_application)]
pub struct Application {
    /// Its id.
    pub id: Uuid,
    /// For which posting.
    pub posting_id: Uuid,
    /// To whom.
    pub recruiter_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// The county of the posting.
    pub path: String,
    snapshot: Vec<u8>,
    state: String,
    reason_code: Option<String>,
    /// Moves with every change.
    pub version: i32,
    /// When it was handed in.
    pub created_at: DateTime<Utc>,
    /// When it moved last.
    pub changed_at: DateTime<Utc>,
}

impl Application {
    /// Where it stands.
    pub fn state(&self) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's to act upon.
        State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Lapsed)
    }

    /// Why not, of a rejected one.
    pub fn reason(&self) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|known| Some(known.as_str()) == self.reason_code.as_deref())
    }

    /// What was handed in.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn snapshot(&self, sealer: &Sealer) -> Result<Snapshot, Problem> {
        Ok(serde_json::from_slice(&sealer.open(SNAPSHOT, self.id, &self.snapshot)?)?)
    }

    /// By when somebody has to act, where its posting ends on a day.
    pub fn due_on(&self, valid_through: Option<NaiveDate>) -> Option<NaiveDate> {
        let open = State::OPEN.contains(&self.state());
        valid_through.filter(|_| open).and_then(|last| last.checked_add_days(LAPSE_DAYS))
    }
}
