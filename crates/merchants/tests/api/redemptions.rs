//! The main flow at the till, its refusals and retries.

use std::future::IntoFuture;

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_kernel::luhn_is_valid;

use unionhall_testkit::shop::{Shop, id};

#[tokio::test]
async fn a_cashier_verifies_and_redeems() {
    let shop = Shop::open().await;
    let (till, offer) = (shop.cashier().await, shop.campaign(shop.terms("quota")).await);
    let holder = shop.holder().await;
    let verified = shop.verify(&till, &shop.qr(&holder).await).await;
    assert_eq!(verified["valid"], true);
    assert_eq!(verified["reason"], Value::Null);
    assert_eq!(verified["display"]["result"], "ok");
    assert_eq!(verified["holder_display"], "王*明");
    let offers = verified["offers"].as_array().unwrap();
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0]["offer_id"], json!(offer));
    assert_eq!(offers[0]["rule_text"], "满30元减5元");
    assert_eq!(
        (offers[0]["needs_amount"].as_bool(), offers[0]["remaining_for_member"].as_i64()),
        (Some(true), Some(1))
    );
    let token = verified["verification_token"].as_str().unwrap();
    let reply = shop.redeem(&till, token, offer, 5_600, "k1").await;
    let location = reply.header("location").unwrap().to_owned();
    let done = reply.expect(201);
    assert_eq!(
        (done["original_fen"].as_i64(), done["benefit_fen"].as_i64(), done["payable_fen"].as_i64()),
        (Some(5_600), Some(500), Some(5_100))
    );
    assert_eq!(done["remaining_for_member"], 0);
    assert!(luhn_is_valid(done["receipt_no"].as_str().unwrap()));
    let read = shop.app.get(&location).by(&till).await.expect(200);
    assert_eq!((read["id"].clone(), read["state"].as_str()), (done["id"].clone(), Some("DONE")));
    assert_eq!(shop.stats().await, (1, 1, 500));
    assert_eq!(shop.read(offer).await["quota_used"], 1);
    let own = shop.app.get("/v1/me/redemptions").by(&holder.session).await.expect(200);
    assert_eq!(own["items"][0]["receipt_no"], done["receipt_no"]);
    let own = shop.app.get(&format!("/v1/me/redemptions/{}", id(&done))).by(&holder.session).await;
    assert_eq!(own.expect(200)["merchant_name"], "方中山胡辣汤");
    let day = shop.app.get("/v1/merchant/day-summary?date=2026-11-20").by(&till).await.expect(200);
    assert_eq!((day["redemptions"].as_i64(), day["payable_fen"].as_i64()), (Some(1), Some(5_100)));
    let found = shop.app.get("/v1/merchant/redemptions?idempotency_key=k1").by(&till).await.expect(200);
    assert_eq!(found["items"][0]["id"], done["id"]);
    let none = shop.app.get("/v1/merchant/redemptions?idempotency_key=k2").by(&till).await.expect(200);
    assert_eq!(none["items"], json!([]));
    assert_eq!(shop.app.number("SELECT count(*) FROM outbox WHERE topic = 'redemption.done'").await, 1);
    // A benefit that was had is no offer any more.
    shop.next_step().await;
    let again = shop.verify(&till, &shop.qr(&holder).await).await;
    assert_eq!((again["valid"].as_bool(), &again["offers"]), (Some(true), &json!([])));
    shop.app.services.merchants.log.flush().await.unwrap();
    assert_eq!(shop.app.number("SELECT count(*) FROM verification_log WHERE result = 'valid'").await, 2);
}

#[tokio::test]
async fn a_code_is_refused_with_its_reason() {
    let shop = Shop::open().await;
    let (till, offer) = (shop.cashier().await, shop.campaign(shop.terms("quota")).await);
    let holder = shop.holder().await;
    let reason = async |code: &str| {
        let verified = shop.verify(&till, code).await;
        assert_eq!(verified["valid"], false);
        for absent in ["verification_token", "expires_at", "holder_display"] {
            assert_eq!(verified[absent], Value::Null);
        }
        assert_eq!((&verified["offers"], verified["display"]["result"].as_str()), (&json!([]), Some("no")));
        verified["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("not a code").await, "code_invalid");
    let code = shop.qr(&holder).await;
    let token = shop.verify(&till, &code).await["verification_token"].as_str().unwrap().to_owned();
    shop.redeem(&till, &token, offer, 3_000, "k").await.expect(201);
    assert_eq!(reason(&code).await, "used");
    shop.next_step().await;
    let code = shop.qr(&holder).await;
    shop.next_step().await;
    assert_eq!(shop.verify(&till, &code).await["valid"], true, "one step late is in time");
    shop.app.advance(Duration::seconds(31)).await;
    assert_eq!(reason(&code).await, "expired");
    let code = shop.qr(&holder).await;
    for (status, member, expected) in
        [("LOST", "ACTIVE", "lost"), ("REVOKED", "ACTIVE", "revoked"), ("ACTIVE", "FROZEN", "suspended")]
    {
        shop.app
            .sql(&format!("UPDATE card SET status = '{status}'; UPDATE membership SET state = '{member}'"))
            .await;
        assert_eq!(reason(&code).await, expected);
    }
    shop.app.sql("UPDATE membership SET state = 'ACTIVE'; UPDATE card SET valid_to = '2026-11-19', valid_from = '2026-11-01'").await;
    assert_eq!(reason(&code).await, "expired");
}

#[tokio::test]
async fn a_screenshot_scanned_twice_is_redeemed_once() {
    let shop = Shop::open().await;
    let (here, there) = (shop.cashier().await, shop.staff("staff", Some(shop.branches[1])).await);
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(5);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let old = shop.qr(&holder).await;
    let older = shop.verify(&here, &old).await["verification_token"].as_str().unwrap().to_owned();
    shop.next_step().await;
    let code = shop.qr(&holder).await;
    let first = shop.verify(&here, &code).await["verification_token"].as_str().unwrap().to_owned();
    let second = shop.verify(&there, &code).await["verification_token"].as_str().unwrap().to_owned();
    shop.redeem(&here, &first, offer, 3_000, "a").await.expect(201);
    assert_eq!(shop.redeem(&there, &second, offer, 3_000, "b").await.problem(409), "CARD_QR_USED");
    let stale = shop.redeem(&here, &older, offer, 3_000, "c").await;
    assert_eq!(stale.problem(409), "CARD_QR_USED", "an older screenshot died with it");
    let stolen = shop.redeem(&there, &first, offer, 3_000, "d").await;
    assert_eq!(stolen.problem(422), "VALIDATION_FAILED", "a token serves whom it was given to");
    assert_eq!(shop.stats().await, (1, 1, 500));
}

#[tokio::test]
async fn slow_cashiers_prefetched_codes_and_late_retries_succeed_once() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(5);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    // 90 seconds between the two steps.
    let token = shop.token(&till, &holder).await;
    shop.app.advance(Duration::seconds(90)).await;
    let first = shop.redeem(&till, &token, offer, 3_000, "slow").await;
    let first = (first.status, first.body);
    assert_eq!(first.0, 201);
    // A retry 40 seconds later, and one after the token's end, get the same bytes.
    for seconds in [40, 120] {
        shop.app.advance(Duration::seconds(seconds)).await;
        let retry = shop.redeem(&till, &token, offer, 3_000, "slow").await;
        assert_eq!((retry.status, retry.body), first);
    }
    let other = shop.redeem(&till, &token, offer, 3_001, "slow").await;
    assert_eq!(other.problem(422), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.redeem(&till, &token, offer, 3_000, "late").await.problem(409), "VERIFICATION_EXPIRED");
    // A code fetched ahead carries its own step.
    let path = format!("/v1/me/cards/{}/qr?count=20", holder.card);
    let ahead = shop.app.get(&path).by(&holder.session).await.expect(200);
    let code = ahead["codes"][19]["code"].as_str().unwrap().to_owned();
    shop.app.advance(Duration::seconds(19 * 30)).await;
    let verified = shop.verify(&till, &code).await;
    let token = verified["verification_token"].as_str().unwrap();
    shop.redeem(&till, token, offer, 3_000, "ahead").await.expect(201);
    assert_eq!(shop.stats().await, (2, 1, 1_000));
}

#[tokio::test]
async fn what_is_not_met_is_said() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(&till, &holder).await;
    let low = shop.redeem(&till, &token, offer, 2_999, "low").await;
    assert_eq!(low.problem(409), "NOT_ELIGIBLE");
    assert_eq!(
        (low.json()["rule"].as_str(), low.json()["min_spend_fen"].as_i64()),
        (Some("min_spend"), Some(3_000))
    );
    let body = json!({"verification_token": token, "offer_id": offer});
    let none = shop.app.post("/v1/merchant/redemptions", body).by(&till).key("none").await;
    assert_eq!(
        (none.problem(422).as_str(), none.json()["errors"][0]["pointer"].as_str()),
        ("VALIDATION_FAILED", Some("/amount_fen"))
    );
    let unknown = shop.redeem(&till, &token, holder.card, 3_000, "unknown").await;
    assert_eq!(unknown.problem(404), "NOT_FOUND");
    let body = json!({"verification_token": token, "amount_fen": 3_000});
    let neither = shop.app.post("/v1/merchant/redemptions", body.clone()).by(&till).key("neither").await;
    assert_eq!(neither.problem(422), "VALIDATION_FAILED");
    let keyless = shop.app.post("/v1/merchant/redemptions", body).by(&till).await;
    assert_eq!(keyless.problem(400), "IDEMPOTENCY_KEY_MISSING");
    shop.step(offer, "pause", &shop.officer.session).await.expect(200);
    assert_eq!(shop.redeem(&till, &token, offer, 3_000, "paused").await.problem(409), "NOT_OPEN");
    shop.step(offer, "resume", &shop.officer.session).await.expect(200);
    shop.app.sql("UPDATE card SET status = 'LOST'").await;
    assert_eq!(shop.redeem(&till, &token, offer, 3_000, "lost").await.problem(409), "CARD_NOT_VALID");
    shop.app.sql("UPDATE card SET status = 'ACTIVE'").await;
    // Nothing of all that burned the code or left a trace.
    shop.redeem(&till, &token, offer, 3_000, "low").await.expect(201);
    assert_eq!(shop.app.number("SELECT count(*) FROM idempotency WHERE operation = 'redeem'").await, 1);
    shop.next_step().await;
    let token = shop.token(&till, &holder).await;
    assert_eq!(shop.redeem(&till, &token, offer, 3_000, "again").await.problem(409), "ALREADY_HAVE");
}

#[tokio::test]
async fn offers_are_for_members_of_their_union_and_limited_cards_only_where_allowed() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let closed = shop.campaign(shop.terms("quota")).await;
    let mut terms = shop.terms("quota");
    terms["retained_allowed"] = json!(true);
    let open = shop.campaign(terms).await;
    let (retained, stranger) = (shop.holder().await, shop.holder_in("410103").await);
    shop.app
        .sql(&format!(
            "UPDATE membership SET state = 'RETAINED', reason = 'retire' WHERE person_id = '{}'",
            retained.person
        ))
        .await;
    let verified = shop.verify(&till, &shop.qr(&retained).await).await;
    assert_eq!(verified["display"]["result"], "warn");
    assert_eq!(
        verified["offers"].as_array().unwrap().iter().map(|o| o["offer_id"].clone()).collect::<Vec<_>>(),
        [json!(open)]
    );
    let token = verified["verification_token"].as_str().unwrap();
    let refused = shop.redeem(&till, token, closed, 3_000, "closed").await;
    assert_eq!(
        (refused.problem(409).as_str(), refused.json()["rule"].as_str()),
        ("NOT_ELIGIBLE", Some("card_limited"))
    );
    shop.redeem(&till, token, open, 3_000, "open").await.expect(201);
    let verified = shop.verify(&till, &shop.qr(&stranger).await).await;
    assert_eq!((verified["valid"].as_bool(), &verified["offers"]), (Some(true), &json!([])));
    let token = verified["verification_token"].as_str().unwrap();
    let refused = shop.redeem(&till, token, open, 3_000, "stranger").await;
    assert_eq!(
        (refused.problem(409).as_str(), refused.json()["rule"].as_str()),
        ("NOT_ELIGIBLE", Some("union"))
    );
}

#[tokio::test]
async fn a_standing_offer_is_had_once_a_branch_and_day() {
    let mut shop = Shop::open().await;
    let (here, there) = (shop.cashier().await, shop.staff("staff", Some(shop.branches[1])).await);
    let mut terms = shop.terms("standing");
    terms["benefit_kind"] = json!("percent");
    terms["benefit_bp"] = json!(1_000);
    terms["cap_fen"] = json!(2_000);
    terms.as_object_mut().unwrap().remove("benefit_fen");
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let token = shop.token(&here, &holder).await;
    let done = shop.redeem(&here, &token, offer, 3_999, "1").await.expect(201);
    assert_eq!((done["benefit_fen"].as_i64(), done["payable_fen"].as_i64()), (Some(399), Some(3_600)));
    shop.next_step().await;
    let token = shop.token(&here, &holder).await;
    assert_eq!(shop.redeem(&here, &token, offer, 3_999, "2").await.problem(409), "ALREADY_HAVE");
    let token = shop.token(&there, &holder).await;
    let done = shop.redeem(&there, &token, offer, 1_000_000, "3").await.expect(201);
    assert_eq!(done["benefit_fen"], 2_000);
    // Midnight in Shanghai is at 16:00 UTC.
    shop.app.advance(Duration::hours(12)).await;
    shop.cadres_again().await;
    let session = shop.login_again(&holder).await;
    let holder = unionhall_testkit::shop::Holder { session, ..holder };
    let here = shop.staff("manager", Some(shop.branches[0])).await;
    let token = shop.token(&here, &holder).await;
    shop.redeem(&here, &token, offer, 3_000, "4").await.expect(201);
    assert_eq!(shop.stats().await, (3, 1, 2_699));
    assert_eq!(shop.read(offer).await["quota_used"], 0, "nothing capped, nothing counted");
}

#[tokio::test]
async fn a_member_redeems_by_the_printed_code_of_a_branch() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let order = |code: &str, key: &str| {
        let body = json!({"branch_code": code, "offer_id": offer, "amount_fen": 4_000});
        shop.app.post("/v1/me/redemptions", body).by(&holder.session).key(key)
    };
    assert_eq!(order("AAAAAAAAAA", "x").await.problem(404), "NOT_FOUND");
    let reply = order(&shop.codes[0].to_lowercase(), "k").await;
    let body = reply.body.clone();
    let done = reply.expect(201);
    assert_eq!(
        (done["merchant_name"].as_str(), done["branch_name"].as_str()),
        (Some("方中山胡辣汤"), Some("顺河路店"))
    );
    assert_eq!(done["at"], "2026-11-20T04:01:00.000Z");
    assert_eq!(order(&shop.codes[0].to_lowercase(), "k").await.body, body);
    let page = shop.app.get("/v1/merchant/redemptions").by(&till).await.expect(200);
    assert_eq!(page["items"][0]["check_code"], done["check_code"]);
    assert_eq!(done["check_code"].as_str().unwrap().len(), 4);
    assert_eq!(order(&shop.codes[1], "l").await.problem(409), "ALREADY_HAVE");
    // Nothing was burned: the code on the phone still serves.
    assert_eq!(shop.verify(&till, &shop.qr(&holder).await).await["valid"], true);
}

#[tokio::test]
async fn sql_and_rust_agree_on_every_benefit() {
    use unionhall_kernel::{BasisPoints, Fen};
    use unionhall_merchants::benefit::{Benefit, Rate};

    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let holder = shop.holder().await;
    let fen = |n| Fen::new(n).unwrap();
    for (n, (bp, cap, amount)) in [
        (1, None, 9_999),
        (9_999, None, 1),
        (3_333, Some(100), 301),
        (3_333, Some(101), 305),
        (10_000, None, 999_999_999),
        (1_150, Some(7), 61),
    ]
    .into_iter()
    .enumerate()
    {
        let mut terms = shop.terms("quota");
        terms.as_object_mut().unwrap().remove("benefit_fen");
        terms["min_spend_fen"] = json!(0);
        terms["benefit_kind"] = json!("percent");
        terms["benefit_bp"] = json!(bp);
        if let Some(cap) = cap {
            terms["cap_fen"] = json!(cap);
        }
        let offer = shop.campaign(terms).await;
        shop.next_step().await;
        let token = shop.token(&till, &holder).await;
        let done = shop.redeem(&till, &token, offer, amount, &format!("k{n}")).await.expect(201);
        let benefit = Benefit {
            rate: Rate::Percent(BasisPoints::new(bp).unwrap(), cap.map(fen)),
            min_spend: Fen::ZERO,
        };
        assert_eq!(done["benefit_fen"].as_i64(), benefit.of(Some(fen(amount))).map(Fen::get));
    }
}

#[tokio::test]
async fn right_after_a_redemption_the_next_code_and_digits_are_taken() {
    let shop = Shop::open().await;
    let (till, holder) = (shop.cashier().await, shop.holder().await);
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(3);
    let offer = shop.campaign(terms).await;
    let code = shop.qr(&holder).await;
    let token = shop.verify(&till, &code).await["verification_token"].as_str().unwrap().to_owned();
    shop.redeem(&till, &token, offer, 3_000, "a").await.expect(201);
    assert_eq!(shop.verify(&till, &code).await["reason"], "used");
    let path = format!("/v1/me/cards/{}", holder.card);
    let fresh = shop.app.get(&format!("{path}/qr?count=3")).by(&holder.session).await.expect(200);
    let codes: Vec<&str> =
        fresh["codes"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert!(codes.len() == 3 && !codes.contains(&code.as_str()));
    assert!(fresh["codes"][0]["not_before"].as_str() <= fresh["server_time"].as_str());
    assert_eq!(shop.verify(&till, codes[0]).await["valid"], true);
    let digits = shop.app.post(&format!("{path}/till-code"), json!({})).by(&holder.session).await.expect(200);
    let digits = digits["code"].as_str().unwrap();
    let spoken = format!("{} {}", &digits[..4], &digits[4..]);
    let seen = shop.verify(&till, &spoken).await;
    shop.redeem(&till, seen["verification_token"].as_str().unwrap(), offer, 3_000, "b").await.expect(201);
    assert_eq!(shop.verify(&till, codes[0]).await["reason"], "used", "older than what was burned");
    // Two within one step: the next is told with the instant from which it is taken.
    let third = shop.app.get(&format!("{path}/qr")).by(&holder.session).await.expect(200);
    let code = third["codes"][0]["code"].as_str().unwrap();
    assert!(third["codes"][0]["not_before"].as_str() > third["server_time"].as_str(), "{third}");
    assert_eq!(shop.verify(&till, code).await["reason"], "expired");
    shop.next_step().await;
    assert_eq!(shop.verify(&till, code).await["valid"], true);
}

#[tokio::test]
async fn who_scans_the_shops_code_chooses_among_what_can_be_had_there() {
    let shop = Shop::open().await;
    let holder = shop.holder().await;
    let offer = shop.campaign(shop.terms("quota")).await;
    let mut elsewhere = shop.terms("quota");
    elsewhere["branch_ids"] = json!([shop.branches[1]]);
    shop.campaign(elsewhere).await;
    let ask = |said: &str| {
        let path = format!("/v1/me/branch-offers?branch_code={said}");
        shop.app.get(&path).by(&holder.session).into_future()
    };
    let link = format!("https%3A%2F%2Fu.example%2Fb%2F{}%3Ffrom%3Dwx", shop.codes[0].to_lowercase());
    let found = ask(&link).await.expect(200);
    assert_eq!(
        (&found["merchant_name"], &found["branch_name"]),
        (&json!("方中山胡辣汤"), &json!("顺河路店"))
    );
    let offers = found["offers"].as_array().unwrap();
    assert_eq!((offers.len(), &offers[0]["offer_id"]), (1, &json!(offer)));
    assert_eq!((&offers[0]["needs_amount"], &offers[0]["remaining_for_member"]), (&json!(true), &json!(1)));
    let body = json!({"branch_code": shop.codes[0], "offer_id": offers[0]["offer_id"], "amount_fen": 2_999});
    let little = shop.app.post("/v1/me/redemptions", body).by(&holder.session).key("little").await;
    assert_eq!(
        (little.json()["rule"].as_str(), little.json()["detail"].as_str()),
        (Some("min_spend"), Some("满30.00元可用。"))
    );
    let body = json!({"branch_code": shop.codes[0], "offer_id": offers[0]["offer_id"], "amount_fen": 3_000});
    shop.app.post("/v1/me/redemptions", body).by(&holder.session).key("enough").await.expect(201);
    assert_eq!(ask(&shop.codes[0]).await.expect(200)["offers"], json!([]), "it was had");
    assert_eq!(ask("NOSUCHCODE").await.problem(404), "NOT_FOUND");
    let newcomer = shop.app.on_roster("410102").await;
    let session = shop.app.login_member(&newcomer.mobile).await;
    shop.app.prove(&session, &newcomer).await;
    let path = format!("/v1/me/branch-offers?branch_code={}", shop.codes[0]);
    let first = shop.app.get(&path).by(&session).await.expect(200);
    assert_eq!(first["offers"].as_array().unwrap().len(), 1, "the card is there at once: {first}");
    let newcomer = shop.app.on_roster("410102").await;
    let session = shop.app.login_member(&newcomer.mobile).await;
    shop.app.prove(&session, &newcomer).await;
    let body = json!({"branch_code": shop.codes[0], "offer_id": offer, "amount_fen": 3_000});
    shop.app.post("/v1/me/redemptions", body).by(&session).key("first").await.expect(201);
    let lost = format!("/v1/me/cards/{}/report-loss", holder.card);
    shop.app.post(&lost, json!({})).by(&holder.session).await.expect(200);
    assert_eq!(ask(&shop.codes[0]).await.problem(409), "CARD_NOT_VALID");
}
