//! Many at once: what must happen once happens once.

use futures_util::future::join_all;
use serde_json::json;

use unionhall_testkit::shop::Shop;

#[tokio::test]
async fn one_code_sixty_four_keys_two_branches_one_success() {
    let shop = Shop::open().await;
    let (here, there) = (shop.cashier().await, shop.staff("staff", Some(shop.branches[1])).await);
    let mut terms = shop.terms("quota");
    // No limit stands in the way: the burn alone must hold.
    terms["per_member_limit"] = json!(100);
    terms["budget_fen"] = json!(1_000_000);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let code = shop.qr(&holder).await;
    let mut tokens = Vec::new();
    for till in [&here, &there] {
        let verified = shop.verify(till, &code).await;
        tokens.push(verified["verification_token"].as_str().unwrap().to_owned());
    }
    let requests = (0..64).map(|n| {
        let till = if n % 2 == 0 { &here } else { &there };
        shop.redeem(till, &tokens[n % 2], offer, 3_000, &format!("key-{n}")).into_future()
    });
    let replies = join_all(requests).await;
    let done = replies.iter().filter(|r| r.status == 201).count();
    let used = replies.iter().filter(|r| r.status == 409 && r.problem(409) == "CARD_QR_USED").count();
    assert_eq!(
        (done, used),
        (1, 63),
        "{:?}",
        replies.iter().map(|r| (r.status, r.text())).collect::<Vec<_>>()
    );
    let campaign = shop.read(offer).await;
    assert_eq!((campaign["quota_used"].as_i64(), campaign["budget_used_fen"].as_i64()), (Some(1), Some(500)));
    assert_eq!(shop.stats().await, (1, 1, 500));
    assert_eq!(shop.app.number("SELECT count(*) FROM redemption").await, 1);
    assert_eq!(shop.app.number("SELECT count(*) FROM idempotency WHERE operation = 'redeem'").await, 1);
    assert_eq!(shop.app.number("SELECT count(*) FROM outbox WHERE topic = 'redemption.done'").await, 1);
}

#[tokio::test]
async fn one_code_for_many_offers_at_once_serves_one() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    // Different offers share no limit and no counter: nothing but the burn stands between them.
    let mut offers = Vec::new();
    for _ in 0..4 {
        offers.push(shop.campaign(shop.terms("quota")).await);
    }
    for round in 0..8 {
        let holder = shop.holder().await;
        let token = shop.token(&till, &holder).await;
        let requests = (0..16)
            .map(|n| shop.redeem(&till, &token, offers[n % 4], 3_000, &format!("{round}-{n}")).into_future());
        let replies = join_all(requests).await;
        assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1, "round {round}");
        for reply in replies.iter().filter(|r| r.status != 201) {
            assert_eq!(reply.problem(409), "CARD_QR_USED");
        }
    }
    assert_eq!(shop.app.number("SELECT sum(quota_used) FROM campaign_counter").await, 8);
    assert_eq!(shop.stats().await, (8, 8, 4_000));
}

#[tokio::test]
async fn one_coupon_many_codes_one_success() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("coupon")).await;
    for round in 0..8 {
        let holder = shop.holder().await;
        let claim = json!({"campaign_id": offer});
        shop.app.post("/v1/me/coupons", claim).by(&holder.session).key("c").await.expect(201);
        // Codes of neighbouring steps, each with a token of its own: the burn lets the later one pass after the
        // earlier, the coupon must not.
        let path = format!("/v1/me/cards/{}/qr?count=2", holder.card);
        let qr = shop.app.get(&path).by(&holder.session).await.expect(200);
        let mut tokens = Vec::new();
        for code in qr["codes"].as_array().unwrap() {
            let verified = shop.verify(&till, code["code"].as_str().unwrap()).await;
            tokens.push(verified["verification_token"].as_str().unwrap().to_owned());
        }
        let requests = (0..16)
            .map(|n| shop.redeem(&till, &tokens[n % 2], offer, 3_000, &format!("{round}-{n}")).into_future());
        let replies = join_all(requests).await;
        assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1, "round {round}");
        for reply in replies.iter().filter(|r| r.status != 201) {
            assert!(
                matches!(reply.problem(409).as_str(), "CARD_QR_USED" | "COUPON_USED"),
                "{}",
                reply.text()
            );
        }
    }
    assert_eq!(shop.app.number("SELECT count(*) FROM coupon WHERE state = 'USED'").await, 8);
    assert_eq!(shop.stats().await, (8, 8, 4_000));
}

#[tokio::test]
async fn two_hundred_members_claim_fifty_coupons_twice_each() {
    let shop = Shop::open().await;
    let mut terms = shop.terms("coupon");
    terms["quota"] = json!(50);
    let offer = shop.campaign(terms).await;
    let mut holders = Vec::new();
    for _ in 0..200 {
        let member = shop.app.on_roster("410102").await;
        let session = shop.app.login_member(&member.mobile).await;
        shop.app.prove(&session, &member).await;
        holders.push(session);
    }
    let claims = (0..400).map(|n| {
        let body = json!({"campaign_id": offer});
        shop.app.post("/v1/me/coupons", body).by(&holders[n / 2]).key(&format!("c{n}")).into_future()
    });
    let replies = join_all(claims).await;
    let done = replies.iter().filter(|r| r.status == 201).count();
    assert_eq!(done, 50, "{:?}", replies.iter().map(|r| r.status).collect::<Vec<_>>());
    for reply in replies.iter().filter(|r| r.status != 201) {
        assert!(matches!(reply.problem(409).as_str(), "SOLD_OUT" | "ALREADY_HAVE"), "{}", reply.text());
    }
    assert_eq!(shop.read(offer).await["quota_used"], 50);
    assert_eq!(shop.app.number("SELECT count(*) FROM coupon").await, 50);
    assert_eq!(shop.app.number("SELECT count(DISTINCT person_id) FROM coupon").await, 50);
    assert_eq!(shop.read(offer).await["phase"], "SOLD_OUT");
}

#[tokio::test]
async fn one_key_thirty_two_times_at_once_has_one_effect_and_one_answer() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    let requests = (0..32).map(|_| shop.redeem(&till, &token, offer, 3_000, "one").into_future());
    let replies = join_all(requests).await;
    for reply in &replies {
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(reply.body, replies[0].body);
    }
    assert_eq!(shop.stats().await, (1, 1, 500));
    assert_eq!(shop.read(offer).await["quota_used"], 1);
}

#[tokio::test]
async fn a_quota_is_never_oversold_and_a_sold_out_code_is_not_burned() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let mut terms = shop.terms("quota");
    terms["quota"] = json!(5);
    terms["budget_fen"] = json!(2_000);
    let offer = shop.campaign(terms).await;
    let mut tokens = Vec::new();
    for _ in 0..12 {
        let holder = shop.holder().await;
        tokens.push(shop.token(&till, &holder).await);
    }
    let requests = tokens
        .iter()
        .enumerate()
        .map(|(n, token)| shop.redeem(&till, token, offer, 3_000, &format!("k{n}")).into_future());
    let replies = join_all(requests).await;
    // The budget of 20 yuan ends before the quota of five.
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 4);
    for reply in replies.iter().filter(|r| r.status != 201) {
        assert_eq!(reply.problem(409), "SOLD_OUT");
    }
    assert_eq!(shop.app.number("SELECT count(*) FROM card WHERE last_step > 0").await, 4);
    let campaign = shop.read(offer).await;
    assert_eq!(
        (campaign["quota_used"].as_i64(), campaign["budget_used_fen"].as_i64()),
        (Some(4), Some(2_000))
    );
}

#[tokio::test]
async fn a_member_with_two_cards_does_not_pass_the_limit() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(3);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    // A second card: its row is another, so the burn does not put the two in line. No till takes two cards of one
    // member while the index stands; the limit must not lean on that.
    shop.app
        .sql(
            "DROP INDEX card_live; \
             INSERT INTO card (id, person_id, n, number, kind, status, valid_from, valid_to, issued_at) \
             SELECT gen_random_uuid(), person_id, 2, 'second', 'VIRTUAL', 'ACTIVE', valid_from, valid_to, issued_at \
             FROM card",
        )
        .await;
    let (codes, now) = (&shop.app.services.cards.codes, shop.app.core().now());
    let step = unionhall_cards::code::step_at(now);
    let mut tokens = Vec::new();
    for n in [1, 2] {
        for step in [step - 1, step, step + 1] {
            let code = codes.seal(holder.person, n, step).unwrap();
            let verified = shop.verify(&till, &code).await;
            tokens.push(verified["verification_token"].as_str().unwrap().to_owned());
        }
    }
    let requests = (0..24)
        .map(|n| shop.redeem(&till, &tokens[n % tokens.len()], offer, 3_000, &format!("k{n}")).into_future());
    let replies = join_all(requests).await;
    let done = replies.iter().filter(|r| r.status == 201).count();
    assert!((2..=3).contains(&done), "{done}");
    for reply in replies.iter().filter(|r| r.status != 201) {
        assert!(matches!(reply.problem(409).as_str(), "CARD_QR_USED" | "ALREADY_HAVE"), "{}", reply.text());
    }
    assert_eq!(shop.read(offer).await["quota_used"].as_i64(), i64::try_from(done).ok());
}
