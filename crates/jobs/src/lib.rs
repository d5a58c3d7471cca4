//! Jobs 招聘求职: recruiters and their verification.
//!
//! Owns `recruiter*` and `job*`. Offers [`place::RecruiterRoles`] to identity.

pub mod http;
pub mod place;
pub mod recruiter;
mod schema;
pub mod todos;
