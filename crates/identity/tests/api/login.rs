//! Passwords and second factors.

use chrono::Duration;
use serde_json::json;
use unionhall_identity::totp;
use unionhall_kernel::Clock as _;
use unionhall_testkit::{PASSWORD, TestApp};
use unionhall_web::{Realm, RoleName};

#[tokio::test]
async fn a_county_cadre_needs_totp_and_a_code_serves_once() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    app.advance(Duration::seconds(60)).await;
    let login = |body: serde_json::Value| app.post("/v1/auth/login/password", body).into_future();
    let without = login(json!({"username": cadre.username, "password": PASSWORD})).await;
    assert_eq!(without.problem(401), "SECOND_FACTOR_REQUIRED");
    assert_eq!(without.json()["factors"], json!(["totp"]));
    let secret = cadre.totp.clone().unwrap();
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let code = totp::code(&secret, totp::step_at(app.clock.now()));
    let body = json!({"username": cadre.username.to_uppercase(), "password": PASSWORD, "totp": code});
    let ok = login(body.clone()).await.expect(200);
    assert_eq!(ok["account"]["realm"], "cadre");
    assert_eq!(ok["account"]["roles"][0]["role"], "leader");
    assert_eq!(ok["account"]["roles"][0]["current"], true);
    assert_eq!(ok["token_type"], "Bearer");
    assert_eq!(login(body).await.problem(401), "SECOND_FACTOR_FAILED", "a TOTP step is used once");
}

#[tokio::test]
async fn below_the_county_a_code_and_a_device_stand_in() {
    let app = TestApp::start().await;
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    let cadre = app.cadre(&code, RoleName::Officer).await;
    assert!(cadre.totp.is_none());
    let body = json!({"username": cadre.username, "password": PASSWORD});
    let reply = app.post("/v1/auth/login/password", body).await;
    assert_eq!(reply.problem(401), "SECOND_FACTOR_REQUIRED");
    assert_eq!(reply.json()["factors"], json!(["otp", "device"]));
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_look_alike_and_slow_down() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let attempt = |name: &str| {
        let body = json!({"username": name, "password": "wrong-password"});
        app.post("/v1/auth/login/password", body).into_future()
    };
    for name in [cadre.username.as_str(), "nobody.at.all"] {
        for _ in 0..4 {
            assert_eq!(attempt(name).await.problem(401), "LOGIN_FAILED");
        }
        let delayed = attempt(name).await;
        assert_eq!(delayed.problem(429), "LOGIN_DELAYED");
        assert_eq!(delayed.header("retry-after"), Some("1"));
    }
    app.advance(Duration::seconds(31)).await;
    app.login_cadre(Realm::Cadre, &cadre.username, cadre.totp.as_deref(), &cadre.mobile).await;
}

#[tokio::test]
async fn nobody_can_slow_down_a_device_the_account_knows() {
    let app = TestApp::start().await;
    let (_, code) = app.union_under("410102", "中原机械厂工会").await;
    let cadre = app.cadre(&code, RoleName::Officer).await;
    for _ in 0..6 {
        let body = json!({"username": cadre.username, "password": "wrong-password"});
        let refused = app.post("/v1/auth/login/password", body).await;
        assert!([401, 429].contains(&refused.status), "{}", refused.text());
    }
    app.advance(Duration::seconds(61)).await;
    for _ in 0..1 {
        let body = json!({"username": cadre.username, "password": "wrong-password"});
        assert_eq!(app.post("/v1/auth/login/password", body).await.status, 401);
    }
    // The stranger's failures have just delayed the name; the cadre's own phone is not concerned.
    app.login_cadre(Realm::Cadre, &cadre.username, None, &cadre.mobile).await;
}

#[tokio::test]
async fn passwords_change_and_every_session_ends() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let change = |present: &str, new: &str| {
        let body = json!({"present": present, "new": new});
        app.post("/v1/auth/password", body).by(&cadre.session).into_future()
    };
    assert_eq!(change("not-the-password", "another-good-one").await.problem(401), "LOGIN_FAILED");
    let weak = change(PASSWORD, "1234567890").await;
    assert_eq!(weak.problem(422), "VALIDATION_FAILED");
    assert_eq!(weak.json()["errors"][0]["code"], "PASSWORD_COMMON");
    assert_eq!(change(PASSWORD, "another-good-one").await.status, 204);
    assert_eq!(app.get("/v1/auth/roles").by(&cadre.session).await.problem(401), "UNAUTHENTICATED");
    let old = json!({"username": cadre.username, "password": PASSWORD});
    assert_eq!(app.post("/v1/auth/login/password", old).await.problem(401), "LOGIN_FAILED");
}

#[tokio::test]
async fn guessing_the_present_password_slows_down_and_the_login_does_not() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let change = |present: &str| {
        let body = json!({"present": present, "new": "another-good-one"});
        app.post("/v1/auth/password", body).by(&cadre.session).into_future()
    };
    for _ in 0..4 {
        assert_eq!(change("not-the-password").await.problem(401), "LOGIN_FAILED");
    }
    let delayed = change(PASSWORD).await;
    assert_eq!(delayed.problem(429), "LOGIN_DELAYED");
    assert_eq!(delayed.header("retry-after"), Some("1"));
    app.advance(Duration::seconds(31)).await;
    let again = app.login_cadre(Realm::Cadre, &cadre.username, cadre.totp.as_deref(), &cadre.mobile).await;
    let body = json!({"present": PASSWORD, "new": "another-good-one"});
    assert_eq!(app.post("/v1/auth/password", body).by(&again).await.status, 204);
    assert_eq!(app.number("SELECT count(*) FROM account_failure").await, 0);
}

#[tokio::test]
async fn nothing_personal_is_answered_by_a_failed_login() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let body = json!({"username": cadre.username, "password": PASSWORD});
    let text = app.post("/v1/auth/login/password", body).await.text();
    assert!(!text.contains(&cadre.mobile) && !text.contains(&cadre.person.to_string()));
}

#[tokio::test]
async fn tries_sent_together_wait_like_tries_sent_one_after_another() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let body = json!({"username": cadre.username, "password": "wrong-password"});
    let tries = (0..20).map(|_| app.post("/v1/auth/login/password", body.clone()).into_future());
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 401).count(), 4, "the rest were not judged");
    assert!(replies.iter().filter(|r| r.status != 401).all(|r| r.problem(429) == "LOGIN_DELAYED"));
}

#[tokio::test]
async fn asking_which_factor_is_needed_does_not_wash_failures_away() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let wrong = json!({"username": cadre.username, "password": PASSWORD, "totp": "000000"});
    let without = json!({"username": cadre.username, "password": PASSWORD});
    let login = |body: &serde_json::Value| app.post("/v1/auth/login/password", body.clone()).into_future();
    for _ in 0..4 {
        assert_eq!(login(&without).await.problem(401), "SECOND_FACTOR_REQUIRED");
        assert_eq!(login(&wrong).await.problem(401), "SECOND_FACTOR_FAILED");
    }
    assert_eq!(login(&wrong).await.problem(429), "LOGIN_DELAYED");
}
