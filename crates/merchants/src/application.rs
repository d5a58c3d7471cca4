//! Merchants that come by themselves 商户入驻: E5 (docs/RULES.md) from the application to the signed contract.
//!
//! Whoever proved a mobile applies with the business licence and the branches. The county of the merchant's division
//! looks at the licence and offers a contract, or says no; the applicant signs, and with that the merchant is LIVE,
//! its branches are open and the applicant is its manager. Applying reserves nothing, not even the credit code.

mod apply;
mod decide;
mod state;
mod store;

pub use apply::{NewApplication, sign, submit, withdraw};
pub use decide::{Decision, decide};
pub use state::State;
pub use store::{Application, get, list, list_own, own, waiting};
