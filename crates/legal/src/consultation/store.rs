//! Questions as rows, and who may read which. Whatever a lawyer reads goes through the wall in the same statement.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_casework::timeline::{self, Entry};
use unionhall_kernel::Problem;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{MACHINE, State};
use crate::schema::{
    legal_conflict as conflicts, legal_consultation as rows, legal_lawyer as lawyers,
    member_standing as standing,
};

pub(super) const TITLE: &str = "legal_consultation.title";

/// A question.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Consultation {
    /// Its id.
    pub id: Uuid,
    /// What people read over the phone.
    pub number: String,
    /// Whose.
    pub person_id: Uuid,
    /// The account that asked.
    pub account_id: Uuid,
    /// The field it is of.
    pub category: String,
    /// For the legal officers alone.
    pub sensitive: bool,
    title: Vec<u8>,
    state: String,
    /// Who has it.
    pub lawyer_id: Option<Uuid>,
    /// Who was asked for.
    pub chosen_id: Option<Uuid>,
    /// How far up an escalation went.
    pub escalated: i32,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// When a lawyer first answered.
    pub first_response_at: Option<DateTime<Utc>>,
    /// When it was closed last.
    pub closed_at: Option<DateTime<Utc>>,
    /// One to five.
    pub rating: Option<i32>,
    /// When it was rated.
    pub rated_at: Option<DateTime<Utc>>,
    /// How often it was reopened.
    pub reopened: i32,
    /// Moves with every change.
    pub version: i32,
}

impl Consultation {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::parse(&self.state).unwrap_or(State::Withdrawn)
    }

    /// What it is about.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed title does not open.
    pub fn title(&self, core: &Core) -> Result<String, Problem> {
        Ok(core.sealer.open_text(TITLE, self.id, &self.title)?)
    }
}

/// A question with the name of who has it.
pub type Listed = (Consultation, Option<String>);

macro_rules! shown {
    () => {
        rows::table
            .left_join(lawyers::table.on(lawyers::id.nullable().eq(rows::lawyer_id)))
            .select((Consultation::as_select(), lawyers::name.nullable()))
    };
}

// Not behind the wall: whoever is must not learn that the question exists.
macro_rules! open_to {
    ($lawyer:expr) => {
        rows::lawyer_id.eq($lawyer).and(not(exists(
            conflicts::table.filter(conflicts::case_id.eq(rows::id).and(conflicts::lawyer_id.eq($lawyer))),
        )))
    };
}

/// One of a member's questions.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn of_person(conn: &mut Conn, person: Uuid, id: Uuid) -> Result<Listed, Problem> {
    let own = shown!().filter(rows::id.eq(id).and(rows::person_id.eq(person)));
    own.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of a member's questions, the newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_of_person(
    conn: &mut Conn,
    person: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Listed>, Problem> {
    let own = shown!()
        .filter(rows::person_id.eq(person).and(rows::id.lt(before.unwrap_or(Uuid::max()))))
        .order(rows::id.desc())
        .limit(limit + 1);
    Ok(Page::cut(own.load(conn).await?, limit))
}

/// Somebody's questions that are not over, at most a hundred, for a list of all their matters.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn matters(conn: &mut Conn, person: Uuid) -> Result<Vec<Consultation>, Problem> {
    let open = State::ALL.iter().filter(|state| !MACHINE.is_over(**state)).map(|state| state.as_str());
    let own = rows::person_id.eq(person).and(rows::state.eq_any(open.collect::<Vec<_>>()));
    let found = rows::table.filter(own).order(rows::id).limit(100).select(Consultation::as_select());
    Ok(found.load(conn).await?)
}

/// One of a lawyer's questions.
///
/// # Errors
/// `NOT_FOUND` when it is absent, another's, or behind the wall.
pub async fn of_lawyer(conn: &mut Conn, lawyer: Uuid, id: Uuid) -> Result<Consultation, Problem> {
    let found = rows::table.find(id).filter(open_to!(lawyer)).select(Consultation::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of a lawyer's questions in some states, the newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_of_lawyer(
    conn: &mut Conn,
    lawyer: Uuid,
    states: &[State],
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Consultation>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let found = rows::table
        .filter(open_to!(lawyer).and(rows::state.eq_any(words)))
        .filter(rows::id.lt(before.unwrap_or(Uuid::max())))
        .order(rows::id.desc())
        .limit(limit + 1)
        .select(Consultation::as_select());
    Ok(Page::cut(found.load(conn).await?, limit))
}

/// What a legal department may see: members of its scope; sensitive ones where `sensitive` says so.
macro_rules! within {
    ($scope:expr, $sensitive:expr) => {
        exists(
            standing::table.filter(
                standing::person_id
                    .eq(rows::person_id)
                    .and(standing::path.ge($scope.start()))
                    .and(standing::path.lt($scope.end())),
            ),
        )
        .and(rows::sensitive.eq(false).or(rows::sensitive.eq($sensitive)))
    };
}

/// A question of a member of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent, out of scope, or sensitive and the caller is no legal officer.
pub async fn of_scope(
    conn: &mut Conn,
    scope: &OrgScope,
    sensitive: bool,
    id: Uuid,
) -> Result<Listed, Problem> {
    let found = shown!().filter(rows::id.eq(id).and(within!(scope, sensitive)));
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the questions of a scope that wait for its legal department, the oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_escalated(
    conn: &mut Conn,
    (scope, sensitive): (&OrgScope, bool),
    states: &[State],
    after: Option<&(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Page<Listed>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut found = shown!()
        .filter(rows::state.eq_any(words).and(within!(scope, sensitive)))
        .order((rows::asked_at, rows::id))
        .limit(limit + 1)
        .into_boxed();
    if let Some((at, id)) = after {
        found = found.filter(rows::asked_at.gt(at).or(rows::asked_at.eq(at).and(rows::id.gt(id))));
    }
    Ok(Page::cut(found.load(conn).await?, limit))
}

/// How many questions wait for the legal department of a scope (1,001 says that there are more), and since when.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(
    conn: &mut Conn,
    scope: &OrgScope,
    sensitive: bool,
) -> Result<(i64, Option<DateTime<Utc>>), Problem> {
    let since: Vec<DateTime<Utc>> = rows::table
        .filter(rows::state.eq_any([State::Escalated.as_str(), State::Callback.as_str()]))
        .filter(within!(scope, sensitive))
        .order(rows::asked_at)
        .limit(COUNTED_ROWS)
        .select(rows::asked_at)
        .load(conn)
        .await?;
    Ok((counted(&since), since.as_slice().first().copied()))
}

/// What was done and said after a place in a question; the caller has judged that it may be read.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn entries_after(
    core: &Core,
    conn: &mut Conn,
    id: Uuid,
    since: i32,
    internal: bool,
) -> Result<Vec<Entry>, Problem> {
    timeline::after(core, conn, id, since, (internal, 100)).await
}

/// A question, locked for a change.
///
/// # Errors
/// `NOT_FOUND` when it is absent.
pub(super) async fn lock(tx: &mut Conn, id: Uuid) -> Result<Consultation, Problem> {
    let found = rows::table.find(id).select(Consultation::as_select()).for_update();
    found.first(tx).await.optional()?.ok_or_else(Problem::not_found)
}
