//! A new mobile for a member who lost the old phone 更换手机号（原号停用）: they prove the new one and state who they are,
//! and the county decides. Everybody is answered alike, so nobody learns who is on a roster, and a request reserves
//! nothing. Who still has the old phone needs no county (identity, `mobile`).

mod decide;
mod request;
mod state;
mod store;

pub use decide::{DECIDED, Decided, Decision, decide};
pub use request::{Claim, request};
pub use state::State;
pub(crate) use store::MOBILE;
pub use store::{Desk, Evidence, NewMobile, Request, RosterMobile, evidence, get, list, waiting};
