//! Versions as rows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{Page, after};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Book, Key, State};
use crate::schema::law_parameter;

/// A version of a parameter.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = law_parameter)]
pub struct Version {
    /// Its id.
    pub id: Uuid,
    /// The path of the union that keeps it.
    pub path: String,
    /// Which parameter.
    #[diesel(deserialize_as = String)]
    pub key: Key,
    /// For which region it was published.
    pub region: String,
    /// Its number among those of its key and region, from 1.
    pub number: i32,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; open without.
    pub valid_to: Option<NaiveDate>,
    /// What it says, in the shape of its key.
    pub value: Value,
    /// Where it was published.
    pub source: String,
    /// Where it stands.
    #[diesel(deserialize_as = String)]
    pub state: State,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// When it was entered.
    pub recorded_at: DateTime<Utc>,
    /// The natural person who entered it; nobody where it came with the software.
    pub recorded_by: Option<Uuid>,
    /// When it was approved or rejected.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who did.
    pub decided_by: Option<Uuid>,
    /// When an approved version for the same first day took its place.
    pub superseded_at: Option<DateTime<Utc>>,
    /// Moves with every change.
    pub version: i32,
}

impl Version {
    /// Whether it counts.
    pub fn is_standing(&self) -> bool {
        self.state == State::Approved && self.superseded_at.is_none()
    }
}

macro_rules! in_scope {
    ($scope:expr) => {
        law_parameter::path.ge($scope.start()).and(law_parameter::path.lt($scope.end()))
    };
}

/// The approved versions for some regions, nearest first: a few dozen rows.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn load(conn: &mut Conn, regions: Vec<&'static str>) -> Result<Book, Problem> {
    let versions = law_parameter::table
        .filter(law_parameter::region.eq_any(&regions))
        .filter(law_parameter::state.eq(State::Approved.as_str()).and(law_parameter::superseded_at.is_null()))
        .select(Version::as_select())
        .load(conn)
        .await?;
    Ok(Book::new(regions, versions))
}

/// A version within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Version, Problem> {
    let found = law_parameter::table.find(id).filter(in_scope!(scope)).select(Version::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the versions of a scope, by key and id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    (keys, states, region): (&[Key], &[State], Option<&str>),
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Version>, Problem> {
    let mut query = law_parameter::table
        .filter(in_scope!(scope))
        .order((law_parameter::key, law_parameter::id))
        .limit(limit + 1)
        .select(Version::as_select())
        .into_boxed();
    if !keys.is_empty() {
        query =
            query.filter(law_parameter::key.eq_any(keys.iter().map(|key| key.as_str()).collect::<Vec<_>>()));
    }
    if !states.is_empty() {
        query = query.filter(
            law_parameter::state.eq_any(states.iter().map(|state| state.as_str()).collect::<Vec<_>>()),
        );
    }
    if let Some(region) = region {
        query = query.filter(law_parameter::region.eq(region.to_owned()));
    }
    if let Some(key) = key {
        query = query.filter(after((law_parameter::key, law_parameter::id), key));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Makes whoever writes wait for each other, so that numbers follow one another and one version stands for a first day.
/// There are a few writes a year.
///
/// # Errors
/// `UNAVAILABLE` when the lock is not had.
pub(super) async fn lock(tx: &mut Conn) -> Result<(), Problem> {
    diesel::sql_query("LOCK TABLE law_parameter IN SHARE ROW EXCLUSIVE MODE").execute(tx).await?;
    Ok(())
}

/// The number of the next version of a key and region; needs [`lock`].
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn next_number(tx: &mut Conn, key: Key, region: &str) -> Result<i32, Problem> {
    let newest: Option<i32> = law_parameter::table
        .filter(law_parameter::key.eq(key.as_str()).and(law_parameter::region.eq(region)))
        .select(diesel::dsl::max(law_parameter::number))
        .first(tx)
        .await?;
    Ok(newest.unwrap_or(0) + 1)
}
