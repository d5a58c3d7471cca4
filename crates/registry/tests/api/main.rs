//! Registry over HTTP.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod assist;
mod chairs;
mod corrections;
mod exports;
mod join;
mod join_batch;
mod leavers;
mod members;
mod mobile_changes;
mod modules;
mod posts;
mod real_name;
mod undone;
mod unions;
