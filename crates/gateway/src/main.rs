//! `unionhall serve | worker | migrate | keys | training | doctor | healthcheck | openapi | docs`

mod run;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;
use tokio::runtime::Runtime;
use unionhall_gateway::config::{Config, Profile};
use unionhall_gateway::document::{self, AUDIENCES};
use unionhall_gateway::{doctor, telemetry};
use unionhall_kernel::clock::RandomIds;
use unionhall_storage::keys::Kek;
use unionhall_storage::{migrate, training};

use crate::run::{failed, start};

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
    /// The base that a training system is put back to every night; in the training profile only.
    Training {
        #[command(subcommand)]
        command: TrainingCommand,
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
    /// Look at everything an installation needs: configuration, keys, database, clocks, disks, what is waiting. Exits with 1
    /// when a check fails.
    Doctor {
        /// One JSON document instead of lines.
        #[arg(long)]
        json: bool,
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

#[derive(Subcommand)]
enum TrainingCommand {
    /// Take the present state as the base, in place of an earlier one.
    Keep {
        /// Mean it: a database with more than 500 accounts asks for this.
        #[arg(long)]
        with_many_accounts: bool,
    },
    /// Put everything back to the base now.
    Reset,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let background = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match cli.command {
        Command::Serve => run::serve(&background)?,
        Command::Worker => run::worker(&background)?,
        Command::Migrate { down, yes_drop_everything } => {
            change_schema(&background, down, yes_drop_everything)?
        }
        Command::Keys { command: KeysCommand::Init { file } } => init_key(&file)?,
        Command::Keys { command: KeysCommand::Rotate } => rotate_keys(&background)?,
        Command::Training { command } => train(&background, &command)?,
        Command::Openapi { out } => write_documents(&out)?,
        Command::Docs { out } => write_texts(&out)?,
        Command::Doctor { json } => {
            if !background.block_on(doctor::run(json))? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Healthcheck { url } => healthcheck(&url)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn change_schema(background: &Runtime, down: bool, meant: bool) -> anyhow::Result<()> {
    telemetry::start(None, background.handle())?;
    let config = Config::load()?;
    if down && !meant && config.profile != Profile::Development {
        bail!("--down drops every table with its rows: say --yes-drop-everything if that is what you want");
    }
    background.block_on(async {
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
    })
}

fn rotate_keys(background: &Runtime) -> anyhow::Result<()> {
    telemetry::start(None, background.handle())?;
    background.block_on(async {
        let services = start(&Config::load()?, background.handle().clone()).await?;
        let rotated = unionhall_identity::token::rotate(&services.app.core, &services.ring).await;
        if let Some(from) = rotated.map_err(failed)? {
            bail!(
                "not rotated: tokens of the key that would be retired are still alive; try again after {from}"
            );
        }
        Ok(())
    })
}

fn train(background: &Runtime, command: &TrainingCommand) -> anyhow::Result<()> {
    telemetry::start(None, background.handle())?;
    let config = Config::load()?;
    if config.profile != Profile::Training {
        bail!("only in the training profile: this is {}", config.profile.as_str());
    }
    background.block_on(async {
        let services = start(&config, background.handle().clone()).await?;
        let core = &services.app.core;
        let (done, what) = match command {
            TrainingCommand::Keep { with_many_accounts } => {
                (training::keep(core, *with_many_accounts).await, "the present state is the base")
            }
            TrainingCommand::Reset => (training::reset(core, false).await, "all is as it was kept"),
        };
        match done.map_err(failed)? {
            Ok(tables) => tracing::info!(tables, "{what}"),
            Err(refusal) => bail!("{refusal}"),
        }
        Ok(())
    })
}

fn write_documents(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    for audience in AUDIENCES {
        let text = serde_json::to_string_pretty(&document::of(audience))?;
        std::fs::write(out.join(format!("{}.json", audience.name)), text + "\n")?;
    }
    Ok(())
}

fn write_texts(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join("authz-matrix.md"), unionhall_web::policy::matrix())?;
    std::fs::write(out.join("parity.md"), document::parity())?;
    Ok(std::fs::write(out.join("errors.md"), document::error_catalogue())?)
}

fn init_key(file: &Path) -> anyhow::Result<()> {
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
