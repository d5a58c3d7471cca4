//! Employers whose postings came in a public employment service's file: a row to hang them on, without an account, without a
//! verification that could lapse, and seen by nobody who verifies.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::State;
use super::store::{PUBLIC_SERVICE, Recruiter};
use crate::schema::recruiter;

/// The employer of a credit code under a union, entered where it is not known yet; its name is what the newest file says.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(crate) async fn of_public_service(
    core: &Core,
    tx: &mut Conn,
    (org, path): (Uuid, &str),
    name: &str,
    uscc: &str,
    division_code: &str,
) -> Result<Recruiter, Problem> {
    let nobody: &[u8] = &[];
    diesel::insert_into(recruiter::table)
        .values((
            recruiter::id.eq(core.id()),
            recruiter::kind.eq(PUBLIC_SERVICE),
            recruiter::org_id.eq(org),
            recruiter::path.eq(path),
            recruiter::name.eq(name),
            recruiter::uscc.eq(uscc),
            recruiter::division_code.eq(division_code),
            recruiter::about.eq(""),
            recruiter::contact_name.eq(""),
            recruiter::contact_mobile.eq(nobody),
            recruiter::state.eq(State::Verified.as_str()),
            recruiter::verified_until.eq(NaiveDate::from_ymd_opt(2099, 12, 31).unwrap_or(core.today())),
            recruiter::created_at.eq(core.now()),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    let known =
        recruiter::org_id.eq(org).and(recruiter::uscc.eq(uscc)).and(recruiter::kind.eq(PUBLIC_SERVICE));
    let named = diesel::update(recruiter::table.filter(known)).set(recruiter::name.eq(name));
    Ok(named.returning(Recruiter::as_returning()).get_result(tx).await?)
}
