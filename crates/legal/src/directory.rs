//! The directory of lawyers 律师名录: who takes questions and whose licences run.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use crate::lawyer::{Lawyer, LegalField, State};
use crate::schema::{legal_firm as firms, legal_lawyer as lawyers};

/// What the public looks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Where: the first digits of a division.
    pub division: Option<String>,
    /// About what.
    pub field: Option<LegalField>,
}

/// A page of the directory, by id, with the names of their firms: who is active and whose own and whose firm's licence runs on a
/// Shanghai date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn page(
    conn: &mut Conn,
    wanted: &Wanted,
    today: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<(Lawyer, String)>, Problem> {
    let mut query = lawyers::table
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(lawyers::state.eq(State::Active.as_str()).and(lawyers::licence_until.ge(today)))
        .filter(firms::licence_until.ge(today).and(lawyers::id.gt(after.unwrap_or(Uuid::nil()))))
        .order(lawyers::id)
        .limit(limit + 1)
        .select((Lawyer::as_select(), firms::name))
        .into_boxed();
    if let Some(division) = &wanted.division {
        query = query.filter(lawyers::division.like(format!("{division}%")));
    }
    if let Some(field) = wanted.field {
        query = query.filter(lawyers::fields.contains(vec![field.as_str()]));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Checks that a lawyer stands in the directory today.
///
/// # Errors
/// `VALIDATION_FAILED` with `LAWYER_UNKNOWN` at `/lawyer_id`.
pub(crate) async fn listed(core: &Core, conn: &mut Conn, lawyer: Uuid) -> Result<(), Problem> {
    let today = core.today();
    let listed = lawyers::table
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(lawyers::id.eq(lawyer).and(lawyers::state.eq(State::Active.as_str())))
        .filter(lawyers::licence_until.ge(today).and(firms::licence_until.ge(today)));
    match listed.count().get_result::<i64>(conn).await? {
        0 => Err(Problem::invalid("/lawyer_id", Invalid::new("LAWYER_UNKNOWN", "该律师目前不接受咨询。"))),
        _ => Ok(()),
    }
}
