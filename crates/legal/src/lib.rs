//! Legal help 法律服务: lawyers and their firms, duty, members' questions, legal aid, and the wall between a question and whoever acts for the
//! other side.
//!
//! Owns the `legal_` tables and the view `legal_conflict`, which is the wall: it is computed at every read, so whatever changes
//! (a party, an engagement, a firm, a name) is seen by the next one. Asks casework for clocks and the timeline, registry where a
//! member stands. Events in: `case.breached`, `case.reminded`. Events out: `consultation.assigned`,
//! `consultation.answered`, `legal_aid.moved`, `legal_aid.reminded`.

pub mod aid;
mod attachment;
pub mod consultation;
pub mod data;
pub mod directory;
pub mod duty;
pub mod engagement;
pub mod firm;
pub mod group;
pub mod http;
pub mod import;
pub mod lawyer;
pub mod matters;
pub mod names;
pub mod notice;
mod number;
mod party;
pub mod roles;
pub mod roster;
mod schema;
pub mod todos;
mod tried;
mod wall;

use std::sync::Arc;

use chrono::Duration;
use serde_json::json;
use unionhall_casework::clock::{BREACHED, Breached};
use unionhall_casework::reminder::{REMINDED, Reminded};
use unionhall_identity::Identity;
use unionhall_kernel::Problem;
use unionhall_storage::retention;
use unionhall_storage::tasks::{self, Worker};
use unionhall_storage::{Conn, Core};

use crate::consultation::{ASSIGNED, Assigned};

/// The kind of task that heeds a clock of a question.
const TIMED_OUT: &str = "legal.timed_out";

/// The kind of task that tells a member how near the end of a period is.
const AID_REMINDED: &str = "legal.aid_reminded";

/// The kinds of tasks that wake a lawyer who got a question: the first waits, the second sends.
const GIVEN: &str = "legal.given";
const WAKE: &str = "legal.wake";
/// The daily forgetting of notices.
const FORGET: &str = "legal.forget_notices";
/// How long a lawyer may look by themself before a message by SMS, minutes; after fifteen it goes to the next.
const WAKE_MINUTES: i64 = 5;

fn wake(worker: Worker, identity: &Arc<Identity>) -> Worker {
    let (first, second) = (identity.clone(), identity.clone());
    worker
        .on(ASSIGNED, GIVEN)
        .handle(GIVEN, move |leased| {
            let core = first.core.clone();
            async move {
                let given: Assigned = serde_json::from_value(leased.payload)?;
                let at = core.now() + Duration::minutes(WAKE_MINUTES);
                let mut conn = core.db.writer().await?;
                tasks::enqueue(&mut conn, core.id(), at, WAKE, None, &given).await
            }
        })
        .handle(WAKE, move |leased| {
            let identity = second.clone();
            async move {
                let given: Assigned = serde_json::from_value(leased.payload)?;
                consultation::wake(&identity, &given).await
            }
        })
}

fn duty_tasks(worker: Worker, identity: &Arc<Identity>) -> Worker {
    let (rekeying, forgetting, lapsing) =
        (identity.core.clone(), identity.core.clone(), identity.core.clone());
    let (waking, inviting) = (identity.clone(), identity.clone());
    worker
        .handle(names::REKEY, move |_| {
            let core = rekeying.clone();
            async move { names::rekey(&core).await }
        })
        .handle(FORGET, move |leased| {
            let core = forgetting.clone();
            async move {
                let before = core.now() - Duration::days(notice::KEPT_DAYS);
                retention::forget(&core, &leased, notice::OLD, before).await
            }
        })
        .handle(duty::offer::LAPSE, move |leased| {
            let core = lapsing.clone();
            async move {
                let which: duty::offer::Lapse = serde_json::from_value(leased.payload)?;
                duty::offer::lapse(&core, &which).await
            }
        })
        .handle(import::INVITE, move |leased| {
            let identity = inviting.clone();
            async move { import::invite(&identity, serde_json::from_value(leased.payload)?).await }
        })
        .handle(notice::WAKE, move |leased| {
            let identity = waking.clone();
            async move {
                let to: notice::Wake = serde_json::from_value(leased.payload)?;
                notice::wake(&identity, &to).await
            }
        })
}

/// Teaches the worker this room's tasks.
pub fn tasks(worker: Worker, identity: &Arc<Identity>) -> Worker {
    let (core, reminding) = (identity.core.clone(), identity.core.clone());
    let worker = duty_tasks(wake(worker, identity), identity);
    let worker = worker.on(REMINDED, AID_REMINDED).handle(AID_REMINDED, move |leased| {
        let core = reminding.clone();
        async move {
            let reminded: Reminded = serde_json::from_value(leased.payload)?;
            match reminded.kind.as_str() {
                aid::KIND => core.db.write(async |tx| aid::remind(&core, tx, &reminded).await).await,
                _ => Ok(()),
            }
        }
    });
    worker.on(BREACHED, TIMED_OUT).handle(TIMED_OUT, move |leased| {
        let core = core.clone();
        async move {
            let breached: Breached = serde_json::from_value(leased.payload)?;
            match breached.kind.as_str() {
                consultation::KIND => {
                    core.db.write(async |tx| consultation::timed_out(&core, tx, &breached).await).await
                }
                aid::KIND => core.db.write(async |tx| aid::timed_out(&core, tx, &breached).await).await,
                _ => Ok(()),
            }
        }
    })
}

/// Enqueues what is due today; any number of calls enqueue it once.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    for kind in [names::REKEY, FORGET] {
        let dedupe = format!("{kind}:{}", core.today());
        tasks::enqueue(conn, core.id(), core.now(), kind, Some(&dedupe), &json!({})).await?;
    }
    Ok(())
}
