//! Cases as rows, and who may read which. Whatever a lawyer reads goes through the wall in the same statement.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Form, MACHINE, State};
use crate::lawyer::LegalField;
use crate::schema::{
    legal_aid as rows, legal_conflict as conflicts, legal_firm as firms, legal_lawyer as lawyers,
    legal_tried as tried,
};

pub(super) const TITLE: &str = "legal_aid.title";
pub(super) const CLAIM: &str = "legal_aid.claim";
/// How many lawyers a legal department is shown to choose from.
const SHOWN_LAWYERS: i64 = 50;

/// A case of legal aid.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Aid {
    /// Its id.
    pub id: Uuid,
    /// What people read over the phone.
    pub number: String,
    /// Whose.
    pub person_id: Uuid,
    /// The question it came from.
    pub consultation_id: Option<Uuid>,
    /// The union that handles it.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// The path of the union it was applied for at.
    pub origin_path: String,
    category: String,
    /// For the legal officers alone.
    pub sensitive: bool,
    /// Why no means test, or what stands in for it.
    pub ground: String,
    form: String,
    title: Vec<u8>,
    claim: Vec<u8>,
    /// What is claimed, fen.
    pub claimed_fen: Option<i64>,
    /// The last day to ask for arbitration.
    pub limitation_on: Option<NaiveDate>,
    /// The day of the hearing.
    pub hearing_on: Option<NaiveDate>,
    state: String,
    /// Whether papers were asked for.
    pub papers_asked: bool,
    /// Whether a lawyer acts before it is decided.
    pub provisional: bool,
    /// Who looked it through.
    pub reviewer_id: Option<Uuid>,
    /// Who decided it last.
    pub decider_id: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who represents the member.
    pub lawyer_id: Option<Uuid>,
    /// Which union is asked to handle it.
    pub entrusted_to: Option<Uuid>,
    /// That union's path.
    pub entrusted_path: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// What the member got, fen.
    pub recovered_fen: Option<i64>,
    /// One to five.
    pub rating: Option<i32>,
    /// When it was applied for.
    pub applied_at: DateTime<Utc>,
    /// Moves with every change.
    pub version: i32,
    /// The place in the tree from which it was decided.
    pub decided_path: Option<String>,
}

impl Aid {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::parse(&self.state).unwrap_or(State::Terminated)
    }

    /// What it is about.
    pub fn category(&self) -> LegalField {
        LegalField::parse(&self.category).unwrap_or(LegalField::Other)
    }

    /// How a lawyer helps.
    pub fn form(&self) -> Form {
        Form::parse(&self.form).unwrap_or(Form::Other)
    }

    /// Whether aid was decided on, so that a lawyer who gives it back leaves it granted.
    pub const fn is_decided(&self) -> bool {
        self.decided_at.is_some()
    }

    /// What it is about, in short.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed title does not open.
    pub fn title(&self, core: &Core) -> Result<String, Problem> {
        Ok(core.sealer.open_text(TITLE, self.id, &self.title)?)
    }

    /// What happened and what is wanted.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed text does not open.
    pub fn claim(&self, core: &Core) -> Result<String, Problem> {
        Ok(core.sealer.open_text(CLAIM, self.id, &self.claim)?)
    }

    /// Whether the limitation period or the hearing is so near that a lawyer may act first.
    pub fn is_urgent(&self, today: NaiveDate) -> bool {
        let near = |day: NaiveDate| (day - today).num_days() < super::NEAR_DAYS && day >= today;
        !MACHINE.is_over(self.state())
            && (self.limitation_on.is_some_and(near) || self.hearing_on.is_some_and(near))
    }
}

/// A case with the name of its lawyer.
pub type Listed = (Aid, Option<String>);

macro_rules! shown {
    () => {
        rows::table
            .left_join(lawyers::table.on(lawyers::id.nullable().eq(rows::lawyer_id)))
            .select((Aid::as_select(), lawyers::name.nullable()))
    };
}

// Not behind the wall: whoever is must not learn that the case exists.
macro_rules! open_to {
    ($lawyer:expr) => {
        rows::lawyer_id.eq($lawyer).and(not(exists(
            conflicts::table.filter(conflicts::case_id.eq(rows::id).and(conflicts::lawyer_id.eq($lawyer))),
        )))
    };
}

// What a legal department may see: what it handles, what it handed over, what it is asked to take.
macro_rules! within {
    ($scope:expr, $sensitive:expr) => {
        rows::path
            .ge($scope.start())
            .and(rows::path.lt($scope.end()))
            .or(rows::origin_path.ge($scope.start()).and(rows::origin_path.lt($scope.end())))
            .or(rows::entrusted_path
                .assume_not_null()
                .ge($scope.start())
                .and(rows::entrusted_path.assume_not_null().lt($scope.end()))
                .and(rows::entrusted_path.is_not_null()))
            .and(rows::sensitive.eq(false).or(rows::sensitive.eq($sensitive)))
    };
}

/// One of a member's cases.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn of_person(conn: &mut Conn, person: Uuid, id: Uuid) -> Result<Listed, Problem> {
    let own = shown!().filter(rows::id.eq(id).and(rows::person_id.eq(person)));
    own.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of a member's cases, the newest first.
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

fn words(states: &[State]) -> Vec<&'static str> {
    states.iter().map(|state| state.as_str()).collect()
}

/// Somebody's cases that are not over, at most a hundred, for a list of all their matters.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn matters(conn: &mut Conn, person: Uuid) -> Result<Vec<Aid>, Problem> {
    let open: Vec<State> = State::ALL.iter().copied().filter(|state| !MACHINE.is_over(*state)).collect();
    let own = rows::table.filter(rows::person_id.eq(person).and(rows::state.eq_any(words(&open))));
    Ok(own.order(rows::id).limit(100).select(Aid::as_select()).load(conn).await?)
}

/// A member's cases for their copy of what is held about them.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copied(conn: &mut Conn, person: Uuid, limit: i64) -> Result<Page<Aid>, Problem> {
    let own = rows::table.filter(rows::person_id.eq(person)).order(rows::id.desc()).limit(limit + 1);
    Ok(Page::cut(own.select(Aid::as_select()).load(conn).await?, limit))
}

/// One of a lawyer's cases.
///
/// # Errors
/// `NOT_FOUND` when it is absent, another's, or behind the wall.
pub async fn of_lawyer(conn: &mut Conn, lawyer: Uuid, id: Uuid) -> Result<Aid, Problem> {
    let found = rows::table.find(id).filter(open_to!(lawyer)).select(Aid::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of a lawyer's cases in some states, the newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_of_lawyer(
    conn: &mut Conn,
    lawyer: Uuid,
    states: &[State],
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Aid>, Problem> {
    let found = rows::table
        .filter(open_to!(lawyer).and(rows::state.eq_any(words(states))))
        .filter(rows::id.lt(before.unwrap_or(Uuid::max())))
        .order(rows::id.desc())
        .limit(limit + 1)
        .select(Aid::as_select());
    Ok(Page::cut(found.load(conn).await?, limit))
}

/// A case of a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent, out of scope, or sensitive and the caller is no legal officer.
pub async fn of_scope(
    conn: &mut Conn,
    (scope, sensitive): (&OrgScope, bool),
    id: Uuid,
) -> Result<Listed, Problem> {
    let found = shown!().filter(rows::id.eq(id).and(within!(scope, sensitive)));
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of a scope's cases in some states, the oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_of_scope(
    conn: &mut Conn,
    (scope, sensitive): (&OrgScope, bool),
    states: &[State],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Listed>, Problem> {
    let found = shown!()
        .filter(rows::state.eq_any(words(states)).and(within!(scope, sensitive)))
        .filter(rows::id.gt(after.unwrap_or(Uuid::nil())))
        .order(rows::id)
        .limit(limit + 1);
    Ok(Page::cut(found.load(conn).await?, limit))
}

/// The states in which a case waits for a legal department.
pub(crate) const WAITS: &[State] = &[
    State::Applied,
    State::UnderReview,
    State::Provisional,
    State::Granted,
    State::Reported,
    State::Appealed,
];

/// How many cases wait for the legal department of a scope (1,001 says that there are more), and since when.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn waiting(
    conn: &mut Conn,
    (scope, sensitive): (&OrgScope, bool),
) -> Result<(i64, Option<DateTime<Utc>>), Problem> {
    let since: Vec<DateTime<Utc>> = rows::table
        .filter(rows::state.eq_any(words(WAITS)))
        .filter(within!(scope, sensitive))
        .order(rows::id)
        .limit(COUNTED_ROWS)
        .select(rows::applied_at)
        .load(conn)
        .await?;
    Ok((counted(&since), since.as_slice().first().copied()))
}

/// A lawyer who could represent the member.
#[derive(Debug, Clone, Queryable)]
pub struct Free {
    /// Who.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their firm.
    pub firm: String,
    /// Where they practise.
    pub division: String,
    /// What they know.
    pub fields: Vec<String>,
}

/// Lawyers of the directory who are not behind the wall, those who know the field first; at most fifty.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn free_lawyers(conn: &mut Conn, of: &Aid, today: NaiveDate) -> Result<Vec<Free>, Problem> {
    let knows = lawyers::fields.contains(vec![of.category.as_str()]);
    let found = lawyers::table
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(lawyers::state.eq("ACTIVE").and(lawyers::licence_until.ge(today)))
        .filter(firms::licence_until.ge(today))
        .filter(not(exists(
            conflicts::table.filter(conflicts::case_id.eq(of.id).and(conflicts::lawyer_id.eq(lawyers::id))),
        )))
        .filter(not(exists(tried::table.filter(
            tried::case_id.eq(of.id).and(tried::lawyer_id.eq(lawyers::id)).and(tried::why.eq("recused")),
        ))))
        .order((knows.desc(), lawyers::id))
        .limit(SHOWN_LAWYERS)
        .select((lawyers::id, lawyers::name, firms::name, lawyers::division, lawyers::fields));
    Ok(found.load(conn).await?)
}

/// A case, locked for a change.
///
/// # Errors
/// `NOT_FOUND` when it is absent.
pub(super) async fn lock(tx: &mut Conn, id: Uuid) -> Result<Aid, Problem> {
    let found = rows::table.find(id).select(Aid::as_select()).for_update();
    found.first(tx).await.optional()?.ok_or_else(Problem::not_found)
}
