//! Casework 办件: what every case has, whatever service it belongs to. The working calendar, working time, clocks that stop only in
//! named states and tell their breach once, the timeline, and the invariants that a service's state machine is held to.
//!
//! Owns `case_calendar`, `case_clock`, `case_segment`, `case_reminder`, `case_entry`. Events out: `case.breached`,
//! `case.reminded`. A service starts and ends the
//! clocks of its cases in the transaction that changes them, and listens to breaches of its own kind.

pub mod calendar;
pub mod clock;
pub mod hours;
pub mod http;
pub mod machine;
pub mod reminder;
mod schema;
pub mod timeline;

use unionhall_storage::Core;
use unionhall_storage::tasks::Worker;

/// The kind of task that counts clocks anew after the calendar changed.
pub(crate) const RECOUNT: &str = "casework.recount";

/// Teaches the worker this room's tasks.
pub fn tasks(worker: Worker, core: &Core) -> Worker {
    let (looking, reminding, counting) = (core.clone(), core.clone(), core.clone());
    worker
        .handle(clock::DUE, move |leased| {
            let core = looking.clone();
            async move { clock::look(&core, &serde_json::from_value(leased.payload)?).await }
        })
        .handle(reminder::REMIND, move |leased| {
            let core = reminding.clone();
            async move { reminder::look(&core, &serde_json::from_value(leased.payload)?).await }
        })
        .handle(RECOUNT, move |_| {
            let core = counting.clone();
            async move { clock::recount(&core).await.map(drop) }
        })
}
