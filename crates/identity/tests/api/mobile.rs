//! Another phone number, by who has both phones.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::{Realm, RoleName};

/// A code for `new_mobile`, asked with a member's token.
async fn new_code(app: &TestApp, by: &Session, number: &str) -> String {
    let body = json!({"mobile": number, "purpose": "new_mobile"});
    app.post("/v1/auth/otp", body).by(by).await.expect(202);
    app.sms.code(number).unwrap()
}

async fn change(app: &TestApp, by: &Session, code: &str, number: &str, new_code: &str) -> Reply {
    let body = json!({"code": code, "new_mobile": number, "new_code": new_code});
    app.post("/v1/me/mobile", body).by(by).await
}

async fn mobile_of(app: &TestApp, by: &Session) -> String {
    app.get("/v1/me").by(by).await.expect(200)["mobile"].as_str().unwrap().to_owned()
}

fn masked(number: &str) -> String {
    format!("{}****{}", &number[..3], &number[7..])
}

#[tokio::test]
async fn with_both_phones_the_number_changes_and_every_other_login_ends() {
    let app = TestApp::start().await;
    let (old, new) = (mobile(), mobile());
    let first = app.login_member(&old).await;
    app.advance(Duration::seconds(60)).await;
    let elsewhere = app.login_member(&old).await;
    let (code, proof) = (app.otp(&old, "confirm", Realm::Member).await, new_code(&app, &first, &new).await);
    let now = Session::of(change(&app, &first, &code, &new, &proof).await);
    assert_eq!(now.account, first.account);
    assert_eq!(now.role(), first.role());
    for dead in [&first, &elsewhere] {
        assert_eq!(app.get("/v1/me").by(dead).await.problem(401), "UNAUTHENTICATED");
        let refresh = json!({"refresh_token": dead.refresh, "device_id": format!("device-{old}")});
        assert_eq!(app.post("/v1/auth/refresh", refresh).await.problem(401), "REFRESH_INVALID");
    }
    assert_eq!(mobile_of(&app, &now).await, masked(&new));
    let sessions = app.get("/v1/auth/sessions").by(&now).await.expect(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["items"][0]["device_id"], format!("device-{old}"));
    assert_eq!(app.sms.last(&old), Some("mobile_changed"));
    let told = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'account.mobile' \
         AND changes->'mobile' = '[\"{}\", \"{}\"]'",
        masked(&old),
        masked(&new)
    );
    assert_eq!(app.number(&told).await, 1);
    // The new number logs in to it; the old one is nobody's and may become an account.
    app.advance(Duration::seconds(60)).await;
    assert_eq!(app.login_member(&new).await.account, first.account);
    let reused = app.login_member(&old).await;
    assert_ne!(reused.account, first.account);
    assert_eq!(reused.body["is_new"], true);
}

#[tokio::test]
async fn codes_serve_once_for_five_minutes_each_for_its_own_number() {
    let app = TestApp::start().await;
    let (old, new) = (mobile(), mobile());
    let session = app.login_member(&old).await;
    let wrong = |code: &str| if code == "000000" { "000001" } else { "000000" };
    let (code, proof) = (app.otp(&old, "confirm", Realm::Member).await, new_code(&app, &session, &new).await);
    for (a, b, field) in [(wrong(&code), proof.as_str(), "code"), (code.as_str(), wrong(&proof), "new_code")]
    {
        let refused = change(&app, &session, a, &new, b).await;
        assert_eq!(refused.problem(401), "OTP_INVALID");
        assert_eq!(refused.json()["field"], field);
    }
    // A code for another number, and one for another purpose, prove nothing.
    let other = mobile();
    assert_eq!(change(&app, &session, &code, &other, &proof).await.problem(401), "OTP_INVALID");
    let confirm = app.otp(&other, "confirm", Realm::Member).await;
    assert_eq!(change(&app, &session, &code, &other, &confirm).await.problem(401), "OTP_INVALID");
    app.advance(Duration::seconds(300)).await;
    assert_eq!(change(&app, &session, &code, &new, &proof).await.problem(401), "OTP_INVALID");
    assert_eq!(mobile_of(&app, &session).await, masked(&old));
    let (code, proof) = (app.otp(&old, "confirm", Realm::Member).await, new_code(&app, &session, &new).await);
    let now = Session::of(change(&app, &session, &code, &new, &proof).await);
    assert_eq!(change(&app, &now, &code, &other, &proof).await.problem(401), "OTP_INVALID");
    let body = json!({"code": "12345", "new_mobile": "1380013800", "new_code": "abcdef"});
    let odd = app.post("/v1/me/mobile", body).by(&now).await;
    assert_eq!(odd.problem(422), "VALIDATION_FAILED");
    assert_eq!(odd.json()["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_number_of_another_account_and_ones_own_are_refused_and_cost_no_code() {
    let app = TestApp::start().await;
    let (old, taken) = (mobile(), mobile());
    let session = app.login_member(&old).await;
    let holder = app.login_member(&taken).await;
    let (code, proof) =
        (app.otp(&old, "confirm", Realm::Member).await, new_code(&app, &session, &taken).await);
    let refused = change(&app, &session, &code, &taken, &proof).await;
    assert_eq!(refused.problem(409), "ALREADY_EXISTS");
    assert_eq!(refused.json()["field"], "new_mobile");
    assert_eq!(mobile_of(&app, &session).await, masked(&old));
    assert_eq!(mobile_of(&app, &holder).await, masked(&taken));
    let own = new_code(&app, &session, &old).await;
    let same = change(&app, &session, &code, &old, &own).await;
    assert_eq!(same.json()["errors"][0]["code"], "MOBILE_SAME");
    // The same number in another realm is another account's matter.
    let cadre = app.cadre("410102", RoleName::Officer).await;
    let proof = new_code(&app, &session, &cadre.mobile).await;
    Session::of(change(&app, &session, &code, &cadre.mobile, &proof).await);
    assert_eq!(app.get("/v1/admin/todos").by(&cadre.session).await.status, 200);
}

#[tokio::test]
async fn a_code_for_a_new_number_is_sent_to_members_who_are_logged_in_only() {
    let app = TestApp::start().await;
    let (number, cadre) = (mobile(), app.cadre("410102", RoleName::Officer).await);
    let member = app.login_member(&mobile()).await;
    let body = json!({"mobile": number, "purpose": "new_mobile"});
    assert_eq!(app.post("/v1/auth/otp", body.clone()).await.problem(401), "UNAUTHENTICATED");
    assert_eq!(app.post("/v1/auth/otp", body).by(&cadre.session).await.problem(401), "UNAUTHENTICATED");
    let elsewhere = json!({"mobile": number, "purpose": "new_mobile", "realm": "cadre"});
    assert_eq!(app.post("/v1/auth/otp", elsewhere).by(&member).await.problem(401), "UNAUTHENTICATED");
    assert_eq!(app.sms.count(&number), 0);
    new_code(&app, &member, &number).await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let app = TestApp::start().await;
    // One account to two numbers.
    let old = mobile();
    let session = app.login_member(&old).await;
    let code = app.otp(&old, "confirm", Realm::Member).await;
    let (a, b) = (mobile(), mobile());
    let (of_a, of_b) = (new_code(&app, &session, &a).await, new_code(&app, &session, &b).await);
    let both = [change(&app, &session, &code, &a, &of_a), change(&app, &session, &code, &b, &of_b)];
    let mut statuses: Vec<u16> = join_all(both).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    // Two accounts to one number, whose code both were shown.
    let wanted = mobile();
    let (one, two) = (mobile(), mobile());
    let (first, second) = (app.login_member(&one).await, app.login_member(&two).await);
    let codes =
        (app.otp(&one, "confirm", Realm::Member).await, app.otp(&two, "confirm", Realm::Member).await);
    let proof = new_code(&app, &first, &wanted).await;
    let both =
        [change(&app, &first, &codes.0, &wanted, &proof), change(&app, &second, &codes.1, &wanted, &proof)];
    let done = join_all(both).await.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    let holders = "SELECT count(*) - count(DISTINCT mobile_index) FROM account WHERE state <> 'CLOSED'";
    assert_eq!(app.number(holders).await, 0);
}
