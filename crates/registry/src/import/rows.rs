//! Rows of imports: batches of them, read and written in one statement each.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, Bytea, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{BlindIndex, Conn};
use uuid::Uuid;

use crate::schema::import_row;

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
        let found = all.into_iter().find(|outcome| outcome.as_str() == text);
        found.ok_or_else(|| Problem::internal("unknown outcome of a row"))
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
    /// Its marks.
    pub flags: Vec<String>,
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
        .select((r::id, r::row_no, r::cells, r::outcome, r::code, r::flags))
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

/// Which of these documents (or keys of a room's) an accepted row above `row_no` has.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn documents_above(
    conn: &mut Conn,
    import: Uuid,
    row_no: i32,
    documents: &[BlindIndex],
) -> Result<Vec<BlindIndex>, Problem> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bytea)]
        document: BlindIndex,
    }
    // One probe of the unique index a document, whatever the planner knows of a table that just began to grow:
    // with `= ANY` it walked all rows so far (measured at 20,000 rows: 150 ms a batch, below 3 ms so).
    let found: Vec<Found> = diesel::sql_query(
        "SELECT w.document FROM unnest($2) AS w (document) CROSS JOIN LATERAL \
         (SELECT r.row_no FROM import_row r WHERE r.import_id = $1 AND r.document_index = w.document \
          AND r.outcome <> 'rejected' LIMIT 1) AS above WHERE above.row_no < $3",
    )
    .bind::<sql_types::Uuid, _>(import)
    .bind::<Array<Bytea>, _>(documents)
    .bind::<Integer, _>(row_no)
    .load(conn)
    .await?;
    Ok(found.into_iter().map(|row| row.document).collect())
}
