//! A member's copy of everything that is held about them.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::shop::Shop;
use unionhall_testkit::{Reply, Session, TestApp, mobile};
use unionhall_web::{Realm, RoleName};

async fn copy(app: &TestApp, by: &Session, number: &str) -> Reply {
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(number, "confirm", Realm::Member).await;
    app.post("/v1/me/data", json!({"code": code})).by(by).await
}

#[tokio::test]
async fn every_room_shows_what_it_holds_in_full_and_nothing_of_others() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let holder = shop.holder_in("410102").await;
    let other = shop.holder_in("410102").await;
    let quota = shop.campaign(shop.terms("quota")).await;
    let till = shop.cashier().await;
    for (key, who) in [("a", &holder), ("b", &other)] {
        let token = shop.token(&till, who).await;
        shop.redeem(&till, &token, quota, 5000, key).await.expect(201);
    }
    let (officer, approver) =
        (app.cadre("4101", RoleName::Officer).await, app.cadre("4101", RoleName::Leader).await);
    let partner = app.partner(&officer, &approver, "郑州职工文化宫").await;
    for who in [&holder, &other] {
        app.sso_ticket(&who.session, partner.id).await;
    }
    // Somebody asks for another mobile in the holder's name: what that is, is theirs.
    let stranger = mobile();
    let code = app.otp(&stranger, "apply", Realm::Member).await;
    let full = copy(app, &holder.session, &holder.mobile).await.expect(200);
    let (name, number) = (&full["identity"]["person"]["name"], &full["identity"]["person"]["documents"]);
    let number = number["items"][0]["number"].as_str().unwrap();
    assert_eq!(number.len(), 18);
    let body =
        json!({"mobile": stranger, "code": code, "name": name, "id_type": "citizen_id", "id_number": number});
    app.post("/v1/public/mobile-changes", body).await.expect(202);
    app.sql(&format!(
        "UPDATE member_profile SET details = '{{\"job\": \"车工\"}}' WHERE person_id = '{}'",
        holder.person
    ))
    .await;
    let content = json!({"headline": "数控车床操作工", "education": "中专", "skills": "", "about": "", "experiences": []});
    let resume = json!({"content": content, "blocked_employers": []});
    app.put("/v1/me/resume", resume).by(&holder.session).await.expect(200);
    app.put("/v1/me/settings", json!({"ui_mode": "elder"})).by(&holder.session).await.expect(200);
    app.advance(Duration::seconds(60)).await;
    let code = app.otp(&holder.mobile, "confirm", Realm::Member).await;
    let named = json!({"mobile": mobile(), "relation": "child", "scopes": ["view"], "expires_on": "2026-12-31", "code": code});
    app.post("/v1/me/delegates", named).by(&holder.session).await.expect(201);
    let call = json!({"member_id": holder.person, "way": "hotline", "reason": "来电咨询会员卡"});
    app.post("/v1/admin/assisted-sessions", call).by(&shop.officer.session).await.expect(201);
    let leader = &shop.leader.session;
    let reveal = json!({"fields": ["name"], "reason": "核对慰问对象"});
    app.post(&format!("/v1/admin/members/{}/reveal", holder.person), reveal).by(leader).await.expect(200);

    let full = copy(app, &holder.session, &holder.mobile).await.expect(200);
    assert_eq!(full["identity"]["account"]["mobile"], holder.mobile);
    assert_eq!(full["identity"]["consents"]["items"].as_array().unwrap().len(), 2);
    assert_eq!(full["identity"]["sessions"]["more"], false);
    assert_eq!(full["identity"]["account"]["ui_mode"], "elder");
    let (given, done) = (&full["identity"]["delegations"]["items"], &full["identity"]["assisted"]["items"]);
    assert_eq!((given[0]["mine"].as_bool(), given[0]["state"].as_str()), (Some(true), Some("PROPOSED")));
    assert_eq!((done[0]["way"].as_str(), done[0]["has_form"].as_bool()), (Some("hotline"), Some(false)));
    let registry = &full["registry"];
    assert_eq!(registry["profile"]["mobile"], holder.mobile);
    assert_eq!(registry["profile"]["facts"], json!([{"field": "job", "value": "车工"}]));
    assert_eq!(registry["memberships"]["items"][0]["state"], "ACTIVE");
    assert_eq!(registry["looks"]["items"][0]["action"], "member.reveal");
    let masked = format!("{}****{}", &stranger[..3], &stranger[7..]);
    assert_eq!(registry["mobile_changes"]["items"][0]["new_mobile"], masked);
    assert_eq!(full["cards"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(full["benefits"]["redemptions"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(full["jobs"]["resume"]["headline"], "数控车床操作工");
    let partners = full["partners"]["items"].as_array().unwrap();
    assert_eq!((partners.len(), &partners[0]["partner_name"]), (1, &json!("郑州职工文化宫")));
    assert_eq!(partners[0]["receives"], json!(["level", "union"]));
    let text = full.to_string();
    assert!(
        !text.contains(&other.mobile)
            && !text.contains(&stranger)
            && !text.contains(&other.person.to_string())
    );
    // An intent before and an outcome after, of each copy, and no look of somebody else's.
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'data.copy' AND outcome = ";
    for outcome in ["'intent'", "'done'"] {
        assert_eq!(app.number(&format!("{rows}{outcome}")).await, 2);
    }
    let leaked = format!("SELECT count(*) FROM audit_event WHERE changes::text LIKE '%{number}%'");
    assert_eq!(app.number(&leaked).await, 0);
}

#[tokio::test]
async fn it_takes_a_fresh_code_and_says_where_a_list_is_cut() {
    let app = TestApp::start().await;
    let number = mobile();
    let session = app.login_member(&number).await;
    let code = app.otp(&number, "confirm", Realm::Member).await;
    let ask = |code: &str| app.post("/v1/me/data", json!({"code": code})).by(&session).into_future();
    assert_eq!(ask("x").await.problem(422), "VALIDATION_FAILED");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(ask(wrong).await.problem(401), "OTP_INVALID");
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'data.copy'").await, 0);
    let full = ask(&code).await.expect(200);
    for none in [&full["cards"], &full["benefits"], &full["identity"]["person"], &full["registry"]["profile"]]
    {
        assert_eq!(none, &Value::Null, "nobody knows who they are");
    }
    assert_eq!(ask(&code).await.problem(401), "OTP_INVALID");
    app.advance(Duration::seconds(60)).await;
    let late = app.otp(&number, "confirm", Realm::Member).await;
    app.advance(Duration::seconds(300)).await;
    assert_eq!(ask(&late).await.problem(401), "OTP_INVALID");
    // One was there: with a thousand more there are more than are shown.
    for (more, rows) in [(false, 998), (true, 1)] {
        app.sql(&format!(
            "INSERT INTO consent (id, account_id, document, version, given_at, withdrawn_at, channel) \
             SELECT gen_random_uuid(), '{}', 'notifications', '2026-01', now(), now(), 'api' \
             FROM generate_series(1, {rows})",
            session.account
        ))
        .await;
        let full = copy(&app, &session, &number).await.expect(200);
        let consents = &full["identity"]["consents"];
        assert_eq!((consents["items"].as_array().unwrap().len(), &consents["more"]), (1000, &json!(more)));
    }
}
