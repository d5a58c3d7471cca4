//! Rows of imports: reading them within a scope, and writing batches of them in one statement each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, Bytea, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::Problem;
use unionhall_storage::page::Page;
use unionhall_storage::{BlindIndex, Conn};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Counts, Encoding, FileType, Import, Kind, Mode, State};
use crate::schema::{import, import_row};

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

/// What a row comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Makes somebody.
    New,
    /// Changes somebody.
    Update,
    /// Says what is known.
    Same,
    /// Does nothing.
    Rejected,
}

impl Outcome {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Update => "update",
            Self::Same => "same",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the word of the store.
    ///
    /// # Errors
    /// `INTERNAL` for a word that is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let all = [Self::New, Self::Update, Self::Same, Self::Rejected];
        word(all.into_iter().find(|outcome| outcome.as_str() == text))
    }
}

/// A row judged, as it is kept.
#[derive(Debug)]
pub struct Kept {
    /// Its place in the file, from 1.
    pub row_no: i32,
    /// Its own id.
    pub id: Uuid,
    /// Its cells, sealed.
    pub cells: Vec<u8>,
    /// The document's blind index.
    pub document: Option<BlindIndex>,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why it is rejected.
    pub code: Option<&'static str>,
    /// Its marks.
    pub flags: Vec<&'static str>,
    /// The union.
    pub org: Option<Uuid>,
    /// Whom it is about, where known.
    pub person: Option<Uuid>,
}

/// Writes a batch of judged rows.
pub(super) async fn insert(conn: &mut Conn, import: Uuid, rows: &[Kept]) -> Result<(), Problem> {
    fn column<'a, T>(rows: &'a [Kept], of: impl Fn(&'a Kept) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    diesel::sql_query(
        "INSERT INTO import_row \
         (id, import_id, row_no, cells, document_index, outcome, code, flags, org_id, person_id) \
         SELECT r.id, $10, r.row_no, r.cells, r.document_index, r.outcome, r.code, \
                string_to_array(r.flags, ','), r.org_id, r.person_id \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) \
              AS r (id, row_no, cells, document_index, outcome, code, flags, org_id, person_id)",
    )
    .bind::<Array<sql_types::Uuid>, _>(column(rows, |r| r.id))
    .bind::<Array<Integer>, _>(column(rows, |r| r.row_no))
    .bind::<Array<Bytea>, _>(column(rows, |r| r.cells.as_slice()))
    .bind::<Array<Nullable<Bytea>>, _>(column(rows, |r| r.document.as_deref()))
    .bind::<Array<Text>, _>(column(rows, |r| r.outcome.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(rows, |r| r.code))
    .bind::<Array<Text>, _>(column(rows, |r| r.flags.join(",")))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.org))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.person))
    .bind::<sql_types::Uuid, _>(import)
    .execute(conn)
    .await?;
    Ok(())
}

/// A stored row with its cells still sealed.
#[derive(Debug, Queryable)]
pub struct Stored {
    /// Its own id.
    pub id: Uuid,
    /// Its place in the file.
    pub row_no: i32,
    /// Its cells, sealed.
    pub cells: Vec<u8>,
    /// What it comes to.
    pub outcome: String,
    /// Why it is rejected.
    pub code: Option<String>,
}

/// The next rows after `row_no`: the accepted ones, or the rejected ones.
pub(super) async fn after(
    conn: &mut Conn,
    import: Uuid,
    row_no: i32,
    rejected: bool,
    limit: usize,
) -> Result<Vec<Stored>, Problem> {
    use import_row as r;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = r::table
        .filter(r::import_id.eq(import).and(r::row_no.gt(row_no)))
        .order(r::row_no)
        .limit(limit)
        .select((r::id, r::row_no, r::cells, r::outcome, r::code))
        .into_boxed();
    query = if rejected {
        query.filter(r::outcome.eq("rejected"))
    } else {
        query.filter(r::outcome.ne("rejected"))
    };
    Ok(query.load(conn).await?)
}

/// What a committed row did.
#[derive(Debug)]
pub struct Applied {
    /// The row.
    pub id: Uuid,
    /// What it came to.
    pub outcome: Outcome,
    /// Why it is rejected after all.
    pub code: Option<&'static str>,
    /// The union.
    pub org: Option<Uuid>,
    /// Whom it is about.
    pub person: Option<Uuid>,
    /// The person or union it made.
    pub created: Option<Uuid>,
    /// The membership it began.
    pub membership: Option<Uuid>,
    /// What was before, sealed.
    pub before: Option<Vec<u8>>,
}

/// Writes what a batch did.
pub(super) async fn set_applied(
    conn: &mut Conn,
    rows: &[Applied],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    fn column<'a, T>(rows: &'a [Applied], of: impl Fn(&'a Applied) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    diesel::sql_query(
        "UPDATE import_row r SET outcome = a.outcome, code = a.code, org_id = a.org_id, \
                person_id = coalesce(r.person_id, a.person_id), created_id = a.created_id, \
                membership_id = a.membership_id, before = a.before, \
                applied_at = CASE WHEN a.outcome = 'rejected' THEN NULL ELSE $9 END \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
              AS a (id, outcome, code, org_id, person_id, created_id, membership_id, before) \
         WHERE r.id = a.id",
    )
    .bind::<Array<sql_types::Uuid>, _>(column(rows, |r| r.id))
    .bind::<Array<Text>, _>(column(rows, |r| r.outcome.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(rows, |r| r.code))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.org))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.person))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.created))
    .bind::<Array<Nullable<sql_types::Uuid>>, _>(column(rows, |r| r.membership))
    .bind::<Array<Nullable<Bytea>>, _>(column(rows, |r| r.before.as_deref()))
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of these documents an accepted row above `row_no` has.
pub(super) async fn documents_above(
    conn: &mut Conn,
    import: Uuid,
    row_no: i32,
    documents: &[BlindIndex],
) -> Result<Vec<BlindIndex>, Problem> {
    use import_row as r;
    let found: Vec<Option<BlindIndex>> = r::table
        .filter(r::import_id.eq(import).and(r::row_no.lt(row_no)))
        .filter(r::outcome.ne("rejected").and(r::document_index.eq_any(documents)))
        .select(r::document_index)
        .load(conn)
        .await?;
    Ok(found.into_iter().flatten().collect())
}
