//! Jobs 招聘求职: recruiters and their verification, postings and the search for them.
//!
//! Owns `recruiter*` and `job*`. Offers [`place::RecruiterRoles`] to identity. Events out: [`posting::CHANGED`].

pub mod http;
pub mod listing;
pub mod place;
pub mod posting;
pub mod recruiter;
mod schema;
pub mod tasks;
pub mod todos;
