//! Judges a file of duty against the database, as a whole and in its order.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_kernel::text::compact;
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};
use unionhall_registry::import::draft::date;
use unionhall_registry::import::reason::{
    DUPLICATE_IN_FILE, DUTY_DATE, DUTY_GAP, DUTY_LAWYER, DUTY_LAWYERS, DUTY_TAKEN, Flag, ON_LEAVE, ROW_SHAPE,
    Reason, UNION_UNKNOWN,
};
use unionhall_registry::import::room::{Batch, Verdict};
use unionhall_registry::import::rows::Outcome;
use unionhall_registry::import::unions::{self, Place};
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::titles::{self, Shift};
use crate::duty::NewShift;
use crate::duty::leave::{self, Leave};
use crate::schema::{legal_lawyer as lawyers, legal_shift as shifts};

type Period = (DateTime<Utc>, DateTime<Utc>);

/// A file, judged.
pub(super) struct Judged {
    /// The union whose roster it is; none when it is out of the importer's reach by now.
    pub home: Option<Place>,
    pub rows: Vec<Result<Ruling, Reason>>,
}

/// An accepted row.
pub(super) struct Ruling {
    /// What is to be planned; nothing where all of it stands already.
    pub shifts: Vec<NewShift>,
    flags: Vec<Flag>,
}

/// The verdict as imports keep it.
pub(super) fn verdict(row: &Result<Ruling, Reason>, home: Option<&Place>) -> Verdict {
    let outcome = |ruling: &Ruling| if ruling.shifts.is_empty() { Outcome::Same } else { Outcome::New };
    let accepted = row.as_ref().ok();
    Verdict {
        key: None,
        person: None,
        org: accepted.and(home).map(|home| home.id),
        flags: accepted.map(|ruling| ruling.flags.clone()).unwrap_or_default(),
        ruling: row.as_ref().map(outcome).map_err(|code| *code),
    }
}

#[derive(Default)]
struct Facts {
    // By name and by practice number; of one word, all whom it names.
    lawyers: HashMap<String, Vec<Uuid>>,
    leaves: Vec<Leave>,
    // Who is busy when.
    busy: HashMap<Uuid, Vec<Period>>,
    // What stands in the roster already.
    known: HashSet<(Uuid, Option<Uuid>, DateTime<Utc>, DateTime<Utc>)>,
}

async fn gather(core: &Core, conn: &mut Conn, home: &Place) -> Result<Facts, Problem> {
    let list = OrgScope::subtree(&home.path);
    // Locked, so that of two files and plans each sees what the other wrote.
    let found: Vec<(Uuid, String, String)> = lawyers::table
        .filter(lawyers::path.ge(list.start()).and(lawyers::path.lt(list.end())))
        .filter(lawyers::state.eq("ACTIVE"))
        .order(lawyers::id)
        .select((lawyers::id, lawyers::name, lawyers::practice_no))
        .for_update()
        .load(conn)
        .await?;
    let mut facts = Facts::default();
    for (id, name, practice) in &found {
        for word in [compact(name), compact(practice)] {
            facts.lawyers.entry(word).or_default().push(*id);
        }
    }
    let ids: Vec<Uuid> = found.iter().map(|lawyer| lawyer.0).collect();
    let ahead = (core.now() - Duration::days(1), core.now() + Duration::days(800));
    facts.leaves = leave::of(conn, &ids, ahead).await?;
    let theirs = shifts::lawyer_id.eq_any(&ids).or(shifts::backup_id.eq_any(&ids).assume_not_null());
    let taken: Vec<(String, Uuid, Option<Uuid>, DateTime<Utc>, DateTime<Utc>)> = shifts::table
        .filter(theirs.and(shifts::state.ne("CANCELLED")).and(shifts::ends_at.gt(core.now())))
        .select((shifts::path, shifts::lawyer_id, shifts::backup_id, shifts::starts_at, shifts::ends_at))
        .load(conn)
        .await?;
    for (path, lawyer, backup, from, to) in taken {
        for who in std::iter::once(lawyer).chain(backup) {
            facts.busy.entry(who).or_default().push((from, to));
        }
        if path == home.path {
            facts.known.insert((lawyer, backup, from, to));
        }
    }
    Ok(facts)
}

/// Judges the rows of a file.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn judge(core: &Core, conn: &mut Conn, batch: Batch<'_>) -> Result<Judged, Problem> {
    let home = unions::known(conn, batch.import, HashSet::new()).await?.default();
    let Some(place) = &home else {
        return Ok(Judged { home: None, rows: batch.rows.iter().map(|_| Err(UNION_UNKNOWN)).collect() });
    };
    let mut facts = gather(core, conn, place).await?;
    let of_day = titles::shifts(batch.columns);
    let mut days = HashSet::new();
    let mut rows = Vec::with_capacity(batch.rows.len());
    for cells in batch.rows {
        rows.push(rule(&mut facts, &mut days, (batch.columns, cells), &of_day, core.now()));
    }
    Ok(Judged { home, rows })
}

impl Facts {
    fn lawyer(&self, told: &str) -> Result<Uuid, Reason> {
        match self.lawyers.get(&compact(told)).map(Vec::as_slice) {
            Some([only]) => Ok(*only),
            Some([_, ..]) => Err(DUTY_LAWYERS),
            _ => Err(DUTY_LAWYER),
        }
    }

    fn free(&self, who: Uuid, (from, to): Period) -> Result<(), Reason> {
        let meets = |(begins, ends): (DateTime<Utc>, DateTime<Utc>)| begins < to && from < ends;
        if self.busy.get(&who).is_some_and(|times| times.iter().any(|time| meets(*time))) {
            return Err(DUTY_TAKEN);
        }
        let away = self.leaves.iter().filter(|leave| leave.lawyer_id == who);
        match away.map(|leave| leave::instants(leave.from_date, leave.to_date)).any(meets) {
            true => Err(ON_LEAVE),
            false => Ok(()),
        }
    }
}

fn rule(
    facts: &mut Facts,
    days: &mut HashSet<chrono::NaiveDate>,
    (columns, cells): (&Columns, &[Cell]),
    of_day: &[Shift],
    now: DateTime<Utc>,
) -> Result<Ruling, Reason> {
    let text = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank()).map(Cell::text);
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let day = text(Meaning::Field("date")).and_then(date).ok_or(DUTY_DATE)?;
    if days.contains(&day) {
        return Err(DUPLICATE_IN_FILE);
    }
    let backup = text(Meaning::Field("backup")).map(|told| facts.lawyer(told)).transpose()?;
    let (mut planned, mut flags): (Vec<NewShift>, Vec<Flag>) = (Vec::new(), Vec::new());
    let (mut taken, mut some) = (Vec::new(), false);
    for shift in of_day {
        let Some(told) = text(shift.meaning) else {
            flags.push(DUTY_GAP);
            continue;
        };
        let (lawyer, period) = (facts.lawyer(told)?, shift.on(day));
        some = true;
        if period.0 < now || period.1 - period.0 > Duration::hours(24) {
            return Err(DUTY_DATE);
        }
        // Nobody stands in for themself.
        let backup = backup.filter(|backup| *backup != lawyer);
        if facts.known.contains(&(lawyer, backup, period.0, period.1)) {
            continue;
        }
        for who in std::iter::once(lawyer).chain(backup) {
            facts.free(who, period)?;
            let own =
                taken.iter().any(|(other, (from, to))| *other == who && *from < period.1 && period.0 < *to);
            if own {
                return Err(DUTY_TAKEN);
            }
            taken.push((who, period));
        }
        planned.push(NewShift { lawyer, backup, starts_at: period.0, ends_at: period.1 });
    }
    if !some {
        return Err(DUTY_LAWYER);
    }
    flags.dedup();
    days.insert(day);
    for (who, period) in taken {
        facts.busy.entry(who).or_default().push(period);
    }
    Ok(Ruling { shifts: planned, flags })
}
