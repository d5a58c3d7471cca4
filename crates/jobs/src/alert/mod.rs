//! Job alerts 职位订阅: searches that a member keeps. Every morning each is run over what was shown for the first time since,
//! and the member is told in one message of how many there are and of the first titles.
//!
//! A posting that was taken back for a change, or hidden for a while, and comes back is no news: it was shown before. One that
//! is not shown at the hour of the run is not told of.

mod run;
mod store;

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use uuid::Uuid;

pub use run::run;
pub use store::{create, delete, list};

use crate::listing::grams::Sought;
use crate::listing::{Filter, Order};
use crate::posting::EmploymentType;
use crate::schema::job_alert;

/// Alerts of one person.
pub const AT_MOST: i16 = 10;
/// Days after which an alert ends that has found nothing.
pub const ENDS_AFTER: Days = Days::new(180);
/// Published when an alert found something: [`News`].
pub const FOUND: &str = "job.alert_found";
/// Titles that are told.
const TITLES: usize = 3;
/// What is counted of one run; of more it is said that there are more.
const COUNTED: i64 = 100;

/// What [`FOUND`] says to the member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct News {
    /// The event.
    pub id: Uuid,
    /// The alert.
    pub alert_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// How many postings.
    pub count: usize,
    /// Whether there are more than were counted.
    pub more: bool,
    /// The first titles, newest first.
    pub titles: Vec<String>,
}

/// What is sought, as the member stated it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What its owner calls it.
    pub name: String,
    /// Words.
    pub q: Option<String>,
    /// A division with all below it.
    pub division_code: Option<String>,
    /// Fen a month.
    pub salary_min: Option<i64>,
    /// Whether what is not disclosed stays in.
    pub undisclosed: bool,
    /// How somebody is employed.
    pub employment: Option<EmploymentType>,
}

/// An alert.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job_alert)]
pub struct Alert {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    name: String,
    words: Option<String>,
    division_code: Option<String>,
    salary_min_fen: Option<i64>,
    undisclosed: bool,
    employment_type: Option<String>,
    seen_no: i64,
    /// Its last day, unless it finds something before.
    pub ends_on: NaiveDate,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

impl Alert {
    /// What is sought.
    ///
    /// # Errors
    /// `INTERNAL` for a word this version does not know.
    pub fn wanted(&self) -> Result<Wanted, Problem> {
        Ok(Wanted {
            name: self.name.clone(),
            q: self.words.clone(),
            division_code: self.division_code.clone(),
            salary_min: self.salary_min_fen,
            undisclosed: self.undisclosed,
            employment: self.employment_type.as_deref().map(EmploymentType::parse).transpose()?,
        })
    }

    // What its next run looks for; none where its words do not parse any more.
    fn filter(&self) -> Result<Option<Filter>, Problem> {
        let Wanted { name: _, q, division_code, salary_min, undisclosed, employment } = self.wanted()?;
        let sought = match q.as_deref().map(Sought::parse) {
            Some(None) => return Ok(None),
            sought => sought.flatten(),
        };
        Ok(Some(Filter {
            sought,
            division_code,
            employment,
            pay_from: salary_min,
            undisclosed,
            order: Order::Newest,
            newer_than: self.seen_no,
        }))
    }
}
