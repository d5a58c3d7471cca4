//! Merchants that come by themselves: from a proved mobile to a manager at the till.

use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_testkit::shop::{Applicant, Shop, id};
use unionhall_testkit::{Reply, Session, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

const CONTRACT: (&str, &str) = ("2026-12-01", "2027-11-30");

fn path(application: Uuid) -> String {
    format!("/v1/admin/merchant-applications/{application}")
}

async fn applied(shop: &Shop) -> (Applicant, Uuid) {
    let applicant = shop.app.applicant(&mobile()).await;
    let body = shop.app.application_of(&applicant).await;
    let made = shop.app.apply(&applicant, &body).await.expect(201);
    (applicant, id(&made))
}

/// A decision of the officer's on what they read a moment ago.
async fn decide(shop: &Shop, application: Uuid, decision: &str, body: Value) -> Reply {
    let tag = shop.app.get(&path(application)).by(&shop.officer.session).await.etag();
    let request = shop.app.post(&format!("{}/{decision}", path(application)), body);
    request.by(&shop.officer.session).if_match(&tag).await
}

async fn verify(shop: &Shop, application: Uuid) -> Reply {
    decide(shop, application, "verify", json!({"contract_from": CONTRACT.0, "contract_to": CONTRACT.1})).await
}

async fn mine(shop: &Shop, by: &Session, application: Uuid, step: &str) -> Reply {
    shop.app.post(&format!("/v1/merchant/applications/{application}/{step}"), json!({})).by(by).await
}

#[tokio::test]
async fn a_stranger_becomes_the_manager_of_a_live_merchant() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let number = mobile();
    // Nobody logs in as a merchant by a number nobody has; applying is what makes an account.
    let body = json!({"mobile": number, "purpose": "login", "realm": "merchant"});
    app.post("/v1/auth/otp", body).await.expect(202);
    assert_eq!(app.sms.count(&number), 0);
    let applicant = app.applicant(&number).await;
    assert_eq!(applicant.session.body["account"]["roles"], json!([]));
    let summary = app.get("/v1/merchant/day-summary").by(&applicant.session).await;
    assert_eq!(summary.problem(403), "FORBIDDEN");

    let body = app.application_of(&applicant).await;
    let made = app.apply(&applicant, &body).await.expect(201);
    let application = id(&made);
    assert_eq!((&made["state"], &made["contact_name"]), (&json!("APPLIED"), &json!("马*军")));
    assert_eq!(made["progress"]["due_on"], "2026-12-04", "ten working days from a Friday");
    assert_eq!(made["progress"]["waiting_for"], "county");
    let todos = app.get("/v1/admin/todos").by(&shop.officer.session).await.expect(200);
    let todo =
        todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "merchant_application").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-12-04")));

    let list = app.get("/v1/admin/merchant-applications").by(&shop.officer.session).await.expect(200);
    assert_eq!(list["items"][0]["id"], made["id"]);
    let read = app.get(&path(application)).by(&shop.officer.session).await.expect(200);
    let masked = format!("{}****{}", &number[..3], &number[7..]);
    assert_eq!((&read["contact_mobile"], &read["uscc_taken"]), (&json!(masked), &json!(false)));
    let licence =
        app.get(&format!("{}/licence", path(application))).by(&shop.leader.session).await.expect(200);
    assert_eq!(app.get(licence["url"].as_str().unwrap()).await.status, 200);

    let verified = verify(&shop, application).await.expect(200);
    assert_eq!(verified["progress"]["waiting_for"], "merchant");
    assert_eq!(app.number("SELECT count(*) FROM merchant").await, 1, "nobody has signed yet");
    let signed = mine(&shop, &applicant.session, application, "sign").await.expect(200);
    let auditor = app.cadre("41", RoleName::Auditor).await.session;
    let rows =
        app.get("/v1/admin/audit-events?action=merchant_application.sign").by(&auditor).await.expect(200);
    assert_eq!(
        rows["items"][0]["actor_account"],
        json!(applicant.session.account),
        "who signed is on record"
    );
    let merchant = id(&json!({"id": signed["merchant_id"]}));
    let refresh = json!({"refresh_token": applicant.session.refresh, "device_id": format!("till-{number}")});
    let manager = Session::of(app.post("/v1/auth/refresh", refresh).await);
    assert_eq!(manager.body["account"]["roles"][0]["role"], "manager");
    let branches = app.get("/v1/merchant/branches").by(&manager).await.expect(200);
    assert_eq!(branches["items"][0]["name"], "文化路店");
    let entered =
        app.get(&format!("/v1/admin/merchants/{merchant}")).by(&shop.officer.session).await.expect(200);
    assert_eq!((&entered["state"], &entered["has_licence"]), (&json!("LIVE"), &json!(true)));
    assert_eq!(entered["contract_to"], CONTRACT.1);
    // From now on the mobile logs in like any other of the staff.
    app.advance(chrono::Duration::seconds(61)).await;
    let code = app.otp(&number, "login", Realm::Merchant).await;
    let body = json!({"realm": "merchant", "mobile": number, "code": code, "consents": [],
                      "device": {"id": "d", "platform": "android"}});
    let again = Session::of(app.post("/v1/auth/login/otp", body).await);
    assert_eq!(again.account, manager.account);
}

#[tokio::test]
async fn only_the_county_of_the_division_decides() {
    let shop = Shop::open().await;
    let (_, application) = applied(&shop).await;
    let sibling = shop.app.cadre("410103", RoleName::Officer).await;
    let all = shop.app.get("/v1/admin/merchant-applications").by(&sibling.session).await.expect(200);
    assert_eq!(all["items"], json!([]));
    for (method, step) in [("GET", ""), ("GET", "/licence"), ("POST", "/verify"), ("POST", "/reject")] {
        let body = match step {
            "/verify" => json!({"contract_from": CONTRACT.0, "contract_to": CONTRACT.1}),
            _ => json!({"reason": "不是我们的"}),
        };
        let request = shop.app.request(method, &format!("{}{step}", path(application))).by(&sibling.session);
        let request = if method == "POST" { request.json(body).if_match("\"v1\"") } else { request };
        assert_eq!(request.await.problem(404), "NOT_FOUND", "{step}");
    }
    let (other, _) = applied(&shop).await;
    for step in ["sign", "withdraw"] {
        assert_eq!(mine(&shop, &other.session, application, step).await.problem(404), "NOT_FOUND");
    }
}

#[tokio::test]
async fn what_is_stated_wrongly_is_told_at_once_and_keeps_the_licence() {
    let shop = Shop::open().await;
    let applicant = shop.app.applicant(&mobile()).await;
    let good = shop.app.application_of(&applicant).await;
    let errors = |reply: Reply| -> Vec<String> {
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let errors = reply.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|e| format!("{} {}", e["pointer"], e["code"]).replace('"', "")).collect()
    };
    let mut bad = good.clone();
    bad["uscc"] = json!("91410100MA000ABC25");
    bad["contact_name"] = json!("张3");
    bad["branches"][0]["lat"] = json!(91);
    let told = errors(shop.app.apply(&applicant, &bad).await);
    assert_eq!(told, ["/uscc USCC_CHECK_DIGIT", "/contact_name NAME_FORMAT", "/branches/0/lat PLACE"]);
    let mut none = good.clone();
    none["branches"] = json!([]);
    assert_eq!(errors(shop.app.apply(&applicant, &none).await), ["/branches COUNT"]);
    none["branches"] = json!(vec![good["branches"][0].clone(); 51]);
    assert_eq!(errors(shop.app.apply(&applicant, &none).await), ["/branches COUNT"]);
    let mut foreign = good.clone();
    foreign["licence_file_id"] = json!(shop.app.licence(&shop.officer.session).await);
    assert_eq!(errors(shop.app.apply(&applicant, &foreign).await), ["/licence_file_id FILE_UNKNOWN"]);
    let mut taken = good.clone();
    let live = format!("/v1/admin/merchants/{}", shop.merchant);
    taken["uscc"] = shop.app.get(&live).by(&shop.officer.session).await.expect(200)["uscc"].clone();
    assert_eq!(shop.app.apply(&applicant, &taken).await.problem(409), "ALREADY_EXISTS");
    let made = shop.app.apply(&applicant, &good).await.expect(201);
    assert_eq!(made["state"], "APPLIED");
    let second = shop.app.application_of(&applicant).await;
    assert_eq!(shop.app.apply(&applicant, &second).await.problem(409), "APPLICATION_OPEN");
}

#[tokio::test]
async fn an_application_is_rejected_withdrawn_or_handed_in_again() {
    let shop = Shop::open().await;
    let (applicant, first) = applied(&shop).await;
    assert_eq!(mine(&shop, &applicant.session, first, "sign").await.problem(409), "INVALID_STATE");
    let rejected = decide(&shop, first, "reject", json!({"reason": "执照已过期"})).await.expect(200);
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("REJECTED"), &json!("执照已过期")));
    assert_eq!(verify(&shop, first).await.problem(409), "INVALID_STATE");
    let body = shop.app.application_of(&applicant).await;
    let second = id(&shop.app.apply(&applicant, &body).await.expect(201));
    verify(&shop, second).await.expect(200);
    mine(&shop, &applicant.session, second, "withdraw").await.expect(200);
    assert_eq!(mine(&shop, &applicant.session, second, "withdraw").await.problem(409), "INVALID_STATE");
    assert_eq!(mine(&shop, &applicant.session, second, "sign").await.problem(409), "INVALID_STATE");
    let own = shop.app.get("/v1/merchant/applications").by(&applicant.session).await.expect(200);
    let states: Vec<&Value> = own["items"].as_array().unwrap().iter().map(|a| &a["state"]).collect();
    assert_eq!(states, ["WITHDRAWN", "REJECTED"]);
    let stale = shop.app.post(&format!("{}/reject", path(second)), json!({"reason": "晚了一步"}));
    assert_eq!(stale.by(&shop.officer.session).if_match("\"v1\"").await.problem(412), "STALE");
}

#[tokio::test]
async fn nobody_decides_about_their_own_shop() {
    let shop = Shop::open().await;
    let applicant = shop.app.applicant(&shop.officer.mobile).await;
    let body = shop.app.application_of(&applicant).await;
    let application = id(&shop.app.apply(&applicant, &body).await.expect(201));
    let far = json!({"contract_from": "2199-01-01", "contract_to": "2199-12-31"});
    assert_eq!(
        decide(&shop, application, "verify", far).await.json()["errors"][0]["pointer"],
        "/contract_from"
    );
    assert_eq!(verify(&shop, application).await.problem(403), "NOT_ANOTHER_PERSON");
    let reject = decide(&shop, application, "reject", json!({"reason": "自己的"})).await;
    assert_eq!(reject.problem(403), "NOT_ANOTHER_PERSON");
}

#[tokio::test]
async fn one_contract_is_signed_once_and_one_credit_code_lives_once() {
    let shop = Shop::open().await;
    let (applicant, application) = applied(&shop).await;
    verify(&shop, application).await.expect(200);
    let signed = join_all((0..8).map(|_| mine(&shop, &applicant.session, application, "sign"))).await;
    let done = signed.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    for reply in signed.iter().filter(|reply| reply.status != 200) {
        assert!(["INVALID_STATE", "ALREADY_EXISTS"].contains(&reply.problem(409).as_str()));
    }
    // Two shops state one code; both are found in order before either signs.
    let (a, b) = (shop.app.applicant(&mobile()).await, shop.app.applicant(&mobile()).await);
    let (first, mut second) = (shop.app.application_of(&a).await, shop.app.application_of(&b).await);
    second["uscc"] = first["uscc"].clone();
    let mut both = Vec::new();
    for (applicant, body) in [(&a, &first), (&b, &second)] {
        let application = id(&shop.app.apply(applicant, body).await.expect(201));
        verify(&shop, application).await.expect(200);
        both.push((applicant, application));
    }
    let signed =
        join_all(both.iter().map(|(by, application)| mine(&shop, &by.session, *application, "sign"))).await;
    let mut statuses: Vec<u16> = signed.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(shop.app.number("SELECT count(*) FROM merchant").await, 3);
    assert_eq!(shop.app.number("SELECT count(*) FROM merchant_branch").await, 4);
}

#[tokio::test]
async fn a_contract_that_has_ended_is_not_signed() {
    let shop = Shop::open().await;
    let (applicant, application) = applied(&shop).await;
    let past = json!({"contract_from": "2026-01-01", "contract_to": "2026-11-19"});
    assert_eq!(
        decide(&shop, application, "verify", past).await.json()["errors"][0]["code"],
        "CONTRACT_DATES"
    );
    let today = json!({"contract_from": "2026-11-20", "contract_to": "2026-11-20"});
    decide(&shop, application, "verify", today).await.expect(200);
    shop.app.advance(chrono::Duration::hours(12)).await;
    let refresh = json!({"refresh_token": applicant.session.refresh, "device_id": format!("till-{}", applicant.mobile)});
    let later = Session::of(shop.app.post("/v1/auth/refresh", refresh).await);
    assert_eq!(mine(&shop, &later, application, "sign").await.problem(409), "INVALID_STATE");
}
