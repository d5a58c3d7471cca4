//! The seam to whoever brings pushes to devices: the province's push gateway 统一推送网关, which holds the accounts with
//! Apple, the phone makers and WeChat. One adapter posts signed JSON to it, one appends to a file for development.
//!
//! The body is `{id, message_id, title, channel, token}`, with `kind` and `template` where they say nothing of somebody's
//! affairs. Requests are signed as Standard Webhooks are: `webhook-id`, `webhook-timestamp` in seconds, and
//! `webhook-signature: v1,` with the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;
use unionhall_kernel::{Clock, Problem};
use uuid::Uuid;

use super::{Channel, Template};
use crate::inbox::Kind;

/// All that a lock screen shows.
pub const TITLE: &str = "您有一条新消息";
/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A push on its way.
#[derive(Debug, Clone, Serialize)]
pub struct Push {
    /// Of this message to this device, the same for every try.
    pub id: Uuid,
    /// The message the client then reads.
    pub message_id: Uuid,
    /// [`TITLE`].
    pub title: &'static str,
    /// Which service brings it.
    pub channel: Channel,
    /// To which device; a secret.
    pub token: String,
    /// What it is about, where that may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// WeChat's template, whose subscription was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

/// What the gateway said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It takes care of it.
    Taken,
    /// The token is nobody's any more.
    Gone,
    /// It did not answer, or not with success: try again later.
    Failed,
}

/// Hands pushes over. Never called inside a transaction.
#[async_trait]
pub trait PushGateway: Send + Sync {
    /// Hands one over.
    async fn send(&self, push: &Push) -> Outcome;
}

/// Posts to the push gateway.
pub struct HttpPush {
    client: reqwest::Client,
    url: String,
    secret: SecretString,
    clock: Arc<dyn Clock>,
}

impl HttpPush {
    /// A gateway at `url`, with the secret that both sides hold.
    ///
    /// # Errors
    /// `INTERNAL` when no HTTP client can be made.
    pub fn new(url: String, secret: SecretString, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        // A signed body with a token goes where it was configured to go, and nowhere else.
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, url, secret, clock })
    }

    fn signature(&self, id: Uuid, timestamp: i64, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[async_trait]
impl PushGateway for HttpPush {
    async fn send(&self, push: &Push) -> Outcome {
        let timestamp = self.clock.now().timestamp();
        let Ok(body) = serde_json::to_string(push) else { return Outcome::Failed };
        let Some(signature) = self.signature(push.id, timestamp, &body) else { return Outcome::Failed };
        let sent = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", push.id.to_string())
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await;
        match sent.map(|answer| answer.status().as_u16()) {
            Ok(200..=299) => Outcome::Taken,
            Ok(410) => Outcome::Gone,
            Ok(status) => {
                tracing::warn!(status, "the push gateway refused a push");
                Outcome::Failed
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the push gateway does not answer");
                Outcome::Failed
            }
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    #[serde(flatten)]
    push: &'a Push,
}

/// Appends each push as a JSON line to a file, what is posted to a gateway with `at`. Development only.
pub struct FilePush {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    lock: Mutex<()>,
}

impl FilePush {
    /// An outbox at `path`.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock, lock: Mutex::new(()) }
    }

    fn append(&self, push: &Push) -> Result<(), Problem> {
        let at = self.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let mut text = serde_json::to_string(&Line { at, push })?;
        text.push('\n');
        let _guard = self.lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        Ok(file.write_all(text.as_bytes())?)
    }
}

#[async_trait]
impl PushGateway for FilePush {
    async fn send(&self, push: &Push) -> Outcome {
        match self.append(push) {
            Ok(()) => Outcome::Taken,
            Err(problem) => {
                tracing::warn!(?problem, "the push outbox cannot be written");
                Outcome::Failed
            }
        }
    }
}
