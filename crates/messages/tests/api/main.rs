//! Notices over HTTP: written and approved, read by those they are for, withdrawn for good; the first screen; the inbox
//! and its pushes.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod devices;
mod home;
mod inbox;
mod office;
mod paging;
mod pushes;
mod quiet;
mod races;
mod readers;
mod scope;
mod steps;
mod terms;
mod times;
mod told;
