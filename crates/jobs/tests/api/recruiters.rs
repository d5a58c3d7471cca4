//! From a proved mobile to a verified recruiter, and out again (E16).

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{id, uscc};
use unionhall_testkit::{CadreHandle, Reply, TestApp, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

async fn county() -> (TestApp, CadreHandle) {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    (app, officer)
}

fn path(application: Uuid) -> String {
    format!("/v1/admin/recruiter-applications/{application}")
}

async fn turn(app: &TestApp, recruiter: Uuid, step: &str, by: &CadreHandle) -> Reply {
    let body = json!({"reason": "多次被举报"});
    app.decide(&format!("/v1/admin/recruiters/{recruiter}"), step, &by.session, body).await
}

fn todo(todos: &Value, kind: &str) -> (Value, Value) {
    let found = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == kind).unwrap();
    (found["count"].clone(), found["oldest_due"].clone())
}

#[tokio::test]
async fn a_stranger_becomes_a_verified_recruiter() {
    let (app, officer) = county().await;
    let number = mobile();
    let body = json!({"mobile": number, "purpose": "login", "realm": "recruiter"});
    app.post("/v1/auth/otp", body).await.expect(202);
    assert_eq!(app.sms.count(&number), 0, "nobody logs in as a recruiter by a number nobody has");
    let session = app.recruiting(&number).await;
    assert_eq!(session.body["account"]["roles"], json!([]));
    assert_eq!(app.get("/v1/recruiter/profile").by(&session).await.problem(403), "FORBIDDEN");

    let body = app.recruiter_body(&session).await;
    let made = app.apply_as_recruiter(&session, &body).await.expect(201);
    assert_eq!((&made["state"], &made["contact_name"]), (&json!("APPLIED"), &json!("马*军")));
    assert_eq!(made["progress"]["due_on"], "2026-11-27", "five working days from a Friday");
    let again = app.apply_as_recruiter(&session, &body).await.expect(201);
    assert_eq!(again, made, "the same key is the same application");
    let todos = app.get("/v1/admin/todos").by(&officer.session).await.expect(200);
    assert_eq!(todo(&todos, "recruiter_application"), (json!(1), json!("2026-11-27")));

    let application = id(&made);
    let list = app.get("/v1/admin/recruiter-applications").by(&officer.session).await.expect(200);
    assert_eq!(list["items"][0]["id"], made["id"]);
    let masked = format!("{}****{}", &number[..3], &number[7..]);
    assert_eq!(list["items"][0]["contact_mobile"], masked);
    let papers = app.get(&format!("{}/papers", path(application))).by(&officer.session).await.expect(200);
    for paper in ["licence", "authorisation"] {
        assert_eq!(app.get(papers[paper]["url"].as_str().unwrap()).await.status, 200);
    }
    let verified = app.verify_recruiter(application, &officer).await.expect(200);
    assert_eq!(verified["state"], "VERIFIED");
    let session = app.recruiter_again(&number, &session).await;
    assert_eq!(session.body["account"]["roles"][0]["role"], "recruiter");
    let own = app.get("/v1/recruiter/profile").by(&session).await.expect(200);
    assert_eq!((&own["state"], &own["verified_until"]), (&json!("VERIFIED"), &json!("2027-05-20")));
    assert_eq!(own["id"], verified["recruiter_id"]);

    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&number, "login", Realm::Recruiter).await;
    let login = json!({"realm": "recruiter", "mobile": number, "code": code, "consents": [],
                       "device": {"id": "desk", "platform": "web"}});
    let login = app.post("/v1/auth/login/otp", login).await.expect(200);
    assert_eq!(login["account"]["roles"][0]["role"], "recruiter");
    let after = app.verify_recruiter(application, &officer).await;
    assert_eq!(after.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn what_is_stated_is_checked_at_once() {
    let (app, _) = county().await;
    let session = app.recruiting(&mobile()).await;
    let good = app.recruiter_body(&session).await;
    let refused = async |changed: Value| {
        let mut body = good.clone();
        for (name, value) in changed.as_object().unwrap() {
            body[name] = value.clone();
        }
        let key = Uuid::from_u128(u128::from(changed.to_string().len() as u64)).to_string();
        let reply = app.post("/v1/recruiter/applications", body).by(&session).key(&key).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let json = reply.json();
        let error = &json["errors"][0];
        format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
    };
    assert_eq!(refused(json!({"uscc": "91410100MA000ABC25"})).await, "/uscc USCC_CHECK_DIGIT");
    assert_eq!(refused(json!({"division_code": "999999"})).await, "/division_code DIVISION_UNKNOWN");
    assert_eq!(refused(json!({"division_code": "110101"})).await, "/division_code DIVISION_UNKNOWN");
    assert_eq!(refused(json!({"about": " "})).await, "/about TEXT_FORMAT");
    let ended = json!({"number": "豫人服0001", "valid_until": "2026-11-19"});
    assert_eq!(refused(json!({"agency": ended})).await, "/agency/valid_until LICENCE_ENDED");
    let swapped = json!({"licence_file_id": good["authorisation_file_id"]});
    assert_eq!(refused(swapped).await, "/licence_file_id FILE_UNKNOWN");
    let strange = app.recruiting(&mobile()).await;
    let paper = app.paper(&strange, "recruiter_licence").await;
    assert_eq!(refused(json!({"licence_file_id": paper})).await, "/licence_file_id FILE_UNKNOWN");
    assert_eq!(app.number("SELECT count(*) FROM recruiter_application").await, 0);
    let reply = app.post("/v1/recruiter/applications", good.clone()).by(&session).await;
    assert_eq!(reply.problem(400), "IDEMPOTENCY_KEY_MISSING");
}

#[tokio::test]
async fn an_agency_is_verified_no_longer_than_its_licence() {
    let (app, officer) = county().await;
    for (until, state) in [("2027-01-31", "2027-01-31"), ("2030-01-31", "2027-05-20")] {
        let number = mobile();
        let session = app.recruiting(&number).await;
        let mut body = app.recruiter_body(&session).await;
        body["agency"] = json!({"number": "豫人服0001", "valid_until": until});
        let made = id(&app.apply_as_recruiter(&session, &body).await.expect(201));
        app.verify_recruiter(made, &officer).await.expect(200);
        let session = app.recruiter_again(&number, &session).await;
        let own = app.get("/v1/recruiter/profile").by(&session).await.expect(200);
        assert_eq!(own["verified_until"], state);
    }
    // The licence that was good when it was handed in has ended when somebody looks.
    let session = app.recruiting(&mobile()).await;
    let mut body = app.recruiter_body(&session).await;
    body["agency"] = json!({"number": "豫人服0002", "valid_until": "2026-11-20"});
    let made = id(&app.apply_as_recruiter(&session, &body).await.expect(201));
    app.advance(Duration::hours(12)).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    assert_eq!(app.verify_recruiter(made, &officer).await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn six_months_end_at_midnight_in_shanghai_and_a_second_look_renews_them() {
    let (app, officer) = county().await;
    let recruiter = app.recruiter(&officer, "410102", "郑州某某机械有限公司").await;
    let state = async |by: &CadreHandle| {
        let path = format!("/v1/admin/recruiters/{}", recruiter.id);
        app.get(&path).by(&by.session).await.expect(200)["state"].clone()
    };
    // 2027-05-20 23:59 in Shanghai is the last minute.
    app.clock.set("2027-05-20T15:59:00Z".parse().unwrap());
    app.advance(Duration::zero()).await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    assert_eq!(state(&officer).await, "VERIFIED");
    app.advance(Duration::minutes(1)).await;
    assert_eq!(state(&officer).await, "REVERIFY");
    let past = app.get("/v1/admin/recruiters?state=REVERIFY").by(&officer.session).await.expect(200);
    assert_eq!(past["items"].as_array().unwrap().len(), 1);
    let good = app.get("/v1/admin/recruiters?state=VERIFIED").by(&officer.session).await.expect(200);
    assert_eq!(good["items"], json!([]));

    let code = app.otp(&recruiter.mobile, "login", Realm::Recruiter).await;
    let login = json!({"realm": "recruiter", "mobile": recruiter.mobile, "code": code, "consents": [],
                       "device": {"id": "desk", "platform": "web"}});
    let session = unionhall_testkit::Session::of(app.post("/v1/auth/login/otp", login).await);
    let mut body = app.recruiter_body(&session).await;
    let other = app.apply_as_recruiter(&session, &body).await;
    assert_eq!(other.json()["errors"][0]["code"], "USCC_OF_ANOTHER");
    assert_eq!(other.status, 422);
    body = app.recruiter_body(&session).await;
    (body["uscc"], body["name"]) = (json!(recruiter.uscc), json!("郑州改名机械有限公司"));
    let made = app.apply_as_recruiter(&session, &body).await.expect(201);
    assert_eq!(made["recruiter_id"], json!(recruiter.id));
    app.verify_recruiter(id(&made), &officer).await.expect(200);
    assert_eq!(state(&officer).await, "VERIFIED");
    let own = app.get("/v1/recruiter/profile").by(&session).await.expect(200);
    assert_eq!(
        (&own["name"], &own["verified_until"]),
        (&json!("郑州改名机械有限公司"), &json!("2027-11-21"))
    );
}

#[tokio::test]
async fn a_suspension_ends_in_a_return_or_a_ban_that_the_code_does_not_survive() {
    let (app, officer) = county().await;
    let recruiter = app.recruiter(&officer, "410102", "郑州某某机械有限公司").await;
    assert_eq!(turn(&app, recruiter.id, "ban", &officer).await.problem(409), "INVALID_STATE");
    let suspended = turn(&app, recruiter.id, "suspend", &officer).await.expect(200);
    assert_eq!((&suspended["state"], &suspended["decide_by"]), (&json!("SUSPENDED"), &json!("2026-11-27")));
    let todos = app.get("/v1/admin/todos").by(&officer.session).await.expect(200);
    assert_eq!(todo(&todos, "recruiter_suspension"), (json!(1), json!("2026-11-27")));
    assert_eq!(turn(&app, recruiter.id, "suspend", &officer).await.problem(409), "INVALID_STATE");
    // A suspended one does not have itself verified again.
    let mut body = app.recruiter_body(&recruiter.session).await;
    body["uscc"] = json!(recruiter.uscc);
    let renewal = app.apply_as_recruiter(&recruiter.session, &body).await;
    assert_eq!(renewal.problem(409), "INVALID_STATE");
    let resumed = turn(&app, recruiter.id, "resume", &officer).await.expect(200);
    assert_eq!((&resumed["state"], &resumed["reason"]), (&json!("VERIFIED"), &Value::Null));
    turn(&app, recruiter.id, "suspend", &officer).await.expect(200);
    let banned = turn(&app, recruiter.id, "ban", &officer).await.expect(200);
    assert_eq!((&banned["state"], &banned["decide_by"]), (&json!("BANNED"), &Value::Null));
    assert_eq!(turn(&app, recruiter.id, "resume", &officer).await.problem(409), "INVALID_STATE");
    let fresh = app.recruiting(&mobile()).await;
    let mut body = app.recruiter_body(&fresh).await;
    body["uscc"] = json!(recruiter.uscc);
    assert_eq!(app.apply_as_recruiter(&fresh, &body).await.problem(409), "ALREADY_EXISTS");
}

#[tokio::test]
async fn of_two_who_apply_under_one_code_the_first_verified_has_it() {
    let (app, officer) = county().await;
    let code = uscc();
    let mut made = Vec::new();
    for _ in 0..8 {
        let session = app.recruiting(&mobile()).await;
        let mut body = app.recruiter_body(&session).await;
        body["uscc"] = json!(code);
        made.push(id(&app.apply_as_recruiter(&session, &body).await.expect(201)));
    }
    let replies = join_all(made.iter().map(|a| app.verify_recruiter(*a, &officer))).await;
    let won = replies.iter().filter(|r| r.status == 200).count();
    assert_eq!(won, 1);
    for lost in replies.iter().filter(|r| r.status != 200) {
        assert_eq!(lost.problem(409), "ALREADY_EXISTS");
    }
    assert_eq!(app.number("SELECT count(*) FROM recruiter").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM recruiter_place").await, 1);
}

#[tokio::test]
async fn withdrawing_and_verifying_at_once_leaves_one_of_both() {
    let (app, officer) = county().await;
    let session = app.recruiting(&mobile()).await;
    let body = app.recruiter_body(&session).await;
    let made = id(&app.apply_as_recruiter(&session, &body).await.expect(201));
    let second = app.recruiter_body(&session).await;
    assert_eq!(app.apply_as_recruiter(&session, &second).await.problem(409), "APPLICATION_OPEN");
    let own = format!("/v1/recruiter/applications/{made}/withdraw");
    let (withdrawn, verified) = tokio::join!(
        app.post(&own, json!({})).by(&session).into_future(),
        app.verify_recruiter(made, &officer)
    );
    assert_eq!(u8::from(withdrawn.status == 200) + u8::from(verified.status == 200), 1);
    let recruiters = app.number("SELECT count(*) FROM recruiter").await;
    assert_eq!(recruiters, i64::from(verified.status == 200));
}

#[tokio::test]
async fn the_neighbours_see_nothing_and_nobody_verifies_themself() {
    let (app, officer) = county().await;
    let sibling = app.cadre("410103", RoleName::Officer).await;
    let session = app.recruiting(&officer.mobile).await;
    let body = app.recruiter_body(&session).await;
    let made = id(&app.apply_as_recruiter(&session, &body).await.expect(201));
    let own = app.verify_recruiter(made, &officer).await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
    let all = app.get("/v1/admin/recruiter-applications").by(&sibling.session).await.expect(200);
    assert_eq!(all["items"], json!([]));
    let path = path(made);
    assert_eq!(app.get(&path).by(&sibling.session).await.problem(404), "NOT_FOUND");
    let verify = app.post(&format!("{path}/verify"), json!({})).by(&sibling.session).if_match("\"v1\"");
    assert_eq!(verify.await.problem(404), "NOT_FOUND");
    let stranger = app.recruiting(&mobile()).await;
    let foreign = app.get(&format!("/v1/recruiter/applications/{made}")).by(&stranger).await;
    assert_eq!(foreign.problem(404), "NOT_FOUND");
    let rejected = app.cadre("410102", RoleName::Leader).await;
    let reason = json!({"reason": "授权书未盖章"});
    let reply = app.decide(&path, "reject", &rejected.session, reason).await.expect(200);
    assert_eq!((&reply["state"], &reply["reason"]), (&json!("REJECTED"), &json!("授权书未盖章")));
    // They may apply again, with papers that were not used.
    let body = app.recruiter_body(&session).await;
    app.apply_as_recruiter(&session, &body).await.expect(201);
    let list = app.get("/v1/recruiter/applications").by(&session).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}
