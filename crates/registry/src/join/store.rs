//! Applications as rows: sealed on the way in, opened on the way out, seen within a scope or by their owner.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{IdType, Mobile, Problem};
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use unionhall_web::wire::Progress;
use uuid::Uuid;

use super::State;
use crate::schema::{self, member_application as application};

pub(super) const NUMBER: &str = "member_application.number";
pub(super) const MOBILE: &str = "member_application.mobile";

/// An application as the use-cases read it.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// To which union.
    pub org: Uuid,
    /// That union's name.
    pub org_name: String,
    /// That union's path.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// Full name; mask it before it leaves.
    pub name: String,
    /// Type of document.
    pub id_type: IdType,
    /// Full number; mask it before it leaves.
    pub id_number: String,
    /// The applicant's proved mobile; mask it before it leaves.
    pub mobile: Mobile,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// By when it is to be decided.
    pub due_on: NaiveDate,
    /// Why it was returned or rejected.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    pub(super) number_index: Vec<u8>,
    pub(super) mobile_index: Vec<u8>,
}

impl Application {
    /// Where it stands, in words.
    pub fn progress(&self) -> Progress {
        let (waiting_for, next_step) = match self.state {
            State::BuReview => (Some("union"), "所选工会审核"),
            State::PoolReview => (Some("county"), "县级总工会审核"),
            State::Returned => (Some("member"), "按意见补正后重新提交"),
            State::Approved => (None, "已入会，可查看会员卡"),
            State::Rejected => (None, "可重新申请或联系工会"),
            State::Withdrawn => (None, "可重新申请"),
        };
        Progress {
            state: self.state.as_str().to_owned(),
            state_text: self.state.text(),
            waiting_for,
            next_step,
            due_on: self.state.is_waiting().then_some(self.due_on),
            missing: Vec::new(),
            contact_phone: Some("12351"),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = application)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    org_id: Uuid,
    state: String,
    name: String,
    id_type: String,
    number: Vec<u8>,
    number_index: Vec<u8>,
    mobile: Vec<u8>,
    mobile_index: Vec<u8>,
    submitted_at: DateTime<Utc>,
    due_on: NaiveDate,
    reason: Option<String>,
    version: i32,
}

fn open(core: &Core, (row, org_name, path): (Row, String, String)) -> Result<Application, Problem> {
    let number = core.sealer.open_text(NUMBER, row.id, &row.number)?;
    let mobile = core.sealer.open_text(MOBILE, row.id, &row.mobile)?;
    Ok(Application {
        id: row.id,
        account: row.account_id,
        org: row.org_id,
        org_name,
        path,
        state: State::parse(&row.state)?,
        name: row.name,
        id_type: row.id_type.parse().map_err(|_| Problem::internal("unknown id_type in the store"))?,
        id_number: number,
        mobile: Mobile::parse(&mobile).map_err(|_| Problem::internal("a stored mobile is none"))?,
        submitted_at: row.submitted_at,
        due_on: row.due_on,
        reason: row.reason,
        version: row.version,
        number_index: row.number_index,
        mobile_index: row.mobile_index,
    })
}

macro_rules! applications {
    () => {
        application::table
            .inner_join(schema::org::table.on(schema::org::id.eq(application::org_id)))
            .select((Row::as_select(), schema::org::name, schema::org::path))
    };
}

/// The applicant's own applications, newest first; there are few.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list_own(
    core: &Core,
    conn: &mut Conn,
    account: Uuid,
    limit: i64,
) -> Result<Vec<Application>, Problem> {
    let rows: Vec<(Row, String, String)> = applications!()
        .filter(application::account_id.eq(account))
        .order(application::id.desc())
        .limit(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(core, row)).collect()
}

/// The applicant's applications that can still become something else, newest first: at most one, as it is now.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list_open(core: &Core, conn: &mut Conn, account: Uuid) -> Result<Vec<Application>, Problem> {
    let rows: Vec<(Row, String, String)> = applications!()
        .filter(application::account_id.eq(account))
        .filter(application::state.eq_any(State::words(State::OPEN)))
        .order(application::id.desc())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(core, row)).collect()
}

/// One of the applicant's own applications.
///
/// # Errors
/// `NOT_FOUND` when it is absent or somebody else's.
pub async fn own(core: &Core, conn: &mut Conn, account: Uuid, id: Uuid) -> Result<Application, Problem> {
    let row = applications!()
        .filter(application::id.eq(id).and(application::account_id.eq(account)))
        .first(conn)
        .await
        .optional()?;
    open(core, row.ok_or_else(Problem::not_found)?)
}

/// A page of the applications of a scope, oldest first.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list(
    core: &Core,
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[&str],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Application>, Problem> {
    let mut query = applications!()
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .filter(application::state.eq_any(states.to_vec()))
        .order(application::id)
        .limit(limit + 1)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(application::id.gt(after));
    }
    let rows: Vec<(Row, String, String)> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(|row| open(core, row)).collect::<Result<_, _>>()?, limit))
}

/// One application of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(core: &Core, conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Application, Problem> {
    let row = applications!()
        .filter(application::id.eq(id))
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    open(core, row.ok_or_else(Problem::not_found)?)
}

/// How many applications wait in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = application::table
        .inner_join(schema::org::table.on(schema::org::id.eq(application::org_id)))
        .filter(schema::org::path.ge(scope.start()).and(schema::org::path.lt(scope.end())))
        .filter(application::state.eq_any(State::words(State::WAITING)))
        .order(application::due_on)
        .limit(COUNTED_ROWS)
        .select(application::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}
