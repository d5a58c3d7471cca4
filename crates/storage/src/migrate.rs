//! The one migration stream, compiled in.

use std::collections::BTreeSet;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::{AsyncConnection, AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use unionhall_kernel::Problem;

use crate::db::Conn;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Apply everything pending.
    Up,
    /// Revert everything; for the round-trip test.
    Down,
}

/// Runs the migrations.
///
/// # Errors
/// `INTERNAL` with the failing migration.
pub async fn run(url: &str, direction: Direction) -> Result<Vec<String>, Problem> {
    with_harness(url, move |harness| {
        let versions = match direction {
            Direction::Up => harness.run_pending_migrations(MIGRATIONS),
            Direction::Down => harness.revert_all_migrations(MIGRATIONS),
        }
        .map_err(Problem::internal)?;
        Ok(versions.iter().map(ToString::to_string).collect())
    })
    .await
}

/// How many migrations are not applied yet; nothing but `migrate` starts unless this is 0.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn pending(url: &str) -> Result<usize, Problem> {
    with_harness(url, |harness| Ok(harness.pending_migrations(MIGRATIONS).map_err(Problem::internal)?.len()))
        .await
}

/// Migrations by where they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Ours that the database has.
    pub applied: Vec<String>,
    /// Ours that it has not.
    pub pending: Vec<String>,
    /// The database's that this version does not know: a newer one has been there.
    pub unknown: Vec<String>,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// Where the migrations stand, asked on a connection that is open already; changes nothing.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn state(conn: &mut Conn) -> Result<State, Problem> {
    const TABLE: &str = "__diesel_schema_migrations";
    let table = format!("SELECT '' AS version WHERE to_regclass('{TABLE}') IS NOT NULL");
    let there: Vec<Row> = diesel::sql_query(table).load(conn).await?;
    let rows: Vec<Row> = match there.is_empty() {
        true => Vec::new(),
        false => diesel::sql_query(format!("SELECT version FROM {TABLE}")).load(conn).await?,
    };
    let mut found: BTreeSet<String> = rows.into_iter().map(|row| row.version).collect();
    let mut state = State::default();
    let ours = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(Problem::internal)?;
    let ours: BTreeSet<String> = ours.iter().map(|m| m.name().version().to_string()).collect();
    for version in ours {
        let known = if found.remove(&version) { &mut state.applied } else { &mut state.pending };
        known.push(version);
    }
    state.unknown = found.into_iter().collect();
    Ok(state)
}

// diesel's harness blocks its thread, which only a multi-thread runtime allows: it gets one of its own, so the
// caller's may be of any kind.
async fn with_harness<R: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<Conn>) -> Result<R, Problem> + Send + 'static,
) -> Result<R, Problem> {
    let url = url.to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(async {
            let conn = Conn::establish(&url).await?;
            work(&mut AsyncMigrationHarness::new(conn))
        })
    });
    done.await?
}
