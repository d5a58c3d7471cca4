//! Applications as rows, seen within a scope or by their owner.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::page::{COUNTED_ROWS, Page, after, counted};
use unionhall_storage::{Conn, Sealer};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::State;
use crate::branch::BranchDetails;
use crate::schema::merchant_application as application;

pub(super) const MOBILE: &str = "merchant_application.contact_mobile";
/// An application.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = application)]
pub struct Application {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// The county that decides.
    pub org_id: Uuid,
    /// That county's path.
    pub path: String,
    /// What the merchant is called.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// What it sells.
    pub category: String,
    /// Where it is.
    pub division_code: String,
    /// Whom the union calls; mask it before it leaves.
    pub contact_name: String,
    pub(super) contact_mobile: Vec<u8>,
    pub(super) mobile_index: Vec<u8>,
    branches: serde_json::Value,
    /// The business licence.
    pub licence_file_id: Uuid,
    state: String,
    /// By when the county is to decide.
    pub due_on: NaiveDate,
    /// First day of the contract offered.
    pub contract_from: Option<NaiveDate>,
    /// Its last day, inclusive.
    pub contract_to: Option<NaiveDate>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The merchant it became.
    pub merchant_id: Option<Uuid>,
    /// Moves with every change.
    pub version: i32,
    /// When it was handed in.
    pub created_at: DateTime<Utc>,
}

impl Application {
    /// Where it stands.
    pub fn state(&self) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's to decide.
        State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Rejected)
    }

    /// The branches it names.
    ///
    /// # Errors
    /// `INTERNAL` when the row holds something else.
    pub fn branches(&self) -> Result<Vec<BranchDetails>, Problem> {
        Ok(serde_json::from_value(self.branches.clone())?)
    }

    /// The proved mobile.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn mobile(&self, sealer: &Sealer) -> Result<Mobile, Problem> {
        let text = sealer.open_text(MOBILE, self.id, &self.contact_mobile)?;
        Mobile::parse(&text).map_err(|_| Problem::internal("a stored mobile is none"))
    }
}

macro_rules! in_scope {
    ($scope:expr) => {
        application::path.ge($scope.start()).and(application::path.lt($scope.end()))
    };
}

/// An application within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Application, Problem> {
    let found = application::table.find(id).filter(in_scope!(scope)).select(Application::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// One's own application.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn own(conn: &mut Conn, account: Uuid, id: Uuid) -> Result<Application, Problem> {
    let found = application::table.find(id).filter(application::account_id.eq(account));
    let found = found.select(Application::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// One's own applications, newest first, at most 100.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_own(conn: &mut Conn, account: Uuid) -> Result<Vec<Application>, Problem> {
    let own = application::table.filter(application::account_id.eq(account)).order(application::id.desc());
    Ok(own.limit(100).select(Application::as_select()).load(conn).await?)
}

/// A page of the applications of a scope in some states, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Application>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut query = application::table
        .filter(in_scope!(scope).and(application::state.eq_any(words)))
        .order((application::path, application::id))
        .limit(limit + 1)
        .select(Application::as_select())
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(after((application::path, application::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many wait for the county in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = application::table
        .filter(in_scope!(scope).and(application::state.eq(State::Applied.as_str())))
        .order(application::due_on)
        .limit(COUNTED_ROWS)
        .select(application::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}
