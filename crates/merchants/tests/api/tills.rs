//! Cashiers: taken on by their manager, logged in by code, taking turns at a till by PIN.

use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{Shop, id};
use unionhall_testkit::{Reply, Session, mobile};
use unionhall_web::Realm;
use uuid::Uuid;

const PIN: &str = "908172";

/// A log-in by code on a device, a minute after the last.
async fn login(shop: &Shop, mobile: &str, device: &str) -> Session {
    shop.app.advance(chrono::Duration::seconds(61)).await;
    let code = shop.app.otp(mobile, "login", Realm::Merchant).await;
    let body = json!({"realm": "merchant", "mobile": mobile, "code": code, "consents": [],
                      "device": {"id": device, "platform": "android"}});
    Session::of(shop.app.post("/v1/auth/login/otp", body).await)
}

/// A cashier whom the manager took on: their mobile and place.
async fn cashier(shop: &Shop, manager: &Session, branch: Uuid) -> (String, Uuid) {
    let number = mobile();
    let body = json!({"name": "李小红", "mobile": number, "branch_id": branch});
    let made = shop.app.post("/v1/merchant/staff", body).by(manager).await.expect(201);
    (number, id(&made))
}

/// Somebody who was taken on says yes, and is at the shop from their next refresh on.
async fn accept(shop: &Shop, number: &str, place: Uuid) -> Session {
    let device = format!("phone-{number}");
    let own = login(shop, number, &device).await;
    let path = format!("/v1/merchant/places/{place}/accept");
    shop.app.post(&path, json!({})).by(&own).await.expect(200);
    let body = json!({"refresh_token": own.refresh, "device_id": device});
    shop.app.post("/v1/auth/refresh", body).await.expect(200);
    login(shop, number, &device).await
}

async fn set_pin(shop: &Shop, by: &Session, mobile: &str, pin: &str) -> Reply {
    let code = shop.app.otp(mobile, "confirm", Realm::Merchant).await;
    shop.app.request("PUT", "/v1/merchant/pin").json(json!({"pin": pin, "code": code})).by(by).await
}

async fn take_over(shop: &Shop, by: &Session, place: Uuid, pin: &str) -> Reply {
    let body = json!({"role_id": place, "pin": pin});
    shop.app.post("/v1/merchant/till-staff/take-over", body).by(by).await
}

/// A shop with a manager on device `till-1`, which is registered at the first branch, and two cashiers with PINs.
struct Counter {
    shop: Shop,
    manager: Session,
    first: (String, Uuid),
    second: (String, Uuid),
}

impl Counter {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let applicant_mobile = mobile();
        let body = json!({"name": "马建军", "username": format!("m{applicant_mobile}"),
                          "mobile": applicant_mobile, "role": "manager"});
        let path = format!("/v1/admin/merchants/{}/staff", shop.merchant);
        shop.app.post(&path, body).by(&shop.officer.session).await.expect(201);
        let code = shop.app.otp(&applicant_mobile, "confirm", Realm::Merchant).await;
        let body = json!({"realm": "merchant", "mobile": applicant_mobile, "code": code,
                          "password": "correct-horse-battery"});
        shop.app.post("/v1/auth/activate", body).await.expect(200);
        let manager = login(&shop, &applicant_mobile, "till-1").await;
        let first = cashier(&shop, &manager, shop.branches[0]).await;
        let second = cashier(&shop, &manager, shop.branches[0]).await;
        let body = json!({"branch_id": shop.branches[0], "name": "前台"});
        shop.app.post("/v1/merchant/tills", body).by(&manager).await.expect(201);
        for (number, place) in [&first, &second] {
            let own = accept(&shop, number, *place).await;
            set_pin(&shop, &own, number, PIN).await.expect(200);
        }
        Self { shop, manager, first, second }
    }
}

#[tokio::test]
async fn cashiers_take_turns_on_a_registered_till() {
    let Counter { shop, manager, first, second } = Counter::open().await;
    let first_here = login(&shop, &first.0, "till-1").await;
    let listed = shop.app.get("/v1/merchant/till-staff").by(&first_here).await.expect(200);
    let places: Vec<Uuid> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["role_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(places.contains(&first.1) && places.contains(&second.1) && places.len() == 2, "{listed}");
    assert_eq!(listed["items"][0]["name"], "李*红");
    let handed = Session::of(take_over(&shop, &first_here, second.1, PIN).await);
    assert_eq!(handed.role(), second.1);
    // One device, one cashier: the first is logged out there, and the second sells.
    shop.app.advance(chrono::Duration::seconds(1)).await;
    let gone = shop.app.get("/v1/merchant/branches").by(&first_here).await;
    assert_eq!(gone.problem(401), "UNAUTHENTICATED");
    let offer = shop.campaign(shop.terms("quota")).await;
    let holder = shop.holder().await;
    let token = shop.token(&handed, &holder).await;
    let done = shop.redeem(&handed, &token, offer, 5000, "k").await.expect(201);
    let staff =
        format!("SELECT count(*) FROM redemption WHERE id = '{}' AND staff_id = '{}'", id(&done), second.1);
    assert_eq!(shop.app.number(&staff).await, 1, "the sale is the second one's");
    let back = Session::of(take_over(&shop, &handed, first.1, PIN).await);
    assert_eq!(back.role(), first.1);
    let tills = shop.app.get("/v1/merchant/tills").by(&manager).await.expect(200);
    assert_eq!((&tills["items"][0]["name"], tills["items"].as_array().unwrap().len()), (&json!("前台"), 1));
}

#[tokio::test]
async fn a_till_that_is_registered_again_moves_and_stays_one() {
    let Counter { shop, manager, .. } = Counter::open().await;
    let tills = shop.app.get("/v1/merchant/tills").by(&manager).await.expect(200);
    let body = json!({"branch_id": shop.branches[1], "name": "后厨窗口"});
    let again = join_all(
        (0..8).map(|_| shop.app.post("/v1/merchant/tills", body.clone()).by(&manager).into_future()),
    )
    .await;
    for reply in again {
        let moved = reply.expect(201);
        assert_eq!((&moved["id"], &moved["name"]), (&tills["items"][0]["id"], &json!("后厨窗口")));
        assert_eq!(moved["branch_id"], json!(shop.branches[1]));
    }
    assert_eq!(shop.app.number("SELECT count(*) FROM merchant_till").await, 1);
    let path = format!("/v1/merchant/tills/{}", tills["items"][0]["id"].as_str().unwrap());
    shop.app.delete(&path).by(&manager).await.expect(204);
    assert_eq!(shop.app.delete(&path).by(&manager).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn a_pin_opens_nothing_on_another_device_branch_or_merchant() {
    let Counter { shop, manager, first, second } = Counter::open().await;
    let phone = login(&shop, &first.0, "phone-x").await;
    let elsewhere = take_over(&shop, &phone, second.1, PIN).await;
    assert_eq!(elsewhere.problem(409), "INVALID_STATE");
    assert_eq!(shop.app.get("/v1/merchant/till-staff").by(&phone).await.problem(409), "INVALID_STATE");
    // Of the other branch, with a PIN of their own.
    let third = cashier(&shop, &manager, shop.branches[1]).await;
    let own = accept(&shop, &third.0, third.1).await;
    set_pin(&shop, &own, &third.0, PIN).await.expect(200);
    let here = login(&shop, &first.0, "till-1").await;
    assert_eq!(take_over(&shop, &here, third.1, PIN).await.problem(404), "NOT_FOUND");
    assert_eq!(take_over(&shop, &here, shop.merchant, PIN).await.problem(404), "NOT_FOUND");
    // Another merchant's device of the same name is no till of this one, and the other way round.
    let other = Shop::open_in(shop.app.clone(), "410103").await;
    let stranger = other.staff("manager", None).await;
    assert_eq!(take_over(&shop, &stranger, first.1, PIN).await.problem(409), "INVALID_STATE");
    // Whoever was let go cannot take over any more, and their tokens die.
    let path = format!("/v1/merchant/staff/{}", second.1);
    assert_eq!(shop.app.delete(&path).by(&manager).await.status, 204);
    assert_eq!(take_over(&shop, &here, second.1, PIN).await.problem(404), "NOT_FOUND");
    // A till that was taken away hands nothing over.
    let tills = shop.app.get("/v1/merchant/tills").by(&manager).await.expect(200);
    let till = format!("/v1/merchant/tills/{}", id(&tills["items"][0]));
    assert_eq!(shop.app.delete(&till).by(&manager).await.status, 204);
    assert_eq!(shop.app.delete(&till).by(&manager).await.problem(404), "NOT_FOUND");
    assert_eq!(take_over(&shop, &here, first.1, PIN).await.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn five_wrong_tries_lock_a_pin_however_parallel() {
    let Counter { shop, first, second, .. } = Counter::open().await;
    let here = login(&shop, &first.0, "till-1").await;
    let wrong = take_over(&shop, &here, second.1, "271828").await;
    assert_eq!((wrong.problem(401), &wrong.json()["tries_left"]), ("PIN_WRONG".to_owned(), &json!(4)));
    let replies = join_all((0..8).map(|_| take_over(&shop, &here, second.1, "271828"))).await;
    let told = replies.iter().filter(|reply| reply.status == 401).count();
    assert_eq!(told, 4);
    for reply in replies.iter().filter(|reply| reply.status != 401) {
        assert_eq!(reply.problem(403), "PIN_LOCKED");
    }
    assert_eq!(take_over(&shop, &here, second.1, PIN).await.problem(403), "PIN_LOCKED");
    // A code unlocks: its holder sets another PIN.
    let own = login(&shop, &second.0, "phone-z").await;
    set_pin(&shop, &own, &second.0, "271828").await.expect(200);
    let handed = Session::of(take_over(&shop, &here, second.1, "271828").await);
    assert_eq!(handed.role(), second.1);
}

#[tokio::test]
async fn a_pin_takes_a_fresh_code_and_is_no_obvious_one() {
    let shop = Shop::open().await;
    let manager = shop.staff("manager", None).await;
    let (number, place) = cashier(&shop, &manager, shop.branches[0]).await;
    let own = accept(&shop, &number, place).await;
    for pin in ["123456", "000000", "12345", "98765４"] {
        let body = json!({"pin": pin, "code": "123456"});
        let reply = shop.app.request("PUT", "/v1/merchant/pin").json(body).by(&own).await;
        assert_eq!(reply.json()["errors"][0]["code"], "PIN_FORMAT", "{pin}");
    }
    let body = json!({"pin": PIN, "code": "000000"});
    let reply = shop.app.request("PUT", "/v1/merchant/pin").json(body).by(&own).await;
    assert_eq!(reply.problem(401), "OTP_INVALID");
    set_pin(&shop, &own, &number, PIN).await.expect(200);
    let stored = format!("SELECT count(*) FROM merchant_pin WHERE phc LIKE '%{PIN}%'");
    assert_eq!(shop.app.number(&stored).await, 0);
}

#[tokio::test]
async fn a_manager_of_one_branch_stays_there() {
    let shop = Shop::open().await;
    let all = shop.staff("manager", None).await;
    let one = shop.staff("manager", Some(shop.branches[1])).await;
    let (_, place) = cashier(&shop, &all, shop.branches[0]).await;
    let body = json!({"name": "李小红", "mobile": mobile(), "branch_id": shop.branches[0]});
    assert_eq!(shop.app.post("/v1/merchant/staff", body.clone()).by(&one).await.problem(404), "NOT_FOUND");
    let till = json!({"branch_id": shop.branches[0], "name": "前台"});
    assert_eq!(shop.app.post("/v1/merchant/tills", till).by(&one).await.problem(404), "NOT_FOUND");
    let path = format!("/v1/merchant/staff/{place}");
    assert_eq!(shop.app.delete(&path).by(&one).await.problem(404), "NOT_FOUND");
    let listed = shop.app.get("/v1/merchant/staff").by(&one).await.expect(200);
    let roles: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|s| &s["role"]).collect();
    assert_eq!(roles, ["manager"], "only who stands at the branch");
    // A manager's place is the union's to take away.
    let managers = format!("/v1/merchant/staff/{}", one.role());
    assert_eq!(shop.app.delete(&managers).by(&all).await.problem(404), "NOT_FOUND");
    let cashier = shop.cashier().await;
    assert_eq!(shop.app.post("/v1/merchant/staff", body).by(&cashier).await.problem(403), "FORBIDDEN");
    // Whoever works at two shops has one account.
    let number = mobile();
    let body = |branch: Uuid| json!({"name": "李小红", "mobile": number, "branch_id": branch});
    shop.app.post("/v1/merchant/staff", body(shop.branches[0])).by(&all).await.expect(201);
    shop.app.post("/v1/merchant/staff", body(shop.branches[1])).by(&all).await.expect(201);
    let twice = shop.app.post("/v1/merchant/staff", body(shop.branches[1])).by(&all).await;
    assert_eq!(twice.problem(409), "ALREADY_EXISTS");
    let session = login(&shop, &number, "d").await;
    assert_eq!(session.body["account"]["roles"], json!([]), "nothing is theirs that they did not accept");
    let places = shop.app.get("/v1/merchant/places").by(&session).await.expect(200);
    for place in places["items"].as_array().unwrap() {
        assert_eq!((&place["merchant_id"], &place["accepted_at"]), (&json!(shop.merchant), &Value::Null));
        let path = format!("/v1/merchant/places/{}", id(place));
        let accepted = shop.app.post(&format!("{path}/accept"), json!({})).by(&session).await.expect(200);
        let again = shop.app.post(&format!("{path}/accept"), json!({})).by(&session).changes_nothing();
        let again = again.await.expect(200);
        assert_eq!(again, accepted, "accepting again changes nothing");
    }
    let session = login(&shop, &number, "d").await;
    assert_eq!(session.body["account"]["roles"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_is_drawn_to_another_shop_without_a_yes() {
    let Counter { shop, first, .. } = Counter::open().await;
    let rival = Shop::open_in(shop.app.clone(), "410103").await;
    let theirs = rival.staff("manager", None).await;
    // However often the rival takes them on, they stay where they were.
    for _ in 0..5 {
        let body = json!({"name": "李小红", "mobile": first.0, "branch_id": rival.branches[0]});
        let made = rival.app.post("/v1/merchant/staff", body).by(&theirs).await.expect(201);
        assert_eq!(made["accepted_at"], Value::Null);
        let session = login(&shop, &first.0, "phone").await;
        assert_eq!(session.role(), first.1);
        assert_eq!(session.body["account"]["roles"].as_array().unwrap().len(), 1);
        let places = shop.app.get("/v1/merchant/places").by(&session).await.expect(200);
        assert_eq!(places["items"].as_array().unwrap().len(), 2);
        let path = format!("/v1/merchant/places/{}", id(&made));
        let foreign = shop.app.post(&format!("{path}/accept"), json!({})).by(&theirs).await;
        assert_eq!(foreign.problem(404), "NOT_FOUND");
        assert_eq!(shop.app.delete(&path).by(&session).await.status, 204, "no, thank you");
        assert_eq!(shop.app.delete(&path).by(&session).await.problem(404), "NOT_FOUND");
        let late = shop.app.post(&format!("{path}/accept"), json!({})).by(&session).await;
        assert_eq!(late.problem(404), "NOT_FOUND");
    }
    // And who wants to go, goes: the tokens of the place die.
    let session = login(&shop, &first.0, "phone").await;
    let own = format!("/v1/merchant/places/{}", first.1);
    assert_eq!(shop.app.delete(&own).by(&session).await.status, 204);
    shop.app.advance(chrono::Duration::seconds(1)).await;
    assert_eq!(shop.app.get("/v1/merchant/branches").by(&session).await.problem(401), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_pin_serves_the_till_alone() {
    let Counter { shop, manager, first, second } = Counter::open().await;
    let here = login(&shop, &first.0, "till-1").await;
    let handed = Session::of(take_over(&shop, &here, second.1, PIN).await);
    shop.app.get("/v1/merchant/branches").by(&handed).await.expect(200);
    shop.app.get("/v1/merchant/till-staff").by(&handed).await.expect(200);
    let body = json!({"refresh_token": handed.refresh, "device_id": "till-1"});
    let refreshed = Session::of(shop.app.post("/v1/auth/refresh", body).await);
    for session in [&handed, &refreshed] {
        for (method, path, body) in [
            ("GET", "/v1/auth/roles", json!(null)),
            ("GET", "/v1/auth/sessions", json!(null)),
            ("POST", "/v1/auth/switch", json!({"role_id": second.1})),
            ("POST", "/v1/auth/logout-everywhere", json!({})),
            ("GET", "/v1/merchant/applications", json!(null)),
            ("GET", "/v1/merchant/places", json!(null)),
        ] {
            let mut request = shop.app.request(method, path).by(session);
            if !body.is_null() {
                request = request.json(body);
            }
            assert_eq!(request.await.problem(403), "FORBIDDEN", "{path}");
        }
    }
    // A manager who takes over sells like anybody else, and manages nothing.
    let number = mobile();
    let body =
        json!({"name": "马建军", "username": format!("m{number}"), "mobile": number, "role": "manager"});
    let path = format!("/v1/admin/merchants/{}/staff", shop.merchant);
    let place = id(&shop.app.post(&path, body).by(&shop.officer.session).await.expect(201));
    let code = shop.app.otp(&number, "confirm", Realm::Merchant).await;
    let body =
        json!({"realm": "merchant", "mobile": number, "code": code, "password": "correct-horse-battery"});
    shop.app.post("/v1/auth/activate", body).await.expect(200);
    let own = login(&shop, &number, "phone-m").await;
    set_pin(&shop, &own, &number, PIN).await.expect(200);
    let boss = Session::of(take_over(&shop, &refreshed, place, PIN).await);
    assert_eq!(boss.body["account"]["roles"][0]["role"], "manager");
    assert_eq!(shop.app.get("/v1/merchant/staff").by(&boss).await.problem(403), "FORBIDDEN");
    shop.app.get("/v1/merchant/staff").by(&manager).await.expect(200);
    assert_eq!(shop.app.post("/v1/auth/logout", json!({})).by(&boss).await.status, 204, "anybody may go");
}

#[tokio::test]
async fn a_session_is_handed_over_once() {
    let Counter { shop, first, second, .. } = Counter::open().await;
    let here = login(&shop, &first.0, "till-1").await;
    let replies = join_all((0..4).map(|_| take_over(&shop, &here, second.1, PIN))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(401), "UNAUTHENTICATED");
    }
    let live = "SELECT count(*) FROM session WHERE device_id = 'till-1' AND pinned AND ended_at IS NULL";
    assert_eq!(shop.app.number(live).await, 1);
}

#[tokio::test]
async fn a_pin_dies_with_its_place_and_a_lock_is_on_record() {
    let Counter { shop, manager, first, second } = Counter::open().await;
    let path = format!("/v1/merchant/staff/{}", second.1);
    assert_eq!(shop.app.delete(&path).by(&manager).await.status, 204);
    let body = json!({"name": "李小红", "mobile": second.0, "branch_id": shop.branches[0]});
    let again = id(&shop.app.post("/v1/merchant/staff", body).by(&manager).await.expect(201));
    accept(&shop, &second.0, again).await;
    let here = login(&shop, &first.0, "till-1").await;
    assert_eq!(take_over(&shop, &here, again, PIN).await.problem(404), "NOT_FOUND", "no PIN yet");
    for _ in 0..5 {
        take_over(&shop, &here, first.1, "271828").await.problem(401);
    }
    let locks = "SELECT count(*) FROM audit_event WHERE action = 'merchant.lock_pin' AND chain <> '/'";
    assert_eq!(shop.app.number(locks).await, 1);
}
