//! The county's side: verifying, and what it does about a recruiter that was reported.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::join::working_days_after;
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::apply::note;
use super::store::{Application, MOBILE, Recruiter, get, get_application, own};
use super::{ApplicationState, State};
use crate::schema::{recruiter, recruiter_application as application};
use crate::{listing, place};

/// How long a verification holds (暂行条例 and the notice of five ministries, 2026-01).
const VERIFIED_MONTHS: Months = Months::new(6);
/// Working days a county has to end a suspension.
const SUSPENDED_DAYS: u32 = 5;

/// What a county decides.
#[derive(Debug)]
pub enum Decision {
    /// The papers are in order.
    Verify,
    /// No, and why.
    Reject(String),
}

/// Decides an application. Verified, a newcomer becomes a recruiter whose applicant acts for it; one that was known is
/// what its papers say now. The verification ends after six months, an agency's no later than its licence.
///
/// # Errors
/// `NOT_FOUND` out of scope; what `check` says of its version; `INVALID_STATE`, also for an agency whose licence has
/// ended by now; `NOT_ANOTHER_PERSON` for one's own; `ALREADY_EXISTS` when another recruiter has the credit code.
pub async fn decide(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Application, Problem> {
    let a = get_application(tx, scope, id).await?;
    check(a.version)?;
    let (to, action, reason) = match decision {
        Decision::Verify => (ApplicationState::Verified, "recruiter_application.verify", None),
        Decision::Reject(reason) => {
            (ApplicationState::Rejected, "recruiter_application.reject", Some(reason))
        }
    };
    if !a.state().may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    // An applicant is known by their mobile alone: a decider whose mobile it is decides for themself.
    let decider = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let held = account::of_person(tx, decider).await?;
    if held.iter().any(|account| account.mobile_index() == Some(a.mobile_index.as_slice())) {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let recruiter = match (decision, a.recruiter_id) {
        (Decision::Reject(_), known) => known,
        (Decision::Verify, Some(known)) => Some(renew(core, tx, &a, known).await?),
        (Decision::Verify, None) => Some(admit(core, tx, &a).await?),
    };
    let row = application::table.find(a.id).filter(application::version.eq(a.version));
    let decided: Option<Application> = diesel::update(row)
        .set((
            application::state.eq(to.as_str()),
            application::recruiter_id.eq(recruiter),
            application::reason.eq(reason),
            application::decided_by.eq(decider),
            application::version.eq(application::version + 1),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let decided = decided.ok_or_else(|| Problem::new(Code::Stale))?;
    note(core, tx, actor, &decided, action).await?;
    Ok(decided)
}

// An agency recruits on its licence: it is not verified beyond that.
fn verified_until(a: &Application, today: NaiveDate) -> Result<NaiveDate, Problem> {
    let until = today.checked_add_months(VERIFIED_MONTHS).unwrap_or(today);
    match a.agency_licence_until {
        Some(last) if last < today => {
            Err(Problem::new(Code::InvalidState).with_detail("人力资源服务许可证已到期，不能核验通过。"))
        }
        Some(last) => Ok(until.min(last)),
        None => Ok(until),
    }
}

async fn admit(core: &Core, tx: &mut Conn, a: &Application) -> Result<Uuid, Problem> {
    let (id, mobile) = (core.id(), a.mobile(&core.sealer)?);
    diesel::insert_into(recruiter::table)
        .values((
            recruiter::id.eq(id),
            recruiter::org_id.eq(a.org_id),
            recruiter::path.eq(&a.path),
            recruiter::name.eq(&a.name),
            recruiter::uscc.eq(&a.uscc),
            recruiter::division_code.eq(&a.division_code),
            recruiter::about.eq(&a.about),
            recruiter::agency_licence_no.eq(&a.agency_licence_no),
            recruiter::agency_licence_until.eq(a.agency_licence_until),
            recruiter::contact_name.eq(&a.contact_name),
            recruiter::contact_mobile.eq(core.sealer.seal_text(MOBILE, id, mobile.e164())?),
            recruiter::state.eq(State::Verified.as_str()),
            recruiter::verified_until.eq(verified_until(a, core.today())?),
            recruiter::created_at.eq(core.now()),
        ))
        .execute(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("recruiter_uscc") => Problem::new(Code::AlreadyExists).with("field", "uscc"),
                _ => problem,
            }
        })?;
    place::give(core, tx, id, a.account_id).await?;
    Ok(id)
}

async fn renew(core: &Core, tx: &mut Conn, a: &Application, known: Uuid) -> Result<Uuid, Problem> {
    let before = own(tx, known).await?;
    if !before.state(core.today()).may_renew() {
        return Err(Problem::new(Code::InvalidState));
    }
    let mobile = a.mobile(&core.sealer)?;
    let row = recruiter::table.find(known).filter(recruiter::version.eq(before.version));
    let renewed: Option<Recruiter> = diesel::update(row)
        .set((
            recruiter::name.eq(&a.name),
            recruiter::division_code.eq(&a.division_code),
            recruiter::about.eq(&a.about),
            recruiter::agency_licence_no.eq(&a.agency_licence_no),
            recruiter::agency_licence_until.eq(a.agency_licence_until),
            recruiter::contact_name.eq(&a.contact_name),
            recruiter::contact_mobile.eq(core.sealer.seal_text(MOBILE, known, mobile.e164())?),
            recruiter::verified_until.eq(verified_until(a, core.today())?),
            recruiter::version.eq(recruiter::version + 1),
        ))
        .returning(Recruiter::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let renewed = renewed.ok_or_else(|| Problem::new(Code::Stale))?;
    listing::recruiter_moved(core, tx, &renewed).await?;
    Ok(known)
}

/// What a county does about a recruiter, and why.
#[derive(Debug, Clone, Copy)]
pub enum Turn<'a> {
    /// Its postings are hidden until this is decided.
    Suspend(&'a str),
    /// Nothing was wrong, or it was mended.
    Resume(&'a str),
    /// For good.
    Ban(&'a str),
}

/// Turns a recruiter of the scope. A suspension ends in one of the others within five working days.
///
/// # Errors
/// `NOT_FOUND` out of scope; what `check` says of its version; `INVALID_STATE`.
pub async fn turn(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    turn: Turn<'_>,
) -> Result<Recruiter, Problem> {
    let today = core.today();
    let before = get(tx, scope, id).await?;
    check(before.version)?;
    let (to, action, reason) = match turn {
        Turn::Suspend(reason) => (State::Suspended, "recruiter.suspend", reason),
        Turn::Resume(reason) => (State::Verified, "recruiter.resume", reason),
        Turn::Ban(reason) => (State::Banned, "recruiter.ban", reason),
    };
    if !before.state(today).may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let decide_by = (to == State::Suspended).then(|| working_days_after(today, SUSPENDED_DAYS));
    let row = recruiter::table.find(id).filter(recruiter::version.eq(before.version));
    let turned: Option<Recruiter> = diesel::update(row)
        .set((
            recruiter::state.eq(to.as_str()),
            recruiter::decide_by.eq(decide_by),
            recruiter::reason.eq((to != State::Verified).then_some(reason)),
            recruiter::version.eq(recruiter::version + 1),
        ))
        .returning(Recruiter::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let turned = turned.ok_or_else(|| Problem::new(Code::Stale))?;
    let event = actor.event(core.id(), core.now(), Some(&turned.path), action, ("recruiter", Some(id)));
    let states = [before.state(today), turned.state(today)];
    audit::append(tx, &event.changes(json!({"state": states})).reason(reason)).await?;
    listing::recruiter_moved(core, tx, &turned).await?;
    Ok(turned)
}
