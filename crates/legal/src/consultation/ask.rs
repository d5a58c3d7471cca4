//! Asking: the question, everybody it is about, and the clocks.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock::{self, Case};
use unionhall_casework::hours::Limit;
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_kernel::{Code, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::store::{Consultation, TITLE};
use super::{FIRST_RESPONSE, KIND, State, WAIT_MINUTES, assign};
use crate::lawyer::LegalField;
use crate::party::{self, NewParty};
use crate::schema::{legal_consultation as rows, member_standing as standing};
use crate::{attachment, directory, duty, number};

/// A question.
#[derive(Debug, Clone)]
pub struct NewConsultation {
    /// About what.
    pub category: LegalField,
    /// In short.
    pub title: String,
    /// In full.
    pub question: String,
    /// Everybody else it is about.
    pub parties: Vec<NewParty>,
    /// Which lawyer is wanted.
    pub lawyer: Option<Uuid>,
    /// Files that belong to it.
    pub files: Vec<Uuid>,
    /// For the legal officers alone; harassment always is.
    pub sensitive: bool,
}

/// Questions of one member that may be open at a time: each may wake a lawyer.
const OPEN: i64 = 20;

/// Asks a question. It goes to the lawyer who is wanted, or to one on duty, where there is one free of conflict; or else it
/// waits.
///
/// # Errors
/// `MODULE_CLOSED` where the member's union has no legal help; `VALIDATION_FAILED` at `/lawyer_id` for nobody of the directory;
/// `NOT_ELIGIBLE` without an open membership; `APPLICATION_OPEN` for the twenty-first that is open.
pub async fn ask(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (account, person): (Uuid, Uuid),
    new: &NewConsultation,
) -> Result<Consultation, Problem> {
    let path: Option<String> = standing::table
        .filter(standing::person_id.eq(person).and(standing::state.ne("ENDED")))
        .select(standing::path)
        .first(tx)
        .await
        .optional()?;
    let path = path.ok_or_else(|| Problem::new(Code::NotEligible).with("rule", "membership"))?;
    module::require(tx, &path, Module::Legal, core.today()).await?;
    let open = [State::Queued, State::Assigned, State::Answered, State::Escalated].map(State::as_str);
    let own = rows::table.filter(rows::person_id.eq(person).and(rows::state.eq_any(open)));
    if own.count().get_result::<i64>(tx).await? >= OPEN {
        return Err(
            Problem::new(Code::ApplicationOpen).with_detail("您已有20个咨询尚未办结，请先在原咨询中追问。")
        );
    }
    if let Some(lawyer) = new.lawyer {
        directory::listed(core, tx, lawyer).await?;
    }
    let id = core.id();
    let number = number::new(core);
    let asked: Consultation = diesel::insert_into(rows::table)
        .values((
            rows::id.eq(id),
            rows::number.eq(&number),
            rows::person_id.eq(person),
            rows::account_id.eq(account),
            rows::category.eq(new.category.as_str()),
            rows::sensitive.eq(new.sensitive || new.category == LegalField::Harassment),
            rows::title.eq(core.sealer.seal_text(TITLE, id, &new.title)?),
            rows::state.eq(State::Queued.as_str()),
            rows::chosen_id.eq(new.lawyer),
            rows::asked_at.eq(core.now()),
        ))
        .returning(Consultation::as_returning())
        .get_result(tx)
        .await?;
    party::enter(core, tx, (id, person), &new.parties).await?;
    let (case, calendar) = (Case { kind: KIND, id }, Calendar::load(tx).await?);
    let entry = NewEntry {
        public: true,
        what: "asked",
        author: Author::Member(person),
        state: Some(State::Queued.as_str()),
        text: Some(&new.question),
    };
    let seq = timeline::append(core, tx, case, entry).await?;
    attachment::attach(core, tx, (account, case), seq, &new.files).await?;
    let on_duty = duty::is_covered(tx, core.now()).await?;
    let first = if on_duty { Limit::Minutes(WAIT_MINUTES) } else { Limit::WorkingDays(1) };
    clock::start(core, tx, &calendar, case, (FIRST_RESPONSE, first)).await?;
    clock::start(core, tx, &calendar, case, ("assign", Limit::Minutes(WAIT_MINUTES))).await?;
    let object = ("consultation", Some(id));
    let event = actor.event(core.id(), core.now(), Some(&path), "consultation.ask", object).about(person);
    audit::append(tx, &event.changes(json!({"category": new.category, "parties": new.parties.len()})))
        .await?;
    assign::try_assign(core, tx, &calendar, actor, asked).await
}
