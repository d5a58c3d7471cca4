//! A real server on a real database for each test, with clients that speak HTTP.
//!
//! `TEST_DATABASE_URL` names a PostgreSQL superuser's connection; `./dev test` sets it. Each test gets a
//! database of its own, copied from a template that holds the schema and the territorial unions.

// Test support fails loudly: a broken test bench is a bug to fix, not an error to handle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod app;
mod audited;
mod client;
pub mod counsel;
mod db;
pub mod imports;
mod notices;
mod partner;
mod people;
mod published;
mod push;
mod qr;
mod recruiting;
pub mod shop;
mod sms;
pub mod wechat;

pub use app::{KEK, TestApp};
pub use client::{Reply, Request, Session};
pub use db::TestDb;
pub use partner::{ASSERTION_TYPE, PartnerHandle, SigningKey};
pub use people::{CadreHandle, PASSWORD, RosterMember, citizen, mobile};
pub use push::{PushServer, Pushed};
pub use qr::read_poster;
pub use recruiting::RecruiterHandle;
pub use sms::SmsBox;
