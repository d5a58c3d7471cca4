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

/// Runs the migrations. Blocks its thread: call it where nothing is served (needs a multi-thread runtime).
///
/// # Errors
/// `INTERNAL` with the failing migration.
pub async fn run(url: &str, direction: Direction) -> Result<Vec<String>, Problem> {
    let conn = Conn::establish(url).await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let versions = match direction {
        Direction::Up => harness.run_pending_migrations(MIGRATIONS),
        Direction::Down => harness.revert_all_migrations(MIGRATIONS),
    }
    .map_err(Problem::internal)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

/// How many migrations are not applied yet; `serve` refuses to start unless this is 0.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn pending(url: &str) -> Result<usize, Problem> {
    let conn = Conn::establish(url).await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    Ok(harness.pending_migrations(MIGRATIONS).map_err(Problem::internal)?.len())
}
