//! Entrustment 异地委托 (工会法律援助办法 3): another union is asked to handle a case, and does once it says so. Its own legal department
//! then names a lawyer of its own; the union that entrusted still reads the case.

use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock;
use unionhall_casework::hours::Limit;
use unionhall_casework::timeline::Author;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_registry::org::{self, Org};
use unionhall_storage::{Conn, Core};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::case::{Aid, lock};
use super::decide::By;
use super::turn::{Sets, Turn, case, turn};
use super::{Action, ENTRUST};

/// How long the other union has to answer, working days.
const ANSWER_DAYS: i64 = 3;

/// Asks another union of the county's level or above.
///
/// # Errors
/// As [`super::complete`]; `VALIDATION_FAILED` at `/org_id` for a union that cannot, or handles it already; `INVALID_STATE` while another
/// is asked.
pub async fn entrust(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, to, reason): (Uuid, &Org, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if !to.is_county_or_above() || to.id == found.org_id {
        let invalid = Invalid::new("ORG_UNSUITABLE", "须为其他县级以上地方工会。");
        return Err(Problem::invalid("/org_id", invalid));
    }
    if found.entrusted_to.is_some() {
        return Err(Problem::new(Code::InvalidState));
    }
    let sets =
        Sets { entrusted_to: Some(Some(to.id)), entrusted_path: Some(Some(&to.path)), ..Sets::default() };
    let step = Turn { author: by.author(), text: Some(reason), sets, ..Turn::of(Action::Entrust) };
    let (offered, _) = turn(core, tx, by.actor, &found, step).await?;
    let calendar = Calendar::load(tx).await?;
    clock::start(core, tx, &calendar, case(id), (ENTRUST, Limit::WorkingDays(ANSWER_DAYS))).await?;
    Ok(offered)
}

// A case that the caller's unions are asked to handle, locked.
async fn asked(
    tx: &mut Conn,
    by: By<'_>,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<(Aid, Uuid, String), Problem> {
    let found = lock(tx, id).await?;
    check(found.version)?;
    let (Some(to), Some(path)) = (found.entrusted_to, found.entrusted_path.clone()) else {
        return Err(Problem::new(Code::InvalidState));
    };
    if !by.scope.contains(&path) {
        let others = "未委托本级工会办理。";
        return Err(Problem::new(Code::InvalidState).with_detail(others));
    }
    if found.person_id == by.person {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    Ok((found, to, path))
}

/// Takes a case over: the union that was asked handles it from now on, and names its lawyer within three days.
///
/// # Errors
/// `INVALID_STATE` unless one's union is asked; `STALE`.
pub async fn take_over(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let (found, to, path) = asked(tx, by, id, check).await?;
    let calendar = Calendar::load(tx).await?;
    clock::end(core, tx, &calendar, case(id), ENTRUST, true).await?;
    let sets = Sets {
        org_id: Some(to),
        path: Some(&path),
        entrusted_to: Some(None),
        entrusted_path: Some(None),
        lawyer_id: Some(None),
        ..Sets::default()
    };
    let step = Turn { author: by.author(), sets, ..Turn::of(Action::TakeOver) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// Declines; the case stays where it is.
///
/// # Errors
/// As [`take_over`].
pub async fn decline(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, reason): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let (found, ..) = asked(tx, by, id, check).await?;
    drop_offer(core, tx, by.actor, &found, by.author(), Some(reason)).await
}

/// Drops an offer that was declined or not answered in time.
pub(super) async fn drop_offer(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    found: &Aid,
    author: Author,
    text: Option<&str>,
) -> Result<Aid, Problem> {
    let calendar = Calendar::load(tx).await?;
    clock::end(core, tx, &calendar, case(found.id), ENTRUST, text.is_some()).await?;
    if found.entrusted_to.is_none() {
        return Ok(found.clone());
    }
    let sets = Sets { entrusted_to: Some(None), entrusted_path: Some(None), ..Sets::default() };
    let step = Turn { author, text, sets, ..Turn::of(Action::Decline) };
    Ok(turn(core, tx, actor, found, step).await?.0)
}

/// A union of the caller's province, whatever their scope: names and places of unions are no secret.
///
/// # Errors
/// `VALIDATION_FAILED` with `ORG_UNKNOWN` at `/org_id` when there is none.
pub async fn union(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Org, Problem> {
    let root: String = scope.start().split_inclusive('/').take(2).collect();
    match org::get(conn, &OrgScope::subtree(&root), id).await {
        Err(problem) if problem.code == Code::NotFound => {
            Err(Problem::invalid("/org_id", Invalid::new("ORG_UNKNOWN", "没有这个工会。")))
        }
        other => other,
    }
}
