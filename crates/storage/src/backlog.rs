//! What waits for the worker: for metrics and for whoever looks after the installation.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Double, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;

use crate::db::Conn;

/// Tasks and events that are not done.
#[derive(Debug, Clone, Copy, diesel::QueryableByName)]
pub struct Backlog {
    /// Tasks whose time has come and that nobody runs.
    #[diesel(sql_type = BigInt)]
    pub due: i64,
    /// How long the oldest of them has waited, in seconds.
    #[diesel(sql_type = Double)]
    pub oldest_due: f64,
    /// Tasks under way.
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Tasks that failed at least once and will be tried again.
    #[diesel(sql_type = BigInt)]
    pub retrying: i64,
    /// Tasks that were given up and wait for an operator.
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    /// Events that are not dispatched.
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    /// How long the oldest of them has waited, in seconds.
    #[diesel(sql_type = Double)]
    pub oldest_event: f64,
}

// A lease that ran out is due again. Each part reads the partial index of what is not done; only what was given up is
// looked for among all, and done tasks are forgotten after a week.
const BACKLOG: &str = "\
    SELECT t.*, o.* FROM \
      (SELECT count(*) FILTER (WHERE waits) AS due, \
              greatest(extract(epoch FROM $1 - min(run_at) FILTER (WHERE waits)), 0)::float8 AS oldest_due, \
              count(*) FILTER (WHERE state = 'running' AND NOT waits) AS running, \
              count(*) FILTER (WHERE state <> 'failed' AND last_error IS NOT NULL) AS retrying, \
              count(*) FILTER (WHERE state = 'failed') AS failed \
         FROM (SELECT *, (state = 'queued' AND run_at <= $1) OR (state = 'running' AND lease_until < $1) AS waits \
                 FROM task WHERE state IN ('queued', 'running') \
               UNION ALL SELECT *, false FROM task WHERE state = 'failed') AS task) AS t, \
      (SELECT count(*) AS events, \
              coalesce(greatest(extract(epoch FROM $1 - min(created_at)), 0), 0)::float8 AS oldest_event \
         FROM outbox WHERE dispatched_at IS NULL) AS o";

/// What waits now.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn of(conn: &mut Conn, now: DateTime<Utc>) -> Result<Backlog, Problem> {
    Ok(diesel::sql_query(BACKLOG).bind::<Timestamptz, _>(now).get_result(conn).await?)
}

/// Failing tasks of one kind and one error.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Failing {
    /// The kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `failed`, or what they wait as until they are tried again.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// The last error's code.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_error: Option<String>,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// Tasks that failed and are not done, the most frequent first.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn failing(conn: &mut Conn) -> Result<Vec<Failing>, Problem> {
    const QUERY: &str = "SELECT kind, state, last_error, count(*) AS n FROM task \
                         WHERE state <> 'done' AND last_error IS NOT NULL \
                         GROUP BY kind, state, last_error ORDER BY n DESC, kind, state LIMIT 20";
    Ok(diesel::sql_query(QUERY).load(conn).await?)
}
