//! At the till and about merchants.

use serde_json::{Value, json};
use unionhall_testkit::shop::{Shop, id};
use unionhall_testkit::{Session, mobile};
use unionhall_web::Realm;
use uuid::Uuid;

use super::{Mender, Story, Undone};

pub(super) fn stories() -> Vec<Story> {
    vec![
        Box::pin(a_campaign_with_a_wrong_price()),
        Box::pin(a_campaign_paused()),
        Box::pin(a_sale_entered_twice()),
        Box::pin(a_sale_found_wrong_days_later()),
        Box::pin(the_wrong_merchant_suspended()),
        Box::pin(the_wrong_cashier_taken_on()),
        Box::pin(a_till_at_the_wrong_branch()),
        Box::pin(a_contract_offered_by_mistake()),
    ]
}

async fn a_campaign_with_a_wrong_price() -> Undone {
    let shop = Shop::open().await;
    let mut terms = shop.terms("quota");
    terms["benefit_fen"] = json!(50_000);
    terms["min_spend_fen"] = json!(60_000);
    let campaign = shop.campaign(terms).await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let token = shop.token(&till, &holder).await;
    let mut mender = Mender::new(&shop.app, &shop.leader.session);
    let path = format!("/v1/admin/campaigns/{campaign}");
    let paused = mender.step(&path, "pause", json!({})).await;
    assert_eq!(paused["state"], "PAUSED");
    let refused = shop.redeem(&till, &token, campaign, 70_000, "k").await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(shop.stats().await, (0, 0, 0));
    mender.done(
        "a campaign runs with a wrong price 活动优惠录错",
        "a leader of the union",
        "nobody gets it any more, a cashier with a verified card neither; sales made are voided one by one",
    )
}

async fn a_campaign_paused() -> Undone {
    let shop = Shop::open().await;
    let campaign = shop.campaign(shop.terms("quota")).await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let tag = shop.app.get(&format!("/v1/admin/campaigns/{campaign}")).by(&shop.leader.session).await.etag();
    let path = format!("/v1/admin/campaigns/{campaign}");
    let pause = shop.app.post(&format!("{path}/pause"), json!({}));
    pause.by(&shop.leader.session).if_match(&tag).await.expect(200);
    let mut mender = Mender::new(&shop.app, &shop.leader.session);
    mender.step(&path, "resume", json!({})).await;
    let token = shop.token(&till, &holder).await;
    shop.redeem(&till, &token, campaign, 5_000, "k").await.expect(201);
    mender.done(
        "a campaign paused by mistake 误停活动",
        "a leader of the union",
        "it runs on with what was left of it",
    )
}

/// A sale that should not have been.
async fn sale(shop: &Shop, till: &Session) -> (Uuid, Uuid) {
    let campaign = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(till, &holder).await;
    let sale = shop.redeem(till, &token, campaign, 5_000, "k").await.expect(201);
    assert_eq!(shop.read(campaign).await["quota_used"], 1);
    (campaign, id(&sale))
}

async fn a_sale_entered_twice() -> Undone {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let (campaign, sale) = sale(&shop, &till).await;
    let mut mender = Mender::new(&shop.app, &till);
    let void = format!("/v1/merchant/redemptions/{sale}/void");
    let voided: Value = mender.post(&void, json!({})).await.expect(200);
    assert_eq!(voided["state"], "VOIDED");
    assert_eq!(shop.read(campaign).await["quota_used"], 0);
    assert_eq!(shop.stats().await, (0, 0, 0));
    mender.done(
        "a sale entered twice or for the wrong amount 重复核销或金额错",
        "the cashier within ten minutes, the manager within a day",
        "quota, budget and coupon are back once; both the sale and the void stay on record",
    )
}

async fn a_sale_found_wrong_days_later() -> Undone {
    let mut shop = Shop::open().await;
    let till = shop.cashier().await;
    let (campaign, sale) = sale(&shop, &till).await;
    shop.app.advance(chrono::Duration::days(2)).await;
    shop.cadres_again().await;
    let mut mender = Mender::new(&shop.app, &shop.leader.session);
    let void = format!("/v1/admin/redemptions/{sale}/void");
    let voided: Value = mender.post(&void, json!({"reason": "商户报告重复录入"})).await.expect(200);
    assert_eq!(voided["state"], "VOIDED");
    assert_eq!(shop.read(campaign).await["quota_used"], 0);
    mender.done(
        "a sale found wrong days later 隔日发现核销错误",
        "a leader of the county",
        "quota, budget and coupon are back once",
    )
}

async fn the_wrong_merchant_suspended() -> Undone {
    let shop = Shop::open().await;
    let campaign = shop.campaign(shop.terms("quota")).await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let path = format!("/v1/admin/merchants/{}", shop.merchant);
    let tag = shop.app.get(&path).by(&shop.officer.session).await.etag();
    let suspend = shop.app.post(&format!("{path}/suspend"), json!({"reason": "多次投诉"}));
    suspend.by(&shop.officer.session).if_match(&tag).await.expect(200);
    let mut mender = Mender::new(&shop.app, &shop.leader.session);
    mender.step(&path, "resume", json!({})).await;
    let token = shop.token(&till, &holder).await;
    shop.redeem(&till, &token, campaign, 5_000, "k").await.expect(201);
    mender.done(
        "the wrong merchant suspended 误停商户",
        "another person than who suspended",
        "it sells again at once; its offers never went",
    )
}

async fn the_wrong_cashier_taken_on() -> Undone {
    let shop = Shop::open().await;
    let manager = shop.staff("manager", None).await;
    let body = json!({"name": "李小红", "mobile": mobile(), "branch_id": shop.branches[0]});
    let made = shop.app.post("/v1/merchant/staff", body).by(&manager).await.expect(201);
    let mut mender = Mender::new(&shop.app, &manager);
    mender.delete(&format!("/v1/merchant/staff/{}", id(&made))).await;
    let staff = shop.app.get("/v1/merchant/staff").by(&manager).await.expect(200);
    assert!(staff["items"].as_array().unwrap().iter().all(|s| s["id"] != made["id"]), "{staff}");
    mender.done(
        "the wrong cashier taken on 加错收银员",
        "the manager",
        "the place is gone, and a session at it with it",
    )
}

async fn a_till_at_the_wrong_branch() -> Undone {
    let shop = Shop::open().await;
    let number = mobile();
    let body =
        json!({"name": "马建军", "username": format!("m{number}"), "mobile": number, "role": "manager"});
    let path = format!("/v1/admin/merchants/{}/staff", shop.merchant);
    shop.app.post(&path, body).by(&shop.officer.session).await.expect(201);
    let code = shop.app.otp(&number, "confirm", Realm::Merchant).await;
    let body =
        json!({"realm": "merchant", "mobile": number, "code": code, "password": "correct-horse-battery"});
    shop.app.post("/v1/auth/activate", body).await.expect(200);
    shop.app.advance(chrono::Duration::seconds(61)).await;
    let code = shop.app.otp(&number, "login", Realm::Merchant).await;
    let body = json!({"realm": "merchant", "mobile": number, "code": code, "consents": [],
                      "device": {"id": "till-1", "platform": "android"}});
    let manager = Session::of(shop.app.post("/v1/auth/login/otp", body).await);
    let till = json!({"branch_id": shop.branches[1], "name": "前台"});
    let made = shop.app.post("/v1/merchant/tills", till).by(&manager).await.expect(201);
    let mut mender = Mender::new(&shop.app, &manager);
    let body = json!({"branch_id": shop.branches[0], "name": "前台"});
    let moved: Value = mender.post("/v1/merchant/tills", body).await.expect(201);
    assert_eq!((&moved["id"], &moved["branch_id"]), (&made["id"], &json!(shop.branches[0])));
    mender.done(
        "a till registered at the wrong branch 收银机绑错门店",
        "the manager, on the device",
        "the same till, at the right branch",
    )
}

async fn a_contract_offered_by_mistake() -> Undone {
    let shop = Shop::open().await;
    let app = &shop.app;
    let applicant = app.applicant(&mobile()).await;
    let made = app.apply(&applicant, &app.application_of(&applicant).await).await.expect(201);
    let path = format!("/v1/admin/merchant-applications/{}", id(&made));
    let tag = app.get(&path).by(&shop.officer.session).await.etag();
    let offer = json!({"contract_from": "2026-11-20", "contract_to": "2027-11-19"});
    app.post(&format!("{path}/verify"), offer).by(&shop.officer.session).if_match(&tag).await.expect(200);
    let mut mender = Mender::new(app, &shop.officer.session);
    mender.step(&path, "reject", json!({"reason": "营业执照与店名不符"})).await;
    let sign = format!("/v1/merchant/applications/{}/sign", id(&made));
    assert_eq!(app.post(&sign, json!({})).by(&applicant.session).key("s").await.status, 409);
    mender.done(
        "a contract offered to the wrong merchant 误发合同",
        "the county's office",
        "it can no longer be signed; the applicant may hand in again",
    )
}
