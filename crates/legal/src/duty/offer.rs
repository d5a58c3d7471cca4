//! Swaps with acceptance 换班 (E9): a shift stays its lawyer's until another one takes it, and is nobody else's to give away.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit, tasks};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::shift::{fit, lock};
use super::{Shift, State};
use crate::notice::{self, Kind};
use crate::schema::{legal_lawyer as lawyers, legal_offer as rows, legal_shift as shifts};

/// The kind of task that ends an offer nobody took.
pub const LAPSE: &str = "legal.offer_lapsed";
/// How long an offer is open, hours; at most until the shift begins.
pub const OPEN_HOURS: i64 = 48;

/// A shift that is offered.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Offer {
    /// Its id.
    pub id: Uuid,
    /// The shift.
    pub shift_id: Uuid,
    /// Whose shift it is.
    pub from_id: Uuid,
    /// Whom it is offered to; anybody of the roster's lawyers without.
    pub to_id: Option<Uuid>,
    state: String,
    /// Until when, exclusive.
    pub expires_at: DateTime<Utc>,
}

impl Offer {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.state == "OPEN" && self.expires_at > now
    }
}

/// Which offer is to end.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lapse {
    id: Uuid,
}

async fn own(tx: &mut Conn, me: Uuid, id: Uuid) -> Result<Shift, Problem> {
    let mine = shifts::table.find(id).filter(shifts::lawyer_id.eq(me)).select(Shift::as_select());
    let published = mine.filter(shifts::state.eq(State::Published.as_str()));
    published.for_update().first(tx).await.optional()?.ok_or_else(Problem::not_found)
}

/// Ends the open offer of a shift, if there is one; answers it.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(super) async fn end(tx: &mut Conn, shift: Uuid, to: &str) -> Result<Option<Offer>, Problem> {
    let open = rows::table.filter(rows::shift_id.eq(shift).and(rows::state.eq("OPEN")));
    let ended = diesel::update(open).set(rows::state.eq(to)).returning(Offer::as_returning());
    Ok(ended.get_result(tx).await.optional()?)
}

/// Offers one's published shift that has not begun to a lawyer of the union's list, or to all of them.
///
/// # Errors
/// `NOT_FOUND` unless it is one's own and published; `INVALID_STATE` when it has begun or is offered already; `VALIDATION_FAILED` at
/// `/to_lawyer_id` for somebody who is not on the list, the backup or oneself.
pub async fn offer(
    core: &Core,
    tx: &mut Conn,
    (actor, me): (&Actor, Uuid),
    id: Uuid,
    to: Option<Uuid>,
) -> Result<(Offer, Shift), Problem> {
    let (shift, now) = (own(tx, me, id).await?, core.now());
    let standing = rows::table.filter(rows::shift_id.eq(id).and(rows::state.eq("OPEN")));
    let standing: Option<Offer> = standing.select(Offer::as_select()).first(tx).await.optional()?;
    if shift.starts_at <= now || standing.is_some_and(|offer| offer.is_open(now)) {
        return Err(Problem::new(Code::InvalidState));
    }
    end(tx, id, "LAPSED").await?;
    let list = OrgScope::subtree(&shift.path);
    if let Some(to) = to {
        if to == me || shift.backup_id == Some(to) {
            let own = Invalid::new("DUPLICATE_ITEM", "请选择本班次以外的律师。");
            return Err(Problem::invalid("/to_lawyer_id", own));
        }
        lock(tx, &list, to, "/to_lawyer_id").await?;
    }
    let expires_at = shift.starts_at.min(now + Duration::hours(OPEN_HOURS));
    let made: Offer = diesel::insert_into(rows::table)
        .values((
            rows::id.eq(core.id()),
            rows::shift_id.eq(id),
            rows::from_id.eq(me),
            rows::to_id.eq(to),
            rows::state.eq("OPEN"),
            rows::expires_at.eq(expires_at),
            rows::created_at.eq(now),
        ))
        .returning(Offer::as_returning())
        .get_result(tx)
        .await?;
    tasks::enqueue(tx, core.id(), expires_at, LAPSE, None, &Lapse { id: made.id }).await?;
    let event = actor.event(core.id(), now, Some(&shift.path), "shift.offer", ("shift", Some(id)));
    audit::append(tx, &event.changes(json!({"offer": made.id, "to": to}))).await?;
    let (about, what) = ((Kind::SwapOffered, &shift), "有律师请您接班。");
    if let Some(to) = to {
        notice::of_shift(core, tx, to, about, what).await?;
        return Ok((made, shift));
    }
    let within = lawyers::path.ge(list.start()).and(lawyers::path.lt(list.end()));
    let others = within.and(lawyers::id.ne(me)).and(lawyers::state.eq("ACTIVE"));
    let others: Vec<Uuid> =
        lawyers::table.filter(others).order(lawyers::id).select(lawyers::id).load(tx).await?;
    for lawyer in others.into_iter().filter(|lawyer| shift.backup_id != Some(*lawyer)) {
        notice::of_shift_quietly(core, tx, lawyer, about, what).await?;
    }
    Ok((made, shift))
}

/// Takes an offer back.
///
/// # Errors
/// `NOT_FOUND` unless the shift is one's own and published; `INVALID_STATE` when it is not offered.
pub async fn withdraw(
    core: &Core,
    tx: &mut Conn,
    (actor, me): (&Actor, Uuid),
    id: Uuid,
) -> Result<(), Problem> {
    let shift = own(tx, me, id).await?;
    let ended = end(tx, id, "WITHDRAWN").await?.filter(|offer| offer.expires_at > core.now());
    let ended = ended.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let event = actor.event(core.id(), core.now(), Some(&shift.path), "shift.keep", ("shift", Some(id)));
    audit::append(tx, &event.changes(json!({"offer": ended.id}))).await?;
    if let Some(to) = ended.to_id {
        notice::of_shift(core, tx, to, (Kind::SwapEnded, &shift), "原值班律师已撤回换班请求。").await?;
    }
    Ok(())
}

// An offer that a lawyer may know of: to them by name, or to the list they are on.
async fn offered(tx: &mut Conn, me: Uuid, id: Uuid) -> Result<Offer, Problem> {
    let path: String = lawyers::table.find(me).select(lawyers::path).first(tx).await?;
    let found: Option<(Offer, String)> = rows::table
        .inner_join(shifts::table.on(shifts::id.eq(rows::shift_id)))
        .filter(rows::id.eq(id).and(rows::from_id.ne(me)))
        .filter(rows::to_id.is_null().or(rows::to_id.eq(me)))
        .select((Offer::as_select(), shifts::path))
        .first(tx)
        .await
        .optional()?;
    let known = found.filter(|(_, of)| OrgScope::subtree(of).contains(&path));
    known.map(|(offer, _)| offer).ok_or_else(Problem::not_found)
}

/// Takes an offered shift. Of two who take it at once one has it.
///
/// # Errors
/// `NOT_FOUND` for an offer to others; `INVALID_STATE` when it is open no longer; `SHIFT_OVERLAPS`, `LAWYER_ON_LEAVE`,
/// `LICENCE_ENDS` where one cannot be there.
pub async fn accept(
    core: &Core,
    tx: &mut Conn,
    (actor, me): (&Actor, Uuid),
    id: Uuid,
) -> Result<Shift, Problem> {
    let now = core.now();
    let of = offered(tx, me, id).await?.shift_id;
    // The shift's row is what takers, the withdrawal and the legal department queue up at.
    let shift: Shift = shifts::table.find(of).select(Shift::as_select()).for_update().first(tx).await?;
    let offer = offered(tx, me, id).await?;
    if !offer.is_open(now) || shift.state() != State::Published || shift.lawyer_id != offer.from_id {
        return Err(Problem::new(Code::InvalidState));
    }
    lock(tx, &OrgScope::subtree(&shift.path), me, "").await?;
    fit(tx, me, (shift.starts_at, shift.ends_at), None).await?;
    let swapped: Shift = diesel::update(shifts::table.find(shift.id))
        .set((shifts::lawyer_id.eq(me), shifts::version.eq(shifts::version + 1)))
        .returning(Shift::as_returning())
        .get_result(tx)
        .await?;
    diesel::update(rows::table.find(id))
        .set((rows::state.eq("TAKEN"), rows::taken_by.eq(me)))
        .execute(tx)
        .await?;
    let event = actor.event(core.id(), now, Some(&shift.path), "shift.swap", ("shift", Some(shift.id)));
    audit::append(tx, &event.changes(json!({"offer": id, "lawyer": [shift.lawyer_id, me]}))).await?;
    let about = (Kind::ShiftSwapped, &swapped);
    notice::of_shift(core, tx, offer.from_id, about, "已由其他律师接班。").await?;
    notice::of_shift(core, tx, me, about, "您已接班。").await?;
    if let Some(backup) = swapped.backup_id {
        notice::of_shift(core, tx, backup, about, "值班律师已更换，您仍为备勤。").await?;
    }
    Ok(swapped)
}

/// Ends an offer that nobody took in its time; it was open no longer since. Its lawyer is told that the shift is still theirs.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn lapse(core: &Core, which: &Lapse) -> Result<(), Problem> {
    let lapsed = core.db.write(async |tx| {
        let found =
            rows::table.find(which.id).select(Offer::as_select()).first::<Offer>(tx).await.optional()?;
        let Some(offer) = found else { return Ok(()) };
        let shift: Shift =
            shifts::table.find(offer.shift_id).select(Shift::as_select()).for_update().first(tx).await?;
        let due =
            rows::table.find(which.id).filter(rows::state.eq("OPEN").and(rows::expires_at.le(core.now())));
        if diesel::update(due).set(rows::state.eq("LAPSED")).execute(tx).await? == 0 {
            return Ok(());
        }
        let event = Actor::task().event(
            core.id(),
            core.now(),
            Some(&shift.path),
            "shift.offer_lapsed",
            ("shift", Some(shift.id)),
        );
        audit::append(tx, &event.changes(json!({"offer": offer.id}))).await?;
        let about = (Kind::SwapEnded, &shift);
        notice::of_shift(core, tx, offer.from_id, about, "无人接班，仍由您值班。").await
    });
    lapsed.await
}

/// Until when shifts are offered, of those that are.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn open_of(
    conn: &mut Conn,
    shifts: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, DateTime<Utc>>, Problem> {
    let open = rows::table
        .filter(rows::shift_id.eq_any(shifts).and(rows::state.eq("OPEN")).and(rows::expires_at.gt(now)))
        .select((rows::shift_id, rows::expires_at));
    Ok(open.load::<(Uuid, DateTime<Utc>)>(conn).await?.into_iter().collect())
}

/// A page of open offers that a lawyer may take, those that end first in front, with their shifts and whose they are.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_for(
    conn: &mut Conn,
    me: Uuid,
    now: DateTime<Utc>,
    key: Option<&(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Page<(Offer, Shift, String)>, Problem> {
    let path: String = lawyers::table.find(me).select(lawyers::path).first(conn).await?;
    // The unions above the lawyer's, and their own: whose lists they are on.
    let above: Vec<&str> = path.match_indices('/').filter_map(|(at, _)| path.get(..=at)).collect();
    let mut query = rows::table
        .inner_join(shifts::table.on(shifts::id.eq(rows::shift_id)))
        .inner_join(lawyers::table.on(lawyers::id.eq(rows::from_id)))
        .filter(rows::state.eq("OPEN").and(rows::expires_at.gt(now)).and(rows::from_id.ne(me)))
        .filter(rows::to_id.is_null().or(rows::to_id.eq(me)))
        .filter(shifts::path.eq_any(above).and(shifts::backup_id.is_distinct_from(me)))
        .order((rows::expires_at, rows::id))
        .limit(limit + 1)
        .select((Offer::as_select(), Shift::as_select(), lawyers::name))
        .into_boxed();
    if let Some((at, id)) = key {
        query = query.filter(rows::expires_at.gt(at).or(rows::expires_at.eq(at).and(rows::id.gt(id))));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
