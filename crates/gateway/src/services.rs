//! The rooms' services, started once and shared by all workers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use unionhall_cards::Cards;
use unionhall_files::{Clamd, Files};
use unionhall_identity::sms::SmsSender;
use unionhall_identity::wechat::WechatApi;
use unionhall_identity::{Identity, RoleSource};
use unionhall_kernel::cursor::CursorKey;
use unionhall_kernel::{Clock, IdGen, Problem};
use unionhall_merchants::Merchants;
use unionhall_messages::Messages;
use unionhall_messages::push::PushGateway;
use unionhall_partners::Partners;
use unionhall_registry::import::room::Rooms;
use unionhall_storage::keys::{Kek, KeyRing, Purpose};
use unionhall_storage::tasks::Worker;
use unionhall_storage::{Core, Db, DbConfig, training};
use unionhall_web::App;
use unionhall_web::contract::Contract;
use unionhall_web::rate::{Limits, Rates};
use unionhall_web::request::ClientRules;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::dev::DevPages;
use crate::ready::Readiness;
use crate::{app_config, document, home, matters, my_data, telemetry, todos, upkeep};

/// What a process is made of, apart from its listeners.
pub struct Parts {
    /// The database.
    pub db: DbConfig,
    /// The runtime that drives connections and background work.
    pub runtime: Handle,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids and random bytes.
    pub ids: Arc<dyn IdGen>,
    /// The key-encryption key.
    pub kek: Kek,
    /// Hands messages over.
    pub sms: Arc<dyn SmsSender>,
    /// Brings pushes out, where there is a gateway for them.
    pub push: Option<Arc<dyn PushGateway>>,
    /// Asks WeChat, where that is configured.
    pub wechat: Option<Arc<dyn WechatApi>>,
    /// `iss` of tokens.
    pub issuer: String,
    /// Scans uploads, where there is one.
    pub scanner: Option<Clamd>,
    /// Redis, where there is one.
    pub redis: Option<redis::aio::ConnectionManager>,
    /// Rate limits.
    pub rates: Rates,
    /// How long a request may take, uploads excepted.
    pub time_limit: Duration,
    /// Known clients and trusted proxies.
    pub clients: ClientRules,
    /// `production`, `development`, `training`.
    pub environment: &'static str,
    /// Cores that may hash passwords.
    pub cores: usize,
}

/// Everything the workers share.
#[derive(Clone)]
pub struct Services {
    /// What all rooms share.
    pub app: web::Data<App>,
    /// Identity's services.
    pub identity: web::Data<Identity>,
    /// Files' services.
    pub files: web::Data<Files>,
    /// Cards' services.
    pub cards: web::Data<Cards>,
    /// Merchants' services.
    pub merchants: web::Data<Merchants>,
    /// Messages' services.
    pub messages: Arc<Messages>,
    /// Partners' services.
    pub partners: web::Data<Partners>,
    /// The rooms that take part in imports.
    pub rooms: web::Data<Rooms>,
    /// Opens key rows.
    pub ring: Arc<KeyRing>,
    /// Whether requests may come.
    pub readiness: web::Data<Readiness>,
    /// What only a developer gets; nothing unless somebody who read a configuration puts it here.
    pub dev: Option<DevPages>,
}

/// All operations of all rooms.
pub fn routes(config: &mut ServiceConfig) {
    unionhall_identity::http::routes(config);
    unionhall_casework::http::routes(config);
    unionhall_files::http::routes(config);
    unionhall_registry::http::routes(config);
    unionhall_cards::http::routes(config);
    unionhall_legal::http::routes(config);
    unionhall_merchants::http::routes(config);
    unionhall_messages::http::routes(config);
    app_config::routes(config);
    unionhall_partners::http::routes(config);
    unionhall_calculators::http::routes(config);
    unionhall_jobs::http::routes(config);
    home::routes(config);
    matters::routes(config);
    todos::routes(config);
    my_data::routes(config);
}

impl Services {
    /// Opens the keys and starts the rooms.
    ///
    /// # Errors
    /// When the database cannot be reached or a key does not open.
    pub async fn start(parts: Parts) -> Result<Self, Problem> {
        let db = Db::new(parts.runtime.clone(), &parts.db)?;
        let ring = Arc::new(KeyRing::new(&parts.kek, parts.ids.clone()));
        let now = parts.clock.now();
        let mut conn = db.writer().await?;
        unionhall_storage::db::requires_english(&mut conn).await?;
        let sealer = ring.sealer(&mut conn, now).await?;
        let cursor = ring.ensure(&mut conn, Purpose::Cursor, now).await?;
        let cursor = cursor.as_slice().last().ok_or_else(|| Problem::internal("no cursor key"))?;
        let cursors = CursorKey::new(cursor.bytes()?);
        drop(conn);
        let core = Core { db, clock: parts.clock, ids: parts.ids, sealer, cursors };
        let roles: Vec<Arc<dyn RoleSource>> = vec![
            Arc::new(unionhall_registry::post::PostRoles),
            Arc::new(unionhall_merchants::staff::MerchantRoles),
            Arc::new(unionhall_legal::roles::LawyerRoles),
            Arc::new(unionhall_jobs::place::RecruiterRoles),
        ];
        let outside = (parts.sms, parts.wechat);
        // Accounts vanish there with every reset.
        let training = parts.environment == training::PROFILE;
        let identity =
            Identity::start(core.clone(), &ring, parts.issuer, outside, (roles, !training), parts.cores)
                .await?;
        let files = Files::start(core.clone(), &ring, parts.scanner).await?;
        let cards = Cards::start(core.clone(), &ring).await?;
        let merchants = Merchants::start(core.clone(), &ring).await?;
        let messages = Arc::new(Messages::new(core.clone(), parts.push));
        let partners = Partners::start(core.clone(), &ring).await?;
        let app = App {
            core,
            authenticator: identity.states.clone(),
            contract: Contract::of(&document::collect()),
            limits: Limits::new(parts.rates, parts.redis),
            time_limit: parts.time_limit,
            environment: parts.environment,
            clients: parts.clients,
        };
        let merchant_files = unionhall_merchants::import::MerchantFiles { core: app.core.clone() };
        let card_files = unionhall_cards::import::CardFiles { core: app.core.clone() };
        let posting_files = unionhall_jobs::import::PostingFiles { core: app.core.clone() };
        let lawyer_files = unionhall_legal::import::LawyerFiles { core: app.core.clone() };
        let duty_files = unionhall_legal::roster::RosterFiles { core: app.core.clone() };
        let rooms = Rooms::new(vec![
            Arc::new(merchant_files),
            Arc::new(card_files),
            Arc::new(posting_files),
            Arc::new(lawyer_files),
            Arc::new(duty_files),
        ]);
        let readiness = Readiness::new(app.core.clone(), ring.clone(), identity.states.clone());
        Ok(Self {
            readiness: web::Data::new(readiness),
            app: web::Data::new(app),
            identity: web::Data::new(identity),
            files: web::Data::new(files),
            cards: web::Data::new(cards),
            merchants: web::Data::new(merchants),
            messages,
            partners: web::Data::new(partners),
            rooms: web::Data::new(rooms),
            ring,
            dev: None,
        })
    }

    /// Hands the services to a worker.
    pub fn provide(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.app.clone())
            .app_data(self.identity.clone())
            .app_data(self.readiness.clone())
            .app_data(self.files.clone())
            .app_data(self.cards.clone())
            .app_data(self.merchants.clone())
            .app_data(self.partners.clone())
            .app_data(self.rooms.clone());
    }

    /// The background worker with every room's tasks.
    pub fn worker(&self) -> Worker {
        let core = &self.app.core;
        let worker = Worker::new(core.db.clone(), core.clock.clone(), core.ids.clone());
        let worker = unionhall_registry::import::tasks(worker, core, &self.rooms);
        let worker = unionhall_registry::join::tasks(worker, core);
        let worker = unionhall_registry::export::tasks(worker, core);
        let worker = unionhall_casework::tasks(worker, core);
        let worker = unionhall_legal::tasks(worker, &self.identity.clone().into_inner());
        let worker = unionhall_cards::tasks(worker, core);
        let worker = unionhall_merchants::tasks::handle(worker, core);
        let worker = unionhall_jobs::tasks::handle(worker, core, &self.identity.sms);
        let worker = unionhall_messages::tasks::handle(worker, &self.messages);
        let worker = unionhall_partners::tasks(worker, core);
        upkeep::handle(worker, core, &self.identity, self.app.environment == training::PROFILE)
    }

    /// Starts what must run beside the listeners: the account-state poller, key reload, forgetting. None of it ever
    /// ends by itself: a process in which something of the set ended only looks alive.
    pub fn spawn_background(&self, runtime: &Handle) -> JoinSet<()> {
        let mut background = JoinSet::new();
        background.spawn_on(self.identity.states.clone().keep_fresh(), runtime);
        let merchants = self.merchants.clone();
        background.spawn_on(async move { merchants.log.keep_flushing().await }, runtime);
        let services = self.clone();
        let upkeep = async move {
            let mut minutes = tokio::time::interval(Duration::from_secs(60));
            let mut starting = true;
            loop {
                minutes.tick().await;
                match services.each_minute(starting).await {
                    Ok(()) => starting = false,
                    Err(problem) => tracing::warn!(?problem, "minutely upkeep failed"),
                }
            }
        };
        background.spawn_on(upkeep, runtime);
        background.spawn_on(telemetry::keep_draining(), runtime);
        background
    }

    async fn each_minute(&self, starting: bool) -> Result<(), Problem> {
        let core = &self.app.core;
        self.app.limits.forget_quiet();
        let mut conn = core.db.writer().await?;
        self.identity.tokens.reload(&self.ring, &mut conn).await?;
        unionhall_storage::once::forget(&mut conn, core.now(), 10_000).await?;
        unionhall_merchants::tasks::enqueue_daily(core, &mut conn).await?;
        unionhall_jobs::tasks::enqueue_daily(core, &mut conn).await?;
        unionhall_legal::enqueue_daily(core, &mut conn).await?;
        if self.app.environment == training::PROFILE {
            upkeep::enqueue_reset(core, &mut conn, starting).await?;
        }
        upkeep::enqueue_daily(core, &mut conn).await
    }
}

/// Connects to Redis if it answers; everything works without.
pub async fn redis(url: Option<&secrecy::SecretString>) -> Option<redis::aio::ConnectionManager> {
    let client = redis::Client::open(url?.expose_secret()).ok()?;
    let config = redis::aio::ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(500)))
        .set_response_timeout(Some(Duration::from_millis(100)));
    match redis::aio::ConnectionManager::new_with_config(client, config).await {
        Ok(manager) => Some(manager),
        Err(error) => {
            tracing::warn!(%error, "Redis does not answer; limits are local");
            None
        }
    }
}
