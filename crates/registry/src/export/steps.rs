//! Asking for an export, approving somebody else's, giving one up, opening the file.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit, tasks};
use unionhall_web::actor::EventExt;
use unionhall_web::policy::allows;
use unionhall_web::{Action, Actor, OrgScope, Role};
use uuid::Uuid;

use super::store::{Export, get};
use super::{Format, Kind, PREPARE, State};
use crate::membership;
use crate::org;
use crate::schema::export;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// What is listed.
    pub kind: Kind,
    /// The form of the file.
    pub format: Format,
    /// With numbers and names in full.
    pub is_full: bool,
    /// The union, with its subtree.
    pub union: Uuid,
    /// Members in these states; all but ENDED when empty.
    pub states: Vec<membership::State>,
    /// What it is for.
    pub reason: String,
}

// What somebody must be allowed to take a list with them: to read it, and its full values where it has them.
fn may_take(role: &Role, kind: Kind, is_full: bool) -> Result<(), Problem> {
    let read = match kind {
        Kind::Members => Action::MemberRead,
        Kind::Unions => Action::OrgRead,
    };
    match allows(role.name, read) && (!is_full || allows(role.name, Action::MemberReveal)) {
        true => Ok(()),
        false => Err(Problem::new(Code::Forbidden)),
    }
}

/// Asks for an export, in the caller's transaction; the worker makes it.
///
/// # Errors
/// `NOT_FOUND` for a union out of scope; `FORBIDDEN`; the unique index `export_under_way`, see [`refused`].
pub async fn request(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (scope, role, desk): (&OrgScope, &Role, Uuid),
    wanted: &Wanted,
) -> Result<Export, Problem> {
    let Wanted { kind, format, is_full, union, states, reason } = wanted;
    may_take(role, *kind, *is_full)?;
    let union = org::get(tx, scope, *union).await?;
    let (Some(person), Some(account)) = (actor.person, actor.account) else {
        return Err(Problem::new(Code::Forbidden));
    };
    let (id, now) = (core.id(), core.now());
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let made: Export = diesel::insert_into(export::table)
        .values((
            (
                export::id.eq(id),
                export::number.eq(format!("X{}", org::new_code(core.ids.as_ref()))),
                export::kind.eq(kind.as_str()),
                export::format.eq(format.as_str()),
                export::is_full.eq(is_full),
                export::states.eq(&states),
                export::org_id.eq(union.id),
                export::path.eq(&union.path),
            ),
            (
                export::reason.eq(reason),
                export::account_id.eq(account),
                export::requested_by.eq(person),
                export::post_id.eq(actor.post),
                export::desk_id.eq(desk),
                export::state.eq(State::Preparing.as_str()),
                export::created_at.eq(now),
            ),
        ))
        .returning(Export::as_returning())
        .get_result(tx)
        .await?;
    enqueue(core, tx, &made).await?;
    let changes =
        json!({"kind": kind, "format": format, "full": is_full, "states": states, "number": made.number});
    let event = actor.event(core.id(), now, Some(&union.path), "export.request", ("export", Some(id)));
    audit::append(tx, &event.changes(changes).reason(reason)).await?;
    Ok(made)
}

/// The same export, asked for twice before the first is done.
pub fn refused(problem: Problem) -> Problem {
    match constraint(&problem) {
        Some("export_under_way") => {
            Problem::new(Code::AlreadyExists).with_detail("同样的导出正在办理，请稍候。")
        }
        _ => problem,
    }
}

async fn enqueue(core: &Core, tx: &mut Conn, of: &Export) -> Result<(), Problem> {
    let dedupe = format!("{PREPARE}:{}:{}", of.id, of.version);
    tasks::enqueue(tx, core.id(), core.now(), PREPARE, Some(&dedupe), &json!({"export_id": of.id})).await
}

/// What another person says to it.
#[derive(Debug)]
pub enum Decision {
    /// The file may be made.
    Approve,
    /// It may not.
    Reject(String),
}

/// Decides an export that waits.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own; `FORBIDDEN` for full values that
/// the decider may not see.
pub async fn decide(
    core: &Core,
    actor: &Actor,
    (scope, role): (&OrgScope, &Role),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Export, Problem> {
    core.db
        .write(async |tx| {
            let found = get(tx, scope, id).await?;
            check(found.version)?;
            may_take(role, found.kind()?, found.is_full)?;
            let (to, action, reason) = match decision {
                Decision::Approve => (State::Preparing, "export.approve", None),
                Decision::Reject(reason) => (State::Rejected, "export.reject", Some(reason.as_str())),
            };
            if !found.state(core.now()).may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            if actor.person.is_none_or(|person| person == found.requested_by) {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            let row = export::table.find(id).filter(export::version.eq(found.version));
            let done: Option<Export> = diesel::update(row)
                .set((
                    export::state.eq(to.as_str()),
                    export::decided_by.eq(actor.person),
                    export::decided_at.eq(core.now()),
                    export::decision_reason.eq(reason),
                    export::version.eq(export::version + 1),
                ))
                .returning(Export::as_returning())
                .get_result(tx)
                .await
                .optional()?;
            let done = done.ok_or_else(|| Problem::new(Code::Stale))?;
            if to == State::Preparing {
                enqueue(core, tx, &done).await?;
            }
            let mut event =
                actor.event(core.id(), core.now(), Some(&done.path), action, ("export", Some(id)));
            event.reason = reason.map(ToOwned::to_owned);
            audit::append(tx, &event).await?;
            Ok(done)
        })
        .await
}

/// Gives one's own export up, its file with it.
///
/// # Errors
/// `NOT_FOUND` out of scope or another's; `STALE`; `INVALID_STATE` once it has ended.
pub async fn cancel(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Export, Problem> {
    core.db
        .write(async |tx| {
            let found = own(tx, actor, scope, id).await?;
            check(found.version)?;
            if !found.state(core.now()).may_become(State::Cancelled) {
                return Err(Problem::new(Code::InvalidState));
            }
            let row = export::table.find(id).filter(export::version.eq(found.version));
            let done: Option<Export> = diesel::update(row)
                .set((export::state.eq(State::Cancelled.as_str()), export::version.eq(export::version + 1)))
                .returning(Export::as_returning())
                .get_result(tx)
                .await
                .optional()?;
            let done = done.ok_or_else(|| Problem::new(Code::Stale))?;
            let object = ("export", Some(id));
            let event = actor.event(core.id(), core.now(), Some(&done.path), "export.cancel", object);
            audit::append(tx, &event).await?;
            Ok(done)
        })
        .await
}

async fn own(conn: &mut Conn, actor: &Actor, scope: &OrgScope, id: Uuid) -> Result<Export, Problem> {
    let found = get(conn, scope, id).await?;
    match actor.account == Some(found.account_id) {
        true => Ok(found),
        false => Err(Problem::not_found()),
    }
}

/// Opens the file of one's own export: that it is taken is on record before the first byte is sent.
///
/// # Errors
/// `NOT_FOUND` out of scope or another's; `FORBIDDEN` for what one may not see any more; `LINK_EXPIRED` after its day;
/// `INVALID_STATE` while there is no file.
pub async fn open(
    core: &Core,
    actor: &Actor,
    (scope, role): (&OrgScope, &Role),
    id: Uuid,
) -> Result<(Export, Uuid), Problem> {
    core.db
        .write(async |tx| {
            let found = own(tx, actor, scope, id).await?;
            may_take(role, found.kind()?, found.is_full)?;
            match found.state(core.now()) {
                State::Ready => {}
                State::Expired => {
                    return Err(Problem::new(Code::LinkExpired).with_detail("文件已过期，请重新导出。"));
                }
                _ => return Err(Problem::new(Code::InvalidState)),
            }
            let blob = found.blob_id.ok_or_else(|| Problem::internal("a ready export without a file"))?;
            let opened = export::downloads.eq(export::downloads + 1);
            diesel::update(export::table.find(id)).set(opened).execute(tx).await?;
            let object = ("export", Some(id));
            let event = actor
                .event(core.id(), core.now(), Some(&found.path), "export.open", object)
                .changes(json!({"number": found.number, "rows": found.rows_done, "full": found.is_full}));
            audit::append(tx, &event.outcome("intent")).await?;
            Ok((found, blob))
        })
        .await
}
