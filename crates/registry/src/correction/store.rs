//! Corrections as rows, seen within a scope by the membership's path, or by their owner.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_web::OrgScope;
use unionhall_web::wire::Progress;
use uuid::Uuid;

use super::{Facts, State};
use crate::schema::{member_correction as correction, member_standing};

/// A correction.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = correction)]
pub struct Correction {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// From which account.
    pub account_id: Uuid,
    facts: serde_json::Value,
    /// The evidence.
    pub file_ids: Vec<Uuid>,
    /// Why, as the member says.
    pub explanation: String,
    state: String,
    /// By when it is to be decided.
    pub due_on: NaiveDate,
    /// When it was handed in.
    pub created_at: DateTime<Utc>,
    /// When it was decided or withdrawn.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Moves with every change.
    pub version: i32,
}

impl Correction {
    /// Where it stands, in words.
    pub fn progress(&self) -> Progress {
        let (waiting_for, next_step) = match self.state() {
            State::Review => (Some("union"), "所在工会核对证明材料"),
            State::Approved => (None, "已按申请更正"),
            State::Rejected => (None, "可补充材料后重新申请"),
            State::Withdrawn => (None, "可重新申请"),
        };
        Progress {
            state: self.state().as_str().to_owned(),
            state_text: self.state().text(),
            waiting_for,
            next_step,
            due_on: waiting_for.map(|_| self.due_on),
            missing: Vec::new(),
            contact_phone: Some("12351"),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        // A word the table's check does not know cannot be there; it would be nobody's to decide.
        State::parse(&self.state).unwrap_or(State::Withdrawn)
    }

    /// The facts as they should be.
    ///
    /// # Errors
    /// `INTERNAL` when the row holds something else.
    pub fn facts(&self) -> Result<Facts, Problem> {
        Facts::of(self.facts.clone())
    }
}

macro_rules! in_scope {
    ($scope:expr) => {
        correction::table
            .inner_join(member_standing::table.on(member_standing::person_id.eq(correction::person_id)))
            .filter(member_standing::path.ge($scope.start()).and(member_standing::path.lt($scope.end())))
    };
}

/// A correction of a member of the scope, with the path of their union.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<(Correction, String), Problem> {
    let found = in_scope!(scope)
        .filter(correction::id.eq(id))
        .select((Correction::as_select(), member_standing::path))
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// One's own correction.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn own(conn: &mut Conn, person: Uuid, id: Uuid) -> Result<Correction, Problem> {
    let found = correction::table.find(id).filter(correction::person_id.eq(person));
    let found = found.select(Correction::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// One's own corrections, newest first, at most 50.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_own(conn: &mut Conn, person: Uuid) -> Result<Vec<Correction>, Problem> {
    let own = correction::table.filter(correction::person_id.eq(person)).order(correction::id.desc());
    Ok(own.limit(50).select(Correction::as_select()).load(conn).await?)
}

/// A page of the corrections of a scope in some states, oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[State],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Correction>, Problem> {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let mut query = in_scope!(scope)
        .filter(correction::state.eq_any(words))
        .order(correction::id)
        .limit(limit + 1)
        .select(Correction::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(correction::id.gt(after));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// How many wait in a scope (1,001 says that there are more), and the earliest due date.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(conn: &mut Conn, scope: &OrgScope) -> Result<(i64, Option<NaiveDate>), Problem> {
    let due: Vec<NaiveDate> = in_scope!(scope)
        .filter(correction::state.eq(State::Review.as_str()))
        .order(correction::due_on)
        .limit(COUNTED_ROWS)
        .select(correction::due_on)
        .load(conn)
        .await?;
    Ok((counted(&due), due.as_slice().first().copied()))
}

// Whoever moves a correction moves the version they read, so that of two at once one comes too late.
pub(super) async fn moved(
    tx: &mut Conn,
    read: &Correction,
    to: State,
    (by, reason, at): (Option<Uuid>, Option<&str>, DateTime<Utc>),
) -> Result<Option<Correction>, Problem> {
    let row = correction::table.find(read.id).filter(correction::version.eq(read.version));
    Ok(diesel::update(row)
        .set((
            correction::state.eq(to.as_str()),
            correction::reason.eq(reason),
            correction::decided_by.eq(by),
            correction::decided_at.eq(at),
            correction::version.eq(correction::version + 1),
        ))
        .returning(Correction::as_returning())
        .get_result(tx)
        .await
        .optional()?)
}
