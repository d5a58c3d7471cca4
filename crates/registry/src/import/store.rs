//! Imports: reading them within a scope, moving their state and counts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Counts, Encoding, FileType, Import, Kind, Mode, State};
use crate::schema::import;

#[derive(Queryable, Selectable)]
#[diesel(table_name = import)]
struct Row {
    id: Uuid,
    kind: String,
    mode: String,
    dry_run: bool,
    org_id: Uuid,
    path: String,
    file_name: String,
    file_type: String,
    encoding: String,
    header: Option<Value>,
    columns_ignored: Value,
    state: String,
    failure: Option<String>,
    failure_detail: Option<String>,
    rows_total: i32,
    rows_done: i32,
    rows_accepted: i32,
    rows_rejected: i32,
    rows_updated: i32,
    rows_reverted: i32,
    rows_kept: i32,
    rejected_by_reason: Value,
    flags: Value,
    created_at: DateTime<Utc>,
    committed_at: Option<DateTime<Utc>>,
    version: i32,
}

fn word<T>(found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::internal("unknown word in import"))
}

impl Row {
    fn into_import(self) -> Result<Import, Problem> {
        Ok(Import {
            id: self.id,
            kind: word(Kind::parse(&self.kind))?,
            mode: word(Mode::parse(&self.mode))?,
            dry_run: self.dry_run,
            org: self.org_id,
            path: self.path,
            file_name: self.file_name,
            file_type: word(FileType::parse(&self.file_type))?,
            encoding: word(Encoding::parse(&self.encoding))?,
            header: self.header.map(serde_json::from_value).transpose()?,
            columns_ignored: serde_json::from_value(self.columns_ignored)?,
            state: word(State::parse(&self.state))?,
            failure: self.failure.map(|code| (code, self.failure_detail.unwrap_or_default())),
            counts: Counts {
                total: self.rows_total,
                done: self.rows_done,
                accepted: self.rows_accepted,
                rejected: self.rows_rejected,
                updated: self.rows_updated,
                reverted: self.rows_reverted,
                kept: self.rows_kept,
                by_reason: serde_json::from_value(self.rejected_by_reason)?,
                flags: serde_json::from_value(self.flags)?,
            },
            created_at: self.created_at,
            committed_at: self.committed_at,
            version: self.version,
        })
    }
}

/// An import of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Import, Problem> {
    let row: Option<Row> = import::table
        .find(id)
        .filter(import::path.ge(scope.start()).and(import::path.lt(scope.end())))
        .select(Row::as_select())
        .first(conn)
        .await
        .optional()?;
    row.ok_or_else(Problem::not_found)?.into_import()
}

/// An import of a scope, locked for a transition.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn lock(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Import, Problem> {
    let row: Option<Row> = import::table
        .find(id)
        .filter(import::path.ge(scope.start()).and(import::path.lt(scope.end())))
        .select(Row::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    row.ok_or_else(Problem::not_found)?.into_import()
}

/// Any import, for the worker, which acts for nobody.
pub(super) async fn any(conn: &mut Conn, id: Uuid) -> Result<Option<Import>, Problem> {
    let row: Option<Row> = import::table.find(id).select(Row::as_select()).first(conn).await.optional()?;
    row.map(Row::into_import).transpose()
}

/// Any import, locked: whoever holds it moves the checkpoint.
pub(super) async fn any_locked(conn: &mut Conn, id: Uuid) -> Result<Option<Import>, Problem> {
    let query = import::table.find(id).select(Row::as_select()).for_update();
    let row: Option<Row> = query.first(conn).await.optional()?;
    row.map(Row::into_import).transpose()
}

/// A page of a scope's imports, newest first, after `after`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Import>, Problem> {
    let mut query = import::table
        .filter(import::path.ge(scope.start()).and(import::path.lt(scope.end())))
        .order(import::id.desc())
        .limit(limit + 1)
        .select(Row::as_select())
        .into_boxed();
    if !states.is_empty() {
        query = query.filter(import::state.eq_any(states.iter().map(|s| s.as_str()).collect::<Vec<_>>()));
    }
    if let Some(after) = after {
        query = query.filter(import::id.lt(after));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(Row::into_import).collect::<Result<_, _>>()?, limit))
}

/// Moves an import to another state; its version moves with it.
pub(super) async fn set_state(conn: &mut Conn, id: Uuid, state: State) -> Result<(), Problem> {
    diesel::update(import::table.find(id))
        .set((import::state.eq(state.as_str()), import::version.eq(import::version + 1)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends an import whose file cannot be read.
pub(super) async fn set_failed(conn: &mut Conn, id: Uuid, failure: &super::Failure) -> Result<(), Problem> {
    diesel::update(import::table.find(id))
        .set((
            import::state.eq(State::Failed.as_str()),
            import::failure.eq(failure.code),
            import::failure_detail.eq(&failure.detail),
            import::version.eq(import::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps the titles and the ignored ones.
pub(super) async fn set_header(
    conn: &mut Conn,
    id: Uuid,
    columns: &super::column::Columns,
) -> Result<(), Problem> {
    diesel::update(import::table.find(id))
        .set((
            import::header.eq(serde_json::to_value(columns.titles())?),
            import::columns_ignored.eq(serde_json::to_value(columns.ignored())?),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes the counts.
pub(super) async fn set_counts(conn: &mut Conn, id: Uuid, counts: &Counts) -> Result<(), Problem> {
    let Counts { total, done, accepted, rejected, updated, reverted, kept, by_reason, flags } = counts;
    let json = |counts: &BTreeMap<String, i32>| {
        let real: BTreeMap<_, _> = counts.iter().filter(|(_, n)| **n != 0).collect();
        serde_json::to_value(real)
    };
    diesel::update(import::table.find(id))
        .set((
            import::rows_total.eq(total),
            import::rows_done.eq(done),
            import::rows_accepted.eq(accepted),
            import::rows_rejected.eq(rejected),
            import::rows_updated.eq(updated),
            import::rows_reverted.eq(reverted),
            import::rows_kept.eq(kept),
            import::rejected_by_reason.eq(json(by_reason)?),
            import::flags.eq(json(flags)?),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
