//! Proposals as rows, seen within a scope by where the member stands now.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Kind, State};
use crate::schema::{member_leaver as leaver, member_standing, org, person_name};

/// A proposal.
#[derive(Debug, Clone)]
pub struct Leaver {
    /// Its id.
    pub id: Uuid,
    /// Whose membership.
    pub person: Uuid,
    /// Their full name; mask it before it leaves.
    pub name: String,
    /// In which union they stand now.
    pub org: Uuid,
    /// Its name.
    pub org_name: String,
    /// Its path.
    pub path: String,
    /// The version of the membership it was judged by.
    pub membership: Uuid,
    /// How they left.
    pub kind: Kind,
    /// Why, as the proposer says.
    pub reason: String,
    /// Where it stands.
    pub state: State,
    /// Who proposed it.
    pub proposed_by: Uuid,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// By when somebody is to have looked at it.
    pub due_on: NaiveDate,
    /// Why it was rejected.
    pub decision_reason: Option<String>,
    /// Moves with every step.
    pub version: i32,
}

type Row = (
    (Uuid, Uuid, String, Uuid, String, String),
    (Uuid, Uuid, String, String, String),
    (Uuid, DateTime<Utc>, NaiveDate, Option<String>, i32),
);

macro_rules! leavers {
    ($scope:expr) => {
        leaver::table
            .inner_join(member_standing::table.on(member_standing::person_id.eq(leaver::person_id)))
            .inner_join(org::table.on(org::id.eq(member_standing::org_id)))
            .inner_join(person_name::table.on(person_name::person_id.eq(leaver::person_id)))
            .filter(member_standing::path.ge($scope.start()).and(member_standing::path.lt($scope.end())))
    };
}

macro_rules! columns {
    () => {
        (
            (leaver::id, leaver::person_id, person_name::name, org::id, org::name, member_standing::path),
            (
                leaver::membership_id,
                member_standing::membership_id,
                leaver::kind,
                leaver::reason,
                leaver::state,
            ),
            (
                leaver::proposed_by,
                leaver::proposed_at,
                leaver::due_on,
                leaver::decision_reason,
                leaver::version,
            ),
        )
    };
}

fn leaver_of((who, what, how): Row) -> Result<Leaver, Problem> {
    let (id, person, name, org, org_name, path) = who;
    let (membership, present, kind, reason, state) = what;
    let (proposed_by, proposed_at, due_on, decision_reason, version) = how;
    let state = State::parse(&state).ok_or_else(|| Problem::internal("unknown leaver state"))?;
    // Whoever changes a membership knows nothing of proposals; they see it here.
    let state = if state == State::Proposed && membership != present { State::Lapsed } else { state };
    let kind = Kind::parse(&kind).ok_or_else(|| Problem::internal("unknown leaver kind"))?;
    Ok(Leaver {
        id,
        person,
        name,
        org,
        org_name,
        path,
        membership,
        kind,
        reason,
        state,
        proposed_by,
        proposed_at,
        due_on,
        decision_reason,
        version,
    })
}

/// A proposal about a member of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Leaver, Problem> {
    let row: Option<Row> =
        leavers!(scope).filter(leaver::id.eq(id)).select(columns!()).first(conn).await.optional()?;
    row.map(leaver_of).transpose()?.ok_or_else(Problem::not_found)
}

/// A page of the proposals about members of a scope, oldest first, after `after`: those that wait, or those that ended.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    waiting: bool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Leaver>, Problem> {
    let proposed = leaver::state.eq(State::Proposed.as_str());
    let present = leaver::membership_id.eq(member_standing::membership_id);
    let mut query = leavers!(scope).order(leaver::id).limit(limit + 1).select(columns!()).into_boxed();
    query = match waiting {
        true => query.filter(proposed.and(present)),
        false => query.filter(diesel::dsl::not(proposed.and(present))),
    };
    if let Some(after) = after {
        query = query.filter(leaver::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(Page::cut(rows.into_iter().map(leaver_of).collect::<Result<_, Problem>>()?, limit))
}

/// How many wait, and by when the first is to be looked at.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = leavers!(scope)
        .filter(leaver::state.eq(State::Proposed.as_str()))
        .filter(leaver::membership_id.eq(member_standing::membership_id))
        .order(leaver::due_on)
        .limit(COUNTED_ROWS)
        .select(leaver::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}
