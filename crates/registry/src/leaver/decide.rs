//! Another person's word on a proposal, and the proposer's second thoughts.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, IfMatch, OrgScope};
use uuid::Uuid;

use super::State;
use super::store::{Leaver, get};
use crate::member;
use crate::schema::member_leaver as leaver;

/// What another person says.
#[derive(Debug, Clone)]
pub enum Decision {
    /// They have left.
    Confirm,
    /// They have not.
    Reject(String),
}

/// Decides a proposal; what is confirmed changes the membership in the same transaction.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE` when it was decided or has lapsed; `NOT_ANOTHER_PERSON` for one's own
/// proposal or membership.
pub async fn decide(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Leaver, Problem> {
    core.db
        .write(async |tx| {
            let found = get(tx, scope, id).await?;
            check(found.version)?;
            if actor.person.is_none_or(|by| by == found.proposed_by || by == found.person) {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            let (to, reason) = match decision {
                Decision::Confirm => (State::Confirmed, None),
                Decision::Reject(reason) => (State::Rejected, Some(reason.as_str())),
            };
            step(core, tx, actor, &found, (to, reason)).await?;
            if to == State::Confirmed {
                let seen = (found.person, IfMatch(Some(found.membership)));
                member::change(core, tx, actor, scope, seen, found.kind.transition(), &found.reason).await?;
            }
            // A membership that ended stays in the scope it ended in.
            get(tx, scope, id).await
        })
        .await
}

/// Takes one's own proposal back.
///
/// # Errors
/// `NOT_FOUND` out of scope or another's; `STALE`; `INVALID_STATE` when it was decided or has lapsed.
pub async fn withdraw(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Leaver, Problem> {
    core.db
        .write(async |tx| {
            let found = get(tx, scope, id).await?;
            if actor.person != Some(found.proposed_by) {
                return Err(Problem::not_found());
            }
            check(found.version)?;
            step(core, tx, actor, &found, (State::Withdrawn, None)).await?;
            get(tx, scope, id).await
        })
        .await
}

async fn step(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    found: &Leaver,
    (to, reason): (State, Option<&str>),
) -> Result<(), Problem> {
    if !found.state.may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    // Who takes their own back decides nothing.
    let decider = actor.person.filter(|_| to != State::Withdrawn);
    let row = leaver::table.find(found.id).filter(leaver::version.eq(found.version));
    let changed = diesel::update(row)
        .set((
            leaver::state.eq(to.as_str()),
            leaver::decided_by.eq(decider),
            leaver::decided_at.eq(core.now()),
            leaver::decision_reason.eq(reason),
            leaver::version.eq(leaver::version + 1),
        ))
        .execute(tx)
        .await?;
    if changed == 0 {
        return Err(Problem::new(Code::Stale));
    }
    let action = match to {
        State::Confirmed => "leaver.confirm",
        State::Rejected => "leaver.reject",
        _ => "leaver.withdraw",
    };
    let object = ("leaver_proposal", Some(found.id));
    let mut event = actor
        .event(core.id(), core.now(), Some(&found.path), action, object)
        .about(found.person)
        .changes(json!({"state": to}));
    event.reason = reason.map(ToOwned::to_owned);
    audit::append(tx, &event).await
}
