//! Registering, approving, suspending, closing: by whom, in which order, and what stays out of sight.

use serde_json::{Value, json};
use unionhall_web::RoleName;

use crate::city::City;

fn path(partner: uuid::Uuid) -> String {
    format!("/v1/admin/partners/{partner}")
}

#[tokio::test]
async fn one_registers_and_another_approves() {
    let city = City::open().await;
    let (app, officer, leader) = (&city.app, &city.officer, &city.leader);
    let own = app.registered_partner(leader, "自己登记").await;
    assert_eq!(app.partner_step(own.id, "approve", leader).await.problem(403), "NOT_ANOTHER_PERSON");
    assert_eq!(app.partner_step(own.id, "approve", officer).await.problem(403), "FORBIDDEN");
    for step in ["suspend", "resume"] {
        assert_eq!(app.partner_step(own.id, step, leader).await.problem(409), "INVALID_STATE", "{step}");
    }
    let assertion = own.key.sign(Some("JWT"), &app.claims(own.id));
    assert_eq!(app.assert_partner(&assertion).await.problem(401), "ASSERTION_INVALID");

    // Who changes a key of what waits is one of those who entered it.
    let waiting = app.registered_partner(officer, "加了公钥").await;
    let second = app.cadre("4101", RoleName::Leader).await;
    let tag = app.get(&path(waiting.id)).by(&leader.session).await.etag();
    let body = json!({"public_key": app.signing_key().public});
    let added = app.post(&format!("{}/keys", path(waiting.id)), body).by(&leader.session).if_match(&tag);
    added.await.expect(200);
    assert_eq!(app.partner_step(waiting.id, "approve", leader).await.problem(403), "NOT_ANOTHER_PERSON");
    let approved = app.partner_step(waiting.id, "approve", &second).await.expect(200);
    assert_eq!((&approved["state"], &approved["state_text"]), (&json!("ACTIVE"), &json!("已启用")));
    assert_eq!(approved["contact_mobile"], "138****8000");
    assert_eq!(approved["contact_name"], "李*国");
    assert_eq!(app.partner_step(waiting.id, "approve", &second).await.problem(409), "INVALID_STATE");
    app.login_partner(&waiting).await;
    let audited = "SELECT count(*) FROM audit_event WHERE action IN ('partner.register', 'partner.approve')";
    assert_eq!(app.number(audited).await, 5);
}

#[tokio::test]
async fn the_same_request_registers_once() {
    let city = City::open().await;
    let body = city.app.partner_body("一次", &city.app.signing_key());
    let send = || city.app.post("/v1/admin/partners", body.clone()).by(&city.officer.session).key("k1");
    let first = send().await;
    assert_eq!(first.status, 201);
    assert_eq!(
        first.header("location").unwrap(),
        path(first.json()["id"].as_str().unwrap().parse().unwrap())
    );
    assert_eq!(send().await.body, first.body);
    assert_eq!(city.app.number("SELECT count(*) FROM partner WHERE name = '一次'").await, 1);
}

#[tokio::test]
async fn suspending_acts_at_once_on_every_copy_and_closing_for_good() {
    let city = City::open().await;
    let (app, leader, partner) = (&city.app, &city.leader, &city.partner);
    let copy = app.copy().await;
    let member = city.member().await;
    let session = app.login_partner(partner).await;
    let ticket = app.sso_ticket(&member.session, partner.id).await;
    assert_eq!(copy.exchange(&session, "x").await.problem(409), "TICKET_INVALID");

    let suspended = app.partner_step(partner.id, "suspend", leader).await.expect(200);
    assert_eq!((&suspended["state"], &suspended["reason"]), (&json!("SUSPENDED"), &json!("系统整改")));
    copy.services.identity.states.poll().await.unwrap();
    for app in [app, &copy] {
        assert_eq!(app.exchange(&session, &ticket).await.problem(401), "UNAUTHENTICATED");
    }
    let assertion = partner.key.sign(Some("JWT"), &app.claims(partner.id));
    assert_eq!(app.assert_partner(&assertion).await.problem(401), "ASSERTION_INVALID");
    let body = json!({"partner_id": partner.id, "consent": true});
    let entered = app.post("/v1/me/sso-tickets", body.clone()).by(&member.session).await;
    assert_eq!(entered.problem(404), "NOT_FOUND");
    assert_eq!(app.partner_step(partner.id, "suspend", leader).await.problem(409), "INVALID_STATE");

    app.partner_step(partner.id, "resume", &city.officer).await.expect(200);
    // Tokens and tickets from before stay dead; new ones serve.
    assert_eq!(app.exchange(&session, &ticket).await.problem(401), "UNAUTHENTICATED");
    let session = app.login_partner(partner).await;
    assert_eq!(app.exchange(&session, &ticket).await.problem(409), "TICKET_INVALID");
    let ticket = app.sso_ticket(&member.session, partner.id).await;
    app.exchange(&session, &ticket).await.expect(200);

    app.partner_step(partner.id, "close", leader).await.expect(200);
    assert_eq!(app.exchange(&session, "x").await.problem(401), "UNAUTHENTICATED");
    for step in ["approve", "suspend", "resume", "close"] {
        assert_eq!(app.partner_step(partner.id, step, leader).await.problem(409), "INVALID_STATE", "{step}");
    }
    let tag = app.get(&path(partner.id)).by(&leader.session).await.etag();
    let key = json!({"public_key": app.signing_key().public});
    let added = app.post(&format!("{}/keys", path(partner.id)), key).by(&leader.session).if_match(&tag).await;
    assert_eq!(added.problem(409), "INVALID_STATE");
    assert_eq!(app.post("/v1/me/sso-tickets", body).by(&member.session).await.problem(404), "NOT_FOUND");
    // What was agreed to stays on record and can be withdrawn all the same.
    let mine = app.get("/v1/me/partners").by(&member.session).await.expect(200);
    assert_eq!(mine["items"][0]["withdrawn_at"], json!(null));
    assert_eq!(app.delete(&format!("/v1/me/partners/{}", partner.id)).by(&member.session).await.status, 204);
}

#[tokio::test]
async fn a_change_names_the_version_it_is_of() {
    let city = City::open().await;
    let path = format!("{}/suspend", path(city.partner.id));
    let send = || city.app.post(&path, json!({"reason": "系统整改"})).by(&city.leader.session);
    assert_eq!(send().await.problem(428), "IF_MATCH_REQUIRED");
    assert_eq!(send().if_match("\"v1\"").await.problem(412), "STALE");
    let empty =
        city.app.post(&path, json!({"reason": " "})).by(&city.leader.session).if_match("\"v2\"").await;
    assert_eq!(empty.problem(422), "VALIDATION_FAILED");
    send().if_match("\"v2\"").await.expect(200);
}

#[tokio::test]
async fn a_city_sees_its_own_and_a_county_none() {
    let city = City::open().await;
    let app = &city.app;
    let elsewhere = app.cadre("4102", RoleName::Officer).await;
    let other = app.registered_partner(&elsewhere, "开封").await;
    let province = app.cadre("41", RoleName::Leader).await;
    let county = app.cadre("410102", RoleName::Leader).await;
    for (by, seen) in [(&city.officer, 1), (&elsewhere, 1), (&province, 2), (&county, 0)] {
        let list = app.get("/v1/admin/partners").by(&by.session).await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), seen);
    }
    for by in [&city.officer, &county] {
        assert_eq!(app.get(&path(other.id)).by(&by.session).await.problem(404), "NOT_FOUND");
    }
    let only = app.get("/v1/admin/partners?state=REGISTERED").by(&province.session).await.expect(200);
    assert_eq!(only["items"][0]["id"], json!(other.id));
    let odd = app.get("/v1/admin/partners?state=OPEN").by(&province.session).await;
    assert_eq!(odd.problem(400), "INVALID_PARAMETER");
    let first = app.get("/v1/admin/partners?limit=1").by(&province.session).await.expect(200);
    let next = first["next"].as_str().unwrap();
    let rest =
        app.get(&format!("/v1/admin/partners?limit=1&after={next}")).by(&province.session).await.expect(200);
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(other.id), &json!(null)));
    // Approving out of scope is approving what is not there.
    let step = app.post(&format!("{}/approve", path(other.id)), json!({})).by(&city.leader.session);
    assert_eq!(step.if_match("\"v1\"").await.problem(404), "NOT_FOUND");
    let mut body = app.partner_body("县级", &app.signing_key());
    let low = app.post("/v1/admin/partners", body.clone()).by(&county.session).await;
    assert_eq!(
        (low.problem(422), &low.json()["errors"][0]["code"]),
        ("VALIDATION_FAILED".to_owned(), &json!("PARTNER_LEVEL"))
    );
    body["union_id"] = json!(elsewhere.union);
    assert_eq!(
        app.post("/v1/admin/partners", body).by(&city.officer.session).await.problem(404),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn what_is_entered_is_told_in_full_where_it_is_wrong() {
    let city = City::open().await;
    let app = &city.app;
    let send = |body: Value| app.post("/v1/admin/partners", body).by(&city.officer.session).into_future();
    let body = json!({
        "name": "x", "contact_name": "", "contact_mobile": "1", "redirect_origins": ["https://a.cn", "http://b.cn"],
        "receives": ["level", "level"], "public_key": "AA",
    });
    let reply = send(body).await;
    assert_eq!(reply.problem(422), "VALIDATION_FAILED");
    let errors = reply.json();
    let at: Vec<_> = errors["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(
        at,
        ["/name", "/uscc", "/contact_name", "/contact_mobile", "/redirect_origins/1", "/public_key"]
    );
    let mut unknown = app.partner_body("未知", &app.signing_key());
    unknown["receives"] = json!(["mobile"]);
    assert_eq!(send(unknown).await.problem(422), "VALIDATION_FAILED");
    let mut by_code = app.partner_body("信用代码", &app.signing_key());
    by_code["uscc"] = json!("91410100MA000ABC24");
    by_code["organisation"] = json!(null);
    by_code["receives"] = json!([]);
    let made = send(by_code).await.expect(201);
    assert_eq!((&made["uscc"], &made["organisation"]), (&json!("91410100MA000ABC24"), &json!(null)));
    assert_eq!(made["receives"], json!([]));
}
