//! The sibling county sees nothing and changes nothing.

use serde_json::json;
use unionhall_web::RoleName;

use crate::office::Office;

#[tokio::test]
async fn a_sibling_county_gets_nothing() {
    let office = Office::open().await;
    let app = &office.app;
    let theirs = [app.cadre("410103", RoleName::Leader).await, app.cadre("410103", RoleName::Officer).await];
    let notice = office.publish("内部事项", &json!({})).await;
    let draft = app.draft(&office.officer, &app.notice_body("内部草稿")).await;
    let waits = app.submitted(&office.officer, &app.notice_body("内部待审")).await;
    let leader = &theirs[0].session;
    for (notice, step) in [(draft, "submit"), (waits, "approve"), (waits, "return"), (notice, "withdraw")] {
        let path = format!("/v1/admin/notices/{notice}");
        assert_eq!(app.get(&path).by(leader).await.problem(404), "NOT_FOUND");
        let body =
            if matches!(step, "return" | "withdraw") { json!({"reason": "不该能做"}) } else { json!({}) };
        let reply = app.post(&format!("{path}/{step}"), body).by(leader).if_match("\"v1\"").await;
        assert_eq!(reply.problem(404), "NOT_FOUND", "{step}");
        assert!(!reply.text().contains("内部"));
    }
    let path = format!("/v1/admin/notices/{draft}");
    let change =
        app.request("PATCH", &path).json(json!({"title": "越界"})).by(leader).if_match("\"v1\"").await;
    assert_eq!(change.problem(404), "NOT_FOUND");
    assert!(office.titles("/v1/admin/notices", Some(leader)).await.is_empty());
    let narrowed = format!("/v1/admin/notices?union_id={}", office.officer.union);
    assert!(office.titles(&narrowed, Some(leader)).await.is_empty());
    let correction = json!({"replaces": notice, "title": "更正", "body": "x", "audience": "members", "channels": ["console"]});
    let correction = app.post("/v1/admin/notices", correction).by(&theirs[1].session).await;
    assert_eq!(correction.json()["errors"][0]["code"], "NOTICE_UNKNOWN", "as for one that is absent");
    let (_, member) = office.member("410103").await;
    assert!(office.titles("/v1/me/notices", Some(&member)).await.is_empty());
    let todos = app.get("/v1/admin/todos").by(leader).await.expect(200);
    let todo = todos["items"].as_array().unwrap().iter().find(|t| t["type"] == "notice").unwrap();
    assert_eq!(todo["count"], 0);
    let city = app.cadre("4101", RoleName::Leader).await;
    assert_eq!(office.titles("/v1/admin/notices", Some(&city.session)).await.len(), 3);
}
