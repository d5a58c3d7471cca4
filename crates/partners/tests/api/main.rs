//! Partners over HTTP: registered and approved, logged in by assertion, entered by tickets, and what stands behind a subject.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod assertions;
mod city;
mod keys;
mod offices;
mod races;
mod subjects;
mod tickets;
