//! Shifts, page by page.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Shift, State};
use crate::schema::legal_shift as shifts;

/// Which shifts.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Those of a scope's rosters.
    Scope(&'a OrgScope),
    /// A lawyer's own that were published.
    Lawyer(Uuid),
}

/// A page of shifts that end after an instant, by start.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    whose: Whose<'_>,
    from: DateTime<Utc>,
    key: Option<&(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Page<Shift>, Problem> {
    let mut query = shifts::table
        .filter(shifts::ends_at.gt(from))
        .order((shifts::starts_at, shifts::id))
        .limit(limit + 1)
        .select(Shift::as_select())
        .into_boxed();
    query = match whose {
        Whose::Scope(scope) => query.filter(shifts::path.ge(scope.start()).and(shifts::path.lt(scope.end()))),
        Whose::Lawyer(id) => {
            let theirs = shifts::lawyer_id.eq(id).or(shifts::backup_id.eq(id).assume_not_null());
            query.filter(theirs.and(shifts::state.eq(State::Published.as_str())))
        }
    };
    if let Some((at, id)) = key {
        query = query.filter(shifts::starts_at.gt(at).or(shifts::starts_at.eq(at).and(shifts::id.gt(id))));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
