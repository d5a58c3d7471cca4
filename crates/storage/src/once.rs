//! Idempotency: an effect happens once for a key, and every retry is answered with the same bytes.
//!
//! The row is written in the transaction of the effect. A second request with the same key waits for the
//! first (the unique key makes PostgreSQL wait), for at most two seconds; a refusal rolls back with its
//! row, so it is judged again on a retry.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use sha2::{Digest, Sha256};
use unionhall_kernel::{Code, Problem};
use uuid::Uuid;

use crate::db::{Conn, Db, GivenUp, LOCK_TIMEOUT, given_up};
use crate::schema::idempotency;

/// How long a key is remembered.
pub const KEPT_HOURS: i64 = 24;
const WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// A successful answer, as stored and replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// 200, 201 or 202.
    pub status: u16,
    /// The JSON body, byte for byte.
    pub body: Vec<u8>,
    /// The `Location` of a new resource.
    pub location: Option<String>,
}

/// What names a request: who, which operation, which key, over which body.
#[derive(Debug, Clone)]
pub struct Key {
    /// The account that asked.
    pub account: Uuid,
    /// The operation's id.
    pub operation: &'static str,
    /// The `Idempotency-Key` header.
    pub key: String,
    /// SHA-256 over path and body.
    pub body_hash: Vec<u8>,
}

/// Hashes what must be equal for two requests to be the same: the concrete path and the body's bytes.
pub fn body_hash(path: &str, body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(path.as_bytes());
    hash.update([0]);
    hash.update(body);
    hash.finalize().to_vec()
}

/// The stored answer for a key, if there is one.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` when the key was used with another body.
pub async fn replay(conn: &mut Conn, key: &Key) -> Result<Option<Stored>, Problem> {
    let row: Option<(Vec<u8>, Option<i16>, Option<Vec<u8>>, Option<String>)> = idempotency::table
        .find((key.account, key.operation, &key.key))
        .select((idempotency::body_hash, idempotency::status, idempotency::response, idempotency::location))
        .first(conn)
        .await
        .optional()?;
    let Some((hash, status, response, location)) = row else { return Ok(None) };
    stored(key, &hash, status, response, location).map(Some)
}

/// Counts a request whose key was there already.
pub fn note_replay() {
    metrics::counter!("unionhall_idempotent_repeats_total").increment(1);
}

/// The stored body of a key whatever it was asked with: for looking up what became of a request.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn answer_of(
    conn: &mut Conn,
    account: Uuid,
    operation: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, Problem> {
    let body: Option<Option<Vec<u8>>> = idempotency::table
        .find((account, operation, key))
        .select(idempotency::response)
        .first(conn)
        .await
        .optional()?;
    Ok(body.flatten())
}

fn stored(
    key: &Key,
    hash: &[u8],
    status: Option<i16>,
    response: Option<Vec<u8>>,
    location: Option<String>,
) -> Result<Stored, Problem> {
    if hash != key.body_hash {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    match (status, response) {
        (Some(status), Some(body)) => {
            Ok(Stored { status: u16::try_from(status).unwrap_or(200), body, location })
        }
        _ => Err(Problem::new(Code::InProgress).retry_after(1)),
    }
}

/// Runs `work` at most once for `key`, in one transaction with the key's row; a repeat is answered with what
/// the first was answered. Without a key, `work` simply runs.
///
/// # Errors
/// What `work` answers, `UNAVAILABLE` when it waits too long for a row; `IDEMPOTENCY_KEY_REUSED`; `IN_PROGRESS` when
/// the first is still running after 2 s.
pub async fn once(
    db: &Db,
    now: DateTime<Utc>,
    key: Option<Key>,
    work: impl AsyncFn(&mut Conn) -> Result<Stored, Problem>,
) -> Result<Stored, Problem> {
    let Some(key) = key else { return db.write(work).await };
    db.write(async |tx| {
        tx.batch_execute(WAIT).await?;
        let inserted = diesel::insert_into(idempotency::table)
            .values((
                idempotency::account_id.eq(key.account),
                idempotency::operation.eq(key.operation),
                idempotency::key.eq(&key.key),
                idempotency::body_hash.eq(&key.body_hash),
                idempotency::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(tx)
            .await;
        let fresh = inserted.map_err(|error| match given_up(&error) {
            Some(GivenUp::LockTimeout) => Problem::new(Code::InProgress).retry_after(1),
            _ => error.into(),
        })?;
        if fresh == 0 {
            note_replay();
            return match replay(tx, &key).await? {
                Some(stored) => Ok(stored),
                None => Err(Problem::new(Code::InProgress).retry_after(1)),
            };
        }
        tx.batch_execute(&format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")).await?;
        let stored = work(tx).await?;
        let status = i16::try_from(stored.status).unwrap_or(200);
        diesel::update(idempotency::table.find((key.account, key.operation, &key.key)))
            .set((
                idempotency::status.eq(Some(status)),
                idempotency::response.eq(Some(&stored.body)),
                idempotency::location.eq(&stored.location),
            ))
            .execute(tx)
            .await?;
        Ok(stored)
    })
    .await
}

#[derive(diesel::QueryableByName)]
struct Estimate {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// About how many keys are stored: what PostgreSQL believes, since counting them would read them all.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn estimate(conn: &mut Conn) -> Result<i64, Problem> {
    const QUERY: &str =
        "SELECT greatest(reltuples, 0)::bigint AS n FROM pg_class WHERE oid = 'idempotency'::regclass";
    let estimate: Estimate = diesel::sql_query(QUERY).get_result(conn).await?;
    Ok(estimate.n)
}

/// Forgets keys older than 24 hours, at most `limit` of them.
///
/// # Errors
/// `INTERNAL` when the database refuses.
pub async fn forget(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> Result<usize, Problem> {
    let before = now - Duration::hours(KEPT_HOURS);
    Ok(diesel::sql_query(
        "DELETE FROM idempotency WHERE (account_id, operation, key) IN \
         (SELECT account_id, operation, key FROM idempotency WHERE created_at < $1 LIMIT $2)",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .execute(conn)
    .await?)
}
