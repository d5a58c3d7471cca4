//! Campaigns: two persons, states, limits.

use serde_json::json;
use unionhall_web::RoleName;

use unionhall_testkit::shop::{Shop, id};

#[tokio::test]
async fn who_entered_or_changed_a_campaign_does_not_approve_it() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let made =
        app.post("/v1/admin/campaigns", shop.terms("quota")).by(&shop.leader.session).await.expect(201);
    let campaign = id(&made);
    assert_eq!((made["state"].as_str(), made["phase"].as_str()), (Some("DRAFT"), Some("DRAFT")));
    assert_eq!(shop.step(campaign, "approve", &shop.leader.session).await.problem(409), "INVALID_STATE");
    shop.step(campaign, "submit", &shop.leader.session).await.expect(200);
    assert_eq!(shop.step(campaign, "approve", &shop.leader.session).await.problem(403), "NOT_ANOTHER_PERSON");
    let officer = shop.step(campaign, "approve", &shop.officer.session).await;
    assert_eq!(officer.problem(403), "FORBIDDEN", "an officer enters");
    let second = app.cadre("410102", RoleName::Leader).await;
    let path = format!("/v1/admin/campaigns/{campaign}");
    let tag = app.get(&path).by(&second.session).await.etag();
    let back = app
        .post(&format!("{path}/return"), json!({"reason": "请补充说明"}))
        .by(&second.session)
        .if_match(&tag);
    assert_eq!(back.await.expect(200)["return_reason"], "请补充说明");
    // Whoever rewrites it has entered it too.
    let tag = app.get(&path).by(&second.session).await.etag();
    let patch = app.request("PATCH", &path).json(json!({"title": "会员卡满30减6", "benefit_fen": 600}));
    let changed = patch.by(&second.session).if_match(&tag).await.expect(200);
    assert_eq!(
        (changed["title"].as_str(), changed["rule_text"].as_str()),
        (Some("会员卡满30减6"), Some("满30元减6元"))
    );
    shop.step(campaign, "submit", &second.session).await.expect(200);
    assert_eq!(shop.step(campaign, "approve", &second.session).await.problem(403), "NOT_ANOTHER_PERSON");
    let third = app.cadre("4101", RoleName::Leader).await;
    let approved = shop.step(campaign, "approve", &third.session).await.expect(200);
    assert_eq!((approved["state"].as_str(), approved["phase"].as_str()), (Some("APPROVED"), Some("RUNNING")));
    let audited = "SELECT count(*) FROM audit_event WHERE action LIKE 'campaign.%'";
    assert_eq!(app.number(audited).await, 6);
}

#[tokio::test]
async fn limits_of_an_approved_campaign_rise_with_another_person_and_never_fall_below_what_was_taken() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    for n in 0..2 {
        let holder = shop.holder().await;
        let token = shop.token(&till, &holder).await;
        shop.redeem(&till, &token, offer, 3_000, &format!("k{n}")).await.expect(201);
    }
    let path = format!("/v1/admin/campaigns/{offer}");
    let patch = async |by: &unionhall_testkit::Session, body| {
        let tag = app.get(&path).by(by).await.etag();
        app.request("PATCH", &path).json(body).by(by).if_match(&tag).await
    };
    assert_eq!(patch(&shop.officer.session, json!({"title": "别的"})).await.problem(409), "INVALID_STATE");
    assert_eq!(patch(&shop.officer.session, json!({"quota": 200})).await.problem(403), "FORBIDDEN");
    assert_eq!(patch(&shop.leader.session, json!({"quota": 200})).await.expect(200)["quota"], 200);
    assert_eq!(patch(&shop.officer.session, json!({"quota": 2})).await.expect(200)["phase"], "SOLD_OUT");
    let below = patch(&shop.leader.session, json!({"quota": 1})).await;
    assert_eq!(below.problem(422), "VALIDATION_FAILED");
    assert_eq!(below.json()["errors"][0]["code"], "BELOW_USED");
    assert_eq!(patch(&shop.leader.session, json!({"quota": null})).await.problem(422), "VALIDATION_FAILED");
    let stale =
        app.request("PATCH", &path).json(json!({"quota": 9})).by(&shop.leader.session).if_match("\"v1\"");
    assert_eq!(stale.await.problem(412), "STALE");
    let missing = app.request("PATCH", &path).json(json!({"quota": 9})).by(&shop.leader.session);
    assert_eq!(missing.await.problem(428), "IF_MATCH_REQUIRED");
}

#[tokio::test]
async fn terms_that_make_no_sense_are_refused_field_by_field() {
    let shop = Shop::open().await;
    let refused = async |kind: &str, change: serde_json::Value, pointer: &str| {
        let mut terms = shop.terms(kind);
        for (name, value) in change.as_object().unwrap() {
            terms[name] = value.clone();
        }
        let reply = shop.app.post("/v1/admin/campaigns", terms).by(&shop.officer.session).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{}", reply.text());
    };
    refused("quota", json!({"quota": null}), "/quota").await;
    refused("quota", json!({"benefit_fen": 0}), "/benefit_fen").await;
    refused("quota", json!({"benefit_bp": 100}), "/benefit_bp").await;
    refused("quota", json!({"branch_ids": []}), "/branch_ids").await;
    refused("quota", json!({"branch_ids": [shop.merchant]}), "/branch_ids").await;
    refused("quota", json!({"ends_at": "2026-01-01T00:00:00Z"}), "/ends_at").await;
    refused("quota", json!({"coupon_valid_days": 3}), "/coupon_valid_days").await;
    refused("quota", json!({"per_member_limit": 101}), "/per_member_limit").await;
    refused("standing", json!({"quota": 3}), "/quota").await;
    refused("coupon", json!({"coupon_valid_days": null}), "/coupon_valid_days").await;
    refused("coupon", json!({"claim_until": "2030-01-01T00:00:00Z"}), "/claim_until").await;
    refused("quota", json!({"kind": "lottery"}), "/kind").await;
    refused("quota", json!({"colour": "red"}), "/colour").await;
    let percent =
        json!({"benefit_kind": "percent", "benefit_fen": null, "benefit_bp": 1000, "budget_fen": 1000});
    refused("coupon", percent, "/cap_fen").await;
}

#[tokio::test]
async fn the_public_sees_what_is_on_or_to_come() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let on = shop.campaign(shop.terms("quota")).await;
    app.post("/v1/admin/campaigns", shop.terms("quota")).by(&shop.officer.session).await.expect(201);
    let ids = async |query: &str| {
        let list = app.get(&format!("/v1/public/campaigns{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [on]);
    assert_eq!(ids("?division=410100").await, [on]);
    assert_eq!(ids("?division=410102").await, [on]);
    assert!(ids("?division=410200").await.is_empty());
    assert_eq!(ids(&format!("?union_id={}", shop.officer.union)).await, [on]);
    let sibling = app.cadre("410103", RoleName::Officer).await;
    assert!(ids(&format!("?union_id={}", sibling.union)).await.is_empty());
    assert!(ids(&format!("?union_id={on}")).await.is_empty());
    assert_eq!(app.get("/v1/public/campaigns?division=4").await.problem(400), "INVALID_PARAMETER");
    let merchants = app.get("/v1/public/merchants?division=410102").await.expect(200);
    assert_eq!(merchants["items"][0]["branches"].as_array().unwrap().len(), 2);
    assert!(!merchants.to_string().contains(&shop.codes[0]), "branch codes are for those who stand there");
    assert!(!merchants.to_string().contains("13800138000"));
}
