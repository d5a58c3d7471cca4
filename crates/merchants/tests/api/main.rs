//! Merchants over HTTP: entering and approving, claiming, verification and redemption, races, void, scope.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod appeals;
mod applications;
mod campaigns;
mod claims;
mod codes;
mod contracts;
mod digits;
mod imports;
mod licences;
mod merchants;
mod nearby;
mod posters;
mod races;
mod redemptions;
mod scope;
mod tills;
mod voids;
mod waits;
mod worth;
