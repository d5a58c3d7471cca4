//! Jobs 招聘求职: recruiters and their verification, postings and the search for them, applications.
//!
//! Owns `recruiter*` and `job*`. Offers [`place::RecruiterRoles`] to identity. Events out: [`posting::CHANGED`],
//! [`application::MOVED`], [`alert::FOUND`], [`recruiter::ENDING`]. [`application::matters`] is for a list of all of somebody's matters.

pub mod alert;
pub mod application;
pub mod contact;
pub mod data;
pub mod http;
pub mod import;
pub mod listing;
pub mod matters;
pub mod place;
pub mod posting;
pub mod recruiter;
pub mod resume;
mod schema;
pub mod tasks;
pub mod todos;
