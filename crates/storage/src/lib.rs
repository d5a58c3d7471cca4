//! PostgreSQL for the rooms above: two tiers of connections, transactions that retry, sealed columns and
//! blind indexes, idempotency, the outbox, leased tasks, audit rows and migrations.
//!
//! Rules that hold for every caller: functions take a connection, never a pool; ids and times are passed
//! in; nothing that leaves the process (HTTP, SMS) happens inside a transaction.

pub mod audit;
pub mod backlog;
pub mod blob;
pub mod core;
pub mod db;
pub mod hot;
pub mod keys;
pub mod migrate;
pub mod once;
pub mod outbox;
pub mod page;
pub mod retention;
mod schema;
pub mod seal;
pub mod server;
pub mod tasks;
pub mod training;

pub use core::Core;
pub use db::{Conn, Db, DbConfig, POINT_LIMIT};
pub use seal::{BlindIndex, Sealer};

/// The target of spans that are made for traces alone: logs leave them out, so where no traces are sent they cost nothing.
pub const SPANS: &str = "unionhall::span";
