//! Voiding: windows, who, and that what was taken comes back once.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use unionhall_testkit::{Request, Session};
use uuid::Uuid;

use unionhall_testkit::shop::{Shop, id};

fn void(shop: &Shop, by: &Session, redemption: Uuid, key: &str) -> Request {
    let path = format!("/v1/merchant/redemptions/{redemption}/void");
    shop.app.post(&path, json!({})).by(by).key(key)
}

#[tokio::test]
async fn staff_ten_minutes_managers_a_day_then_the_county() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let (till, there) = (shop.cashier().await, shop.staff("staff", Some(shop.branches[1])).await);
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(5);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let mut done = Vec::new();
    for n in 0..3 {
        let token = shop.token(&till, &holder).await;
        done.push(id(&shop.redeem(&till, &token, offer, 3_000, &format!("k{n}")).await.expect(201)));
        shop.next_step().await;
    }
    assert_eq!(shop.read(offer).await["quota_used"], 3);
    assert_eq!(void(&shop, &there, done[0], "v").await.problem(404), "NOT_FOUND", "another branch's");
    let voided = void(&shop, &till, done[0], "v").await;
    let bytes = voided.body.clone();
    assert_eq!(voided.expect(200)["state"], "VOIDED");
    assert_eq!(void(&shop, &till, done[0], "v").await.body, bytes);
    assert_eq!(void(&shop, &till, done[0], "w").await.problem(409), "INVALID_STATE");
    assert_eq!(shop.read(offer).await["quota_used"], 2);
    assert_eq!(shop.stats().await, (2, 1, 1_000));
    app.advance(Duration::minutes(10)).await;
    assert_eq!(void(&shop, &till, done[1], "x").await.problem(409), "VOID_WINDOW_CLOSED");
    let manager = shop.staff("manager", None).await;
    void(&shop, &manager, done[1], "x").await.expect(200);
    app.advance(Duration::hours(24)).await;
    let manager = shop.staff_again(&manager).await;
    assert_eq!(void(&shop, &manager, done[2], "y").await.problem(409), "VOID_WINDOW_CLOSED");
    let leader = app.cadre("410102", unionhall_web::RoleName::Leader).await;
    let path = format!("/v1/admin/redemptions/{}/void", done[2]);
    let by_county = |body| app.post(&path, body).by(&leader.session).key("z");
    assert_eq!(by_county(json!({})).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(by_county(json!({"reason": "重复录入"})).await.expect(200)["state"], "VOIDED");
    let used = "SELECT quota_used FROM campaign_counter";
    assert_eq!(app.number(used).await, 0);
    assert_eq!(app.number("SELECT count(*) FROM audit_event WHERE action = 'redemption.void'").await, 3);
}

#[tokio::test]
async fn many_voids_at_once_restore_once_and_the_code_stays_burned() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let (holder, other) = (shop.holder().await, shop.holder().await);
    let token = shop.token(&till, &other).await;
    shop.redeem(&till, &token, offer, 3_000, "other").await.expect(201);
    let code = shop.qr(&holder).await;
    let token = shop.verify(&till, &code).await["verification_token"].as_str().unwrap().to_owned();
    let done = id(&shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201));
    let replies = join_all((0..16).map(|n| void(&shop, &till, done, &format!("v{n}")).into_future())).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    for reply in replies.iter().filter(|r| r.status != 200) {
        assert_eq!(reply.problem(409), "INVALID_STATE");
    }
    assert_eq!(app.number("SELECT quota_used FROM campaign_counter").await, 1);
    assert_eq!(shop.verify(&till, &code).await["reason"], "used");
    // The place is free again: the same member has it once more, with a new code.
    shop.next_step().await;
    let token = shop.token(&till, &holder).await;
    shop.redeem(&till, &token, offer, 3_000, "again").await.expect(201);
}

#[tokio::test]
async fn a_voided_coupon_comes_back_or_expires() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let mut terms = shop.terms("coupon");
    terms["coupon_valid_days"] = json!(1);
    let campaign = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let claim = json!({"campaign_id": campaign});
    let coupon = id(&app.post("/v1/me/coupons", claim).by(&holder.session).key("c").await.expect(201));
    let redeem = async |key: &str| {
        shop.next_step().await;
        let token = shop.token(&till, &holder).await;
        let body = json!({"verification_token": token, "coupon_id": coupon, "amount_fen": 3_000});
        id(&app.post("/v1/merchant/redemptions", body).by(&till).key(key).await.expect(201))
    };
    let first = redeem("1").await;
    void(&shop, &till, first, "v1").await.expect(200);
    let second = redeem("2").await;
    assert_eq!(app.number("SELECT quota_used FROM campaign_counter").await, 1);
    app.advance(Duration::hours(13)).await;
    let leader = app.cadre("410102", unionhall_web::RoleName::Leader).await;
    let path = format!("/v1/admin/redemptions/{second}/void");
    app.post(&path, json!({"reason": "顾客退货"})).by(&leader.session).key("v2").await.expect(200);
    let session = shop.login_again(&holder).await;
    let list = app.get("/v1/me/coupons").by(&session).await.expect(200);
    assert_eq!(list["items"][0]["state"], "EXPIRED");
    assert_eq!(unionhall_merchants::tasks::return_expired(app.core()).await.unwrap(), 1);
    assert_eq!(app.number("SELECT quota_used FROM campaign_counter").await, 0);
}
