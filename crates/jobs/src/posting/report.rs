//! Reports 举报: what members say is wrong with a posting. Enough of them hide it until the county has looked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::change::tell;
use super::store::{Moved, moved, shown};
use super::{State, Step, What};
use crate::schema::{job_posting as posting, job_report as report_table};

/// How many persons hide a posting.
pub const HIDDEN_AT: i64 = 3;
/// How many reports a county reads of one posting.
const READ: i64 = 100;

/// What is wrong. 举报类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobReportKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 诈骗
    Fraud,
    /// 收费、押金
    Fee,
    /// 就业歧视
    Discrimination,
    /// 内容虚假
    FalseContent,
    /// 其他
    Other,
}

impl Kind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Fee => "fee",
            Self::Discrimination => "discrimination",
            Self::FalseContent => "false_content",
            Self::Other => "other",
        }
    }
}

/// What a member reports.
#[derive(Debug)]
pub struct NewReport {
    /// Of which posting.
    pub posting: Uuid,
    /// What is wrong.
    pub kind: Kind,
    /// In words.
    pub statement: String,
}

/// A report, as the county reads it: whose it is stays unsaid.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = report_table)]
pub struct Report {
    /// Its id.
    pub id: Uuid,
    /// What is wrong.
    pub kind: String,
    /// In words.
    pub statement: String,
    /// When the county decided upon it.
    pub handled_at: Option<DateTime<Utc>>,
    /// When it came.
    pub created_at: DateTime<Utc>,
}

/// Takes a report, in the caller's transaction. With the third person's the posting is hidden and its applicants are told.
///
/// # Errors
/// `NOT_FOUND` for a posting the public does not see; `ALREADY_EXISTS` for a second report of the same person.
pub async fn report(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    new: &NewReport,
) -> Result<Report, Problem> {
    let now = core.now();
    // Of two reports at once the second counts the first: the posting's row is what they wait for.
    posting::table.find(new.posting).select(posting::id).for_update().first::<Uuid>(tx).await.optional()?;
    let before = shown(tx, new.posting).await?;
    let made: Report = diesel::insert_into(report_table::table)
        .values((
            report_table::id.eq(core.id()),
            report_table::posting_id.eq(before.id),
            report_table::person_id.eq(person),
            report_table::kind.eq(new.kind.as_str()),
            report_table::statement.eq(&new.statement),
            report_table::created_at.eq(now),
        ))
        .returning(Report::as_returning())
        .get_result(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("job_report_once") => Problem::new(Code::AlreadyExists),
                _ => problem,
            }
        })?;
    let event =
        actor.event(core.id(), now, Some(&before.path), "job_report.create", ("job_report", Some(made.id)));
    audit::append(tx, &event.changes(json!({"posting_id": before.id, "kind": made.kind}))).await?;
    let open: i64 = report_table::table
        .filter(report_table::posting_id.eq(before.id).and(report_table::handled_at.is_null()))
        .count()
        .get_result(tx)
        .await?;
    if open >= HIDDEN_AT
        && let Some(hidden) = before.state(core.today()).after(Step::Hide)
    {
        let to = Moved::to(hidden, &before);
        let after = moved(core, tx, &Actor::task(), (&before, "job_posting.hide"), to).await?;
        debug_assert_eq!(after.state(core.today()), State::Hidden);
        tell(core, tx, &after, What::Hidden).await?;
    }
    Ok(made)
}

/// The reports of a posting, the newest first, at most a hundred. The posting was found in the caller's scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn reports(conn: &mut Conn, posting: Uuid) -> Result<Vec<Report>, Problem> {
    let of = report_table::table.filter(report_table::posting_id.eq(posting));
    Ok(of.order(report_table::id.desc()).limit(READ).select(Report::as_select()).load(conn).await?)
}

// The county has decided upon what was reported so far; only what comes later counts again.
pub(super) async fn handled(tx: &mut Conn, posting: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let open = report_table::posting_id.eq(posting).and(report_table::handled_at.is_null());
    diesel::update(report_table::table.filter(open))
        .set(report_table::handled_at.eq(now))
        .execute(tx)
        .await?;
    Ok(())
}
