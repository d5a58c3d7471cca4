//! The page on a shop's counter.

use serde_json::json;
use unionhall_testkit::read_poster;
use unionhall_testkit::shop::Shop;

#[tokio::test]
async fn what_the_counter_shows_redeems() {
    let shop = Shop::open().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let path = format!("/v1/admin/merchants/{}/branches/{}/poster.svg", shop.merchant, shop.branches[0]);
    let reply = shop.app.get(&path).by(&shop.officer.session).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/svg+xml; charset=utf-8")));
    assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    let svg = reply.text();
    assert!(svg.contains("方中山胡辣汤") && svg.contains("顺河路店") && svg.contains(&shop.codes[0]));
    let link = read_poster(&svg);
    assert_eq!(link, format!("https://unionhall.test/b/{}", shop.codes[0]));
    let holder = shop.holder().await;
    let body = json!({"branch_code": link, "offer_id": offer, "amount_fen": 5000});
    shop.app.post("/v1/me/redemptions", body).by(&holder.session).key("k").await.expect(201);
}

#[tokio::test]
async fn a_till_prints_its_own_branch_and_no_other() {
    let shop = Shop::open().await;
    let (cashier, manager) = (shop.cashier().await, shop.staff("manager", None).await);
    let path = |n: usize| format!("/v1/merchant/branches/{}/poster.svg", shop.branches[n]);
    assert_eq!(shop.app.get(&path(0)).by(&cashier).await.status, 200);
    assert_eq!(shop.app.get(&path(1)).by(&cashier).await.problem(404), "NOT_FOUND");
    assert_eq!(shop.app.get(&path(1)).by(&manager).await.status, 200);
    let mixed = format!("/v1/admin/merchants/{}/branches/{}/poster.svg", shop.branches[0], shop.merchant);
    assert_eq!(shop.app.get(&mixed).by(&shop.officer.session).await.problem(404), "NOT_FOUND");
}
