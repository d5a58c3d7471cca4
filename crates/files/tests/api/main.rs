//! Files over HTTP: what is taken, what is kept of it, who reads it, and when it goes.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod content;
mod links;
mod office;
mod owners;
mod scanner;
