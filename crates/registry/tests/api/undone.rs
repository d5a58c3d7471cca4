//! Mistakes of cadres about members, and how they are undone.

use serde_json::{Value, json};
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::RoleName;
use uuid::Uuid;

async fn step(app: &TestApp, by: &Session, member: Uuid, step: &str, body: Value) -> Reply {
    let path = format!("/v1/admin/members/{member}");
    let tag = app.get(&path).by(by).await.etag();
    app.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await
}

#[tokio::test]
async fn a_membership_that_ended_by_mistake_goes_on_and_its_card_with_it() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let state = async || app.get("/v1/me/cards").by(&session).await.expect(200)["items"][0]["state"].clone();
    assert_eq!(state().await, "ACTIVE");
    let why = json!({"reason": "登记错人"});
    assert_eq!(
        step(&app, &leader, member.person, "reinstate", why.clone()).await.problem(409),
        "INVALID_STATE"
    );
    for (wrong, body) in [
        ("end", json!({"kind": "deceased", "reason": "登记错人"})),
        ("retain", json!({"kind": "retire", "reason": "登记错人"})),
    ] {
        step(&app, &leader, member.person, wrong, body).await.expect(200);
        assert_eq!(state().await == "ACTIVE", wrong == "retain", "who is retained keeps the card");
        let back = step(&app, &leader, member.person, "reinstate", why.clone()).await.expect(200);
        assert_eq!((back["state"].as_str(), back["reason"].as_str()), (Some("ACTIVE"), None));
        assert_eq!(state().await, "ACTIVE");
    }
    step(&app, &leader, member.person, "freeze", why.clone()).await.expect(200);
    let frozen = step(&app, &leader, member.person, "reinstate", why).await;
    assert_eq!(frozen.problem(409), "INVALID_STATE", "what is frozen is unfrozen");
}

#[tokio::test]
async fn the_wrong_person_confirmed_as_a_member_is_taken_off_and_the_right_one_gets_in() {
    let app = TestApp::start().await;
    let by = &app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    // Somebody else with the member's number in hand, whom a cadre confirmed.
    let wrong = app.login_member(&mobile()).await;
    let statement = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
    let body = json!({"union_id": member.union, "statement": statement});
    let made = app.post("/v1/me/join-applications", body).by(&wrong).key("a").await.expect(201);
    let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
    let tag = app.get(&path).by(by).await.etag();
    app.post(&format!("{path}/approve"), json!({})).by(by).if_match(&tag).await.expect(200);
    app.services.identity.states.forget(wrong.account);
    app.get("/v1/me/cards").by(&wrong).await.expect(200);
    let why = json!({"reason": "核对照片，非本人"});
    step(&app, by, member.person, "unbind", why.clone()).await.expect(200);
    app.advance(chrono::Duration::seconds(61)).await;
    assert_eq!(app.get("/v1/me/cards").by(&wrong).await.problem(401), "UNAUTHENTICATED");
    let right = app.login_member(&member.mobile).await;
    app.prove(&right, &member).await;
    let cards = app.get("/v1/me/cards").by(&right).await.expect(200);
    assert_eq!(cards["items"].as_array().unwrap().len(), 1, "the card is the member's, not the account's");
    step(&app, by, member.person, "unbind", why.clone()).await.expect(200);
    assert_eq!(step(&app, by, member.person, "unbind", why).await.problem(409), "INVALID_STATE");
}
