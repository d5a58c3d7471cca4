//! What a legal department does: look through, decide, appoint, put away. Who looked a case through does not decide it, who
//! refused it does not decide the appeal, and nobody handles their own.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_casework::timeline::Author;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::case::{Aid, lock};
use super::turn::{Sets, Turn, turn};
use super::{Action, State};
use crate::schema::{legal_conflict as conflicts, legal_lawyer as lawyers};
use crate::{directory, notice, tried, wall};

/// A cadre who acts on a case: for which unions, and who they are.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// For audit rows.
    pub actor: &'a Actor,
    /// The natural person.
    pub person: Uuid,
    /// Their unions.
    pub scope: &'a OrgScope,
}

impl By<'_> {
    pub(super) const fn author(self) -> Author {
        Author::Cadre(self.person)
    }

    // A case, locked, at the version that was read; handled by the caller's unions and not their own.
    pub(super) async fn take(
        self,
        tx: &mut Conn,
        id: Uuid,
        check: &impl Fn(i32) -> Result<(), Problem>,
    ) -> Result<Aid, Problem> {
        let found = lock(tx, id).await?;
        check(found.version)?;
        if !self.scope.contains(&found.path) {
            let elsewhere = "该案件由其他工会办理。";
            return Err(Problem::new(Code::InvalidState).with_detail(elsewhere));
        }
        if found.person_id == self.person {
            return Err(Problem::new(Code::NotAnotherPerson));
        }
        Ok(found)
    }
}

/// The papers are complete: the review begins.
///
/// # Errors
/// `INVALID_STATE`, also when another union handles it; `STALE`; `NOT_ANOTHER_PERSON` for one's own.
pub async fn complete(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    let sets = Sets { reviewer_id: Some(by.person), ..Sets::default() };
    let step = Turn { author: by.author(), sets, ..Turn::of(Action::Complete) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// Papers are missing: told once, all of them; without them in fifteen days the application counts as withdrawn.
///
/// # Errors
/// As [`complete`]; `INVALID_STATE` when they were asked for before.
pub async fn ask_papers(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, what): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if found.papers_asked {
        let once = "材料补正须一次性告知，本案已告知过。";
        return Err(Problem::new(Code::InvalidState).with_detail(once));
    }
    let sets = Sets { papers_asked: Some(true), ..Sets::default() };
    let step = Turn { author: by.author(), text: Some(what), sets, ..Turn::of(Action::AskPapers) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// A lawyer acts first and the decision follows: where the limitation period or the hearing is less than seven days away.
///
/// # Errors
/// As [`complete`]; `INVALID_STATE` where neither is so near.
pub async fn provide(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, reason): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if !found.is_urgent(core.today()) {
        let far = "仲裁时效或开庭日期不在7日之内，不适用先行援助。";
        return Err(Problem::new(Code::InvalidState).with_detail(far));
    }
    let sets = Sets {
        provisional: Some(true),
        reviewer_id: Some(found.reviewer_id.unwrap_or(by.person)),
        ..Sets::default()
    };
    let step = Turn { author: by.author(), text: Some(reason), sets, ..Turn::of(Action::Provide) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// Gives aid or refuses it, with the reason the member reads. A lawyer who acts already goes on, or stops.
///
/// # Errors
/// As [`complete`]; `NOT_ANOTHER_PERSON` for who looked it through; `INVALID_STATE` when it is decided.
pub async fn decide(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, grants, reason): (Uuid, bool, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if found.reviewer_id == Some(by.person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    if found.is_decided() {
        return Err(Problem::new(Code::InvalidState));
    }
    let has_lawyer = matches!(found.state(), State::Appointed | State::InProgress | State::Reported);
    let action = match (grants, has_lawyer) {
        (true, false) => Action::Grant,
        (true, true) => Action::GrantLater,
        (false, false) => Action::Refuse,
        (false, true) => Action::RefuseLater,
    };
    let sets = Sets {
        decider_id: Some(by.person),
        decided_at: Some(core.now()),
        decided_path: Some(by.scope.start()),
        provisional: grants.then_some(false),
        ..Sets::default()
    };
    let step = Turn { author: by.author(), text: Some(reason), sets, ..Turn::of(action) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// The union above decides what the member asks it to; at the province, another person of the province.
///
/// # Errors
/// As [`complete`]; `WRONG_LEVEL` for the union that refused; `NOT_ANOTHER_PERSON` for whoever had a hand in it.
pub async fn decide_appeal(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, grants, reason): (Uuid, bool, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    let refused_at = found.decided_path.as_deref().unwrap_or(&found.path);
    let is_above = refused_at.starts_with(by.scope.start()) && refused_at != by.scope.start();
    if !(is_above || by.scope.is_whole_tree()) {
        return Err(Problem::new(Code::WrongLevel));
    }
    if [found.reviewer_id, found.decider_id].contains(&Some(by.person)) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let action = if grants { Action::Overturn } else { Action::Uphold };
    let sets = Sets { decider_id: Some(by.person), decided_at: Some(core.now()), ..Sets::default() };
    let step = Turn { author: by.author(), text: Some(reason), sets, ..Turn::of(action) };
    Ok(turn(core, tx, by.actor, &found, step).await?.0)
}

/// Names the lawyer, who then takes it or gives it back.
///
/// # Errors
/// As [`complete`]; `LAWYER_CONFLICT` for one behind the wall and for who gave it back, `VALIDATION_FAILED` for nobody of the directory; `INVALID_STATE` while
/// another union is asked to handle it.
pub async fn appoint(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, lawyer): (Uuid, Uuid),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if found.entrusted_to.is_some() {
        let offered = "已委托其他工会办理，对方尚未答复。";
        return Err(Problem::new(Code::InvalidState).with_detail(offered));
    }
    directory::listed(core, tx, lawyer).await?;
    wall::stand_still(tx).await?;
    let behind = conflicts::table.filter(conflicts::case_id.eq(id).and(conflicts::lawyer_id.eq(lawyer)));
    let behind: bool = diesel::select(diesel::dsl::exists(behind)).get_result(tx).await?;
    if behind || tried::has_recused(tx, id, lawyer).await? {
        return Err(Problem::new(Code::LawyerConflict));
    }
    let sets = Sets { lawyer_id: Some(Some(lawyer)), ..Sets::default() };
    let step = Turn { author: by.author(), sets, ..Turn::of(Action::Appoint) };
    let (named, _) = turn(core, tx, by.actor, &found, step).await?;
    notice::of_aid(core, tx, lawyer, (id, &named.number)).await?;
    Ok(named)
}

// The natural person of a case's lawyer.
async fn lawyer_of(tx: &mut Conn, of: &Aid) -> Result<Option<Uuid>, Problem> {
    let Some(lawyer) = of.lawyer_id else { return Ok(None) };
    Ok(lawyers::table.find(lawyer).select(lawyers::person_id).first(tx).await.optional()?)
}

async fn close(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    found: &Aid,
    (action, text): (Action, Option<&str>),
) -> Result<Aid, Problem> {
    if lawyer_of(tx, found).await? == Some(by.person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let step = Turn { author: by.author(), text, ..Turn::of(action) };
    Ok(turn(core, tx, by.actor, found, step).await?.0)
}

/// Puts a case away whose report was found in order.
///
/// # Errors
/// As [`complete`]; `INVALID_STATE` while aid that was provided first is not decided; `NOT_ANOTHER_PERSON` for its lawyer.
pub async fn archive(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    if !found.is_decided() {
        let first = "先行援助的案件须先作出是否准予援助的决定。";
        return Err(Problem::new(Code::InvalidState).with_detail(first));
    }
    close(core, tx, by, &found, (Action::Archive, None)).await
}

/// Sends a report back to the lawyer.
///
/// # Errors
/// As [`archive`].
pub async fn send_back(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, what): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    close(core, tx, by, &found, (Action::SendBack, Some(what))).await
}

/// Ends aid: the facts were false, or the member does not want it any more.
///
/// # Errors
/// As [`archive`].
pub async fn terminate(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    (id, reason): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Aid, Problem> {
    let found = by.take(tx, id, &check).await?;
    close(core, tx, by, &found, (Action::Terminate, Some(reason))).await
}
