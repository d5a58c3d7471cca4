//! A server of one test.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Utc};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use unionhall_gateway::Services;
use unionhall_gateway::serve::{self, ListenerConfig};
use unionhall_gateway::services::Parts;
use unionhall_identity::wechat::{Credentials, HttpWechat, WechatApi};
use unionhall_kernel::clock::{ManualClock, RandomIds};
use unionhall_messages::push::PushGateway;
use unionhall_storage::keys::Kek;
use unionhall_storage::{Core, DbConfig, training};
use unionhall_web::contract::TIME_LIMIT;
use unionhall_web::rate::Rates;
use unionhall_web::request::{ClientRules, Version};

use crate::client::Request;
use crate::db::TestDb;
use crate::push::PushServer;
use crate::sms::SmsBox;

// The servers and connections of all tests of a process live here, not on a test's own runtime.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// The key-encryption key of every test's database.
pub const KEK: &str = "dGVzdGtpdCBrZXksIHRlc3RraXQga2V5LCB0ZXN0ISE=";

/// A Friday noon in Shanghai, when every test begins.
pub(crate) fn beginning() -> DateTime<Utc> {
    "2026-11-20T04:00:00Z".parse().expect("an instant")
}

/// A server with its database, clock and SMS box.
pub struct TestApp {
    /// The services, for setting up what no operation can.
    pub services: Services,
    /// The clock all of it reads.
    pub clock: Arc<ManualClock>,
    /// What was sent.
    pub sms: Arc<SmsBox>,
    /// The database.
    pub db: TestDb,
    outside: Outside,
    address: SocketAddr,
    http: reqwest::Client,
    #[allow(dead_code)] // held for its end
    stop: Stop,
}

/// Stops a server when its test is over, so that its connections are there for the next.
struct Stop {
    server: ServerHandle,
    poller: AbortHandle,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.poller.abort();
        RUNTIME.spawn(self.server.stop(false));
    }
}

/// What a server is made for, and whom it asks outside.
#[derive(Clone, Default)]
struct Outside {
    // Where pushes go.
    push: Option<Arc<dyn PushGateway>>,
    // Where WeChat is.
    wechat: Option<String>,
    // Whether it is a training system.
    training: bool,
}

async fn services(
    config: DbConfig,
    clock: Arc<ManualClock>,
    sms: Arc<SmsBox>,
    outside: Outside,
    time_limit: Duration,
) -> Services {
    let wechat = outside.wechat.map(|url| {
        let by = Credentials {
            app_id: crate::wechat::APP_ID.to_owned(),
            secret: crate::wechat::SECRET.to_owned().into(),
            url,
            timeout: Duration::from_secs(2),
        };
        Arc::new(HttpWechat::new(by, clock.clone()).expect("a client")) as Arc<dyn WechatApi>
    });
    let parts = Parts {
        db: config,
        runtime: RUNTIME.handle().clone(),
        clock,
        ids: Arc::new(RandomIds::default()),
        kek: Kek::parse(KEK).expect("a key"),
        sms,
        push: outside.push,
        wechat,
        issuer: "https://unionhall.test".to_owned(),
        scanner: None,
        redis: None,
        rates: Rates { address: 1_000_000, account: 1_000_000, shaped: 1_000_000 },
        time_limit,
        clients: ClientRules {
            minimum: [("member-app".to_owned(), Version(3, 0, 0))].into(),
            proxies: Vec::new(),
        },
        environment: if outside.training { training::PROFILE } else { "test" },
        cores: 2,
    };
    Services::start(parts).await.expect("the services start")
}

/// Fills the template: keys and the territorial unions.
pub(crate) async fn seed(url: &str) {
    let config =
        DbConfig { url: url.to_owned().into(), writers: 1, readers: 1, point_limit: crate::db::POINT_LIMIT };
    let clock = Arc::new(ManualClock::new(beginning()));
    let services = services(config, clock, Arc::new(SmsBox::default()), Outside::default(), TIME_LIMIT).await;
    let core = &services.app.core;
    let mut conn = core.db.writer().await.expect("a connection");
    unionhall_registry::seed::load(core, &mut conn).await.expect("the territorial unions load");
}

impl TestApp {
    /// A server on a database of its own.
    pub async fn start() -> Self {
        Self::with_time_limit(TIME_LIMIT).await
    }

    /// A server that gives requests up after `limit`.
    pub async fn with_time_limit(limit: Duration) -> Self {
        Self::begin(None, limit).await
    }

    /// A server that asks WeChat at `url`.
    pub async fn with_wechat(url: &str) -> Self {
        Self::begin(Some(url.to_owned()), TIME_LIMIT).await
    }

    async fn begin(wechat: Option<String>, limit: Duration) -> Self {
        let clock = Arc::new(ManualClock::new(beginning()));
        let outside = Outside { wechat, ..Outside::default() };
        Self::start_on(TestDb::new().await, clock, Arc::new(SmsBox::default()), outside, limit).await
    }

    /// A server that pushes through a gateway.
    pub async fn with_push(gateway: &PushServer) -> Self {
        let clock = Arc::new(ManualClock::new(beginning()));
        let push = gateway.gateway(clock.clone());
        let sms = Arc::new(SmsBox::default());
        let outside = Outside { push: Some(push), ..Outside::default() };
        Self::start_on(TestDb::new().await, clock, sms, outside, TIME_LIMIT).await
    }

    /// A server of the training profile.
    pub async fn training() -> Self {
        let clock = Arc::new(ManualClock::new(beginning()));
        let outside = Outside { training: true, ..Outside::default() };
        Self::start_on(TestDb::new().await, clock, Arc::new(SmsBox::default()), outside, TIME_LIMIT).await
    }

    /// One more copy on the same database, clock, SMS box and push gateway.
    pub async fn copy(&self) -> Self {
        let (db, clock, sms) = (self.db.clone(), self.clock.clone(), self.sms.clone());
        Self::start_on(db, clock, sms, self.outside.clone(), TIME_LIMIT).await
    }

    async fn start_on(
        db: TestDb,
        clock: Arc<ManualClock>,
        sms: Arc<SmsBox>,
        outside: Outside,
        limit: Duration,
    ) -> Self {
        let services = services(db.config(), clock.clone(), sms.clone(), outside.clone(), limit).await;
        let listener = ListenerConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            workers: 2,
            cors_origins: vec!["https://console.unionhall.test".to_owned()],
            docs: true,
            shutdown: Duration::from_secs(20),
            traced: false,
        };
        let poller = RUNTIME.spawn(services.identity.states.clone().keep_fresh()).abort_handle();
        let shared = services.clone();
        let (server, address) = RUNTIME
            .spawn(async move {
                let (server, address) = serve::public(&shared, &listener).expect("the server starts");
                let handle = server.handle();
                tokio::spawn(server);
                (handle, address)
            })
            .await
            .expect("the server starts");
        let stop = Stop { server, poller };
        Self { services, clock, sms, db, outside, address, http: reqwest::Client::new(), stop }
    }

    /// Where it listens, for requests no client would send.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Database, clock, chance and keys, for setting up what no operation can.
    pub fn core(&self) -> &Core {
        &self.services.app.core
    }

    /// Runs statements straight on the database.
    pub async fn sql(&self, statements: &str) {
        let mut conn = self.core().db.writer().await.expect("a connection");
        conn.batch_execute(statements).await.expect("the statements run");
    }

    /// The single number a query answers.
    pub async fn number(&self, query: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let mut conn = self.core().db.writer().await.expect("a connection");
        let row: Number = diesel::sql_query(format!("SELECT ({query})::bigint AS n"))
            .get_result(&mut conn)
            .await
            .expect("the query answers");
        row.n
    }

    /// Moves the clock; account state is asked again, as a running poller would have.
    pub async fn advance(&self, by: chrono::Duration) {
        self.clock.advance(by);
        self.services.identity.states.poll().await.expect("account state refreshes");
    }

    /// Runs all background work that is due; none of it may fail.
    pub async fn drain(&self) {
        let failed = self.drain_failing().await;
        assert!(failed.is_empty(), "tasks failed: {failed:?}");
    }

    /// Runs all background work that is due and answers the tasks that failed so far, as `kind: CODE`, and
    /// were not done later.
    pub async fn drain_failing(&self) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Failed {
            #[diesel(sql_type = diesel::sql_types::Text)]
            task: String,
        }
        self.services.worker().drain().await.expect("the worker runs");
        let mut conn = self.core().db.writer().await.expect("a connection");
        let query = "SELECT kind || ': ' || last_error AS task FROM task \
                     WHERE last_error IS NOT NULL AND state <> 'done' ORDER BY run_at, id";
        let failed: Vec<Failed> = diesel::sql_query(query).load(&mut conn).await.expect("the query answers");
        failed.into_iter().map(|f| f.task).collect()
    }

    /// A request that is not sent yet.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str) -> Request {
        let url = format!("http://{}{path}", self.address);
        Request::new(self.http.request(method.parse().expect("a method"), url), self.core().db.clone())
    }

    /// `GET`
    #[track_caller]
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// `POST` with a JSON body.
    #[track_caller]
    pub fn post(&self, path: &str, body: serde_json::Value) -> Request {
        self.request("POST", path).json(body)
    }

    /// `PUT` with a JSON body.
    #[track_caller]
    pub fn put(&self, path: &str, body: serde_json::Value) -> Request {
        self.request("PUT", path).json(body)
    }

    /// `DELETE`
    #[track_caller]
    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }
}
