//! Postings that came in a public employment service's file: entered by the county that uploaded it, and taken back by it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::change::columns;
use super::lint::Hit;
use super::store::{Moved, moved};
use super::{Posting, State, Step, Terms};
use crate::listing;
use crate::recruiter::Recruiter;
use crate::schema::{job_posting as posting, job_posting_source as table};

/// Where a posting came from. 信息来源
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Source {
    /// The public employment service. 发布机构
    pub name: String,
    /// Its own number, known once. 岗位编号
    pub number: String,
    /// Whom to call. 联系电话
    pub contact: String,
}

/// A posting to be entered.
pub(crate) struct Imported<'a> {
    pub of: &'a Recruiter,
    pub terms: &'a Terms,
    pub hits: &'a [Hit],
    pub valid_through: NaiveDate,
    pub source: &'a Source,
}

/// The source of a posting, where it came in a file.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn source(conn: &mut Conn, id: Uuid) -> Result<Option<Source>, Problem> {
    let row = table::table.find(id).select((table::name, table::number, table::contact));
    Ok(row.first(conn).await.optional()?)
}

/// Enters a posting: live, or in review where somebody is to look at what it says.
///
/// # Errors
/// `ALREADY_EXISTS` when the source's number is known.
pub(crate) async fn enter(core: &Core, tx: &mut Conn, new: &Imported<'_>) -> Result<Posting, Problem> {
    let Imported { of, terms, hits, valid_through, source } = new;
    let (id, now, today) = (core.id(), core.now(), core.today());
    let state = if hits.is_empty() { State::Live } else { State::Review };
    let made: Posting = diesel::insert_into(posting::table)
        .values((
            posting::id.eq(id),
            posting::recruiter_id.eq(of.id),
            posting::org_id.eq(of.org_id),
            posting::path.eq(&of.path),
            columns(of.id, terms, hits)?,
            posting::state.eq(state.as_str()),
            posting::valid_through.eq(valid_through),
            posting::due_on.eq(state.due(today, Some(*valid_through))),
            posting::published_at.eq((state == State::Live).then_some(now)),
            posting::created_at.eq(now),
        ))
        .returning(Posting::as_returning())
        .get_result(tx)
        .await?;
    diesel::insert_into(table::table)
        .values((
            table::posting_id.eq(id),
            table::name.eq(&source.name),
            table::number.eq(&source.number),
            table::contact.eq(&source.contact),
        ))
        .execute(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("job_posting_source_number") => Problem::new(Code::AlreadyExists),
                _ => problem,
            }
        })?;
    let object = ("job_posting", Some(id));
    let event = Actor::task().event(core.id(), now, Some(&made.path), "job_posting.import", object);
    let changes =
        json!({"title": made.title(), "state": state, "source": source.name, "number": source.number});
    audit::append(tx, &event.changes(changes)).await?;
    listing::sync(core, tx, &made).await?;
    Ok(made)
}

/// Takes down a posting that is as the file left it; answers whether it was.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(crate) async fn take_back(core: &Core, tx: &mut Conn, id: Uuid, version: i32) -> Result<bool, Problem> {
    let today = core.today();
    let found = posting::table.find(id).select(Posting::as_select()).for_update();
    let found: Option<Posting> = found.first(tx).await.optional()?;
    let Some(before) = found.filter(|posting| posting.version == version) else { return Ok(false) };
    let state = before.state(today);
    let Some(to) = state.after(Step::Remove).or(state.after(Step::Close)) else { return Ok(false) };
    let mut to = Moved::to(to, &before);
    to.valid_through = before.valid_through.map(|last| last.min(today));
    to.reason = Some("导入已撤回".to_owned());
    moved(core, tx, &Actor::task(), (&before, "job_posting.take_back"), to).await?;
    Ok(true)
}
