//! A contract's end, by the Shanghai calendar, and suspension.

use chrono::Duration;
use serde_json::json;

use unionhall_testkit::shop::Shop;

#[tokio::test]
async fn the_contract_ends_at_shanghai_midnight() {
    let mut shop = Shop::open().await;
    let path = format!("/v1/admin/merchants/{}", shop.merchant);
    let read = shop.app.get(&path).by(&shop.officer.session).await;
    let tag = read.etag();
    let patch = shop.app.request("PATCH", &path).json(json!({"contract_to": "2026-11-20"}));
    patch.by(&shop.officer.session).if_match(&tag).await.expect(200);
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    // 23:59:30 in Shanghai.
    let midnight: chrono::DateTime<chrono::Utc> = "2026-11-20T16:00:00Z".parse().unwrap();
    shop.app.advance(midnight - Duration::minutes(4) - shop.app.core().now()).await;
    shop.cadres_again().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let session = shop.login_again(&holder).await;
    let holder = unionhall_testkit::shop::Holder { session, ..holder };
    app.advance(midnight - Duration::seconds(30) - app.core().now()).await;
    let verified = shop.verify(&till, &shop.qr(&holder).await).await;
    assert_eq!(verified["offers"].as_array().unwrap().len(), 1);
    let token = verified["verification_token"].as_str().unwrap();
    assert_eq!(app.get("/v1/public/campaigns").await.expect(200)["items"].as_array().unwrap().len(), 1);
    app.advance(Duration::seconds(30)).await;
    assert_eq!(shop.redeem(&till, token, offer, 3_000, "k").await.problem(409), "NOT_OPEN");
    let verified = shop.verify(&till, &shop.qr(&holder).await).await;
    assert_eq!((verified["valid"].as_bool(), &verified["offers"]), (Some(true), &json!([])));
    for list in ["/v1/public/campaigns", "/v1/public/merchants"] {
        assert_eq!(app.get(list).await.expect(200)["items"], json!([]));
    }
    assert_eq!(shop.stats().await.0, 0);
    assert_eq!(app.get(&path).by(&shop.officer.session).await.expect(200)["state"], "LAPSED");
}

#[tokio::test]
async fn a_suspended_merchants_tills_are_blocked_and_come_back() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let path = format!("/v1/admin/merchants/{}", shop.merchant);
    let turn = async |step: &str, body| {
        let tag = app.get(&path).by(&shop.leader.session).await.etag();
        app.post(&format!("{path}/{step}"), body).by(&shop.leader.session).if_match(&tag).await
    };
    let token = shop.token(&till, &holder).await;
    assert_eq!(turn("suspend", json!({"reason": ""})).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(turn("resume", json!({})).await.problem(409), "INVALID_STATE");
    assert_eq!(turn("suspend", json!({"reason": "多次投诉"})).await.expect(200)["state"], "SUSPENDED");
    assert_eq!(shop.redeem(&till, &token, offer, 3_000, "k").await.problem(409), "NOT_OPEN");
    assert_eq!(turn("resume", json!({})).await.expect(200)["state"], "LIVE");
    shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    let reasons =
        "SELECT count(*) FROM audit_event WHERE action = 'merchant.suspend' AND reason = '多次投诉'";
    assert_eq!(app.number(reasons).await, 1);
}
