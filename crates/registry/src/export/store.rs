//! Exports as rows, seen within a scope by the path of the union they list.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Format, Kind, State};
use crate::schema::export;

/// An export.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = export)]
pub struct Export {
    /// Its id.
    pub id: Uuid,
    /// What stands on every row of the file.
    pub number: String,
    kind: String,
    format: String,
    /// Whether it shows numbers and names in full.
    pub is_full: bool,
    /// Members in these states; all but ENDED when empty.
    pub states: Vec<String>,
    /// The union it lists, with its subtree.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// What it is for.
    pub reason: String,
    /// Who asked, by account.
    pub account_id: Uuid,
    /// Who asked.
    pub requested_by: Uuid,
    /// The post they acted in.
    pub post_id: Option<Uuid>,
    /// The union they acted for.
    pub desk_id: Uuid,
    state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// Rows written so far.
    pub rows_done: i32,
    /// Who approved or rejected it.
    pub decided_by: Option<Uuid>,
    /// Why it was rejected.
    pub decision_reason: Option<String>,
    /// The file.
    pub blob_id: Option<Uuid>,
    /// Its length, bytes.
    pub size: Option<i64>,
    /// Its SHA-256.
    pub sha256: Option<Vec<u8>>,
    /// Until when the file is kept, or an approval waited for.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it was opened.
    pub downloads: i32,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Moves with every step.
    pub version: i32,
}

impl Export {
    /// Where it stands at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's to open.
        let stored = State::parse(&self.state).unwrap_or(State::Failed);
        match stored {
            State::Ready | State::AwaitingApproval if self.expires_at.is_none_or(|at| at <= now) => {
                State::Expired
            }
            other => other,
        }
    }

    /// What it lists.
    ///
    /// # Errors
    /// `INTERNAL` for a word the table's check does not know.
    pub fn kind(&self) -> Result<Kind, Problem> {
        let known = [Kind::Members, Kind::Unions].into_iter().find(|kind| kind.as_str() == self.kind);
        known.ok_or_else(|| Problem::internal("an export of an unknown kind"))
    }

    /// The form of its file.
    pub fn format(&self) -> Format {
        if self.format == Format::Csv.as_str() { Format::Csv } else { Format::Xlsx }
    }

    /// What the file is called.
    ///
    /// # Errors
    /// As [`Export::kind`].
    pub fn file_name(&self) -> Result<String, Problem> {
        Ok(format!("{}-{}.{}", self.kind()?.text(), self.number, self.format().as_str()))
    }
}

/// An export within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Export, Problem> {
    export::table
        .find(id)
        .filter(export::path.ge(scope.start()).and(export::path.lt(scope.end())))
        .select(Export::as_select())
        .first(conn)
        .await
        .optional()?
        .ok_or_else(Problem::not_found)
}

/// An export whatever the scope: for the task that makes it.
pub(super) async fn any(conn: &mut Conn, id: Uuid) -> Result<Option<Export>, Problem> {
    let found = export::table.find(id).select(Export::as_select());
    Ok(found.first(conn).await.optional()?)
}

/// A page of the exports of a scope, newest first, before `before`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Export>, Problem> {
    let mut query = export::table
        .filter(export::path.ge(scope.start()).and(export::path.lt(scope.end())))
        .order(export::id.desc())
        .limit(limit + 1)
        .select(Export::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(export::id.lt(before));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many wait for an approval, and by when the first must have it.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(
    conn: &mut Conn,
    scope: &OrgScope,
    now: DateTime<Utc>,
) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<DateTime<Utc>> = export::table
        .filter(export::path.ge(scope.start()).and(export::path.lt(scope.end())))
        .filter(export::state.eq(State::AwaitingApproval.as_str()).and(export::expires_at.gt(now)))
        .order(export::expires_at)
        .limit(COUNTED_ROWS)
        .select(export::expires_at.assume_not_null())
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied().map(shanghai_date)))
}
