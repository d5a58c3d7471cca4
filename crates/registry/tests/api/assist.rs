//! Acting for members at the counter, on the hotline and from paper.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

const OPEN: &str = "/v1/admin/assisted-sessions";

async fn form(app: &TestApp, by: &Session) -> Value {
    let upload = app.request("POST", "/v1/files").by(by);
    let upload = upload.form(&[("purpose", "on_behalf_form")], Some(b"%PDF-1.7 signed %%EOF"));
    upload.await.expect(201)["id"].clone()
}

async fn help(app: &TestApp, by: &Session, member: Uuid, way: &str) -> Reply {
    let mut body = json!({"member_id": member, "way": way, "reason": "本人到柜台办理"});
    if way != "hotline" {
        body["form_file_id"] = form(app, by).await;
    }
    app.post(OPEN, body).by(by).await
}

fn token(reply: Reply) -> String {
    reply.expect(201)["access_token"].as_str().unwrap().to_owned()
}

async fn clerk(app: &TestApp) -> CadreHandle {
    app.cadre("410102", RoleName::Officer).await
}

#[tokio::test]
async fn a_member_without_a_phone_gets_a_card_and_a_new_one_when_it_is_lost() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let member = app.on_roster("410102").await;
    let held = token(help(&app, &clerk.session, member.person, "counter").await);
    let me = app.get("/v1/me").bearer(&held).await.expect(200);
    assert_eq!((me["real_name_level"].as_i64(), me["mobile"].as_str()), (Some(1), None));
    let cards = app.get("/v1/me/cards").bearer(&held).await.expect(200);
    let card = format!("/v1/me/cards/{}", cards["items"][0]["id"].as_str().unwrap());
    app.post(&format!("{card}/report-loss"), json!({})).bearer(&held).await.expect(200);
    let new = app.post(&format!("{card}/replace"), json!({})).bearer(&held).await.expect(200);
    assert_eq!(new["state"], "ACTIVE");
    let rows = format!(
        "SELECT count(*) FROM audit_event WHERE on_behalf_of = '{}' AND actor_person = '{}' AND channel = 'counter' \
         AND action IN ('card.report_lost', 'card.replace')",
        member.person, clerk.person
    );
    assert_eq!(app.number(&rows).await, 2, "both persons are on record");
    // Later, with a phone after all, the member sees who did what for them.
    let session = app.login_member(&member.mobile).await;
    let reply = app
        .post(
            "/v1/me/real-name",
            json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number}),
        )
        .by(&session);
    assert_eq!(reply.await.expect(200)["outcome"], "already_claimed");
    let seen = app.get("/v1/me/data-accesses").bearer(&held).await.expect(200);
    let actions: Vec<&str> =
        seen["items"].as_array().unwrap().iter().map(|i| i["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"card.replace") && actions.contains(&"member.assist"), "{actions:?}");
}

#[tokio::test]
async fn what_is_the_members_own_alone_stays_so() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let member = app.on_roster("410102").await;
    let own = app.login_member(&member.mobile).await;
    app.prove(&own, &member).await;
    let held = token(help(&app, &clerk.session, member.person, "counter").await);
    let cards = app.get("/v1/me/cards").bearer(&held).await.expect(200);
    let card = format!("/v1/me/cards/{}", cards["items"][0]["id"].as_str().unwrap());
    for (method, path) in [
        ("GET", format!("{card}/qr")),
        ("POST", format!("{card}/till-code")),
        ("GET", "/v1/auth/sessions".to_owned()),
        ("POST", "/v1/auth/logout-everywhere".to_owned()),
        ("GET", "/v1/auth/roles".to_owned()),
    ] {
        let reply = app.request(method, &path).json(json!({})).bearer(&held).await;
        assert_eq!(reply.problem(403), "NOT_ON_BEHALF", "{method} {path}");
    }
    let call = token(help(&app, &clerk.session, member.person, "hotline").await);
    app.post(&format!("{card}/report-loss"), json!({})).bearer(&call).await.expect(200);
    let replaced = app.post(&format!("{card}/replace"), json!({})).bearer(&call).await;
    assert_eq!(replaced.problem(403), "NOT_ON_BEHALF", "nothing is signed on a call");
    let missing = app.post(&format!("{card}/replace"), json!({})).by(&own).await;
    assert_eq!(missing.json()["errors"][0]["code"], "REQUIRED", "by oneself it takes the code");
    // The member sees the session, and ends it.
    let sessions = app.get("/v1/auth/sessions").by(&own).await.expect(200);
    let helped =
        sessions["items"].as_array().unwrap().iter().find(|s| s["platform"] == "counter").unwrap().clone();
    app.delete(&format!("/v1/auth/sessions/{}", helped["id"].as_str().unwrap())).by(&own).await.expect(204);
    app.advance(Duration::seconds(1)).await;
    assert_eq!(app.get("/v1/me").bearer(&held).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn nobody_helps_without_a_form_out_of_scope_or_themself() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let other = app.cadre("410102", RoleName::Registrar).await.session;
    let member = app.on_roster("410102").await;
    let foreign = app.on_roster("410103").await;
    let unsigned = json!({"member_id": member.person, "way": "counter", "reason": "到柜台办理"});
    let reply = app.post(OPEN, unsigned.clone()).by(&clerk.session).await;
    assert_eq!(reply.json()["errors"][0]["pointer"], "/form_file_id");
    let mut anothers = unsigned;
    anothers["form_file_id"] = form(&app, &other).await;
    let reply = app.post(OPEN, anothers).by(&clerk.session).await;
    assert_eq!(reply.json()["errors"][0]["code"], "FILE_UNKNOWN");
    assert_eq!(help(&app, &clerk.session, foreign.person, "counter").await.problem(404), "NOT_FOUND");
    assert_eq!(help(&app, &clerk.session, app.core().id(), "counter").await.problem(404), "NOT_FOUND");
    assert_eq!(help(&app, &clerk.session, clerk.person, "counter").await.problem(403), "NOT_ANOTHER_PERSON");
    let caller = help(&app, &clerk.session, member.person, "hotline").await;
    assert_eq!(caller.problem(409), "INVALID_STATE", "the first time takes a signature");
    let auditor = app.cadre("410102", RoleName::Reviewer).await.session;
    let body = json!({"member_id": member.person, "way": "hotline", "reason": "来电"});
    assert_eq!(app.post(OPEN, body).by(&auditor).await.problem(403), "FORBIDDEN");
    assert_eq!(app.number("SELECT count(*) FROM session_assist").await, 0);
}

#[tokio::test]
async fn the_form_is_seen_in_scope_and_the_session_dies_with_the_post_and_in_a_quarter_of_an_hour() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let foreign = app.cadre("410103", RoleName::Leader).await.session;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let opened = help(&app, &clerk.session, member.person, "paper").await;
    let place = opened.header("location").unwrap().to_owned();
    let held = token(opened);
    let seen = app.get(&place).by(&leader).await.expect(200);
    assert_eq!(app.get(seen["url"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.get(&place).by(&foreign).await.problem(404), "NOT_FOUND");
    app.sql(&format!("UPDATE post SET revoked_at = now() WHERE id = '{}'", clerk.post)).await;
    app.services.identity.states.forget(clerk.session.account);
    assert_eq!(app.get("/v1/me").bearer(&held).await.problem(401), "UNAUTHENTICATED");
    app.sql(&format!("UPDATE post SET revoked_at = NULL WHERE id = '{}'", clerk.post)).await;
    app.services.identity.states.forget(clerk.session.account);
    app.get("/v1/me").bearer(&held).await.expect(200);
    app.advance(Duration::minutes(15)).await;
    assert_eq!(app.get("/v1/me").bearer(&held).await.status, 401);
}

#[tokio::test]
async fn whoever_entered_an_application_for_a_member_does_not_decide_it() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let held = token(help(&app, &clerk.session, member.person, "counter").await);
    let evidence = app.request("POST", "/v1/files").bearer(&held);
    let evidence = evidence.form(&[("purpose", "correction_evidence")], Some(b"%PDF-1.7 id %%EOF"));
    let body = json!({"fields": {"job": "钳工"}, "evidence_file_ids": [evidence.await.expect(201)["id"]], "reason": "写错"});
    let made = app.post("/v1/me/corrections", body).bearer(&held).key("a").await.expect(201);
    let path = format!("/v1/admin/corrections/{}", made["id"].as_str().unwrap());
    let decide = async |by: &Session| {
        let tag = app.get(&path).by(by).await.etag();
        app.post(&format!("{path}/approve"), json!({})).by(by).if_match(&tag).await
    };
    assert_eq!(decide(&clerk.session).await.problem(403), "NOT_ANOTHER_PERSON");
    decide(&leader).await.expect(200);
}

#[tokio::test]
async fn two_clerks_at_once_make_one_account() {
    let app = TestApp::start().await;
    let (one, two) = (clerk(&app).await, clerk(&app).await);
    let member = app.on_roster("410102").await;
    let (first, second) = tokio::join!(
        help(&app, &one.session, member.person, "counter"),
        help(&app, &two.session, member.person, "counter")
    );
    let statuses = [first.status, second.status];
    assert!(statuses.contains(&201) && statuses.iter().all(|s| matches!(s, 201 | 409)), "{statuses:?}");
    let accounts =
        format!("SELECT count(*) FROM account WHERE person_id = '{}' AND realm = 'member'", member.person);
    assert_eq!(app.number(&accounts).await, 1);
}

#[tokio::test]
async fn a_clerk_is_not_named_delegate_by_their_own_hand() {
    let app = TestApp::start().await;
    let clerk = clerk(&app).await;
    let member = app.on_roster("410102").await;
    // The clerk, as a member of the union like anybody.
    let own = app.login_member(&clerk.mobile).await;
    app.sql(&format!(
        "UPDATE account SET person_id = '{}', level = 1 WHERE id = '{}'",
        clerk.person, own.account
    ))
    .await;
    app.services.identity.states.forget(own.account);
    let held = token(help(&app, &clerk.session, member.person, "counter").await);
    let body =
        json!({"mobile": clerk.mobile, "relation": "child", "scopes": ["view"], "expires_on": "2026-12-31"});
    let offered = app.post("/v1/me/delegates", body).bearer(&held).await.expect(201);
    let accept = format!("/v1/me/delegations/{}/accept", offered["id"].as_str().unwrap());
    assert_eq!(app.post(&accept, json!({})).by(&own).await.problem(403), "NOT_ANOTHER_PERSON");
    // What shows full numbers takes the right to reveal them.
    let copy = app.post("/v1/me/data", json!({})).bearer(&held).await;
    assert_eq!(copy.problem(403), "NOT_ON_BEHALF");
}
