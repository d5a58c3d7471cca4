//! The background work: walks a file or its rows in batches. A batch is one transaction that also moves the
//! checkpoint (`rows_done`), and it begins by locking the import and comparing the checkpoint: of two workers
//! that walk the same import, because one lost its lease, the slower one stops.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Conn, Core, blob, db};
use uuid::Uuid;

use super::cell::{self, Cell};
use super::column::Columns;
use super::members::{self, Purpose};
use super::read::Rows;
use super::reason::{Flag, Reason};
use super::room::{self, Room, Rooms};
use super::rows::{self, Kept, Outcome, Stored};
use super::store;
use super::{
    BATCH, Counts, Failure, FileType, Import, Kind, MAX_XLSX_ROWS, State, Stop, apply, revert, union_write,
};

/// Validates a file.
pub const VALIDATE: &str = "import.validate";
/// Writes its rows.
pub const COMMIT: &str = "import.commit";
/// Takes them back.
pub const REVERT: &str = "import.revert";

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// [`VALIDATE`]
    Validate,
    /// [`COMMIT`]
    Commit,
    /// [`REVERT`]
    Revert,
}

impl Step {
    const fn kind(self) -> &'static str {
        match self {
            Self::Validate => VALIDATE,
            Self::Commit => COMMIT,
            Self::Revert => REVERT,
        }
    }
}

/// How long a task works before it queues behind whatever else is due: a large file must not keep a card from
/// being issued.
pub(super) const SLICE: Duration = Duration::from_secs(10);
/// After so many failures of ours a file counts as unreadable.
const ATTEMPTS: i32 = 5;
/// How often a batch that lost a race against another writer is judged again.
const RACES: u32 = 5;

#[derive(Serialize, Deserialize)]
struct Payload {
    import: Uuid,
}

/// The body of all three tasks.
///
/// # Errors
/// What the worker should try again.
pub async fn task(core: Core, rooms: Rooms, step: Step, leased: Leased) -> Result<(), Problem> {
    let Payload { import: id } = serde_json::from_value(leased.payload.clone())?;
    let begun = Instant::now();
    let outcome = match step {
        // What ended the worker so often is not read again.
        Step::Validate if leased.attempt > ATTEMPTS => {
            Err(Stop::Ours(Problem::internal("the worker died while reading it")))
        }
        Step::Validate => validate(&core, &rooms, id, Some(&leased), begun).await,
        Step::Commit => commit(&core, &rooms, id, Some(&leased), begun).await,
        Step::Revert => revert::run(&core, &rooms, id, Some(&leased), begun).await,
    };
    let failure = match outcome {
        Ok(Walked::Done) => return Ok(()),
        Ok(Walked::Paused) => {
            let mut conn = core.db.writer().await?;
            let payload = Payload { import: id };
            return tasks::enqueue(&mut conn, core.id(), core.now(), step.kind(), None, &payload).await;
        }
        Err(Stop::File(failure)) => failure,
        Err(Stop::Ours(problem)) => {
            let is_hopeless = step == Step::Validate && leased.attempt >= ATTEMPTS;
            if !is_hopeless || problem.code == Code::Unavailable {
                return Err(problem);
            }
            tracing::error!(import = %id, ?problem, "an import cannot be validated");
            Failure::new("INTERNAL", "系统未能读取此文件，请联系管理员。")
        }
    };
    core.db
        .write(async |tx| {
            let Some(import) = store::any_locked(tx, id).await? else { return Ok(()) };
            if import.state == State::Validating {
                store::set_failed(tx, id, &failure).await?;
                blob::remove(tx, id).await?;
            }
            Ok(())
        })
        .await
}

/// How far a walk came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walked {
    /// There is nothing left to do.
    Done,
    /// Its time is up; it goes on from the checkpoint.
    Paused,
}

/// Says that the worker lives.
pub(super) async fn still_here(core: &Core, conn: &mut Conn, leased: Option<&Leased>) -> Result<(), Problem> {
    match leased {
        Some(leased) => tasks::extend(conn, leased.id, core.now()).await,
        None => Ok(()),
    }
}

/// The import, locked, if it still stands in `state` with its checkpoint at `done`.
pub(super) async fn hold(
    conn: &mut Conn,
    id: Uuid,
    state: State,
    done: i32,
) -> Result<Option<Import>, Problem> {
    let import = store::any_locked(conn, id).await?;
    Ok(import.filter(|import| import.state == state && import.counts.done == done))
}

/// A row's number.
pub(super) fn number(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// Validates a file from its checkpoint on.
///
/// # Errors
/// The file's fault, or ours.
pub async fn validate(
    core: &Core,
    rooms: &Rooms,
    id: Uuid,
    leased: Option<&Leased>,
    begun: Instant,
) -> Result<Walked, Stop> {
    let mut conn = core.db.writer().await?;
    let Some(mut import) = store::any(&mut conn, id).await? else { return Ok(Walked::Done) };
    if import.state != State::Validating {
        return Ok(Walked::Done);
    }
    drop(conn);
    let mut rows = Rows::open(core, &import).await?;
    let columns = rows.header(import.kind).await?;
    if import.kind == Kind::Unions {
        return union_write::validate(core, &import, &columns, rows, leased).await;
    }
    let room = rooms.of(import.kind)?;
    let most = room.and_then(Room::whole);
    let size = most.map_or(BATCH, |most| most + 1);
    for _ in 0..import.counts.done {
        rows.next().await?;
    }
    loop {
        let mut batch = Vec::with_capacity(size.min(BATCH));
        while batch.len() < size {
            let Some(mut row) = rows.next().await? else { break };
            if let Some(room) = room {
                room.redact(&columns, &mut row);
            }
            batch.push(row);
        }
        let is_last = batch.len() < size;
        if let Some(most) = most.filter(|_| !is_last) {
            let detail = format!("此类文件不超过{most}行，请分批上传。");
            return Err(Stop::File(Failure::new("TOO_MANY_ROWS", detail)));
        }
        let done = import.counts.done;
        let total = done.saturating_add(number(batch.len()));
        if import.file_type == FileType::Xlsx && total > number(MAX_XLSX_ROWS) {
            let detail = format!("xlsx不超过{MAX_XLSX_ROWS}行，更大的名册请用CSV。");
            return Err(Stop::File(Failure::new("TOO_MANY_ROWS", detail)));
        }
        if total == 0 {
            return Err(Stop::File(Failure::new("NO_ROWS", "文件只有表头，没有数据行。")));
        }
        let held = core
            .db
            .write(async |tx| {
                let Some(mut import) = hold(tx, id, State::Validating, done).await? else { return Ok(None) };
                if done == 0 {
                    store::set_header(tx, id, &columns).await?;
                }
                match room {
                    Some(room) => room::keep(core, tx, room, &mut import, &columns, &batch).await?,
                    None => keep(core, tx, &mut import, &columns, &batch).await?,
                }
                still_here(core, tx, leased).await?;
                if is_last {
                    finish(tx, id).await?;
                }
                Ok(Some(import))
            })
            .await?;
        match held {
            None => return Ok(Walked::Done),
            Some(_) if is_last => return Ok(Walked::Done),
            Some(_) if begun.elapsed() > SLICE => return Ok(Walked::Paused),
            Some(next) => import = next,
        }
    }
}

/// The end of a validation: the rows are kept, the file no longer.
pub(super) async fn finish(conn: &mut Conn, id: Uuid) -> Result<(), Problem> {
    blob::remove(conn, id).await?;
    store::set_state(conn, id, State::Validated).await
}

/// Judges a batch and keeps its rows.
async fn keep(
    core: &Core,
    conn: &mut Conn,
    import: &mut Import,
    columns: &Columns,
    batch: &[Vec<Cell>],
) -> Result<(), Problem> {
    if batch.is_empty() {
        return Ok(());
    }
    let first = import.counts.done + 1;
    let verdicts = members::judge(core, conn, import, columns, first, batch, Purpose::Validate).await?;
    let now = core.now();
    let mut kept = Vec::with_capacity(batch.len());
    for (row_no, (cells, verdict)) in (first..).zip(batch.iter().zip(verdicts)) {
        let flags = verdict.ruling.as_ref().map(|r| r.draft.flags.clone()).unwrap_or_default();
        count(&mut import.counts, verdict.plain(), &flags);
        let id = core.ids.id(now);
        kept.push(Kept {
            row_no,
            id,
            cells: cell::seal(&core.sealer, id, cells)?,
            outcome: verdict.outcome(),
            code: verdict.ruling.as_ref().err().copied(),
            flags,
            org: verdict.ruling.as_ref().ok().map(|r| r.union.id),
            document: verdict.document,
            person: verdict.person,
        });
    }
    rows::insert(conn, import.id, &kept).await?;
    import.counts.done += number(batch.len());
    import.counts.total = import.counts.done;
    store::set_counts(conn, import.id, &import.counts).await
}

pub(super) fn count(counts: &mut Counts, ruling: Result<Outcome, Reason>, flags: &[Flag]) {
    match ruling {
        Ok(outcome) => {
            counts.accepted += 1;
            counts.updated += i32::from(outcome == Outcome::Update);
            for flag in flags {
                *counts.flags.entry((*flag).to_owned()).or_default() += 1;
            }
        }
        Err(code) => {
            counts.rejected += 1;
            *counts.by_reason.entry(code.to_owned()).or_default() += 1;
        }
    }
}

/// What changed between validation and commit.
pub(super) fn recount(
    counts: &mut Counts,
    row: &Stored,
    ruling: Result<Outcome, Reason>,
) -> Result<(), Problem> {
    let was = Outcome::parse(&row.outcome)?;
    counts.updated += i32::from(ruling == Ok(Outcome::Update)) - i32::from(was == Outcome::Update);
    if let Err(code) = ruling {
        counts.accepted -= 1;
        counts.rejected += 1;
        *counts.by_reason.entry(code.to_owned()).or_default() += 1;
        for flag in &row.flags {
            *counts.flags.entry(flag.clone()).or_default() -= 1;
        }
    }
    Ok(())
}

/// Writes the rows of an import from its checkpoint on.
///
/// # Errors
/// Ours only: what a file says is judged row by row.
pub async fn commit(
    core: &Core,
    rooms: &Rooms,
    id: Uuid,
    leased: Option<&Leased>,
    begun: Instant,
) -> Result<Walked, Stop> {
    let mut races = 0;
    loop {
        let batch = core
            .db
            .write(async |tx| {
                let Some(import) = store::any_locked(tx, id).await? else { return Ok(Walked::Done) };
                if import.state != State::Committing {
                    return Ok(Walked::Done);
                }
                still_here(core, tx, leased).await?;
                match rooms.of(import.kind)? {
                    Some(room) => room::write(core, tx, room, import).await,
                    None if import.kind == Kind::Unions => union_write::write(core, tx, import).await,
                    None => write(core, tx, import).await,
                }
            })
            .await;
        match batch {
            Ok(Walked::Done) => return Ok(Walked::Done),
            Ok(Walked::Paused) if begun.elapsed() > SLICE => return Ok(Walked::Paused),
            Ok(Walked::Paused) => races = 0,
            // Another import or an application was faster with somebody: the batch is judged again.
            Err(problem) if races < RACES && is_race(&problem) => races += 1,
            Err(problem) => return Err(Stop::Ours(problem)),
        }
    }
}

fn is_race(problem: &Problem) -> bool {
    matches!(problem.code, Code::AlreadyExists | Code::Stale)
        || matches!(db::constraint(problem), Some("person_document_number" | "membership_open" | "org_uscc"))
}

/// One batch of a commit.
///
/// # Errors
/// As [`apply::members`].
pub async fn write(core: &Core, conn: &mut Conn, mut import: Import) -> Result<Walked, Problem> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let stored = rows::after(conn, import.id, import.counts.done, false, BATCH).await?;
    if stored.is_empty() {
        import.counts.done = import.counts.total;
        store::set_counts(conn, import.id, &import.counts).await?;
        store::set_state(conn, import.id, State::Committed).await?;
        return Ok(Walked::Done);
    }
    let rows: Vec<Vec<Cell>> =
        stored.iter().map(|row| cell::open(&core.sealer, row.id, &row.cells)).collect::<Result<_, _>>()?;
    let first = stored.first().map_or(0, |row| row.row_no);
    let verdicts = members::judge(core, conn, &import, &columns, first, &rows, Purpose::Commit).await?;
    for (row, verdict) in stored.iter().zip(&verdicts) {
        recount(&mut import.counts, row, verdict.plain())?;
    }
    let ids: Vec<Uuid> = stored.iter().map(|row| row.id).collect();
    let now = core.now();
    let applied = apply::members(core, conn, &ids, &verdicts, now).await?;
    rows::set_applied(conn, &applied, now).await?;
    import.counts.done = stored.last().map_or(import.counts.done, |row| row.row_no);
    store::set_counts(conn, import.id, &import.counts).await?;
    Ok(Walked::Paused)
}

/// Queues a step.
pub(super) async fn queue(core: &Core, conn: &mut Conn, step: Step, id: Uuid) -> Result<(), Problem> {
    tasks::enqueue(conn, core.id(), core.now(), step.kind(), None, &json!({"import": id})).await
}
