//! Every change of a question goes through [`turn`]: judged by the table, written with its clocks and its entry, or not at all.

use chrono::Duration;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock::{self, Breached, Case};
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::assign::try_assign;
use super::store::{Consultation, lock};
use super::{Action, CALL_BACK_FROM, FIRST_RESPONSE, HIGHEST, KIND, MACHINE, REOPEN_DAYS, State};
use crate::schema::{legal_conflict as conflicts, legal_consultation as rows, member_standing as standing};
use crate::{attachment, tried};

/// Published when a lawyer answered: [`Answered`].
pub const ANSWERED: &str = "consultation.answered";

/// What [`ANSWERED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    /// The event.
    pub id: Uuid,
    /// The question.
    pub consultation_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
}

/// A change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    /// What is done.
    pub action: Action,
    /// Who has it from now on, where that changes.
    pub lawyer: Option<Option<Uuid>>,
    /// Who does it, for the timeline.
    pub author: Author,
    /// What is said.
    pub text: Option<&'a str>,
    /// The rating given.
    pub rating: Option<i32>,
    /// Files that belong to what is said.
    pub files: &'a [Uuid],
    /// The account that uploaded them.
    pub account: Uuid,
}

impl Turn<'_> {
    pub(super) fn of(action: Action) -> Self {
        Self {
            action,
            lawyer: None,
            author: Author::Platform,
            text: None,
            rating: None,
            files: &[],
            account: Uuid::nil(),
        }
    }
}

// What the member reads in the timeline: not who recused or was silent, which is between the lawyer and the union.
const fn is_public(action: Action) -> bool {
    !matches!(action, Action::Recuse | Action::Silent | Action::Wall | Action::Raise)
}

/// Makes a change of a question that the caller has locked: state, clocks, timeline and audit row together.
pub(super) async fn turn(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    actor: &Actor,
    before: &Consultation,
    by: Turn<'_>,
) -> Result<Consultation, Problem> {
    let (now, from) = (core.now(), before.state());
    let to = MACHINE.next(from, by.action).ok_or_else(|| Problem::new(Code::InvalidState))?;
    let lawyer = by.lawyer.unwrap_or(before.lawyer_id);
    let first = by.action == Action::Reply && before.first_response_at.is_none();
    let escalated = match by.action {
        Action::Raise => (before.escalated + 1).min(HIGHEST),
        Action::Reopen => 0,
        _ => before.escalated,
    };
    let changed: Option<Consultation> =
        diesel::update(rows::table.find(before.id).filter(rows::version.eq(before.version)))
            .set((
                rows::state.eq(to.as_str()),
                rows::lawyer_id.eq(lawyer),
                rows::escalated.eq(escalated),
                rows::first_response_at.eq(if first { Some(now) } else { before.first_response_at }),
                rows::closed_at.eq(if to == State::Closed && from != to {
                    Some(now)
                } else {
                    before.closed_at
                }),
                rows::reopened.eq(before.reopened + i32::from(by.action == Action::Reopen)),
                rows::rating.eq(by.rating.or(before.rating)),
                rows::rated_at.eq(by.rating.map(|_| now).or(before.rated_at)),
                rows::version.eq(rows::version + 1),
            ))
            .returning(Consultation::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let case = Case { kind: KIND, id: before.id };
    // Who says more while the other is asked lengthens nobody's time.
    if from != to || by.action == Action::Raise {
        if let Some(clock) = from.clock() {
            let in_time = !super::TIMES_OUT.contains(&by.action);
            clock::end(core, tx, calendar, case, clock, in_time).await?;
        }
        if let (Some(clock), Some(limit)) = (to.clock(), to.limit()) {
            clock::start(core, tx, calendar, case, (clock, limit)).await?;
        }
    }
    if first {
        clock::end(core, tx, calendar, case, FIRST_RESPONSE, true).await?;
    }
    if MACHINE.is_over(to) || to == State::Closed {
        clock::end(core, tx, calendar, case, FIRST_RESPONSE, false).await?;
    }
    let entry = NewEntry {
        public: is_public(by.action),
        what: by.action.as_str(),
        author: by.author,
        state: (from != to).then_some(to.as_str()),
        text: by.text,
    };
    let seq = timeline::append(core, tx, case, entry).await?;
    if by.action == Action::Reply && from == State::Assigned {
        let id = core.id();
        let news = Answered { id, consultation_id: before.id, person_id: before.person_id };
        outbox::publish(tx, id, now, ANSWERED, &news).await?;
    }
    attachment::attach(core, tx, (by.account, case), seq, by.files).await?;
    let path: Option<String> = standing::table
        .filter(standing::person_id.eq(before.person_id))
        .select(standing::path)
        .first(tx)
        .await
        .optional()?;
    let object = ("consultation", Some(before.id));
    let action = match by.action {
        Action::Reply | Action::FollowUp | Action::FollowUpElsewhere => "consultation.write",
        _ => "consultation.turn",
    };
    let event = actor.event(core.id(), now, path.as_deref(), action, object).about(before.person_id);
    let moved = json!({"step": by.action.as_str(), "state": [from, to], "lawyer": lawyer});
    audit::append(tx, &event.changes(moved)).await?;
    Ok(changed)
}

// A member's own question, locked.
async fn own(tx: &mut Conn, person: Uuid, id: Uuid) -> Result<Consultation, Problem> {
    let found = lock(tx, id).await?;
    if found.person_id == person { Ok(found) } else { Err(Problem::not_found()) }
}

// A question a lawyer has and may have, locked.
async fn theirs(tx: &mut Conn, lawyer: Uuid, id: Uuid) -> Result<Consultation, Problem> {
    let found = lock(tx, id).await?;
    if found.lawyer_id != Some(lawyer) || is_walled(tx, id, lawyer).await? {
        return Err(Problem::not_found());
    }
    Ok(found)
}

async fn is_walled(tx: &mut Conn, id: Uuid, lawyer: Uuid) -> Result<bool, Problem> {
    let wall = conflicts::table.filter(conflicts::case_id.eq(id).and(conflicts::lawyer_id.eq(lawyer)));
    Ok(diesel::select(diesel::dsl::exists(wall)).get_result(tx).await?)
}

/// A lawyer answers. The first public message of a lawyer is the first response, whatever happens afterwards.
///
/// # Errors
/// `NOT_FOUND` unless the lawyer has the question and may; `INVALID_STATE` once it is closed.
pub async fn reply(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (lawyer, person, account): (Uuid, Uuid, Uuid),
    (id, text, files): (Uuid, &str, &[Uuid]),
) -> Result<Consultation, Problem> {
    let found = theirs(tx, lawyer, id).await?;
    let calendar = Calendar::load(tx).await?;
    let author = Author::Lawyer(person);
    let by = Turn { author, text: Some(text), files, account, ..Turn::of(Action::Reply) };
    turn(core, tx, &calendar, actor, &found, by).await
}

/// A lawyer gives a question back; it goes to somebody else and not to them again.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it is answered.
pub async fn recuse(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (lawyer, person): (Uuid, Uuid),
    (id, reason): (Uuid, &str),
) -> Result<(), Problem> {
    let found = theirs(tx, lawyer, id).await?;
    let calendar = Calendar::load(tx).await?;
    let by = Turn {
        lawyer: Some(None),
        author: Author::Lawyer(person),
        text: Some(reason),
        ..Turn::of(Action::Recuse)
    };
    let queued = turn(core, tx, &calendar, actor, &found, by).await?;
    tried::remember(tx, id, lawyer, "recused", core.now()).await?;
    try_assign(core, tx, &calendar, actor, queued).await.map(drop)
}

/// The member asks on: the same lawyer again, or another where theirs may not have it any more.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless a lawyer has it.
pub async fn follow_up(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (person, account): (Uuid, Uuid),
    (id, text, files): (Uuid, &str, &[Uuid]),
) -> Result<Consultation, Problem> {
    let found = own(tx, person, id).await?;
    let calendar = Calendar::load(tx).await?;
    let author = Author::Member(person);
    let walled = match found.lawyer_id {
        Some(lawyer) if found.state() == State::Answered => is_walled(tx, id, lawyer).await?,
        _ => false,
    };
    if !walled {
        let by = Turn { author, text: Some(text), files, account, ..Turn::of(Action::FollowUp) };
        return turn(core, tx, &calendar, actor, &found, by).await;
    }
    let lawyer = Some(None);
    let by = Turn { lawyer, author, text: Some(text), files, account, ..Turn::of(Action::FollowUpElsewhere) };
    let queued = turn(core, tx, &calendar, actor, &found, by).await?;
    try_assign(core, tx, &calendar, actor, queued).await
}

/// The member is satisfied.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it was answered.
pub async fn accept(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    id: Uuid,
) -> Result<Consultation, Problem> {
    let found = own(tx, person, id).await?;
    let calendar = Calendar::load(tx).await?;
    let by = Turn { author: Author::Member(person), ..Turn::of(Action::Accept) };
    turn(core, tx, &calendar, actor, &found, by).await
}

/// The member takes a question back that is not answered yet.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it was answered.
pub async fn withdraw(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    id: Uuid,
) -> Result<Consultation, Problem> {
    let found = own(tx, person, id).await?;
    let calendar = Calendar::load(tx).await?;
    let by = Turn { lawyer: Some(None), author: Author::Member(person), ..Turn::of(Action::Withdraw) };
    turn(core, tx, &calendar, actor, &found, by).await
}

/// A member's question goes on as a case of legal aid: one that a lawyer has ends with that, any other stays as it is.
///
/// # Errors
/// `VALIDATION_FAILED` at `/consultation_id` when it is absent or another's.
pub async fn to_aid(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (person, id): (Uuid, Uuid),
) -> Result<(), Problem> {
    let unknown =
        || Problem::invalid("/consultation_id", Invalid::new("CONSULTATION_UNKNOWN", "没有这条咨询。"));
    let found = own(tx, person, id).await.map_err(|problem| match problem.code {
        Code::NotFound => unknown(),
        _ => problem,
    })?;
    if MACHINE.next(found.state(), Action::ToAid).is_none() {
        return Ok(());
    }
    let calendar = Calendar::load(tx).await?;
    let by = Turn { author: Author::Member(person), ..Turn::of(Action::ToAid) };
    turn(core, tx, &calendar, actor, &found, by).await.map(drop)
}

/// A lawyer finds that a question needs representation, and tells the member so, who then applies.
///
/// # Errors
/// `NOT_FOUND` unless the lawyer has the question and may; `INVALID_STATE` unless it is open.
pub async fn recommend_aid(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (lawyer, person): (Uuid, Uuid),
    (id, reason): (Uuid, &str),
) -> Result<(), Problem> {
    let found = theirs(tx, lawyer, id).await?;
    if MACHINE.next(found.state(), Action::ToAid).is_none() {
        return Err(Problem::new(Code::InvalidState));
    }
    let entry = NewEntry {
        public: true,
        what: "aid_recommended",
        author: Author::Lawyer(person),
        state: None,
        text: Some(reason),
    };
    timeline::append(core, tx, Case { kind: KIND, id }, entry).await?;
    let object = ("consultation", Some(id));
    let event = actor.event(core.id(), core.now(), None, "consultation.recommend_aid", object);
    audit::append(tx, &event.about(found.person_id)).await
}

/// The member wants a closed question looked at again, within fifteen days; what its clocks ran before stays.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is closed and not rated, or the days are over.
pub async fn reopen(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    (id, reason): (Uuid, &str),
) -> Result<Consultation, Problem> {
    let found = own(tx, person, id).await?;
    let over = found.closed_at.is_some_and(|at| core.now() > at + Duration::days(REOPEN_DAYS));
    if over {
        let late = Problem::new(Code::InvalidState).with_detail("已超过可重新打开的期限，请重新提问。");
        return Err(late);
    }
    let calendar = Calendar::load(tx).await?;
    let by = Turn {
        lawyer: Some(None),
        author: Author::Member(person),
        text: Some(reason),
        ..Turn::of(Action::Reopen)
    };
    let queued = turn(core, tx, &calendar, actor, &found, by).await?;
    try_assign(core, tx, &calendar, actor, queued).await
}

/// The member rates a closed question, once; two stars or fewer and the legal department calls.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is closed and not rated.
pub async fn rate(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    person: Uuid,
    (id, stars, comment): (Uuid, i32, Option<&str>),
) -> Result<Consultation, Problem> {
    let found = own(tx, person, id).await?;
    let calendar = Calendar::load(tx).await?;
    let action = if stars <= CALL_BACK_FROM { Action::RateBadly } else { Action::Rate };
    let by = Turn { author: Author::Member(person), text: comment, rating: Some(stars), ..Turn::of(action) };
    turn(core, tx, &calendar, actor, &found, by).await
}

/// The legal department called about a bad rating.
///
/// # Errors
/// `INVALID_STATE` unless it waits for that; `STALE`.
pub async fn call_back(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (id, what): (Uuid, &str),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Consultation, Problem> {
    let found = lock(tx, id).await?;
    check(found.version)?;
    let person = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let calendar = Calendar::load(tx).await?;
    let by = Turn { author: Author::Cadre(person), text: Some(what), ..Turn::of(Action::CallBack) };
    turn(core, tx, &calendar, actor, &found, by).await
}

/// A clock of a question ran out. Running twice does no harm: the clock has ended by then.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn timed_out(core: &Core, tx: &mut Conn, breached: &Breached) -> Result<(), Problem> {
    let found = lock(tx, breached.case).await?;
    let open = clock::of_case(tx, found.id).await?;
    let is_open = open.iter().any(|clock| clock.id == breached.clock && clock.ended_at.is_none());
    if !is_open || found.state().clock() != Some(breached.name.as_str()) {
        return Ok(());
    }
    let action = match found.state() {
        State::Queued => Action::Escalate,
        State::Assigned => Action::Silent,
        State::Answered => Action::Lapse,
        State::Escalated | State::Callback => Action::Raise,
        State::Closed => Action::Forget,
        State::Rated | State::Unrated | State::Withdrawn | State::ToAid => return Ok(()),
    };
    let (calendar, actor) = (Calendar::load(tx).await?, Actor::task());
    let lawyer = (action == Action::Silent).then_some(None);
    let turned = turn(core, tx, &calendar, &actor, &found, Turn { lawyer, ..Turn::of(action) }).await?;
    if let (Action::Silent, Some(silent)) = (action, found.lawyer_id) {
        tried::remember(tx, found.id, silent, "silent", core.now()).await?;
        try_assign(core, tx, &calendar, &actor, turned).await?;
    }
    Ok(())
}
