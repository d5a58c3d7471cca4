//! Recruiters and their applications as rows, seen within a scope or by their owner.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::page::{COUNTED_ROWS, Page, after, counted};
use unionhall_storage::{Conn, Sealer};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{ApplicationState, State};
use crate::schema::{recruiter, recruiter_application as application};

pub(super) const APPLICANT_MOBILE: &str = "recruiter_application.contact_mobile";
/// The kind of those who act here; of others, postings came in a public employment service's file.
pub(super) const EMPLOYER: &str = "employer";
pub(super) const PUBLIC_SERVICE: &str = "public_service";
pub(super) const MOBILE: &str = "recruiter.contact_mobile";

/// A recruiter.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = recruiter)]
pub struct Recruiter {
    /// Its id.
    pub id: Uuid,
    /// The county that verified it.
    pub org_id: Uuid,
    /// That county's path.
    pub path: String,
    /// The employer's or agency's name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Where it is.
    pub division_code: String,
    /// What it is, in its own words.
    pub about: String,
    /// 人力资源服务许可证, of an agency.
    pub agency_licence_no: Option<String>,
    /// Its last day.
    pub agency_licence_until: Option<NaiveDate>,
    /// The authorised person; mask it before it leaves.
    pub contact_name: String,
    contact_mobile: Vec<u8>,
    state: String,
    /// Last day of the verification, inclusive.
    pub verified_until: NaiveDate,
    /// By when the county ends a suspension.
    pub decide_by: Option<NaiveDate>,
    /// Why it was suspended or banned.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    /// Since when it is known.
    pub created_at: DateTime<Utc>,
}

impl Recruiter {
    /// Where it stands on a day.
    pub fn state(&self, today: NaiveDate) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's verified recruiter.
        let stored = State::ALL.iter().copied().find(|s| s.as_str() == self.state).unwrap_or(State::Banned);
        stored.on(self.verified_until, today)
    }

    /// Whom the union calls.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn mobile(&self, sealer: &Sealer) -> Result<Mobile, Problem> {
        let text = sealer.open_text(MOBILE, self.id, &self.contact_mobile)?;
        Mobile::parse(&text).map_err(|_| Problem::internal("a stored mobile is none"))
    }
}

/// An application: the first, or one to be verified again.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = application)]
pub struct Application {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// The recruiter that is verified again, or that it became.
    pub recruiter_id: Option<Uuid>,
    /// The county that decides.
    pub org_id: Uuid,
    /// That county's path.
    pub path: String,
    /// The employer's or agency's name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Where it is.
    pub division_code: String,
    /// What it is, in its own words.
    pub about: String,
    /// 人力资源服务许可证, of an agency.
    pub agency_licence_no: Option<String>,
    /// Its last day.
    pub agency_licence_until: Option<NaiveDate>,
    /// The authorised person; mask it before it leaves.
    pub contact_name: String,
    pub(super) contact_mobile: Vec<u8>,
    pub(super) mobile_index: Vec<u8>,
    /// The business licence.
    pub licence_file_id: Uuid,
    /// The authorisation of the person.
    pub authorisation_file_id: Uuid,
    state: String,
    /// By when the county is to decide.
    pub due_on: NaiveDate,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    /// When it was handed in.
    pub created_at: DateTime<Utc>,
}

impl Application {
    /// Where it stands.
    pub fn state(&self) -> ApplicationState {
        let found = ApplicationState::ALL.iter().copied().find(|s| s.as_str() == self.state);
        found.unwrap_or(ApplicationState::Rejected)
    }

    /// The proved mobile.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn mobile(&self, sealer: &Sealer) -> Result<Mobile, Problem> {
        let text = sealer.open_text(APPLICANT_MOBILE, self.id, &self.contact_mobile)?;
        Mobile::parse(&text).map_err(|_| Problem::internal("a stored mobile is none"))
    }
}

/// A recruiter within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Recruiter, Problem> {
    let here = recruiter::path.ge(scope.start()).and(recruiter::path.lt(scope.end()));
    let here = here.and(recruiter::kind.eq(EMPLOYER));
    let found = recruiter::table.find(id).filter(here).select(Recruiter::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A recruiter whom the caller acts for.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn own(conn: &mut Conn, id: Uuid) -> Result<Recruiter, Problem> {
    let found = recruiter::table.find(id).select(Recruiter::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the recruiters of a scope, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    (states, today): (&[State], NaiveDate),
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Recruiter>, Problem> {
    let mut query = recruiter::table
        .filter(recruiter::path.ge(scope.start()).and(recruiter::path.lt(scope.end())))
        .filter(recruiter::kind.eq(EMPLOYER))
        .order((recruiter::path, recruiter::id))
        .limit(limit + 1)
        .select(Recruiter::as_select())
        .into_boxed();
    if !states.is_empty() {
        let stored: Vec<&str> =
            states.iter().filter(|s| **s != State::Verified).map(|s| s.as_str()).collect();
        let verified = || recruiter::state.eq(State::Verified.as_str());
        // Which of the verified ones: those within their time, those past it, both or none.
        query = match (states.contains(&State::Verified), states.contains(&State::Reverify)) {
            (true, true) => query.filter(recruiter::state.eq_any(stored).or(verified())),
            (true, false) => query.filter(
                recruiter::state.eq_any(stored).or(verified().and(recruiter::verified_until.ge(today))),
            ),
            (false, true) => query.filter(
                recruiter::state.eq_any(stored).or(verified().and(recruiter::verified_until.lt(today))),
            ),
            (false, false) => query.filter(recruiter::state.eq_any(stored)),
        };
    }
    if let Some(key) = key {
        query = query.filter(after((recruiter::path, recruiter::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many are suspended in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn suspended(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<Option<NaiveDate>> = recruiter::table
        .filter(recruiter::path.ge(scope.start()).and(recruiter::path.lt(scope.end())))
        .filter(recruiter::state.eq(State::Suspended.as_str()))
        .order(recruiter::decide_by)
        .limit(COUNTED_ROWS)
        .select(recruiter::decide_by)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied().flatten()))
}

/// An application within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get_application(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Application, Problem> {
    let here = application::path.ge(scope.start()).and(application::path.lt(scope.end()));
    let found = application::table.find(id).filter(here).select(Application::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// One's own application.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn own_application(conn: &mut Conn, account: Uuid, id: Uuid) -> Result<Application, Problem> {
    let found = application::table.find(id).filter(application::account_id.eq(account));
    let found = found.select(Application::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// One's own applications, newest first, at most 100.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn own_applications(conn: &mut Conn, account: Uuid) -> Result<Vec<Application>, Problem> {
    let own = application::table.filter(application::account_id.eq(account)).order(application::id.desc());
    Ok(own.limit(100).select(Application::as_select()).load(conn).await?)
}

/// A page of the applications of a scope in some states, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn applications(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[ApplicationState],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Application>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let here = application::path.ge(scope.start()).and(application::path.lt(scope.end()));
    let mut query = application::table
        .filter(here.and(application::state.eq_any(words)))
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
    let here = application::path.ge(scope.start()).and(application::path.lt(scope.end()));
    let due: Vec<NaiveDate> = application::table
        .filter(here.and(application::state.eq(ApplicationState::Applied.as_str())))
        .order(application::due_on)
        .limit(COUNTED_ROWS)
        .select(application::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}
