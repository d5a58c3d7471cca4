//! Devices that pushes go to: registered, moved with their token, gone with their login.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::{PushServer, Reply, Session, TestApp, mobile};
use unionhall_web::Realm;

use crate::pushes::tell;

const DEVICES: &str = "/v1/me/devices";

pub(crate) async fn try_register(
    app: &TestApp,
    by: &Session,
    device: &str,
    channel: &str,
    token: &str,
) -> Reply {
    let platform = match channel {
        "apns" => "ios",
        "harmony" => "harmony",
        "wechat_subscribe" => "wechat",
        _ => "android",
    };
    let body = json!({"platform": platform, "channel": channel, "push_token": token});
    app.put(&format!("{DEVICES}/{device}"), body).by(by).await
}

/// Registers it again with the token that it has: nothing changes.
pub(crate) async fn register_again(app: &TestApp, by: &Session, number: &str, token: &str) -> Value {
    let body = json!({"platform": "wechat", "channel": "wechat_subscribe", "push_token": token});
    let put = app.put(&format!("{DEVICES}/device-{number}"), body).by(by);
    put.changes_nothing().await.expect(200)
}

/// Registers the device of a session that [`TestApp::login_member`] opened.
pub(crate) async fn register(app: &TestApp, by: &Session, number: &str, channel: &str, token: &str) -> Value {
    try_register(app, by, &format!("device-{number}"), channel, token).await.expect(200)
}

/// One more login, on a device of one's choice.
pub(crate) async fn login_on(app: &TestApp, number: &str, device: &str) -> Session {
    app.advance(Duration::seconds(61)).await;
    let code = app.otp(number, "login", Realm::Member).await;
    let consents =
        json!([{"document": "terms", "version": "2026-01"}, {"document": "privacy", "version": "2026-01"}]);
    let body = json!({"mobile": number, "code": code, "device": {"id": device, "platform": "android"},
                      "consents": consents});
    Session::of(app.post("/v1/auth/login/otp", body).await)
}

async fn devices(app: &TestApp, by: &Session) -> Vec<String> {
    let list = app.get(DEVICES).by(by).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|d| d["device_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_device_registers_itself_and_no_other() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    assert_eq!(devices(&app, &session).await, Vec::<String>::new());
    let made = register(&app, &session, &number, "huawei", "token-1").await;
    assert_eq!(made["device_id"], format!("device-{number}"));
    assert_eq!((&made["channel"], &made["subscriptions"]), (&json!("huawei"), &Value::Null));
    assert!(!made.to_string().contains("token-1"), "a token is not shown again");
    // Again, with a token of today: the same device.
    app.advance(Duration::minutes(1)).await;
    let again = register(&app, &session, &number, "honor", "token-2").await;
    assert_ne!(again["registered_at"], made["registered_at"]);
    assert_eq!(devices(&app, &session).await.len(), 1);
    let other = try_register(&app, &session, "device-of-somebody", "huawei", "token-1").await;
    assert_eq!(other.problem(404), "NOT_FOUND");
    for (body, pointer, code) in [
        (json!({"platform": "ios", "channel": "huawei", "push_token": "t"}), "/channel", "CHANNEL_PLATFORM"),
        (
            json!({"platform": "android", "channel": "huawei", "push_token": ""}),
            "/push_token",
            "TOKEN_FORMAT",
        ),
        (
            json!({"platform": "android", "channel": "huawei", "push_token": "有"}),
            "/push_token",
            "TOKEN_FORMAT",
        ),
        (
            json!({"platform": "android", "channel": "huawei", "push_token": "t".repeat(513)}),
            "/push_token",
            "TOKEN_FORMAT",
        ),
        (json!({"platform": "android", "channel": "fcm", "push_token": "t"}), "/channel", "INVALID_TYPE"),
        (
            json!({"platform": "android", "channel": "huawei", "push_token": "t", "locale": "zh"}),
            "/locale",
            "UNKNOWN_FIELD",
        ),
    ] {
        let reply = app.put(&format!("{DEVICES}/device-{number}"), body).by(&session).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let error = &reply.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)));
    }
    let longest = "t".repeat(512);
    register(&app, &session, &number, "huawei", &longest).await;
    let sealed = "SELECT count(*) FROM push_device WHERE position('tttt'::bytea IN token) > 0";
    assert_eq!(app.number(sealed).await, 0, "tokens are sealed");
    let rows = "SELECT count(*) FROM audit_event WHERE changes::text LIKE '%token-%'";
    assert_eq!(app.number(rows).await, 0);

    app.delete(&format!("{DEVICES}/device-{number}")).by(&session).await.expect(204);
    assert_eq!(devices(&app, &session).await, Vec::<String>::new());
    for name in [format!("device-{number}"), "a%00b".to_owned(), "%E6%89%8B".to_owned(), "9".repeat(65)] {
        let path = format!("{DEVICES}/{name}");
        assert_eq!(app.delete(&path).by(&session).await.problem(404), "NOT_FOUND", "{name}");
        let none = try_register(&app, &session, &name, "huawei", "t");
        assert_eq!(none.await.status, if name.starts_with("device") { 200 } else { 404 }, "{name}");
        let body = json!({"template": "benefits"});
        let subscribe =
            app.post(&format!("{path}/subscriptions"), body).by(&session).key(&name[..9.min(name.len())]);
        assert!([404, 409].contains(&subscribe.await.status), "{name}");
    }
}

#[tokio::test]
async fn a_device_is_removed_by_its_account_alone() {
    let app = TestApp::start().await;
    let (number, other) = (mobile(), app.login_member(&mobile()).await);
    let session = app.login_member(&number).await;
    register(&app, &session, &number, "vivo", "token").await;
    let path = format!("{DEVICES}/device-{number}");
    assert_eq!(app.delete(&path).by(&other).await.problem(404), "NOT_FOUND");
    let body = json!({"template": "new_message"});
    let subscribe = app.post(&format!("{path}/subscriptions"), body).by(&other).key("s").await;
    assert_eq!(subscribe.problem(404), "NOT_FOUND");
    assert_eq!(devices(&app, &session).await.len(), 1);
}

#[tokio::test]
async fn a_phone_that_changes_hands_is_told_what_is_its_new_owners() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (a, b) = (mobile(), mobile());
    let (first, second) = (app.login_member(&a).await, app.login_member(&b).await);
    register(&app, &first, &a, "xiaomi", "the-phone").await;
    tell(&app, &first).await;
    assert_eq!(gateway.taken().len(), 1);
    register(&app, &second, &b, "xiaomi", "the-phone").await;
    assert_eq!(devices(&app, &first).await, Vec::<String>::new());
    tell(&app, &first).await;
    assert_eq!(gateway.taken().len(), 1, "the first owner's messages go there no more");
    tell(&app, &second).await;
    assert_eq!(gateway.taken().len(), 2);
    // The same characters with another service are another token.
    register(&app, &first, &a, "oppo", "the-phone").await;
    assert_eq!((devices(&app, &first).await.len(), devices(&app, &second).await.len()), (1, 1));
}

#[tokio::test]
async fn a_token_is_one_accounts_however_many_register_it_at_once() {
    let app = TestApp::start().await;
    let mut owners = Vec::new();
    for _ in 0..6 {
        let number = mobile();
        owners.push((app.login_member(&number).await, number));
    }
    for round in 0..5 {
        let token = format!("token-{round}");
        let all = owners.iter().map(|(session, number)| register(&app, session, number, "apns", &token));
        join_all(all).await;
        assert_eq!(app.number("SELECT count(*) FROM push_device").await, 1, "round {round}");
    }
    // And one account that registers one device many times at once has one.
    let (session, number) = &owners[0];
    let tokens: Vec<String> = (0..8).map(|n| format!("mine-{n}")).collect();
    join_all(tokens.iter().map(|token| register(&app, session, number, "apns", token))).await;
    assert_eq!(devices(&app, session).await.len(), 1);
}

#[tokio::test]
async fn of_ten_devices_the_oldest_gives_way() {
    let app = TestApp::start().await;
    let number = mobile();
    let mut sessions = Vec::new();
    for n in 0..12 {
        let device = format!("phone-{n}");
        // A number asks for ten codes a day.
        app.sql("DELETE FROM account_day_count").await;
        let session = login_on(&app, &number, &device).await;
        if n < 10 {
            try_register(&app, &session, &device, "huawei", &format!("token-{n}")).await.expect(200);
        }
        sessions.push((session, device));
    }
    assert_eq!(devices(&app, &sessions[0].0).await.len(), 10);
    // Two more at once: the two oldest go.
    let more =
        sessions[10..].iter().map(|(session, device)| try_register(&app, session, device, "huawei", device));
    for reply in join_all(more).await {
        reply.expect(200);
    }
    let left = devices(&app, &sessions[0].0).await;
    assert_eq!(left.len(), 10);
    assert!(!left.contains(&"phone-0".to_owned()) && !left.contains(&"phone-1".to_owned()), "{left:?}");
}

#[tokio::test]
async fn a_new_mobile_ends_pushes_to_every_device_but_the_one_that_goes_on() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let (old, new) = (mobile(), mobile());
    let here = app.login_member(&old).await;
    register(&app, &here, &old, "huawei", "here").await;
    let there = login_on(&app, &old, "there").await;
    try_register(&app, &there, "there", "apns", "there").await.expect(200);
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&old, "confirm", Realm::Member).await;
    let body = json!({"mobile": new, "purpose": "new_mobile"});
    app.post("/v1/auth/otp", body).by(&here).await.expect(202);
    let body = json!({"code": code, "new_mobile": new, "new_code": app.sms.code(&new).unwrap()});
    let here = Session::of(app.post("/v1/me/mobile", body).by(&here).await);
    app.drain().await;
    let tokens: Vec<Value> = gateway.taken().into_iter().map(|push| push["token"].clone()).collect();
    assert_eq!(tokens, ["here"], "that it was changed is pushed to who changed it");
    assert_eq!(devices(&app, &here).await, [format!("device-{old}")]);
}

#[tokio::test]
async fn ending_a_login_ends_its_pushes() {
    let gateway = PushServer::start().await;
    let app = TestApp::with_push(&gateway).await;
    let number = mobile();
    let here = app.login_member(&number).await;
    register(&app, &here, &number, "huawei", "here").await;
    let there = login_on(&app, &number, "there").await;
    try_register(&app, &there, "there", "apns", "there").await.expect(200);
    let told = async |by: &Session| {
        let before = gateway.taken().len();
        tell(&app, by).await;
        gateway.taken()[before..].iter().map(|p| p["token"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut both = told(&here).await;
    both.sort();
    assert_eq!(both, ["here", "there"]);
    app.post("/v1/auth/logout", json!({})).by(&there).await.expect(204);
    assert_eq!(told(&here).await, ["here"]);
    assert_eq!(devices(&app, &here).await, [format!("device-{number}")]);
    app.post("/v1/auth/logout-everywhere", json!({})).by(&here).await.expect(204);
    assert_eq!(told(&here).await, Vec::<String>::new());

    // What waited when the login ended is not sent either.
    let again = login_on(&app, &number, "again").await;
    try_register(&app, &again, "again", "oppo", "again").await.expect(200);
    crate::pushes::told_later(&app, &again).await;
    assert_eq!(app.number("SELECT count(*) FROM push_delivery WHERE state = 'WAITING'").await, 1);
    app.post("/v1/auth/logout", json!({})).by(&again).await.expect(204);
    let before = gateway.taken().len();
    app.advance(Duration::hours(24)).await;
    app.drain().await;
    assert_eq!(gateway.taken().len(), before);
    assert_eq!(app.number("SELECT count(*) FROM push_delivery WHERE why = 'session'").await, 1);
}
