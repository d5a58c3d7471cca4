//! The states: one writes, another approves, and what was withdrawn stays so.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::{Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

use crate::office::Office;

fn path(notice: Uuid) -> String {
    format!("/v1/admin/notices/{notice}")
}

async fn patch(app: &TestApp, notice: Uuid, by: &Session, body: Value) -> unionhall_testkit::Reply {
    let tag = app.get(&path(notice)).by(by).await.etag();
    app.request("PATCH", &path(notice)).json(body).by(by).if_match(&tag).await
}

#[tokio::test]
async fn one_writes_and_another_approves() {
    let office = Office::open().await;
    let (app, officer, leader) = (&office.app, &office.officer, &office.leader);
    let notice = app.draft(officer, &app.notice_body("送温暖")).await;
    let draft = office.read(notice).await;
    assert_eq!((&draft["state"], &draft["phase"]), (&json!("DRAFT"), &json!("DRAFT")));
    assert_eq!((&draft["union_id"], &draft["published_at"]), (&json!(officer.union), &json!(null)));
    for step in ["approve", "return", "withdraw"] {
        assert_eq!(
            app.notice_step(notice, step, &leader.session).await.problem(409),
            "INVALID_STATE",
            "{step}"
        );
    }
    app.notice_step(notice, "submit", &officer.session).await.expect(200);
    assert_eq!(app.notice_step(notice, "submit", &officer.session).await.problem(409), "INVALID_STATE");
    for step in ["approve", "return"] {
        assert_eq!(app.notice_step(notice, step, &officer.session).await.problem(403), "FORBIDDEN", "{step}");
    }
    let todos = app.get("/v1/admin/todos").by(&leader.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "notice").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(1), &json!("2026-11-20")));
    let theirs = app.get("/v1/admin/todos").by(&officer.session).await.expect(200);
    assert!(!theirs.to_string().contains("\"notice\""), "an officer cannot work it off");

    let returned = app.notice_step(notice, "return", &leader.session).await.expect(200);
    assert_eq!((&returned["state"], &returned["reason"]), (&json!("DRAFT"), &json!("日期有误")));
    app.notice_step(notice, "submit", &officer.session).await.expect(200);
    let approved = app.notice_step(notice, "approve", &leader.session).await.expect(200);
    assert_eq!((&approved["state"], &approved["phase"]), (&json!("APPROVED"), &json!("PUBLISHED")));
    assert_eq!((&approved["reason"], &approved["readers"]), (&json!(null), &json!(0)));
    assert_eq!(approved["phase_text"], "已发布");
    let todos = app.get("/v1/admin/todos").by(&leader.session).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "notice").unwrap();
    assert_eq!((&todo["count"], &todo["oldest_due"]), (&json!(0), &json!(null)));
    let audited = "SELECT count(*) FROM audit_event WHERE object_type = 'notice' AND object_id IS NOT NULL";
    assert_eq!(app.number(audited).await, 5);
    let reasons = "SELECT count(*) FROM audit_event WHERE action = 'notice.return' AND reason = '日期有误'";
    assert_eq!(app.number(reasons).await, 1);
}

#[tokio::test]
async fn nobody_approves_a_word_of_their_own() {
    let office = Office::open().await;
    let (app, leader) = (&office.app, &office.leader);
    let second = app.cadre("410102", RoleName::Leader).await;
    let third = app.cadre("4101", RoleName::Leader).await;
    let notice = app.draft(leader, &app.notice_body("送温暖")).await;
    patch(app, notice, &second.session, json!({"title": "送清凉"})).await.expect(200);
    // Who wrote before the last one has written all the same.
    patch(app, notice, &leader.session, json!({"title": "送温暖"})).await.expect(200);
    app.notice_step(notice, "submit", &leader.session).await.expect(200);
    for writer in [leader, &second] {
        let own = app.notice_step(notice, "approve", &writer.session).await;
        assert_eq!(own.problem(403), "NOT_ANOTHER_PERSON");
    }
    app.notice_step(notice, "approve", &third.session).await.expect(200);
}

#[tokio::test]
async fn only_a_draft_is_changed_by_who_read_it_last() {
    let office = Office::open().await;
    let (app, officer, leader) = (&office.app, &office.officer, &office.leader);
    let far = app.core().now() + Duration::days(3);
    let body = office.body("送温暖", &json!({"summary": "在线申请", "expires_at": far}));
    let notice = app.draft(officer, &body).await;
    let change = |tag: Option<&str>| {
        let request =
            app.request("PATCH", &path(notice)).json(json!({"title": "送清凉"})).by(&officer.session);
        if let Some(tag) = tag { request.if_match(tag) } else { request }
    };
    assert_eq!(change(None).await.problem(428), "IF_MATCH_REQUIRED");
    assert_eq!(change(Some("*")).await.problem(412), "STALE");
    let changed = change(Some("\"v1\"")).await;
    assert_eq!(changed.etag(), "\"v2\"");
    let changed = changed.expect(200);
    assert_eq!((&changed["title"], &changed["summary"]), (&json!("送清凉"), &json!("在线申请")));
    assert_eq!(change(Some("\"v1\"")).await.problem(412), "STALE");
    let stale = app.post(&format!("{}/submit", path(notice)), json!({})).by(&officer.session);
    assert_eq!(stale.if_match("\"v1\"").await.problem(412), "STALE");
    let bare = app.post(&format!("{}/submit", path(notice)), json!({})).by(&officer.session);
    assert_eq!(bare.await.problem(428), "IF_MATCH_REQUIRED");

    let cleared = json!({"summary": null, "expires_at": null, "audience": "everyone", "channels": ["console", "console"]});
    let cleared = patch(app, notice, &officer.session, cleared).await.expect(200);
    assert_eq!((&cleared["summary"], &cleared["expires_at"]), (&json!(""), &json!(null)));
    assert_eq!((&cleared["audience"], &cleared["channels"]), (&json!("everyone"), &json!(["console"])));
    for (fields, pointer, code) in [
        (json!({"title": null}), "/title", "REQUIRED"),
        (json!({"union_id": leader.post}), "/union_id", "FIXED"),
        (json!({"union_id": null}), "/union_id", "FIXED"),
        (json!({"state": "APPROVED"}), "/state", "UNKNOWN_FIELD"),
        (json!({"published_at": far}), "/published_at", "UNKNOWN_FIELD"),
    ] {
        let refused = patch(app, notice, &officer.session, fields).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)));
    }
    app.notice_step(notice, "submit", &officer.session).await.expect(200);
    let late = patch(app, notice, &officer.session, json!({"title": "送清凉"})).await;
    assert_eq!(late.problem(409), "INVALID_STATE");
    app.notice_step(notice, "approve", &leader.session).await.expect(200);
    let late = patch(app, notice, &officer.session, json!({"body": "改了"})).await;
    assert_eq!(late.problem(409), "INVALID_STATE");
}

#[tokio::test]
async fn withdrawn_stays_withdrawn() {
    let office = Office::open().await;
    let (app, officer, leader) = (&office.app, &office.officer, &office.leader);
    let at = app.core().now() + Duration::minutes(5);
    let shown = office.publish("已发布", &json!({"audience": "everyone"})).await;
    let fields = json!({"audience": "everyone", "publish_at": at});
    let planned = office.publish("待发布", &fields).await;
    assert_eq!(office.read(planned).await["phase"], "SCHEDULED");
    let none = app.post(&format!("{}/withdraw", path(shown)), json!({"reason": " x"})).by(&officer.session);
    assert_eq!(none.if_match("\"v3\"").await.json()["errors"][0]["code"], "REASON_LENGTH");
    for notice in [shown, planned] {
        let gone = app.notice_step(notice, "withdraw", &officer.session).await.expect(200);
        assert_eq!((&gone["phase"], &gone["reason"]), (&json!("WITHDRAWN"), &json!("日期有误")));
    }
    let everybody = "/v1/public/notices";
    assert!(office.titles(everybody, None).await.is_empty());
    // Its time comes, and nothing comes with it.
    office.at(at + Duration::milliseconds(1)).await;
    assert!(office.titles(everybody, None).await.is_empty());
    for notice in [shown, planned] {
        assert_eq!(office.read(notice).await["phase"], "WITHDRAWN");
        for step in ["submit", "approve", "return", "withdraw"] {
            let by = if step == "submit" { &officer.session } else { &leader.session };
            assert_eq!(app.notice_step(notice, step, by).await.problem(409), "INVALID_STATE", "{step}");
        }
        let change = patch(app, notice, &officer.session, json!({"title": "又来"})).await;
        assert_eq!(change.problem(409), "INVALID_STATE");
        assert_eq!(app.get(&format!("{everybody}/{notice}")).await.problem(404), "NOT_FOUND");
    }
    let correction = json!({"audience": "everyone", "replaces": shown});
    let correction = office.publish("更正", &correction).await;
    assert_eq!(office.read(correction).await["replaces"], json!(shown));
    assert_eq!(office.titles(everybody, None).await, ["更正"]);
}

#[tokio::test]
async fn an_approval_that_comes_too_late_publishes_nothing() {
    let office = Office::open().await;
    let (app, officer, leader) = (&office.app, &office.officer, &office.leader);
    let now = app.core().now();
    let fields = json!({"publish_at": now + Duration::minutes(1), "expires_at": now + Duration::minutes(2)});
    let notice = app.submitted(officer, &office.body("过时", &fields)).await;
    office.at(now + Duration::minutes(2)).await;
    assert_eq!(app.notice_step(notice, "approve", &leader.session).await.problem(409), "INVALID_STATE");
    office.at(now + Duration::minutes(2) - Duration::milliseconds(1)).await;
    let approved = app.notice_step(notice, "approve", &leader.session).await.expect(200);
    assert_eq!(approved["phase"], "PUBLISHED");
    assert_eq!(approved["published_at"], "2026-11-20T04:02:59.999Z", "not before its approval");
}
