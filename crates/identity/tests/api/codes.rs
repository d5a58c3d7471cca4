//! One-time codes.

use std::future::IntoFuture;

use chrono::Duration;
use serde_json::json;
use unionhall_testkit::{TestApp, mobile};
use unionhall_web::Realm;

fn login_body(mobile: &str, code: &str) -> serde_json::Value {
    json!({
        "mobile": mobile,
        "code": code,
        "device": {"id": "d1", "platform": "android"},
        "consents": [],
    })
}

#[tokio::test]
async fn a_code_logs_in_once() {
    let app = TestApp::start().await;
    let number = mobile();
    let code = app.otp(&number, "login", Realm::Member).await;
    let body = login_body(&number, &code);
    let first = app.post("/v1/auth/login/otp", body.clone()).await.expect(200);
    assert_eq!(first["is_new"], true);
    assert_eq!(first["real_name_level"], 0);
    assert_eq!(first["consents_due"], json!(["terms", "privacy"]));
    assert_eq!(app.post("/v1/auth/login/otp", body).await.problem(401), "OTP_INVALID");
}

#[tokio::test]
async fn thirty_two_uses_of_one_code_at_once_open_one_session() {
    let app = TestApp::start().await;
    let number = mobile();
    let code = app.otp(&number, "login", Realm::Member).await;
    let tries = (0..32).map(|_| app.post("/v1/auth/login/otp", login_body(&number, &code)).into_future());
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    assert_eq!(app.number("SELECT count(*) FROM session").await, 1);
}

#[tokio::test]
async fn five_wrong_tries_burn_a_code_however_parallel() {
    let app = TestApp::start().await;
    let number = mobile();
    let code = app.otp(&number, "login", Realm::Member).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let tries = (0..20).map(|_| app.post("/v1/auth/login/otp", login_body(&number, wrong)).into_future());
    for reply in futures_util::future::join_all(tries).await {
        assert_eq!(reply.problem(401), "OTP_INVALID");
    }
    let late = app.post("/v1/auth/login/otp", login_body(&number, &code)).await;
    assert_eq!(late.problem(401), "OTP_INVALID", "the right code is burned");
    assert_eq!(app.number("SELECT max(tries) FROM otp").await, 5);
}

#[tokio::test]
async fn a_code_dies_after_five_minutes_and_serves_one_purpose() {
    let app = TestApp::start().await;
    let number = mobile();
    let code = app.otp(&number, "login", Realm::Member).await;
    app.advance(Duration::seconds(300)).await;
    let late = app.post("/v1/auth/login/otp", login_body(&number, &code)).await;
    assert_eq!(late.problem(401), "OTP_INVALID");
    let confirm = app.otp(&number, "confirm", Realm::Member).await;
    let other = app.post("/v1/auth/login/otp", login_body(&number, &confirm)).await;
    assert_eq!(other.problem(401), "OTP_INVALID");
}

#[tokio::test]
async fn a_number_waits_a_minute_and_has_ten_a_day() {
    let app = TestApp::start().await;
    let number = mobile();
    let ask = || app.post("/v1/auth/otp", json!({"mobile": number, "purpose": "login"})).into_future();
    let together = futures_util::future::join_all((0..8).map(|_| ask())).await;
    assert_eq!(together.iter().filter(|r| r.status == 202).count(), 1, "one slot, however many ask");
    for _ in 1..10 {
        app.advance(Duration::seconds(60)).await;
        ask().await.expect(202);
    }
    app.advance(Duration::seconds(60)).await;
    let eleventh = ask().await;
    assert_eq!(eleventh.problem(429), "OTP_TOO_OFTEN");
    assert!(eleventh.header("retry-after").is_some());
    assert_eq!(app.sms.count(&number), 10);
    app.advance(Duration::hours(24)).await;
    ask().await.expect(202);
}

#[tokio::test]
async fn strangers_and_blocked_accounts_get_the_same_answer_and_no_message() {
    let app = TestApp::start().await;
    let (stranger, blocked) = (mobile(), mobile());
    let session = app.login_member(&blocked).await;
    app.sql(&format!("UPDATE account SET state = 'SUSPENDED' WHERE id = '{}'", session.account)).await;
    app.advance(Duration::seconds(60)).await;
    let before = app.sms.count(&blocked);
    let unknown = app
        .post("/v1/auth/otp", json!({"mobile": stranger, "purpose": "second_factor", "realm": "cadre"}))
        .await
        .expect(202);
    let suspended =
        app.post("/v1/auth/otp", json!({"mobile": blocked, "purpose": "login"})).await.expect(202);
    assert_eq!(unknown, suspended);
    assert_eq!((app.sms.count(&stranger), app.sms.count(&blocked)), (0, before));
}

#[tokio::test]
async fn odd_mobiles_are_accepted_or_named() {
    let app = TestApp::start().await;
    for good in ["+86 138-0013-8000", "１３８００１３８００１", "0086 13800138002"] {
        app.post("/v1/auth/otp", json!({"mobile": good, "purpose": "login"})).await.expect(202);
    }
    for bad in ["12345678901", "1380013800", "", "010-65222222"] {
        let reply = app.post("/v1/auth/otp", json!({"mobile": bad, "purpose": "login"})).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["pointer"], "/mobile");
        assert_eq!(reply.json()["errors"][0]["code"], "MOBILE_FORMAT");
    }
}

#[tokio::test]
async fn who_asks_in_public_keeps_nobody_from_the_second_factor() {
    let app = TestApp::start().await;
    let number = mobile();
    for _ in 0..10 {
        app.otp(&number, "login", Realm::Member).await;
        app.advance(Duration::seconds(61)).await;
    }
    let ask = |purpose: &str| {
        let body = json!({"mobile": number, "purpose": purpose});
        app.post("/v1/auth/otp", body).into_future()
    };
    assert_eq!(ask("login").await.problem(429), "OTP_TOO_OFTEN");
    ask("second_factor").await.expect(202);
}

#[tokio::test]
async fn a_code_to_confirm_goes_to_the_accounts_own_mobile() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let body = json!({"purpose": "confirm"});
    assert_eq!(app.post("/v1/auth/otp", body.clone()).await.problem(422), "VALIDATION_FAILED");
    app.post("/v1/auth/otp", body).by(&session).await.expect(202);
    let code = app.sms.code(&number).unwrap();
    app.post("/v1/me/data", json!({"code": code})).by(&session).await.expect(200);
}
