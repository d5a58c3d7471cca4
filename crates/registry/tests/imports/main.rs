//! Imports over HTTP, with files as unions send them.

mod bench;
mod edges;
mod resume;
mod reverts;
mod rosters;
mod scopes;
mod unions;
