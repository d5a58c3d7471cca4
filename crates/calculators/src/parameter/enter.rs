//! A version is entered by one person, and counts once another approved it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::store::{self, Version};
use super::{Key, State};
use crate::schema::law_parameter;

/// The union that keeps them: the province's.
const KEEPER: &str = "/41/";

/// Who does something to a version.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
    /// What they may see.
    pub scope: &'a OrgScope,
}

impl By<'_> {
    async fn note(
        self,
        core: &Core,
        tx: &mut Conn,
        of: &Version,
        action: &str,
        changes: Value,
    ) -> Result<(), Problem> {
        let object = ("law_parameter", Some(of.id));
        let event = self.actor.event(core.id(), core.now(), Some(&of.path), action, object);
        let event = event.changes(changes);
        let event = of.reason.iter().fold(event, |event, reason| event.reason(reason));
        audit::append(tx, &event).await
    }
}

/// What is entered.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Which parameter.
    pub key: Key,
    /// For which region.
    pub region: &'static str,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; open without.
    pub valid_to: Option<NaiveDate>,
    /// In the shape of the key.
    pub value: Value,
    /// Where it was published.
    pub source: String,
}

/// Enters a version; another person approves it.
///
/// # Errors
/// `NOT_FOUND` for whoever does not act for the province.
pub async fn enter(core: &Core, tx: &mut Conn, by: By<'_>, new: &NewVersion) -> Result<Version, Problem> {
    if !by.scope.contains(KEEPER) {
        return Err(Problem::not_found());
    }
    store::lock(tx).await?;
    let made: Version = diesel::insert_into(law_parameter::table)
        .values((
            law_parameter::id.eq(core.id()),
            law_parameter::path.eq(KEEPER),
            law_parameter::key.eq(new.key.as_str()),
            law_parameter::region.eq(new.region),
            law_parameter::number.eq(store::next_number(tx, new.key, new.region).await?),
            law_parameter::valid_from.eq(new.valid_from),
            law_parameter::valid_to.eq(new.valid_to),
            law_parameter::value.eq(&new.value),
            law_parameter::source.eq(&new.source),
            law_parameter::state.eq(State::Pending.as_str()),
            law_parameter::recorded_at.eq(core.now()),
            law_parameter::recorded_by.eq(by.person),
        ))
        .returning(Version::as_returning())
        .get_result(tx)
        .await?;
    let changes = json!({
        "key": new.key, "region": new.region, "number": made.number, "valid_from": new.valid_from,
        "valid_to": new.valid_to, "value": new.value, "source": new.source,
    });
    by.note(core, tx, &made, "law_parameter.enter", changes).await?;
    Ok(made)
}

async fn decide(
    core: &Core,
    tx: &mut Conn,
    of: &Version,
    to: State,
    reason: Option<&str>,
    person: Uuid,
) -> Result<Version, Problem> {
    if !of.state.may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let unmoved = law_parameter::table.find(of.id).filter(law_parameter::version.eq(of.version));
    let decided = diesel::update(unmoved)
        .set((
            law_parameter::state.eq(to.as_str()),
            law_parameter::reason.eq(reason),
            law_parameter::decided_at.eq(core.now()),
            law_parameter::decided_by.eq(person),
            law_parameter::version.eq(of.version + 1),
        ))
        .returning(Version::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    decided.ok_or_else(|| Problem::new(Code::Stale))
}

/// Approves a version: it counts from this moment on, and what stood for its first day does not any more.
///
/// # Errors
/// `NOT_ANOTHER_PERSON` for who entered it, `INVALID_STATE` when it was decided already.
pub async fn approve(core: &Core, tx: &mut Conn, by: By<'_>, of: &Version) -> Result<Version, Problem> {
    if of.recorded_by == Some(by.person) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    store::lock(tx).await?;
    let stood = law_parameter::table
        .filter(law_parameter::key.eq(of.key.as_str()).and(law_parameter::region.eq(&of.region)))
        .filter(law_parameter::valid_from.eq(of.valid_from))
        .filter(
            law_parameter::state.eq(State::Approved.as_str()).and(law_parameter::superseded_at.is_null()),
        );
    let replaced: Vec<i32> = diesel::update(stood)
        .set((
            law_parameter::superseded_at.eq(core.now()),
            law_parameter::version.eq(law_parameter::version + 1),
        ))
        .returning(law_parameter::number)
        .get_results(tx)
        .await?;
    let approved = decide(core, tx, of, State::Approved, None, by.person).await?;
    let changes = json!({"number": of.number, "supersedes": replaced});
    by.note(core, tx, &approved, "law_parameter.approve", changes).await?;
    Ok(approved)
}

/// Rejects a version, also one's own: it never counts.
///
/// # Errors
/// `INVALID_STATE` when it was decided already.
pub async fn reject(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    of: &Version,
    reason: &str,
) -> Result<Version, Problem> {
    let rejected = decide(core, tx, of, State::Rejected, Some(reason), by.person).await?;
    by.note(core, tx, &rejected, "law_parameter.reject", json!({"number": of.number})).await?;
    Ok(rejected)
}
