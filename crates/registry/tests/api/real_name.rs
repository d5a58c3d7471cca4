//! Real-name claims, and the ways to take somebody over that must fail.

use serde_json::json;
use unionhall_testkit::{Reply, RosterMember, Session, TestApp, citizen, mobile};

async fn claim(app: &TestApp, session: &Session, name: &str, number: &str) -> Reply {
    let body = json!({"name": name, "id_type": "citizen_id", "id_number": number});
    app.post("/v1/me/real-name", body).by(session).await
}

async fn setup(app: &TestApp) -> (RosterMember, Session) {
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    (member, session)
}

#[tokio::test]
async fn name_number_and_mobile_together_raise_the_level_at_once() {
    let app = TestApp::start().await;
    let (member, session) = setup(&app).await;
    let spaced = " 王 小明 ";
    let reply = claim(&app, &session, spaced, &member.id_number).await.expect(200);
    assert_eq!(reply, json!({"outcome": "matched", "message": "实名认证成功。"}));
    let me = app.get("/v1/me").by(&session).await.expect(200);
    assert_eq!(me["real_name_level"], 1);
    assert_eq!(me["name"], "王*明");
    assert_eq!(me["membership"]["state"], "ACTIVE");
    assert_eq!(me["membership"]["union_id"], member.union.to_string());
    let masked = me["id_number"].as_str().unwrap();
    assert!(masked.starts_with("4101**********") && masked.len() == 18);
    let again = claim(&app, &session, &member.name, &member.id_number).await.expect(200);
    assert_eq!(again["outcome"], "matched", "saying it twice changes nothing");
}

#[tokio::test]
async fn a_double_tap_matches_both_times() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        let (member, session) = setup(&app).await;
        let taps = (0..4).map(|_| claim(&app, &session, &member.name, &member.id_number));
        for reply in futures_util::future::join_all(taps).await {
            assert_eq!(reply.expect(200)["outcome"], "matched");
        }
    }
}

#[tokio::test]
async fn another_phone_learns_nothing() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let thief = app.login_member(&mobile()).await;
    let known = claim(&app, &thief, &member.name, &member.id_number).await;
    let unknown = claim(&app, &thief, &member.name, &citizen()).await;
    let wrong_name = claim(&app, &thief, "李四", &member.id_number).await;
    for reply in [&known, &unknown, &wrong_name] {
        assert_eq!(reply.status, 200);
        assert_eq!((reply.json()["outcome"].as_str(), &reply.body), (Some("unconfirmed"), &known.body));
    }
    assert_eq!(app.get("/v1/me").by(&thief).await.expect(200)["real_name_level"], 0);
}

#[tokio::test]
async fn the_rightful_mobile_is_told_what_differs() {
    let app = TestApp::start().await;
    let (member, session) = setup(&app).await;
    let reply = claim(&app, &session, "王大明", &member.id_number).await.expect(200);
    assert_eq!(reply["outcome"], "name_differs");
    app.sql(&format!(
        "UPDATE membership SET state = 'ENDED', reason = 'quit' WHERE person_id = '{}'",
        member.person
    ))
    .await;
    let reply = claim(&app, &session, &member.name, &member.id_number).await.expect(200);
    assert_eq!(reply["outcome"], "unconfirmed", "who left is on no roster");
}

#[tokio::test]
async fn a_person_bound_elsewhere_is_told_to_the_rightful_mobile_only() {
    let app = TestApp::start().await;
    let (member, session) = setup(&app).await;
    app.prove(&session, &member).await;
    // The roster's mobile moves to a new phone; the account of the old one keeps the person.
    let other = app.on_roster("410102").await;
    let second = app.login_member(&other.mobile).await;
    app.sql(&format!(
        "UPDATE member_profile SET roster_mobile_index = (SELECT roster_mobile_index FROM member_profile \
         WHERE person_id = '{}') WHERE person_id = '{}'",
        other.person, member.person
    ))
    .await;
    let reply = claim(&app, &second, &member.name, &member.id_number).await.expect(200);
    assert_eq!(reply["outcome"], "already_claimed");
    assert_eq!(app.get("/v1/me").by(&session).await.expect(200)["real_name_level"], 1);
}

#[tokio::test]
async fn five_tries_a_day_by_account_and_by_document() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let guesser = app.login_member(&mobile()).await;
    let guesses = (0..20).map(|_| citizen()).collect::<Vec<_>>();
    let tries = guesses.iter().map(|number| claim(&app, &guesser, "王小明", number));
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 5);
    assert!(replies.iter().filter(|r| r.status != 200).all(|r| r.problem(429) == "TRIES_EXHAUSTED"));
    for _ in 0..5 {
        let thief = app.login_member(&mobile()).await;
        claim(&app, &thief, &member.name, &member.id_number).await.expect(200);
    }
    let thief = app.login_member(&mobile()).await;
    let sixth = claim(&app, &thief, &member.name, &member.id_number).await;
    assert_eq!(sixth.problem(429), "TRIES_EXHAUSTED");
    assert!(sixth.header("retry-after").is_some());
    // Strangers have used up the day for this number; its owner's own phone is not concerned.
    let owner = app.login_member(&member.mobile).await;
    app.prove(&owner, &member).await;
}

#[tokio::test]
async fn an_account_cannot_become_somebody_else() {
    let app = TestApp::start().await;
    let (member, session) = setup(&app).await;
    app.prove(&session, &member).await;
    let other = app.on_roster("410102").await;
    let reply = claim(&app, &session, &other.name, &other.id_number).await;
    assert_eq!(reply.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let reply = claim(&app, &session, "张3", "410102194912319983").await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let errors = reply.json()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "/name");
    assert_eq!(errors[1]["code"], "ID_CHECK_DIGIT");
    assert!(!reply.text().contains("410102194912319983"), "a refused number is not echoed");
}

#[tokio::test]
async fn what_was_tried_is_on_record_without_the_number() {
    let app = TestApp::start().await;
    let (member, session) = setup(&app).await;
    app.prove(&session, &member).await;
    let rows = app.number("SELECT count(*) FROM audit_event WHERE action = 'real_name.claim' AND changes->>'outcome' = 'matched'").await;
    assert_eq!(rows, 1);
    let leaked =
        format!("SELECT count(*) FROM audit_event WHERE changes::text LIKE '%{}%'", member.id_number);
    assert_eq!(app.number(&leaked).await, 0);
}
