//! Background work. A task is *leased*: taken in a short transaction, run outside any, and finished in
//! another; a worker that dies loses its lease and the task runs again. Bodies are therefore written so
//! that running twice does no harm.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use unionhall_kernel::{Clock, IdGen, Problem};
use uuid::Uuid;

use crate::db::{Conn, Db};
use crate::outbox::{self, Subscription};
use crate::schema::task;

/// How long a worker may be silent before its task is given to another.
const LEASE_SECONDS: i64 = 60;
/// After so many attempts a task is left `failed` for an operator.
const MAX_ATTEMPTS: i32 = 12;

/// A task's body.
pub type Body = Arc<dyn Fn(Leased) -> Pin<Box<dyn Future<Output = Result<(), Problem>>>> + Send + Sync>;

/// A leased task.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The task.
    pub id: Uuid,
    /// What it was enqueued with.
    pub payload: Value,
    /// 1 on the first run.
    pub attempt: i32,
    /// For bodies that run long: see [`extend`].
    pub db: Db,
}

/// Enqueues a task in the caller's transaction. With a `dedupe` key that exists already, nothing happens.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue(
    conn: &mut Conn,
    id: Uuid,
    run_at: DateTime<Utc>,
    kind: &str,
    dedupe: Option<&str>,
    payload: &impl Serialize,
) -> Result<(), Problem> {
    diesel::insert_into(task::table)
        .values((
            task::id.eq(id),
            task::kind.eq(kind),
            task::dedupe_key.eq(dedupe),
            task::payload.eq(serde_json::to_value(payload)?),
            task::state.eq("queued"),
            task::run_at.eq(run_at),
            task::attempts.eq(0),
            task::created_at.eq(run_at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Lengthens the lease of a task that runs long.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn extend(conn: &mut Conn, id: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    diesel::update(task::table.find(id))
        .set(task::lease_until.eq(now + Duration::seconds(LEASE_SECONDS)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Runs tasks and dispatches events, one at a time, on a thread of its own.
#[derive(Clone)]
pub struct Worker {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    bodies: HashMap<&'static str, Body>,
    subscriptions: Vec<Subscription>,
}

impl Worker {
    /// A worker that knows no kind of task yet.
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>) -> Self {
        Self { db, clock, ids, bodies: HashMap::new(), subscriptions: Vec::new() }
    }

    /// Teaches it a kind of task.
    #[must_use]
    pub fn handle<F, Fut>(mut self, kind: &'static str, body: F) -> Self
    where
        F: Fn(Leased) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Problem>> + 'static,
    {
        self.bodies.insert(kind, Arc::new(move |leased| Box::pin(body(leased))));
        self
    }

    /// Has `kind` run for every event of `topic`.
    #[must_use]
    pub fn on(mut self, topic: &'static str, kind: &'static str) -> Self {
        self.subscriptions.push(Subscription { topic, task: kind });
        self
    }

    /// Dispatches events and runs one due task. Answers whether there was anything to do.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn step(&self) -> Result<bool, Problem> {
        let now = self.clock.now();
        let dispatched = outbox::dispatch(&self.db, now, || self.ids.id(now), &self.subscriptions).await?;
        let Some((leased, kind)) = self.lease(now).await? else { return Ok(dispatched > 0) };
        let (id, attempt) = (leased.id, leased.attempt);
        let outcome = match self.bodies.get(kind.as_str()) {
            Some(body) => body(leased).await,
            None => Ok(()),
        };
        self.finish(id, &kind, attempt, outcome).await?;
        Ok(true)
    }

    /// Runs everything that is due now. For tests and for shutting down in order.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn drain(&self) -> Result<(), Problem> {
        while self.step().await? {}
        Ok(())
    }

    async fn lease(&self, now: DateTime<Utc>) -> Result<Option<(Leased, String)>, Problem> {
        let kinds: Vec<&str> = self.bodies.keys().copied().collect();
        let taken: Option<(Uuid, String, Value, i32)> = self
            .db
            .write(async |tx| {
                let found: Option<(Uuid, String, Value, i32)> = task::table
                    .filter(task::kind.eq_any(&kinds).and(task::run_at.le(now)))
                    .filter(
                        task::state.eq("queued").or(task::state.eq("running").and(task::lease_until.lt(now))),
                    )
                    .order((task::run_at, task::id))
                    .limit(1)
                    .select((task::id, task::kind, task::payload, task::attempts))
                    .for_update()
                    .skip_locked()
                    .first(tx)
                    .await
                    .optional()?;
                if let Some((id, _, _, attempts)) = &found {
                    diesel::update(task::table.find(id))
                        .set((
                            task::state.eq("running"),
                            task::attempts.eq(attempts + 1),
                            task::lease_until.eq(now + Duration::seconds(LEASE_SECONDS)),
                        ))
                        .execute(tx)
                        .await?;
                }
                Ok(found)
            })
            .await?;
        Ok(taken.map(|(id, kind, payload, attempts)| {
            (Leased { id, payload, attempt: attempts + 1, db: self.db.clone() }, kind)
        }))
    }

    async fn finish(
        &self,
        id: Uuid,
        kind: &str,
        attempt: i32,
        outcome: Result<(), Problem>,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut conn = self.db.writer().await?;
        match outcome {
            Ok(()) => {
                diesel::update(task::table.find(id))
                    .set((task::state.eq("done"), task::finished_at.eq(now)))
                    .execute(&mut conn)
                    .await?;
            }
            Err(problem) => {
                tracing::warn!(task = kind, attempt, ?problem, "task failed");
                metrics::counter!("unionhall_task_failures_total", "kind" => kind.to_owned()).increment(1);
                let state = if attempt >= MAX_ATTEMPTS { "failed" } else { "queued" };
                // 2 s, 4 s, 8 s … at most about an hour.
                let delay = Duration::seconds(1 << attempt.clamp(1, 12));
                diesel::update(task::table.find(id))
                    .set((
                        task::state.eq(state),
                        task::run_at.eq(now + delay),
                        task::last_error.eq(problem.code.entry().code),
                    ))
                    .execute(&mut conn)
                    .await?;
            }
        }
        Ok(())
    }
}
