//! Sheets as rows, seen within a scope by the path of their union.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::{Problem, shanghai_date};
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Figures, Frozen, State};
use crate::import::Kind;
use crate::schema::{import_reconciliation as sheet, org, person_name};

/// A sheet without what it says of each import.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its id.
    pub id: Uuid,
    /// What the files list.
    pub kind: Kind,
    /// The union, with its subtree.
    pub org: Uuid,
    /// Its name.
    pub org_name: String,
    /// Its path.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// Whether an import touched the tables since it was drawn.
    pub stale: bool,
    /// Sums over the imports that touched the tables.
    pub totals: Figures,
    /// Who drew it: their full name; mask it before it leaves.
    pub drawn_by: String,
    /// When.
    pub drawn_at: DateTime<Utc>,
    /// Who signed it: their full name; mask it before it leaves.
    pub signed_by: Option<String>,
    /// When it was signed or withdrawn.
    pub ended_at: Option<DateTime<Utc>>,
    /// What was said then.
    pub remark: Option<String>,
    /// Moves with every step.
    pub version: i32,
}

// The present versions of what touched the tables, compared with those the sheet was drawn from: `Line::counts` in SQL. A path ends
// in a slash, and a nought is what follows a slash: the range is the subtree, as in `OrgScope`.
const STALE: &str = "import_reconciliation.seen <> (\
    SELECT coalesce(jsonb_object_agg(i.id, i.version), '{}') FROM import i JOIN org o ON o.id = i.org_id \
    WHERE i.kind = import_reconciliation.kind AND o.path >= import_reconciliation.path \
      AND o.path < left(import_reconciliation.path, -1) || '0' \
      AND i.state IN ('committing', 'committed', 'reverting', 'reverted'))";
const SIGNER: &str =
    "(SELECT name FROM person_name signer WHERE signer.person_id = import_reconciliation.signed_by)";

type Row = (
    (Uuid, String, Uuid, String, String, String, bool, Value),
    (String, DateTime<Utc>, Option<String>, Option<DateTime<Utc>>, Option<String>, i32),
);

macro_rules! sheets {
    ($scope:expr) => {
        sheet::table
            .inner_join(org::table.on(org::id.eq(sheet::org_id)))
            .inner_join(person_name::table.on(person_name::person_id.eq(sheet::drawn_by)))
            .filter(sheet::path.ge($scope.start()).and(sheet::path.lt($scope.end())))
    };
}

macro_rules! columns {
    () => {
        (
            (
                sheet::id,
                sheet::kind,
                sheet::org_id,
                org::name,
                sheet::path,
                sheet::state,
                sql::<Bool>(STALE),
                sql::<Jsonb>("import_reconciliation.figures -> 'totals'"),
            ),
            (
                person_name::name,
                sheet::drawn_at,
                sql::<Nullable<Text>>(SIGNER),
                sheet::ended_at,
                sheet::remark,
                sheet::version,
            ),
        )
    };
}

fn sheet_of((what, how): Row) -> Result<Sheet, Problem> {
    let (id, kind, org, org_name, path, state, stale, totals) = what;
    let (drawn_by, drawn_at, signed_by, ended_at, remark, version) = how;
    Ok(Sheet {
        id,
        kind: Kind::parse(&kind).ok_or_else(|| Problem::internal("unknown kind of a sheet"))?,
        org,
        org_name,
        path,
        state: State::parse(&state).ok_or_else(|| Problem::internal("unknown state of a sheet"))?,
        stale,
        totals: serde_json::from_value(totals)?,
        drawn_by,
        drawn_at,
        signed_by,
        ended_at,
        remark,
        version,
    })
}

/// A sheet of a scope with all it says.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<(Sheet, Frozen), Problem> {
    let row: Option<(Row, Value)> = sheets!(scope)
        .filter(sheet::id.eq(id))
        .select((columns!(), sheet::figures))
        .first(conn)
        .await
        .optional()?;
    let (row, figures) = row.ok_or_else(Problem::not_found)?;
    Ok((sheet_of(row)?, serde_json::from_value(figures)?))
}

/// Which sheets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// In this state.
    pub state: Option<State>,
}

/// A page of the sheets of a scope, newest first, before `before`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    filter: Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Sheet>, Problem> {
    let mut query = sheets!(scope).order(sheet::id.desc()).limit(limit + 1).select(columns!()).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(sheet::kind.eq(kind.as_str()));
    }
    if let Some(state) = filter.state {
        query = query.filter(sheet::state.eq(state.as_str()));
    }
    if let Some(before) = before {
        query = query.filter(sheet::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(sheet_of).collect::<Result<_, Problem>>()?, limit))
}

/// The full names of persons; mask them before they leave.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn names(conn: &mut Conn, persons: &[Uuid]) -> Result<HashMap<Uuid, String>, Problem> {
    let found: Vec<(Uuid, String)> = person_name::table
        .filter(person_name::person_id.eq_any(persons))
        .select((person_name::person_id, person_name::name))
        .load(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// How many sheets could be signed as far as they are true, and since when the first one waits.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let drawn: Vec<DateTime<Utc>> = sheet::table
        .filter(sheet::path.ge(scope.start()).and(sheet::path.lt(scope.end())))
        .filter(sheet::state.eq(State::Drawn.as_str()))
        .filter(diesel::dsl::not(sql::<Bool>(STALE)))
        .order(sheet::id)
        .limit(COUNTED_ROWS)
        .select(sheet::drawn_at)
        .load(conn)
        .await?;
    Ok((counted(&drawn), drawn.as_slice().first().copied().map(shanghai_date)))
}
