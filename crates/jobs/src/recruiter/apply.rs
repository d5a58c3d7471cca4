//! The applicant's side: handing in, withdrawing.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_files::Purpose;
use unionhall_identity::account;
use unionhall_kernel::{Code, Invalid, Mobile, PersonName, Problem, Uscc};
use unionhall_registry::join::working_days_after;
use unionhall_registry::org;
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::ApplicationState as State;
use super::store::{APPLICANT_MOBILE, Application, EMPLOYER, own, own_application};
use crate::place;
use crate::schema::{recruiter, recruiter_application as application};

/// Working days a county has to look at the papers (E16).
const DAYS: u32 = 5;

/// What an applicant states.
#[derive(Debug)]
pub struct NewApplication {
    /// The employer's or agency's name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: Uscc,
    /// Where it is; the union of this county decides.
    pub division_code: String,
    /// What it is, in its own words.
    pub about: String,
    /// An agency's 人力资源服务许可证: its number and last day.
    pub agency: Option<(String, NaiveDate)>,
    /// The authorised person, who applies.
    pub contact_name: PersonName,
    /// Files of the applicant's: the licence, and the authorisation.
    pub papers: (Uuid, Uuid),
}

/// Hands an application in, in the caller's transaction. Whoever acts for a recruiter applies to have that one verified
/// again, by the county that knows it and under the credit code it has.
///
/// # Errors
/// `APPLICATION_OPEN`; `ALREADY_EXISTS` when another recruiter has the credit code, a banned one too; `INVALID_STATE`
/// for one's own recruiter while it is suspended; `VALIDATION_FAILED` for a paper that is no such file, another credit
/// code than one's own, and a division no union looks after.
pub async fn submit(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    applicant: Uuid,
    new: &NewApplication,
) -> Result<Application, Problem> {
    let account = account::get(tx, applicant).await?.ok_or_else(Problem::not_found)?;
    let mobile: Mobile = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let (recruiter, org, path) = match place::of(tx, applicant).await? {
        Some(id) => {
            let known = own(tx, id).await?;
            if !known.state(core.today()).may_renew() {
                return Err(Problem::new(Code::InvalidState));
            }
            if known.uscc != new.uscc.as_str() {
                let other =
                    Invalid::new("USCC_OF_ANOTHER", "只能为本单位重新核验，信用代码须与已核验的一致。");
                return Err(Problem::invalid("/uscc", other));
            }
            (Some(id), known.org_id, known.path)
        }
        None => {
            let county: String = new.division_code.chars().take(6).collect();
            let union = org::by_code(tx, &county).await?.filter(|union| union.valid_to.is_none());
            let nobody = || Invalid::new("DIVISION_UNKNOWN", "没有受理此地区申请的工会。");
            let union = union.ok_or_else(|| Problem::invalid("/division_code", nobody()))?;
            if is_taken(tx, new.uscc.as_str()).await? {
                return Err(Problem::new(Code::AlreadyExists).with("field", "uscc"));
            }
            (None, union.id, union.path)
        }
    };
    let (id, now) = (core.id(), core.now());
    let subject = ("recruiter_application", id);
    let (licence, authorisation) = new.papers;
    let papers = [
        (Purpose::RecruiterLicence, licence, "/licence_file_id"),
        (Purpose::RecruiterAuthorisation, authorisation, "/authorisation_file_id"),
    ];
    for (purpose, file, pointer) in papers {
        unionhall_files::attach(tx, now, (applicant, purpose), file, pointer, subject).await?;
    }
    let (number, until) = new.agency.clone().unzip();
    let made: Application = diesel::insert_into(application::table)
        .values((
            application::id.eq(id),
            application::account_id.eq(applicant),
            application::recruiter_id.eq(recruiter),
            application::org_id.eq(org),
            application::path.eq(&path),
            application::name.eq(&new.name),
            application::uscc.eq(new.uscc.as_str()),
            application::division_code.eq(&new.division_code),
            application::about.eq(&new.about),
            application::agency_licence_no.eq(number),
            application::agency_licence_until.eq(until),
            application::contact_name.eq(new.contact_name.as_str()),
            application::contact_mobile.eq(core.sealer.seal_text(APPLICANT_MOBILE, id, mobile.e164())?),
            application::mobile_index.eq(account::mobile_index(&core.sealer, &mobile)),
            application::licence_file_id.eq(licence),
            application::authorisation_file_id.eq(authorisation),
            application::state.eq(State::Applied.as_str()),
            application::due_on.eq(working_days_after(core.today(), DAYS)),
            application::created_at.eq(now),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("recruiter_application_open") => Problem::new(Code::ApplicationOpen),
                _ => problem,
            }
        })?;
    note(core, tx, actor, &made, "recruiter_application.submit").await?;
    Ok(made)
}

pub(super) async fn is_taken(conn: &mut Conn, uscc: &str) -> Result<bool, Problem> {
    let held = recruiter::table.filter(recruiter::uscc.eq(uscc).and(recruiter::kind.eq(EMPLOYER)));
    Ok(diesel::select(diesel::dsl::exists(held)).get_result(conn).await?)
}

pub(super) async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    a: &Application,
    action: &str,
) -> Result<(), Problem> {
    let object = ("recruiter_application", Some(a.id));
    let event = actor.event(core.id(), core.now(), Some(&a.path), action, object);
    let mut event =
        event.changes(json!({"state": a.state(), "uscc": a.uscc, "recruiter_id": a.recruiter_id}));
    event.reason.clone_from(&a.reason);
    audit::append(tx, &event).await
}

/// Withdraws one's own application.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it was decided.
pub async fn withdraw(core: &Core, actor: &Actor, applicant: Uuid, id: Uuid) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let a = own_application(tx, applicant, id).await?;
            if !a.state().may_become(State::Withdrawn) {
                return Err(Problem::new(Code::InvalidState));
            }
            // Of a decision and a withdrawal at once, one comes too late.
            let row = application::table.find(a.id).filter(application::version.eq(a.version));
            let moved: Option<Application> = diesel::update(row)
                .set((
                    application::state.eq(State::Withdrawn.as_str()),
                    application::version.eq(application::version + 1),
                ))
                .returning(Application::as_returning())
                .get_result(tx)
                .await
                .optional()?;
            let moved = moved.ok_or_else(|| Problem::new(Code::InvalidState))?;
            note(core, tx, actor, &moved, "recruiter_application.withdraw").await?;
            Ok(moved)
        })
        .await
}
