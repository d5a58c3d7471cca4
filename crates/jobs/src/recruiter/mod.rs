//! Recruiters 招聘单位 (E16): an employer, or an agency with its licence, whose county has seen its papers. Verified for six
//! months at a time; past that its postings are not shown until it was verified again.

mod apply;
mod decide;
mod public_service;
mod remind;
mod state;
mod store;

pub use apply::{NewApplication, submit, withdraw};
pub use decide::{Decision, Turn, decide, turn};
pub(crate) use public_service::of_public_service;
pub use remind::{ENDING, remind, send};
pub use state::{ApplicationState, State};
pub use store::{
    Application, Recruiter, applications, get, get_application, list, own, own_application, own_applications,
    suspended, waiting,
};
