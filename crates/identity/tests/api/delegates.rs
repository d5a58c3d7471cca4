//! Relatives who act for a member.

use chrono::{Duration, TimeZone, Utc};
use serde_json::{Value, json};
use unionhall_kernel::Clock;
use unionhall_testkit::{Reply, RosterMember, Session, TestApp, mobile};
use unionhall_web::Realm;

async fn member(app: &TestApp) -> (RosterMember, Session) {
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    (member, session)
}

async fn name(app: &TestApp, by: &(RosterMember, Session), delegate: &str, scopes: Value) -> Reply {
    let code = app.otp(&by.0.mobile, "confirm", Realm::Member).await;
    let body = json!({"mobile": delegate, "relation": "child", "scopes": scopes, "expires_on": "2026-12-31", "code": code});
    app.post("/v1/me/delegates", body).by(&by.1).await
}

async fn step(app: &TestApp, by: &Session, id: &Value, step: &str) -> Reply {
    let side = if step == "revoke" { "delegates" } else { "delegations" };
    app.post(&format!("/v1/me/{side}/{}/{step}", id.as_str().unwrap()), json!({})).by(by).await
}

async fn act(app: &TestApp, by: &Session, id: &Value) -> String {
    let opened = step(app, by, id, "session").await.expect(200);
    opened["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_daughter_acts_once_both_have_confirmed_and_both_are_on_record() {
    let app = TestApp::start().await;
    let (mother, daughter) = (member(&app).await, member(&app).await);
    let offered = name(&app, &mother, &daughter.0.mobile, json!(["view", "matters"])).await.expect(201);
    let id = &offered["id"];
    assert_eq!(app.sms.last(&daughter.0.mobile), Some("delegation_offered"));
    assert_eq!(step(&app, &daughter.1, id, "session").await.problem(404), "NOT_FOUND", "not accepted yet");
    let list = app.get("/v1/me/delegations").by(&daughter.1).await.expect(200);
    assert_eq!(
        (list["items"][0]["member_name"].as_str(), list["items"][0]["state"].as_str()),
        (Some("王*明"), Some("PROPOSED"))
    );
    step(&app, &daughter.1, id, "accept").await.expect(200);
    let held = act(&app, &daughter.1, id).await;
    let cards = app.get("/v1/me/cards").bearer(&held).await.expect(200);
    let card = format!("/v1/me/cards/{}", cards["items"][0]["id"].as_str().unwrap());
    app.post(&format!("{card}/report-loss"), json!({})).bearer(&held).await.expect(200);
    for (method, path) in [
        ("GET", format!("{card}/qr")),
        ("POST", format!("{card}/replace")),
        ("POST", "/v1/me/coupons".to_owned()),
        ("POST", "/v1/me/account-closing".to_owned()),
        ("POST", "/v1/me/delegates".to_owned()),
        ("GET", "/v1/auth/sessions".to_owned()),
    ] {
        let reply = app.request(method, &path).json(json!({})).key("a").bearer(&held).await;
        assert_eq!(reply.problem(403), "NOT_ON_BEHALF", "{method} {path}");
    }
    let row = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'card.report_lost' AND channel = 'delegate' \
         AND actor_person = '{}' AND on_behalf_of = '{}'",
        daughter.0.person, mother.0.person
    );
    assert_eq!(app.number(&row).await, 1);
    let seen = app.get("/v1/me/data-accesses").by(&mother.1).await.expect(200);
    assert_eq!(seen["items"][0]["action"], "card.report_lost");
}

#[tokio::test]
async fn either_side_ends_it_at_once() {
    let app = TestApp::start().await;
    let (mother, son) = (member(&app).await, member(&app).await);
    for ends in ["revoke", "decline"] {
        let id = name(&app, &mother, &son.0.mobile, json!(["view"])).await.expect(201)["id"].clone();
        step(&app, &son.1, &id, "accept").await.expect(200);
        let held = act(&app, &son.1, &id).await;
        app.get("/v1/me").bearer(&held).await.expect(200);
        let by = if ends == "revoke" { &mother.1 } else { &son.1 };
        assert_eq!(step(&app, by, &id, ends).await.expect(200)["state"], "REVOKED");
        assert_eq!(app.get("/v1/me").bearer(&held).await.problem(401), "UNAUTHENTICATED", "{ends}");
        assert_eq!(step(&app, &son.1, &id, "session").await.problem(409), "INVALID_STATE");
        assert_eq!(step(&app, &son.1, &id, "accept").await.problem(409), "INVALID_STATE");
        app.advance(Duration::seconds(61)).await;
    }
    let own = app.get("/v1/me/delegates").by(&mother.1).await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 2, "what ended stays on record");
    let looked_only = app.number("SELECT count(*) FROM audit_event WHERE action = 'delegate.act'").await;
    assert_eq!(looked_only, 2);
}

#[tokio::test]
async fn a_view_changes_nothing_and_a_stranger_sees_nothing() {
    let app = TestApp::start().await;
    let (mother, son, stranger) = (member(&app).await, member(&app).await, member(&app).await);
    let id = name(&app, &mother, &son.0.mobile, json!(["view"])).await.expect(201)["id"].clone();
    for what in ["accept", "decline", "session"] {
        assert_eq!(step(&app, &stranger.1, &id, what).await.problem(404), "NOT_FOUND", "{what}");
    }
    assert_eq!(step(&app, &son.1, &id, "revoke").await.problem(404), "NOT_FOUND");
    assert_eq!(step(&app, &mother.1, &id, "accept").await.problem(404), "NOT_FOUND");
    let none = app.get("/v1/me/delegations").by(&stranger.1).await.expect(200);
    assert_eq!(none["items"], json!([]));
    step(&app, &son.1, &id, "accept").await.expect(200);
    let held = act(&app, &son.1, &id).await;
    let cards = app.get("/v1/me/cards").bearer(&held).await.expect(200);
    let card = format!("/v1/me/cards/{}", cards["items"][0]["id"].as_str().unwrap());
    let lost = app.post(&format!("{card}/report-loss"), json!({})).bearer(&held).await;
    assert_eq!(lost.problem(403), "NOT_ON_BEHALF");
}

#[tokio::test]
async fn it_ends_with_its_last_day_in_shanghai() {
    let app = TestApp::start().await;
    let (mother, son) = (member(&app).await, member(&app).await);
    let code = app.otp(&mother.0.mobile, "confirm", Realm::Member).await;
    let body = json!({"mobile": son.0.mobile, "relation": "child", "scopes": ["view"], "expires_on": "2026-11-20", "code": code});
    let id = app.post("/v1/me/delegates", body).by(&mother.1).await.expect(201)["id"].clone();
    step(&app, &son.1, &id, "accept").await.expect(200);
    let midnight = Utc.with_ymd_and_hms(2026, 11, 20, 16, 0, 0).unwrap();
    app.advance(midnight - app.clock.now() - Duration::minutes(5)).await;
    let son = (son.0.clone(), app.login_member(&son.0.mobile).await);
    let held = act(&app, &son.1, &id).await;
    app.advance(Duration::minutes(5) - Duration::milliseconds(1)).await;
    app.get("/v1/me").bearer(&held).await.expect(200);
    app.advance(Duration::milliseconds(1)).await;
    app.services.identity.states.forget(mother.1.account);
    assert_eq!(app.get("/v1/me").bearer(&held).await.status, 401);
    assert_eq!(step(&app, &son.1, &id, "session").await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn what_cannot_be_offered_is_refused() {
    let app = TestApp::start().await;
    let mother = member(&app).await;
    let phone = mobile();
    assert_eq!(name(&app, &mother, &mother.0.mobile, json!(["view"])).await.problem(409), "INVALID_STATE");
    app.advance(Duration::seconds(61)).await;
    name(&app, &mother, &phone, json!(["view"])).await.expect(201);
    app.advance(Duration::seconds(61)).await;
    assert_eq!(name(&app, &mother, &phone, json!(["view"])).await.problem(409), "APPLICATION_OPEN");
    let offer = |change: Value| {
        let mut body = json!({"mobile": mobile(), "relation": "child", "scopes": ["view"], "expires_on": "2026-12-31", "code": "000000"});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        app.post("/v1/me/delegates", body).by(&mother.1)
    };
    for (change, pointer) in [
        (json!({"expires_on": "2026-11-19"}), "/expires_on"),
        (json!({"expires_on": "2028-01-01"}), "/expires_on"),
        (json!({"scopes": []}), "/scopes"),
        (json!({"scopes": ["everything"]}), "/scopes/0"),
        (json!({"mobile": "123"}), "/mobile"),
        (json!({"code": "1"}), "/code"),
    ] {
        assert_eq!(offer(change).await.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(offer(json!({})).await.problem(401), "OTP_INVALID");
    let newcomer = app.login_member(&mobile()).await;
    assert_eq!(app.get("/v1/me/delegations").by(&newcomer).await.problem(403), "LEVEL_TOO_LOW");
}
