//! Chairs of basic unions on their phones: one person, two roles, a bound device; and cadres who cannot get in.

use std::future::IntoFuture;

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, PASSWORD, Reply, Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

async fn chair(app: &TestApp) -> (CadreHandle, String) {
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    (app.cadre(&code, RoleName::Leader).await, code)
}

async fn login(app: &TestApp, chair: &CadreHandle, device: &str, binding: Option<&str>) -> Reply {
    // Codes are sent once a minute.
    app.advance(Duration::seconds(61)).await;
    let otp = app.otp(&chair.mobile, "second_factor", Realm::Cadre).await;
    let mut body = json!({"username": chair.username, "password": PASSWORD, "otp": otp,
                          "device": {"id": device, "platform": "android"}});
    if let Some(code) = binding {
        body["binding_code"] = json!(code);
    }
    app.post("/v1/auth/login/password", body).await
}

async fn binding_code(app: &TestApp, by: &Session) -> String {
    let made = app.post("/v1/auth/bound-devices", json!({})).by(by).await.expect(200);
    made["code"].as_str().unwrap().to_owned()
}

async fn recover(app: &TestApp, by: &Session, post: Uuid, lost: &str) -> Reply {
    let path = format!("/v1/admin/posts/{post}");
    let tag = app.get(&path).by(by).await.etag();
    let body = json!({"lost": lost, "reason": "本人到场，核对证件"});
    app.post(&format!("{path}/recover"), body).by(by).if_match(&tag).await
}

#[tokio::test]
async fn password_and_sim_card_open_nothing_on_a_strange_phone() {
    let app = TestApp::start().await;
    let (chair, _) = chair(&app).await;
    let refused = login(&app, &chair, "strange", None).await;
    assert_eq!(refused.json()["factors"], json!(["binding_code"]));
    assert_eq!(refused.problem(401), "DEVICE_NOT_BOUND");
    assert_eq!(login(&app, &chair, "strange", Some("00000000")).await.problem(401), "DEVICE_NOT_BOUND");
    let code = binding_code(&app, &chair.session).await;
    app.advance(Duration::minutes(9) - Duration::seconds(1)).await;
    let own = Session::of(login(&app, &chair, &format!("device-{}", chair.mobile), None).await);
    assert_eq!(
        login(&app, &chair, "second", Some(&code)).await.problem(401),
        "DEVICE_NOT_BOUND",
        "ten minutes"
    );
    let (void, code) = (binding_code(&app, &own).await, binding_code(&app, &own).await);
    assert_eq!(login(&app, &chair, "second", Some(&void)).await.problem(401), "DEVICE_NOT_BOUND");
    let second = Session::of(login(&app, &chair, "second", Some(&code)).await);
    app.get("/v1/admin/join-applications").by(&second).await.expect(200);
    assert_eq!(login(&app, &chair, "third", Some(&code)).await.problem(401), "DEVICE_NOT_BOUND", "good once");
    let again = Session::of(login(&app, &chair, "second", None).await);
    let list = app.get("/v1/auth/bound-devices").by(&again).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let release = |device: &str| {
        app.post("/v1/auth/bound-devices/release", json!({"device_id": device})).by(&again).into_future()
    };
    assert_eq!(release("none").await.problem(404), "NOT_FOUND");
    assert_eq!(release(&format!("device-{}", chair.mobile)).await.status, 204);
    app.advance(Duration::seconds(1)).await;
    let gone = app.get("/v1/auth/bound-devices").by(&own).await;
    assert_eq!(gone.problem(401), "UNAUTHENTICATED", "sessions on it are over");
    assert_eq!(release("second").await.problem(409), "INVALID_STATE", "the last one stays");
    let member = app.login_member(&mobile()).await;
    assert_eq!(app.get("/v1/auth/bound-devices").by(&member).await.problem(403), "FORBIDDEN");
}

#[tokio::test]
async fn a_chair_approves_in_the_member_app() {
    let app = TestApp::start().await;
    let (chair, _) = chair(&app).await;
    // The same natural person, as a member, on the same phone.
    let statement = json!({"name": "李建国", "id_type": "citizen_id", "id_number": chair.id_number});
    let member = app.login_member(&chair.mobile).await;
    let apply = json!({"union_id": chair.union, "statement": statement});
    let own = app.post("/v1/me/join-applications", apply).by(&member).key("own").await.expect(201);
    let county = app.cadre("410102", RoleName::Leader).await.session;
    let path = format!("/v1/admin/join-applications/{}", own["id"].as_str().unwrap());
    let tag = app.get(&path).by(&county).await.etag();
    app.post(&format!("{path}/approve"), json!({})).by(&county).if_match(&tag).await.expect(200);
    let colleague = app.login_member(&mobile()).await;
    let statement = json!({"name": "王小明", "id_type": "citizen_id", "id_number": citizen()});
    let apply = json!({"union_id": chair.union, "statement": statement});
    let theirs = app.post("/v1/me/join-applications", apply).by(&colleague).key("a").await.expect(201);
    app.advance(Duration::seconds(61)).await;
    let roles = app.get("/v1/auth/roles").by(&member).await.expect(200);
    let role =
        roles["items"].as_array().unwrap().iter().find(|r| r["role"] == "leader").unwrap()["role_id"].clone();
    let switch = async |by: &Session| {
        app.advance(Duration::seconds(61)).await;
        let otp = app.otp(&chair.mobile, "second_factor", Realm::Cadre).await;
        app.post("/v1/auth/switch", json!({"role_id": role, "otp": otp})).by(by).await
    };
    let without = app.post("/v1/auth/switch", json!({"role_id": role})).by(&member).await;
    assert_eq!(without.problem(401), "SECOND_FACTOR_REQUIRED");
    let acting = Session::of(switch(&member).await);
    let body = json!({"ids": [theirs["id"]], "action": "approve"});
    let done = app.post("/v1/admin/join-applications/batch", body).by(&acting).await.expect(200);
    assert_eq!(done["done"], 1);
    // Somebody with the SIM card in another phone is a member there and no more.
    app.advance(Duration::seconds(61)).await;
    let code = app.otp(&chair.mobile, "login", Realm::Member).await;
    let body = json!({"mobile": chair.mobile, "code": code, "device": {"id": "strange", "platform": "android"}, "consents": []});
    let elsewhere = Session::of(app.post("/v1/auth/login/otp", body).await);
    assert_eq!(switch(&elsewhere).await.problem(401), "DEVICE_NOT_BOUND");
}

#[tokio::test]
async fn who_may_grant_all_posts_of_a_cadre_lets_them_in_again() {
    let app = TestApp::start().await;
    let (chair, _) = chair(&app).await;
    let security = app.cadre("410102", RoleName::SecurityAdmin).await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let foreign = app.cadre("410103", RoleName::SecurityAdmin).await;
    assert_eq!(
        recover(&app, &leader.session, chair.post, "device").await.problem(403),
        "GRANT_EXCEEDS_CEILING"
    );
    let path = format!("/v1/admin/posts/{}/recover", chair.post);
    let body = json!({"lost": "device", "reason": "本人到场"});
    let outside = app.post(&path, body).by(&foreign.session).if_match("\"v1\"").await;
    assert_eq!(outside.problem(404), "NOT_FOUND");
    assert_eq!(
        recover(&app, &security.session, security.post, "login").await.problem(403),
        "NOT_ANOTHER_PERSON"
    );
    recover(&app, &security.session, chair.post, "device").await.expect(200);
    assert_eq!(app.sms.last(&chair.mobile), Some("devices_released"));
    app.advance(Duration::seconds(1)).await;
    assert_eq!(app.get("/v1/admin/members").by(&chair.session).await.problem(401), "UNAUTHENTICATED");
    let new = Session::of(login(&app, &chair, "new-phone", None).await);
    app.get("/v1/admin/members").by(&new).await.expect(200);
    let old = login(&app, &chair, &format!("device-{}", chair.mobile), None).await;
    assert_eq!(old.problem(401), "DEVICE_NOT_BOUND", "the lost phone is a stranger now");
}

#[tokio::test]
async fn a_lost_password_or_authenticator_is_set_anew_with_the_mobile_on_record() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let security = app.cadre("410102", RoleName::SecurityAdmin).await.session;
    recover(&app, &security, officer.post, "login").await.expect(200);
    assert_eq!(app.sms.last(&officer.mobile), Some("login_reset"));
    let body = json!({"username": officer.username, "password": PASSWORD});
    assert_eq!(app.post("/v1/auth/login/password", body).await.problem(401), "LOGIN_FAILED");
    let refused = recover(&app, &security, officer.post, "device").await;
    assert_eq!(refused.problem(409), "INVALID_STATE", "nothing is bound before it is activated");
    recover(&app, &security, officer.post, "login").await.expect(200);
    let code = app.otp(&officer.mobile, "confirm", Realm::Cadre).await;
    let activate = json!({"mobile": officer.mobile, "code": code, "password": PASSWORD});
    let secret = app.post("/v1/auth/activate", activate).await.expect(200)["totp_secret"].clone();
    assert_ne!(secret.as_str(), officer.totp.as_deref());
    let session = app.login_cadre(Realm::Cadre, &officer.username, secret.as_str(), &officer.mobile).await;
    app.get("/v1/admin/members").by(&session).await.expect(200);
}

#[tokio::test]
async fn nobody_reaches_a_post_elsewhere_through_one_at_home() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let security = app.cadre("410102", RoleName::SecurityAdmin).await.session;
    let city = app.cadre("4101", RoleName::SecurityAdmin).await.session;
    app.sql(&format!(
        "INSERT INTO post (id, person_id, org_id, path, role, valid_from, granted_at) \
         SELECT gen_random_uuid(), '{}', id, path, 'officer', now(), now() FROM org WHERE code = '410103'",
        officer.person
    ))
    .await;
    for lost in ["device", "login"] {
        assert_eq!(recover(&app, &security, officer.post, lost).await.problem(403), "GRANT_EXCEEDS_CEILING");
    }
    recover(&app, &city, officer.post, "login").await.expect(200);
    let noted: Value = app.get(&format!("/v1/admin/posts/{}", officer.post)).by(&city).await.expect(200);
    assert_eq!(noted["revoked_at"], Value::Null, "the posts stay");
}
