//! The member's side: handing in and withdrawing.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_files::Purpose;
use unionhall_identity::person;
use unionhall_kernel::{Code, Fields, Invalid, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::store::moved;
use super::{Correction, Facts, State, changes, own};
use crate::join::working_days_after;
use crate::membership::{self, State as Membership};
use crate::profile;
use crate::schema::member_correction as correction;

/// Working days a union has.
const DAYS: u32 = 5;

/// What a member hands in.
#[derive(Debug)]
pub struct NewCorrection {
    /// The facts as they should be.
    pub facts: Facts,
    /// One to three files of the member's.
    pub files: Vec<Uuid>,
    /// Why.
    pub explanation: String,
}

/// Hands a correction in, in the caller's transaction.
///
/// # Errors
/// `APPLICATION_OPEN`; `INVALID_STATE` for who is no member; `VALIDATION_FAILED` for a fact that is on record as stated and
/// for a file that is none.
pub async fn submit(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (person, account): (Uuid, Uuid),
    new: &NewCorrection,
) -> Result<Correction, Problem> {
    let standing = membership::standing(tx, person).await?;
    let standing = standing.filter(|s| s.state != Membership::Ended);
    let standing = standing.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let name = person::view(&core.sealer, tx, person).await?.name;
    let present = Facts::present(&name, profile::details(tx, person).await?);
    let all = changes(&present, &new.facts);
    let mut fields = Fields::new();
    for same in all.iter().filter(|change| change.is_none()) {
        let same_as = Invalid::new("FACT_SAME", "与现有记录相同，无需更正。");
        fields.refuse(&format!("/fields/{}", same.field), same_as);
    }
    fields.finish()?;
    let (id, now) = (core.id(), core.now());
    for (n, file) in new.files.iter().enumerate() {
        let (owner, pointer) = ((account, Purpose::CorrectionEvidence), format!("/evidence_file_ids/{n}"));
        unionhall_files::attach(tx, now, owner, *file, &pointer, ("correction", id)).await?;
    }
    let made: Correction = diesel::insert_into(correction::table)
        .values((
            correction::id.eq(id),
            correction::person_id.eq(person),
            correction::account_id.eq(account),
            correction::facts.eq(new.facts.stored()),
            correction::file_ids.eq(&new.files),
            correction::explanation.eq(&new.explanation),
            correction::state.eq(State::Review.as_str()),
            correction::due_on.eq(working_days_after(core.today(), DAYS)),
            correction::created_at.eq(now),
        ))
        .returning(Correction::as_returning())
        .get_result(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("member_correction_open") => Problem::new(Code::ApplicationOpen),
                _ => problem,
            }
        })?;
    let object = ("correction", Some(id));
    let event = actor.event(core.id(), now, Some(&standing.path), "correction.submit", object).about(person);
    let named: Vec<&str> = all.iter().map(|change| change.field).collect();
    audit::append(tx, &event.changes(json!({"fields": named}))).await?;
    Ok(made)
}

/// Withdraws one's own correction.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it is decided.
pub async fn withdraw(core: &Core, actor: &Actor, person: Uuid, id: Uuid) -> Result<Correction, Problem> {
    core.db
        .write(async |tx| {
            let read = own(tx, person, id).await?;
            if !read.state().may_become(State::Withdrawn) {
                return Err(Problem::new(Code::InvalidState));
            }
            let done = moved(tx, &read, State::Withdrawn, (None, None, core.now())).await?;
            let done = done.ok_or_else(|| Problem::new(Code::InvalidState))?;
            let path = membership::standing(tx, person).await?.map(|standing| standing.path);
            let object = ("correction", Some(id));
            let event = actor.event(core.id(), core.now(), path.as_deref(), "correction.withdraw", object);
            audit::append(tx, &event.about(person)).await?;
            Ok(done)
        })
        .await
}
