//! What is told before a period ends: the limitation, thirty, seven and one day before; the days for missing papers, three.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unionhall_casework::reminder::Reminded;
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai_date;
use unionhall_storage::{Conn, Core, outbox};
use uuid::Uuid;

use super::case::lock;
use super::turn::case;
use super::{LIMITATION, MACHINE};

/// Published when the end of a period is near: [`Near`].
pub const REMINDED: &str = "legal_aid.reminded";

/// What [`REMINDED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Near {
    /// The event.
    pub id: Uuid,
    /// The case.
    pub aid_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Whether it is the limitation period; else the days for missing papers.
    pub is_limitation: bool,
    /// The last day, Shanghai.
    pub last_day: NaiveDate,
}

// A period that ends at midnight ended with the day before.
fn last_day(due_at: DateTime<Utc>) -> NaiveDate {
    shanghai_date(due_at - chrono::Duration::milliseconds(1))
}

/// Tells the member, and puts the limitation's alarms on record for the legal department.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn remind(core: &Core, tx: &mut Conn, reminded: &Reminded) -> Result<(), Problem> {
    let found = lock(tx, reminded.case).await?;
    let is_limitation = reminded.name == LIMITATION;
    if MACHINE.is_over(found.state()) || !(is_limitation || reminded.name == "papers") {
        return Ok(());
    }
    if is_limitation {
        let alarm = NewEntry {
            public: true,
            what: "limitation_near",
            author: Author::Platform,
            state: None,
            text: None,
        };
        timeline::append(core, tx, case(found.id), alarm).await?;
    }
    let id = core.id();
    let last_day = last_day(reminded.due_at);
    let news = Near { id, aid_id: found.id, person_id: found.person_id, is_limitation, last_day };
    outbox::publish(tx, id, core.now(), REMINDED, &news).await
}
