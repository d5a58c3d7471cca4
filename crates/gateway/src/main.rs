//! `unionhall serve | worker | migrate | keys | healthcheck | openapi | docs`

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use unionhall_gateway::config::{Config, Profile};
use unionhall_gateway::document::{self, AUDIENCES};
use unionhall_gateway::serve::{self, ListenerConfig};
use unionhall_gateway::services::{self, Parts, Services};
use unionhall_identity::sms::{FileSms, HttpSms, SmsSender};
use unionhall_kernel::clock::{RandomIds, SystemClock};
use unionhall_kernel::{Clock, Problem};
use unionhall_storage::keys::Kek;
use unionhall_storage::{DbConfig, POINT_LIMIT, migrate};
use unionhall_web::contract::TIME_LIMIT;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Member-services backend for trade unions.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; in the development profile also run the background work.
    Serve,
    /// Run the background work.
    Worker,
    /// Bring the database to this version's schema and load the union tree's ground.
    Migrate {
        /// Revert everything instead.
        #[arg(long)]
        down: bool,
        /// Mean it: outside the development profile, `--down` asks for this.
        #[arg(long, requires = "down")]
        yes_drop_everything: bool,
    },
    /// Keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Write the documents.
    Openapi {
        /// Into this folder.
        #[arg(long, default_value = "openapi")]
        out: PathBuf,
    },
    /// Write the texts that are generated: the authorization matrix and the error catalogue.
    Docs {
        /// Into this folder.
        #[arg(long, default_value = "docs")]
        out: PathBuf,
    },
    /// Exit with 0 if a URL answers 200. For containers and scripts that have no other client.
    Healthcheck {
        /// `http://host:port/path`
        #[arg(long)]
        url: String,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a key-encryption key, unless the file exists.
    Init {
        /// Where to.
        #[arg(long)]
        file: PathBuf,
    },
    /// Add a token-signing key; it signs after two minutes, and two stay live.
    Rotate,
}

fn failed(problem: Problem) -> anyhow::Error {
    let code = problem.code.entry().code;
    match problem.into_source() {
        Some(source) => anyhow::anyhow!(source).context(code),
        None => anyhow::anyhow!(code),
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let background = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match cli.command {
        Command::Serve => serve(&background),
        Command::Worker => background.block_on(async {
            let config = Config::load()?;
            let services = start(&config, background.handle().clone()).await?;
            let mut running = services.spawn_background(background.handle());
            let metrics = serve::recorder().map_err(failed)?;
            let (internal, _) = serve::internal(&services, metrics, config.internal_listen)?;
            tokio::spawn(internal);
            services::spawn_worker(services.worker(), &mut running, background.handle())?;
            // A task that is cut off loses its lease and runs again elsewhere.
            until_stopped(&mut running).await
        }),
        Command::Migrate { down, yes_drop_everything } => background.block_on(async {
            let config = Config::load()?;
            if down && !yes_drop_everything && config.profile != Profile::Development {
                bail!("--down drops every table with its rows: say --yes-drop-everything if that is what you want");
            }
            let direction = if down { migrate::Direction::Down } else { migrate::Direction::Up };
            let url = config.database_url.expose_secret();
            let versions = migrate::run(url, direction).await.map_err(failed)?;
            tracing::info!(applied = versions.len(), "schema is current");
            if direction == migrate::Direction::Up {
                let services = start(&config, background.handle().clone()).await?;
                let core = &services.app.core;
                let mut conn = core.db.writer().await.map_err(failed)?;
                let added = unionhall_registry::seed::load(core, &mut conn).await.map_err(failed)?;
                tracing::info!(added, "territorial unions are loaded");
            }
            Ok(())
        }),
        Command::Keys { command: KeysCommand::Init { file } } => init_key(&file),
        Command::Keys { command: KeysCommand::Rotate } => background.block_on(async {
            let services = start(&Config::load()?, background.handle().clone()).await?;
            let rotated = unionhall_identity::token::rotate(&services.app.core, &services.ring).await;
            if let Some(from) = rotated.map_err(failed)? {
                bail!("not rotated: tokens of the key that would be retired are still alive; try again after {from}");
            }
            Ok(())
        }),
        Command::Openapi { out } => {
            std::fs::create_dir_all(&out)?;
            for audience in AUDIENCES {
                let text = serde_json::to_string_pretty(&document::of(audience))?;
                std::fs::write(out.join(format!("{}.json", audience.name)), text + "\n")?;
            }
            Ok(())
        }
        Command::Docs { out } => {
            std::fs::create_dir_all(&out)?;
            std::fs::write(out.join("authz-matrix.md"), unionhall_web::policy::matrix())?;
            Ok(std::fs::write(out.join("errors.md"), document::error_catalogue())?)
        }
        Command::Healthcheck { url } => healthcheck(&url),
    }
}

fn serve(background: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    let config = Config::load()?;
    let metrics = serve::recorder().map_err(failed)?;
    let handle = background.handle().clone();
    let services = background.block_on(start(&config, handle.clone()))?;
    let mut beside = services.spawn_background(&handle);
    if config.profile == Profile::Development {
        services::spawn_worker(services.worker(), &mut beside, &handle)?;
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let listener = ListenerConfig {
        listen: config.listen,
        workers: config.workers.unwrap_or(cores),
        cors_origins: config.cors_origins.clone(),
        docs: config.profile == Profile::Development,
    };
    actix_web::rt::System::new().block_on(async move {
        let (public, address) = serve::public(&services, &listener)?;
        let (internal, _) = serve::internal(&services, metrics, config.internal_listen)?;
        tracing::info!(%address, "serving");
        let (stop, stop_internal) = (public.handle(), internal.handle());
        actix_web::rt::spawn(internal);
        let running = actix_web::rt::spawn(public);
        let stopped = until_stopped(&mut beside).await;
        tracing::info!("stopping");
        stop.stop(true).await;
        // A redemption under way is finished, whoever hung up.
        services.merchants.running.settled().await;
        stop_internal.stop(false).await;
        running.await??;
        // Redemptions whose clients hung up end in order too; what is queued of the till's log is written.
        services.merchants.running.settled().await;
        services.merchants.log.flush().await.map_err(failed)?;
        stopped
    })
}

async fn start(config: &Config, runtime: tokio::runtime::Handle) -> anyhow::Result<Services> {
    let pending = migrate::pending(config.database_url.expose_secret())
        .await
        .map_err(failed)
        .context("asking the database for its schema version")?;
    if pending > 0 {
        bail!("{pending} migrations are not applied: run `unionhall migrate` first");
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sms: Arc<dyn SmsSender> = match (&config.sms_outbox, &config.sms_url) {
        (Some(path), _) => Arc::new(FileSms::new(path.clone(), clock.clone())),
        (None, Some(url)) => {
            let token = config.sms_token.as_ref().map_or("", |t| t.expose_secret());
            let _guard = runtime.enter();
            Arc::new(HttpSms::start(url.clone(), token.to_owned()).map_err(failed)?)
        }
        (None, None) => bail!("set sms_url"),
    };
    let parts = Parts {
        db: DbConfig {
            url: config.database_url.clone(),
            writers: config.db_writers,
            readers: config.db_readers,
            point_limit: POINT_LIMIT,
        },
        runtime,
        clock,
        ids: Arc::new(RandomIds::default()),
        kek: config.kek()?,
        sms,
        issuer: config.issuer.clone(),
        scanner: config.clamd.clone().map(unionhall_files::Clamd::new),
        redis: services::redis(config.redis_url.as_ref()).await,
        rates: config.rates(),
        time_limit: TIME_LIMIT,
        clients: config.clients()?,
        environment: config.profile.as_str(),
        cores: std::thread::available_parallelism().map_or(2, usize::from),
    };
    Services::start(parts).await.map_err(failed).context("starting the services")
}

// A process whose background work ended stops in order and fails, so that whatever runs it starts it again: it would
// go on answering `/livez` and do nothing.
async fn until_stopped(background: &mut JoinSet<()>) -> anyhow::Result<()> {
    tokio::select! {
        told = wait_for_signal() => told,
        _ = background.join_next() => {
            tracing::error!("background work ended by itself: the process ends");
            bail!("background work ended by itself")
        }
    }
}

async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    Ok(())
}

fn init_key(file: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match options {
        Ok(mut f) => {
            f.write_all(Kek::generate(&RandomIds::default()).as_bytes())?;
            f.write_all(b"\n")?;
            Ok(f.sync_all()?)
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(e).with_context(|| file.display().to_string()),
    }
}

fn healthcheck(url: &str) -> anyhow::Result<()> {
    let rest = url.strip_prefix("http://").context("an http:// URL")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = std::net::TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { bail!("{}", answer.lines().next().unwrap_or("")) }
}
