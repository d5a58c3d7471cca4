//! A client that speaks to Unionhall as apps do: over HTTP, with what the documents say and nothing else.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::Utc;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use unionhall_identity::totp;

use crate::demo_data::{Cadre, Login};

/// How long a code is waited for.
const SMS_PATIENCE: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body; null when there is none.
    pub body: Value,
    /// The body's bytes.
    pub bytes: Vec<u8>,
    /// The entity tag, where there is one.
    pub etag: Option<String>,
}

impl Reply {
    /// The body, the status being what is expected.
    ///
    /// # Errors
    /// With status and body when it is not.
    pub fn expect(self, status: u16) -> Result<Value> {
        ensure!(self.status == status, "expected {status}, was answered {}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// The problem's code, the status being what is expected.
    ///
    /// # Errors
    /// With status and body when it is not.
    pub fn problem(&self, status: u16) -> Result<&str> {
        ensure!(self.status == status, "expected {status}, was answered {}: {}", self.status, self.body);
        self.body.get("code").and_then(Value::as_str).context("a problem without a code")
    }
}

/// Text at a JSON pointer.
///
/// # Errors
/// When there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no text at {pointer} of {value}"))
}

/// A number at a JSON pointer.
///
/// # Errors
/// When there is none.
pub fn number(value: &Value, pointer: &str) -> Result<i64> {
    value
        .pointer(pointer)
        .and_then(Value::as_i64)
        .with_context(|| format!("no number at {pointer} of {value}"))
}

/// The items of a list.
///
/// # Errors
/// When it is no list.
pub fn items(value: &Value) -> Result<&Vec<Value>> {
    value.get("items").and_then(Value::as_array).with_context(|| format!("no items in {value}"))
}

/// A request that is not sent yet.
pub struct Request(RequestBuilder);

impl Request {
    /// With an access token.
    #[must_use]
    pub fn by(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// With an `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self(self.0.header("idempotency-key", key))
    }

    /// With `If-Match`.
    #[must_use]
    pub fn if_match(self, tag: Option<&str>) -> Self {
        match tag {
            Some(tag) => Self(self.0.header("if-match", tag)),
            None => self,
        }
    }

    /// With a form.
    #[must_use]
    pub fn form(self, form: reqwest::multipart::Form) -> Self {
        Self(self.0.multipart(form))
    }

    /// Sends it.
    ///
    /// # Errors
    /// When no whole answer arrives.
    pub async fn send(self) -> Result<Reply> {
        let response = self.0.send().await?;
        let status = response.status().as_u16();
        let etag = response.headers().get("etag").and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        let bytes = response.bytes().await?.to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Reply { status, body, bytes, etag })
    }
}

/// The API of one server.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    http: reqwest::Client,
    outbox: PathBuf,
}

impl Api {
    /// The server at `base` (without `/v1`), whose SMS land in `outbox`.
    pub fn new(base: &str, outbox: &Path) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { base, http: reqwest::Client::new(), outbox: outbox.to_owned() }
    }

    /// A request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request(self.http.request(method, format!("{}{path}", self.base)))
    }

    /// `GET`
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Request {
        self.request(Method::POST, path).json(body)
    }

    // Codes sent to a mobile so far, oldest first.
    fn codes(&self, mobile: &str) -> Vec<String> {
        let text = std::fs::read_to_string(&self.outbox).unwrap_or_default();
        let lines = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        lines
            .filter(|l| l.get("mobile").and_then(Value::as_str) == Some(mobile))
            .filter_map(|l| l.pointer("/params/code").and_then(Value::as_str).map(ToOwned::to_owned))
            .collect()
    }

    /// Asks a code and reads it from the outbox.
    ///
    /// # Errors
    /// When none arrives.
    pub async fn code(&self, mobile: &str, purpose: &str, realm: &str) -> Result<String> {
        let before = self.codes(mobile).len();
        let begun = Instant::now();
        loop {
            let body = json!({"mobile": mobile, "purpose": purpose, "realm": realm});
            let reply = self.post("/v1/auth/otp", &body).send().await?;
            match reply.status {
                202 => break,
                // Somebody asked for this number less than a minute ago, an earlier run perhaps.
                429 if begun.elapsed() < Duration::from_secs(70) => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                _ => bail!("asking a code: {} {}", reply.status, reply.body),
            }
        }
        let begun = Instant::now();
        loop {
            if let Some(code) = self.codes(mobile).get(before) {
                return Ok(code.clone());
            }
            ensure!(begun.elapsed() < SMS_PATIENCE, "no code for {mobile} in {}", self.outbox.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Logs a member in by code.
    ///
    /// # Errors
    /// When the login is refused.
    pub async fn login_member(&self, mobile: &str) -> Result<Value> {
        let code = self.code(mobile, "login", "member").await?;
        let body = json!({
            "mobile": mobile,
            "code": code,
            "device": {"id": format!("phone-{mobile}"), "platform": "android"},
            "consents": [
                {"document": "terms", "version": "2026-01"},
                {"document": "privacy", "version": "2026-01"},
            ],
        });
        self.post("/v1/auth/login/otp", &body).send().await?.expect(200)
    }

    /// Logs a cadre or auditor in with the password and the second factor their post takes.
    ///
    /// # Errors
    /// When the login is refused.
    pub async fn login_cadre(&self, cadre: &Cadre) -> Result<String> {
        let realm = if cadre.role == "auditor" { "auditor" } else { "cadre" };
        let mut body = json!({"username": cadre.username, "password": cadre.password, "realm": realm});
        let Some(secret) = &cadre.totp_secret else {
            let code = self.code(&cadre.mobile, "second_factor", realm).await?;
            set(&mut body, "otp", json!(code));
            set(&mut body, "device", json!({"id": format!("phone-{}", cadre.mobile), "platform": "android"}));
            return self.token(&body).await;
        };
        let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes())?;
        // A step is used once: an earlier run may have used the present one, so the next may have to come first.
        for attempt in 0..45 {
            #[allow(clippy::disallowed_methods)] // a client lives by the machine's clock
            let step = totp::step_at(Utc::now()) + i64::from(attempt > 0);
            set(&mut body, "totp", json!(totp::code(&secret, step)));
            let reply = self.post("/v1/auth/login/password", &body).send().await?;
            match reply.body.get("code").and_then(Value::as_str) {
                Some("SECOND_FACTOR_FAILED" | "LOGIN_DELAYED") => {
                    tokio::time::sleep(Duration::from_secs(if attempt == 0 { 0 } else { 2 })).await;
                }
                _ => return Ok(text(&reply.expect(200)?, "/access_token")?.to_owned()),
            }
        }
        bail!("{} cannot log in", cadre.username)
    }

    /// Logs a merchant's manager or cashier in.
    ///
    /// # Errors
    /// When the login is refused.
    pub async fn login_merchant(&self, login: &Login) -> Result<String> {
        self.token(&json!({"username": login.username, "password": login.password, "realm": "merchant"}))
            .await
    }

    async fn token(&self, body: &Value) -> Result<String> {
        let reply = self.post("/v1/auth/login/password", body).send().await?.expect(200)?;
        Ok(text(&reply, "/access_token")?.to_owned())
    }
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
