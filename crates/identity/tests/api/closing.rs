//! Leaving the platform.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_gateway::upkeep;
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::Realm;

async fn ask(app: &TestApp, by: &Session, number: &str) -> Reply {
    let code = app.otp(number, "confirm", Realm::Member).await;
    app.post("/v1/me/account-closing", json!({"code": code})).by(by).await
}

/// What runs once a day.
async fn daily(app: &TestApp) {
    let core = app.core();
    upkeep::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
    app.drain().await;
}

async fn at(app: &TestApp, instant: &str) {
    app.clock.set(instant.parse().unwrap());
    app.services.identity.states.poll().await.unwrap();
    daily(app).await;
}

async fn state_of(app: &TestApp, session: &Session, state: &str) -> bool {
    let query =
        format!("SELECT count(*) FROM account WHERE id = '{}' AND state = '{state}'", session.account);
    app.number(&query).await == 1
}

#[tokio::test]
async fn an_account_closes_on_the_seventh_day_and_its_mobile_is_free() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    app.drain().await;
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    assert_eq!(session.body["closes_on"], Value::Null);
    assert_eq!(app.get("/v1/me/account-closing").by(&session).await.problem(404), "NOT_FOUND");
    let asked = ask(&app, &session, &member.mobile).await.expect(200);
    assert_eq!(asked["closes_on"], "2026-11-27");
    assert!(asked["notice"].as_str().unwrap().contains("会籍、会员卡和资金记录依法保留"));
    assert_eq!(app.sms.last(&member.mobile), Some("account_closing"));
    let shown = app.get("/v1/me/account-closing").by(&session).await.expect(200);
    assert_eq!(shown, asked);
    // Until the last second of the sixth day everything works, and every login shows the day.
    at(&app, "2026-11-26T15:59:59Z").await;
    assert!(state_of(&app, &session, "ACTIVE").await);
    let last = app.login_member(&member.mobile).await;
    assert_eq!((last.account, &last.body["closes_on"]), (session.account, &json!("2026-11-27")));
    at(&app, "2026-11-26T16:00:00Z").await;
    assert!(state_of(&app, &session, "CLOSED").await);
    assert_eq!(app.get("/v1/me").by(&last).await.problem(401), "UNAUTHENTICATED");
    let refresh = json!({"refresh_token": last.refresh, "device_id": format!("device-{}", member.mobile)});
    assert_eq!(app.post("/v1/auth/refresh", refresh).await.problem(401), "REFRESH_INVALID");
    assert_eq!(app.sms.last(&member.mobile), Some("account_closed"));
    let left = format!(
        "SELECT count(*) FROM account a WHERE a.id = '{}' AND (a.mobile IS NOT NULL OR a.mobile_index IS NOT NULL \
         OR EXISTS (SELECT FROM consent WHERE account_id = a.id AND withdrawn_at IS NULL) \
         OR EXISTS (SELECT FROM session WHERE account_id = a.id AND ended_at IS NULL) \
         OR EXISTS (SELECT FROM account_device WHERE account_id = a.id))",
        session.account
    );
    assert_eq!(app.number(&left).await, 0);
    let stays = format!(
        "SELECT count(*) FROM membership WHERE person_id = '{}' AND state = 'ACTIVE' AND superseded_at IS NULL",
        member.person
    );
    assert_eq!(app.number(&stays).await, 1);
    // The mobile opens a new account, and the member is the member they were.
    app.advance(Duration::seconds(61)).await;
    let again = app.login_member(&member.mobile).await;
    assert_ne!(again.account, session.account);
    assert_eq!((&again.body["is_new"], &again.body["real_name_level"]), (&json!(true), &json!(0)));
    app.prove(&again, &member).await;
    let after = app.get("/v1/me/cards").by(&again).await.expect(200);
    assert_eq!(after["items"][0]["id"], cards["items"][0]["id"]);
}

#[tokio::test]
async fn thinking_again_keeps_the_account() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let cancel = || app.delete("/v1/me/account-closing").by(&session).into_future();
    assert_eq!(cancel().await.problem(404), "NOT_FOUND");
    ask(&app, &session, &number).await.expect(200);
    app.advance(Duration::seconds(60)).await;
    assert_eq!(ask(&app, &session, &number).await.problem(409), "APPLICATION_OPEN");
    assert_eq!(cancel().await.status, 204);
    assert_eq!(cancel().await.problem(404), "NOT_FOUND");
    app.advance(Duration::days(8)).await;
    daily(&app).await;
    assert!(state_of(&app, &session, "ACTIVE").await);
    let back = app.login_member(&number).await;
    assert_eq!((back.account, &back.body["closes_on"]), (session.account, &Value::Null));
}

#[tokio::test]
async fn it_takes_a_fresh_code_and_happens_once() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let post =
        |code: &str| app.post("/v1/me/account-closing", json!({"code": code})).by(&session).into_future();
    let code = app.otp(&number, "confirm", Realm::Member).await;
    assert_eq!(post("12345").await.problem(422), "VALIDATION_FAILED");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(post(wrong).await.problem(401), "OTP_INVALID");
    app.advance(Duration::seconds(300)).await;
    assert_eq!(post(&code).await.problem(401), "OTP_INVALID");
    let code = app.otp(&number, "confirm", Realm::Member).await;
    let both = join_all([post(&code), post(&code)]).await;
    let mut statuses: Vec<u16> = both.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    // Nobody else's account is due, and a second run finds nothing.
    let other = app.login_member(&mobile()).await;
    app.advance(Duration::days(7)).await;
    daily(&app).await;
    daily(&app).await;
    assert!(state_of(&app, &session, "CLOSED").await && state_of(&app, &other, "ACTIVE").await);
    assert_eq!(app.number("SELECT count(*) FROM account_closing").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'account.close'").await, 1);
}
