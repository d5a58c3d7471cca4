//! Imports over HTTP, with files as unions send them.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bench;
mod edges;
mod resume;
mod reverts;
mod rosters;
mod scopes;
mod sheets;
mod unions;
