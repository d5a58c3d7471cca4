//! The seam for rooms above: what a file lists may be theirs (merchants, cards), while uploading, reading, keeping
//! rows, checkpoints, errors.csv and states stay here. What a title means stands in [`super::column`] for every
//! kind; what a row comes to is a [`Room`]'s, which the gateway hands to [`super::tasks`].

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use unionhall_kernel::Problem;
use unionhall_storage::{BlindIndex, Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::apply::BEFORE;
use super::cell::{self, Cell};
use super::column::Columns;
use super::reason::{Flag, Reason};
use super::revert::Done;
use super::rows::{self, Applied, Kept, Outcome};
use super::run::{self, Walked};
use super::{BATCH, Import, Kind, State, store};
use crate::reconciliation::Held;

/// A room's part in imports of one kind. One judge serves the dry run, the validation and the commit.
#[async_trait]
pub trait Room: Send + Sync {
    /// What its files list.
    fn kind(&self) -> Kind;

    /// The most rows of a file, where rows build on each other: it is then judged and written as a whole, and
    /// taken back row by row from its end. `None`: in batches of [`BATCH`].
    fn whole(&self) -> Option<usize> {
        None
    }

    /// Takes out of a row what must not be kept, before it is judged or stored.
    fn redact(&self, _columns: &Columns, _cells: &mut [Cell]) {}

    /// Judges rows in the order of the file; writes nothing.
    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem>;

    /// Judges rows again, under the locks that keep the verdict true, and writes those that are accepted. A
    /// failure `ALREADY_EXISTS` or `STALE` is a lost race: the batch is then judged again.
    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem>;

    /// Takes rows back; answers those that stay as they are, and why ([`super::kept`]). A foreign key that
    /// refuses makes its row one that is in use.
    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem>;

    /// What the room's tables hold of this kind for a subtree now, to be read beside what files brought.
    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem>;
}

/// Rows of a file.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Whose they are.
    pub import: &'a Import,
    /// Which cell is which.
    pub columns: &'a Columns,
    /// The number of the first.
    pub first: i32,
    /// The rows.
    pub rows: &'a [Vec<Cell>],
}

/// What a row comes to.
#[derive(Debug)]
pub struct Verdict {
    /// What may be accepted once in a file, where the file is not judged as a whole.
    pub key: Option<BlindIndex>,
    /// Whom it is about, where known.
    pub person: Option<Uuid>,
    /// The union.
    pub org: Option<Uuid>,
    /// Its marks.
    pub flags: Vec<Flag>,
    /// What an accepted row does, or why it is none.
    pub ruling: Result<Outcome, Reason>,
}

/// What a row did.
#[derive(Debug)]
pub struct Written {
    /// What it came to.
    pub verdict: Verdict,
    /// What it made.
    pub created: Option<Uuid>,
    /// What a revert has to know; kept sealed.
    pub memo: Option<Value>,
}

/// A row to be taken back.
#[derive(Debug)]
pub struct Undo {
    /// The row.
    pub id: Uuid,
    /// What [`Room::write`] left for this.
    pub memo: Value,
}

/// The rooms that take part, by kind.
#[derive(Clone, Default)]
pub struct Rooms(Vec<Arc<dyn Room>>);

impl Rooms {
    /// The rooms of a process.
    pub fn new(rooms: Vec<Arc<dyn Room>>) -> Self {
        Self(rooms)
    }

    /// The room of a kind; none for what is registry's own.
    ///
    /// # Errors
    /// `INTERNAL` when the process was assembled without it.
    pub(crate) fn of(&self, kind: Kind) -> Result<Option<&dyn Room>, Problem> {
        if matches!(kind, Kind::Members | Kind::Unions) {
            return Ok(None);
        }
        let found = self.0.iter().find(|room| room.kind() == kind);
        found
            .map(|room| Some(room.as_ref()))
            .ok_or_else(|| Problem::internal("no room for this kind of file"))
    }
}

/// Judges a batch and keeps its rows.
pub(super) async fn keep(
    core: &Core,
    conn: &mut Conn,
    room: &dyn Room,
    import: &mut Import,
    columns: &Columns,
    rows: &[Vec<Cell>],
) -> Result<(), Problem> {
    let first = import.counts.done + 1;
    let verdicts = room.judge(conn, Batch { import, columns, first, rows }).await?;
    let now = core.now();
    let mut kept = Vec::with_capacity(rows.len());
    for (row_no, (cells, verdict)) in (first..).zip(rows.iter().zip(verdicts)) {
        let Verdict { key, person, org, flags, ruling } = verdict;
        run::count(&mut import.counts, ruling, &flags);
        let id = core.ids.id(now);
        let cells = cell::seal(&core.sealer, id, cells)?;
        let (outcome, code) = (ruling.unwrap_or(Outcome::Rejected), ruling.err());
        kept.push(Kept { row_no, id, cells, document: key, outcome, code, flags, org, person });
    }
    rows::insert(conn, import.id, &kept).await?;
    import.counts.done += run::number(rows.len());
    import.counts.total = import.counts.done;
    store::set_counts(conn, import.id, &import.counts).await
}

/// One batch of a commit.
pub(super) async fn write(
    core: &Core,
    conn: &mut Conn,
    room: &dyn Room,
    mut import: Import,
) -> Result<Walked, Problem> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let most = room.whole().unwrap_or(BATCH);
    let stored = rows::after(conn, import.id, import.counts.done, false, most).await?;
    let Some((first, last)) = stored.first().zip(stored.last()).map(|(a, b)| (a.row_no, b.row_no)) else {
        import.counts.done = import.counts.total;
        store::set_counts(conn, import.id, &import.counts).await?;
        store::set_state(conn, import.id, State::Committed).await?;
        return Ok(Walked::Done);
    };
    let cells: Vec<Vec<Cell>> =
        stored.iter().map(|row| cell::open(&core.sealer, row.id, &row.cells)).collect::<Result<_, _>>()?;
    let batch = Batch { import: &import, columns: &columns, first, rows: &cells };
    let written = room.write(conn, batch).await?;
    let mut applied = Vec::with_capacity(stored.len());
    for (row, Written { verdict, created, memo }) in stored.iter().zip(written) {
        run::recount(&mut import.counts, row, verdict.ruling)?;
        let seal = |memo: Value| core.sealer.seal(BEFORE, row.id, &serde_json::to_vec(&memo)?);
        applied.push(Applied {
            id: row.id,
            outcome: verdict.ruling.unwrap_or(Outcome::Rejected),
            code: verdict.ruling.err(),
            org: verdict.org,
            person: verdict.person,
            created,
            membership: None,
            before: memo.map(seal).transpose()?,
        });
    }
    rows::set_applied(conn, &applied, core.now()).await?;
    import.counts.done = last;
    store::set_counts(conn, import.id, &import.counts).await?;
    Ok(Walked::Paused)
}

/// Takes a batch back.
pub(super) async fn revert(
    core: &Core,
    conn: &mut Conn,
    room: &dyn Room,
    rows: &[Done],
) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let mut undo = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(sealed) = &row.before else { continue };
        let memo = serde_json::from_slice(&core.sealer.open(BEFORE, row.id, sealed)?)?;
        undo.push(Undo { id: row.id, memo });
    }
    room.revert(conn, &undo).await
}
