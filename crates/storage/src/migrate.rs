//! The one migration stream, compiled in.

use diesel_async::{AsyncConnection, AsyncMigrationHarness};
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
