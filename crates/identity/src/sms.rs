//! The SMS seam: a development adapter that appends to a file, and one that posts to a provider.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use unionhall_kernel::{Clock, Mobile, Problem};

mod text;

pub use self::text::{MAX_TEXT, MAX_VALUE, Template};

/// A message to a mobile.
#[derive(Debug, Clone)]
pub struct Message {
    /// To whom.
    pub mobile: Mobile,
    /// Which text, with its variables.
    pub template: Template,
}

impl Message {
    // What a provider and the development file are handed: the text as it will be read, and the parts of it for a provider
    // that has the texts of its own.
    fn parts(&self) -> Map<String, Value> {
        let values = self.template.values().into_iter();
        let params: Map<String, Value> =
            values.map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut parts = Map::new();
        parts.insert("mobile".to_owned(), self.mobile.national().into());
        parts.insert("template_key".to_owned(), self.template.key().into());
        parts.insert("params".to_owned(), params.into());
        parts.insert("text".to_owned(), self.template.text().into());
        parts
    }
}

/// Hands messages over. Never called inside a transaction, never blocks a request: what the provider
/// answers is the adapter's affair.
pub trait SmsSender: Send + Sync {
    /// Hands a message over.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the message cannot even be taken.
    fn send(&self, message: &Message) -> Result<(), Problem>;
}

/// Tells somebody of what is done already: that it cannot be handed over is noted, and undoes nothing.
pub fn tell(sms: &dyn SmsSender, message: &Message) {
    if let Err(problem) = sms.send(message) {
        tracing::error!(?problem, template = message.template.key(), "an SMS could not be handed over");
        metrics::counter!("unionhall_sms_failures_total").increment(1);
    }
}

#[derive(Serialize)]
struct Line {
    at: String,
    #[serde(flatten)]
    parts: Map<String, Value>,
}

/// Appends each message as a JSON line `{at, mobile, template_key, params, text}` to a file. Development only.
pub struct FileSms {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    lock: Mutex<()>,
}

impl FileSms {
    /// An outbox at `path`.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock, lock: Mutex::new(()) }
    }
}

impl SmsSender for FileSms {
    fn send(&self, message: &Message) -> Result<(), Problem> {
        let line = Line {
            at: self.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            parts: message.parts(),
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let _guard = self.lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        Ok(file.write_all(text.as_bytes())?)
    }
}

const QUEUE: usize = 10_000;
const TRIES: u32 = 3;

/// Posts each message as JSON to a provider, from a bounded queue, with three tries.
pub struct HttpSms {
    queue: tokio::sync::mpsc::Sender<Message>,
}

impl HttpSms {
    /// Starts the sender on the current runtime. `token` is sent as a bearer token.
    ///
    /// # Errors
    /// `INTERNAL` when no HTTP client can be made.
    pub fn start(url: String, token: String) -> Result<Self, Problem> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        let (queue, mut messages) = tokio::sync::mpsc::channel::<Message>(QUEUE);
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                if !deliver(&client, &url, &token, &message).await {
                    tracing::error!(template = message.template.key(), "an SMS could not be delivered");
                    metrics::counter!("unionhall_sms_failures_total").increment(1);
                }
            }
        });
        Ok(Self { queue })
    }
}

async fn deliver(client: &reqwest::Client, url: &str, token: &str, message: &Message) -> bool {
    let body = message.parts();
    for attempt in 1..=TRIES {
        let sent = client.post(url).bearer_auth(token).json(&body).send().await;
        if sent.is_ok_and(|r| r.status().is_success()) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(500) * attempt).await;
    }
    false
}

impl SmsSender for HttpSms {
    fn send(&self, message: &Message) -> Result<(), Problem> {
        self.queue
            .try_send(message.clone())
            .map_err(|_| Problem::new(unionhall_kernel::Code::Unavailable).retry_after(5))
    }
}
