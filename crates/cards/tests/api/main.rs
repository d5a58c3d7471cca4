//! Cards over HTTP: from level 1 to the code, loss, found, replacement, and what the membership does to it.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod imports;

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_cards::code::{STEP_SECONDS, step_at};
use unionhall_kernel::Clock as _;
use unionhall_testkit::{Session, TestApp, mobile};
use unionhall_web::{Realm, RoleName};

async fn card(app: &TestApp, session: &Session) -> Value {
    let list = app.get("/v1/me/cards").by(session).await.expect(200);
    list["items"][0].clone()
}

fn path(card: &Value, action: &str) -> String {
    format!("/v1/me/cards/{}/{action}", card["id"].as_str().unwrap())
}

#[tokio::test]
async fn proving_who_one_is_brings_the_card_with_the_token_held() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    assert_eq!(app.get("/v1/me/cards").by(&session).await.expect(200)["items"], json!([]));
    app.prove(&session, &member).await;
    let card = card(&app, &session).await;
    assert_eq!((card["state"].as_str(), card["kind"].as_str()), (Some("ACTIVE"), Some("VIRTUAL")));
    assert_eq!(card["valid_from"], "2026-11-20");
    assert_eq!(card["valid_to"], "2031-11-19");
    let number = card["number"].as_str().unwrap();
    assert!(number.starts_with("410102") && number.len() == 16);
    assert!(unionhall_kernel::luhn_is_valid(number));
    app.drain().await;
    assert_eq!(app.number("SELECT count(*) FROM card").await, 1, "event and first read issue one");
}

#[tokio::test]
async fn the_event_and_many_first_reads_at_once_issue_one_card() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let reads = (0..16).map(|_| app.get("/v1/me/cards").by(&session).into_future());
    let (replies, ()) = futures_util::future::join(futures_util::future::join_all(reads), app.drain()).await;
    for reply in replies {
        assert_eq!(reply.expect(200)["items"].as_array().unwrap().len(), 1);
    }
    assert_eq!(app.number("SELECT count(*) FROM card").await, 1);
}

#[tokio::test]
async fn codes_are_prefetched_one_a_step() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let card = card(&app, &session).await;
    let qr = app.get(&path(&card, "qr?count=20")).by(&session).await.expect(200);
    let codes = qr["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 20);
    let step = step_at(app.clock.now());
    for (n, code) in codes.iter().enumerate() {
        let opened = app.services.cards.codes.open(code["code"].as_str().unwrap()).unwrap();
        assert_eq!((opened.person, opened.step), (member.person, step + i64::try_from(n).unwrap()));
        assert!(code["code"].as_str().unwrap().len() <= 64);
    }
    let span: chrono::DateTime<chrono::Utc> = codes[0]["not_after"].as_str().unwrap().parse().unwrap();
    assert_eq!(span.timestamp() % STEP_SECONDS, 0);
    for count in ["0", "21", "-1", "x"] {
        let reply = app.get(&path(&card, &format!("qr?count={count}"))).by(&session).await;
        assert_eq!(reply.problem(400), "INVALID_PARAMETER");
    }
}

#[tokio::test]
async fn a_lost_card_is_dead_at_once_found_within_a_week_and_then_only_replaced() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let first = card(&app, &session).await;
    let report = || app.post(&path(&first, "report-loss"), json!({})).by(&session);
    assert_eq!(report().await.expect(200)["state"], "LOST");
    assert_eq!(report().changes_nothing().await.expect(200)["state"], "LOST");
    assert_eq!(app.get(&path(&first, "qr")).by(&session).await.problem(409), "CARD_NOT_VALID");
    let wrong = app.post(&path(&first, "found"), json!({"code": "000000"})).by(&session).await;
    assert_eq!(wrong.problem(401), "OTP_INVALID");
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    let found = app.post(&path(&first, "found"), json!({"code": code})).by(&session).await.expect(200);
    assert_eq!(found["state"], "ACTIVE");
    app.request("POST", &path(&first, "report-loss")).by(&session).await.expect(200);
    app.advance(Duration::days(7) + Duration::seconds(1)).await;
    let session = app.login_member(&member.mobile).await;
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    let late = app.post(&path(&first, "found"), json!({"code": code})).by(&session).await;
    assert_eq!(late.problem(409), "INVALID_STATE");
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    let new = app.post(&path(&first, "replace"), json!({"code": code})).by(&session).await.expect(200);
    assert_eq!(new["state"], "ACTIVE");
    assert_ne!(new["number"], first["number"]);
    let list = app.get("/v1/me/cards").by(&session).await.expect(200);
    let states: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|c| c["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ACTIVE", "REPLACED"]);
}

#[tokio::test]
async fn the_membership_decides_live_and_no_second_card_comes_by_itself() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let first = card(&app, &session).await;
    let roster = format!("/v1/admin/members/{}", member.person);
    let to = async |step: &str, reason: &str| {
        let tag = app.get(&roster).by(&leader.session).await.etag();
        let step = app.post(&format!("{roster}/{step}"), json!({"reason": reason}));
        step.by(&leader.session).if_match(&tag).await.expect(200);
    };
    to("freeze", "待核实身份").await;
    assert_eq!(card(&app, &session).await["state"], "SUSPENDED");
    assert_eq!(app.get(&path(&first, "qr")).by(&session).await.problem(409), "CARD_NOT_VALID");
    to("unfreeze", "已核实").await;
    assert_eq!(card(&app, &session).await["state"], "ACTIVE");
    let admin = format!("/v1/admin/cards/{}", first["id"].as_str().unwrap());
    let tag = app.get(&admin).by(&leader.session).await.etag();
    let revoke = format!("{admin}/revoke");
    let no_tag = app.post(&revoke, json!({"reason": "冒用"})).by(&leader.session).await;
    assert_eq!(no_tag.problem(428), "IF_MATCH_REQUIRED");
    let stale = app.post(&revoke, json!({"reason": "冒用"})).by(&leader.session).if_match("\"v99\"").await;
    assert_eq!(stale.problem(412), "STALE");
    let done = app.post(&revoke, json!({"reason": "冒用"})).by(&leader.session).if_match(&tag).await;
    assert_eq!(done.expect(200)["state"], "REVOKED");
    app.drain().await;
    assert_eq!(app.get("/v1/me/cards").by(&session).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_cadre_reports_a_card_lost_for_its_holder() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let held = card(&app, &session).await;
    let list = app.get(&format!("/v1/admin/members/{}/cards", member.person)).by(&leader.session);
    let list = list.await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (1, &held["id"]));
    let admin = format!("/v1/admin/cards/{}", held["id"].as_str().unwrap());
    let tag = app.get(&admin).by(&leader.session).await.etag();
    let report = || app.post(&format!("{admin}/report-loss"), json!({"reason": "会员电话挂失"}));
    let lost = report().by(&leader.session).if_match(&tag).await;
    let next = lost.etag();
    assert_eq!(lost.expect(200)["state"], "LOST");
    assert_eq!(app.get(&path(&held, "qr")).by(&session).await.problem(409), "CARD_NOT_VALID");
    assert_eq!(report().by(&leader.session).if_match(&tag).await.problem(412), "STALE");
    assert_eq!(report().by(&leader.session).if_match(&next).await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn a_card_expires_at_midnight_in_shanghai() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    card(&app, &session).await;
    app.sql("UPDATE card SET valid_to = '2026-11-20'").await;
    app.clock.set("2026-11-20T15:59:59Z".parse().unwrap());
    app.advance(Duration::zero()).await;
    let session = app.login_member(&member.mobile).await;
    assert_eq!(card(&app, &session).await["state"], "ACTIVE");
    app.advance(Duration::seconds(1)).await;
    assert_eq!(card(&app, &session).await["state"], "EXPIRED");
}

#[tokio::test]
async fn nobody_reaches_anothers_card() {
    let app = TestApp::start().await;
    let (a, b) = (app.on_roster("410102").await, app.on_roster("410103").await);
    let mine = app.login_member(&a.mobile).await;
    let theirs = app.login_member(&b.mobile).await;
    app.prove(&mine, &a).await;
    app.prove(&theirs, &b).await;
    let foreign = card(&app, &theirs).await;
    let absent = json!({"id": uuid::Uuid::nil()});
    for action in ["qr", "report-loss"] {
        let method = if action == "qr" { "GET" } else { "POST" };
        let there = app.request(method, &path(&foreign, action)).by(&mine).await;
        let nowhere = app.request(method, &path(&absent, action)).by(&mine).await;
        assert_eq!(there.problem(404), nowhere.problem(404));
    }
    let sibling = app.cadre("410102", RoleName::Leader).await;
    let list = app.get(&format!("/v1/admin/members/{}/cards", b.person)).by(&sibling.session).await;
    assert_eq!(list.problem(404), "NOT_FOUND");
    let one = app.get(&format!("/v1/admin/cards/{}", foreign["id"].as_str().unwrap()));
    assert_eq!(one.by(&sibling.session).await.problem(404), "NOT_FOUND");
    let stranger = app.login_member(&mobile()).await;
    assert_eq!(app.get(&path(&foreign, "qr")).by(&stranger).await.problem(403), "LEVEL_TOO_LOW");
}

#[tokio::test]
async fn a_card_revoked_by_mistake_is_issued_anew_once() {
    let app = TestApp::start().await;
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let old = card(&app, &session).await;
    let admin = format!("/v1/admin/cards/{}", old["id"].as_str().unwrap());
    let step = async |step: &str| {
        let tag = app.get(&admin).by(&leader).await.etag();
        app.post(&format!("{admin}/{step}"), json!({"reason": "误操作"})).by(&leader).if_match(&tag).await
    };
    assert_eq!(step("reissue").await.problem(409), "INVALID_STATE", "it lives");
    step("revoke").await.expect(200);
    assert_eq!(app.get(&path(&old, "qr")).by(&session).await.problem(409), "CARD_NOT_VALID");
    let (one, two) = tokio::join!(step("reissue"), step("reissue"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let new = card(&app, &session).await;
    assert_ne!(new["number"], old["number"]);
    app.get(&path(&new, "qr")).by(&session).await.expect(200);
    assert_eq!(
        app.get(&path(&old, "qr")).by(&session).await.problem(409),
        "CARD_NOT_VALID",
        "the old one stays dead"
    );
}

#[tokio::test]
async fn nobody_revokes_their_own_card() {
    let app = TestApp::start().await;
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    app.sql(&format!(
        "UPDATE account SET person_id = '{}' WHERE id = '{}'",
        member.person, registrar.session.account
    ))
    .await;
    app.services.identity.states.forget(registrar.session.account);
    let path = format!("/v1/admin/cards/{}", cards["items"][0]["id"].as_str().unwrap());
    app.sql(&format!("UPDATE post SET person_id = '{}' WHERE id = '{}'", member.person, registrar.post))
        .await;
    let tag = app.get(&path).by(&registrar.session).await.etag();
    let body = json!({"reason": "本人的卡"});
    let own = app.post(&format!("{path}/revoke"), body).by(&registrar.session).if_match(&tag).await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
}
