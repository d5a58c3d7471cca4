//! Parts of the platform, opened and closed by union and day.

use std::future::IntoFuture;

use chrono::{Duration, TimeZone, Utc};
use serde_json::{Value, json};
use unionhall_kernel::Clock;
use unionhall_testkit::shop::{Shop, id};
use unionhall_testkit::{Session, TestApp, citizen, mobile};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

fn path(union: Uuid) -> String {
    format!("/v1/admin/unions/{union}/modules")
}

fn switch(module: &str, enabled: bool, from: &str) -> Value {
    json!({"module": module, "enabled": enabled, "from": from})
}

async fn set(app: &TestApp, by: &Session, union: Uuid, switches: Value) -> Value {
    let tag = app.get(&path(union)).by(by).await.etag();
    let body = json!({"switches": switches, "reason": "先在一个县试行"});
    app.request("PUT", &path(union)).json(body).by(by).if_match(&tag).await.expect(200)
}

async fn open(app: &TestApp, union: Uuid) -> Vec<String> {
    let config = app.get(&format!("/v1/public/app-config?union_id={union}")).await.expect(200);
    config["modules"].as_array().unwrap().iter().map(|m| m.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_county_begins_before_its_province_at_midnight_in_shanghai() {
    let app = TestApp::start().await;
    let province = app.cadre("41", RoleName::SystemAdmin).await;
    let county = app.cadre("410102", RoleName::SystemAdmin).await;
    let neighbour = app.cadre("410103", RoleName::Leader).await.union;
    let plan =
        set(&app, &province.session, province.union, json!([switch("join", false, "2026-11-20")])).await;
    assert!(!plan["open"].as_array().unwrap().contains(&json!("join")));
    set(&app, &county.session, county.union, json!([switch("join", true, "2026-11-21")])).await;
    assert_eq!(open(&app, county.union).await, ["cards", "benefits", "legal", "notices", "jobs"]);
    let midnight = Utc.with_ymd_and_hms(2026, 11, 20, 16, 0, 0).unwrap();
    app.advance(midnight - app.clock.now() - Duration::milliseconds(1)).await;
    assert!(!open(&app, county.union).await.contains(&"join".to_owned()));
    app.advance(Duration::milliseconds(1)).await;
    assert!(open(&app, county.union).await.contains(&"join".to_owned()));
    assert!(!open(&app, neighbour).await.contains(&"join".to_owned()));
    let all = app.get("/v1/public/app-config").await.expect(200);
    assert_eq!(
        all["modules"],
        json!(["cards", "benefits", "legal", "notices", "jobs"]),
        "without a union, the province's"
    );
}

#[tokio::test]
async fn a_union_that_takes_no_applications_gets_none() {
    let app = TestApp::start().await;
    let county = app.cadre("410102", RoleName::SystemAdmin).await;
    let (union, _) = app.union_under("410102", "中原机械厂工会").await;
    set(&app, &county.session, county.union, json!([switch("join", false, "2026-11-20")])).await;
    let member = app.login_member(&mobile()).await;
    let statement = json!({"name": "王小明", "id_type": "citizen_id", "id_number": citizen()});
    let body = json!({"union_id": union, "statement": statement});
    let reply = app.post("/v1/me/join-applications", body.clone()).by(&member).key("a").await;
    assert_eq!(reply.problem(409), "MODULE_CLOSED");
    set(&app, &county.session, county.union, json!([])).await;
    app.post("/v1/me/join-applications", body).by(&member).key("a").await.expect(201);
}

#[tokio::test]
async fn a_firm_word_from_above_cannot_be_overruled() {
    let app = TestApp::start().await;
    let province = app.cadre("41", RoleName::SystemAdmin).await;
    let county = app.cadre("410102", RoleName::SystemAdmin).await;
    let firm = json!([{"module": "benefits", "enabled": false, "firm": true, "from": "2026-11-20"}]);
    set(&app, &province.session, province.union, firm).await;
    set(&app, &county.session, county.union, json!([switch("benefits", true, "2026-11-20")])).await;
    assert!(!open(&app, county.union).await.contains(&"benefits".to_owned()));
    let above = app.get(&path(province.union)).by(&county.session).await;
    assert_eq!(above.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn what_was_said_before_today_stays_and_two_plans_do_not_mix() {
    let app = TestApp::start().await;
    let county = app.cadre("410102", RoleName::SystemAdmin).await;
    let union = county.union;
    set(&app, &county.session, union, json!([switch("notices", false, "2026-11-20")])).await;
    app.advance(Duration::days(1)).await;
    let by = app.login_cadre(Realm::Cadre, &county.username, county.totp.as_deref(), &county.mobile).await;
    let plan = set(&app, &by, union, json!([switch("notices", true, "2026-11-25")])).await;
    assert_eq!(plan["switches"].as_array().unwrap().len(), 2);
    let tag = app.get(&path(union)).by(&by).await.etag();
    let past = json!({"switches": [switch("join", true, "2026-11-20")], "reason": "补记"});
    let reply = app.request("PUT", &path(union)).json(past).by(&by).if_match(&tag).await;
    assert_eq!(reply.json()["errors"][0]["code"], "DATE_PAST");
    let twice = json!({"switches": [switch("join", true, "2026-11-22"), switch("join", false, "2026-11-22")], "reason": "试行"});
    let reply = app.request("PUT", &path(union)).json(twice).by(&by).if_match(&tag).await;
    assert_eq!(reply.json()["errors"][0]["code"], "DUPLICATE_ITEM");
    let leader = app.cadre("410102", RoleName::Leader).await.session;
    let plan = |enabled| json!({"switches": [switch("join", enabled, "2026-11-22")], "reason": "试行"});
    let (place, off, on) = (path(union), plan(false), plan(true));
    let send =
        |body: &Value| app.request("PUT", &place).json(body.clone()).by(&by).if_match(&tag).into_future();
    let (one, two) = tokio::join!(send(&off), send(&on));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let reply = app.request("PUT", &place).json(off).by(&leader).if_match(&tag).await;
    assert_eq!(reply.problem(403), "FORBIDDEN", "leaders do business, not configuration");
}

#[tokio::test]
async fn what_is_closed_is_not_approved() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let admin = app.cadre("410102", RoleName::SystemAdmin).await;
    let closed = json!([switch("benefits", false, "2026-11-20"), switch("notices", false, "2026-11-20")]);
    set(app, &admin.session, admin.union, closed).await;
    let made =
        app.post("/v1/admin/campaigns", shop.terms("quota")).by(&shop.officer.session).await.expect(201);
    let campaign = id(&made);
    shop.step(campaign, "submit", &shop.officer.session).await.expect(200);
    assert_eq!(shop.step(campaign, "approve", &shop.leader.session).await.problem(409), "MODULE_CLOSED");
    let notice = app.submitted(&shop.officer, &app.notice_body("春节慰问")).await;
    let refused = app.notice_step(notice, "approve", &shop.leader.session).await;
    assert_eq!(refused.problem(409), "MODULE_CLOSED");
    set(app, &admin.session, admin.union, json!([])).await;
    shop.step(campaign, "approve", &shop.leader.session).await.expect(200);
}
