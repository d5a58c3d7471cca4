//! Reconciliation sheets of imports 导入对账单: what the files of one kind brought to a union and all below it, beside what the
//! tables now hold, for somebody to sign who committed none of them (features: a sheet per county that the county signs off).
//!
//! The figures are counted by SQL over what the imports keep ([`figures`]) and frozen. What may have changed since is
//! *derived* and never noted: a sheet is stale as soon as the versions of the imports that touched the tables are not those
//! it was drawn from. So a signature and a commit need no common lock: whichever comes second, the sheet says so.

mod figures;
mod state;
mod steps;
mod store;

pub use figures::{Figures, Frozen, Held, Line, MAX_IMPORTS};
pub use state::State;
pub use steps::{Decision, draw, end};
pub use store::{Filter, Sheet, get, list, names, waiting};
