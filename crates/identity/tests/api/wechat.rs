//! Logging in from the mini-program, against a stand-in for WeChat.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::wechat::{APP_ID, FakeWechat, Odd, SESSION_KEY};
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::{Realm, RoleName};

async fn start() -> (TestApp, FakeWechat) {
    let wechat = FakeWechat::start().await;
    (TestApp::with_wechat(&wechat.url).await, wechat)
}

async fn with_phone(app: &TestApp, wechat: &FakeWechat, openid: &str, number: &str) -> Reply {
    app.wechat_login(&wechat.js_code(openid), Some(&wechat.phone_code(number))).await
}

async fn alone(app: &TestApp, wechat: &FakeWechat, openid: &str) -> Reply {
    app.wechat_login(&wechat.js_code(openid), None).await
}

async fn bound_at(app: &TestApp, by: &Session) -> Value {
    app.get("/v1/me/wechat").by(by).await.expect(200)["bound_at"].clone()
}

#[tokio::test]
async fn the_first_login_takes_the_phone_and_later_ones_the_user_alone() {
    let (app, wechat) = start().await;
    let config = app.get("/v1/public/app-config").await.expect(200);
    assert_eq!(config["wechat_login"], true);
    let member = app.on_roster("410102").await;
    assert_eq!(alone(&app, &wechat, "o1").await.problem(409), "PHONE_REQUIRED");
    let first = with_phone(&app, &wechat, "o1", &member.mobile).await;
    let first = Session::of(first);
    assert_eq!((&first.body["is_new"], &first.body["real_name_level"]), (&json!(true), &json!(0)));
    assert_eq!(first.body["consents_due"], json!(["terms", "privacy"]));
    assert_eq!(first.body["closes_on"], json!(null));
    assert_eq!(bound_at(&app, &first).await, json!("2026-11-20T04:00:00.000Z"));
    // WeChat has proved the phone: that is what a claim of a name takes.
    app.prove(&first, &member).await;
    let js_code = wechat.js_code("o1");
    let body = json!({
        "js_code": js_code, "device": {"id": "mini-1", "platform": "wechat"},
        "consents": [{"document": "terms", "version": "2026-01"}, {"document": "privacy", "version": "2026-01"}],
    });
    let second = Session::of(app.post("/v1/auth/login/wechat", body).await);
    assert_eq!(second.account, first.account);
    assert_eq!((&second.body["is_new"], &second.body["real_name_level"]), (&json!(false), &json!(1)));
    assert_eq!(second.body["consents_due"], json!([]));
    let device = json!({"refresh_token": second.refresh, "device_id": "mini-1"});
    app.post("/v1/auth/refresh", device).await.expect(200);
    // The same account, by whatever way.
    let by_code = app.login_member(&member.mobile).await;
    assert_eq!((by_code.account, &by_code.body["is_new"]), (first.account, &json!(false)));
    let rows =
        "SELECT count(*) FROM audit_event WHERE action = 'session.open' AND changes->>'way' = 'wechat'";
    assert_eq!(app.number(rows).await, 2);
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'account.wechat_bind'").await, 1);
}

#[tokio::test]
async fn an_account_that_is_there_already_is_entered_and_bound() {
    let (app, wechat) = start().await;
    let number = mobile();
    let old = app.login_member(&number).await;
    assert_eq!(bound_at(&app, &old).await, json!(null));
    let entered = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    assert_eq!((entered.account, &entered.body["is_new"]), (old.account, &json!(false)));
    assert_eq!(bound_at(&app, &old).await, json!("2026-11-20T04:00:00.000Z"));
    app.advance(Duration::minutes(10)).await;
    Session::of(with_phone(&app, &wechat, "o1", &number).await);
    assert_eq!(bound_at(&app, &old).await, json!("2026-11-20T04:00:00.000Z"), "it is the same binding");
}

#[tokio::test]
async fn who_proved_the_phone_last_is_the_one() {
    let (app, wechat) = start().await;
    let (a, b) = (mobile(), mobile());
    let first = Session::of(with_phone(&app, &wechat, "o1", &a).await);
    let second = Session::of(with_phone(&app, &wechat, "o1", &b).await);
    assert_ne!(first.account, second.account);
    assert_eq!(bound_at(&app, &first).await, json!(null), "a user is bound to one account");
    assert_eq!(Session::of(alone(&app, &wechat, "o1").await).account, second.account);
    Session::of(with_phone(&app, &wechat, "o2", &b).await);
    assert_eq!(alone(&app, &wechat, "o1").await.problem(409), "PHONE_REQUIRED", "an account has one user");
    assert_eq!(Session::of(alone(&app, &wechat, "o2").await).account, second.account);
}

#[tokio::test]
async fn codes_serve_once_and_which_one_was_wrong_is_told() {
    let (app, wechat) = start().await;
    let number = mobile();
    let (js, phone) = (wechat.js_code("o1"), wechat.phone_code(&number));
    Session::of(app.wechat_login(&js, Some(&phone)).await);
    let refused = async |js: &str, phone: Option<&str>, field: &str| {
        let reply = app.wechat_login(js, phone).await;
        assert_eq!(reply.problem(401), "WECHAT_CODE_INVALID", "{field}");
        assert_eq!(reply.json()["field"], field);
    };
    refused(&js, None, "js_code").await;
    refused("made-up", None, "js_code").await;
    refused(&wechat.js_code("o1"), Some(&phone), "phone_code").await;
    refused(&wechat.js_code("o1"), Some("made-up"), "phone_code").await;
    let others = wechat.phone_code_of("86", &number, "wx-of-somebody-else");
    refused(&wechat.js_code("o1"), Some(&others), "phone_code").await;
    // A wrong user costs the phone's code nothing.
    let kept = wechat.phone_code(&number);
    refused("made-up", Some(&kept), "js_code").await;
    Session::of(app.wechat_login(&wechat.js_code("o1"), Some(&kept)).await);
}

#[tokio::test]
async fn of_many_logins_with_one_code_one_succeeds() {
    let (app, wechat) = start().await;
    let number = mobile();
    Session::of(with_phone(&app, &wechat, "o1", &number).await);
    let js = wechat.js_code("o1");
    let replies = join_all((0..16).map(|_| app.wechat_login(&js, None))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(401), "WECHAT_CODE_INVALID");
    }
}

#[tokio::test]
async fn however_many_come_with_one_phone_or_as_one_user_there_is_one_of_each() {
    let (app, wechat) = start().await;
    let number = mobile();
    let users: Vec<String> = (0..8).map(|n| format!("o{n}")).collect();
    let replies = join_all(users.iter().map(|user| with_phone(&app, &wechat, user, &number))).await;
    let accounts: std::collections::BTreeSet<_> =
        replies.into_iter().map(|reply| Session::of(reply).account).collect();
    assert_eq!(accounts.len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM account").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM account_wechat").await, 1);
    let numbers: Vec<String> = (0..8).map(|_| mobile()).collect();
    let replies = join_all(numbers.iter().map(|number| with_phone(&app, &wechat, "one", number))).await;
    for reply in replies {
        Session::of(reply);
    }
    assert_eq!(app.number("SELECT count(*) FROM account").await, 9);
    assert_eq!(app.number("SELECT count(*) FROM account_wechat").await, 2);
}

#[tokio::test]
async fn what_wechat_says_is_told_as_it_concerns_the_caller() {
    let (app, wechat) = start().await;
    let number = mobile();
    Session::of(with_phone(&app, &wechat, "o1", &number).await);
    let key_alone = json!({"session_key": SESSION_KEY}).to_string();
    let odd = [
        (Odd::Errcode(40029), 401, "WECHAT_CODE_INVALID", None),
        (Odd::Errcode(40163), 401, "WECHAT_CODE_INVALID", None),
        (Odd::Errcode(40226), 403, "WECHAT_REFUSED", None),
        (Odd::Errcode(45011), 429, "RATE_LIMITED", Some("60")),
        (Odd::Errcode(-1), 503, "UNAVAILABLE", Some("1")),
        (Odd::Errcode(40125), 503, "UNAVAILABLE", Some("1")),
        (Odd::Raw(502, "bad gateway".to_owned()), 503, "UNAVAILABLE", Some("1")),
        (Odd::Raw(302, String::new()), 503, "UNAVAILABLE", Some("1")),
        (Odd::Raw(200, "<html>".to_owned()), 503, "UNAVAILABLE", Some("1")),
        (Odd::Raw(200, key_alone), 503, "UNAVAILABLE", Some("1")),
        (Odd::Never, 503, "UNAVAILABLE", Some("1")),
    ];
    for (odd, status, code, after) in odd {
        // Of the user first, then of the phone, whose access token is there already.
        wechat.answer_next(odd.clone());
        let reply = alone(&app, &wechat, "o1").await;
        assert_eq!(reply.problem(status), code, "{odd:?}");
        assert_eq!(reply.header("retry-after"), after, "{odd:?}");
        assert!(!reply.text().contains(SESSION_KEY));
        wechat.answer_next(Odd::Rightly);
        wechat.answer_next(odd.clone());
        let reply = with_phone(&app, &wechat, "o1", &number).await;
        assert_eq!(reply.problem(status), code, "{odd:?}");
    }
    Session::of(alone(&app, &wechat, "o1").await);
}

#[tokio::test]
async fn where_wechat_does_not_answer_or_is_not_asked_the_rest_goes_on() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let app = TestApp::with_wechat(&nobody).await;
    let reply = app.wechat_login("js", None).await;
    assert_eq!((reply.problem(503), reply.header("retry-after")), ("UNAVAILABLE".to_owned(), Some("1")));
    app.login_member(&mobile()).await;
    let app = TestApp::start().await;
    assert_eq!(app.wechat_login("js", Some("phone")).await.problem(409), "MODULE_CLOSED");
    let config = app.get("/v1/public/app-config").await.expect(200);
    assert_eq!(config["wechat_login"], false);
    let session = app.login_member(&mobile()).await;
    assert_eq!(bound_at(&app, &session).await, json!(null));
}

#[tokio::test]
async fn an_access_token_is_kept_while_it_serves() {
    let (app, wechat) = start().await;
    let log_in = async || Session::of(with_phone(&app, &wechat, "o1", &mobile()).await);
    log_in().await;
    log_in().await;
    assert_eq!(wechat.asked_for_tokens(), 1);
    wechat.forget_tokens();
    log_in().await;
    assert_eq!(wechat.asked_for_tokens(), 2, "it died before its time");
    app.advance(Duration::seconds(7200 - 301)).await;
    log_in().await;
    assert_eq!(wechat.asked_for_tokens(), 2);
    app.advance(Duration::seconds(1)).await;
    let all = join_all((0..8).map(|_| log_in())).await;
    assert_eq!((all.len(), wechat.asked_for_tokens()), (8, 3), "one asks for all");
}

#[tokio::test]
async fn a_blocked_account_is_refused_like_a_wrong_code() {
    let (app, wechat) = start().await;
    let number = mobile();
    let session = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    app.sql(&format!("UPDATE account SET state = 'SUSPENDED' WHERE id = '{}'", session.account)).await;
    for reply in [with_phone(&app, &wechat, "o1", &number).await, alone(&app, &wechat, "o1").await] {
        assert_eq!(reply.problem(401), "WECHAT_CODE_INVALID");
    }
    assert_eq!(app.number("SELECT count(*) FROM session").await, 1);
}

#[tokio::test]
async fn unbinding_is_the_owners_and_ends_nothing_else() {
    let (app, wechat) = start().await;
    let number = mobile();
    let session = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    assert_eq!(app.delete("/v1/me/wechat").by(&session).await.status, 204);
    assert_eq!(app.delete("/v1/me/wechat").by(&session).await.problem(404), "NOT_FOUND");
    assert_eq!(bound_at(&app, &session).await, json!(null));
    assert_eq!(alone(&app, &wechat, "o1").await.problem(409), "PHONE_REQUIRED");
    let again = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    assert_eq!(again.account, session.account);
}

#[tokio::test]
async fn a_change_with_both_phones_keeps_the_binding_and_the_countys_ends_it() {
    let (app, wechat) = start().await;
    let member = app.on_roster("410102").await;
    let session = Session::of(with_phone(&app, &wechat, "o1", &member.mobile).await);
    app.prove(&session, &member).await;
    let new = mobile();
    let code = app.otp(&member.mobile, "confirm", Realm::Member).await;
    let ask = json!({"mobile": new, "purpose": "new_mobile"});
    app.post("/v1/auth/otp", ask).by(&session).await.expect(202);
    let body = json!({"code": code, "new_mobile": new, "new_code": app.sms.code(&new).unwrap()});
    app.post("/v1/me/mobile", body).by(&session).await.expect(200);
    assert_eq!(Session::of(alone(&app, &wechat, "o1").await).account, session.account, "the same hands");

    let other = mobile();
    let code = app.otp(&other, "apply", Realm::Member).await;
    let body = json!({"mobile": other, "code": code, "name": member.name, "id_type": "citizen_id",
                      "id_number": member.id_number});
    app.post("/v1/public/mobile-changes", body).await.expect(202);
    let county = app.cadre("410102", RoleName::Leader).await.session;
    let list = app.get("/v1/admin/mobile-changes").by(&county).await.expect(200);
    let path = format!("/v1/admin/mobile-changes/{}", list["items"][0]["id"].as_str().unwrap());
    let tag = app.get(&path).by(&county).await.etag();
    let approve = app.post(&format!("{path}/approve"), json!({}));
    approve.by(&county).if_match(&tag).await.expect(200);
    assert_eq!(
        alone(&app, &wechat, "o1").await.problem(409),
        "PHONE_REQUIRED",
        "it was on the phone that is gone"
    );
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'account.wechat_unbind' AND changes->>'why' = 'mobile'";
    assert_eq!(app.number(rows).await, 1);
    // Whoever has the old phone proves nothing but that: the number is nobody's account now.
    let stranger = Session::of(with_phone(&app, &wechat, "o1", &new).await);
    assert_ne!(stranger.account, session.account);
}

#[tokio::test]
async fn a_closing_is_told_and_a_closed_account_has_no_user() {
    let (app, wechat) = start().await;
    let number = mobile();
    let session = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    let code = app.otp(&number, "confirm", Realm::Member).await;
    app.post("/v1/me/account-closing", json!({"code": code})).by(&session).await.expect(200);
    let told = Session::of(alone(&app, &wechat, "o1").await);
    assert_eq!(told.body["closes_on"], "2026-11-27");
    app.advance(Duration::days(8)).await;
    let core = app.core();
    unionhall_gateway::upkeep::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
    app.drain().await;
    assert_eq!(app.number("SELECT count(*) FROM account_wechat").await, 0);
    assert_eq!(alone(&app, &wechat, "o1").await.problem(409), "PHONE_REQUIRED");
    let anew = Session::of(with_phone(&app, &wechat, "o1", &number).await);
    assert_eq!((anew.account == session.account, &anew.body["is_new"]), (false, &json!(true)));
}

#[tokio::test]
async fn a_day_has_an_end_for_a_number_and_for_an_address() {
    let (app, wechat) = start().await;
    let number = mobile();
    for n in 0..10 {
        Session::of(with_phone(&app, &wechat, &format!("o{n}"), &number).await);
    }
    let over = with_phone(&app, &wechat, "o9", &number).await;
    assert_eq!(
        (over.problem(429), over.header("retry-after")),
        ("TRIES_EXHAUSTED".to_owned(), Some("43201"))
    );
    Session::of(alone(&app, &wechat, "o9").await);
    app.sql("UPDATE account_day_count SET n = 2000 WHERE kind = 'wechat_address'").await;
    let js = wechat.js_code("o9");
    assert_eq!(app.wechat_login(&js, None).await.problem(429), "TRIES_EXHAUSTED");
    app.advance(Duration::hours(12)).await;
    Session::of(app.wechat_login(&js, None).await);
}

#[tokio::test]
async fn what_is_sent_is_told_in_full_where_it_is_wrong() {
    let (app, wechat) = start().await;
    let body = json!({
        "js_code": "", "phone_code": "空", "device": {"id": "", "platform": "wechat"},
        "consents": [{"document": "terms", "version": "1999"}],
    });
    let reply = app.post("/v1/auth/login/wechat", body).await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let errors = reply.json();
    let at: Vec<_> = errors["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(at, ["/js_code", "/phone_code", "/device/id", "/consents/0"]);
    let abroad = wechat.phone_code_of("852", "91234567", APP_ID);
    let reply = app.wechat_login(&wechat.js_code("o1"), Some(&abroad)).await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    assert_eq!(reply.json()["errors"][0]["code"], "MOBILE_COUNTRY");
    assert_eq!(app.number("SELECT count(*) FROM account").await, 0);
}

#[tokio::test]
async fn the_store_holds_neither_user_nor_key() {
    let (app, wechat) = start().await;
    let session = Session::of(with_phone(&app, &wechat, "openid-of-somebody", &mobile()).await);
    for secret in ["openid-of-somebody", SESSION_KEY] {
        let rows = format!(
            "SELECT count(*) FROM account_wechat w, audit_event e, session s \
             WHERE position('{secret}'::bytea IN w.openid_index) > 0 OR position('{secret}' IN e.changes::text) > 0 \
                OR position('{secret}' IN coalesce(s.device_id, '')) > 0"
        );
        assert_eq!(app.number(&rows).await, 0);
    }
    let all = format!(
        "SELECT octet_length(openid_index) FROM account_wechat WHERE account_id = '{}'",
        session.account
    );
    assert_eq!(app.number(&all).await, 18);
}
