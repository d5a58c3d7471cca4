//! Requests as rows, and what the county is shown beside them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_identity::account;
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_storage::{Conn, Core};
use unionhall_web::{OrgScope, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use crate::member::{self, Member};
use crate::schema::{member_mobile_change as change, member_standing};
use crate::{org, profile};

pub(crate) const MOBILE: &str = "member_mobile_change.mobile";
/// The requests a union sees: those of members below it; of a county, a city and the province also those of their
/// own members, which nobody nearer could decide.
#[derive(Debug, Clone)]
pub struct Desk {
    scope: OrgScope,
    /// The path whose own members are left out; no path is empty.
    except: String,
}

impl Desk {
    /// What the union acted for sees.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such union.
    pub async fn of(conn: &mut Conn, union: Uuid, scope: &OrgScope) -> Result<Self, Problem> {
        let union = org::any(conn, union).await?.ok_or_else(Problem::not_found)?;
        let except = if union.is_county_or_above() { String::new() } else { union.path };
        Ok(Self { scope: scope.clone(), except })
    }

    /// The same within a narrower scope.
    #[must_use]
    pub fn within(self, scope: OrgScope) -> Self {
        Self { scope, except: self.except }
    }

    /// Where it begins, to bind a list's pages to it.
    pub fn start(&self) -> &str {
        self.scope.start()
    }
}

/// A request as the use-cases read it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id.
    pub id: Uuid,
    /// Whose, as their union knows them; mask it before it leaves.
    pub member: Member,
    /// The proved new mobile; mask it before it leaves.
    pub mobile: Mobile,
    /// Where it stands.
    pub state: State,
    /// By when it is to be decided.
    pub due_on: NaiveDate,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
    pub(super) mobile_index: Vec<u8>,
    pub(super) seen_index: Option<Vec<u8>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = change)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    mobile: Vec<u8>,
    mobile_index: Vec<u8>,
    seen_index: Option<Vec<u8>>,
    state: String,
    due_on: NaiveDate,
    created_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    version: i32,
}

async fn open(core: &Core, conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Request>, Problem> {
    let persons: Vec<Uuid> = rows.iter().map(|row| row.person_id).collect();
    let members = member::of(core, conn, &persons).await?;
    rows.into_iter()
        .map(|row| {
            let member = members.iter().find(|m| m.person == row.person_id).cloned();
            let mobile = core.sealer.open_text(MOBILE, row.id, &row.mobile)?;
            Ok(Request {
                id: row.id,
                member: member.ok_or_else(|| Problem::internal("a request of nobody's"))?,
                mobile: Mobile::parse(&mobile).map_err(|_| Problem::internal("a stored mobile is none"))?,
                state: State::parse(&row.state)
                    .ok_or_else(|| Problem::internal("unknown state of a request"))?,
                due_on: row.due_on,
                created_at: row.created_at,
                decided_at: row.decided_at,
                reason: row.reason,
                version: row.version,
                mobile_index: row.mobile_index,
                seen_index: row.seen_index,
            })
        })
        .collect()
}

macro_rules! seen_from {
    ($desk:expr) => {
        change::table
            .inner_join(member_standing::table.on(member_standing::person_id.eq(change::person_id)))
            .filter(
                member_standing::path
                    .ge($desk.scope.start())
                    .and(member_standing::path.lt($desk.scope.end())),
            )
            .filter(member_standing::path.ne($desk.except.as_str()))
    };
}

/// A page of the requests of a desk in some states, oldest first.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn list(
    core: &Core,
    conn: &mut Conn,
    desk: &Desk,
    states: &[State],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Request>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut query = seen_from!(desk)
        .filter(change::state.eq_any(words))
        .order(change::id)
        .limit(limit + 1)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(change::id.gt(after));
    }
    let Page { items, more } = Page::cut(query.load(conn).await?, limit);
    Ok(Page { items: open(core, conn, items).await?, more })
}

/// One request of a desk.
///
/// # Errors
/// `NOT_FOUND` when it is absent or not to be seen from there.
pub async fn get(core: &Core, conn: &mut Conn, desk: &Desk, id: Uuid) -> Result<Request, Problem> {
    let row: Option<Row> =
        seen_from!(desk).filter(change::id.eq(id)).select(Row::as_select()).first(conn).await.optional()?;
    let rows = vec![row.ok_or_else(Problem::not_found)?];
    open(core, conn, rows).await?.pop().ok_or_else(Problem::not_found)
}

/// How many requests wait at a desk (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, desk: &Desk) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = seen_from!(desk)
        .filter(change::state.eq(State::Review.as_str()))
        .order(change::due_on)
        .limit(COUNTED_ROWS)
        .select(change::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}

/// What the roster says of the new mobile. 名册手机比对
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterMobile {
    /// 与名册一致
    Same,
    /// 与名册不同: make sure who it is.
    Other,
    /// 名册无手机
    None,
}

/// Who has the new mobile now. 新手机号现状
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewMobile {
    /// 无人使用
    Free,
    /// 未实名账号: closed when this is approved.
    Newcomer,
    /// 他人账号: this cannot be approved.
    Taken,
    /// 本人账号: there is nothing to change any more.
    Own,
}

/// What a county goes by.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The roster.
    pub roster: RosterMobile,
    /// The new mobile.
    pub new_mobile: NewMobile,
    /// The account's present mobile; mask it before it leaves.
    pub old_mobile: Option<Mobile>,
    /// Whether the account still has the mobile it had when this was asked for.
    pub unchanged: bool,
}

/// Compares a request with what holds now.
///
/// # Errors
/// `INTERNAL` when a sealed value does not open.
pub async fn evidence(core: &Core, conn: &mut Conn, a: &Request) -> Result<Evidence, Problem> {
    let person = a.member.person;
    let roster = match profile::mobile_index(conn, person).await? {
        None => RosterMobile::None,
        Some(index) if index == a.mobile_index => RosterMobile::Same,
        Some(_) => RosterMobile::Other,
    };
    let own = account::find_by_person(conn, Realm::Member, person).await?;
    let holder = account::find_by_mobile(conn, Realm::Member, &a.mobile_index).await?;
    let new_mobile = match holder {
        None => NewMobile::Free,
        Some(holder) if own.as_ref().is_some_and(|own| own.id == holder.id) => NewMobile::Own,
        Some(holder) if holder.person.is_none() && holder.may_log_in() => NewMobile::Newcomer,
        Some(_) => NewMobile::Taken,
    };
    let unchanged = own.as_ref().and_then(|own| own.mobile_index()) == a.seen_index.as_deref();
    let old_mobile = own.map(|own| own.mobile(&core.sealer)).transpose()?.flatten();
    Ok(Evidence { roster, new_mobile, old_mobile, unchanged })
}
