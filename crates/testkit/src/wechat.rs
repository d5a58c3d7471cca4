//! A stand-in for WeChat that answers as WeChat does: codes serve once, tokens die, and what it is told to answer next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{RUNTIME, TestApp};
use crate::client::Reply;

/// The mini-program of every test.
pub const APP_ID: &str = "wx0123456789abcdef";
/// Its secret.
pub const SECRET: &str = "testkit-wechat-secret";
/// What no log, store or answer may hold.
pub const SESSION_KEY: &str = "dGVzdGtpdC1zZXNzaW9uLWtleQ==";

/// How the next question is answered.
#[derive(Debug, Clone)]
pub enum Odd {
    /// Not oddly at all: it is a later one that will be.
    Rightly,
    /// With an `errcode`.
    Errcode(i64),
    /// Never.
    Never,
    /// With this body and status.
    Raw(u16, String),
}

#[derive(Default)]
struct State {
    users: BTreeMap<String, String>,
    phones: BTreeMap<String, (String, String, String)>,
    odd: VecDeque<Odd>,
    made: u32,
    token: u32,
    asked_for_tokens: u32,
}

/// WeChat, as far as a login asks it.
#[derive(Clone)]
pub struct FakeWechat {
    /// Where it listens.
    pub url: String,
    state: Arc<Mutex<State>>,
}

type Shared = web::Data<Arc<Mutex<State>>>;

async fn odd(state: &Shared) -> Option<HttpResponse> {
    let odd = state.lock().unwrap().odd.pop_front()?;
    Some(match odd {
        Odd::Rightly => return None,
        Odd::Errcode(code) => refusal(code),
        Odd::Never => std::future::pending().await,
        Odd::Raw(status, body) => HttpResponse::build(status.try_into().unwrap()).body(body),
    })
}

fn refusal(code: i64) -> HttpResponse {
    HttpResponse::Ok().json(json!({"errcode": code, "errmsg": "testkit"}))
}

#[derive(Deserialize)]
struct SessionQuery {
    appid: String,
    secret: String,
    js_code: String,
    grant_type: String,
}

async fn session(state: Shared, query: web::Query<SessionQuery>) -> HttpResponse {
    if let Some(answer) = odd(&state).await {
        return answer;
    }
    if (query.appid.as_str(), query.secret.as_str()) != (APP_ID, SECRET) {
        return refusal(40125);
    }
    assert_eq!(query.grant_type, "authorization_code");
    // Used or unknown: WeChat has two codes for them.
    match state.lock().unwrap().users.remove(&query.js_code) {
        Some(openid) => HttpResponse::Ok().json(json!({"openid": openid, "session_key": SESSION_KEY})),
        None => refusal(if query.js_code.starts_with("js-") { 40163 } else { 40029 }),
    }
}

async fn token(state: Shared, body: web::Json<Value>) -> HttpResponse {
    if let Some(answer) = odd(&state).await {
        return answer;
    }
    if (&body["appid"], &body["secret"]) != (&json!(APP_ID), &json!(SECRET)) {
        return refusal(40125);
    }
    let mut state = state.lock().unwrap();
    state.asked_for_tokens += 1;
    HttpResponse::Ok().json(json!({"access_token": format!("token-{}", state.token), "expires_in": 7200}))
}

#[derive(Deserialize)]
struct TokenQuery {
    access_token: String,
}

async fn phone(state: Shared, query: web::Query<TokenQuery>, body: web::Json<Value>) -> HttpResponse {
    if let Some(answer) = odd(&state).await {
        return answer;
    }
    let mut state = state.lock().unwrap();
    if query.access_token != format!("token-{}", state.token) {
        return refusal(40001);
    }
    match state.phones.remove(body["code"].as_str().unwrap()) {
        Some((country, number, appid)) => HttpResponse::Ok().json(json!({
            "errcode": 0, "errmsg": "ok",
            "phone_info": {
                "phoneNumber": format!("+{country}{number}"), "purePhoneNumber": number, "countryCode": country,
                "watermark": {"timestamp": 1_795_000_000, "appid": appid},
            },
        })),
        None => refusal(40029),
    }
}

impl FakeWechat {
    /// Starts it.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let address = RUNTIME
            .spawn(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(web::Data::new(shared.clone()))
                        .service(web::resource("/sns/jscode2session").get(session))
                        .service(web::resource("/cgi-bin/stable_token").post(token))
                        .service(web::resource("/wxa/business/getuserphonenumber").post(phone))
                });
                let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("a port");
                let address = server.addrs()[0];
                tokio::spawn(server.run());
                address
            })
            .await
            .expect("it starts");
        Self { url: format!("http://{address}"), state }
    }

    /// What `wx.login` gives a user.
    pub fn js_code(&self, openid: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        let code = format!("js-code-{}", state.made);
        state.users.insert(code.clone(), openid.to_owned());
        code
    }

    /// What the phone button gives.
    pub fn phone_code(&self, number: &str) -> String {
        self.phone_code_of("86", number, APP_ID)
    }

    /// As [`FakeWechat::phone_code`], of a country and for an app.
    pub fn phone_code_of(&self, country: &str, number: &str, app_id: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        let code = format!("phone-code-{}", state.made);
        state.phones.insert(code.clone(), (country.to_owned(), number.to_owned(), app_id.to_owned()));
        code
    }

    /// Answers the next question oddly.
    pub fn answer_next(&self, odd: Odd) {
        self.state.lock().unwrap().odd.push_back(odd);
    }

    /// Makes every access token given so far worthless.
    pub fn forget_tokens(&self) {
        self.state.lock().unwrap().token += 1;
    }

    /// How often an access token was asked for.
    pub fn asked_for_tokens(&self) -> u32 {
        self.state.lock().unwrap().asked_for_tokens
    }
}

impl TestApp {
    /// A login from the mini-program; the device is the user's phone.
    pub async fn wechat_login(&self, js_code: &str, phone_code: Option<&str>) -> Reply {
        let mut body =
            json!({"js_code": js_code, "consents": [], "device": {"id": "mini-1", "platform": "wechat"}});
        if let Some(code) = phone_code {
            body["phone_code"] = json!(code);
        }
        self.post("/v1/auth/login/wechat", body).await
    }
}
