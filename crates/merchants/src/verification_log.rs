//! What was verified at which till (docs/RULES.md, the verification log): held in a bounded queue and written once a second in one
//! statement. A crash loses up to the last second; when the queue is full, entries are dropped and counted,
//! because a till must never wait for a log.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use unionhall_kernel::Problem;
use unionhall_storage::retention::{self, Old, RECORD};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Core, Db};
use uuid::Uuid;

use crate::schema::verification_log;

const QUEUE: usize = 20_000;
/// Rows of one insert; 6 binds each, PostgreSQL takes 65,535.
const BATCH: usize = 5_000;
/// How often the queue is written.
pub const FLUSH: Duration = Duration::from_secs(1);

/// One verification.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = verification_log)]
pub struct Entry {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub branch_id: Uuid,
    /// By which place on the staff.
    pub staff_id: Uuid,
    /// The holder, as soon as the code opened.
    pub person_id: Option<Uuid>,
    /// `valid`, or the reason why not.
    pub result: String,
}

/// The queue and its writer.
pub struct VerificationLog {
    sender: Sender<Entry>,
    receiver: Mutex<Receiver<Entry>>,
    db: Db,
}

impl VerificationLog {
    /// An empty queue.
    pub fn start(core: &Core) -> Self {
        let (sender, receiver) = channel(QUEUE);
        Self { sender, receiver: Mutex::new(receiver), db: core.db.clone() }
    }

    /// Notes a verification.
    pub fn note(&self, entry: Entry) {
        if self.sender.try_send(entry).is_err() {
            metrics::counter!("unionhall_verification_log_dropped_total").increment(1);
        }
    }

    /// Writes what is queued now.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached; the batch in hand is lost, and counted.
    pub async fn flush(&self) -> Result<(), Problem> {
        let mut receiver = self.receiver.lock().await;
        while !receiver.is_empty() {
            let mut batch = Vec::new();
            receiver.recv_many(&mut batch, BATCH).await;
            let written = write(&self.db, &batch).await;
            if written.is_err() {
                let lost = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                metrics::counter!("unionhall_verification_log_dropped_total").increment(lost);
            }
            written?;
        }
        Ok(())
    }

    /// Writes once a second, for as long as the process lives.
    pub async fn keep_flushing(&self) {
        let mut seconds = tokio::time::interval(FLUSH);
        loop {
            seconds.tick().await;
            if let Err(problem) = self.flush().await {
                tracing::warn!(?problem, "verifications were not logged");
            }
        }
    }
}

// Ids are UUIDv7 and made with `at`, so the primary key finds the oldest without reading half a year.
const OLD: Old = Old {
    table: "verification_log",
    key: "id",
    when: "at < $1 AND id <= rpad(lpad(to_hex((extract(epoch FROM $1) * 1000)::bigint), 12, '0'), 32, '0')::uuid",
};

/// Forgets verifications that need not be kept any longer.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn forget(core: &Core, leased: &Leased) -> Result<(), Problem> {
    retention::forget(core, leased, OLD, core.now() - RECORD).await
}

async fn write(db: &Db, batch: &[Entry]) -> Result<(), Problem> {
    let mut conn = db.writer().await?;
    diesel::insert_into(verification_log::table).values(batch).execute(&mut conn).await?;
    Ok(())
}
