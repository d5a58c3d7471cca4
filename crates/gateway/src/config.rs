//! Configuration: a TOML file named by `UNIONHALL_CONFIG`, overlaid by the environment. Read once, checked
//! before anything starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use unionhall_identity::wechat::{self, Credentials};
use unionhall_storage::keys::Kek;
use unionhall_storage::training;
use unionhall_web::rate::Rates;
use unionhall_web::request::{ClientRules, Version};

/// How the process behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Everything that must hold in production is demanded.
    #[default]
    Production,
    /// SMS to a file, `/docs` open, the worker inside `serve`.
    Development,
    /// For courses: nothing leaves the machine, and all data is put back to a base every night.
    Training,
}

impl Profile {
    /// The word apps are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
            Self::Training => training::PROFILE,
        }
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn default_internal() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9080))
}

fn default_issuer() -> String {
    "https://unionhall.example".to_owned()
}

/// Everything that can be set. Each key is also an environment variable, `UNIONHALL_` and the key in capitals.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `production` (default), `development` or `training`.
    #[serde(default)]
    pub profile: Profile,
    /// `postgres://…`; also `DATABASE_URL`.
    pub database_url: SecretString,
    /// `redis://…`, optional; also `REDIS_URL`.
    pub redis_url: Option<SecretString>,
    /// Where the API listens.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where metrics and health listen, for operators only.
    #[serde(default = "default_internal")]
    pub internal_listen: SocketAddr,
    /// File with the key-encryption key (32 bytes, base64).
    pub kek_file: Option<PathBuf>,
    /// The key-encryption key itself.
    pub kek: Option<SecretString>,
    /// The platform's own address: `iss` of access tokens, and above `/legal/`, where what members agree to is read.
    #[serde(default = "default_issuer")]
    pub issuer: String,
    /// SMS in development and training: JSON lines appended here.
    pub sms_outbox: Option<PathBuf>,
    /// SMS provider's address.
    pub sms_url: Option<String>,
    /// Bearer token of the SMS provider.
    pub sms_token: Option<SecretString>,
    /// Pushes in development and training: JSON lines appended here.
    pub push_outbox: Option<PathBuf>,
    /// The push gateway's address; nothing is pushed without.
    pub push_url: Option<String>,
    /// The secret that pushes to it are signed with.
    pub push_secret: Option<SecretString>,
    /// The mini-program that members may log in from; the operation is closed without.
    pub wechat_app_id: Option<String>,
    /// File with its secret.
    pub wechat_secret_file: Option<PathBuf>,
    /// The secret itself.
    pub wechat_secret: Option<SecretString>,
    /// WeChat's address, where it is reached through another.
    pub wechat_url: Option<String>,
    /// `host:port` of a clamd that scans uploads; they are taken unscanned without.
    pub clamd: Option<String>,
    /// Origins browsers may call from.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    #[serde(default)]
    pub trusted_proxies: Vec<IpAddr>,
    /// Minimum version by client name.
    #[serde(default)]
    pub minimum_versions: BTreeMap<String, String>,
    /// Threads that answer requests; one a core without.
    pub workers: Option<usize>,
    /// Connections for transactions.
    #[serde(default = "default_writers")]
    pub db_writers: usize,
    /// Connections for lists and searches.
    #[serde(default = "default_readers")]
    pub db_readers: usize,
    /// Requests a second by address.
    #[serde(default = "default_address_rate")]
    pub rate_address: u32,
    /// Requests a second by account.
    #[serde(default = "default_account_rate")]
    pub rate_account: u32,
    /// Requests a second by address on logins, codes, claims and imports.
    #[serde(default = "default_shaped_rate")]
    pub rate_shaped: u32,
    /// Seconds between the moment `/readyz` refuses and the moment the listener closes; 5 without, 0 in the development profile.
    pub drain_seconds: Option<u64>,
    /// Seconds that requests and tasks under way are given after that.
    #[serde(default = "default_shutdown")]
    pub shutdown_seconds: u64,
    /// `http://host:port` of an OpenTelemetry collector that takes traces by OTLP over HTTP; none are made without.
    pub otlp_endpoint: Option<String>,
    /// Which part of the requests is traced, 0 to 1, where the caller does not say.
    #[serde(default = "default_ratio")]
    pub otlp_ratio: f64,
}

/// Shortest secret that pushes are signed with.
const PUSH_SECRET: usize = 32;

/// Every key there is.
pub const KEYS: &[&str] = &[
    "profile",
    "database_url",
    "redis_url",
    "listen",
    "internal_listen",
    "kek_file",
    "kek",
    "issuer",
    "sms_outbox",
    "sms_url",
    "sms_token",
    "push_outbox",
    "push_url",
    "push_secret",
    "wechat_app_id",
    "wechat_secret_file",
    "wechat_secret",
    "wechat_url",
    "clamd",
    "cors_origins",
    "trusted_proxies",
    "minimum_versions",
    "workers",
    "db_writers",
    "db_readers",
    "rate_address",
    "rate_account",
    "rate_shaped",
    "drain_seconds",
    "shutdown_seconds",
    "otlp_endpoint",
    "otlp_ratio",
];

const fn default_writers() -> usize {
    8
}

const fn default_readers() -> usize {
    4
}

fn default_address_rate() -> u32 {
    Rates::default().address
}

fn default_account_rate() -> u32 {
    Rates::default().account
}

fn default_shaped_rate() -> u32 {
    Rates::default().shaped
}

const fn default_shutdown() -> u64 {
    20
}

const fn default_ratio() -> f64 {
    1.0
}

// What figment says quotes the value it found, and a broken file's line: either may be a secret.
fn refused(error: figment::Error) -> anyhow::Error {
    let told = error.into_iter().map(|error| {
        let why = match &error.kind {
            Kind::Message(text) => text.lines().next().unwrap_or_default().to_owned(),
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
            Kind::UnknownVariant(_, known) => format!("must be one of {}", known.join(", ")),
            Kind::UnknownField(name, _) => format!("there is no key {name}"),
            Kind::MissingField(name) => format!("{name} is not set"),
            _ => "is not understood".to_owned(),
        };
        match error.kind {
            Kind::UnknownField(..) | Kind::MissingField(_) => why,
            _ => format!("{} {why}", error.path.join(".")).trim_start().to_owned(),
        }
    });
    anyhow::anyhow!(told.collect::<Vec<_>>().join("; "))
}

impl Config {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn load() -> anyhow::Result<Self> {
        let config = Self::read()?;
        match config.faults().into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(config),
        }
    }

    /// Reads the configuration; whether it makes sense is [`Config::faults`]' to say.
    ///
    /// # Errors
    /// A sentence that names the key, never its value.
    pub fn read() -> anyhow::Result<Self> {
        let mut figment = Figment::new();
        // The one place that reads the environment.
        if let Some(path) = Env::var("UNIONHALL_CONFIG") {
            figment = figment.merge(Toml::file_exact(path));
        }
        let mut config: Self = figment
            .merge(Env::raw().only(&["DATABASE_URL", "REDIS_URL"]))
            // Other programs may have variables of this prefix; only a file's unknown key is a mistake.
            .merge(Env::prefixed("UNIONHALL_").only(KEYS))
            .extract()
            .map_err(refused)
            .context("configuration")?;
        // Compose files can only pass an absent variable on as an empty one.
        config.sms_url = config.sms_url.filter(|url| !url.is_empty());
        config.push_url = config.push_url.filter(|url| !url.is_empty());
        config.push_outbox = config.push_outbox.filter(|path| !path.as_os_str().is_empty());
        config.push_secret = config.push_secret.filter(|secret| !secret.expose_secret().is_empty());
        config.wechat_app_id = config.wechat_app_id.filter(|id| !id.is_empty());
        config.wechat_url = config.wechat_url.filter(|url| !url.is_empty());
        config.clamd = config.clamd.filter(|address| !address.is_empty());
        config.sms_outbox = config.sms_outbox.filter(|path| !path.as_os_str().is_empty());
        config.otlp_endpoint = config.otlp_endpoint.filter(|url| !url.is_empty());
        Ok(config)
    }

    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<anyhow::Error> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, what: &'static str| {
            if !holds {
                faults.push(anyhow::anyhow!(what));
            }
        };
        let production = self.profile == Profile::Production;
        let (file, url) = (self.sms_outbox.is_some(), self.sms_url.is_some());
        require(
            !(production && file),
            "sms_outbox is for the development and training profiles; set sms_url",
        );
        let training = self.profile == Profile::Training;
        require(!training || file, "the training profile needs sms_outbox: messages go to that file alone");
        require(!(training && url), "the training profile sends nothing to anybody: remove sms_url");
        require(
            !(training && self.push_url.is_some()),
            "the training profile pushes nothing to anybody: remove push_url",
        );
        require(
            !(training && (self.wechat_app_id.is_some() || self.wechat_url.is_some())),
            "the training profile asks nobody outside: remove wechat_app_id and wechat_url",
        );
        require(training || file || url, "set sms_url (or sms_outbox in the development profile)");
        let (file, url) = (self.push_outbox.is_some(), self.push_url.as_deref());
        require(
            !(production && file),
            "push_outbox is for the development and training profiles; set push_url",
        );
        require(url.is_none_or(|url| url.starts_with("http")), "push_url must be an http:// or https:// URL");
        let secret = self.push_secret.as_ref().map_or(0, |secret| secret.expose_secret().len());
        require(
            url.is_none() || secret >= PUSH_SECRET,
            "push_url needs push_secret, at least 32 characters that the push gateway knows too",
        );
        require(self.db_writers > 0 && self.db_readers > 0, "db_writers and db_readers must be at least 1");
        require(self.workers != Some(0), "workers must be at least 1");
        require((0.0..=1.0).contains(&self.otlp_ratio), "otlp_ratio must be from 0 to 1");
        let http = self.otlp_endpoint.as_deref().is_none_or(|url| url.starts_with("http"));
        require(http, "otlp_endpoint must be an http:// or https:// URL");
        let sealed = self.wechat_url.as_deref().is_none_or(|url| url.starts_with("https://"));
        require(sealed || !production, "wechat_url must be an https:// URL: it carries the secret");
        faults.extend(self.wechat().err());
        faults.extend(self.clients().err());
        faults.extend(self.kek().err());
        faults
    }

    /// How long the listener stays open after `/readyz` began to refuse.
    pub fn drain(&self) -> Duration {
        let usual = if self.profile == Profile::Development { 0 } else { 5 };
        Duration::from_secs(self.drain_seconds.unwrap_or(usual))
    }

    /// How long what is under way may take after that.
    pub const fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }

    /// Threads that answer requests.
    pub fn threads(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from))
    }

    /// The key-encryption key.
    ///
    /// # Errors
    /// When neither `kek_file` nor `kek` gives one.
    pub fn kek(&self) -> anyhow::Result<Kek> {
        let text = match (&self.kek_file, &self.kek) {
            (Some(path), _) => {
                std::fs::read_to_string(path).with_context(|| format!("kek_file {}", path.display()))?
            }
            (None, Some(kek)) => kek.expose_secret().to_owned(),
            (None, None) => bail!("set kek_file (`unionhall keys init --file PATH` makes one)"),
        };
        Kek::parse(&text).map_err(|e| anyhow::anyhow!(e))
    }

    /// The mini-program that members may log in from, if any.
    ///
    /// # Errors
    /// When its secret is missing or cannot be read.
    pub fn wechat(&self) -> anyhow::Result<Option<Credentials>> {
        let Some(app_id) = self.wechat_app_id.clone() else { return Ok(None) };
        let secret = match (&self.wechat_secret_file, &self.wechat_secret) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("wechat_secret_file {}", path.display()))?;
                SecretString::from(text.trim().to_owned())
            }
            (None, Some(secret)) => secret.clone(),
            (None, None) => bail!("wechat_app_id is set: set wechat_secret_file, too"),
        };
        let url = self.wechat_url.clone().unwrap_or_else(|| wechat::URL.to_owned());
        Ok(Some(Credentials { app_id, secret, url, timeout: wechat::TIMEOUT }))
    }

    /// Known clients and trusted proxies.
    ///
    /// # Errors
    /// When a minimum version is none.
    pub fn clients(&self) -> anyhow::Result<ClientRules> {
        let mut minimum: BTreeMap<String, Version> =
            ["member-app", "merchant-app", "mini-program", "console"]
                .map(|name| (name.to_owned(), Version::default()))
                .into();
        for (name, version) in &self.minimum_versions {
            let version = Version::parse(version).with_context(|| format!("minimum_versions.{name}"))?;
            minimum.insert(name.clone(), version);
        }
        Ok(ClientRules { minimum, proxies: self.trusted_proxies.clone() })
    }

    /// Rate limits.
    pub const fn rates(&self) -> Rates {
        Rates { address: self.rate_address, account: self.rate_account, shaped: self.rate_shaped }
    }
}
