//! Entering merchants, branches and staff.

use serde_json::json;
use unionhall_web::RoleName;

use unionhall_testkit::shop::{Shop, merchant_body};

#[tokio::test]
async fn a_merchant_is_entered_read_and_changed() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let path = format!("/v1/admin/merchants/{}", shop.merchant);
    let read = app.get(&path).by(&shop.officer.session).await;
    let tag = read.etag();
    let read = read.expect(200);
    assert_eq!(
        (read["state"].as_str(), read["contact_mobile"].as_str()),
        (Some("LIVE"), Some("138****8000"))
    );
    assert_eq!(read["contact_name"], "王*明");
    let patch =
        |body, tag: &str| app.request("PATCH", &path).json(body).by(&shop.officer.session).if_match(tag);
    let changed = patch(json!({"category": "小吃", "contact_mobile": "13900139000"}), &tag).await.expect(200);
    assert_eq!(
        (changed["category"].as_str(), changed["contact_mobile"].as_str()),
        (Some("小吃"), Some("139****9000"))
    );
    assert_eq!(changed["name"], read["name"], "absent fields stay");
    assert_eq!(patch(json!({"category": "茶"}), &tag).await.problem(412), "STALE");
    let tag = app.get(&path).by(&shop.officer.session).await.etag();
    let refused = patch(json!({"name": null}), &tag).await;
    assert_eq!(
        (refused.problem(422).as_str(), refused.json()["errors"][0]["pointer"].as_str()),
        ("VALIDATION_FAILED", Some("/name"))
    );
    assert_eq!(patch(json!({"nmae": "x"}), &tag).await.problem(422), "VALIDATION_FAILED");
    let body = merchant_body("另一家");
    app.post("/v1/admin/merchants", body.clone()).by(&shop.officer.session).await.expect(201);
    let twice = app.post("/v1/admin/merchants", body).by(&shop.officer.session).await;
    assert_eq!(twice.problem(409), "ALREADY_EXISTS");
    let mut bad = merchant_body("坏的");
    bad["uscc"] = json!("91410100MA000ABC25");
    bad["contract_to"] = json!("2025-12-31");
    bad["division_code"] = json!("999999");
    let refused = app.post("/v1/admin/merchants", bad).by(&shop.officer.session).await;
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 3, "{}", refused.text());
    let list = app.get("/v1/admin/merchants?limit=1").by(&shop.officer.session).await.expect(200);
    let next = list["next"].as_str().unwrap();
    let rest = app
        .get(&format!("/v1/admin/merchants?limit=1&after={next}"))
        .by(&shop.officer.session)
        .await
        .expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["next"].is_null()), (1, true));
    assert_ne!(rest["items"][0]["id"], list["items"][0]["id"]);
    let registrar = app.cadre("410102", RoleName::Registrar).await;
    assert_eq!(app.get(&path).by(&registrar.session).await.problem(403), "FORBIDDEN");
    assert_eq!(
        app.number("SELECT count(*) FROM merchant WHERE encode(contact_mobile, 'escape') LIKE '%139001%'")
            .await,
        0
    );
}

#[tokio::test]
async fn staff_stand_at_their_branch_until_they_are_removed() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let (cashier, manager) = (shop.cashier().await, shop.staff("manager", None).await);
    let own = app.get("/v1/merchant/branches").by(&cashier).await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!(own["items"][0]["code"], shop.codes[0]);
    let all = app.get("/v1/merchant/branches").by(&manager).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let path = format!("/v1/admin/merchants/{}/branches", shop.merchant);
    let entered = app.get(&path).by(&shop.officer.session).await.expect(200);
    assert_eq!(entered["items"].as_array().unwrap().len(), 2);
    // A manager of several branches says where they stand.
    let holder = shop.holder().await;
    let code = shop.qr(&holder).await;
    let nowhere = app.post("/v1/merchant/verifications", json!({"code": code})).by(&manager).await;
    assert_eq!(nowhere.problem(422), "VALIDATION_FAILED");
    let body = json!({"code": code, "branch_id": shop.branches[1]});
    assert_eq!(
        app.post("/v1/merchant/verifications", body.clone()).by(&manager).await.expect(200)["valid"],
        true
    );
    assert_eq!(app.post("/v1/merchant/verifications", body).by(&cashier).await.problem(404), "NOT_FOUND");
    let path = format!("/v1/admin/merchants/{}/staff", shop.merchant);
    let staff = app.get(&path).by(&shop.officer.session).await.expect(200);
    assert_eq!(staff["items"].as_array().unwrap().len(), 2);
    assert!(staff["items"][0]["mobile"].as_str().unwrap().contains("****"));
    assert_eq!(staff["items"][0]["name"], "李*红");
    let place = cashier.role();
    app.delete(&format!("{path}/{place}")).by(&shop.officer.session).await.expect(204);
    assert_eq!(
        app.delete(&format!("{path}/{place}")).by(&shop.officer.session).await.problem(404),
        "NOT_FOUND"
    );
    assert_eq!(app.delete(&format!("{path}/x")).by(&shop.officer.session).await.problem(404), "NOT_FOUND");
    app.advance(chrono::Duration::zero()).await;
    let gone = app.post("/v1/merchant/verifications", json!({"code": code})).by(&cashier).await;
    assert!(matches!(gone.status, 401 | 403), "{}", gone.text());
    let no_branch =
        json!({"name": "李小红", "username": "no.branch", "mobile": "13700137000", "role": "staff"});
    assert_eq!(app.post(&path, no_branch).by(&shop.officer.session).await.problem(422), "VALIDATION_FAILED");
    let taken = json!({"name": "李小红", "username": "somebody", "mobile": "13700137000", "role": "manager"});
    app.post(&path, taken.clone()).by(&shop.officer.session).await.expect(201);
    assert_eq!(app.post(&path, taken).by(&shop.officer.session).await.problem(409), "ALREADY_EXISTS");
    let other = json!({"name": "李小红", "username": "somebody", "mobile": "13700137001", "role": "manager"});
    assert_eq!(app.post(&path, other).by(&shop.officer.session).await.problem(409), "ALREADY_EXISTS");
}
