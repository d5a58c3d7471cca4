//! Asking: the question, everybody it is about, and the clocks.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_casework::calendar::Calendar;
use unionhall_casework::clock::{self, Case};
use unionhall_casework::hours::Limit;
use unionhall_casework::timeline::{self, Author, NewEntry};
use unionhall_identity::person;
use unionhall_kernel::{Code, Invalid, Problem, luhn_digit};
use unionhall_registry::module::{self, Module};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{Consultation, TITLE};
use super::{FIRST_RESPONSE, KIND, State, WAIT_MINUTES, assign};
use crate::duty;
use crate::engagement::PartyKind;
use crate::lawyer::LegalField;
use crate::schema::{
    legal_consultation as rows, legal_firm as firms, legal_lawyer as lawyers, legal_party as parties,
    member_standing as standing,
};

/// As what somebody stands in a question; the wall does not ask. 当事人角色
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// 用人单位
    Employer,
    /// 对方当事人
    Counterpart,
    /// 对方律师
    CounterpartLawyer,
    /// 对方律所
    CounterpartFirm,
}

impl PartyRole {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employer => "employer",
            Self::Counterpart => "counterpart",
            Self::CounterpartLawyer => "counterpart_lawyer",
            Self::CounterpartFirm => "counterpart_firm",
        }
    }
}

/// Somebody a question is about.
#[derive(Debug, Clone)]
pub struct NewParty {
    /// As what.
    pub role: PartyRole,
    /// What they are.
    pub kind: PartyKind,
    /// Their name.
    pub name: String,
    /// Their credit code.
    pub uscc: Option<String>,
}

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
    /// For the legal officers alone; harassment always is.
    pub sensitive: bool,
}

/// Asks a question. It goes to the lawyer who is wanted, or to one on duty, where there is one free of conflict; or else it
/// waits.
///
/// # Errors
/// `MODULE_CLOSED` where the member's union has no legal help; `VALIDATION_FAILED` at `/lawyer_id` for nobody of the directory;
/// `NOT_ELIGIBLE` without an open membership.
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
    if let Some(lawyer) = new.lawyer {
        in_directory(core, tx, lawyer).await?;
    }
    let id = core.id();
    let day = core.today().format("%y%m%d");
    let mut number = format!("{day}{}", core.ids.digits(8));
    number.push(luhn_digit(&number));
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
    let name = person::view(&core.sealer, tx, person).await?.name;
    let own = ("member", PartyKind::Person, name, None);
    let others = new.parties.iter().map(|p| (p.role.as_str(), p.kind, p.name.clone(), p.uscc.clone()));
    for (role, kind, name, uscc) in std::iter::once(own).chain(others) {
        diesel::insert_into(parties::table)
            .values((
                parties::id.eq(core.id()),
                parties::consultation_id.eq(id),
                parties::role.eq(role),
                parties::kind.eq(kind.as_str()),
                parties::name_keys.eq(kind.keys(&name)),
                parties::keys_version.eq(crate::names::VERSION),
                parties::name.eq(name),
                parties::uscc.eq(uscc),
            ))
            .execute(tx)
            .await?;
    }
    let (case, calendar) = (Case { kind: KIND, id }, Calendar::load(tx).await?);
    let entry = NewEntry {
        public: true,
        what: "asked",
        author: Author::Member(person),
        state: Some(State::Queued.as_str()),
        text: Some(&new.question),
    };
    timeline::append(core, tx, case, entry).await?;
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

pub(super) async fn in_directory(core: &Core, tx: &mut Conn, lawyer: Uuid) -> Result<(), Problem> {
    let listed = lawyers::table
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(lawyers::id.eq(lawyer).and(lawyers::state.eq("ACTIVE")))
        .filter(lawyers::licence_until.ge(core.today()).and(firms::licence_until.ge(core.today())));
    match listed.count().get_result::<i64>(tx).await? {
        0 => Err(Problem::invalid("/lawyer_id", Invalid::new("LAWYER_UNKNOWN", "该律师目前不接受咨询。"))),
        _ => Ok(()),
    }
}
