//! Codes of other companies, each given once.

use std::collections::BTreeSet;

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::Reply;
use unionhall_testkit::shop::{Holder, Shop, id};
use uuid::Uuid;

fn terms(shop: &Shop, quota: i64) -> Value {
    let mut terms = shop.terms("quota");
    for field in ["min_spend_fen", "branch_ids"] {
        terms.as_object_mut().unwrap().remove(field);
    }
    let more = json!({"kind": "code_pool", "title": "观影兑换码", "branch_ids": [], "quota": quota,
                      "coupon_valid_days": 7});
    terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    terms
}

async fn entered(shop: &Shop, quota: i64) -> Uuid {
    let made = shop.app.post("/v1/admin/campaigns", terms(shop, quota)).by(&shop.officer.session).await;
    id(&made.expect(201))
}

async fn add(shop: &Shop, campaign: Uuid, codes: &[&str]) -> Reply {
    let path = format!("/v1/admin/campaigns/{campaign}/codes");
    shop.app.post(&path, json!({"codes": codes})).by(&shop.officer.session).await
}

async fn running(shop: &Shop, codes: &[&str]) -> Uuid {
    let campaign = entered(shop, i64::try_from(codes.len()).unwrap()).await;
    add(shop, campaign, codes).await.expect(200);
    shop.step(campaign, "submit", &shop.officer.session).await.expect(200);
    shop.step(campaign, "approve", &shop.leader.session).await.expect(200);
    campaign
}

async fn claim(shop: &Shop, holder: &Holder, campaign: Uuid, key: &str) -> Reply {
    let request = shop.app.post("/v1/me/coupons", json!({"campaign_id": campaign}));
    request.by(&holder.session).key(key).await
}

async fn code(shop: &Shop, holder: &Holder, coupon: Uuid) -> Reply {
    shop.app.get(&format!("/v1/me/coupons/{coupon}/code")).by(&holder.session).await
}

#[tokio::test]
async fn a_member_claims_a_code_and_sees_it_alone() {
    let shop = Shop::open().await;
    let campaign = entered(&shop, 3).await;
    let early = shop.step(campaign, "submit", &shop.officer.session).await;
    assert_eq!(early.problem(409), "INVALID_STATE", "there are no codes yet");
    let added = add(&shop, campaign, &["GKX7-2M9P", "GKX7-2M9Q", " GKX7-2M9P "]).await.expect(200);
    assert_eq!(added, json!({"added": 2, "duplicates": 1, "free": 2}));
    let again = add(&shop, campaign, &["GKX7-2M9P", "GKX7-2M9R"]).await.expect(200);
    assert_eq!(again, json!({"added": 1, "duplicates": 1, "free": 3}));
    shop.step(campaign, "submit", &shop.officer.session).await.expect(200);
    shop.step(campaign, "approve", &shop.leader.session).await.expect(200);
    let public = shop.app.get("/v1/public/campaigns").await.expect(200);
    assert_eq!(
        (&public["items"][0]["kind"], &public["items"][0]["places"]),
        (&json!("code_pool"), &json!([]))
    );

    let (holder, other) = (shop.holder().await, shop.holder().await);
    let claimed = claim(&shop, &holder, campaign, "k1").await.expect(201);
    assert_eq!((&claimed["kind"], claimed.get("code")), (&json!("code_pool"), None));
    let first = code(&shop, &holder, id(&claimed)).await.expect(200);
    assert!(["GKX7-2M9P", "GKX7-2M9Q", "GKX7-2M9R"].contains(&first["code"].as_str().unwrap()));
    assert_eq!(code(&shop, &holder, id(&claimed)).await.expect(200), first, "the same every time");
    assert_eq!(code(&shop, &other, id(&claimed)).await.problem(404), "NOT_FOUND");
    assert_eq!(claim(&shop, &holder, campaign, "k2").await.problem(409), "ALREADY_HAVE");
    let list = shop.app.get("/v1/me/coupons").by(&holder.session).await.expect(200);
    assert_eq!(list["items"][0]["id"], claimed["id"]);
    // No till has it, and neither the codes' table nor the stored answer shows one.
    let till = shop.cashier().await;
    assert_eq!(shop.verify(&till, &shop.qr(&holder).await).await["offers"], json!([]));
    for table in ["campaign_code t", "idempotency t"] {
        let open = format!("SELECT count(*) FROM {table} WHERE position('GKX7' IN t::text) > 0");
        assert_eq!(shop.app.number(&open).await, 0);
        let bytes =
            format!("SELECT count(*) FROM {table} WHERE position(encode('GKX7', 'hex') IN t::text) > 0");
        assert_eq!(shop.app.number(&bytes).await, 0);
    }
}

#[tokio::test]
async fn each_code_is_given_once_however_many_ask() {
    let shop = Shop::open().await;
    let campaign = running(&shop, &["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"]).await;
    let holders = join_all((0..12).map(|_| shop.holder())).await;
    let claims = holders.iter().flat_map(|holder| [(holder, "k1"), (holder, "k2")]);
    let replies =
        join_all(claims.map(async |(holder, key)| (holder, claim(&shop, holder, campaign, key).await))).await;
    let mut codes = BTreeSet::new();
    for (holder, reply) in &replies {
        if reply.status == 201 {
            let given = code(&shop, holder, id(&reply.json())).await.expect(200);
            assert!(codes.insert(given["code"].as_str().unwrap().to_owned()), "given twice");
        } else {
            assert!(["SOLD_OUT", "ALREADY_HAVE"].contains(&reply.problem(409).as_str()));
        }
    }
    assert_eq!(codes.len(), 5);
    assert_eq!(shop.read(campaign).await["quota_used"], 5);
    assert_eq!(shop.app.number("SELECT count(*) FROM coupon").await, 5);
    // More may be given once more are there and the quota says so.
    let path = format!("/v1/admin/campaigns/{campaign}");
    let raise = async || {
        let tag = shop.app.get(&path).by(&shop.leader.session).await.etag();
        let patch = shop.app.request("PATCH", &path).json(json!({"quota": 6}));
        patch.by(&shop.leader.session).if_match(&tag).await
    };
    let early = raise().await;
    assert_eq!(early.problem(422), "VALIDATION_FAILED");
    assert_eq!(early.json()["errors"][0]["code"], "QUOTA_CODES", "no code is left");
    let unlucky =
        replies.iter().find(|(_, reply)| reply.status == 409 && reply.problem(409) == "SOLD_OUT").unwrap().0;
    add(&shop, campaign, &["FFFF"]).await.expect(200);
    assert_eq!(claim(&shop, unlucky, campaign, "k3").await.problem(409), "SOLD_OUT", "the quota says so");
    raise().await.expect(200);
    claim(&shop, unlucky, campaign, "k4").await.expect(201);
}

#[tokio::test]
async fn a_code_that_was_given_does_not_come_back() {
    let shop = Shop::open().await;
    let campaign = running(&shop, &["AAAA", "BBBB"]).await;
    let holder = shop.holder().await;
    claim(&shop, &holder, campaign, "k").await.expect(201);
    shop.app.advance(Duration::days(8)).await;
    assert_eq!(unionhall_merchants::tasks::return_expired(shop.app.core()).await.unwrap(), 0);
    let session = shop.login_again(&holder).await;
    let list = shop.app.get("/v1/me/coupons?state=EXPIRED").by(&session).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.app.number("SELECT quota_used FROM campaign_counter").await, 1);
}

#[tokio::test]
async fn what_does_not_fit_codes_is_refused() {
    let shop = Shop::open().await;
    let mut wrong = terms(&shop, 3);
    (wrong["branch_ids"], wrong["min_spend_fen"]) = (json!(shop.branches), json!(100));
    let reply = shop.app.post("/v1/admin/campaigns", wrong).by(&shop.officer.session).await;
    let told: Vec<Value> =
        reply.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!((reply.status, told), (422, vec![json!("/branch_ids"), json!("/min_spend_fen")]));
    let mut nowhere = shop.terms("quota");
    nowhere["branch_ids"] = json!([]);
    let reply = shop.app.post("/v1/admin/campaigns", nowhere).by(&shop.officer.session).await;
    assert_eq!(reply.json()["errors"][0]["pointer"], "/branch_ids");
    let quota = shop.campaign(shop.terms("quota")).await;
    assert_eq!(add(&shop, quota, &["AAAA"]).await.problem(409), "INVALID_STATE");
    let pool = entered(&shop, 3).await;
    for bad in ["AAA", "含汉字的码", "A B C D", ""] {
        let reply = add(&shop, pool, &["GOOD1", bad]).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["pointer"], "/codes/1", "{bad:?}");
    }
    assert_eq!(add(&shop, pool, &[]).await.json()["errors"][0]["code"], "COUNT");
    let many: Vec<String> = (0..2001).map(|n| format!("CODE{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(add(&shop, pool, &many).await.json()["errors"][0]["code"], "COUNT");
    assert_eq!(add(&shop, pool, &many[..2000]).await.expect(200)["added"], 2000);
    assert_eq!(shop.app.number("SELECT count(*) FROM campaign_code").await, 2000);
}

#[tokio::test]
async fn long_lists_at_once_wait_for_each_other() {
    let shop = Shop::open().await;
    let campaign = entered(&shop, 3).await;
    let codes: Vec<String> = (0..600).map(|n| format!("GKX7-{n:04}")).collect();
    let lists = (0..6_usize).map(|turn| {
        let mut list = codes.clone();
        list.rotate_left(turn * 100);
        if turn % 2 == 1 {
            list.reverse();
        }
        list
    });
    let path = format!("/v1/admin/campaigns/{campaign}/codes");
    let replies =
        join_all(lists.map(|list| {
            shop.app.post(&path, json!({"codes": list})).by(&shop.officer.session).into_future()
        }))
        .await;
    let added: Vec<i64> =
        replies.into_iter().map(|reply| reply.expect(200)["added"].as_i64().unwrap()).collect();
    assert_eq!(added.iter().sum::<i64>(), 600);
    assert_eq!(shop.app.number("SELECT count(*) FROM campaign_code").await, 600);
}

#[tokio::test]
async fn a_code_is_given_by_one_campaign_of_a_union() {
    let shop = Shop::open().await;
    running(&shop, &["GKX7-2M9P", "GKX7-2M9Q"]).await;
    let other = entered(&shop, 1).await;
    let added = add(&shop, other, &["GKX7-2M9P", "GKX7-2M9Z"]).await.expect(200);
    assert_eq!(added, json!({"added": 1, "duplicates": 1, "free": 1}));
    let next_door = Shop::open_in(shop.app.clone(), "410103").await;
    let theirs = entered(&next_door, 1).await;
    let added = add(&next_door, theirs, &["GKX7-2M9P"]).await.expect(200);
    assert_eq!(added["added"], 1, "another union learns nothing of it");
}
