//! Tickets: agreed to, used once within a minute by the partner they are for, and by nobody else.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use unionhall_identity::{account, closing};
use unionhall_testkit::mobile;
use unionhall_web::{Actor, RoleName};

use crate::city::City;

#[tokio::test]
async fn a_member_agrees_once_and_is_told_to_what() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let member = city.member().await;
    let ask = |body| app.post("/v1/me/sso-tickets", body).by(&member.session).into_future();
    for body in [json!({"partner_id": partner.id}), json!({"partner_id": partner.id, "consent": false})] {
        let refused = ask(body).await;
        assert_eq!(refused.problem(403), "CONSENT_REQUIRED");
        let told = refused.json();
        assert_eq!(told["partner_name"], "郑州职工文化宫");
        assert_eq!(told["receives"], json!(["level", "union"]));
    }
    assert_eq!(app.number("SELECT count(*) FROM partner_ticket").await, 0);
    let made = ask(json!({"partner_id": partner.id, "consent": true})).await.expect(201);
    assert_eq!(made["redirect_origins"], json!(["https://park.example.cn"]));
    assert_eq!(made["expires_at"], "2026-11-20T04:02:00.000Z");
    assert_eq!(made["ticket"].as_str().unwrap().len(), 43);
    // It is not asked again, and agreeing again is no second consent.
    for consent in [json!(false), json!(true)] {
        ask(json!({"partner_id": partner.id, "consent": consent})).await.expect(201);
    }
    let mine = app.get("/v1/me/partners").by(&member.session).await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    assert_eq!(mine["items"][0]["receives"], json!(["level", "union"]));
    let text = format!(
        "SELECT count(*) FROM partner_ticket WHERE hash = '{}'::bytea",
        made["ticket"].as_str().unwrap()
    );
    assert_eq!(app.number(&text).await, 0, "only a hash is stored");
    let newcomer = app.login_member(&mobile()).await;
    let low =
        app.post("/v1/me/sso-tickets", json!({"partner_id": partner.id, "consent": true})).by(&newcomer);
    assert_eq!(low.await.problem(403), "LEVEL_TOO_LOW");
    let waiting = app.registered_partner(&city.officer, "待审核").await;
    for absent in [waiting.id, member.person] {
        let reply = ask(json!({"partner_id": absent, "consent": true})).await;
        assert_eq!(reply.problem(404), "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_partner_learns_what_was_agreed_to_and_nothing_more() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let session = app.login_partner(&city.partner).await;
    let ticket = app.sso_ticket(&member.session, city.partner.id).await;
    let found = app.exchange(&session, &ticket).await.expect(200);
    assert_eq!(found["real_name_level"], 1);
    assert_eq!(found["union"]["id"], json!(member.union));
    assert_eq!(
        (&found["union"]["county"], &found["union"]["name"]),
        (&json!("410102"), &json!("中原区总工会"))
    );
    assert_eq!(found["expires_at"], "2026-11-20T05:01:00.000Z");
    let text = found.to_string();
    for secret in [member.person.to_string(), member.session.account.to_string(), member.mobile.clone()] {
        assert!(!text.contains(&secret), "{text}");
    }
    let mut body = app.partner_body("什么也不要", &app.signing_key());
    let key = app.signing_key();
    body["receives"] = json!([]);
    body["public_key"] = json!(key.public);
    let made = app.post("/v1/admin/partners", body).by(&city.officer.session).await.expect(201);
    let id = made["id"].as_str().unwrap().parse().unwrap();
    app.partner_step(id, "approve", &city.leader).await.expect(200);
    let other = app.login_partner(&unionhall_testkit::PartnerHandle { id, key }).await;
    let ticket = app.sso_ticket(&member.session, id).await;
    let little = app.exchange(&other, &ticket).await.expect(200);
    assert_eq!((&little["real_name_level"], &little["union"]), (&json!(null), &json!(null)));
    let seen = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'partner.exchange' AND subject_person = '{}'",
        member.person
    );
    assert_eq!(app.number(&seen).await, 2);
}

#[tokio::test]
async fn a_ticket_is_used_once_in_its_minute_by_its_partner() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let other = city.another().await;
    let (session, others) = (app.login_partner(&city.partner).await, app.login_partner(&other).await);
    let ticket = app.sso_ticket(&member.session, city.partner.id).await;
    assert_eq!(app.exchange(&others, &ticket).await.problem(409), "TICKET_INVALID", "another's");
    app.exchange(&session, &ticket).await.expect(200);
    assert_eq!(app.exchange(&session, &ticket).await.problem(409), "TICKET_INVALID", "a second time");

    let late = app.sso_ticket(&member.session, city.partner.id).await;
    app.advance(Duration::milliseconds(59_999)).await;
    let last = app.sso_ticket(&member.session, city.partner.id).await;
    app.advance(Duration::milliseconds(1)).await;
    assert_eq!(app.exchange(&session, &late).await.problem(409), "TICKET_INVALID", "at its very instant");
    app.advance(Duration::milliseconds(59_998)).await;
    app.exchange(&session, &last).await.expect(200);

    for odd in ["x", "", &"y".repeat(129), "a\u{1F4A9}"] {
        let reply = app.exchange(&session, odd).await;
        let code =
            if (1..=128).contains(&odd.chars().count()) { "TICKET_INVALID" } else { "VALIDATION_FAILED" };
        assert_eq!(reply.json()["code"], code, "{odd:?}");
    }
}

#[tokio::test]
async fn withdrawing_takes_open_tickets_along_and_is_kept() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let member = city.member().await;
    let session = app.login_partner(partner).await;
    let path = format!("/v1/me/partners/{}", partner.id);
    assert_eq!(app.delete(&path).by(&member.session).await.problem(404), "NOT_FOUND");
    let first = app.sso_ticket(&member.session, partner.id).await;
    let subject = app.exchange(&session, &first).await.expect(200)["subject"].clone();
    let open = app.sso_ticket(&member.session, partner.id).await;
    assert_eq!(app.delete(&path).by(&member.session).await.status, 204);
    assert_eq!(app.exchange(&session, &open).await.problem(409), "TICKET_INVALID");
    assert_eq!(app.delete(&path).by(&member.session).await.problem(404), "NOT_FOUND");
    let again = app.post("/v1/me/sso-tickets", json!({"partner_id": partner.id})).by(&member.session).await;
    assert_eq!(again.problem(403), "CONSENT_REQUIRED");
    let anew = app.sso_ticket(&member.session, partner.id).await;
    assert_eq!(app.exchange(&session, &open).await.problem(409), "TICKET_INVALID", "it does not rise again");
    assert_eq!(app.exchange(&session, &anew).await.expect(200)["subject"], subject);
    let page = app.get("/v1/me/partners?limit=1").by(&member.session).await.expect(200);
    assert_eq!(page["items"][0]["withdrawn_at"], json!(null));
    let next = page["next"].as_str().unwrap();
    let rest =
        app.get(&format!("/v1/me/partners?limit=1&after={next}")).by(&member.session).await.expect(200);
    assert_eq!(
        (&rest["items"][0]["withdrawn_at"], &rest["next"]),
        (&json!("2026-11-20T04:01:00.000Z"), &json!(null))
    );
    let stranger = city.member().await;
    assert_eq!(app.get("/v1/me/partners").by(&stranger.session).await.expect(200)["items"], json!([]));
    assert_eq!(app.delete(&path).by(&stranger.session).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn an_account_that_was_closed_enters_nothing_and_its_consents_end() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let session = app.login_partner(&city.partner).await;
    let ticket = app.sso_ticket(&member.session, city.partner.id).await;
    let core = app.core();
    core.db
        .write(async |tx| {
            let own = account::get(tx, member.session.account).await?.unwrap();
            closing::close(core, tx, &Actor::task(), &own, "本人申请注销").await
        })
        .await
        .unwrap();
    assert_eq!(app.exchange(&session, &ticket).await.problem(409), "TICKET_INVALID");
    app.drain().await;
    assert_eq!(app.number("SELECT count(*) FROM partner_consent WHERE withdrawn_at IS NOT NULL").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM partner_ticket").await, 0);
}

#[tokio::test]
async fn whose_membership_ended_stands_in_no_union() {
    let city = City::open().await;
    let app = &city.app;
    let member = city.member().await;
    let county = app.cadre("410102", RoleName::Leader).await;
    let path = format!("/v1/admin/members/{}", member.person);
    let tag = app.get(&path).by(&county.session).await.etag();
    let body = json!({"kind": "auto_quit", "reason": "自动退会"});
    app.post(&format!("{path}/end"), body).by(&county.session).if_match(&tag).await.expect(200);
    let session = app.login_partner(&city.partner).await;
    let ticket = app.sso_ticket(&member.session, city.partner.id).await;
    let found = app.exchange(&session, &ticket).await.expect(200);
    assert_eq!((&found["real_name_level"], &found["union"]), (&json!(1), &json!(null)));
    let expires: DateTime<Utc> = found["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires, app.core().now() + Duration::hours(1));
}

#[tokio::test]
async fn a_ticket_dies_with_a_suspension_and_when_its_member_logs_out_everywhere() {
    let city = City::open().await;
    let (app, partner) = (&city.app, &city.partner);
    let member = city.member().await;
    let ticket = app.sso_ticket(&member.session, partner.id).await;
    for step in ["suspend", "resume"] {
        app.partner_step(partner.id, step, &city.leader).await.expect(200);
    }
    let session = app.login_partner(partner).await;
    assert_eq!(app.exchange(&session, &ticket).await.problem(409), "TICKET_INVALID");
    let ticket = app.sso_ticket(&member.session, partner.id).await;
    let out = app.post("/v1/auth/logout-everywhere", json!({})).by(&member.session).await;
    assert_eq!(out.status, 204);
    assert_eq!(app.exchange(&session, &ticket).await.problem(409), "TICKET_INVALID");
}
