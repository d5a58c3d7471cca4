//! Configuration: a TOML file named by `UNIONHALL_CONFIG`, overlaid by the environment. Read once, checked
//! before anything starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use secrecy::SecretString;
use serde::Deserialize;
use unionhall_storage::keys::Kek;
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
}

impl Profile {
    /// The word apps are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
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
    /// `production` (default) or `development`.
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
    /// Development SMS: JSON lines appended here.
    pub sms_outbox: Option<PathBuf>,
    /// SMS provider's address.
    pub sms_url: Option<String>,
    /// Bearer token of the SMS provider.
    pub sms_token: Option<SecretString>,
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
}

const KEYS: &[&str] = &[
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

impl Config {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn load() -> anyhow::Result<Self> {
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
            .context("configuration")?;
        // Compose files can only pass an absent variable on as an empty one.
        config.sms_url = config.sms_url.filter(|url| !url.is_empty());
        config.clamd = config.clamd.filter(|address| !address.is_empty());
        config.sms_outbox = config.sms_outbox.filter(|path| !path.as_os_str().is_empty());
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> anyhow::Result<()> {
        if self.profile == Profile::Production && self.sms_outbox.is_some() {
            bail!("sms_outbox is for the development profile; set sms_url");
        }
        if self.sms_outbox.is_none() && self.sms_url.is_none() {
            bail!("set sms_url (or sms_outbox in the development profile)");
        }
        if self.db_writers == 0 || self.db_readers == 0 {
            bail!("db_writers and db_readers must be at least 1");
        }
        self.clients()?;
        self.kek()?;
        Ok(())
    }

    /// The key-encryption key.
    ///
    /// # Errors
    /// When neither `kek_file` nor `kek` gives one.
    pub fn kek(&self) -> anyhow::Result<Kek> {
        use secrecy::ExposeSecret as _;
        let text = match (&self.kek_file, &self.kek) {
            (Some(path), _) => {
                std::fs::read_to_string(path).with_context(|| format!("kek_file {}", path.display()))?
            }
            (None, Some(kek)) => kek.expose_secret().to_owned(),
            (None, None) => bail!("set kek_file (`unionhall keys init --file PATH` makes one)"),
        };
        Kek::parse(&text).map_err(|e| anyhow::anyhow!(e))
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
