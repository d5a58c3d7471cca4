//! When which push goes where: planned with the message, and again when its owner changes their quiet hours.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::session;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, tasks};
use uuid::Uuid;

use super::device::take_credit;
use super::{Channel, SEND, Template};
use crate::inbox::Kind;
use crate::preference::Preferences;
use crate::schema::{inbox_message as message, push_delivery as delivery, push_device as device};

/// Pushes that one task carries out.
const BATCH: usize = 50;

/// A message that was written just now.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// The message.
    pub message: Uuid,
    /// Whose.
    pub account: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// What its owner chose.
    pub chosen: Preferences,
}

/// Plans the pushes of messages to the devices on which their owners are logged in.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn plan(core: &Core, tx: &mut Conn, all: &[Fresh]) -> Result<(), Problem> {
    let now = core.now();
    let accounts: Vec<Uuid> = all.iter().filter(|f| f.chosen.pushes(f.kind)).map(|f| f.account).collect();
    let devices: Vec<(Uuid, Uuid, String, String)> = device::table
        .filter(device::account_id.eq_any(&accounts))
        .order(device::id)
        .select((device::id, device::account_id, device::device_id, device::channel))
        .load(tx)
        .await?;
    if devices.is_empty() {
        return Ok(());
    }
    let live = session::live_devices(tx, &accounts, now).await?;
    let (mut rows, mut due) = (Vec::new(), BTreeMap::<DateTime<Utc>, Vec<Uuid>>::new());
    for fresh in all.iter().filter(|f| f.chosen.pushes(f.kind)) {
        for (to, account, name, channel) in devices.iter().filter(|d| d.1 == fresh.account) {
            let subscribed = Channel::parse(channel)? == Channel::WechatSubscribe;
            if !live.contains(&(*account, name.clone()))
                || subscribed && !take_credit(tx, *to, Template::of(fresh.kind)).await?
            {
                continue;
            }
            let (id, due_at) = (core.id(), fresh.chosen.due(fresh.kind, now));
            due.entry(due_at).or_default().push(id);
            rows.push((
                delivery::id.eq(id),
                delivery::message_id.eq(fresh.message),
                delivery::account_id.eq(account),
                delivery::push_device_id.eq(to),
                delivery::state.eq("WAITING"),
                delivery::due_at.eq(due_at),
                delivery::created_at.eq(now),
            ));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(delivery::table).values(rows).execute(tx).await?;
    schedule(core, tx, &due).await
}

/// Has a task carry pushes out when they are due.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub(super) async fn schedule(
    core: &Core,
    tx: &mut Conn,
    due: &BTreeMap<DateTime<Utc>, Vec<Uuid>>,
) -> Result<(), Problem> {
    for (at, ids) in due {
        for ids in ids.chunks(BATCH) {
            tasks::enqueue(tx, core.id(), *at, SEND, None, &json!({"ids": ids})).await?;
        }
    }
    Ok(())
}

/// Plans what waits for an account again, by what it chose now. What is being tried again keeps its time.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn plan_again(
    core: &Core,
    tx: &mut Conn,
    account: Uuid,
    chosen: &Preferences,
) -> Result<(), Problem> {
    let waiting: Vec<(Uuid, String, DateTime<Utc>)> = delivery::table
        .inner_join(message::table.on(message::id.eq(delivery::message_id)))
        .filter(delivery::account_id.eq(account).and(delivery::state.eq("WAITING")))
        .filter(delivery::tries.eq(0))
        .order(delivery::id)
        .select((delivery::id, message::kind, delivery::due_at))
        .for_update()
        .load(tx)
        .await?;
    let mut due = BTreeMap::<DateTime<Utc>, Vec<Uuid>>::new();
    for (id, kind, was) in waiting {
        let at = chosen.due(Kind::parse(&kind)?, core.now());
        if at != was {
            due.entry(at).or_default().push(id);
        }
    }
    for (at, ids) in &due {
        diesel::update(delivery::table.filter(delivery::id.eq_any(ids)))
            .set(delivery::due_at.eq(at))
            .execute(tx)
            .await?;
    }
    schedule(core, tx, &due).await
}
