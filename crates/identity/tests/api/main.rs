//! Identity over HTTP.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod closing;
mod codes;
mod delegates;
mod login;
mod mobile;
mod public;
mod sessions;
mod settings;
mod wechat;
