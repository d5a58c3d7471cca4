//! News for the rooms above: a call goes down as a function, news goes up as an outbox row written in the
//! transaction that caused it. The dispatcher turns each row into one task per consumer, named after the
//! row, so a consumer runs at least once and can tell a repeat by the event's id.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, Jsonb, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use unionhall_kernel::Problem;
use uuid::Uuid;

use crate::db::{Conn, Db};
use crate::schema::outbox;
use crate::tasks;

/// Who wants to hear of a topic: the task kind that handles it.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// The event's topic, `membership.activated`.
    pub topic: &'static str,
    /// The kind of task to enqueue.
    pub task: &'static str,
}

/// Publishes an event in the caller's transaction.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn publish(
    conn: &mut Conn,
    id: Uuid,
    now: DateTime<Utc>,
    topic: &str,
    payload: &impl Serialize,
) -> Result<(), Problem> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::topic.eq(topic),
            outbox::payload.eq(serde_json::to_value(payload)?),
            outbox::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Publishes many events of one topic in one statement.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn publish_many(
    conn: &mut Conn,
    now: DateTime<Utc>,
    topic: &str,
    events: &[(Uuid, Value)],
) -> Result<(), Problem> {
    let (ids, payloads): (Vec<Uuid>, Vec<&Value>) = events.iter().map(|(id, payload)| (*id, payload)).unzip();
    diesel::sql_query(
        "INSERT INTO outbox (id, topic, payload, created_at) \
         SELECT e.id, $3, e.payload, $4 FROM unnest($1, $2) AS e (id, payload)",
    )
    .bind::<Array<sql_types::Uuid>, _>(ids)
    .bind::<Array<Jsonb>, _>(payloads)
    .bind::<Text, _>(topic)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Dispatches up to 100 events: enqueues their consumers' tasks and marks them, in one transaction.
/// Answers how many there were.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn dispatch(
    db: &Db,
    now: DateTime<Utc>,
    new_id: impl Fn() -> Uuid,
    subscriptions: &[Subscription],
) -> Result<usize, Problem> {
    db.write(async |tx| {
        let events: Vec<(Uuid, String, Value)> = outbox::table
            .filter(outbox::dispatched_at.is_null())
            .order(outbox::id)
            .limit(100)
            .select((outbox::id, outbox::topic, outbox::payload))
            .for_update()
            .skip_locked()
            .load(tx)
            .await?;
        for (event, topic, payload) in &events {
            for s in subscriptions.iter().filter(|s| s.topic == topic) {
                let dedupe = format!("{event}:{}", s.task);
                tasks::enqueue(tx, new_id(), now, s.task, Some(&dedupe), payload).await?;
            }
        }
        let ids: Vec<Uuid> = events.iter().map(|(id, ..)| *id).collect();
        diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
            .set(outbox::dispatched_at.eq(now))
            .execute(tx)
            .await?;
        Ok(events.len())
    })
    .await
}
