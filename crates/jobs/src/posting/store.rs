//! Postings as rows: a recruiter's own, a scope's, and the one that the public sees.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::page::{COUNTED_ROWS, Page, after, counted};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::{Posting, State};
use crate::listing;
use crate::schema::job_posting as posting;

type InStates = Box<
    dyn BoxableExpression<posting::table, Pg, SqlType = diesel::sql_types::Nullable<diesel::sql_types::Bool>>,
>;

// EXPIRED is LIVE past its last day.
fn in_states(states: &[State], today: NaiveDate) -> InStates {
    let stored: Vec<&'static str> =
        states.iter().filter(|s| !matches!(s, State::Live | State::Expired)).map(|s| s.as_str()).collect();
    let live = || posting::state.eq(State::Live.as_str());
    let stored = posting::state.eq_any(stored);
    match (states.contains(&State::Live), states.contains(&State::Expired)) {
        (true, true) => Box::new(stored.or(live()).nullable()),
        (true, false) => Box::new(stored.nullable().or(live().and(posting::valid_through.ge(today)))),
        (false, true) => Box::new(stored.nullable().or(live().and(posting::valid_through.lt(today)))),
        (false, false) => Box::new(stored.nullable()),
    }
}

/// A recruiter's own posting.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn own(conn: &mut Conn, recruiter: Uuid, id: Uuid) -> Result<Posting, Problem> {
    let found = posting::table.find(id).filter(posting::recruiter_id.eq(recruiter));
    found.select(Posting::as_select()).first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// The same, of which nobody else makes anything until the transaction ends: of two steps at once the second is judged by
/// what the first left.
///
/// # Errors
/// As [`own`].
pub(super) async fn held(tx: &mut Conn, recruiter: Uuid, id: Uuid) -> Result<Posting, Problem> {
    let found = posting::table.find(id).filter(posting::recruiter_id.eq(recruiter));
    let found = found.select(Posting::as_select()).for_update().first(tx).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// A page of a recruiter's postings, the newest first; of all states when none is named.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn own_list(
    conn: &mut Conn,
    recruiter: Uuid,
    (states, today): (&[State], NaiveDate),
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Posting>, Problem> {
    let mut query = posting::table
        .filter(posting::recruiter_id.eq(recruiter).and(posting::id.lt(before.unwrap_or(Uuid::max()))))
        .order(posting::id.desc())
        .limit(limit + 1)
        .select(Posting::as_select())
        .into_boxed();
    if !states.is_empty() {
        query = query.filter(in_states(states, today));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// A posting within a scope. What the county was not handed in it does not see.
///
/// # Errors
/// `NOT_FOUND` when it is absent, a draft or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Posting, Problem> {
    let here = posting::path.ge(scope.start()).and(posting::path.lt(scope.end()));
    let found = posting::table.find(id).filter(here.and(posting::state.ne(State::Draft.as_str())));
    found.select(Posting::as_select()).first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the postings of a scope in some states, drafts never, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    (states, today): (&[State], NaiveDate),
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Posting>, Problem> {
    let mut query = posting::table
        .filter(posting::path.ge(scope.start()).and(posting::path.lt(scope.end())))
        .filter(posting::state.ne(State::Draft.as_str()))
        .filter(in_states(states, today))
        .order((posting::path, posting::id))
        .limit(limit + 1)
        .select(Posting::as_select())
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((posting::path, posting::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many wait for the county in a state in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(
    conn: &mut Conn,
    scope: &OrgScope,
    state: State,
) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<Option<NaiveDate>> = posting::table
        .filter(posting::path.ge(scope.start()).and(posting::path.lt(scope.end())))
        .filter(posting::state.eq(state.as_str()))
        .order(posting::due_on)
        .limit(COUNTED_ROWS)
        .select(posting::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied().flatten()))
}

/// A posting that was published at some time and was not taken down or hidden: what a direct link still opens.
///
/// # Errors
/// `NOT_FOUND` for anything else.
pub async fn shown(conn: &mut Conn, id: Uuid) -> Result<Posting, Problem> {
    let published = posting::published_at.is_not_null().and(posting::state.eq_any(["LIVE", "CLOSED"]));
    let found = posting::table.find(id).filter(published).select(Posting::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// What a step makes of a posting.
pub(super) struct Moved {
    pub state: State,
    pub valid_through: Option<NaiveDate>,
    pub published_at: Option<chrono::DateTime<chrono::Utc>>,
    pub reason: Option<String>,
    pub decided_by: Option<Uuid>,
}

impl Moved {
    /// The same but for the state.
    pub(super) fn to(state: State, before: &Posting) -> Self {
        Self {
            state,
            valid_through: before.valid_through,
            published_at: before.published_at,
            reason: None,
            decided_by: None,
        }
    }
}

/// Moves a posting that is as it was read, with its audit row.
///
/// # Errors
/// `STALE` when somebody else moved it meanwhile.
pub(super) async fn moved(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (before, action): (&Posting, &str),
    to: Moved,
) -> Result<Posting, Problem> {
    let today = core.today();
    let Moved { state, valid_through, published_at, reason, decided_by } = to;
    let row = posting::table.find(before.id).filter(posting::version.eq(before.version));
    let moved: Option<Posting> = diesel::update(row)
        .set((
            posting::state.eq(state.as_str()),
            posting::valid_through.eq(valid_through),
            posting::due_on.eq(state.due(today, valid_through)),
            posting::published_at.eq(published_at),
            posting::reason.eq(&reason),
            posting::decided_by.eq(decided_by),
            posting::version.eq(posting::version + 1),
        ))
        .returning(Posting::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let moved = moved.ok_or_else(|| Problem::new(Code::Stale))?;
    let event =
        actor.event(core.id(), core.now(), Some(&moved.path), action, ("job_posting", Some(moved.id)));
    let states = [before.state(today), moved.state(today)];
    let mut event =
        event.changes(json!({"state": states, "valid_through": [before.valid_through, valid_through]}));
    event.reason = reason;
    audit::append(tx, &event).await?;
    listing::sync(core, tx, &moved).await?;
    Ok(moved)
}
