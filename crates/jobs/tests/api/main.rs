//! Jobs over HTTP: recruiters, postings, search, applications.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod alerts;
mod applications;
mod desk;
mod imports;
mod limits;
mod postings;
mod recruiters;
mod reminders;
mod search;
