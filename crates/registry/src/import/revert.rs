//! Taking an import back 撤回. Only what nobody has touched since: a row whose person has an account by now, or
//! whose membership, profile or name was changed by somebody else, stays as it is and is listed with why.
//! Created persons go with all that was made for them; changed ones get back what was before.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, Bytea, Jsonb, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_identity::{account, people};
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core, db};
use uuid::Uuid;

use super::apply::{BEFORE, Before};
use super::cell;
use super::column::{Columns, Meaning};
use super::kept::{CHANGED_SINCE, HAS_ACCOUNT, IN_USE};
use super::room::{self, Room, Rooms};
use super::run::{self, Walked};
use super::{BATCH, Import, Kind, State, Stop, store, union_write};
use crate::profile;
use crate::schema::{import_row, member_profile, membership, org, person_name};

/// A row that did something.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Done {
    pub(super) id: Uuid,
    row_no: i32,
    cells: Vec<u8>,
    person: Option<Uuid>,
    created: Option<Uuid>,
    membership: Option<Uuid>,
    applied_at: Option<DateTime<Utc>>,
    pub(super) before: Option<Vec<u8>>,
    org: Option<Uuid>,
}

async fn next(conn: &mut Conn, import: &Import, backwards: bool, limit: usize) -> Result<Vec<Done>, Problem> {
    use import_row as r;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let did = r::outcome.eq_any(["new", "update"]).and(r::applied_at.is_not_null());
    let query = r::table.filter(r::import_id.eq(import.id).and(did)).limit(limit).select((
        r::id,
        r::row_no,
        r::cells,
        r::person_id,
        r::created_id,
        r::membership_id,
        r::applied_at,
        r::before,
        r::org_id,
    ));
    // Where later rows hang under earlier ones, they go first.
    Ok(match (backwards, import.counts.done) {
        (false, done) => query.filter(r::row_no.gt(done)).order(r::row_no).load(conn).await?,
        (true, 0) => query.order(r::row_no.desc()).load(conn).await?,
        (true, done) => query.filter(r::row_no.lt(done)).order(r::row_no.desc()).load(conn).await?,
    })
}

/// Takes back the rows of an import from its checkpoint on.
///
/// # Errors
/// Ours.
pub async fn run(
    core: &Core,
    rooms: &Rooms,
    id: Uuid,
    leased: Option<&Leased>,
    begun: Instant,
) -> Result<Walked, Stop> {
    let mut conn = core.db.writer().await?;
    let Some(import) = store::any(&mut conn, id).await? else { return Ok(Walked::Done) };
    drop(conn);
    // A batch that touches something in use is tried again in smaller ones, down to the row that is.
    let room = rooms.of(import.kind)?;
    let backwards = import.kind == Kind::Unions || room.is_some_and(|room| room.whole().is_some());
    let largest = if backwards { 1 } else { BATCH };
    let (mut size, mut refused) = (largest, false);
    loop {
        let step = core
            .db
            .write(async |tx| {
                let Some(import) = store::any_locked(tx, id).await? else { return Ok(Walked::Done) };
                if import.state != State::Reverting {
                    return Ok(Walked::Done);
                }
                run::still_here(core, tx, leased).await?;
                let rows = next(tx, &import, backwards, size).await?;
                batch(core, tx, (room, import), &rows, refused).await
            })
            .await;
        match step {
            Ok(Walked::Done) => return Ok(Walked::Done),
            Ok(Walked::Paused) if begun.elapsed() > run::SLICE => return Ok(Walked::Paused),
            Ok(Walked::Paused) => (size, refused) = ((size * 2).min(largest), false),
            Err(problem) if is_in_use(&problem) && !refused => (refused, size) = (size == 1, 1),
            Err(problem) => return Err(Stop::Ours(problem)),
        }
    }
}

fn is_in_use(problem: &Problem) -> bool {
    db::constraint(problem).is_some_and(|name| name.ends_with("_fkey"))
}

/// One batch; with `refused`, its only row is known to be in use.
async fn batch(
    core: &Core,
    conn: &mut Conn,
    (room, mut import): (Option<&dyn Room>, Import),
    rows: &[Done],
    refused: bool,
) -> Result<Walked, Problem> {
    let Some(last) = rows.last().map(|row| row.row_no) else {
        import.counts.done = import.counts.total;
        store::set_counts(conn, import.id, &import.counts).await?;
        store::set_state(conn, import.id, State::Reverted).await?;
        return Ok(Walked::Done);
    };
    let kept: Vec<(Uuid, &'static str)> = match room {
        _ if refused => rows.iter().map(|row| (row.id, IN_USE)).collect(),
        Some(room) => room::revert(core, conn, room, rows).await?,
        None if import.kind == Kind::Unions => unions(core, conn, rows).await?,
        None => members(core, conn, &import, rows).await?,
    };
    mark(conn, rows, &kept, core.now()).await?;
    let number = |n: usize| run::number(n);
    import.counts.kept += number(kept.len());
    import.counts.reverted += number(rows.len() - kept.len());
    import.counts.done = last;
    store::set_counts(conn, import.id, &import.counts).await?;
    Ok(Walked::Paused)
}

async fn mark(
    conn: &mut Conn,
    rows: &[Done],
    kept: &[(Uuid, &'static str)],
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let is_kept: HashSet<Uuid> = kept.iter().map(|(id, _)| *id).collect();
    let back: Vec<Uuid> = rows.iter().map(|row| row.id).filter(|id| !is_kept.contains(id)).collect();
    diesel::update(import_row::table.filter(import_row::id.eq_any(back)))
        .set(import_row::reverted_at.eq(now))
        .execute(conn)
        .await?;
    for code in [HAS_ACCOUNT, CHANGED_SINCE, IN_USE] {
        let ids: Vec<Uuid> = kept.iter().filter(|(_, why)| *why == code).map(|(id, _)| *id).collect();
        if !ids.is_empty() {
            diesel::update(import_row::table.filter(import_row::id.eq_any(ids)))
                .set(import_row::kept.eq(code))
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}

/// What is true of the persons of a batch now.
struct Now {
    accounts: HashSet<Uuid>,
    names: HashMap<Uuid, String>,
    profiles: HashMap<Uuid, DateTime<Utc>>,
    /// Versions by person: id, recorded at, whether it holds now.
    versions: HashMap<Uuid, Vec<(Uuid, DateTime<Utc>, bool)>>,
}

async fn look(conn: &mut Conn, persons: &[Uuid]) -> Result<Now, Problem> {
    let names: Vec<(Uuid, String)> = person_name::table
        .filter(person_name::person_id.eq_any(persons))
        .select((person_name::person_id, person_name::name))
        .load(conn)
        .await?;
    let profiles: Vec<(Uuid, DateTime<Utc>)> = member_profile::table
        .filter(member_profile::person_id.eq_any(persons))
        .select((member_profile::person_id, member_profile::updated_at))
        .for_update()
        .load(conn)
        .await?;
    let rows: Vec<(Uuid, Uuid, DateTime<Utc>, bool, String)> = membership::table
        .filter(membership::person_id.eq_any(persons))
        .select((
            membership::person_id,
            membership::id,
            membership::recorded_at,
            membership::superseded_at.is_null().and(membership::valid_to.is_null()),
            membership::state,
        ))
        .for_update()
        .load(conn)
        .await?;
    let mut versions: HashMap<Uuid, Vec<(Uuid, DateTime<Utc>, bool)>> = HashMap::new();
    for (person, id, at, is_open, state) in rows {
        versions.entry(person).or_default().push((id, at, is_open && state == "ACTIVE"));
    }
    Ok(Now {
        accounts: people::with_account(conn, persons).await?.into_iter().collect(),
        names: names.into_iter().collect(),
        profiles: profiles.into_iter().collect(),
        versions,
    })
}

/// What is to be put back.
#[derive(Default)]
struct Back {
    created: Vec<Uuid>,
    names: Vec<(Uuid, String)>,
    profiles: Vec<(Uuid, Before)>,
    no_profiles: Vec<Uuid>,
    memberships: Vec<Uuid>,
    reopened: Vec<Uuid>,
}

async fn members(
    core: &Core,
    conn: &mut Conn,
    import: &Import,
    rows: &[Done],
) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let columns = Columns::read(import.kind, import.header.clone().unwrap_or_default());
    let persons: Vec<Uuid> = rows.iter().filter_map(|row| row.created.or(row.person)).collect();
    let now = look(conn, &persons).await?;
    let mut kept = Vec::new();
    let mut back = Back::default();
    for row in rows {
        let Some(person) = row.created.or(row.person) else { continue };
        let cells = cell::open(&core.sealer, row.id, &row.cells)?;
        let told = columns.cell(&cells, Meaning::Name).map(|cell| cell.text());
        let told = told.and_then(|name| unionhall_kernel::PersonName::parse(name).ok());
        let is_named = now.names.get(&person).map(String::as_str) == told.as_ref().map(|name| name.as_str());
        let before: Option<Before> = match &row.before {
            Some(sealed) => Some(serde_json::from_slice(&core.sealer.open(BEFORE, row.id, sealed)?)?),
            None => None,
        };
        match judge(row, person, is_named, before.as_ref(), &now) {
            Err(why) => kept.push((row.id, why)),
            Ok(()) => back.add(row, person, before, &now),
        }
    }
    put_back(core, conn, back).await?;
    Ok(kept)
}

fn judge(
    row: &Done,
    person: Uuid,
    is_named: bool,
    before: Option<&Before>,
    now: &Now,
) -> Result<(), &'static str> {
    let was_bound = before.is_some_and(|before| before.bound);
    if now.accounts.contains(&person) && !was_bound {
        return Err(HAS_ACCOUNT);
    }
    let versions = now.versions.get(&person).map(Vec::as_slice).unwrap_or_default();
    let is_profile_ours = now.profiles.get(&person).copied() == row.applied_at;
    let holds = row.membership.is_none_or(|id| versions.iter().any(|(v, _, open)| *v == id && *open));
    let only = row.created.is_none() || versions.len() == 1;
    if is_profile_ours && is_named && holds && only { Ok(()) } else { Err(CHANGED_SINCE) }
}

impl Back {
    fn add(&mut self, row: &Done, person: Uuid, before: Option<Before>, now: &Now) {
        if row.created.is_some() {
            self.created.push(person);
            return;
        }
        let Some(before) = before else { return };
        if let Some(membership) = row.membership {
            let versions = now.versions.get(&person).map(Vec::as_slice).unwrap_or_default();
            let at = versions.iter().find(|(id, ..)| *id == membership).map(|(_, at, _)| *at);
            // The new version, and the one that closed the ended membership the same instant.
            let made = versions
                .iter()
                .filter(|(id, recorded, _)| Some(*recorded) == at && Some(*id) != before.ended);
            self.memberships.extend(made.map(|(id, ..)| *id));
            self.reopened.extend(before.ended);
        }
        if let Some(name) = &before.name {
            self.names.push((person, name.clone()));
        }
        if before.profile {
            self.profiles.push((person, before));
        } else {
            self.no_profiles.push(person);
        }
    }
}

async fn put_back(core: &Core, conn: &mut Conn, back: Back) -> Result<(), Problem> {
    let gone: Vec<Uuid> = back.created.iter().chain(&back.no_profiles).copied().collect();
    diesel::delete(member_profile::table.filter(member_profile::person_id.eq_any(gone)))
        .execute(conn)
        .await?;
    let ended = membership::id.eq_any(&back.memberships).or(membership::person_id.eq_any(&back.created));
    diesel::delete(membership::table.filter(ended)).execute(conn).await?;
    people::delete(conn, &back.created).await?;
    diesel::update(membership::table.filter(membership::id.eq_any(&back.reopened)))
        .set(membership::superseded_at.eq(None::<DateTime<Utc>>))
        .execute(conn)
        .await?;
    if !back.names.is_empty() {
        let names: Vec<(Uuid, &str)> = back.names.iter().map(|(id, name)| (*id, name.as_str())).collect();
        people::rename(conn, &names).await?;
    }
    let mut sealed = Vec::new();
    let mut indexes = Vec::new();
    for (person, before) in &back.profiles {
        let mobile = before.mobile.as_deref().and_then(|mobile| Mobile::parse(mobile).ok());
        sealed.push(mobile.as_ref().map(|m| profile::seal_mobile(&core.sealer, *person, m)).transpose()?);
        indexes.push(mobile.as_ref().map(|m| account::mobile_index(&core.sealer, m)));
    }
    diesel::sql_query(
        "UPDATE member_profile p SET roster_mobile = b.mobile, roster_mobile_index = b.mobile_index, \
                details = b.details, updated_at = $5 \
         FROM unnest($1, $2, $3, $4) AS b (person_id, mobile, mobile_index, details) \
         WHERE p.person_id = b.person_id",
    )
    .bind::<Array<sql_types::Uuid>, _>(back.profiles.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Bytea>>, _>(sealed)
    .bind::<Array<Nullable<Bytea>>, _>(indexes)
    .bind::<Array<Jsonb>, _>(back.profiles.iter().map(|(_, b)| &b.details).collect::<Vec<&Value>>())
    .bind::<Timestamptz, _>(core.now())
    .execute(conn)
    .await?;
    Ok(())
}

async fn unions(core: &Core, conn: &mut Conn, rows: &[Done]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let mut kept = Vec::new();
    for row in rows {
        let done = match (row.created, row.org, &row.before) {
            (Some(made), ..) => {
                diesel::delete(org::table.find(made).filter(org::version.eq(1))).execute(conn).await?
            }
            (None, Some(changed), Some(sealed)) => {
                let before: union_write::Before =
                    serde_json::from_slice(&core.sealer.open(BEFORE, row.id, sealed)?)?;
                diesel::update(org::table.find(changed).filter(org::version.eq(before.version)))
                    .set((
                        org::name.eq(before.name),
                        org::org_type.eq(before.org_type),
                        org::division_code.eq(before.division_code),
                        org::uscc.eq(before.uscc),
                        org::version.eq(org::version + 1),
                    ))
                    .execute(conn)
                    .await?
            }
            _ => 1,
        };
        if done == 0 {
            kept.push((row.id, CHANGED_SINCE));
        }
    }
    Ok(kept)
}
