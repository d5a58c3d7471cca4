//! Correcting what is on record of a member 信息更正: they say what is wrong, with evidence; their union, or one above it,
//! decides, and what is approved is written at once. The document and the mobile have ways of their own.

mod decide;
mod facts;
mod state;
mod store;
mod submit;

pub use decide::{DECIDED, Decided, Decision, decide, look};
pub use facts::{Change, FACTS, Facts, Kind, changes};
pub use state::State;
pub use store::{Correction, get, list, list_own, own, waiting};
pub use submit::{NewCorrection, submit, withdraw};
