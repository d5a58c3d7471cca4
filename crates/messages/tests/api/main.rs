//! Notices over HTTP: written and approved, read by those they are for, withdrawn for good; and the first screen.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod home;
mod office;
mod paging;
mod races;
mod readers;
mod scope;
mod steps;
mod terms;
mod times;
