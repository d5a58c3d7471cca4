//! What may be written, and where.

use chrono::Duration;
use serde_json::{Value, json};

use crate::office::Office;

#[tokio::test]
async fn what_makes_no_sense_is_refused_field_by_field() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer);
    let now = app.core().now();
    let (soon, later) = (now + Duration::hours(1), now + Duration::hours(2));
    let long = |n: usize| "长".repeat(n);
    let send = async |fields: Value| {
        app.post("/v1/admin/notices", office.body("标题", &fields)).by(&officer.session).await
    };
    for (fields, pointer, code) in [
        (json!({"title": ""}), "/title", "TEXT_FORMAT"),
        (json!({"title": " \u{200B}"}), "/title", "TEXT_FORMAT"),
        (json!({"title": "两\n行"}), "/title", "TEXT_FORMAT"),
        (json!({"title": long(101)}), "/title", "TEXT_FORMAT"),
        (json!({"title": null}), "/title", "INVALID_TYPE"),
        (json!({"summary": long(201)}), "/summary", "TEXT_FORMAT"),
        (json!({"summary": "两\n行"}), "/summary", "TEXT_FORMAT"),
        (json!({"body": ""}), "/body", "TEXT_FORMAT"),
        (json!({"body": "\n \t"}), "/body", "TEXT_FORMAT"),
        (json!({"body": "响\u{7}铃"}), "/body", "TEXT_FORMAT"),
        (json!({"body": long(20_001)}), "/body", "TEXT_FORMAT"),
        (json!({"channels": []}), "/channels", "COUNT"),
        (json!({"channels": ["fax"]}), "/channels/0", "INVALID_TYPE"),
        (json!({"audience": "nobody"}), "/audience", "INVALID_TYPE"),
        (json!({"expires_at": now}), "/expires_at", "TIME_ORDER"),
        (json!({"publish_at": soon, "expires_at": soon}), "/expires_at", "TIME_ORDER"),
        (json!({"publish_at": soon, "pinned_until": soon}), "/pinned_until", "TIME_ORDER"),
        (json!({"pinned_until": now}), "/pinned_until", "TIME_ORDER"),
        (json!({"publish_at": "9999-01-01T00:00:00Z"}), "/publish_at", "INVALID_TYPE"),
        (json!({"replaces": officer.union}), "/replaces", "NOTICE_UNKNOWN"),
        (json!({"html": "<b>"}), "/html", "UNKNOWN_FIELD"),
    ] {
        let refused = send(fields.clone()).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{fields}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{fields}");
    }
    let all = send(json!({"title": "", "body": "", "channels": []})).await;
    assert_eq!(all.json()["errors"].as_array().unwrap().len(), 3, "all at once");

    let most = json!({"title": long(100), "summary": long(200), "body": "𠮷".repeat(20_000),
                      "publish_at": soon, "expires_at": later, "pinned_until": later});
    let made = send(most).await.expect(201);
    assert_eq!(made["body"].as_str().unwrap().chars().count(), 20_000);
    let text = "　　各位会员：\r\n<script>alert(1)</script>\t**放假**\n";
    let made = send(json!({"title": " 一 ", "summary": "", "body": text})).await.expect(201);
    assert_eq!((&made["title"], &made["summary"]), (&json!("一"), &json!("")));
    assert_eq!(made["body"], "　　各位会员：\n<script>alert(1)</script>\t**放假**", "text stays text");
    let exact = send(json!({"publish_at": "2030-01-01T00:00:00.123999Z"})).await.expect(201);
    assert_eq!(exact["publish_at"], "2030-01-01T00:00:00.123Z");
    let large = app.post("/v1/admin/notices", office.body("大", &json!({"body": long(90_000)})));
    assert_eq!(large.by(&officer.session).await.problem(413), "TOO_LARGE");
}

#[tokio::test]
async fn a_notice_corrects_one_of_its_own_union_that_was_to_be_read() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer);
    let (below, _) = app.union_under("410102", "中原机械有限公司工会").await;
    let shown = office.publish("原通知", &json!({})).await;
    let draft = app.draft(officer, &app.notice_body("草稿")).await;
    let refused = async |fields: Value| {
        let reply = app.post("/v1/admin/notices", office.body("更正", &fields)).by(&officer.session).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["code"], "NOTICE_UNKNOWN");
    };
    refused(json!({"replaces": draft})).await;
    refused(json!({"replaces": shown, "union_id": below})).await;
    app.draft(officer, &office.body("更正", &json!({"replaces": shown}))).await;
}

#[tokio::test]
async fn a_key_makes_one_notice_of_one_union_in_scope() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer);
    let write = || app.post("/v1/admin/notices", app.notice_body("一次")).by(&officer.session).key("once");
    let (first, again) = (write().await, write().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(app.number("SELECT count(*) FROM notice").await, 1);
    let location = first.header("location").unwrap().to_owned();
    assert_eq!(app.get(&location).by(&officer.session).await.status, 200);

    let (below, _) = app.union_under("410102", "中原机械有限公司工会").await;
    let theirs = app.draft(officer, &office.body("下级", &json!({"union_id": below}))).await;
    assert_eq!(office.read(theirs).await["union_id"], json!(below));
    let sibling = app.cadre("410103", unionhall_web::RoleName::Officer).await;
    let above = app.cadre("4101", unionhall_web::RoleName::Officer).await;
    for union in [sibling.union, above.union, officer.post] {
        let reply = app.post("/v1/admin/notices", office.body("越界", &json!({"union_id": union})));
        assert_eq!(reply.by(&officer.session).await.problem(404), "NOT_FOUND");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_state_and_union_and_go_on() {
    let office = Office::open().await;
    let (app, officer) = (&office.app, &office.officer);
    let (below, _) = app.union_under("410102", "中原机械有限公司工会").await;
    for n in 0..3 {
        app.draft(officer, &app.notice_body(&format!("县{n}"))).await;
    }
    app.submitted(officer, &office.body("厂", &json!({"union_id": below}))).await;
    let titles =
        async |query: &str| office.titles(&format!("/v1/admin/notices{query}"), Some(&officer.session)).await;
    assert_eq!(titles("").await, ["县0", "县1", "县2", "厂"]);
    assert_eq!(titles("?state=REVIEW").await, ["厂"]);
    assert_eq!(titles("?state=REVIEW,DRAFT").await.len(), 4);
    assert_eq!(titles(&format!("?union_id={below}")).await, ["厂"]);
    assert!(titles(&format!("?union_id={}", officer.post)).await.is_empty());
    let bad = app.get("/v1/admin/notices?state=PUBLISHED").by(&officer.session).await;
    assert_eq!(bad.problem(400), "INVALID_PARAMETER");
    let first = app.get("/v1/admin/notices?limit=3").by(&officer.session).await.expect(200);
    let next = first["next"].as_str().unwrap();
    assert_eq!(titles(&format!("?limit=3&after={next}")).await, ["厂"]);
    let other = app.get(&format!("/v1/admin/notices?state=DRAFT&after={next}")).by(&officer.session).await;
    assert_eq!(other.problem(400), "CURSOR_INVALID");
    assert!(first["items"][0].get("body").is_none(), "lists carry no bodies");
}
