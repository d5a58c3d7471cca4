//! A push gateway as provinces run one: a real HTTP server that checks signatures, keeps what it was sent and answers
//! what the test has it answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use unionhall_messages::push::{HttpPush, PushGateway};

use crate::app::RUNTIME;

const SECRET: &str = "a secret that the push gateway knows too";

/// A request that a gateway got.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// What it was answered.
    pub status: u16,
    /// The body as it came.
    pub text: String,
    /// The body.
    pub body: Value,
    /// `webhook-timestamp`, seconds.
    pub at: i64,
}

#[derive(Default)]
struct State {
    status: Option<u16>,
    got: Vec<Pushed>,
}

/// A push gateway of one test.
pub struct PushServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

fn signed(request: &HttpRequest, body: &str) -> Option<i64> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let (id, at) = (header("webhook-id")?, header("webhook-timestamp")?);
    let given = header("webhook-signature")?.strip_prefix("v1,")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).ok()?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    mac.verify_slice(&STANDARD.decode(given).ok()?).ok()?;
    let parsed: Value = serde_json::from_str(body).ok()?;
    at.parse().ok().filter(|_| parsed["id"] == id)
}

async fn take(state: web::Data<Arc<Mutex<State>>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let text = String::from_utf8(body.to_vec()).unwrap_or_default();
    let Some(at) = signed(&request, &text) else { return HttpResponse::Unauthorized().finish() };
    let mut state = state.lock().unwrap();
    let status = state.status.unwrap_or(202);
    let body = serde_json::from_str(&text).unwrap_or_default();
    state.got.push(Pushed { status, text, body, at });
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}

impl PushServer {
    /// A gateway that takes everything.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = web::Data::new(state.clone());
        let address = RUNTIME
            .spawn(async move {
                let app =
                    move || App::new().app_data(shared.clone()).service(web::resource("/push").to(take));
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind(("127.0.0.1", 0)).expect("the gateway listens");
                let address = server.addrs()[0];
                tokio::spawn(server.run());
                address
            })
            .await
            .expect("the gateway starts");
        Self { address, state }
    }

    /// The way to it that a process takes.
    pub(crate) fn gateway(&self, clock: Arc<dyn unionhall_kernel::Clock>) -> Arc<dyn PushGateway> {
        let url = format!("http://{}/push", self.address);
        Arc::new(HttpPush::new(url, SECRET.to_owned().into(), clock).expect("a client"))
    }

    /// From now on it answers so.
    pub fn answer(&self, status: u16) {
        self.state.lock().unwrap().status = Some(status);
    }

    /// All it was sent with a right signature, in order.
    pub fn got(&self) -> Vec<Pushed> {
        self.state.lock().unwrap().got.clone()
    }

    /// What it took care of.
    pub fn taken(&self) -> Vec<Value> {
        self.got().into_iter().filter(|p| p.status < 300).map(|p| p.body).collect()
    }
}
