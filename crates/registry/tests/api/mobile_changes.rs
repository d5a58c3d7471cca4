//! A new mobile for who lost the old phone.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Reply, RosterMember, Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};

async fn ask_with(app: &TestApp, number: &str, code: &str, name: &str, id_number: &str) -> Reply {
    let body = json!({"mobile": number, "code": code, "name": name, "id_type": "citizen_id", "id_number": id_number});
    app.post("/v1/public/mobile-changes", body).await
}

async fn ask(app: &TestApp, number: &str, name: &str, id_number: &str) -> Reply {
    let code = app.otp(number, "apply", Realm::Member).await;
    ask_with(app, number, &code, name, id_number).await
}

async fn listed(app: &TestApp, by: &CadreHandle) -> Vec<Value> {
    let list = app.get("/v1/admin/mobile-changes").by(&by.session).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

fn path(request: &Value) -> String {
    format!("/v1/admin/mobile-changes/{}", request["id"].as_str().unwrap())
}

async fn decide(app: &TestApp, by: &CadreHandle, request: &Value, step: &str) -> Reply {
    let tag = app.get(&path(request)).by(&by.session).await.etag();
    let body = if step == "reject" { json!({"reason": "电话核实非本人"}) } else { json!({}) };
    app.post(&format!("{}/{step}", path(request)), body).by(&by.session).if_match(&tag).await
}

/// A proved member, and the officer of their county.
async fn setup(app: &TestApp) -> (RosterMember, Session, CadreHandle) {
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    (member, session, app.cadre("410102", RoleName::Officer).await)
}

#[tokio::test]
async fn a_member_who_lost_the_phone_goes_on_with_a_new_one() {
    let app = TestApp::start().await;
    let (member, session, officer) = setup(&app).await;
    let new = mobile();
    // They tried the new phone first: that account is nobody's, and goes with its open application.
    let throwaway = app.login_member(&new).await;
    let statement = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
    let join = json!({"union_id": member.union, "statement": statement});
    app.post("/v1/me/join-applications", join).by(&throwaway).key("j").await.expect(201);
    let taken = ask(&app, &new, " 王 小明", &member.id_number).await.expect(202);
    assert_eq!(taken["contact_phone"], "12351");
    assert_eq!(app.sms.last(&member.mobile), Some("mobile_change_requested"), "the old number may object");
    let todos = app.get("/v1/admin/todos").by(&officer.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "mobile_change").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-11-27")));
    let waits = listed(&app, &officer).await;
    assert_eq!(waits[0]["evidence"], Value::Null);
    let one = app.get(&path(&waits[0])).by(&officer.session).await.expect(200);
    let found = json!({"roster": "other", "new_mobile": "newcomer", "unchanged": true,
                       "old_mobile": format!("{}****{}", &member.mobile[..3], &member.mobile[7..])});
    assert_eq!((&one["evidence"], &one["member"]["name"]), (&found, &json!("王*明")));
    assert!(!one.to_string().contains(&new) && !one.to_string().contains(&member.id_number));

    let approve = format!("{}/approve", path(&one));
    let by = &officer.session;
    assert_eq!(app.post(&approve, json!({})).by(by).await.problem(428), "IF_MATCH_REQUIRED");
    let done = app.post(&approve, json!({})).by(by).if_match("\"v1\"").await.expect(200);
    assert_eq!(done["state"], "APPROVED");
    let again = app.post(&approve, json!({})).by(by).if_match("\"v1\"").await;
    assert_eq!(again.problem(412), "STALE");
    assert_eq!(decide(&app, &officer, &one, "reject").await.problem(409), "INVALID_STATE");
    for dead in [&session, &throwaway] {
        assert_eq!(app.get("/v1/me").by(dead).await.problem(401), "UNAUTHENTICATED");
    }
    assert_eq!(app.sms.last(&member.mobile), Some("mobile_changed"));
    assert_eq!(app.sms.last(&new), Some("mobile_bound"));
    app.advance(Duration::seconds(60)).await;
    let back = app.login_member(&new).await;
    assert_eq!(back.account, session.account);
    assert_eq!(app.get("/v1/me").by(&back).await.expect(200)["real_name_level"], 1);
    app.drain().await;
    let withdrawn = "SELECT count(*) FROM member_application WHERE state = 'WITHDRAWN'";
    assert_eq!(app.number(withdrawn).await, 1);
    let closed = format!(
        "SELECT count(*) FROM account WHERE id = '{}' AND state = 'CLOSED' AND mobile IS NULL \
         AND NOT EXISTS (SELECT FROM consent WHERE account_id = account.id AND withdrawn_at IS NULL)",
        throwaway.account
    );
    assert_eq!(app.number(&closed).await, 1);
    // The carrier gives the old number to somebody else: it opens nothing.
    let stranger = app.login_member(&member.mobile).await;
    assert_ne!(stranger.account, session.account);
    let claim = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
    let claim = app.post("/v1/me/real-name", claim).by(&stranger).await.expect(200);
    assert_eq!(claim["outcome"], "unconfirmed");
}

#[tokio::test]
async fn a_closing_asked_from_the_lost_phone_is_taken_back() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let thief = app.login_member(&member.mobile).await;
    app.prove(&thief, &member).await;
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    let body = json!({"code": code});
    app.post("/v1/me/account-closing", body).by(&thief).await.expect(200);
    let officer = app.cadre("410102", RoleName::Officer).await;
    let new = mobile();
    ask(&app, &new, &member.name, &member.id_number).await.expect(202);
    let waits = listed(&app, &officer).await;
    decide(&app, &officer, &waits[0], "approve").await.expect(200);
    app.advance(Duration::seconds(60)).await;
    let owner = app.login_member(&new).await;
    assert_eq!(owner.body["closes_on"], Value::Null);
    assert_eq!(app.get("/v1/me/account-closing").by(&owner).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn whoever_has_no_account_yet_gets_one_at_level_1() {
    let app = TestApp::start().await;
    let member = app.on_roster("410102").await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    let new = mobile();
    ask(&app, &new, &member.name, &member.id_number).await.expect(202);
    let waits = listed(&app, &officer).await;
    decide(&app, &officer, &waits[0], "approve").await.expect(200);
    assert_eq!(app.sms.last(&member.mobile), Some("mobile_changed"), "the roster's number is told");
    app.advance(Duration::seconds(60)).await;
    let session = app.login_member(&new).await;
    let me = app.get("/v1/me").by(&session).await.expect(200);
    assert_eq!((&me["real_name_level"], &me["membership"]["state"]), (&json!(1), &json!("ACTIVE")));
    app.drain().await;
    let cards = app.get("/v1/me/cards").by(&session).await.expect(200);
    assert_eq!(cards["items"][0]["state"], "ACTIVE");
    // A cadre has proved a mobile of their own: from another one it may be anybody.
    let cadre = app.cadre("410103", RoleName::Officer).await;
    let union = officer.union;
    app.sql(&format!(
        "INSERT INTO membership (id, person_id, org_id, path, state, valid_from, recorded_at) \
         SELECT gen_random_uuid(), '{}', id, path, 'ACTIVE', '2026-01-01', now() FROM org WHERE id = '{union}'",
        cadre.person
    ))
    .await;
    ask(&app, &mobile(), "李建国", &cadre.id_number).await.expect(202);
    let waits = listed(&app, &officer).await;
    assert_eq!(decide(&app, &officer, &waits[0], "approve").await.problem(409), "ALREADY_EXISTS");
    assert_eq!(decide(&app, &officer, &waits[0], "reject").await.expect(200)["state"], "REJECTED");
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let app = TestApp::start().await;
    let (member, session, officer) = setup(&app).await;
    let gone = app.on_roster("410102").await;
    app.sql(&format!(
        "UPDATE membership SET state = 'ENDED', reason = 'quit' WHERE person_id = '{}'",
        gone.person
    ))
    .await;
    let (known, own) = (mobile(), member.mobile.clone());
    app.advance(Duration::seconds(60)).await;
    let answers = [
        ask(&app, &known, &member.name, &member.id_number).await,
        ask(&app, &mobile(), "李四", &member.id_number).await,
        ask(&app, &mobile(), &member.name, &citizen()).await,
        ask(&app, &mobile(), &gone.name, &gone.id_number).await,
        ask(&app, &own, &member.name, &member.id_number).await,
    ];
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (202, &answers[0].body));
    }
    assert_eq!(listed(&app, &officer).await.len(), 1, "only what matches is a request");
    // Asked again from the same phone it is the same request, and nobody is told twice.
    let told = app.sms.count(&member.mobile);
    app.advance(Duration::seconds(60)).await;
    let again = ask(&app, &known, &member.name, &member.id_number).await;
    assert_eq!((again.status, &again.body), (202, &answers[0].body));
    assert_eq!((listed(&app, &officer).await.len(), app.sms.count(&member.mobile)), (1, told));
    // A rejection is told to nobody: it would say that there is such a member.
    let waits = listed(&app, &officer).await;
    let before = app.sms.count(&known);
    decide(&app, &officer, &waits[0], "reject").await.expect(200);
    assert_eq!((app.sms.count(&known), app.sms.count(&member.mobile)), (before, told));
    assert_eq!(app.get("/v1/me").by(&session).await.status, 200);
    let leaked = format!(
        "SELECT count(*) FROM audit_event WHERE changes::text LIKE '%{known}%' OR changes::text LIKE '%{}%'",
        member.id_number
    );
    assert_eq!(app.number(&leaked).await, 0);
}

#[tokio::test]
async fn a_code_serves_once_and_a_day_has_five_tries() {
    let app = TestApp::start().await;
    let (number, document) = (mobile(), citizen());
    let code = app.otp(&number, "apply", Realm::Member).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(ask_with(&app, &number, wrong, "王小明", &document).await.problem(401), "OTP_INVALID");
    ask_with(&app, &number, &code, "王小明", &document).await.expect(202);
    assert_eq!(ask_with(&app, &number, &code, "王小明", &document).await.problem(401), "OTP_INVALID");
    let confirm = app.otp(&number, "confirm", Realm::Member).await;
    assert_eq!(ask_with(&app, &number, &confirm, "王小明", &document).await.problem(401), "OTP_INVALID");
    for _ in 0..4 {
        app.advance(Duration::seconds(60)).await;
        ask(&app, &number, "王小明", &citizen()).await.expect(202);
    }
    app.advance(Duration::seconds(60)).await;
    let sixth = ask(&app, &number, "王小明", &citizen()).await;
    assert_eq!(sixth.problem(429), "TRIES_EXHAUSTED");
    assert!(sixth.header("retry-after").is_some());
    // By document, whoever asks: tries without the right code have cost it nothing.
    for _ in 0..4 {
        ask(&app, &mobile(), "王小明", &document).await.expect(202);
    }
    assert_eq!(ask(&app, &mobile(), "王小明", &document).await.problem(429), "TRIES_EXHAUSTED");
    // The day is Shanghai's: at 23:59:59 it lasts, a second later it is another.
    app.clock.set("2026-11-20T15:59:59Z".parse().unwrap());
    assert_eq!(ask(&app, &mobile(), "王小明", &document).await.problem(429), "TRIES_EXHAUSTED");
    app.clock.set("2026-11-20T16:00:00Z".parse().unwrap());
    ask(&app, &mobile(), "王小明", &document).await.expect(202);
    let late = mobile();
    let code = app.otp(&late, "apply", Realm::Member).await;
    app.advance(Duration::seconds(300)).await;
    assert_eq!(ask_with(&app, &late, &code, "王小明", &citizen()).await.problem(401), "OTP_INVALID");
    let odd = ask_with(&app, "123", "12", "张3", "410102194912319983").await;
    assert_eq!(odd.problem(422), "VALIDATION_FAILED");
    assert_eq!(odd.json()["errors"].as_array().unwrap().len(), 4);
    assert!(!odd.text().contains("410102194912319983"));
}

#[tokio::test]
async fn the_county_decides_and_neither_its_sibling_nor_the_members_own_union() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let (_, sub) = app.union_under(&code, "中原机械厂一分厂工会").await;
    let member = app.on_roster(&code).await;
    let below = app.on_roster(&sub).await;
    let chair = app.cadre(&code, RoleName::Leader).await;
    let sibling = app.cadre("410103", RoleName::Officer).await;
    let city = app.cadre("4101", RoleName::Officer).await;
    let county = app.cadre("410102", RoleName::Officer).await;
    ask(&app, &mobile(), &member.name, &member.id_number).await.expect(202);
    let request = listed(&app, &county).await.remove(0);
    assert_eq!(request["member"]["union_id"], union.to_string());
    for outsider in [&sibling, &chair] {
        assert_eq!(listed(&app, outsider).await, Vec::<Value>::new());
        assert_eq!(app.get(&path(&request)).by(&outsider.session).await.problem(404), "NOT_FOUND");
        for step in ["approve", "reject"] {
            let body = if step == "reject" { json!({"reason": "不是我们的"}) } else { json!({}) };
            let by = app.post(&format!("{}/{step}", path(&request)), body).by(&outsider.session);
            assert_eq!(by.if_match("\"v1\"").await.problem(404), "NOT_FOUND");
        }
    }
    assert_eq!(listed(&app, &city).await.len(), 1);
    // A union sees those of the unions below it.
    ask(&app, &mobile(), &below.name, &below.id_number).await.expect(202);
    let seen = listed(&app, &chair).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["member"]["id"], below.person.to_string());
    let todos = app.get("/v1/admin/todos").by(&chair.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "mobile_change").unwrap();
    assert_eq!(todo["count"], 1);
    assert_eq!(listed(&app, &county).await.len(), 2);
    let narrowed = format!("/v1/admin/mobile-changes?union_id={}&limit=1", sibling.union);
    let none = app.get(&narrowed).by(&county.session).await.expect(200);
    assert_eq!(none["items"], json!([]));
    let first = app.get("/v1/admin/mobile-changes?limit=1").by(&county.session).await.expect(200);
    let after = format!("/v1/admin/mobile-changes?limit=1&after={}", first["next"].as_str().unwrap());
    let second = app.get(&after).by(&county.session).await.expect(200);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
    let bad = app.get("/v1/admin/mobile-changes?state=OPEN").by(&county.session).await;
    assert_eq!(bad.problem(400), "INVALID_PARAMETER");
    decide(&app, &city, &request, "approve").await.expect(200);
}

#[tokio::test]
async fn nobody_decides_about_their_own_phone() {
    let app = TestApp::start().await;
    let (member, _, _) = setup(&app).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    // From the decider's own phone, about somebody else.
    ask(&app, &officer.mobile, &member.name, &member.id_number).await.expect(202);
    let request = listed(&app, &officer).await.remove(0);
    for step in ["approve", "reject"] {
        assert_eq!(decide(&app, &officer, &request, step).await.problem(403), "NOT_ANOTHER_PERSON");
    }
    // About themself, as the person.
    app.sql(&format!(
        "INSERT INTO membership (id, person_id, org_id, path, state, valid_from, recorded_at) \
         SELECT gen_random_uuid(), '{}', id, path, 'ACTIVE', '2026-01-01', now() FROM org WHERE code = '410102'",
        officer.person
    ))
    .await;
    ask(&app, &mobile(), "李建国", &officer.id_number).await.expect(202);
    let own = listed(&app, &officer).await.remove(1);
    assert_eq!(decide(&app, &officer, &own, "approve").await.problem(403), "NOT_ANOTHER_PERSON");
}

#[tokio::test]
async fn what_changed_since_is_not_overwritten() {
    let app = TestApp::start().await;
    let (member, session, officer) = setup(&app).await;
    let thiefs = mobile();
    ask(&app, &thiefs, &member.name, &member.id_number).await.expect(202);
    let request = listed(&app, &officer).await.remove(0);
    // The rightful holder moves to another phone by themself.
    let new = mobile();
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    app.post("/v1/auth/otp", json!({"mobile": new, "purpose": "new_mobile"})).by(&session).await.expect(202);
    let body = json!({"code": code, "new_mobile": new, "new_code": app.sms.code(&new).unwrap()});
    let session = Session::of(app.post("/v1/me/mobile", body).by(&session).await);
    let one = app.get(&path(&request)).by(&officer.session).await.expect(200);
    assert_eq!(one["evidence"]["unchanged"], false);
    assert_eq!(decide(&app, &officer, &request, "approve").await.problem(409), "INVALID_STATE");
    assert_eq!(app.get("/v1/me").by(&session).await.status, 200);
    // A number that became another member's is not taken from them.
    let other = app.on_roster("410102").await;
    ask(&app, &other.mobile, &member.name, &member.id_number).await.expect(202);
    let holder = app.login_member(&other.mobile).await;
    app.prove(&holder, &other).await;
    let request = listed(&app, &officer).await.remove(1);
    let one = app.get(&path(&request)).by(&officer.session).await.expect(200);
    assert_eq!(one["evidence"]["new_mobile"], "taken");
    assert_eq!(decide(&app, &officer, &request, "approve").await.problem(409), "ALREADY_EXISTS");
    assert_eq!(app.get("/v1/me").by(&holder).await.status, 200);
    // Who is no member any more has nothing to change here.
    let gone = mobile();
    ask(&app, &gone, &member.name, &member.id_number).await.expect(202);
    app.sql(&format!(
        "UPDATE membership SET state = 'ENDED', reason = 'quit' WHERE person_id = '{}'",
        member.person
    ))
    .await;
    let request = listed(&app, &officer).await.remove(2);
    assert_eq!(decide(&app, &officer, &request, "approve").await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn of_two_approvals_at_once_one_wins() {
    let app = TestApp::start().await;
    let (member, _, first) = setup(&app).await;
    let second = app.cadre("410102", RoleName::Leader).await;
    let (a, b) = (mobile(), mobile());
    for number in [&a, &b] {
        ask(&app, number, &member.name, &member.id_number).await.expect(202);
    }
    let waits = listed(&app, &first).await;
    // One request by two cadres, and another request for the same person by a third.
    let third = app.cadre("410102", RoleName::Reviewer).await;
    let approvals = [(&first, &waits[0]), (&second, &waits[0]), (&third, &waits[1])].map(|(by, request)| {
        let request = app.post(&format!("{}/approve", path(request)), json!({})).by(&by.session);
        request.if_match("\"v1\"").into_future()
    });
    let replies = join_all(approvals).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        let code = refused.json()["code"].as_str().unwrap().to_owned();
        assert!(["STALE", "INVALID_STATE"].contains(&code.as_str()), "{code}");
    }
    let states = app.number("SELECT count(DISTINCT state) FROM member_mobile_change").await;
    let waiting = "SELECT count(*) FROM member_mobile_change WHERE state = 'REVIEW'";
    assert_eq!((states, app.number(waiting).await), (2, 0), "one is approved, the other superseded");
    assert_eq!(app.number("SELECT count(*) FROM account WHERE realm = 'member'").await, 1);
}
