//! Logs hold no personal data: everything a day brings is done with the log on, and the log is searched.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use unionhall_testkit::shop::Shop;
use unionhall_testkit::wechat::{FakeWechat, Odd, SECRET, SESSION_KEY};
use unionhall_testkit::{PASSWORD, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_name_number_mobile_code_or_password_reaches_the_log() {
    let sink = Sink::default();
    let writer = sink.clone();
    // The most talkative setting an operator may choose for our own crates.
    let filter = tracing_subscriber::EnvFilter::new(
        "info,unionhall_storage=trace,unionhall_web=trace,unionhall_identity=trace,unionhall_registry=trace,\
         unionhall_cards=trace,unionhall_merchants=trace,unionhall_gateway=trace",
    );
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    // Requests are served on other threads than this one, so the subscriber is the process's.
    tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).expect("no other subscriber");

    let wechat = FakeWechat::start().await;
    let shop = Shop::open_in(TestApp::with_wechat(&wechat.url).await, "410102").await;
    let app = &shop.app;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    let other = citizen();
    for number in [&other, &member.id_number] {
        let body = json!({"name": member.name, "id_type": "citizen_id", "id_number": number});
        app.post("/v1/me/real-name", body).by(&session).await.expect(200);
    }
    let stranger = mobile();
    let code = app.otp(&stranger, "login", Realm::Member).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let by_number = json!({"id_type": "citizen_id", "id_number": member.id_number});
    app.post("/v1/admin/members/search", by_number).by(&leader.session).await.expect(200);
    let reveal = json!({"fields": ["id_number", "mobile"], "reason": "核对慰问对象"});
    let path = format!("/v1/admin/members/{}/reveal", member.person);
    app.post(&path, reveal).by(&leader.session).await.expect(200);
    let odd = app.post("/v1/me/real-name", json!({"name": 1, "id_number": other})).by(&session).await;
    assert_eq!(odd.problem(422), "VALIDATION_FAILED");
    app.get(&format!("/v1/admin/members?name={}", member.name)).by(&leader.session).await.expect(200);
    // The help desk: a lost phone, and everything in full.
    let lost = mobile();
    let apply = app.otp(&lost, "apply", Realm::Member).await;
    let body = json!({"mobile": lost, "code": apply, "name": member.name, "id_type": "citizen_id",
                      "id_number": member.id_number});
    app.post("/v1/public/mobile-changes", body).await.expect(202);
    let confirm = app.otp(&member.mobile, "confirm", Realm::Member).await;
    app.post("/v1/me/data", json!({"code": confirm})).by(&session).await.expect(200);
    // From the mini-program: rightly, and each way that has its cause in the log.
    let (js_code, phone_code) = (wechat.js_code("openid-of-somebody"), wechat.phone_code(&member.mobile));
    app.wechat_login(&js_code, Some(&phone_code)).await.expect(200);
    let key = json!({"session_key": SESSION_KEY}).to_string();
    for odd in [Odd::Errcode(40125), Odd::Raw(200, key), Odd::Never] {
        wechat.answer_next(odd);
        assert_eq!(app.wechat_login("never-mind", None).await.problem(503), "UNAVAILABLE");
    }
    // A failure of ours keeps its cause for the log: that must be clean too.
    app.sql("ALTER TABLE person_document RENAME TO person_document_away").await;
    let failed = app.get(&path.replace("/reveal", "")).by(&leader.session).await;
    assert_eq!(failed.problem(500), "INTERNAL");

    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/v1/me/real-name") && log.contains("request failed"), "the log was on");
    let secrets = [
        member.id_number.as_str(),
        member.mobile.as_str(),
        member.name.as_str(),
        other.as_str(),
        stranger.as_str(),
        lost.as_str(),
        PASSWORD,
        session.access.as_str(),
        session.refresh.as_str(),
        js_code.as_str(),
        phone_code.as_str(),
        "never-mind",
        "openid-of-somebody",
        SESSION_KEY,
        SECRET,
        "token-0",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(!log.contains(&format!("\"{code}\"")), "a code is in the log");
}
