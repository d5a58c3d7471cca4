//! What WeChat is asked: who a `js_code` is of, and which phone a `phone_code` stands for. Both codes serve once, so neither
//! is sent a second time: a client whose answer was lost gets new ones.
//!
//! What must not be seen: the app's secret and the access token stand in URLs, which errors of the HTTP client quote, and
//! the `session_key` in an answer. URLs are taken off errors, and of answers only the fields below are read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Mutex;
use unionhall_kernel::{Clock, Code, Invalid, Mobile, Problem};

/// Where WeChat is asked, without another address.
pub const URL: &str = "https://api.weixin.qq.com";
/// How long one question may take.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// How long all questions of a login may take, waiting for another's access token included.
const PATIENCE: u32 = 3;
/// An access token is not used in its last minutes.
const MARGIN_SECONDS: i64 = 300;

/// A WeChat user, as one app knows them.
#[derive(Clone)]
pub struct OpenId(String);

impl OpenId {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OpenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenId(…)")
    }
}

/// Asks WeChat. A code that is refused is `WECHAT_CODE_INVALID` with its `field`; too many logins of one user are
/// `RATE_LIMITED`; a user WeChat takes for a risk is `WECHAT_REFUSED`; anything else is `UNAVAILABLE`.
#[async_trait]
pub trait WechatApi: Send + Sync {
    /// Whom a `js_code` is of.
    ///
    /// # Errors
    /// As above.
    async fn user(&self, js_code: &str) -> Result<OpenId, Problem>;

    /// The mobile a `phone_code` stands for.
    ///
    /// # Errors
    /// As above; `VALIDATION_FAILED` with `MOBILE_COUNTRY` for a number that is not a mainland one.
    async fn mobile(&self, phone_code: &str) -> Result<Mobile, Problem>;
}

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The mini-program.
    pub app_id: String,
    /// Its secret.
    pub secret: SecretString,
    /// [`URL`], or where tests stand in for it.
    pub url: String,
    /// [`TIMEOUT`].
    pub timeout: Duration,
}

struct Token {
    text: SecretString,
    until: DateTime<Utc>,
}

/// Asks WeChat by HTTP.
pub struct HttpWechat {
    client: reqwest::Client,
    by: Credentials,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<Token>>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errcode: i64,
}

#[derive(Deserialize)]
struct Session {
    openid: String,
}

#[derive(Deserialize)]
struct Issued {
    access_token: SecretString,
    expires_in: i64,
}

#[derive(Deserialize)]
struct Phone {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    pure_phone_number: String,
    country_code: String,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

// What WeChat answered in place of what was asked.
enum Failed {
    Code(i64),
    Other(Problem),
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Problem {
    let mut problem = Problem::new(Code::Unavailable).retry_after(1);
    problem.source = Some(cause.into());
    problem
}

fn code_invalid(field: &'static str) -> Problem {
    Problem::new(Code::WechatCodeInvalid).with("field", field)
}

fn problem_of(failed: Failed, field: &'static str) -> Problem {
    match failed {
        Failed::Other(problem) => problem,
        Failed::Code(40029 | 40163) => code_invalid(field),
        Failed::Code(45011) => Problem::new(Code::RateLimited).retry_after(60),
        Failed::Code(40226) => Problem::new(Code::WechatRefused),
        // -1 is "busy"; what else there is (a wrong secret, an address that is not on WeChat's list) operators mend.
        Failed::Code(code) => unavailable(format!("WeChat answered errcode {code}")),
    }
}

const fn is_token_trouble(failed: &Failed) -> bool {
    matches!(failed, Failed::Code(40001 | 40014 | 42001))
}

impl HttpWechat {
    /// An adapter with these credentials.
    ///
    /// # Errors
    /// `INTERNAL` when no HTTP client can be made.
    pub fn new(by: Credentials, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let builder = reqwest::Client::builder().timeout(by.timeout);
        // A redirection would carry the secret elsewhere.
        let client = builder.redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, by, clock, token: Mutex::new(None) })
    }

    fn url(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Url, Failed> {
        let address = format!("{}{path}", self.by.url.trim_end_matches('/'));
        // No parameters would still leave a question mark.
        let url = match parameters {
            [] => Url::parse(&address),
            some => Url::parse_with_params(&address, some),
        };
        url.map_err(|error| Failed::Other(Problem::internal(error)))
    }

    async fn ask<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Failed> {
        let lost = |error: reqwest::Error| Failed::Other(unavailable(error.without_url()));
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(lost)?;
        if !status.is_success() {
            return Err(Failed::Other(unavailable(format!("WeChat answered {status}"))));
        }
        // What serde says of a body it does not understand may quote it.
        let odd = || Failed::Other(unavailable("WeChat answered something else"));
        match serde_json::from_slice::<Refusal>(&body).map_err(|_| odd())?.errcode {
            0 => serde_json::from_slice(&body).map_err(|_| odd()),
            code => Err(Failed::Code(code)),
        }
    }

    // One question at a time: whoever waits finds the answer of the one before.
    async fn access_token(&self) -> Result<SecretString, Failed> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = held.as_ref().filter(|token| now < token.until) {
            return Ok(token.text.clone());
        }
        let url = self.url("/cgi-bin/stable_token", &[])?;
        let body = json!({
            "grant_type": "client_credential", "appid": self.by.app_id,
            "secret": self.by.secret.expose_secret(), "force_refresh": false,
        });
        let issued: Issued = self.ask(self.client.post(url).json(&body)).await?;
        let lives = TimeDelta::seconds((issued.expires_in - MARGIN_SECONDS).max(0));
        *held = Some(Token { text: issued.access_token.clone(), until: now + lives });
        Ok(issued.access_token)
    }

    async fn phone(&self, phone_code: &str) -> Result<Phone, Failed> {
        let token = self.access_token().await?;
        let url = self.url("/wxa/business/getuserphonenumber", &[("access_token", token.expose_secret())])?;
        let found = self.ask(self.client.post(url).json(&json!({"code": phone_code}))).await;
        if found.as_ref().is_err_and(is_token_trouble) {
            let mut held = self.token.lock().await;
            // Unless somebody has put a newer one there.
            held.take_if(|held| held.text.expose_secret() == token.expose_secret());
        }
        found
    }

    async fn patiently<T>(&self, asked: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
        let answer = tokio::time::timeout(self.by.timeout * PATIENCE, asked).await;
        answer.unwrap_or_else(|_| Err(Failed::Other(unavailable("WeChat takes too long"))))
    }
}

#[async_trait]
impl WechatApi for HttpWechat {
    async fn user(&self, js_code: &str) -> Result<OpenId, Problem> {
        let named = |failed| problem_of(failed, "js_code");
        let parameters = [
            ("appid", self.by.app_id.as_str()),
            ("secret", self.by.secret.expose_secret()),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let url = self.url("/sns/jscode2session", &parameters).map_err(named)?;
        let session: Session = self.ask(self.client.get(url)).await.map_err(named)?;
        Ok(OpenId(format!("{}|{}", self.by.app_id, session.openid)))
    }

    async fn mobile(&self, phone_code: &str) -> Result<Mobile, Problem> {
        let mut found = self.patiently(self.phone(phone_code)).await;
        if found.as_ref().is_err_and(is_token_trouble) {
            // The token died before its time; the code was not looked at yet.
            found = self.patiently(self.phone(phone_code)).await;
        }
        let info = found.map_err(|failed| problem_of(failed, "phone_code"))?.phone_info;
        if info.watermark.appid != self.by.app_id {
            return Err(code_invalid("phone_code"));
        }
        let mobile = Some(info.pure_phone_number).filter(|_| info.country_code == "86");
        let mobile = mobile.and_then(|number| Mobile::parse(&number).ok());
        let country = Invalid::new("MOBILE_COUNTRY", "仅支持中国内地手机号。");
        mobile.ok_or_else(|| Problem::invalid("/phone_code", country))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wechat_refuses_is_told_by_its_code() {
        let told = |code| {
            let problem = problem_of(Failed::Code(code), "js_code");
            (problem.code.entry().code, problem.retry_after)
        };
        assert_eq!(told(40029), ("WECHAT_CODE_INVALID", None));
        assert_eq!(told(40163), ("WECHAT_CODE_INVALID", None));
        assert_eq!(told(45011), ("RATE_LIMITED", Some(60)));
        assert_eq!(told(40226), ("WECHAT_REFUSED", None));
        for operators in [-1, 40013, 40125, 40164, 45009] {
            assert_eq!(told(operators), ("UNAVAILABLE", Some(1)), "{operators}");
        }
    }

    #[test]
    fn debug_shows_neither_secret_nor_user() {
        let by = Credentials {
            app_id: "wx1".to_owned(),
            secret: SecretString::from("hidden".to_owned()),
            url: URL.to_owned(),
            timeout: TIMEOUT,
        };
        assert!(!format!("{by:?}").contains("hidden"));
        assert_eq!(format!("{:?}", OpenId("wx1|o".to_owned())), "OpenId(…)");
    }
}
