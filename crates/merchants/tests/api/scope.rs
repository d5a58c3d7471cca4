//! Who sees what: the sibling county nothing, another member nothing, another shop nothing.

use serde_json::json;
use unionhall_testkit::Session;
use unionhall_web::RoleName;

use unionhall_testkit::shop::{Shop, id};

#[tokio::test]
async fn a_sibling_county_gets_nothing() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let (till, offer) = (shop.cashier().await, shop.campaign(shop.terms("quota")).await);
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    let done = shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    let (officer, leader) =
        (app.cadre("410103", RoleName::Officer).await, app.cadre("410103", RoleName::Leader).await);
    let (m, c, r) = (shop.merchant, offer, id(&done));
    for path in [
        format!("/v1/admin/merchants/{m}"),
        format!("/v1/admin/merchants/{m}/branches"),
        format!("/v1/admin/merchants/{m}/staff"),
        format!("/v1/admin/campaigns/{c}"),
        format!("/v1/admin/stats/benefits?union_id={}", shop.officer.union),
    ] {
        let reply = app.get(&path).by(&leader.session).await;
        assert_eq!(reply.problem(404), "NOT_FOUND", "{path}");
        assert!(!reply.text().contains("胡辣汤"));
    }
    for list in ["/v1/admin/merchants", "/v1/admin/campaigns"] {
        assert_eq!(app.get(list).by(&leader.session).await.expect(200)["items"], json!([]), "{list}");
    }
    let stats = app.get("/v1/admin/stats/benefits").by(&leader.session).await.expect(200);
    assert_eq!((stats["redemptions"].as_i64(), stats["benefit_fen"].as_i64()), (Some(0), Some(0)));
    let branch = json!({"name": "别处", "address": "郑州市", "division_code": "410103"});
    let staff =
        json!({"name": "李小红", "username": "li.xiaohong", "mobile": "13700137000", "role": "manager"});
    let reason = json!({"reason": "不该能做"});
    for (path, body) in [
        (format!("/v1/admin/merchants/{m}/branches"), branch),
        (format!("/v1/admin/merchants/{m}/staff"), staff),
        (format!("/v1/admin/merchants/{m}/suspend"), reason.clone()),
        (format!("/v1/admin/merchants/{m}/resume"), json!({})),
        (format!("/v1/admin/campaigns/{c}/approve"), json!({})),
        (format!("/v1/admin/campaigns/{c}/pause"), json!({})),
        (format!("/v1/admin/redemptions/{r}/void"), reason),
    ] {
        let reply = app.post(&path, body).by(&leader.session).if_match("\"v1\"").key("k").await;
        assert_eq!(reply.problem(404), "NOT_FOUND", "{path}");
    }
    let foreign = app.post("/v1/admin/campaigns", shop.terms("quota")).by(&officer.session).await;
    assert_eq!(foreign.json()["errors"][0]["pointer"], "/branch_ids");
    let mut theirs = unionhall_testkit::shop::merchant_body("越界");
    theirs["union_id"] = json!(shop.officer.union);
    assert_eq!(app.post("/v1/admin/merchants", theirs).by(&officer.session).await.problem(404), "NOT_FOUND");
    let city = app.cadre("4101", RoleName::Leader).await;
    assert_eq!(app.get(&format!("/v1/admin/campaigns/{c}")).by(&city.session).await.status, 200);
    assert_eq!(app.get("/v1/admin/stats/benefits").by(&city.session).await.expect(200)["redemptions"], 1);
}

#[tokio::test]
async fn members_and_shops_see_their_own() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let (till, offer) = (shop.cashier().await, shop.campaign(shop.terms("quota")).await);
    let coupon = shop.campaign(shop.terms("coupon")).await;
    let (holder, other) = (shop.holder().await, shop.holder().await);
    let token = shop.token(&till, &holder).await;
    let done = shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    app.post("/v1/me/coupons", json!({"campaign_id": coupon})).by(&holder.session).key("c").await.expect(201);
    for list in ["/v1/me/redemptions", "/v1/me/coupons"] {
        assert_eq!(app.get(list).by(&other.session).await.expect(200)["items"], json!([]));
    }
    let path = format!("/v1/me/redemptions/{}", id(&done));
    assert_eq!(app.get(&path).by(&other.session).await.problem(404), "NOT_FOUND");
    let second = shop.staff("staff", Some(shop.branches[1])).await;
    let manager = shop.staff("manager", None).await;
    let sees = async |who: &Session| {
        let list = app.get("/v1/merchant/redemptions").by(who).await.expect(200);
        let one = app.get(&format!("/v1/merchant/redemptions/{}", id(&done))).by(who).await.status;
        let day = app.get("/v1/merchant/day-summary").by(who).await.expect(200);
        (list["items"].as_array().unwrap().len(), one, day["redemptions"].as_i64().unwrap())
    };
    assert_eq!(sees(&till).await, (1, 200, 1));
    assert_eq!(sees(&second).await, (0, 404, 0));
    assert_eq!(sees(&manager).await, (1, 200, 1));
    let text = app.get("/v1/merchant/redemptions").by(&till).await.text();
    assert!(!text.contains("person") && !text.contains(&holder.person.to_string()));
    let audience = app.get("/v1/merchant/redemptions").by(&holder.session).await;
    assert_eq!(audience.problem(401), "UNAUTHENTICATED");
    assert_eq!(app.get("/v1/admin/merchants").by(&till).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_transfer_takes_effect_at_the_till_and_statistics_stay_where_the_benefit_was_had() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(5);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    app.sql("UPDATE membership SET path = o.path, org_id = o.id FROM org o WHERE o.code = '410103'").await;
    shop.next_step().await;
    let verified = shop.verify(&till, &shop.qr(&holder).await).await;
    assert_eq!(verified["offers"], json!([]));
    assert_eq!(shop.stats().await, (1, 1, 500));
    let leader = app.cadre("410103", RoleName::Leader).await;
    let stats = app.get("/v1/admin/stats/benefits").by(&leader.session).await.expect(200);
    assert_eq!(stats["redemptions"], 0);
}
