//! A database per test, copied from a template.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use unionhall_storage::{Conn, DbConfig, migrate};

/// Moves when what the template holds beside the schema changes.
const TEMPLATE_VERSION: u8 = 2;

/// A hundred tests share one machine here, so a read may have to wait its turn for long.
pub const POINT_LIMIT: Duration = Duration::from_secs(10);

/// A test's own database.
#[derive(Debug, Clone)]
pub struct TestDb {
    url: String,
}

#[allow(clippy::disallowed_methods)] // the test bench's one setting
fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is set (run the tests with ./dev test)")
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{database}")
}

fn template_name() -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("migrations")
        .flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    hash.update([TEMPLATE_VERSION]);
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    let hex: String = hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("uh_template_{hex}")
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    found: bool,
}

// The first test to come makes the template; the others, in this process or another, wait on the lock.
async fn ensure_template(conn: &mut Conn, name: &str) {
    conn.batch_execute("SELECT pg_advisory_lock(4100)").await.unwrap();
    let found: Found = diesel::sql_query(format!(
        "SELECT EXISTS(SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate) AS found"
    ))
    .get_result(conn)
    .await
    .unwrap();
    if !found.found {
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let url = url_of(name);
        migrate::run(&url, migrate::Direction::Up).await.expect("migrations apply");
        crate::app::seed(&url).await;
        let close = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'; \
             ALTER DATABASE {name} IS_TEMPLATE true"
        );
        conn.batch_execute(&close).await.unwrap();
    }
    conn.batch_execute("SELECT pg_advisory_unlock(4100)").await.unwrap();
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

// Drops what earlier runs left on a server that outlives them: a test cannot wait for that when it ends.
async fn sweep(conn: &mut Conn) {
    let left = "SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'uh\\_test\\_%'";
    let names: Vec<Name> = diesel::sql_query(left).load(conn).await.unwrap();
    for Name { name } in names {
        let run = name.split('_').nth(2).unwrap_or_default();
        if !std::path::Path::new("/proc").join(run).exists() {
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
        }
    }
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("uh_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl TestDb {
    /// A database with the schema, the territorial unions, and nothing else.
    pub async fn new() -> Self {
        static SWEPT: OnceCell<()> = OnceCell::const_new();
        let mut conn = Conn::establish(&server_url()).await.expect("the test cluster answers");
        let template = template_name();
        ensure_template(&mut conn, &template).await;
        SWEPT.get_or_init(|| sweep(&mut conn)).await;
        let name = fresh_name();
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        Self { url: url_of(&name) }
    }

    /// An empty database, without any schema.
    pub async fn empty() -> Self {
        let mut conn = Conn::establish(&server_url()).await.expect("the test cluster answers");
        let name = fresh_name();
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        Self { url: url_of(&name) }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// As configuration, with few connections.
    pub fn config(&self) -> DbConfig {
        DbConfig {
            url: SecretString::from(self.url.clone()),
            writers: 4,
            readers: 2,
            point_limit: POINT_LIMIT,
        }
    }

    /// A connection of one's own.
    pub async fn connect(&self) -> Conn {
        Conn::establish(&self.url).await.expect("the test's database answers")
    }
}
