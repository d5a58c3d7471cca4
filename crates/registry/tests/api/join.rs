//! Joining.

use serde_json::{Value, json};
use unionhall_testkit::{Session, TestApp, citizen, mobile};
use unionhall_web::RoleName;
use uuid::Uuid;

fn statement(name: &str, number: &str) -> Value {
    json!({"name": name, "id_type": "citizen_id", "id_number": number, "employment_form": "13"})
}

async fn apply(app: &TestApp, session: &Session, union: Uuid, number: &str) -> Value {
    let body = json!({"union_id": union, "statement": statement("王小明", number)});
    app.post("/v1/me/join-applications", body).by(session).key("k1").await.expect(201)
}

#[tokio::test]
async fn a_union_admits_somebody_new_and_the_card_follows() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let chair = app.cadre(&code, RoleName::Leader).await.session;
    let session = app.login_member(&mobile()).await;
    let made = apply(&app, &session, union, &citizen()).await;
    assert_eq!(made["state"], "BU_REVIEW");
    assert_eq!(made["progress"]["waiting_for"], "union");
    assert_eq!(made["progress"]["due_on"], "2026-11-27");
    let list = app.get("/v1/admin/join-applications").by(&chair).await.expect(200);
    let path = format!("/v1/admin/join-applications/{}", list["items"][0]["id"].as_str().unwrap());
    let one = app.get(&path).by(&chair).await;
    let tag = one.etag();
    assert_eq!(one.expect(200)["match"], "new");
    let approve = format!("{path}/approve");
    assert_eq!(app.post(&approve, json!({})).by(&chair).await.problem(428), "IF_MATCH_REQUIRED");
    let done = app.post(&approve, json!({})).by(&chair).if_match(&tag).await.expect(200);
    assert_eq!(done["state"], "APPROVED");
    let twice = app.post(&approve, json!({})).by(&chair).if_match(&tag).await;
    assert_eq!(twice.problem(412), "STALE");
    let me = app.get("/v1/me").by(&session).await.expect(200);
    assert_eq!(
        (me["real_name_level"].as_i64(), me["membership"]["union_id"].as_str()),
        (Some(1), Some(union.to_string().as_str()))
    );
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    assert_eq!(cards["items"][0]["state"], "ACTIVE");
}

#[tokio::test]
async fn one_document_in_two_counties_is_admitted_once_however_they_race() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        let number = citizen();
        let mut decisions = Vec::new();
        for county in ["410102", "410103"] {
            let chair = app.cadre(county, RoleName::Leader).await;
            let session = app.login_member(&mobile()).await;
            let made = apply(&app, &session, chair.union, &number).await;
            let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
            let tag = app.get(&path).by(&chair.session).await.etag();
            decisions.push((format!("{path}/approve"), chair.session, tag));
        }
        let approvals = decisions
            .iter()
            .map(|(path, by, tag)| app.post(path, json!({})).by(by).if_match(tag).into_future());
        let replies = futures_util::future::join_all(approvals).await;
        let mut statuses: Vec<u16> = replies.iter().map(|r| r.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let refused = replies.iter().find(|r| r.status == 409).unwrap();
        assert_eq!(refused.problem(409), "ALREADY_EXISTS");
    }
}

#[tokio::test]
async fn a_union_confirms_who_its_roster_knows_and_sees_when_the_mobile_differs() {
    let app = TestApp::start().await;
    let chair = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&mobile()).await;
    let made = apply(&app, &session, member.union, &member.id_number).await;
    let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
    let one = app.get(&path).by(&chair).await;
    let tag = one.etag();
    assert_eq!(one.expect(200)["match"], "roster_other_mobile");
    app.post(&format!("{path}/approve"), json!({})).by(&chair).if_match(&tag).await.expect(200);
    assert_eq!(app.number("SELECT count(*) FROM person").await, 2, "the cadre and the member: nobody twice");
    assert_eq!(app.number("SELECT count(*) FROM membership").await, 1);
}

#[tokio::test]
async fn somebody_of_another_union_is_not_admitted_and_nothing_is_told() {
    let app = TestApp::start().await;
    let chair = app.cadre("410102", RoleName::Leader).await.session;
    let union = app.cadre("410102", RoleName::Officer).await.union;
    let foreign = app.on_roster("410103").await;
    let session = app.login_member(&mobile()).await;
    let made = apply(&app, &session, union, &foreign.id_number).await;
    let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
    let one = app.get(&path).by(&chair).await;
    let tag = one.etag();
    let one = one.expect(200);
    assert_eq!(one["match"], "needs_review");
    assert!(!one.to_string().contains(&foreign.union.to_string()));
    let approve = app.post(&format!("{path}/approve"), json!({})).by(&chair).if_match(&tag).await;
    assert_eq!(approve.problem(409), "ALREADY_EXISTS");
    assert_eq!(app.get("/v1/me").by(&session).await.expect(200)["real_name_level"], 0);
}

#[tokio::test]
async fn the_rightful_mobile_wins_over_an_open_application() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let thief = app.login_member(&mobile()).await;
    let made = apply(&app, &thief, member.union, &member.id_number).await;
    let owner = app.login_member(&member.mobile).await;
    app.prove(&owner, &member).await;
    let path = format!("/v1/me/join-applications/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path).by(&thief).await.expect(200)["state"], "WITHDRAWN");
    let noted = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'join.withdraw' AND object_id = '{}'",
        made["id"].as_str().unwrap()
    );
    assert_eq!(app.number(&noted).await, 1, "nobody withdraws another's application without a trace");
}

#[tokio::test]
async fn the_county_pool_takes_who_has_no_union() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let session = app.login_member(&mobile()).await;
    let body = json!({"pool_division": "410102", "statement": statement("阿卜杜拉·买买提", &citizen())});
    let made = app.post("/v1/me/join-applications", body).by(&session).key("a").await.expect(201);
    assert_eq!(made["state"], "POOL_REVIEW");
    assert_eq!(made["union_name"], "中原区会员周转库");
    let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
    let tag = app.get(&path).by(&leader).await.etag();
    app.post(&format!("{path}/approve"), json!({})).by(&leader).if_match(&tag).await.expect(200);
    // Found by its name, it is a pool all the same.
    let found = app.get("/v1/public/unions?q=周转库&limit=100").await.expect(200);
    let pool =
        found["items"].as_array().unwrap().iter().find(|u| u["division_code"] == "410102").unwrap().clone();
    let stranger = app.login_member(&mobile()).await;
    let body = json!({"union_id": pool["id"], "statement": statement("王小明", &citizen())});
    let made = app.post("/v1/me/join-applications", body).by(&stranger).key("by-name").await.expect(201);
    assert_eq!(made["state"], "POOL_REVIEW");
    let nowhere = json!({"pool_division": "419999", "statement": statement("王小明", &citizen())});
    let other = app.login_member(&mobile()).await;
    let reply = app.post("/v1/me/join-applications", nowhere).by(&other).key("a").await;
    assert_eq!(reply.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn one_application_is_open_at_a_time_and_a_key_replays() {
    let app = TestApp::start().await;
    let (union, _) = app.union_under("410102", "中原机械厂工会").await;
    let session = app.login_member(&mobile()).await;
    let number = citizen();
    let body = json!({"union_id": union, "statement": statement("王小明", &number)});
    let send = |key: &str, body: Value| {
        app.post("/v1/me/join-applications", body).by(&session).key(key).into_future()
    };
    let missing = app.post("/v1/me/join-applications", body.clone()).by(&session).await;
    assert_eq!(missing.problem(400), "IDEMPOTENCY_KEY_MISSING");
    let all = futures_util::future::join_all((0..32).map(|_| send("same", body.clone()))).await;
    assert!(all.iter().all(|r| r.status == 201 && r.body == all[0].body));
    assert_eq!(app.number("SELECT count(*) FROM member_application").await, 1);
    assert_eq!(send("other", body.clone()).await.problem(409), "APPLICATION_OPEN");
    let changed = json!({"union_id": union, "statement": statement("王大明", &number)});
    assert_eq!(send("same", changed).await.problem(422), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn returned_mended_rejected_withdrawn() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let chair = app.cadre(&code, RoleName::Leader).await.session;
    let session = app.login_member(&mobile()).await;
    let made = apply(&app, &session, union, &citizen()).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let admin = format!("/v1/admin/join-applications/{id}");
    let mine = format!("/v1/me/join-applications/{id}");
    let tag = app.get(&admin).by(&chair).await.etag();
    let why = json!({"reason": "请补充单位"});
    let back = app.post(&format!("{admin}/return"), why.clone()).by(&chair).if_match(&tag).await.expect(200);
    assert_eq!(back["progress"]["waiting_for"], "member");
    assert_eq!(app.get(&mine).by(&session).await.expect(200)["reason"], "请补充单位");
    let again = app.post(&format!("{mine}/resubmit"), statement("王小明", &citizen())).by(&session).await;
    assert_eq!(again.expect(200)["state"], "BU_REVIEW");
    let tag = app.get(&admin).by(&chair).await.etag();
    app.post(&format!("{admin}/reject"), why).by(&chair).if_match(&tag).await.expect(200);
    let late = app.post(&format!("{mine}/withdraw"), json!({})).by(&session).await;
    assert_eq!(late.problem(409), "INVALID_STATE");
    let body = json!({"union_id": union, "statement": statement("王小明", &citizen())});
    let second = app.post("/v1/me/join-applications", body).by(&session).key("k2").await.expect(201);
    let mine = format!("/v1/me/join-applications/{}", second["id"].as_str().unwrap());
    assert_eq!(
        app.post(&format!("{mine}/withdraw"), json!({})).by(&session).await.expect(200)["state"],
        "WITHDRAWN"
    );
}

#[tokio::test]
async fn nobody_approves_themself_or_outside_their_scope() {
    let app = TestApp::start().await;
    let chair = app.cadre("410102", RoleName::Leader).await;
    let sibling = app.cadre("410103", RoleName::Leader).await.session;
    let session = app.login_member(&mobile()).await;
    let made = apply(&app, &session, chair.union, &citizen()).await;
    let path = format!("/v1/admin/join-applications/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path).by(&sibling).await.problem(404), "NOT_FOUND");
    let other = app.post(&format!("{path}/approve"), json!({})).by(&sibling).if_match("\"v1\"").await;
    assert_eq!(other.problem(404), "NOT_FOUND");
    app.sql(&format!("UPDATE account SET person_id = '{}' WHERE id = '{}'", chair.person, session.account))
        .await;
    let own = app.post(&format!("{path}/approve"), json!({})).by(&chair.session).if_match("\"v1\"").await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
}

#[tokio::test]
async fn an_application_from_the_deciders_own_phone_is_their_own() {
    let app = TestApp::start().await;
    let chair = app.cadre("410102", RoleName::Leader).await;
    let session = app.login_member(&chair.mobile).await;
    let made = apply(&app, &session, chair.union, &citizen()).await;
    let path = format!("/v1/admin/join-applications/{}/approve", made["id"].as_str().unwrap());
    let own = app.post(&path, json!({})).by(&chair.session).if_match("\"v1\"").await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
}
