//! Suspended merchants: their manager appeals, another person decides, and some go for good.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{Shop, merchant_body};
use unionhall_testkit::{Reply, Session, mobile};

fn path(shop: &Shop) -> String {
    format!("/v1/admin/merchants/{}", shop.merchant)
}

async fn turn(shop: &Shop, by: &Session, step: &str, body: Value) -> Reply {
    let tag = shop.app.get(&path(shop)).by(by).await.etag();
    shop.app.post(&format!("{}/{step}", path(shop)), body).by(by).if_match(&tag).await
}

async fn suspended() -> (Shop, Session) {
    let shop = Shop::open().await;
    let manager = shop.staff("manager", None).await;
    let suspend = turn(&shop, &shop.officer.session, "suspend", json!({"reason": "多次投诉"})).await;
    suspend.expect(200);
    (shop, manager)
}

async fn appeal(shop: &Shop, by: &Session, key: &str) -> Reply {
    let body = json!({"statement": "投诉的交易不在本店发生"});
    shop.app.post("/v1/merchant/appeals", body).by(by).key(key).await
}

async fn own(shop: &Shop, by: &Session) -> Value {
    shop.app.get("/v1/merchant/suspension").by(by).await.expect(200)
}

#[tokio::test]
async fn an_appeal_is_upheld_by_another_person_than_who_suspended() {
    let (shop, manager) = suspended().await;
    let told = own(&shop, &manager).await;
    assert_eq!((&told["state"], &told["reason"]), (&json!("SUSPENDED"), &json!("多次投诉")));
    // Five working days from a Friday.
    assert_eq!(
        (&told["appeal_until"], &told["progress"]["due_on"]),
        (&json!("2026-11-27"), &json!("2026-11-27"))
    );
    let made = appeal(&shop, &manager, "a").await.expect(201);
    assert_eq!((&made["state"], &made["progress"]["due_on"]), (&json!("APPEALED"), &json!("2026-12-04")));
    assert_eq!(made["progress"]["waiting_for"], "county");
    assert_eq!(appeal(&shop, &manager, "a").await.expect(201), made, "the same key");
    assert_eq!(appeal(&shop, &manager, "b").await.problem(409), "INVALID_STATE", "once");
    let todos = shop.app.get("/v1/admin/todos").by(&shop.leader.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "merchant_appeal").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-12-04")));
    let queue = shop.app.get("/v1/admin/merchant-suspensions").by(&shop.leader.session).await.expect(200);
    assert_eq!(queue["items"], json!([made]));

    for (step, body) in [("resume", json!({})), ("terminate", json!({"reason": "核实无误"}))] {
        let own = turn(&shop, &shop.officer.session, step, body).await;
        assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON", "{step}");
    }
    let live = turn(&shop, &shop.leader.session, "resume", json!({})).await.expect(200);
    assert_eq!(live["state"], "LIVE");
    let told = own(&shop, &manager).await;
    assert_eq!((&told["state"], &told["progress"]["waiting_for"]), (&json!("RESUMED"), &Value::Null));
    assert_eq!(appeal(&shop, &manager, "c").await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn a_rejected_appeal_ends_the_merchant_and_frees_its_credit_code() {
    let (shop, manager) = suspended().await;
    let cashier = shop.cashier().await;
    let reason = json!({"reason": "投诉属实"});
    let early = turn(&shop, &shop.leader.session, "terminate", reason.clone()).await;
    assert_eq!(early.problem(409), "INVALID_STATE", "the manager may still appeal");
    appeal(&shop, &manager, "a").await.expect(201);
    let gone = turn(&shop, &shop.leader.session, "terminate", reason.clone()).await.expect(200);
    assert_eq!(gone["state"], "TERMINATED");
    let told = own(&shop, &manager).await;
    assert_eq!((&told["state"], &told["decision_reason"]), (&json!("TERMINATED"), &json!("投诉属实")));
    for (step, body) in [("resume", json!({})), ("suspend", reason.clone()), ("terminate", reason)] {
        let after = turn(&shop, &shop.leader.session, step, body).await;
        assert_eq!(after.problem(409), "INVALID_STATE", "{step}");
    }
    shop.app.advance(Duration::seconds(6)).await;
    let till = shop.app.get("/v1/merchant/branches").by(&cashier).await;
    assert_eq!(till.problem(401), "UNAUTHENTICATED", "cashiers are let go");
    let mut again = merchant_body("重新入驻");
    again["uscc"] = gone["uscc"].clone();
    shop.app.post("/v1/admin/merchants", again).by(&shop.officer.session).await.expect(201);
}

#[tokio::test]
async fn who_does_not_appeal_in_time_may_be_terminated() {
    let (mut shop, manager) = suspended().await;
    shop.app.advance(Duration::days(7)).await;
    let still = shop.staff_again(&manager).await;
    let last = own(&shop, &still).await;
    assert_eq!(
        (&last["appeal_until"], &last["progress"]["waiting_for"]),
        (&json!("2026-11-27"), &json!("merchant"))
    );
    shop.app.advance(Duration::days(1)).await;
    shop.cadres_again().await;
    let late = shop.staff_again(&still).await;
    assert_eq!(appeal(&shop, &late, "late").await.problem(409), "INVALID_STATE");
    assert_eq!(own(&shop, &late).await["progress"]["waiting_for"], "county");
    let reason = json!({"reason": "逾期未申诉"});
    let same = turn(&shop, &shop.officer.session, "terminate", reason.clone()).await;
    assert_eq!(same.problem(403), "NOT_ANOTHER_PERSON");
    turn(&shop, &shop.leader.session, "terminate", reason).await.expect(200);
}

#[tokio::test]
async fn who_suspended_may_think_better_of_it_and_a_suspension_is_one_at_a_time() {
    let (shop, manager) = suspended().await;
    turn(&shop, &shop.officer.session, "resume", json!({})).await.expect(200);
    let tag = shop.app.get(&path(&shop)).by(&shop.officer.session).await.etag();
    let both = join_all((0..8).map(|n| {
        let request =
            shop.app.post(&format!("{}/suspend", path(&shop)), json!({"reason": format!("第{n}次")}));
        request.by(&shop.officer.session).if_match(&tag).into_future()
    }))
    .await;
    assert_eq!(both.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(shop.app.number("SELECT count(*) FROM merchant_suspension").await, 2);
    let appeals = join_all((0..8).map(|n| {
        let body = json!({"statement": "不符合事实，请核查"});
        shop.app.post("/v1/merchant/appeals", body).by(&manager).key(&format!("k{n}")).into_future()
    }))
    .await;
    assert_eq!(appeals.iter().filter(|reply| reply.status == 201).count(), 1);
}

#[tokio::test]
async fn only_managers_appeal_and_nobody_decides_about_their_own_shop() {
    let shop = Shop::open().await;
    let path_ = path(&shop);
    let never = shop.app.get(&format!("{path_}/suspension")).by(&shop.officer.session).await;
    assert_eq!(never.problem(404), "NOT_FOUND");
    let cashier = shop.cashier().await;
    let manager = shop.staff("manager", None).await;
    assert_eq!(shop.app.get("/v1/merchant/suspension").by(&manager).await.problem(404), "NOT_FOUND");
    assert_eq!(appeal(&shop, &manager, "never").await.problem(404), "NOT_FOUND");
    assert_eq!(appeal(&shop, &cashier, "no").await.problem(403), "FORBIDDEN");
    // The leader manages the shop with the mobile they are a cadre with.
    let body = json!({"name": "李主席", "username": format!("m{}", mobile()), "mobile": shop.leader.mobile,
                      "role": "manager"});
    shop.app.post(&format!("{path_}/staff"), body).by(&shop.officer.session).await.expect(201);
    turn(&shop, &shop.officer.session, "suspend", json!({"reason": "多次投诉"})).await.expect(200);
    let own = turn(&shop, &shop.leader.session, "resume", json!({})).await;
    assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
    let sibling = shop.app.cadre("410103", unionhall_web::RoleName::Leader).await;
    let theirs = shop.app.get("/v1/admin/merchant-suspensions?state=SUSPENDED").by(&sibling.session).await;
    assert_eq!(theirs.expect(200)["items"], json!([]));
}
