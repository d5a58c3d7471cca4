//! What the member of a case does.

use unionhall_casework::timeline::Author;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use unionhall_web::Actor;
use uuid::Uuid;

use super::Action;
use super::case::{Aid, lock};
use super::turn::{Sets, Turn, case, turn};
use crate::attachment;

/// A member: the account and the natural person.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// For audit rows.
    pub actor: &'a Actor,
    /// The account that uploads files.
    pub account: Uuid,
    /// The natural person.
    pub person: Uuid,
}

async fn step(
    core: &Core,
    tx: &mut Conn,
    who: Whose<'_>,
    id: Uuid,
    (action, text, files, sets): (Action, Option<&str>, &[Uuid], Sets<'_>),
) -> Result<Aid, Problem> {
    let found = lock(tx, id).await?;
    if found.person_id != who.person {
        return Err(Problem::not_found());
    }
    let by = Turn { author: Author::Member(who.person), text, sets, ..Turn::of(action) };
    let (moved, seq) = turn(core, tx, who.actor, &found, by).await?;
    attachment::attach(core, tx, (who.account, case(id)), seq, files).await?;
    Ok(moved)
}

/// The member hands in what was missing.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless papers are missing; `VALIDATION_FAILED` for files that are none.
pub async fn supply(
    core: &Core,
    tx: &mut Conn,
    who: Whose<'_>,
    (id, text, files): (Uuid, &str, &[Uuid]),
) -> Result<Aid, Problem> {
    step(core, tx, who, id, (Action::Supply, Some(text), files, Sets::default())).await
}

/// The member writes to the lawyer.
///
/// # Errors
/// As [`supply`]; `INVALID_STATE` unless a lawyer is at it.
pub async fn write(
    core: &Core,
    tx: &mut Conn,
    who: Whose<'_>,
    (id, text, files): (Uuid, &str, &[Uuid]),
) -> Result<Aid, Problem> {
    step(core, tx, who, id, (Action::Say, Some(text), files, Sets::default())).await
}

/// The member takes the application back, as long as no lawyer has it.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE`.
pub async fn withdraw(core: &Core, tx: &mut Conn, who: Whose<'_>, id: Uuid) -> Result<Aid, Problem> {
    step(core, tx, who, id, (Action::Withdraw, None, &[], Sets::default())).await
}

/// The member asks the union above, within fifteen days of the refusal.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it was refused.
pub async fn appeal(
    core: &Core,
    tx: &mut Conn,
    who: Whose<'_>,
    (id, reason): (Uuid, &str),
) -> Result<Aid, Problem> {
    step(core, tx, who, id, (Action::Appeal, Some(reason), &[], Sets::default())).await
}

/// The member rates a closed case, once.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is closed and not rated.
pub async fn rate(
    core: &Core,
    tx: &mut Conn,
    who: Whose<'_>,
    (id, stars, comment): (Uuid, i32, Option<&str>),
) -> Result<Aid, Problem> {
    let sets = Sets { rating: Some(stars), ..Sets::default() };
    step(core, tx, who, id, (Action::Rate, comment, &[], sets)).await
}
