//! Identity over HTTP.

mod codes;
mod login;
mod public;
mod sessions;
