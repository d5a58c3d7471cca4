//! Every change of a case goes through [`turn`]: judged by the table, written with its clocks, its entry, its audit row and its
//! news, or not at all.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock::{self, Breached, Case};
use unionhall_casework::machine::Deadline;
use unionhall_casework::reminder;
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::case::{Aid, lock};
use super::{Action, DECIDE, ENTRUST, KIND, LIMITATION, MACHINE, State};
use crate::schema::{legal_aid as rows, legal_conflict as conflicts};
use crate::tried;

/// Published when a case moved to another state: [`Moved`].
pub const MOVED: &str = "legal_aid.moved";
/// How long before missing papers close a case the member is told again, days.
const PAPERS_REMINDED: i64 = 3;

/// What [`MOVED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    /// The event.
    pub id: Uuid,
    /// The case.
    pub aid_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Its state from now on.
    pub state: State,
}

/// What a change sets beside the state; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, AsChangeset)]
#[diesel(table_name = rows)]
pub(super) struct Sets<'a> {
    pub org_id: Option<Uuid>,
    pub path: Option<&'a str>,
    pub entrusted_to: Option<Option<Uuid>>,
    pub entrusted_path: Option<Option<&'a str>>,
    pub papers_asked: Option<bool>,
    pub provisional: Option<bool>,
    pub reviewer_id: Option<Uuid>,
    pub decider_id: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_path: Option<&'a str>,
    pub lawyer_id: Option<Option<Uuid>>,
    pub outcome: Option<&'static str>,
    pub recovered_fen: Option<i64>,
    pub rating: Option<i32>,
}

/// A change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    /// What is done.
    pub action: Action,
    /// Who does it, for the timeline.
    pub author: Author,
    /// What is said.
    pub text: Option<&'a str>,
    /// What else it sets.
    pub sets: Sets<'a>,
}

impl Turn<'_> {
    pub(super) fn of(action: Action) -> Self {
        Self { action, author: Author::Platform, text: None, sets: Sets::default() }
    }
}

pub(super) const fn case(id: Uuid) -> Case {
    Case { kind: KIND, id }
}

// The clocks of a case from one state to the next. The decision's runs from the application on and stands still only while
// papers are missing; every other limits one state.
async fn wind(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    of: Uuid,
    (from, to, action): (State, State, Action),
) -> Result<(), Problem> {
    let (of, in_time) = (case(of), !super::TIMES_OUT.contains(&action));
    let (before, after) = (MACHINE.rule(from), MACHINE.rule(to));
    if let Some(Deadline::Stops(stood, _)) = before.map(|rule| rule.deadline) {
        clock::resume(core, tx, calendar, of, stood).await?;
    }
    if let Some(name) = from.clock().filter(|name| *name != DECIDE || action == Action::Raise) {
        clock::end(core, tx, calendar, of, name, in_time).await?;
    }
    if let (Some(name), Some(limit)) = (to.clock(), to.limit())
        && (name != DECIDE || action == Action::Raise)
    {
        clock::start(core, tx, calendar, of, (name, limit)).await?;
    }
    if let Some(Deadline::Stops(stands, name)) = after.map(|rule| rule.deadline) {
        clock::stop(core, tx, calendar, of, (stands, to.as_str())).await?;
        reminder::add(core, tx, of, (name, &[chrono::Duration::days(PAPERS_REMINDED)])).await?;
    }
    Ok(())
}

/// Makes a change of a case that the caller has locked.
pub(super) async fn turn(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Aid,
    by: Turn<'_>,
) -> Result<(Aid, i32), Problem> {
    let (now, from) = (core.now(), before.state());
    let to = MACHINE.next(from, by.action).ok_or_else(|| Problem::new(Code::InvalidState))?;
    let closed = (from != to && (to == State::Closed || MACHINE.is_over(to))).then_some(now);
    let sets = match MACHINE.is_over(to) {
        true => Sets { entrusted_to: Some(None), entrusted_path: Some(None), ..by.sets },
        false => by.sets,
    };
    let changed: Option<Aid> =
        diesel::update(rows::table.find(before.id).filter(rows::version.eq(before.version)))
            .set((
                rows::state.eq(to.as_str()),
                rows::version.eq(rows::version + 1),
                closed.map(|at| rows::closed_at.eq(at)),
                sets,
            ))
            .returning(Aid::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let calendar = Calendar::load(tx).await?;
    if from != to || by.action == Action::Raise {
        wind(core, tx, &calendar, before.id, (from, to, by.action)).await?;
    }
    if changed.decided_at != before.decided_at {
        clock::end(core, tx, &calendar, case(before.id), DECIDE, true).await?;
    }
    if MACHINE.is_over(to) || to == State::Closed {
        for name in [DECIDE, LIMITATION, ENTRUST] {
            clock::end(core, tx, &calendar, case(before.id), name, to == State::Closed).await?;
        }
    }
    let entry = NewEntry {
        public: by.action.is_public(),
        what: by.action.as_str(),
        author: by.author,
        state: (from != to).then_some(to.as_str()),
        text: by.text,
    };
    let seq = timeline::append(core, tx, case(before.id), entry).await?;
    let object = ("legal_aid", Some(before.id));
    let event = actor.event(core.id(), now, Some(&changed.path), "legal_aid.turn", object);
    let moved = json!({"step": by.action.as_str(), "state": [from, to], "lawyer": changed.lawyer_id});
    audit::append(tx, &event.about(before.person_id).changes(moved)).await?;
    if from != to && by.action.is_public() {
        let id = core.id();
        let news = Moved { id, aid_id: before.id, person_id: before.person_id, state: to };
        outbox::publish(tx, id, now, MOVED, &news).await?;
    }
    Ok((changed, seq))
}

/// A clock of a case ran out. Running twice does no harm: the clock has ended by then, or has been told.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn timed_out(core: &Core, tx: &mut Conn, breached: &Breached) -> Result<(), Problem> {
    let found = lock(tx, breached.case).await?;
    let open = clock::of_case(tx, found.id).await?;
    if !open.iter().any(|clock| clock.id == breached.clock && clock.ended_at.is_none()) {
        return Ok(());
    }
    let actor = Actor::task();
    if found.state().clock() != Some(breached.name.as_str()) {
        return beside(core, tx, &actor, &found, &breached.name).await;
    }
    let action = match found.state() {
        State::NeedDocs | State::Closed | State::Refused => Action::Lapse,
        State::Appointed => Action::Silent { decided: found.is_decided() },
        _ => Action::Raise,
    };
    let silent =
        (action == Action::Silent { decided: found.is_decided() }).then_some(found.lawyer_id).flatten();
    let sets = Sets { lawyer_id: silent.map(|_| None), ..Sets::default() };
    turn(core, tx, &actor, &found, Turn { sets, ..Turn::of(action) }).await?;
    match silent {
        Some(lawyer) => tried::remember(tx, found.id, lawyer, "silent", core.now()).await,
        None => Ok(()),
    }
}

// Clocks that run beside the state's: an entrustment nobody answered is dropped, the others are put on record.
async fn beside(core: &Core, tx: &mut Conn, actor: &Actor, of: &Aid, name: &str) -> Result<(), Problem> {
    match name {
        ENTRUST => super::entrust::drop_offer(core, tx, actor, of, Author::Platform, None).await.map(drop),
        DECIDE | LIMITATION => {
            let what = if name == DECIDE { "decision_overdue" } else { "limitation_over" };
            let entry = NewEntry { public: false, what, author: Author::Platform, state: None, text: None };
            timeline::append(core, tx, case(of.id), entry).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Takes cases back from lawyers who stand behind the wall by now. Answers how many.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn take_back(core: &Core, tx: &mut Conn, actor: &Actor) -> Result<usize, Problem> {
    let behind = diesel::dsl::exists(
        conflicts::table
            .filter(conflicts::case_id.eq(rows::id).and(conflicts::lawyer_id.nullable().eq(rows::lawyer_id))),
    );
    let found: Vec<Aid> = rows::table
        .filter(rows::state.eq_any([State::Appointed.as_str(), State::InProgress.as_str()]).and(behind))
        .order(rows::id)
        .select(Aid::as_select())
        .for_update()
        .load(tx)
        .await?;
    for one in &found {
        let sets = Sets { lawyer_id: Some(None), ..Sets::default() };
        let by = Turn { sets, ..Turn::of(Action::Wall { decided: one.is_decided() }) };
        turn(core, tx, actor, one, by).await?;
    }
    Ok(found.len())
}
