//! Who gets a question: the lawyer the member asked for, or one on duty who is there; never one behind the wall.

use diesel::prelude::*;
use diesel::sql_types::{Date, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_casework::calendar::Calendar;
use unionhall_identity::sms::{Message, Template};
use unionhall_identity::{Identity, account};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, outbox};
use unionhall_web::Actor;
use uuid::Uuid;

use super::step::{Turn, turn};
use super::store::{Consultation, lock};
use super::{Action, State};
use crate::directory;
use crate::duty::PRESENT_MINUTES;
use crate::schema::{legal_conflict as conflicts, legal_consultation as rows, legal_lawyer as lawyers};
use crate::{notice, wall};

/// Published when a lawyer got a question: [`Assigned`].
pub const ASSIGNED: &str = "consultation.assigned";
/// How many questions a lawyer has at a time before others are asked; it does not keep anybody waiting.
const QUEUE_BATCH: i64 = 20;

/// What [`ASSIGNED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assigned {
    /// The question.
    pub id: Uuid,
    /// Whose account it is in.
    pub account_id: Uuid,
}

#[derive(QueryableByName)]
struct Candidate {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

// Licences of lawyer and firm run, no wall; the one who is wanted, or a present one on duty and not on leave. Who was silent or gave it back
// comes last, backups after those on duty, and the least burdened first.
const CANDIDATE: &str = "
    SELECT l.id
    FROM legal_lawyer l
    JOIN legal_firm f ON f.id = l.firm_id
    JOIN legal_consultation c ON c.id = $1
    LEFT JOIN legal_tried t ON t.case_id = c.id AND t.lawyer_id = l.id
    LEFT JOIN legal_shift s ON (s.lawyer_id = l.id OR s.backup_id = l.id) AND s.state = 'PUBLISHED'
         AND s.starts_at <= $2 AND s.ends_at > $2
    WHERE l.state = 'ACTIVE' AND l.licence_until >= $3 AND f.licence_until >= $3
      AND NOT EXISTS (SELECT FROM legal_conflict w WHERE w.case_id = c.id AND w.lawyer_id = l.id)
      AND ((l.id = c.chosen_id AND t.lawyer_id IS NULL)
           OR (s.id IS NOT NULL AND l.seen_at >= $4 AND t.why IS DISTINCT FROM 'recused'
               AND NOT EXISTS (SELECT FROM legal_leave v WHERE v.lawyer_id = l.id AND v.withdrawn_at IS NULL
                               AND v.from_date <= $3 AND v.to_date >= $3)))
    ORDER BY (l.id = c.chosen_id AND t.lawyer_id IS NULL) DESC NULLS LAST, t.lawyer_id IS NOT NULL, s.backup_id = l.id,
             (SELECT count(*) FROM legal_consultation o WHERE o.lawyer_id = l.id AND o.state = 'ASSIGNED'), l.id
    LIMIT 1";

/// Gives a queued or escalated question, locked by the caller, to whoever may have it; without anybody it stays.
pub(super) async fn try_assign(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    actor: &Actor,
    waiting: Consultation,
) -> Result<Consultation, Problem> {
    let now = core.now();
    wall::stand_still(tx).await?;
    let found: Option<Candidate> = diesel::sql_query(CANDIDATE)
        .bind::<SqlUuid, _>(waiting.id)
        .bind::<Timestamptz, _>(now)
        .bind::<Date, _>(core.today())
        .bind::<Timestamptz, _>(now - chrono::Duration::minutes(PRESENT_MINUTES))
        .get_result(tx)
        .await
        .optional()?;
    match found {
        Some(Candidate { id }) => give(core, tx, calendar, actor, (waiting, id)).await,
        None => Ok(waiting),
    }
}

async fn give(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    actor: &Actor,
    (waiting, lawyer): (Consultation, Uuid),
) -> Result<Consultation, Problem> {
    let account = lawyers::table.find(lawyer).select(lawyers::account_id).first(tx).await?;
    let by = Turn { lawyer: Some(Some(lawyer)), ..Turn::of(Action::Assign) };
    let given = turn(core, tx, calendar, actor, &waiting, by).await?;
    notice::of_question(core, tx, lawyer, (given.id, &given.number)).await?;
    outbox::publish(tx, core.id(), core.now(), ASSIGNED, &Assigned { id: given.id, account_id: account })
        .await?;
    Ok(given)
}

/// Looks for lawyers for whatever waits, the longest first: what a heartbeat does. What another copy is giving out just now
/// is passed over.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn assign_queued(core: &Core, tx: &mut Conn, actor: &Actor) -> Result<(), Problem> {
    let waiting: Vec<Consultation> = rows::table
        .filter(rows::state.eq_any([State::Queued.as_str(), State::Escalated.as_str()]))
        .order((rows::asked_at, rows::id))
        .limit(QUEUE_BATCH)
        .select(Consultation::as_select())
        .for_update()
        .skip_locked()
        .load(tx)
        .await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let calendar = Calendar::load(tx).await?;
    for question in waiting {
        try_assign(core, tx, &calendar, actor, question).await?;
    }
    Ok(())
}

/// The legal department gives an escalated question to a lawyer of its choice, on duty or not.
///
/// # Errors
/// `INVALID_STATE` unless it waits; `LAWYER_CONFLICT` for one behind the wall, `VALIDATION_FAILED` for nobody of the directory.
pub async fn by_hand(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (id, lawyer): (Uuid, Uuid),
    check: impl Fn(i32) -> Result<(), Problem>,
) -> Result<Consultation, Problem> {
    let waiting = lock(tx, id).await?;
    check(waiting.version)?;
    directory::listed(core, tx, lawyer).await?;
    wall::stand_still(tx).await?;
    let behind = conflicts::table.filter(conflicts::case_id.eq(id).and(conflicts::lawyer_id.eq(lawyer)));
    if diesel::select(diesel::dsl::exists(behind)).get_result(tx).await? {
        return Err(Problem::new(Code::LawyerConflict));
    }
    let calendar = Calendar::load(tx).await?;
    give(core, tx, &calendar, actor, (waiting, lawyer)).await
}

/// Wakes a lawyer by SMS who was given a question and has not answered it yet.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked or the message cannot be handed over.
pub async fn wake(identity: &Identity, given: &Assigned) -> Result<(), Problem> {
    let core = &identity.core;
    let mut conn = core.db.read().await?;
    let waiting: Option<String> = rows::table
        .inner_join(lawyers::table.on(lawyers::id.nullable().eq(rows::lawyer_id)))
        .filter(rows::id.eq(given.id).and(rows::state.eq(State::Assigned.as_str())))
        .filter(lawyers::account_id.eq(given.account_id))
        .select(rows::number)
        .first(&mut conn)
        .await
        .optional()?;
    let Some(number) = waiting else { return Ok(()) };
    let account = account::get(&mut conn, given.account_id).await?;
    let mobile = account.map(|account| account.mobile(&core.sealer)).transpose()?.flatten();
    let Some(mobile) = mobile else { return Ok(()) };
    identity.sms.send(&Message { mobile, template: Template::ConsultationWaiting { number } })
}

/// Takes questions back from lawyers who stand behind the wall by now, after whatever moved it: an engagement, a firm, a name.
/// Answers how many.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn take_back(core: &Core, tx: &mut Conn, actor: &Actor) -> Result<usize, Problem> {
    let behind = diesel::dsl::exists(
        conflicts::table
            .filter(conflicts::case_id.eq(rows::id).and(conflicts::lawyer_id.nullable().eq(rows::lawyer_id))),
    );
    let found: Vec<Consultation> = rows::table
        .filter(rows::state.eq(State::Assigned.as_str()).and(behind))
        .order(rows::id)
        .select(Consultation::as_select())
        .for_update()
        .load(tx)
        .await?;
    let calendar = Calendar::load(tx).await?;
    let taken = found.len();
    for question in found {
        let by = Turn { lawyer: Some(None), ..Turn::of(Action::Wall) };
        let queued = turn(core, tx, &calendar, actor, &question, by).await?;
        try_assign(core, tx, &calendar, actor, queued).await?;
    }
    Ok(taken)
}
