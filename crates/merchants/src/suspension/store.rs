//! Suspensions as rows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, after, counted};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::State;
use crate::schema::merchant_suspension as suspension;

/// A suspension.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = suspension)]
pub struct Suspension {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub merchant_id: Uuid,
    /// The path of the union that manages the merchant.
    pub path: String,
    state: String,
    /// Why.
    pub reason: String,
    /// The natural person who suspended, where it is known.
    pub suspended_by: Option<Uuid>,
    /// Since when.
    pub suspended_at: DateTime<Utc>,
    /// The last day of an appeal, Shanghai.
    pub appeal_until: NaiveDate,
    /// What the manager says.
    pub statement: Option<String>,
    /// When they said it.
    pub appealed_at: Option<DateTime<Utc>>,
    /// By when the appeal is to be decided, Shanghai.
    pub due_on: Option<NaiveDate>,
    /// When it ended.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it ended so.
    pub decision_reason: Option<String>,
}

impl Suspension {
    /// Where it stands.
    pub fn state(&self) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's to decide.
        State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Terminated)
    }
}

/// The latest suspension of a merchant; its callers have judged that they may see the merchant.
///
/// # Errors
/// `NOT_FOUND` when it never was suspended.
pub async fn latest(conn: &mut Conn, merchant: Uuid) -> Result<Suspension, Problem> {
    let of = suspension::table.filter(suspension::merchant_id.eq(merchant)).order(suspension::id.desc());
    let found = of.select(Suspension::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

macro_rules! in_scope {
    ($scope:expr) => {
        suspension::path.ge($scope.start()).and(suspension::path.lt($scope.end()))
    };
}

/// A page of the suspensions of a scope in some states, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Suspension>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut query = suspension::table
        .filter(in_scope!(scope).and(suspension::state.eq_any(words)))
        .order((suspension::path, suspension::id))
        .limit(limit + 1)
        .select(Suspension::as_select())
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((suspension::path, suspension::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many appeals wait in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<Option<NaiveDate>> = suspension::table
        .filter(in_scope!(scope).and(suspension::state.eq(State::Appealed.as_str())))
        .order(suspension::due_on)
        .limit(COUNTED_ROWS)
        .select(suspension::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied().flatten()))
}
