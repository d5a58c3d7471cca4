//! The county's side.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::account;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::State;
use super::apply::note;
use super::store::{Application, get};
use crate::merchant;
use crate::schema::merchant_application as application;

/// What a county decides.
#[derive(Debug)]
pub enum Decision {
    /// The licence is in order: a contract is offered, both days inclusive.
    Verify(NaiveDate, NaiveDate),
    /// No, and why.
    Reject(String),
}

/// Decides an application.
///
/// # Errors
/// `NOT_FOUND` out of scope; what `check` says of its version; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own;
/// `ALREADY_EXISTS` when a live merchant has the credit code.
pub async fn decide(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Application, Problem> {
    let a = get(tx, scope, id).await?;
    check(a.version)?;
    let (to, action, contract, reason) = match decision {
        Decision::Verify(from, to) => {
            (State::Verified, "merchant_application.verify", Some((*from, *to)), None)
        }
        Decision::Reject(reason) => (State::Rejected, "merchant_application.reject", None, Some(reason)),
    };
    if !a.state().may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    // An applicant is known by their mobile alone: a decider whose mobile it is decides for themself.
    let decider = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let own = account::of_person(tx, decider).await?;
    if own.iter().any(|account| account.mobile_index() == Some(a.mobile_index.as_slice())) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    if contract.is_some() && merchant::is_taken(tx, &a.uscc).await? {
        return Err(Problem::new(Code::AlreadyExists).with("field", "uscc"));
    }
    let row = application::table.find(a.id).filter(application::version.eq(a.version));
    let decided: Option<Application> = diesel::update(row)
        .set((
            application::state.eq(to.as_str()),
            application::contract_from.eq(contract.map(|(from, _)| from)),
            application::contract_to.eq(contract.map(|(_, to)| to)),
            application::reason.eq(reason),
            application::decided_by.eq(decider),
            application::version.eq(application::version + 1),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let decided = decided.ok_or_else(|| Problem::new(Code::Stale))?;
    note(core, tx, actor, &decided, action).await?;
    Ok(decided)
}
