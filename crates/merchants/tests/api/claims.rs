//! Coupons: claimed, used, expired, returned.

use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use unionhall_testkit::shop::{Shop, id};

#[tokio::test]
async fn a_coupon_is_claimed_seen_and_used() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let till = shop.cashier().await;
    let mut terms = shop.terms("coupon");
    terms["per_member_limit"] = json!(2);
    terms["budget_fen"] = json!(100_000);
    let campaign = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let claim =
        |key: &str| app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(&holder.session).key(key);
    let first = claim("1").await;
    let bytes = first.body.clone();
    let coupon = first.expect(201);
    assert_eq!(
        (coupon["state"].as_str(), coupon["expires_on"].as_str()),
        (Some("CLAIMED"), Some("2026-11-26"))
    );
    assert_eq!(claim("1").await.body, bytes);
    let second = claim("2").await.expect(201);
    assert_eq!(claim("3").await.problem(409), "ALREADY_HAVE");
    let read = shop.read(campaign).await;
    assert_eq!((read["quota_used"].as_i64(), read["budget_used_fen"].as_i64()), (Some(2), Some(1_000)));
    let verified = shop.verify(&till, &shop.qr(&holder).await).await;
    let offers = verified["offers"].as_array().unwrap();
    assert_eq!(offers.len(), 2, "a coupon stands once for each one claimed");
    assert!(offers.iter().all(|o| o["remaining_for_member"] == 2 && o["offer_id"] == json!(campaign)));
    let token = verified["verification_token"].as_str().unwrap();
    let body = json!({"verification_token": token, "coupon_id": id(&second), "amount_fen": 3_000});
    let done = app.post("/v1/merchant/redemptions", body).by(&till).key("r").await.expect(201);
    assert_eq!(done["remaining_for_member"], 1);
    let states = async |query: &str| {
        let list = app.get(&format!("/v1/me/coupons{query}")).by(&holder.session).await.expect(200);
        list["items"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(states("?state=USED").await, [id(&second)]);
    assert_eq!(states(&format!("?state=CLAIMED&branch_id={}", shop.branches[1])).await, [id(&coupon)]);
    assert_eq!(states("").await.len(), 2);
    let own = app.get("/v1/me/coupons").by(&holder.session).await.expect(200);
    let places: Vec<Uuid> = own["items"][0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["branch_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(places.len() == 2 && shop.branches.iter().all(|b| places.contains(b)), "{own}");
    assert_eq!(
        app.get("/v1/me/coupons?state=LOST").by(&holder.session).await.problem(400),
        "INVALID_PARAMETER"
    );
    shop.next_step().await;
    let token = shop.token(&till, &holder).await;
    let body = json!({"verification_token": token, "coupon_id": id(&second), "amount_fen": 3_000});
    let used = app.post("/v1/merchant/redemptions", body).by(&till).key("r2").await;
    assert_eq!(used.problem(409), "COUPON_USED");
    let other = shop.holder().await;
    let token = shop.token(&till, &other).await;
    let body = json!({"verification_token": token, "coupon_id": id(&coupon), "amount_fen": 3_000});
    let stolen = app.post("/v1/merchant/redemptions", body).by(&till).key("r3").await;
    assert_eq!(stolen.problem(404), "NOT_FOUND", "another's coupon is absent");
}

#[tokio::test]
async fn who_may_claim_and_when() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let campaign = shop.campaign(shop.terms("coupon")).await;
    let quota = shop.campaign(shop.terms("quota")).await;
    let (holder, stranger) = (shop.holder().await, shop.holder_in("410103").await);
    let claim = |by: &unionhall_testkit::Session, campaign, key: &str| {
        app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(by).key(key)
    };
    let refused = claim(&stranger.session, campaign, "1").await;
    assert_eq!(
        (refused.problem(409).as_str(), refused.json()["rule"].as_str()),
        ("NOT_ELIGIBLE", Some("union"))
    );
    assert_eq!(claim(&holder.session, quota, "2").await.problem(404), "NOT_FOUND");
    assert_eq!(claim(&holder.session, holder.card, "3").await.problem(404), "NOT_FOUND");
    let nobody = app.login_member(&unionhall_testkit::mobile()).await;
    assert_eq!(claim(&nobody, campaign, "4").await.problem(403), "LEVEL_TOO_LOW");
    app.sql(&format!(
        "UPDATE membership SET state = 'RETAINED', reason = 'retire' WHERE person_id = '{}'",
        holder.person
    ))
    .await;
    let retained = claim(&holder.session, campaign, "5").await;
    assert_eq!(retained.json()["rule"], "card_limited");
    app.sql("UPDATE membership SET state = 'ACTIVE', reason = NULL").await;
    shop.step(campaign, "pause", &shop.officer.session).await.expect(200);
    assert_eq!(claim(&holder.session, campaign, "5").await.problem(409), "NOT_OPEN");
    shop.step(campaign, "resume", &shop.officer.session).await.expect(200);
    claim(&holder.session, campaign, "5").await.expect(201);
    let missing = app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(&holder.session).await;
    assert_eq!(missing.problem(400), "IDEMPOTENCY_KEY_MISSING");
}

#[tokio::test]
async fn an_expired_coupon_gives_its_quota_back_once() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let mut terms = shop.terms("coupon");
    terms["quota"] = json!(1);
    terms["budget_fen"] = json!(500);
    terms["coupon_valid_days"] = json!(1);
    let campaign = shop.campaign(terms).await;
    let (first, second) = (shop.holder().await, shop.holder().await);
    let claim = async |by: &unionhall_testkit::shop::Holder, key: &str| {
        app.post("/v1/me/coupons", json!({"campaign_id": campaign})).by(&by.session).key(key).await
    };
    let public = async || app.get("/v1/public/campaigns").await.expect(200)["items"][0].clone();
    let before = public().await;
    assert_eq!((&before["claimable"], &before["per_member_limit"]), (&json!(true), &json!(1)), "{before}");
    claim(&first, "1").await.expect(201);
    assert_eq!(claim(&second, "2").await.problem(409), "SOLD_OUT");
    let after = public().await;
    assert_eq!((&after["claimable"], &after["phase"]), (&json!(false), &json!("SOLD_OUT")), "{after}");
    let core = app.core();
    assert_eq!(unionhall_merchants::tasks::return_expired(core).await.unwrap(), 0, "its day is not over");
    app.advance(Duration::hours(12)).await;
    let first = unionhall_testkit::shop::Holder { session: shop.login_again(&first).await, ..first };
    let list = app.get("/v1/me/coupons?state=EXPIRED").by(&first.session).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let mut conn = core.db.writer().await.unwrap();
    for _ in 0..3 {
        unionhall_merchants::tasks::enqueue_daily(core, &mut conn).await.unwrap();
    }
    drop(conn);
    app.drain().await;
    assert_eq!(unionhall_merchants::tasks::return_expired(core).await.unwrap(), 0);
    let used = "SELECT quota_used * 1000 + budget_used_fen FROM campaign_counter";
    assert_eq!(app.number(used).await, 0);
    let second = unionhall_testkit::shop::Holder { session: shop.login_again(&second).await, ..second };
    claim(&second, "3").await.expect(201);
}

#[tokio::test]
async fn what_a_union_has_closed_is_not_claimed_and_what_was_claimed_is_used() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let campaign = shop.campaign(shop.terms("coupon")).await;
    let (first, second) = (shop.holder().await, shop.holder().await);
    let body = json!({"campaign_id": campaign});
    let coupon = app.post("/v1/me/coupons", body.clone()).by(&first.session).key("1").await.expect(201);
    let province = app.cadre("41", unionhall_web::RoleName::SystemAdmin).await;
    let path = format!("/v1/admin/unions/{}/modules", province.union);
    let tag = app.get(&path).by(&province.session).await.etag();
    let closed = json!({
        "switches": [{"module": "benefits", "enabled": false, "from": "2026-11-20"}],
        "reason": "年度结算",
    });
    app.request("PUT", &path).json(closed).by(&province.session).if_match(&tag).await.expect(200);
    let late = app.post("/v1/me/coupons", body).by(&second.session).key("1").await;
    assert_eq!(late.problem(409), "MODULE_CLOSED");
    let state = app.get("/v1/me/coupons?state=CLAIMED").by(&first.session).await.expect(200);
    assert_eq!(state["items"][0]["id"], coupon["id"]);
    let till = shop.cashier().await;
    let token = shop.token(&till, &first).await;
    let body = json!({"verification_token": token, "coupon_id": id(&coupon), "amount_fen": 3_000});
    app.post("/v1/merchant/redemptions", body).by(&till).key("a").await.expect(201);
}
