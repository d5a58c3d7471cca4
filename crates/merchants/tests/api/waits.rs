//! What happens while a row is held: duplicates wait two seconds, and who hangs up cuts nothing in half.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;
use unionhall_storage::Conn;

use unionhall_testkit::shop::Shop;

// Holds the rows of all cards, as a first request that is not done yet does.
async fn hold(shop: &Shop) -> Conn {
    let mut conn = shop.app.db.connect().await;
    conn.batch_execute("BEGIN; SELECT 1 FROM card FOR UPDATE").await.unwrap();
    conn
}

async fn until_somebody_waits(shop: &Shop) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while shop.app.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_waits_two_seconds_is_told_that_it_goes_on() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    let held = hold(&shop).await;
    let begun = tokio::time::Instant::now();
    let reply = shop.redeem(&till, &token, offer, 3_000, "k").await;
    assert_eq!(reply.problem(409), "IN_PROGRESS");
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert!((1_900..4_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    drop(held);
    shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    assert_eq!(shop.stats().await, (1, 1, 500));
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_undo_what_is_under_way() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    let mut held = hold(&shop).await;
    let mut request = shop.redeem(&till, &token, offer, 3_000, "k").into_future();
    tokio::select! {
        reply = &mut request => panic!("answered while the row was held: {}", reply.text()),
        () = until_somebody_waits(&shop) => {}
    }
    // The connection closes with the request.
    assert!(request.as_mut().now_or_never().is_none());
    drop(request);
    held.batch_execute("ROLLBACK").await.unwrap();
    shop.app.services.merchants.running.settled().await;
    assert_eq!(shop.app.number("SELECT count(*) FROM redemption").await, 1);
    let retry = shop.redeem(&till, &token, offer, 3_000, "k").await;
    assert_eq!(retry.status, 201);
    let found: Vec<Id> = diesel::sql_query("SELECT id FROM redemption").load(&mut held).await.unwrap();
    assert!(retry.text().contains(&found[0].id.to_string()), "the retry is told of the first");
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: uuid::Uuid,
}
