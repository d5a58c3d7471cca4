//! The applicant's side: handing in, withdrawing, signing.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_files::Purpose;
use unionhall_identity::account;
use unionhall_kernel::{Code, Invalid, PersonName, Problem, Uscc};
use unionhall_registry::join::working_days_after;
use unionhall_registry::org;
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, RoleName};
use uuid::Uuid;

use super::State;
use super::store::{Application, MOBILE, own};
use crate::branch::{self, BranchDetails};
use crate::merchant::{self, Details, Home};
use crate::schema::merchant_application as application;
use crate::staff;

/// Working days a county has to look at a licence (E5).
const DAYS: u32 = 10;

/// What an applicant states.
#[derive(Debug)]
pub struct NewApplication {
    /// What the merchant is called.
    pub name: String,
    /// Unified social credit code.
    pub uscc: Uscc,
    /// What it sells.
    pub category: String,
    /// Where it is.
    pub division_code: String,
    /// Who applies.
    pub contact_name: PersonName,
    /// At least one.
    pub branches: Vec<BranchDetails>,
    /// A file of the applicant's.
    pub licence_file_id: Uuid,
}

/// Hands an application in, in the caller's transaction.
///
/// # Errors
/// `APPLICATION_OPEN`; `ALREADY_EXISTS` when a live merchant has the credit code; `VALIDATION_FAILED` for a licence that
/// is no such file, and for a division no union looks after.
pub async fn submit(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    applicant: Uuid,
    new: &NewApplication,
) -> Result<Application, Problem> {
    let account = account::get(tx, applicant).await?.ok_or_else(Problem::not_found)?;
    let mobile = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let county: String = new.division_code.chars().take(6).collect();
    let union = org::by_code(tx, &county).await?.filter(|union| union.valid_to.is_none());
    let nobody = || Invalid::new("DIVISION_UNKNOWN", "没有受理此地区申请的工会。");
    let union = union.ok_or_else(|| Problem::invalid("/division_code", nobody()))?;
    if merchant::is_taken(tx, new.uscc.as_str()).await? {
        return Err(Problem::new(Code::AlreadyExists).with("field", "uscc"));
    }
    let (id, now) = (core.id(), core.now());
    let licence = (applicant, Purpose::MerchantLicence);
    let subject = ("merchant_application", id);
    unionhall_files::attach(tx, now, licence, new.licence_file_id, "/licence_file_id", subject).await?;
    let made: Application = diesel::insert_into(application::table)
        .values((
            application::id.eq(id),
            application::account_id.eq(applicant),
            application::org_id.eq(union.id),
            application::path.eq(&union.path),
            application::name.eq(&new.name),
            application::uscc.eq(new.uscc.as_str()),
            application::category.eq(&new.category),
            application::division_code.eq(&new.division_code),
            application::contact_name.eq(new.contact_name.as_str()),
            application::contact_mobile.eq(core.sealer.seal_text(MOBILE, id, mobile.e164())?),
            application::mobile_index.eq(account::mobile_index(&core.sealer, &mobile)),
            application::branches.eq(serde_json::to_value(&new.branches)?),
            application::licence_file_id.eq(new.licence_file_id),
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
                Some("merchant_application_open") => Problem::new(Code::ApplicationOpen),
                _ => problem,
            }
        })?;
    note(core, tx, actor, &made, "merchant_application.submit").await?;
    Ok(made)
}

pub(super) async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    a: &Application,
    action: &str,
) -> Result<(), Problem> {
    let object = ("merchant_application", Some(a.id));
    let event = actor.event(core.id(), core.now(), Some(&a.path), action, object);
    let mut event = event.changes(json!({"state": a.state(), "uscc": a.uscc}));
    event.reason.clone_from(&a.reason);
    audit::append(tx, &event).await
}

// Whoever moves an application moves the version they read, so that of two at once one comes too late.
async fn moved(
    tx: &mut Conn,
    a: &Application,
    to: State,
    merchant: Option<Uuid>,
) -> Result<Application, Problem> {
    let row = application::table.find(a.id).filter(application::version.eq(a.version));
    let moved: Option<Application> = diesel::update(row)
        .set((
            application::state.eq(to.as_str()),
            application::merchant_id.eq(merchant),
            application::version.eq(application::version + 1),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    moved.ok_or_else(|| Problem::new(Code::InvalidState))
}

/// Withdraws one's own application.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it has ended.
pub async fn withdraw(core: &Core, actor: &Actor, applicant: Uuid, id: Uuid) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let a = own(tx, applicant, id).await?;
            if !a.state().may_become(State::Withdrawn) {
                return Err(Problem::new(Code::InvalidState));
            }
            let a = moved(tx, &a, State::Withdrawn, None).await?;
            note(core, tx, actor, &a, "merchant_application.withdraw").await?;
            Ok(a)
        })
        .await
}

/// Signs the contract that the county offered: the merchant is LIVE, its branches are open, and the applicant is its
/// manager from now on.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless a contract is offered, or once it has ended; `ALREADY_EXISTS` when a live
/// merchant has the credit code by now.
pub async fn sign(core: &Core, actor: &Actor, applicant: Uuid, id: Uuid) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let a = own(tx, applicant, id).await?;
            let contract = a.contract_from.zip(a.contract_to).filter(|(_, to)| *to >= core.today());
            let contract = contract.filter(|_| a.state().may_become(State::Signed));
            let (contract_from, contract_to) = contract.ok_or_else(|| Problem::new(Code::InvalidState))?;
            let mobile = a.mobile(&core.sealer)?;
            let details = Details {
                name: a.name.clone(),
                uscc: a.uscc.clone(),
                category: a.category.clone(),
                division_code: a.division_code.clone(),
                contract_from,
                contract_to,
                contact_name: a.contact_name.clone(),
                contact_mobile: mobile.clone(),
            };
            let home = Home { org: a.org_id, path: &a.path, licence: Some(a.licence_file_id) };
            let made = merchant::create(core, tx, actor, &home, &details).await?;
            for details in a.branches()? {
                branch::open(core, tx, actor, &made, &details).await?;
            }
            let place = staff::Place {
                account: applicant,
                name: &a.contact_name,
                mobile: &mobile,
                role: RoleName::Manager,
                branch: None,
                to: None,
                accepted: true,
            };
            staff::place(core, tx, actor, &made, &place).await?;
            let a = moved(tx, &a, State::Signed, Some(made.id)).await?;
            note(core, tx, actor, &a, "merchant_application.sign").await?;
            Ok(a)
        })
        .await
}
