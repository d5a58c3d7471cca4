//! Who has left, as one person proposes and another confirms.

use serde_json::{Value, json};
use unionhall_testkit::{Reply, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

const PROPOSE: &str = "/v1/admin/members/batch";
const PROPOSALS: &str = "/v1/admin/leaver-proposals";

async fn propose(app: &TestApp, by: &Session, members: &[Uuid], how: &str) -> Value {
    let body = json!({"ids": members, "action": format!("propose_{how}"), "reason": "已办理退休手续"});
    app.post(PROPOSE, body).by(by).await.expect(200)
}

async fn waiting(app: &TestApp, by: &Session) -> Vec<Value> {
    let list = app.get(PROPOSALS).by(by).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn step(app: &TestApp, by: &Session, proposal: &Value, step: &str) -> Reply {
    let path = format!("{PROPOSALS}/{}", proposal["id"].as_str().unwrap());
    let tag = app.get(&path).by(by).await.etag();
    let body = if step == "reject" { json!({"reason": "仍在岗"}) } else { json!({}) };
    app.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await
}

async fn standing(app: &TestApp, by: &Session, member: Uuid) -> (String, Option<String>) {
    let found = app.get(&format!("/v1/admin/members/{member}")).by(by).await.expect(200);
    (found["state"].as_str().unwrap().to_owned(), found["reason"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn a_chair_proposes_and_another_person_confirms() {
    let app = TestApp::start().await;
    let chair = app.cadre("410102", RoleName::Officer).await.session;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let (member, foreign) = (app.on_roster("410102").await.person, app.on_roster("410103").await.person);
    let answer = propose(&app, &chair, &[member, foreign, app.core().id()], "retire").await;
    assert_eq!(answer["done"], 1);
    assert_eq!(answer["items"][1]["code"], "NOT_FOUND");
    assert_eq!(answer["items"][1]["detail"], answer["items"][2]["detail"]);
    assert_eq!(standing(&app, &leader, member).await.0, "ACTIVE", "nothing changes before it is confirmed");
    let todos = app.get("/v1/admin/todos").by(&leader).await.expect(200);
    let todo =
        todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "leaver_proposal").unwrap().clone();
    assert_eq!((todo["count"].as_i64(), todo["oldest_due"].as_str()), (Some(1), Some("2026-11-27")));
    let proposal = waiting(&app, &leader).await.remove(0);
    assert_eq!((proposal["name"].as_str(), proposal["mine"].as_bool()), (Some("王*明"), Some(false)));
    assert_eq!(step(&app, &chair, &proposal, "confirm").await.problem(403), "FORBIDDEN");
    let done = step(&app, &leader, &proposal, "confirm").await.expect(200);
    assert_eq!(done["state"], "CONFIRMED");
    assert_eq!(standing(&app, &leader, member).await, ("RETAINED".to_owned(), Some("retire".to_owned())));
    assert_eq!(step(&app, &leader, &proposal, "confirm").await.problem(409), "INVALID_STATE");
    assert!(waiting(&app, &leader).await.is_empty());
    let ended = app.get(&format!("{PROPOSALS}?ended=true")).by(&chair).await.expect(200);
    assert_eq!(
        (ended["items"][0]["state"].as_str(), ended["items"][0]["mine"].as_bool()),
        (Some("CONFIRMED"), Some(true))
    );
}

#[tokio::test]
async fn nobody_confirms_their_own_and_only_the_proposer_takes_it_back() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let registrar = app.cadre("410102", RoleName::Registrar).await.session;
    let city = app.cadre("4101", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await.person;
    let oneself = propose(&app, &leader.session, &[leader.person], "retire").await;
    assert_eq!(oneself["items"][0]["code"], "NOT_ANOTHER_PERSON");
    propose(&app, &leader.session, &[member], "deceased").await;
    let twice = propose(&app, &registrar, &[member], "retire").await;
    assert_eq!(twice["items"][0]["code"], "APPLICATION_OPEN");
    let proposal = waiting(&app, &leader.session).await.remove(0);
    assert_eq!(step(&app, &leader.session, &proposal, "confirm").await.problem(403), "NOT_ANOTHER_PERSON");
    assert_eq!(step(&app, &leader.session, &proposal, "reject").await.problem(403), "NOT_ANOTHER_PERSON");
    assert_eq!(step(&app, &registrar, &proposal, "withdraw").await.problem(404), "NOT_FOUND");
    assert_eq!(step(&app, &leader.session, &proposal, "withdraw").await.expect(200)["state"], "WITHDRAWN");
    propose(&app, &registrar, &[member], "deceased").await;
    let proposal = waiting(&app, &city).await.remove(0);
    step(&app, &city, &proposal, "confirm").await.expect(200);
    assert_eq!(standing(&app, &city, member).await, ("ENDED".to_owned(), Some("deceased".to_owned())));
}

#[tokio::test]
async fn a_proposal_lapses_when_the_membership_changes_otherwise() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await.person;
    propose(&app, &officer, &[member], "unemployed").await;
    let proposal = waiting(&app, &leader).await.remove(0);
    let path = format!("/v1/admin/members/{member}");
    let tag = app.get(&path).by(&leader).await.etag();
    let frozen = app.post(&format!("{path}/freeze"), json!({"reason": "待核实"})).by(&leader).if_match(&tag);
    frozen.await.expect(200);
    assert!(waiting(&app, &leader).await.is_empty());
    assert_eq!(step(&app, &leader, &proposal, "confirm").await.problem(409), "INVALID_STATE");
    let again = propose(&app, &officer, &[member], "retire").await;
    assert_eq!(again["items"][0]["code"], "INVALID_STATE", "whoever is frozen does not retire");
    let tag = app.get(&path).by(&leader).await.etag();
    app.post(&format!("{path}/unfreeze"), json!({"reason": "已核实"}))
        .by(&leader)
        .if_match(&tag)
        .await
        .expect(200);
    assert_eq!(
        propose(&app, &officer, &[member], "retire").await["done"],
        1,
        "what lapsed is in nobody's way"
    );
}

#[tokio::test]
async fn two_hundred_are_confirmed_at_once_and_each_once() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await.session;
    let deciders = [
        app.cadre("410102", RoleName::Leader).await.session,
        app.cadre("410102", RoleName::Registrar).await.session,
    ];
    let mut members = Vec::new();
    for _ in 0..8 {
        members.push(app.on_roster("410102").await.person);
    }
    assert_eq!(propose(&app, &officer, &members, "auto_quit").await["done"], 8);
    let ids: Vec<Value> = waiting(&app, &officer).await.iter().map(|p| p["id"].clone()).collect();
    let confirm = async |by: &Session| {
        let body = json!({"ids": ids, "action": "confirm"});
        app.post(&format!("{PROPOSALS}/batch"), body).by(by).await.expect(200)
    };
    let (one, two) = tokio::join!(confirm(&deciders[0]), confirm(&deciders[1]));
    assert_eq!(one["done"].as_u64().unwrap() + two["done"].as_u64().unwrap(), 8);
    assert_eq!(app.number("SELECT count(*) FROM membership WHERE state = 'ENDED'").await, 8);
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'membership.end'").await, 8);
}
