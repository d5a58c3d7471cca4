//! Applications as rows: a member's own, a recruiter's, and numbers for cadres.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Date, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Application, State};
use crate::posting::Posting;
use crate::schema::{job_application as application, job_posting, recruiter};

/// An application with its posting and the recruiter's name.
pub type Detail = (Application, Posting, String);

macro_rules! details {
    () => {
        application::table
            .inner_join(job_posting::table.on(job_posting::id.eq(application::posting_id)))
            .inner_join(recruiter::table.on(recruiter::id.eq(application::recruiter_id)))
            .select((Application::as_select(), Posting::as_select(), recruiter::name))
    };
}

/// One's own application.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn own(conn: &mut Conn, person: Uuid, id: Uuid) -> Result<Application, Problem> {
    let found = application::table.find(id).filter(application::person_id.eq(person));
    found.select(Application::as_select()).first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// An application to a recruiter.
///
/// # Errors
/// `NOT_FOUND` when it is absent or to another.
pub async fn get(conn: &mut Conn, of: Uuid, id: Uuid) -> Result<Application, Problem> {
    let found = application::table.find(id).filter(application::recruiter_id.eq(of));
    found.select(Application::as_select()).first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// An application to a recruiter, or a person's own, with its posting.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn of_recruiter(conn: &mut Conn, id: Uuid) -> Result<Detail, Problem> {
    let found = details!().filter(application::id.eq(id)).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// A page of one's own applications, in the order of their ids, after one.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_own(
    conn: &mut Conn,
    person: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Detail>, Problem> {
    let own = application::person_id.eq(person).and(application::id.gt(after.unwrap_or(Uuid::nil())));
    let rows = details!().filter(own).order(application::id).limit(limit + 1).load(conn).await?;
    Ok(Page::cut(rows, limit))
}

/// A page of the applications to a posting of a recruiter's, in the order of their ids, after one.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of_posting(
    conn: &mut Conn,
    (of, posting): (Uuid, Uuid),
    states: &[State],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Application>, Problem> {
    let mut query = application::table
        .filter(application::posting_id.eq(posting).and(application::recruiter_id.eq(of)))
        .filter(application::id.gt(after.unwrap_or(Uuid::nil())))
        .order(application::id)
        .limit(limit + 1)
        .select(Application::as_select())
        .into_boxed();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        query = query.filter(application::state.eq_any(words));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Somebody's applications that are open, at most a hundred, for a list of all their matters.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn matters(conn: &mut Conn, person: Uuid) -> Result<Vec<Detail>, Problem> {
    let words: Vec<&str> = State::OPEN.iter().map(|state| state.as_str()).collect();
    let open = application::person_id.eq(person).and(application::state.eq_any(words));
    Ok(details!().filter(open).order(application::id).limit(100).load(conn).await?)
}

/// How often a person has applied.
#[derive(Debug, diesel::QueryableByName)]
pub(super) struct Tries {
    /// For one posting, or for the same text posted anew.
    #[diesel(sql_type = BigInt)]
    pub here: i64,
    /// Of all, those that are open.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// Of all, those since a moment.
    #[diesel(sql_type = BigInt)]
    pub since: i64,
}

/// Counts a person's applications.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(super) async fn tries(
    conn: &mut Conn,
    person: Uuid,
    to: &Posting,
    since: DateTime<Utc>,
) -> Result<Tries, Problem> {
    let open: Vec<&str> = State::OPEN.iter().map(|state| state.as_str()).collect();
    let query = diesel::sql_query(
        "SELECT count(*) FILTER (WHERE posting_id = $2 OR content_key = $3) AS here, \
                count(*) FILTER (WHERE state = ANY ($4)) AS open, \
                count(*) FILTER (WHERE created_at >= $5) AS since \
         FROM job_application WHERE person_id = $1",
    );
    let query = query
        .bind::<SqlUuid, _>(person)
        .bind::<SqlUuid, _>(to.id)
        .bind::<Binary, _>(&to.content_key)
        .bind::<Array<Text>, _>(open)
        .bind::<Timestamptz, _>(since);
    Ok(query.get_result(conn).await?)
}

/// What was offered, applied for and filled: three numbers that are never added up.
#[derive(Debug, diesel::QueryableByName)]
pub struct Figures {
    /// Postings that were published.
    #[diesel(sql_type = BigInt)]
    pub postings: i64,
    /// Of them, live today.
    #[diesel(sql_type = BigInt)]
    pub live: i64,
    /// Places they offer.
    #[diesel(sql_type = BigInt)]
    pub offered: i64,
    /// Applications, withdrawn ones too.
    #[diesel(sql_type = BigInt)]
    pub applications: i64,
    /// Members who took a place that was offered here.
    #[diesel(sql_type = BigInt)]
    pub hired: i64,
    /// Places that recruiters say are filled, by whomever.
    #[diesel(sql_type = BigInt)]
    pub filled: i64,
}

/// The figures of a scope.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn figures(
    conn: &mut Conn,
    scope: &OrgScope,
    today: chrono::NaiveDate,
) -> Result<Figures, Problem> {
    let query = diesel::sql_query(
        "SELECT p.*, a.* FROM (\
             SELECT count(*) AS postings, count(*) FILTER (WHERE state = 'LIVE' AND valid_through >= $3) AS live, \
                    coalesce(sum(headcount), 0)::bigint AS offered, coalesce(sum(filled), 0)::bigint AS filled \
             FROM job_posting WHERE path >= $1 AND path < $2 AND published_at IS NOT NULL) p, (\
             SELECT count(*) AS applications, count(*) FILTER (WHERE state = 'HIRED') AS hired \
             FROM job_application WHERE path >= $1 AND path < $2) a",
    );
    let query = query.bind::<Text, _>(scope.start()).bind::<Text, _>(scope.end()).bind::<Date, _>(today);
    Ok(query.get_result(conn).await?)
}
