//! Connections: a *Writer* pool for transactions, a small *read* pool for lists and searches, and one
//! pipelined *reader* per worker thread for named point reads.
//!
//! actix workers are current-thread runtimes, and diesel-async drives a connection on the runtime that
//! opened it: every connection is therefore opened on one long-lived runtime, so a busy worker cannot
//! stall the queries of another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use unionhall_kernel::{Code, Problem};

/// The one connection type.
pub type Conn = AsyncPgConnection;

/// How often a transaction that lost a serialisation race or a deadlock is tried in all.
const ATTEMPTS: u32 = 4;
/// Longest wait for a pooled connection before the caller is told 503.
const CHECKOUT: Duration = Duration::from_secs(3);

/// Replies of a pipelined connection come in order, so a slow statement delays everybody behind it.
pub const POINT_LIMIT: Duration = Duration::from_millis(50);

/// How long a statement of the Writer waits for a row.
pub(crate) const LOCK_TIMEOUT: &str = "5s";

/// Where the database is and how many connections a process takes.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// `postgres://…`.
    pub url: SecretString,
    /// Connections for transactions.
    pub writers: usize,
    /// Connections for lists, searches and statistics.
    pub readers: usize,
    /// How long a point read may run; [`POINT_LIMIT`] unless the machine is shared with much else.
    pub point_limit: Duration,
}

/// One pool's connections.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    /// `writer` or `read`.
    pub name: &'static str,
    /// How many there may be.
    pub max: usize,
    /// How many are open.
    pub open: usize,
    /// How many somebody works with.
    pub in_use: usize,
    /// How many requests wait for one.
    pub waiting: usize,
}

/// A handle to the database, cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    id: u64,
    url: SecretString,
    point_setup: String,
    runtime: Handle,
    writer: Pool<Conn>,
    reads: Pool<Conn>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

async fn open(runtime: Handle, url: String, setup: String) -> diesel::ConnectionResult<Conn> {
    let opened = runtime.spawn(async move {
        let mut conn = Conn::establish(&url).await?;
        conn.batch_execute(&setup).await.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    });
    opened.await.unwrap_or_else(|e| Err(diesel::ConnectionError::BadConnection(e.to_string())))
}

// Limits are properties of the connection, set once when it is opened; no statement relies on session state.
// No JIT: compiling a plan takes tens of milliseconds, more than any statement here may run, and PostgreSQL
// chooses it by estimates that are far off until a new table has been analysed.
fn writer_setup() -> String {
    format!(
        "SET jit = off; SET statement_timeout = '30s'; SET lock_timeout = '{LOCK_TIMEOUT}'; SET idle_in_transaction_session_timeout = '30s'"
    )
}
const READ_SETUP: &str =
    "SET jit = off; SET statement_timeout = '10s'; SET default_transaction_read_only = on";
fn point_setup(limit: Duration) -> String {
    let limit = limit.as_millis();
    format!("SET jit = off; SET statement_timeout = '{limit}ms'; SET default_transaction_read_only = on")
}

fn pool(runtime: &Handle, url: &str, size: usize, setup: String) -> Result<Pool<Conn>, Problem> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let runtime = runtime.clone();
    config.custom_setup = Box::new(move |url| open(runtime.clone(), url.to_owned(), setup.clone()).boxed());
    let manager = AsyncDieselConnectionManager::<Conn>::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(CHECKOUT))
        .create_timeout(Some(CHECKOUT))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(Problem::internal)
}

impl Db {
    /// Prepares the pools; connections open on first use, on `runtime`, which must outlive the handle.
    ///
    /// # Errors
    /// Only when the configuration cannot make a pool; a database that is down shows on first use.
    pub fn new(runtime: Handle, config: &DbConfig) -> Result<Self, Problem> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let url = config.url.expose_secret();
        Ok(Self(Arc::new(Inner {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            writer: pool(&runtime, url, config.writers, writer_setup())?,
            reads: pool(&runtime, url, config.readers, READ_SETUP.to_owned())?,
            url: config.url.clone(),
            point_setup: point_setup(config.point_limit),
            runtime,
        })))
    }

    /// The runtime that drives the connections; work that must survive a client hanging up is spawned here.
    pub fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// A connection of the read pool, for lists, searches and statistics.
    ///
    /// # Errors
    /// `UNAVAILABLE` when none can be had in time.
    pub async fn read(&self) -> Result<Object<Conn>, Problem> {
        self.0.reads.get().await.map_err(|error| refused("read", error))
    }

    /// A connection of the Writer, for a single statement that commits by itself.
    ///
    /// # Errors
    /// `UNAVAILABLE` when none can be had in time.
    pub async fn writer(&self) -> Result<Object<Conn>, Problem> {
        self.0.writer.get().await.map_err(|error| refused("writer", error))
    }

    /// How the pools stand now.
    pub fn pools(&self) -> [PoolUse; 2] {
        [("writer", &self.0.writer), ("read", &self.0.reads)].map(|(name, pool)| {
            let status = pool.status();
            let in_use = status.size.saturating_sub(status.available);
            PoolUse { name, max: status.max_size, open: status.size, in_use, waiting: status.waiting }
        })
    }

    /// Runs `work` in one transaction: commits when it answers `Ok`, rolls back when it answers `Err`, and
    /// runs it again (at most 4 times) when PostgreSQL refused it for a race (40001, 40P01). `work` must
    /// therefore do nothing that leaves the database.
    ///
    /// # Errors
    /// Whatever `work` answers; `UNAVAILABLE` when the database cannot be reached.
    pub async fn write<R>(&self, work: impl AsyncFn(&mut Conn) -> Result<R, Problem>) -> Result<R, Problem> {
        let mut attempt = 1;
        loop {
            let mut conn = self.writer().await?;
            match transaction(&mut conn, &work).await {
                Err(problem) if attempt < ATTEMPTS && why_given_up(&problem) == Some(GivenUp::Race) => {
                    attempt += 1;
                    metrics::counter!("unionhall_transaction_retries_total").increment(1);
                }
                Err(problem) => return Err(classify(problem)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Runs a named point read through the pipelined connection of this worker thread. Replies come in order there, so a
    /// slow statement in front delays everybody behind it: after [`POINT_LIMIT`], or when the connection is gone, it
    /// is asked once more through the read pool, where nobody waits behind it.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn point<R>(
        &self,
        query: impl AsyncFn(&mut &Conn) -> Result<R, DieselError>,
    ) -> Result<R, Problem> {
        let held = self.pipeline().await?;
        let error = match query(&mut &*held).await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        match given_up(&error) {
            Some(GivenUp::Gone) => self.close_pipeline(&held),
            Some(_) => {}
            None => return Err(Problem::internal(error)),
        }
        metrics::counter!("unionhall_point_reads_repeated_total").increment(1);
        let conn = self.read().await?;
        query(&mut &*conn).await.map_err(|error| classify(Problem::internal(error)))
    }

    async fn pipeline(&self) -> Result<Rc<Conn>, Problem> {
        if let Some(conn) = PIPELINES.with_borrow(|map| map.get(&self.0.id).cloned()) {
            return Ok(conn);
        }
        let url = self.0.url.expose_secret().to_owned();
        let conn =
            open(self.0.runtime.clone(), url, self.0.point_setup.clone()).await.map_err(unavailable)?;
        let conn = Rc::new(conn);
        // Two requests may have opened one each; the later one wins and the other closes with its last use.
        PIPELINES.with_borrow_mut(|map| map.insert(self.0.id, conn.clone()));
        Ok(conn)
    }

    // A dead connection leaves this thread, so the next request opens a new one.
    fn close_pipeline(&self, dead: &Rc<Conn>) {
        PIPELINES.with_borrow_mut(|map| {
            if map.get(&self.0.id).is_some_and(|held| Rc::ptr_eq(held, dead)) {
                map.remove(&self.0.id);
            }
        });
    }

    /// Whether a statement can be answered now.
    ///
    /// # Errors
    /// `UNAVAILABLE` when not.
    pub async fn ping(&self) -> Result<(), Problem> {
        let mut conn = self.read().await?;
        conn.batch_execute("SELECT 1").await.map_err(unavailable)
    }
}

thread_local! {
    /// The pipelined connection to each database on this worker thread.
    static PIPELINES: RefCell<HashMap<u64, Rc<Conn>>> = RefCell::new(HashMap::new());
}

pub(crate) async fn transaction<R>(
    conn: &mut Conn,
    work: &impl AsyncFn(&mut Conn) -> Result<R, Problem>,
) -> Result<R, Problem> {
    type Manager = <Conn as AsyncConnection>::TransactionManager;
    Manager::begin_transaction(conn).await?;
    match work(conn).await {
        Ok(value) => {
            Manager::commit_transaction(conn).await?;
            Ok(value)
        }
        Err(problem) => {
            // A broken connection cannot roll back; the pool drops it and the server rolls back itself.
            if let Err(error) = Manager::rollback_transaction(conn).await {
                tracing::debug!(%error, "rollback failed");
            }
            Err(problem)
        }
    }
}

fn source(problem: &Problem) -> Option<&DieselError> {
    problem.source.as_ref()?.downcast_ref::<DieselError>()
}

/// Why PostgreSQL gave a statement up for no fault of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// A race that another transaction won (40001, 40P01): try again.
    Race,
    /// A row was locked for longer than `lock_timeout` (55P03).
    LockTimeout,
    /// It took longer than `statement_timeout` (57014).
    Timeout,
    /// The connection is gone.
    Gone,
}

/// Why PostgreSQL gave the statement up, if it did. diesel hands no SQLSTATE on for most of these, so they are known
/// by their English text, which [`requires_english`] makes sure of.
pub fn given_up(error: &DieselError) -> Option<GivenUp> {
    let DieselError::DatabaseError(kind, info) = error else {
        return matches!(error, DieselError::BrokenTransactionManager).then_some(GivenUp::Gone);
    };
    match (kind, info.message()) {
        (DatabaseErrorKind::SerializationFailure, _) | (_, "deadlock detected") => Some(GivenUp::Race),
        (DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => {
            Some(GivenUp::Gone)
        }
        (_, "canceling statement due to lock timeout") => Some(GivenUp::LockTimeout),
        (_, text) if text.starts_with("canceling statement due to") => Some(GivenUp::Timeout),
        (_, text) if text.starts_with("terminating connection") => Some(GivenUp::Gone),
        _ => None,
    }
}

/// Refuses a database whose messages are not English: deadlocks and timeouts would not be known for what they are.
///
/// # Errors
/// `INTERNAL` saying what to set.
pub async fn requires_english(conn: &mut Conn) -> Result<(), Problem> {
    let language: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('lc_messages')"))
            .get_result(conn)
            .await?;
    if is_english(&language) {
        return Ok(());
    }
    Err(Problem::internal(format!(
        "lc_messages is {language}: a superuser must ALTER DATABASE … SET lc_messages = 'C', since errors are told apart by their English text"
    )))
}

/// Whether these are messages by which [`given_up`] knows what went wrong.
pub fn is_english(language: &str) -> bool {
    matches!(language, "" | "C" | "POSIX") || language.starts_with("C.") || language.starts_with("en")
}

/// Turns an internal fault that is really an unreachable or overloaded database into 503.
pub fn classify(mut problem: Problem) -> Problem {
    let why = why_given_up(&problem);
    if problem.code == Code::Internal && why.is_some_and(|why| why != GivenUp::Race) {
        problem.code = Code::Unavailable;
        problem.retry_after = Some(1);
    }
    problem
}

fn refused(pool: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    metrics::counter!("unionhall_db_checkout_failures_total", "pool" => pool).increment(1);
    unavailable(error)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    let mut problem = Problem::new(Code::Unavailable).retry_after(1);
    problem.source = Some(Box::new(error));
    problem
}

/// The name of the constraint a write violated, if that is what went wrong: unique, check, foreign key and
/// exclusion constraints carry the rule, and use-cases map their names to codes.
pub fn violated(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(_, info) => info.constraint_name(),
        _ => None,
    }
}

/// [`given_up`] for an error that has already become a problem.
pub fn why_given_up(problem: &Problem) -> Option<GivenUp> {
    source(problem).and_then(given_up)
}

/// [`violated`] for an error that has already become a problem.
pub fn constraint(problem: &Problem) -> Option<&str> {
    source(problem).and_then(violated)
}

#[cfg(test)]
mod tests {
    use super::is_english;

    #[test]
    fn messages_must_be_english() {
        for language in ["", "C", "POSIX", "C.UTF-8", "en_US.UTF-8"] {
            assert!(is_english(language), "{language}");
        }
        for language in ["zh_CN.UTF-8", "de_DE", "Chinese (Simplified)_China.936"] {
            assert!(!is_english(language), "{language}");
        }
    }
}
