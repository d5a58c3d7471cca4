//! Eight digits instead of the QR.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{Holder, Shop};
use unionhall_testkit::{Reply, Session};

async fn digits(shop: &Shop, holder: &Holder) -> String {
    let path = format!("/v1/me/cards/{}/till-code", holder.card);
    let made = shop.app.post(&path, json!({})).by(&holder.session).await.expect(200);
    made["code"].as_str().unwrap().to_owned()
}

fn reason(verified: &Value) -> &Value {
    assert_eq!(verified["valid"], false);
    &verified["reason"]
}

async fn wrong(shop: &Shop, till: &Session) -> Reply {
    shop.app.post("/v1/merchant/verifications", json!({"code": "00000000"})).by(till).await
}

#[tokio::test]
async fn digits_serve_like_a_code_for_a_minute() {
    let shop = Shop::open().await;
    let (till, offer) = (shop.cashier().await, shop.campaign(shop.terms("quota")).await);
    let holder = shop.holder().await;
    let code = digits(&shop, &holder).await;
    assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    shop.app.advance(Duration::seconds(59)).await;
    let verified = shop.verify(&till, &code).await;
    assert_eq!((&verified["valid"], &verified["holder_display"]), (&json!(true), &json!("王*明")));
    let token = verified["verification_token"].as_str().unwrap();
    shop.redeem(&till, token, offer, 5_000, "k").await.expect(201);
    assert_eq!(reason(&shop.verify(&till, &code).await), "used");
    let later = digits(&shop, &holder).await;
    assert_eq!(reason(&shop.verify(&till, &code).await), "code_invalid", "the holder asked for others");
    shop.app.advance(Duration::seconds(60)).await;
    assert_eq!(reason(&shop.verify(&till, &later).await), "code_invalid");
}

#[tokio::test]
async fn digits_of_a_lost_card_die_with_it() {
    let shop = Shop::open().await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let code = digits(&shop, &holder).await;
    let path = format!("/v1/me/cards/{}", holder.card);
    shop.app.post(&format!("{path}/report-loss"), json!({})).by(&holder.session).await.expect(200);
    assert_eq!(reason(&shop.verify(&till, &code).await), "lost");
    let again = shop.app.post(&format!("{path}/till-code"), json!({})).by(&holder.session).await;
    assert_eq!(again.problem(409), "CARD_NOT_VALID");
    let other = shop.holder().await;
    let foreign = shop.app.post(&format!("{path}/till-code"), json!({})).by(&other.session).await;
    assert_eq!(foreign.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn a_branch_that_guesses_is_slowed_down_and_the_others_are_not() {
    let shop = Shop::open().await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let other = shop.staff("staff", Some(shop.branches[1])).await;
    let code = digits(&shop, &holder).await;
    // What is right takes no try away.
    for _ in 0..40 {
        assert_eq!(shop.verify(&till, &code).await["valid"], true);
    }
    let replies = join_all((0..40).map(|_| wrong(&shop, &till))).await;
    let told = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(told, 30);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(429), "RATE_LIMITED");
        assert_eq!(reply.header("retry-after"), Some("601"));
    }
    assert_eq!(wrong(&shop, &till).await.problem(429), "RATE_LIMITED");
    assert_eq!(shop.verify(&till, &shop.qr(&holder).await).await["valid"], true, "a QR is no guess");
    assert_eq!(shop.verify(&other, &code).await["valid"], true);
    shop.app.advance(Duration::minutes(10)).await;
    assert_eq!(wrong(&shop, &till).await.status, 200);
}

#[tokio::test]
async fn of_many_holders_no_two_have_the_same_digits() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let (a, b) = (shop.holder().await, shop.holder().await);
    let (first, second) = (digits(&shop, &a).await, digits(&shop, &b).await);
    assert_ne!(first, second);
    shop.app.services.merchants.log.flush().await.unwrap();
    for code in [&first, &second] {
        assert_eq!(shop.verify(&till, code).await["valid"], true);
    }
    shop.app.services.merchants.log.flush().await.unwrap();
    let holders = "SELECT count(DISTINCT person_id) FROM verification_log WHERE result = 'valid'";
    assert_eq!(shop.app.number(holders).await, 2);
}
