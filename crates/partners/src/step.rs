//! Taking a partner through its states. The account its tokens are of goes along, which is what makes them die.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;

use crate::partner::{By, Partner};
use crate::schema::{partner, partner_ticket};
use crate::state::State;

/// A step of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// REGISTERED → ACTIVE, by another natural person
    Approve,
    /// ACTIVE → SUSPENDED, with a reason
    Suspend(&'a str),
    /// SUSPENDED → ACTIVE, with a reason
    Resume(&'a str),
    /// → CLOSED for good, with a reason
    Close(&'a str),
}

/// Takes a step.
///
/// # Errors
/// `INVALID_STATE` when it is not allowed from here; `NOT_ANOTHER_PERSON` when who approves entered any of it; `STALE` when it
/// changed since it was read.
pub async fn take(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Partner,
    step: Step<'_>,
) -> Result<Partner, Problem> {
    let (from, to, action, reason) = match step {
        Step::Approve => (Some(State::Registered), State::Active, "partner.approve", None),
        Step::Suspend(reason) => (None, State::Suspended, "partner.suspend", Some(reason)),
        Step::Resume(reason) => (Some(State::Suspended), State::Active, "partner.resume", Some(reason)),
        Step::Close(reason) => (None, State::Closed, "partner.close", Some(reason)),
    };
    // Approving and resuming lead to the same state, each from its own.
    if !before.state.may_become(to) || from.is_some_and(|from| from != before.state) {
        return Err(Problem::new(Code::InvalidState));
    }
    let row = partner::table.find(before.id).filter(partner::version.eq(before.version));
    let moved =
        (partner::state.eq(to.as_str()), partner::reason.eq(reason), partner::version.eq(before.version + 1));
    let taken: Option<Partner> = if step == Step::Approve {
        if before.written_by.contains(&by.person) {
            return Err(Problem::new(Code::NotAnotherPerson));
        }
        let update = diesel::update(row).set((moved, partner::approved_by.eq(by.person)));
        update.returning(Partner::as_returning()).get_result(tx).await.optional()?
    } else {
        let update = diesel::update(row).set(moved);
        update.returning(Partner::as_returning()).get_result(tx).await.optional()?
    };
    let taken = taken.ok_or_else(|| Problem::new(Code::Stale))?;
    if to != State::Active {
        // Who is let in again does not find the doors open that were left.
        diesel::delete(partner_ticket::table.filter(partner_ticket::partner_id.eq(before.id)))
            .execute(tx)
            .await?;
    }
    account::set_state(tx, before.id, to.of_account(), core.now()).await?;
    let object = ("partner", Some(before.id));
    let mut event = by.actor.event(core.id(), core.now(), Some(&before.path), action, object);
    event.reason = reason.map(ToOwned::to_owned);
    audit::append(tx, &event.changes(json!({"state": [before.state, to]}))).await?;
    Ok(taken)
}
