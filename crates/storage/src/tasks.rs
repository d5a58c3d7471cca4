//! Background work. A task is *leased*: taken in a short transaction, run outside any, and finished in
//! another; a worker that dies loses its lease and the task runs again. Bodies are therefore written so
//! that running twice does no harm.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument as _;
use unionhall_kernel::{Clock, Code, IdGen, Problem};
use uuid::Uuid;

use crate::SPANS;
use crate::db::{Conn, Db};
use crate::outbox::{self, Subscription};
use crate::schema::task;

/// How long a worker may be silent before its task is given to another.
const LEASE_SECONDS: i64 = 60;
/// After so many attempts a task is left `failed` for an operator.
const MAX_ATTEMPTS: i32 = 12;

// The row of a lease, if it is still the lease's.
macro_rules! held {
    ($lease:expr) => {
        task::table.find($lease.task).filter(task::state.eq("running").and(task::attempts.eq($lease.attempt)))
    };
}

/// A task's body.
pub type Body = Arc<dyn Fn(Leased) -> Pin<Box<dyn Future<Output = Result<(), Problem>>>> + Send + Sync>;

/// One run of a task. Every run counts an attempt, so the two together tell this lease from a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    task: Uuid,
    attempt: i32,
}

/// A leased task.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The lease.
    pub id: Lease,
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
/// `UNAVAILABLE` when the task was given to another worker meanwhile: stop, that one goes on.
pub async fn extend(conn: &mut Conn, lease: Lease, now: DateTime<Utc>) -> Result<(), Problem> {
    let held = diesel::update(held!(lease))
        .set(task::lease_until.eq(now + Duration::seconds(LEASE_SECONDS)))
        .execute(conn)
        .await?;
    if held == 1 { Ok(()) } else { Err(Problem::new(Code::Unavailable)) }
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
        // A counter that appears with its first failure hides that failure from a rate.
        metrics::counter!("unionhall_task_failures_total", "kind" => kind).increment(0);
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
        let lease = leased.id;
        let outcome = match self.bodies.get(kind.as_str()) {
            // A panic is the failure of this task, not the end of all background work; the hook has logged it. A
            // connection that was in a transaction then is not given out again.
            Some(body) => AssertUnwindSafe(async { body(leased).await })
                .catch_unwind()
                .instrument(
                    tracing::info_span!(target: SPANS, "task", otel.name = kind, attempt = lease.attempt),
                )
                .await
                .unwrap_or_else(|_| Err(Problem::internal("the task's body panicked"))),
            None => Err(Problem::internal("a task of a kind that nobody knows")),
        };
        self.finish(lease, &kind, outcome).await?;
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
        self.give_up(now).await?;
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
        Ok(taken.map(|(task, kind, payload, attempts)| {
            let attempt = attempts + 1;
            (Leased { id: Lease { task, attempt }, payload, attempt, db: self.db.clone() }, kind)
        }))
    }

    // A task that takes its worker down returns no error to count: all that is left of it is a lease that ran out.
    async fn give_up(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let mut conn = self.db.writer().await?;
        let spent =
            task::state.eq("running").and(task::lease_until.lt(now)).and(task::attempts.ge(MAX_ATTEMPTS));
        let given_up: Vec<(Uuid, String)> = diesel::update(task::table.filter(spent))
            .set((task::state.eq("failed"), task::last_error.eq(Code::Internal.entry().code)))
            .returning((task::id, task::kind))
            .get_results(&mut conn)
            .await?;
        for (id, kind) in given_up {
            tracing::error!(task = kind, %id, "given up: its last worker never came back");
            metrics::counter!("unionhall_task_failures_total", "kind" => kind).increment(1);
        }
        Ok(())
    }

    // A worker that lost its lease has nothing to say about the task any more.
    async fn finish(&self, lease: Lease, kind: &str, outcome: Result<(), Problem>) -> Result<(), Problem> {
        let (now, attempt) = (self.clock.now(), lease.attempt);
        let mut conn = self.db.writer().await?;
        let finished = match outcome {
            Ok(()) => {
                diesel::update(held!(lease))
                    .set((task::state.eq("done"), task::finished_at.eq(now)))
                    .execute(&mut conn)
                    .await?
            }
            Err(problem) => {
                tracing::warn!(task = kind, attempt, ?problem, "task failed");
                metrics::counter!("unionhall_task_failures_total", "kind" => kind.to_owned()).increment(1);
                let state = if attempt >= MAX_ATTEMPTS { "failed" } else { "queued" };
                // 2 s, 4 s, 8 s … at most about an hour.
                let delay = Duration::seconds(1 << attempt.clamp(1, 12));
                diesel::update(held!(lease))
                    .set((
                        task::state.eq(state),
                        task::run_at.eq(now + delay),
                        task::last_error.eq(problem.code.entry().code),
                    ))
                    .execute(&mut conn)
                    .await?
            }
        };
        if finished == 0 {
            tracing::warn!(task = kind, attempt, "the task was given to another worker meanwhile");
        }
        Ok(())
    }
}
