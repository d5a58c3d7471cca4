//! Invitations, posts, switching.

use serde_json::{Value, json};
use unionhall_testkit::{CadreHandle, Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

fn invitation(union: Uuid, role: &str, number: &str, mobile: &str) -> Value {
    json!({
        "name": "赵敏", "id_type": "citizen_id", "id_number": number, "mobile": mobile,
        "username": format!("zhao{mobile}"), "union_id": union, "role": role,
    })
}

// A leader whose ceiling lets them grant officers and registrars.
async fn grantor(app: &TestApp, code: &str) -> CadreHandle {
    let leader = app.cadre(code, RoleName::Leader).await;
    app.sql(&format!("UPDATE post SET ceiling = '{{officer,registrar}}' WHERE id = '{}'", leader.post)).await;
    app.services.identity.states.forget(leader.session.account);
    leader
}

#[tokio::test]
async fn an_invited_cadre_activates_enrols_totp_and_logs_in() {
    let app = TestApp::start().await;
    let leader = grantor(&app, "410102").await;
    let (number, phone) = (citizen(), mobile());
    let body = invitation(leader.union, "officer", &number, &phone);
    let made = app.post("/v1/admin/invitations", body).by(&leader.session).await.expect(201);
    assert_eq!((made["role"].as_str(), made["name"].as_str()), (Some("officer"), Some("赵*")));
    let waiting = json!({"username": format!("zhao{phone}"), "password": "correct-horse-battery"});
    assert_eq!(app.post("/v1/auth/login/password", waiting).await.problem(401), "LOGIN_FAILED");
    let code = app.otp(&phone, "confirm", Realm::Cadre).await;
    let activate = json!({"mobile": phone, "code": code, "password": "correct-horse-battery"});
    let active = app.post("/v1/auth/activate", activate.clone()).await.expect(200);
    let secret = active["totp_secret"].as_str().unwrap();
    assert_eq!(app.post("/v1/auth/activate", activate).await.problem(401), "OTP_INVALID");
    let session = app.login_cadre(Realm::Cadre, &format!("zhao{phone}"), Some(secret), &phone).await;
    app.get("/v1/admin/members").by(&session).await.expect(200);
}

#[tokio::test]
async fn a_cadre_who_rises_to_the_county_acts_there_with_totp_alone() {
    let app = TestApp::start().await;
    let leader = grantor(&app, "410102").await;
    let (_, code) = app.union_under("410102", "中原机械有限公司工会").await;
    let rising = app.cadre(&code, RoleName::Officer).await;
    assert_eq!(rising.totp, None, "below the county a code by SMS will do");
    app.get("/v1/admin/unions").by(&rising.session).await.expect(200);
    let number = "SELECT count(*) FROM post";
    let before = app.number(number).await;
    let mut body = invitation(leader.union, "officer", &rising.id_number, &mobile());
    body["name"] = json!("李建国");
    app.post("/v1/admin/invitations", body).by(&leader.session).await.expect(201);
    assert_eq!(app.number(number).await, before + 1);
    assert_eq!(app.sms.last(&rising.mobile), Some("post_enrolment"));
    let roles = async |session: &Session| {
        let roles = app.get("/v1/auth/roles").by(session).await.expect(200);
        roles["items"].as_array().unwrap().len()
    };
    // What they had goes on, whoever granted what; the new post waits.
    assert_eq!(roles(&rising.session).await, 1);
    let members = app.get("/v1/admin/members").by(&rising.session).await.expect(200);
    assert_eq!(members["items"], json!([]), "their own union has none");
    let activate = async |password: &str| {
        app.advance(chrono::Duration::seconds(61)).await;
        let code = app.otp(&rising.mobile, "confirm", Realm::Cadre).await;
        let body = json!({"mobile": rising.mobile, "code": code, "password": password});
        app.post("/v1/auth/activate", body).await
    };
    assert_eq!(activate("another-password").await.problem(401), "OTP_INVALID");
    let active = activate(unionhall_testkit::PASSWORD).await.expect(200);
    let secret = active["totp_secret"].as_str().expect("TOTP is enrolled");
    let old = app.get("/v1/admin/unions").by(&rising.session).await;
    assert_eq!(old.problem(401), "UNAUTHENTICATED", "what was opened with less is over");
    assert_eq!(activate(unionhall_testkit::PASSWORD).await.problem(401), "OTP_INVALID", "once");
    let session = app.login_cadre(Realm::Cadre, &rising.username, Some(secret), &rising.mobile).await;
    assert_eq!(roles(&session).await, 2);
}

#[tokio::test]
async fn an_invitation_in_anothers_name_opens_none_of_their_accounts() {
    let app = TestApp::start().await;
    let leader = grantor(&app, "410102").await;
    let victim = app.on_roster("410103").await;
    let own = app.login_member(&victim.mobile).await;
    app.prove(&own, &victim).await;
    let phone = mobile();
    let mut body = invitation(leader.union, "officer", &victim.id_number, &phone);
    body["name"] = json!(victim.name);
    app.post("/v1/admin/invitations", body).by(&leader.session).await.expect(201);
    let code = app.otp(&phone, "confirm", Realm::Cadre).await;
    let activate = json!({"mobile": phone, "code": code, "password": unionhall_testkit::PASSWORD});
    let active = app.post("/v1/auth/activate", activate).await.expect(200);
    let secret = active["totp_secret"].as_str().unwrap();
    let thief = app.login_cadre(Realm::Cadre, &format!("zhao{phone}"), Some(secret), &phone).await;
    let switch = async |otp: Option<String>| {
        let body = json!({"role_id": own.account, "otp": otp});
        app.post("/v1/auth/switch", body).by(&thief).await
    };
    let refused = switch(None).await;
    assert_eq!(refused.json()["factors"], json!(["otp"]));
    assert_eq!(refused.problem(401), "SECOND_FACTOR_REQUIRED");
    let theirs = app.otp(&phone, "second_factor", Realm::Member).await;
    assert_eq!(switch(Some(theirs)).await.problem(401), "SECOND_FACTOR_FAILED", "a code to their own phone");
    // The rightful holder, who reads the code that went to the account's own mobile, gets in.
    let code = app.otp(&victim.mobile, "second_factor", Realm::Member).await;
    switch(Some(code)).await.expect(200);
}

#[tokio::test]
async fn nobody_grants_above_their_ceiling_outside_their_subtree_or_to_themself() {
    let app = TestApp::start().await;
    let leader = grantor(&app, "410102").await;
    let sibling = app.cadre("410103", RoleName::Leader).await;
    let security = app.cadre("410102", RoleName::SecurityAdmin).await;
    let send = |by: &Session, body: Value| app.post("/v1/admin/invitations", body).by(by).into_future();
    let fresh = |union, role| invitation(union, role, &citizen(), &mobile());
    let above = send(&leader.session, fresh(leader.union, "leader")).await;
    assert_eq!(above.problem(403), "GRANT_EXCEEDS_CEILING");
    let outside = send(&leader.session, fresh(sibling.union, "officer")).await;
    assert_eq!(outside.problem(404), "NOT_FOUND");
    let admin = send(&leader.session, fresh(leader.union, "security_admin")).await;
    assert_eq!(admin.problem(403), "GRANT_EXCEEDS_CEILING");
    let mut with_ceiling = fresh(leader.union, "officer");
    with_ceiling["ceiling"] = json!(["officer"]);
    let ceiling = send(&leader.session, with_ceiling.clone()).await;
    assert_eq!(ceiling.problem(403), "GRANT_EXCEEDS_CEILING");
    send(&security.session, with_ceiling).await.expect(201);
    send(&security.session, fresh(leader.union, "audit_admin")).await.expect(201);
    let business = send(&security.session, fresh(leader.union, "officer")).await;
    assert_eq!(business.problem(403), "GRANT_EXCEEDS_CEILING");
    let officer = app.cadre("410102", RoleName::Officer).await;
    let none = send(&officer.session, fresh(leader.union, "officer")).await;
    assert_eq!(none.problem(403), "FORBIDDEN");
    let staff = send(&leader.session, fresh(leader.union, "manager")).await;
    assert_eq!(staff.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_document_under_another_name_and_a_taken_login_are_conflicts() {
    let app = TestApp::start().await;
    let leader = grantor(&app, "410102").await;
    let member = app.on_roster("410102").await;
    let send = |body: Value| app.post("/v1/admin/invitations", body).by(&leader.session).into_future();
    let other_name = invitation(leader.union, "officer", &member.id_number, &mobile());
    assert_eq!(send(other_name).await.problem(409), "ALREADY_EXISTS");
    let phone = mobile();
    send(invitation(leader.union, "officer", &citizen(), &phone)).await.expect(201);
    let taken = send(invitation(leader.union, "officer", &citizen(), &phone)).await;
    assert_eq!(taken.problem(409), "ALREADY_EXISTS");
}

#[tokio::test]
async fn a_revoked_post_is_refused_on_every_copy_within_a_poll() {
    let app = TestApp::start().await;
    let copy = app.copy().await;
    let leader = grantor(&app, "410102").await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    copy.services.identity.states.poll().await.unwrap();
    copy.get("/v1/admin/members").by(&officer.session).await.expect(200);
    let path = format!("/v1/admin/posts/{}", officer.post);
    let tag = app.get(&path).by(&leader.session).await.etag();
    let why = json!({"reason": "任期届满"});
    let revoke = format!("{path}/revoke");
    app.post(&revoke, why.clone()).by(&leader.session).if_match(&tag).await.expect(200);
    copy.services.identity.states.poll().await.unwrap();
    for server in [&app, &copy] {
        let reply = server.get("/v1/admin/members").by(&officer.session).await;
        assert_eq!(reply.problem(401), "UNAUTHENTICATED");
    }
    let again = app.post(&revoke, why).by(&leader.session).if_match("\"v2\"").await;
    assert_eq!(again.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn a_post_ends_on_its_instant_without_anybody_doing_anything() {
    let app = TestApp::start().await;
    let officer = app.cadre("410102", RoleName::Officer).await;
    app.sql(&format!("UPDATE post SET valid_to = '2026-11-20T04:10:00Z' WHERE id = '{}'", officer.post))
        .await;
    app.services.identity.states.forget(officer.session.account);
    app.clock.set("2026-11-20T04:09:59Z".parse().unwrap());
    app.advance(chrono::Duration::zero()).await;
    app.get("/v1/admin/members").by(&officer.session).await.expect(200);
    app.advance(chrono::Duration::seconds(1)).await;
    let reply = app.get("/v1/admin/members").by(&officer.session).await;
    assert_eq!(reply.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn one_person_switches_between_being_a_member_and_a_chair() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let chair = app.cadre(&code, RoleName::Leader).await;
    let phone = mobile();
    let member = app.login_member(&phone).await;
    app.sql(&format!(
        "UPDATE account SET person_id = '{}', level = 1 WHERE id = '{}'",
        chair.person, member.account
    ))
    .await;
    app.services.identity.states.forget(member.account);
    let roles = app.get("/v1/auth/roles").by(&member).await.expect(200);
    assert_eq!(roles["items"].as_array().unwrap().len(), 2);
    let switch = |by: &Session, body: Value| app.post("/v1/auth/switch", body).by(by).into_future();
    let to_chair = json!({"role_id": chair.post});
    let without = switch(&member, to_chair).await;
    assert_eq!(without.problem(401), "SECOND_FACTOR_REQUIRED");
    app.advance(chrono::Duration::seconds(60)).await;
    // The member's app runs on another phone than the chair's: a bound one shows a code.
    let binding = app.post("/v1/auth/bound-devices", json!({})).by(&chair.session).await.expect(200);
    let code = app.otp(&chair.mobile, "second_factor", Realm::Cadre).await;
    let body = json!({"role_id": chair.post, "otp": code, "binding_code": binding["code"]});
    let as_chair = Session::of(switch(&member, body).await);
    let list = app.get("/v1/admin/members").by(&as_chair).await.expect(200);
    assert_eq!(list["items"], json!([]));
    assert_eq!(as_chair.body["account"]["roles"][0]["union_id"], union.to_string());
    app.get("/v1/me").by(&member).await.expect(200);
    let stranger = app.cadre("410103", RoleName::Officer).await;
    let foreign = switch(&member, json!({"role_id": stranger.post})).await;
    assert_eq!(foreign.problem(404), "NOT_FOUND");
}
