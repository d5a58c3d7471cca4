//! Background work: telling of events, carrying pushes out, forgetting.

use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use unionhall_identity::closing;
use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::retention::{self, DONE, Old};
use unionhall_storage::tasks::{Leased, Worker};
use uuid::Uuid;

use crate::Messages;
use crate::inbox::{self, News};
use crate::push;
use crate::schema::{inbox_message, inbox_preference, push_delivery, push_device};

/// The kind of task that empties the inbox of an account that was closed.
pub const FORGET: &str = "inbox.forget_account";

const MESSAGES: Old = Old { table: "inbox_message", key: "id", when: "created_at < $1" };
const PUSHES: Old = Old { table: "push_delivery", key: "id", when: "finished_at < $1" };

/// Teaches the worker this room's tasks.
#[must_use]
pub fn handle(mut worker: Worker, messages: &Arc<Messages>) -> Worker {
    for news in inbox::NEWS {
        let messages = messages.clone();
        worker = worker.on(news.topic, news.task).handle(news.task, move |leased| {
            let messages = messages.clone();
            async move { tell(&messages, news, &leased).await }
        });
    }
    let (sending, forgetting) = (messages.clone(), messages.clone());
    worker
        .handle(push::SEND, move |leased| {
            let messages = sending.clone();
            async move { push::send(&messages.core, &messages.sending, &leased).await }
        })
        .on(closing::CLOSED, FORGET)
        .handle(FORGET, move |leased| {
            let messages = forgetting.clone();
            async move { forget_account(&messages.core, &leased).await }
        })
}

async fn tell(messages: &Messages, news: &News, leased: &Leased) -> Result<(), Problem> {
    let told = (news.told)(leased.payload.clone())?;
    let pushing = messages.sending.gateway.is_some();
    let core = &messages.core;
    let written = core.db.write(async |tx| inbox::tell(core, tx, &told, pushing).await).await?;
    for kind in written {
        metrics::counter!("unionhall_inbox_messages_total", "kind" => kind.as_str()).increment(1);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Closed {
    account_id: Uuid,
}

// Nobody reads it any more, and what it says is about somebody.
async fn forget_account(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let Closed { account_id } = serde_json::from_value(leased.payload.clone())?;
    core.db
        .write(async |tx| {
            let pushes = push_delivery::table.filter(push_delivery::account_id.eq(account_id));
            diesel::delete(pushes).execute(tx).await?;
            let messages = inbox_message::table.filter(inbox_message::account_id.eq(account_id));
            diesel::delete(messages).execute(tx).await?;
            let devices = push_device::table.filter(push_device::account_id.eq(account_id));
            diesel::delete(devices).execute(tx).await?;
            diesel::delete(inbox_preference::table.find(account_id)).execute(tx).await?;
            Ok(())
        })
        .await
}

/// Forgets messages after their time, pushes that are done, and devices on which nobody is logged in.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn forget_old(core: &Core, leased: &Leased) -> Result<(), Problem> {
    retention::forget(core, leased, PUSHES, core.now() - DONE).await?;
    retention::forget(core, leased, MESSAGES, core.now() - inbox::KEPT).await?;
    push::forget_dead(core, leased).await
}
