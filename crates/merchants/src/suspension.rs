//! Suspensions of merchants 商户暂停与申诉 (E5, docs/RULES.md): a union suspends, the manager may appeal, and another
//! person than who suspended decides whether the merchant goes for good.

mod state;
mod step;
mod store;

pub use state::State;
pub use step::{appeal, resume, suspend, terminate};
pub use store::{Suspension, latest, list, waiting};
