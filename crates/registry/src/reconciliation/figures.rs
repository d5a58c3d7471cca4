//! What a sheet says, counted by the database over what the imports keep; nothing here judges a row again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unionhall_identity::account;
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::import::reason::{DUPLICATE_IN_FILE, NEEDS_REVIEW};
use crate::import::room::Rooms;
use crate::import::{Kind, Mode, State};
use crate::membership;
use crate::schema::{member_standing, org};

/// The most imports of a sheet: it is read as a whole.
pub const MAX_IMPORTS: usize = 1000;

/// Rows of files, by what became of them. 数字
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconciliationFigures)]
pub struct Figures {
    /// Data rows read. 总行数
    pub rows: i64,
    /// Rows that made somebody or something, or would, where the file is not written. 新增
    pub created: i64,
    /// Rows that changed what was known, or would. 更新
    pub updated: i64,
    /// Rows that say what the tables held already: duplicates of them. 与库中一致
    pub unchanged: i64,
    /// Rows that were not taken. 拒绝
    pub rejected: i64,
    /// The same by code; extensible. 按原因
    pub rejected_by_reason: BTreeMap<String, i64>,
    /// Of these, rows that repeat one above them in their file. 文件内重复
    pub duplicates_in_file: i64,
    /// Of these, rows that somebody has to look at. 需人工核实
    pub needs_review: i64,
    /// Rows taken back. 已撤回
    pub reverted: i64,
    /// Rows that could not be taken back. 未能撤回
    pub kept: i64,
    /// Rows that made something and were not taken back: what the tables should have more. 净新增
    pub standing: i64,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        let Self {
            rows,
            created,
            updated,
            unchanged,
            rejected,
            rejected_by_reason,
            duplicates_in_file,
            needs_review,
            reverted,
            kept,
            standing,
        } = other;
        self.rows += rows;
        self.created += created;
        self.updated += updated;
        self.unchanged += unchanged;
        self.rejected += rejected;
        for (code, n) in rejected_by_reason {
            *self.rejected_by_reason.entry(code.clone()).or_default() += n;
        }
        self.duplicates_in_file += duplicates_in_file;
        self.needs_review += needs_review;
        self.reverted += reverted;
        self.kept += kept;
        self.standing += standing;
    }
}

/// One import as it stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// The import.
    pub id: Uuid,
    /// As the client named the file.
    pub file_name: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// What is not in it.
    pub mode: Mode,
    /// Whether it may never be committed.
    pub dry_run: bool,
    /// Where it stood.
    pub state: State,
    /// Its version then.
    pub version: i32,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// The natural person who committed it.
    pub committed_by: Option<Uuid>,
    /// When.
    pub committed_at: Option<DateTime<Utc>>,
    /// Its rows. For what was not committed, what they would have done.
    pub figures: Figures,
}

impl Line {
    /// Whether it still has a step before it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Validating | State::Validated | State::Committing | State::Reverting)
    }

    /// Whether it touched the tables, or is about to.
    const fn counts(&self) -> bool {
        matches!(self.state, State::Committing | State::Committed | State::Reverting | State::Reverted)
    }
}

/// What the tables hold of one sort. 库中现有
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconciliationHeld)]
pub struct Held {
    /// Of what: `active`, `retained`, …; extensible.
    #[schema(example = "active")]
    pub what: String,
    /// The same, to be read.
    #[schema(example = "在会会员")]
    pub text: String,
    /// How many.
    pub count: i64,
}

impl Held {
    /// So many of something.
    pub fn new(what: &str, text: &str, count: i64) -> Self {
        Self { what: what.to_owned(), text: text.to_owned(), count }
    }
}

/// What a sheet freezes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frozen {
    /// The imports, oldest first.
    pub imports: Vec<Line>,
    /// Sums over those that touched the tables.
    pub totals: Figures,
    /// What the tables held.
    pub holds: Vec<Held>,
}

impl Frozen {
    /// The versions of what touched the tables, as the store compares them.
    pub fn seen(&self) -> Value {
        let seen = self.imports.iter().filter(|line| line.counts());
        seen.map(|line| (line.id.to_string(), Value::from(line.version)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Everybody who committed one of them.
    pub fn committers(&self) -> BTreeSet<Uuid> {
        self.imports.iter().filter_map(|line| line.committed_by).collect()
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    file_name: String,
    #[diesel(sql_type = Text)]
    sha256: String,
    #[diesel(sql_type = Text)]
    mode: String,
    #[diesel(sql_type = Bool)]
    dry_run: bool,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<sql_types::Uuid>)]
    committed_by: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    committed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    created: i64,
    #[diesel(sql_type = BigInt)]
    updated: i64,
    #[diesel(sql_type = BigInt)]
    unchanged: i64,
    #[diesel(sql_type = BigInt)]
    rejected: i64,
    #[diesel(sql_type = Jsonb)]
    rejected_by_reason: Value,
    #[diesel(sql_type = BigInt)]
    reverted: i64,
    #[diesel(sql_type = BigInt)]
    kept: i64,
    #[diesel(sql_type = BigInt)]
    standing: i64,
}

const FIGURES: &str = "\
WITH line AS (
    SELECT i.* FROM import i JOIN org o ON o.id = i.org_id
    WHERE i.kind = $1 AND o.path >= $2 AND o.path < $3
    ORDER BY i.id LIMIT $4
), part AS (
    SELECT r.import_id, r.outcome, r.code, count(*) AS n, count(r.reverted_at) AS back, count(r.kept) AS kept
    FROM import_row r JOIN line ON line.id = r.import_id
    GROUP BY r.import_id, r.outcome, r.code
), figure AS (
    SELECT import_id, sum(n)::bigint AS rows,
           (sum(n) FILTER (WHERE outcome = 'new'))::bigint AS created,
           (sum(n) FILTER (WHERE outcome = 'update'))::bigint AS updated,
           (sum(n) FILTER (WHERE outcome = 'same'))::bigint AS unchanged,
           (sum(n) FILTER (WHERE outcome = 'rejected'))::bigint AS rejected,
           jsonb_object_agg(code, n) FILTER (WHERE code IS NOT NULL) AS rejected_by_reason,
           sum(back)::bigint AS reverted, sum(kept)::bigint AS kept,
           (sum(n - back) FILTER (WHERE outcome = 'new'))::bigint AS standing
    FROM part GROUP BY import_id
)
SELECT l.id, l.file_name, encode(l.file_sha256, 'hex') AS sha256, l.mode, l.dry_run, l.state, l.version, l.created_at,
       l.committed_by, l.committed_at, coalesce(f.rows, 0) AS rows, coalesce(f.created, 0) AS created,
       coalesce(f.updated, 0) AS updated, coalesce(f.unchanged, 0) AS unchanged, coalesce(f.rejected, 0) AS rejected,
       coalesce(f.rejected_by_reason, '{}') AS rejected_by_reason, coalesce(f.reverted, 0) AS reverted,
       coalesce(f.kept, 0) AS kept,
       CASE WHEN l.state IN ('committing', 'committed', 'reverting', 'reverted') THEN coalesce(f.standing, 0) ELSE 0 END AS standing
FROM line l LEFT JOIN figure f ON f.import_id = l.id
ORDER BY l.id";

fn word<T>(found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Problem::internal("unknown word in import"))
}

impl Row {
    fn into_line(self, persons: &BTreeMap<Uuid, Option<Uuid>>) -> Result<Line, Problem> {
        let by_reason: BTreeMap<String, i64> = serde_json::from_value(self.rejected_by_reason)?;
        let of = |code: &str| by_reason.get(code).copied().unwrap_or(0);
        Ok(Line {
            id: self.id,
            file_name: self.file_name,
            sha256: self.sha256,
            mode: word(Mode::parse(&self.mode))?,
            dry_run: self.dry_run,
            state: word(State::parse(&self.state))?,
            version: self.version,
            created_at: self.created_at,
            committed_by: self.committed_by.and_then(|account| persons.get(&account).copied().flatten()),
            committed_at: self.committed_at,
            figures: Figures {
                rows: self.rows,
                created: self.created,
                updated: self.updated,
                unchanged: self.unchanged,
                rejected: self.rejected,
                duplicates_in_file: of(DUPLICATE_IN_FILE),
                needs_review: of(NEEDS_REVIEW),
                rejected_by_reason: by_reason,
                reverted: self.reverted,
                kept: self.kept,
                standing: self.standing,
            },
        })
    }
}

/// Counts what the imports of a kind brought to a subtree, then what the tables hold: in this order, so that an import that
/// goes on in between has moved its version and the sheet is stale.
///
/// # Errors
/// `VALIDATION_FAILED` with `TOO_MANY` at `/union_id` for more than [`MAX_IMPORTS`] imports.
pub(super) async fn count(
    conn: &mut Conn,
    rooms: &Rooms,
    subtree: &OrgScope,
    kind: Kind,
) -> Result<Frozen, Problem> {
    let most = i64::try_from(MAX_IMPORTS).map_err(Problem::internal)?;
    let rows: Vec<Row> = diesel::sql_query(FIGURES)
        .bind::<Text, _>(kind.as_str())
        .bind::<Text, _>(subtree.start())
        .bind::<Text, _>(subtree.end())
        .bind::<BigInt, _>(most + 1)
        .load(conn)
        .await?;
    if rows.len() > MAX_IMPORTS {
        return Err(Problem::invalid(
            "/union_id",
            Invalid::new("TOO_MANY", "导入超过1000个，请按下级工会分别出单。"),
        ));
    }
    let mut persons = BTreeMap::new();
    for account in rows.iter().filter_map(|row| row.committed_by).collect::<BTreeSet<_>>() {
        persons.insert(account, account::get(conn, account).await?.and_then(|found| found.person));
    }
    let imports: Vec<Line> =
        rows.into_iter().map(|row| row.into_line(&persons)).collect::<Result<_, Problem>>()?;
    let mut totals = Figures::default();
    for line in imports.iter().filter(|line| line.counts()) {
        totals.add(&line.figures);
    }
    let holds = match rooms.of(kind)? {
        Some(room) => room.holds(conn, subtree).await?,
        None if kind == Kind::Unions => unions(conn, subtree).await?,
        None => members(conn, subtree).await?,
    };
    Ok(Frozen { imports, totals, holds })
}

async fn unions(conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
    let open: i64 = org::table
        .filter(org::path.ge(subtree.start()).and(org::path.lt(subtree.end())))
        .filter(org::valid_to.is_null())
        .count()
        .get_result(conn)
        .await?;
    Ok(vec![Held::new("open", "工会（未撤销）", open)])
}

async fn members(conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
    let counted: Vec<(String, i64)> = member_standing::table
        .filter(member_standing::path.ge(subtree.start()).and(member_standing::path.lt(subtree.end())))
        .group_by(member_standing::state)
        .select((member_standing::state, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    let of = |state: membership::State| {
        counted.iter().find(|(word, _)| word == state.as_str()).map_or(0, |(_, n)| *n)
    };
    use membership::State::{Active, Frozen, Leaving, Retained};
    Ok([
        (Active, "active", "在会会员"),
        (Retained, "retained", "保留会籍"),
        (Frozen, "frozen", "冻结"),
        (Leaving, "leaving", "退会申请中"),
    ]
    .map(|(state, what, text)| Held::new(what, text, of(state)))
    .into())
}
