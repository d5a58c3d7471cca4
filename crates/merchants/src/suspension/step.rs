//! Suspending, appealing, and how it ends. The merchant and its suspension move in one transaction.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::join::working_days_after;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, RoleName};
use uuid::Uuid;

use super::State;
use super::store::{Suspension, latest};
use crate::merchant::{self, Merchant};
use crate::schema::merchant_suspension as suspension;
use crate::staff;

/// Working days a manager has to appeal (E5).
const APPEAL_DAYS: u32 = 5;
/// Working days the union has to decide an appeal: as many as for an application.
const DECIDE_DAYS: u32 = 10;

/// Suspends a live merchant.
///
/// # Errors
/// `INVALID_STATE` when it is not live; `STALE` when it was changed since it was read.
pub async fn suspend(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
    reason: &str,
) -> Result<Merchant, Problem> {
    let person = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let turned = merchant::turn(core, tx, actor, before, merchant::State::Suspended, Some(reason)).await?;
    diesel::insert_into(suspension::table)
        .values((
            suspension::id.eq(core.id()),
            suspension::merchant_id.eq(before.id),
            suspension::path.eq(&before.path),
            suspension::state.eq(State::Suspended.as_str()),
            suspension::reason.eq(reason),
            suspension::suspended_by.eq(person),
            suspension::suspended_at.eq(core.now()),
            suspension::appeal_until.eq(working_days_after(core.today(), APPEAL_DAYS)),
        ))
        .execute(tx)
        .await?;
    Ok(turned)
}

/// Appeals against the suspension of one's merchant, once.
///
/// # Errors
/// `NOT_FOUND` when it never was suspended; `INVALID_STATE` when the suspension is over, was appealed against already,
/// or its last day of appeal is.
pub async fn appeal(
    core: &Core,
    tx: &mut Conn,
    (actor, account): (&Actor, Uuid),
    merchant: Uuid,
    statement: &str,
) -> Result<Suspension, Problem> {
    let present = latest(tx, merchant).await?;
    let (now, today) = (core.now(), core.today());
    let refused = |detail: &'static str| Problem::new(Code::InvalidState).with_detail(detail);
    if !present.state().may_become(State::Appealed) {
        return Err(refused("没有可以申诉的暂停，或已提出申诉。"));
    }
    if today > present.appeal_until {
        return Err(refused("申诉期已过，请联系所属工会。"));
    }
    let still = suspension::state.eq(State::Suspended.as_str());
    let appealed: Option<Suspension> = diesel::update(suspension::table.find(present.id).filter(still))
        .set((
            suspension::state.eq(State::Appealed.as_str()),
            suspension::statement.eq(statement),
            suspension::appealed_by.eq(account),
            suspension::appealed_at.eq(now),
            suspension::due_on.eq(working_days_after(today, DECIDE_DAYS)),
        ))
        .returning(Suspension::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let appealed = appealed.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let object = ("merchant", Some(merchant));
    let event = actor.event(core.id(), now, Some(&present.path), "merchant.appeal", object);
    audit::append(tx, &event.changes(json!({"suspension": present.id}))).await?;
    Ok(appealed)
}

async fn end(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
    (to, reason): (State, Option<&str>),
) -> Result<Merchant, Problem> {
    let present = latest(tx, before.id).await.map_err(|_| Problem::new(Code::InvalidState))?;
    if !present.state().may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let person = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    if another_is_asked(&present, to) && present.suspended_by == Some(person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    if is_manager(tx, before.id, person).await? {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    if to == State::Terminated && present.state() == State::Suspended && core.today() <= present.appeal_until
    {
        return Err(Problem::new(Code::InvalidState).with_detail("申诉期未满，商户仍可申诉。"));
    }
    let stands = if to == State::Terminated { merchant::State::Terminated } else { merchant::State::Live };
    let turned = merchant::turn(core, tx, actor, before, stands, reason).await?;
    diesel::update(suspension::table.find(present.id))
        .set((
            suspension::state.eq(to.as_str()),
            suspension::decided_by.eq(person),
            suspension::decided_at.eq(core.now()),
            suspension::decision_reason.eq(reason),
        ))
        .execute(tx)
        .await?;
    Ok(turned)
}

// Who suspended may think better of it until there is an appeal; from then on another person decides, and another
// person always ends it for good.
fn another_is_asked(present: &Suspension, to: State) -> bool {
    to == State::Terminated || present.state() == State::Appealed
}

// Staff are known by their mobile alone: whoever has a manager's mobile decides for themself.
async fn is_manager(tx: &mut Conn, merchant: Uuid, person: Uuid) -> Result<bool, Problem> {
    let own = account::of_person(tx, person).await?;
    for manager in staff::all(tx, merchant, RoleName::Manager).await? {
        let manager = account::get(tx, manager.account_id).await?;
        let index = manager.as_ref().and_then(|account| account.mobile_index());
        if index.is_some() && own.iter().any(|account| account.mobile_index() == index) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Resumes a suspended merchant: the appeal, where there is one, is upheld.
///
/// # Errors
/// `INVALID_STATE` when it is not suspended; `NOT_ANOTHER_PERSON` for who suspended once there is an appeal, and for a
/// manager of the merchant; `STALE` when it was changed since it was read.
pub async fn resume(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
) -> Result<Merchant, Problem> {
    end(core, tx, actor, before, (State::Resumed, None)).await
}

/// Ends a suspended merchant for good: the appeal, where there is one, is rejected. Its cashiers are let go; its managers
/// keep their places, to read what was.
///
/// # Errors
/// `INVALID_STATE` when it is not suspended or may still appeal; `NOT_ANOTHER_PERSON` for who suspended; `STALE` when it
/// was changed since it was read.
pub async fn terminate(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Merchant,
    reason: &str,
) -> Result<Merchant, Problem> {
    let ended = end(core, tx, actor, before, (State::Terminated, Some(reason))).await?;
    for cashier in staff::all(tx, ended.id, RoleName::Staff).await? {
        staff::revoke(core, tx, actor, &ended, cashier.id).await?;
    }
    Ok(ended)
}
