//! Tokens, refresh families, logging out.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::RoleName;

async fn refresh(app: &TestApp, token: &str, device: &str) -> Reply {
    app.post("/v1/auth/refresh", json!({"refresh_token": token, "device_id": device})).await
}

fn token(body: &Value) -> String {
    body["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_same_device_gets_the_same_successor_until_it_was_used() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let device = format!("device-{number}");
    let second = token(&refresh(&app, &session.refresh, &device).await.expect(200));
    let again = token(&refresh(&app, &session.refresh, &device).await.expect(200));
    assert_eq!(second, again, "a lost answer can be asked for again");
    let third = token(&refresh(&app, &second, &device).await.expect(200));
    assert_ne!(third, second);
    assert_eq!(refresh(&app, &session.refresh, &device).await.problem(401), "REFRESH_INVALID");
    assert_eq!(refresh(&app, &third, &device).await.problem(401), "REFRESH_INVALID", "the family is dead");
    assert_eq!(app.get("/v1/me/consents").by(&session).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn another_device_kills_the_family() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let thief = refresh(&app, &session.refresh, "another-device").await;
    assert_eq!(thief.problem(401), "REFRESH_INVALID");
    let owner = refresh(&app, &session.refresh, &format!("device-{number}")).await;
    assert_eq!(owner.problem(401), "REFRESH_INVALID");
    assert_eq!(app.get("/v1/me/consents").by(&session).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_lost_answer_is_kept_for_a_day_and_no_longer() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let device = format!("device-{number}");
    refresh(&app, &session.refresh, &device).await.expect(200);
    app.advance(Duration::hours(24)).await;
    refresh(&app, &session.refresh, &device).await.expect(200);
    app.advance(Duration::seconds(1)).await;
    assert_eq!(refresh(&app, &session.refresh, &device).await.problem(401), "REFRESH_INVALID");
}

#[tokio::test]
async fn a_session_without_a_device_takes_the_one_of_its_first_refresh() {
    let app = TestApp::start().await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    let second = token(&refresh(&app, &cadre.session.refresh, "desk-1").await.expect(200));
    assert_eq!(refresh(&app, &second, "desk-2").await.problem(401), "REFRESH_INVALID");
}

#[tokio::test]
async fn many_refreshes_at_once_agree() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let device = format!("device-{number}");
    let all = (0..16).map(|_| refresh(&app, &session.refresh, &device));
    let successors: std::collections::HashSet<String> = futures_util::future::join_all(all)
        .await
        .into_iter()
        .map(|reply| token(&reply.expect(200)))
        .collect();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn logging_out_ends_one_session_and_everywhere_ends_all_on_every_copy() {
    let app = TestApp::start().await;
    let copy = app.copy().await;
    let number = mobile();
    let first = app.login_member(&number).await;
    app.advance(Duration::seconds(60)).await;
    copy.services.identity.states.poll().await.unwrap();
    let second = app.login_member(&number).await;
    let alive = |app: &TestApp, s: &Session| app.get("/v1/me/consents").by(s).into_future();
    for s in [&first, &second] {
        alive(&app, s).await.expect(200);
        alive(&copy, s).await.expect(200);
    }
    assert_eq!(app.post("/v1/auth/logout", json!({})).by(&first).await.status, 204);
    copy.services.identity.states.poll().await.unwrap();
    assert_eq!(alive(&app, &first).await.problem(401), "UNAUTHENTICATED");
    assert_eq!(alive(&copy, &first).await.problem(401), "UNAUTHENTICATED");
    alive(&copy, &second).await.expect(200);
    assert_eq!(copy.request("POST", "/v1/auth/logout-everywhere").by(&second).await.status, 204);
    app.services.identity.states.poll().await.unwrap();
    assert_eq!(alive(&app, &second).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_session_is_listed_and_ended_by_its_owner_only() {
    let app = TestApp::start().await;
    let number = mobile();
    let phone = app.login_member(&number).await;
    let stranger = app.login_member(&mobile()).await;
    let list = app.get("/v1/auth/sessions").by(&phone).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let path = format!("/v1/auth/sessions/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.delete(&path).by(&stranger).await.problem(404), "NOT_FOUND");
    app.get("/v1/auth/sessions").by(&phone).await.expect(200);
    assert_eq!(app.delete(&path).by(&phone).await.status, 204);
    assert_eq!(app.get("/v1/auth/sessions").by(&phone).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn tokens_are_refused_when_expired_foreign_or_altered() {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let me = |token: String| app.get("/v1/me/consents").bearer(&token).into_future();
    me(session.access.clone()).await.expect(200);
    let parts: Vec<&str> = session.access.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    for forged in [
        String::new(),
        "garbage".to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        format!("{}.{}.{}", none, parts[1], parts[2]),
    ] {
        assert_eq!(me(forged).await.problem(401), "UNAUTHENTICATED");
    }
    let public = app.get("/v1/public/app-config").bearer("garbage").await;
    assert_eq!(public.problem(401), "UNAUTHENTICATED", "a bad token is bad on public routes too");
    app.get("/v1/public/app-config").by(&session).await.expect(200);
    app.advance(Duration::seconds(900)).await;
    assert_eq!(me(session.access.clone()).await.problem(401), "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_token_of_another_audience_opens_nothing() {
    let app = TestApp::start().await;
    let member = app.login_member(&mobile()).await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    assert_eq!(app.get("/v1/me").by(&cadre.session).await.problem(401), "UNAUTHENTICATED");
    assert_eq!(app.get("/v1/admin/members").by(&member).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn signing_keys_rotate_with_two_alive() {
    let app = TestApp::start().await;
    let old = app.login_member(&mobile()).await;
    let (core, ring) = (app.core(), &app.services.ring);
    let kids = |v: &Value| -> Vec<String> {
        v["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
    };
    let jwks = app.get("/.well-known/jwks.json").await;
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=60"), "shorter than a key ripens");
    let before = kids(&jwks.expect(200));
    let rotate = async || {
        let refused = unionhall_identity::token::rotate(core, ring).await.unwrap();
        app.services.identity.tokens.reload(ring, &mut core.db.writer().await.unwrap()).await.unwrap();
        refused
    };
    assert_eq!(rotate().await, None);
    let after = kids(&app.get("/.well-known/jwks.json").await.expect(200));
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], before[0]);
    app.get("/v1/me").by(&old).await.expect(200);
    let header = |s: &Session| {
        let raw = data_encoding::BASE64URL_NOPAD.decode(s.access.split('.').next().unwrap().as_bytes());
        serde_json::from_slice::<Value>(&raw.unwrap()).unwrap()
    };
    assert_eq!(header(&app.login_member(&mobile()).await)["kid"], before[0].as_str());
    app.advance(Duration::seconds(121)).await;
    let new = app.login_member(&mobile()).await;
    assert_eq!(header(&new)["kid"], after[1].as_str(), "the new key signs once every copy knows it");
    assert_eq!(header(&new)["typ"], "at+jwt");
    app.get("/v1/me").by(&new).await.expect(200);
    // The old key's last token was signed a moment before the new key was ripe.
    app.advance(Duration::seconds(898)).await;
    assert_eq!(rotate().await, Some(core.now() + Duration::seconds(1)));
    assert_eq!(kids(&app.get("/.well-known/jwks.json").await.expect(200)), after);
    app.advance(Duration::seconds(1)).await;
    assert_eq!(rotate().await, None);
    let last = kids(&app.get("/.well-known/jwks.json").await.expect(200));
    assert_eq!((last.len(), &last[0]), (2, &after[1]));
}
