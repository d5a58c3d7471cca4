//! A member's own.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};

use super::members::Office;
use super::{Mender, Story, Undone, of};

pub(super) fn stories() -> Vec<Story> {
    vec![
        Box::pin(a_phone_lost()),
        Box::pin(a_card_replaced_that_was_there()),
        Box::pin(applied_to_the_wrong_union()),
        Box::pin(asked_to_close_the_account()),
        Box::pin(withdrew_a_consent()),
        Box::pin(named_the_wrong_delegate()),
        Box::pin(let_a_partner_in()),
    ]
}

const MINUTE: Duration = Duration::seconds(61);

async fn a_phone_lost() -> Undone {
    let office = Office::open().await;
    office.app.advance(MINUTE).await;
    // On the new phone, with the SIM card the operator gave anew.
    let mut mender = Mender::new(&office.app, &office.session);
    mender.token.clear();
    let code = mender.code(&office.member.mobile, "login").await;
    let body = json!({"mobile": office.member.mobile, "code": code, "consents": [],
                      "device": {"id": "new-phone", "platform": "harmony"}});
    let login: Value = mender.post("/v1/auth/login/otp", body).await.expect(200);
    mender.token = login["access_token"].as_str().unwrap().to_owned();
    let reply = mender.post("/v1/auth/logout-everywhere", json!({})).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    office.app.advance(Duration::seconds(1)).await;
    assert_eq!(office.app.get("/v1/me").by(&office.session).await.problem(401), "UNAUTHENTICATED");
    let refresh = json!({"refresh_token": office.session.refresh, "device_id": format!("device-{}", office.member.mobile)});
    assert_eq!(office.app.post("/v1/auth/refresh", refresh).await.status, 401);
    mender.done(
        "phone lost 手机丢失",
        "the member, on another phone",
        "every session is over, the lost phone's too; the member logs in again with a code",
    )
}

async fn a_card_replaced_that_was_there() -> Undone {
    let office = Office::open().await;
    let card = of("/v1/me/cards", &office.card);
    office.app.post(&format!("{card}/report-loss"), json!({})).by(&office.session).await.expect(200);
    office.app.advance(MINUTE).await;
    let code = office.app.otp(&office.member.mobile, "confirm", Realm::Member).await;
    let replace = office.app.post(&format!("{card}/replace"), json!({"code": code})).by(&office.session);
    let new = replace.await.expect(200);
    let mut mender = Mender::new(&office.app, &office.session);
    let cards: Value = mender.get("/v1/me/cards").await.expect(200);
    assert_eq!((&cards["items"][0]["id"], &cards["items"][0]["state"]), (&new["id"], &json!("ACTIVE")));
    let qr: Value = mender.get(&format!("{}/qr", of("/v1/me/cards", &new))).await.expect(200);
    assert!(qr["codes"][0]["code"].is_string());
    assert_eq!(
        office.app.get(&format!("{card}/qr")).by(&office.session).await.problem(409),
        "CARD_NOT_VALID"
    );
    mender.done(
        "a card replaced that was not lost 补错了卡",
        "the member",
        "the new card is good at once and nothing is lost but the old number, which never comes back",
    )
}

async fn applied_to_the_wrong_union() -> Undone {
    let app = TestApp::start().await;
    let session = app.login_member(&mobile()).await;
    let statement =
        json!({"name": "赵敏", "id_type": "citizen_id", "id_number": citizen(), "employment_form": "13"});
    let (wrong, _) = app.union_under("410102", "中原机械厂工会").await;
    let (right, _) = app.union_under("410103", "二七纺织厂工会").await;
    let body = |union| json!({"union_id": union, "statement": statement});
    let made = app.post("/v1/me/join-applications", body(wrong)).by(&session).key("a").await.expect(201);
    let mut mender = Mender::new(&app, &session);
    let withdraw = format!("{}/withdraw", of("/v1/me/join-applications", &made));
    let gone: Value = mender.post(&withdraw, json!({})).await.expect(200);
    assert_eq!(gone["state"], "WITHDRAWN");
    let again: Value = mender.post("/v1/me/join-applications", body(right)).await.expect(201);
    assert_eq!(again["state"], "BU_REVIEW");
    mender.done(
        "applied to the wrong union 选错工会",
        "the applicant",
        "the first application is withdrawn, the second waits at the right union",
    )
}

async fn asked_to_close_the_account() -> Undone {
    let office = Office::open().await;
    office.app.advance(MINUTE).await;
    let code = office.app.otp(&office.member.mobile, "confirm", Realm::Member).await;
    let ask = office.app.post("/v1/me/account-closing", json!({"code": code}));
    ask.by(&office.session).await.expect(200);
    let mut mender = Mender::new(&office.app, &office.session);
    mender.delete("/v1/me/account-closing").await;
    assert_eq!(office.app.get("/v1/me/account-closing").by(&office.session).await.problem(404), "NOT_FOUND");
    assert_eq!(office.card_state().await, "ACTIVE");
    mender.done(
        "asked to close the account 误申请注销",
        "the member, within seven days",
        "the account goes on as if nothing had been asked",
    )
}

async fn withdrew_a_consent() -> Undone {
    let office = Office::open().await;
    let given = json!({"document": "notifications", "version": "2026-01"});
    office.app.post("/v1/me/consents", given.clone()).by(&office.session).await.expect(200);
    let gone = office.app.delete("/v1/me/consents/notifications").by(&office.session).await;
    assert_eq!(gone.status, 204);
    let mut mender = Mender::new(&office.app, &office.session);
    let list: Value = mender.post("/v1/me/consents", given).await.expect(200);
    let open = list["items"].as_array().unwrap().iter();
    let open = open.filter(|c| c["document"] == "notifications" && c["withdrawn_at"].is_null());
    assert_eq!(open.count(), 1, "{list}");
    mender.done(
        "consent withdrawn by mistake 误撤回同意",
        "the member",
        "given again; what was given and withdrawn before stays on record",
    )
}

async fn named_the_wrong_delegate() -> Undone {
    let office = Office::open().await;
    let wrong = office.app.on_roster("410102").await;
    let theirs = office.app.login_member(&wrong.mobile).await;
    office.app.prove(&theirs, &wrong).await;
    office.app.advance(MINUTE).await;
    let code = office.app.otp(&office.member.mobile, "confirm", Realm::Member).await;
    let body = json!({"mobile": wrong.mobile, "relation": "child", "scopes": ["view"], "expires_on": "2026-12-31",
                      "code": code});
    let offered = office.app.post("/v1/me/delegates", body).by(&office.session).await.expect(201);
    let delegation = of("/v1/me/delegations", &offered);
    office.app.post(&format!("{delegation}/accept"), json!({})).by(&theirs).await.expect(200);
    let held = office.app.post(&format!("{delegation}/session"), json!({})).by(&theirs).await.expect(200);
    let held = held["access_token"].as_str().unwrap().to_owned();
    office.app.get("/v1/me/cards").bearer(&held).await.expect(200);
    let mut mender = Mender::new(&office.app, &office.session);
    let revoke = format!("{}/revoke", of("/v1/me/delegates", &offered));
    let _: Value = mender.post(&revoke, json!({})).await.expect(200);
    office.app.advance(Duration::seconds(1)).await;
    assert_eq!(office.app.get("/v1/me/cards").bearer(&held).await.status, 401);
    mender.done(
        "the wrong relative named as delegate 授权错人",
        "the member",
        "their session is over at once; what they did meanwhile is on record under both persons",
    )
}

async fn let_a_partner_in() -> Undone {
    let office = Office::open().await;
    let app = &office.app;
    let (officer, approver) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let partner = app.partner(&officer, &approver, "郑州职工文化宫").await;
    app.sso_ticket(&office.session, partner.id).await;
    let mut mender = Mender::new(app, &office.session);
    mender.delete(&format!("/v1/me/partners/{}", partner.id)).await;
    let list = app.get("/v1/me/partners").by(&office.session).await.expect(200);
    assert!(list["items"][0]["withdrawn_at"].is_string(), "{list}");
    let body = json!({"partner_id": partner.id, "consent": false});
    assert_ne!(app.post("/v1/me/sso-tickets", body).by(&office.session).await.status, 201);
    mender.done(
        "let another system know who one is 误授权合作系统",
        "the member",
        "it gets nothing more; asked again, the member is asked for consent again",
    )
}
