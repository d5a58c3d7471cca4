//! Notices as rows, as the cadres of a scope see them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, after, counted};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Audience, Channels, Phase, State, phase};
use crate::schema::{notice, notice_read};

/// A notice without its body: lists are made of these.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = notice)]
pub struct Head {
    /// Its id.
    pub id: Uuid,
    /// The union it is of.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// Whom it is for.
    #[diesel(deserialize_as = String)]
    pub audience: Audience,
    /// Where it is shown.
    #[diesel(deserialize_as = Vec<String>)]
    pub channels: Channels,
    /// One line.
    pub title: String,
    /// One line, or nothing.
    pub summary: String,
    /// Until when it stands before the others.
    pub pinned_until: Option<DateTime<Utc>>,
    /// When it is wanted to appear.
    pub publish_at: Option<DateTime<Utc>>,
    /// When it appears, since it was approved.
    pub published_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// The notice it corrects.
    pub replaces_id: Option<Uuid>,
    /// Its stored state.
    #[diesel(deserialize_as = String)]
    pub state: State,
    /// Why it was returned or withdrawn.
    pub reason: Option<String>,
    /// Every natural person who wrote a word of it.
    pub written_by: Vec<Uuid>,
    /// Moves with every change.
    pub version: i32,
}

impl Head {
    /// Where it stands at an instant.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        phase(self.state, self.published_at, self.expires_at, now)
    }

    /// Whether it stands before the others at an instant.
    pub fn is_pinned(&self, now: DateTime<Utc>) -> bool {
        self.pinned_until.is_some_and(|until| now < until)
    }
}

/// A notice.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = notice)]
pub struct Notice {
    /// What lists show of it.
    #[diesel(embed)]
    pub head: Head,
    /// Its text.
    pub body: String,
}

macro_rules! in_scope {
    ($scope:expr) => {
        notice::path.ge($scope.start()).and(notice::path.lt($scope.end()))
    };
}

/// A notice within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Notice, Problem> {
    let found = notice::table.find(id).filter(in_scope!(scope)).select(Notice::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the notices of a scope in some states (all without), after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Head>, Problem> {
    let mut query = notice::table
        .filter(in_scope!(scope))
        .order((notice::path, notice::id))
        .limit(limit + 1)
        .select(Head::as_select())
        .into_boxed();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        query = query.filter(notice::state.eq_any(words));
    }
    if let Some(key) = key {
        query = query.filter(after((notice::path, notice::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many accounts read a notice, counted now: there is no counter that could drift.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn readers(conn: &mut Conn, id: Uuid) -> Result<i64, Problem> {
    Ok(notice_read::table.filter(notice_read::notice_id.eq(id)).count().get_result(conn).await?)
}

/// How many wait for an approval in a scope (1,001 says that there are more), and since when the oldest does.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<DateTime<Utc>>), Problem> {
    let submitted: Vec<Option<DateTime<Utc>>> = notice::table
        .filter(in_scope!(scope).and(notice::state.eq(State::Review.as_str())))
        .order(notice::submitted_at)
        .limit(COUNTED_ROWS)
        .select(notice::submitted_at)
        .load(conn)
        .await?;
    Ok((counted(&submitted), submitted.as_slice().first().copied().flatten()))
}
