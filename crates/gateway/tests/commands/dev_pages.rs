//! The developer's pages: there in the development profile on a loopback address, and nowhere else.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use unionhall_testkit::{TestApp, TestDb};

use crate::server::{Server, program};

/// A file for messages, for one test of this process.
pub(crate) fn outbox(name: &str) -> PathBuf {
    let path = format!("{}/{name}-{}.jsonl", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&path);
    path.into()
}

async fn statuses(address: SocketAddr) -> [u16; 3] {
    let http = Client::new();
    let at = |path: &str| format!("http://{address}{path}");
    let clock = http.post(at("/dev/clock")).json(&json!({"advance_seconds": 60}));
    let asked = [http.get(at("/dev/outbox")), http.get(at("/dev/outbox.json")), clock];
    let mut found = [0; 3];
    for (status, request) in found.iter_mut().zip(asked) {
        *status = request.send().await.unwrap().status().as_u16();
    }
    found
}

#[tokio::test]
async fn they_are_nowhere_but_in_development_on_loopback() {
    let db = TestDb::new().await;
    let production = Server::start(&mut program(&db));
    assert_eq!(statuses(production.address).await, [404; 3]);

    // What development would be given does not switch them on: the process does not even start with it.
    let refused = program(&db).env("UNIONHALL_SMS_OUTBOX", outbox("refused")).arg("serve").output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("sms_outbox is for"));

    let path = outbox("public");
    let mut command = program(&db);
    command.env("UNIONHALL_PROFILE", "development").env("UNIONHALL_SMS_OUTBOX", &path);
    let public = Server::start(command.env("UNIONHALL_LISTEN", "0.0.0.0:0"));
    let here = SocketAddr::from(([127, 0, 0, 1], public.address.port()));
    assert_eq!(statuses(here).await, [404; 3], "others could reach it");
    assert_eq!(reqwest::get(format!("http://{here}/docs/")).await.unwrap().status(), 200);

    let path = outbox("training");
    let db = TestDb::new().await;
    let mut command = program(&db);
    command.env("UNIONHALL_PROFILE", "training").env("UNIONHALL_SMS_OUTBOX", &path);
    command.env_remove("UNIONHALL_SMS_URL").env_remove("UNIONHALL_SMS_TOKEN");
    let training = Server::start(&mut command);
    assert_eq!(statuses(training.address).await, [404; 3], "people learn there, and others could reach it");

    // Services that no configuration opened have none, whatever their listener serves.
    let app = TestApp::start().await;
    assert_eq!(statuses(app.address()).await, [404; 3]);
}

struct Developer {
    server: Server,
    http: Client,
}

impl Developer {
    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.at(path)).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.http.post(self.at(path)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn now(&self) -> DateTime<Utc> {
        let config: Value = self.get("/v1/public/app-config").await.json().await.unwrap();
        config["server_time"].as_str().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn a_developer_reads_what_was_sent_and_sets_the_clock_ahead() {
    let db = TestDb::new().await;
    let path = outbox("sent");
    let mut command = program(&db);
    command.env("UNIONHALL_PROFILE", "development").env("UNIONHALL_SMS_OUTBOX", &path);
    let dev = Developer { server: Server::start(&mut command), http: Client::new() };
    let empty: Value = dev.get("/dev/outbox.json").await.json().await.unwrap();
    assert_eq!(empty, json!({"items": []}));

    // The newest first; a line that is half written is left out, and nothing in a message is markup.
    for mobile in ["13800000001", "13800000002"] {
        let (status, _) = dev.post("/v1/auth/otp", json!({"mobile": mobile, "purpose": "login"})).await;
        assert_eq!(status, 202);
    }
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let evil = json!({"at": "2026", "mobile": "1", "template_key": "t", "params": {}, "text": "<script>&"});
    write!(file, "{evil}\n{{\"at\":").unwrap();
    let sent: Value = dev.get("/dev/outbox.json").await.json().await.unwrap();
    let mobiles: Vec<&str> =
        sent["items"].as_array().unwrap().iter().map(|sent| sent["mobile"].as_str().unwrap()).collect();
    assert_eq!(mobiles, ["1", "13800000002", "13800000001"]);
    let code = sent["items"][1]["params"]["code"].as_str().unwrap().to_owned();
    let page = dev.get("/dev/outbox").await;
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = page.text().await.unwrap();
    assert!(page.contains(&code) && page.contains("&lt;script&gt;&amp;") && !page.contains("<script>"));
    assert!(page.find("13800000002") < page.find("13800000001"));

    // Only for who asks by a local name, for themself.
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "evil.example@127.0.0.1"),
        ("host", "127.0.0.1:evil.example"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=1.1.1.1"),
        ("via", "1.1 proxy"),
        ("x-real-ip", "203.0.113.7"),
        ("cf-connecting-ip", "203.0.113.7"),
    ] {
        let asked = dev.http.get(dev.at("/dev/outbox")).header(name, value).send().await.unwrap();
        assert_eq!(asked.status(), 404, "{name}");
    }
    let asked = dev.http.get(dev.at("/dev/outbox")).header("host", "localhost:8080").send().await.unwrap();
    assert_eq!(asked.status(), 200);

    // Five minutes are over at once: the code is too old, and tomorrow comes.
    let before = dev.now().await;
    let (status, told) = dev.post("/dev/clock", json!({"advance_seconds": 301})).await;
    assert_eq!(status, 200);
    assert_eq!(told["ahead_seconds"], 301);
    assert!(dev.now().await >= before + Duration::seconds(301));
    let device = json!({"id": "phone-1", "platform": "android"});
    let login = json!({"mobile": "13800000002", "code": code, "device": device, "consents": []});
    let (status, problem) = dev.post("/v1/auth/login/otp", login).await;
    assert_eq!((status, problem["code"].as_str()), (401, Some("OTP_INVALID")));
    let tomorrow = before + Duration::days(1);
    let (status, _) = dev.post("/dev/clock", json!({"now": tomorrow.to_rfc3339()})).await;
    assert_eq!(status, 200);
    assert!(dev.now().await >= tomorrow);

    // Never back, never beyond what an instant may be, and one thing at a time.
    for (body, code) in [
        (json!({"now": before.to_rfc3339()}), "NOT_FORWARDS"),
        (json!({"advance_seconds": 0}), "NOT_FORWARDS"),
        (json!({"advance_seconds": -1}), "NOT_FORWARDS"),
        (json!({"advance_seconds": i64::MAX}), "NOT_FORWARDS"),
        (json!({"now": "2200-01-01T00:00:00Z"}), "NOT_FORWARDS"),
        (json!({}), "ONE_OF"),
        (json!({"reset": false}), "ONE_OF"),
        (json!({"reset": true, "advance_seconds": 1}), "ONE_OF"),
    ] {
        let (status, problem) = dev.post("/dev/clock", body.clone()).await;
        assert_eq!((status, problem["errors"][0]["code"].as_str()), (422, Some(code)), "{body}");
    }
    assert_eq!(dev.post("/dev/clock", json!({"minutes": 1})).await.0, 422);
    assert_eq!(dev.get("/dev/clock").await.status(), 404);
    let (status, told) = dev.post("/dev/clock", json!({"reset": true})).await;
    assert_eq!((status, &told["ahead_seconds"]), (200, &json!(0)));
    assert!(dev.now().await < before + Duration::hours(1));
    std::fs::remove_file(path).unwrap();
}
