//! The processes that run until they are stopped: `serve` and `worker`.

use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::ExposeSecret as _;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use unionhall_gateway::config::{Config, Profile};
use unionhall_gateway::dev::DevPages;
use unionhall_gateway::serve::{self, ListenerConfig};
use unionhall_gateway::services::{self, Parts, Services};
use unionhall_gateway::{telemetry, worker};
use unionhall_identity::sms::{FileSms, HttpSms, SmsSender};
use unionhall_identity::wechat::{HttpWechat, WechatApi};
use unionhall_kernel::clock::{RandomIds, SystemClock};
use unionhall_kernel::{Clock, Problem};
use unionhall_messages::push::{FilePush, HttpPush, PushGateway};
use unionhall_storage::training::{self, Refusal};
use unionhall_storage::{Core, DbConfig, POINT_LIMIT, migrate};
use unionhall_web::contract::TIME_LIMIT;

pub(crate) fn failed(problem: Problem) -> anyhow::Error {
    let code = problem.code.entry().code;
    match problem.into_source() {
        Some(source) => anyhow::anyhow!(source).context(code),
        None => anyhow::anyhow!(code),
    }
}

/// `unionhall worker`
pub(crate) fn worker(background: &Runtime) -> anyhow::Result<()> {
    let config = Config::load()?;
    let traces = telemetry::start(Some(&config), background.handle())?;
    let ended = background.block_on(async {
        let services = start(&config, background.handle().clone()).await?;
        let mut running = services.spawn_background(background.handle());
        let metrics = telemetry::recorder().map_err(failed)?;
        let (internal, address) = serve::internal(&services, metrics, config.internal_listen)?;
        tracing::info!(internal = %address, "working");
        tokio::spawn(internal);
        let thread = worker::spawn(services.worker(), &mut running, background.handle())?;
        let stopped = until_stopped(&mut running, &mut Signals::listen()?).await;
        services.readiness.drain();
        tracing::info!("stopping");
        finish(thread, &config).await;
        stopped
    });
    traces.finish();
    ended
}

async fn finish(thread: worker::WorkerThread, config: &Config) {
    if !thread.finish(config.shutdown()).await {
        tracing::warn!("a task was cut off; it runs again when its lease has run out");
    }
}

/// `unionhall serve`
pub(crate) fn serve(background: &Runtime) -> anyhow::Result<()> {
    let config = Config::load()?;
    let traces = telemetry::start(Some(&config), background.handle())?;
    let ended = serve_until_stopped(background, &config, traces.on());
    traces.finish();
    ended
}

fn serve_until_stopped(background: &Runtime, config: &Config, traced: bool) -> anyhow::Result<()> {
    let metrics = telemetry::recorder().map_err(failed)?;
    let handle = background.handle().clone();
    let dev = DevPages::of(config);
    let clock = dev.as_ref().map_or_else(|| Arc::new(SystemClock) as Arc<dyn Clock>, |dev| dev.clock());
    let mut services = background.block_on(start_by(clock, config, handle.clone()))?;
    services.dev = dev;
    let mut beside = services.spawn_background(&handle);
    let thread = match config.profile {
        Profile::Development => Some(worker::spawn(services.worker(), &mut beside, &handle)?),
        Profile::Production | Profile::Training => None,
    };
    let listener = ListenerConfig {
        listen: config.listen,
        workers: config.threads(),
        cors_origins: config.cors_origins.clone(),
        docs: config.profile == Profile::Development,
        shutdown: config.shutdown(),
        traced,
    };
    actix_web::rt::System::new().block_on(async move {
        let (public, address) = serve::public(&services, &listener)?;
        let (internal, internal_address) = serve::internal(&services, metrics, config.internal_listen)?;
        let mut signals = Signals::listen()?;
        tracing::info!(%address, internal = %internal_address, "serving");
        let (stop, stop_internal) = (public.handle(), internal.handle());
        actix_web::rt::spawn(internal);
        let running = actix_web::rt::spawn(public);
        let stopped = until_stopped(&mut beside, &mut signals).await;
        services.readiness.drain();
        if stopped.is_ok() {
            drain(config, &mut signals).await;
        }
        tracing::info!("stopping");
        stop.stop(true).await;
        // A redemption under way is finished, whoever hung up.
        services.merchants.running.settled().await;
        stop_internal.stop(false).await;
        running.await??;
        // Redemptions whose clients hung up end in order too; what is queued of the till's log is written.
        services.merchants.running.settled().await;
        if let Some(thread) = thread {
            finish(thread, config).await;
        }
        services.merchants.log.flush().await.map_err(failed)?;
        stopped
    })
}

// Whoever sends requests here learns first that it should not, and the listener closes when nobody does any more. A
// second signal says that nobody will.
async fn drain(config: &Config, signals: &mut Signals) {
    if config.drain().is_zero() {
        return;
    }
    tracing::info!(seconds = config.drain().as_secs(), "draining");
    tokio::select! {
        () = tokio::time::sleep(config.drain()) => {}
        () = signals.next() => {}
    }
}

/// Opens what the configuration names.
pub(crate) async fn start(config: &Config, runtime: Handle) -> anyhow::Result<Services> {
    start_by(Arc::new(SystemClock), config, runtime).await
}

async fn start_by(clock: Arc<dyn Clock>, config: &Config, runtime: Handle) -> anyhow::Result<Services> {
    let pending = migrate::pending(config.database_url.expose_secret())
        .await
        .map_err(failed)
        .context("asking the database for its schema version")?;
    if pending > 0 {
        bail!("{pending} migrations are not applied: run `unionhall migrate` first");
    }
    let parts = Parts {
        db: DbConfig {
            url: config.database_url.clone(),
            writers: config.db_writers,
            readers: config.db_readers,
            point_limit: POINT_LIMIT,
        },
        sms: sms(config, &runtime, &clock)?,
        push: push(config, &clock)?,
        wechat: wechat(config, &clock)?,
        runtime,
        clock,
        ids: Arc::new(RandomIds::default()),
        kek: config.kek()?,
        issuer: config.issuer.clone(),
        scanner: config.clamd.clone().map(unionhall_files::Clamd::new),
        redis: services::redis(config.redis_url.as_ref()).await,
        rates: config.rates(),
        time_limit: TIME_LIMIT,
        clients: config.clients()?,
        environment: config.profile.as_str(),
        cores: std::thread::available_parallelism().map_or(2, usize::from),
    };
    let services = Services::start(parts).await.map_err(failed).context("starting the services")?;
    claim(&services.app.core, config.profile).await?;
    Ok(services)
}

// A database remembers that a production system ran on it: a training system, which is put back every night, never starts there.
async fn claim(core: &Core, profile: Profile) -> anyhow::Result<()> {
    let mut conn = core.db.writer().await.map_err(failed)?;
    if profile == Profile::Training && training::is_production(&mut conn).await.map_err(failed)? {
        bail!(Refusal::Production.to_string());
    }
    training::note(&mut conn, profile.as_str(), core.now()).await.map_err(failed)
}

fn sms(config: &Config, runtime: &Handle, clock: &Arc<dyn Clock>) -> anyhow::Result<Arc<dyn SmsSender>> {
    match (&config.sms_outbox, &config.sms_url) {
        (Some(path), _) => Ok(Arc::new(FileSms::new(path.clone(), clock.clone()))),
        (None, Some(url)) => {
            let token = config.sms_token.as_ref().map_or("", |t| t.expose_secret());
            let _guard = runtime.enter();
            Ok(Arc::new(HttpSms::start(url.clone(), token.to_owned()).map_err(failed)?))
        }
        (None, None) => bail!("set sms_url"),
    }
}

fn push(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Arc<dyn PushGateway>>> {
    Ok(match (&config.push_outbox, &config.push_url, &config.push_secret) {
        (Some(path), ..) => Some(Arc::new(FilePush::new(path.clone(), clock.clone()))),
        (None, Some(url), Some(secret)) => {
            let gateway = HttpPush::new(url.clone(), secret.clone(), clock.clone()).map_err(failed)?;
            Some(Arc::new(gateway))
        }
        (None, ..) => None,
    })
}

fn wechat(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Arc<dyn WechatApi>>> {
    let Some(by) = config.wechat()? else { return Ok(None) };
    Ok(Some(Arc::new(HttpWechat::new(by, clock.clone()).map_err(failed)?)))
}

// A process whose background work ended stops in order and fails, so that whatever runs it starts it again: it would
// go on answering `/livez` and do nothing.
async fn until_stopped(background: &mut JoinSet<()>, signals: &mut Signals) -> anyhow::Result<()> {
    tokio::select! {
        () = signals.next() => Ok(()),
        _ = background.join_next() => {
            tracing::error!("background work ended by itself: the process ends");
            bail!("background work ended by itself")
        }
    }
}

// Listened for from the start: one that comes between two waits is not lost.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.term.recv() => {}, _ = self.int.recv() => {} }
    }
}
