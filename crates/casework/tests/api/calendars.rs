//! The working calendar over HTTP.

use serde_json::{Value, json};
use unionhall_testkit::TestApp;
use unionhall_web::RoleName;

fn statutory() -> Vec<Value> {
    [
        "2028-01-01",
        "2028-01-25",
        "2028-01-26",
        "2028-01-27",
        "2028-01-28",
        "2028-04-04",
        "2028-05-01",
        "2028-05-02",
        "2028-05-28",
        "2028-10-01",
        "2028-10-02",
        "2028-10-03",
        "2028-10-04",
    ]
    .iter()
    .map(|date| json!({"date": date, "kind": "statutory"}))
    .collect()
}

#[tokio::test]
async fn anybody_reads_the_years_that_were_published() {
    let app = TestApp::start().await;
    let year = app.get("/v1/public/work-calendars/2026").await.expect(200);
    assert_eq!((&year["year"], &year["provisional"]), (&json!(2026), &json!(false)));
    let days = year["days"].as_array().unwrap();
    assert_eq!(days.iter().filter(|d| d["kind"] == "statutory").count(), 13);
    assert!(days.contains(&json!({"date": "2026-02-14", "kind": "work"})));
    assert!(days.contains(&json!({"date": "2026-10-10", "kind": "work"})));
    let next = app.get("/v1/public/work-calendars/2027").await.expect(200);
    assert_eq!(next["provisional"], true);
    for none in ["2020", "2028", "99999999999", "abc", "-1"] {
        assert_eq!(app.get(&format!("/v1/public/work-calendars/{none}")).await.problem(404), "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_province_enters_a_year_and_what_was_said_before_is_kept() {
    let app = TestApp::start().await;
    let leader = app.cadre("41", RoleName::Leader).await;
    let county = app.cadre("410102", RoleName::Leader).await;
    let officer = app.cadre("41", RoleName::Officer).await;
    let enter = |body: Value, key: &str| app.post("/v1/admin/work-calendars", body).key(key);
    let body =
        |days: Vec<Value>| json!({"year": 2028, "source": "国办关于2028年节假日安排的通知", "days": days});
    assert_eq!(enter(body(statutory()), "n").by(&county.session).await.problem(403), "WRONG_LEVEL");
    assert_eq!(enter(body(statutory()), "n").by(&officer.session).await.problem(403), "FORBIDDEN");
    let first = enter(body(statutory()), "1").by(&leader.session).await;
    assert_eq!(first.expect(201)["provisional"], false);
    let mut more = statutory();
    more.push(json!({"date": "2028-01-22", "kind": "work"}));
    let second = enter(body(more), "2").by(&leader.session).await.expect(201);
    let found = app.get("/v1/public/work-calendars/2028").await.expect(200);
    assert_eq!((&found["id"], found["days"].as_array().unwrap().len()), (&second["id"], 14));
    assert_eq!(app.number("SELECT count(*) FROM case_calendar WHERE year = 2028").await, 2);

    let refused = async |days: Vec<Value>, pointer: &str| {
        let reply = enter(body(days), "x").by(&leader.session).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{}", reply.text());
    };
    let with = |day: Value| statutory().into_iter().chain([day]).collect::<Vec<_>>();
    refused(statutory()[1..].to_vec(), "/days").await;
    refused(with(json!({"date": "2028-12-25", "kind": "statutory"})), "/days").await;
    refused(with(json!({"date": "2027-12-31", "kind": "rest"})), "/days/13/date").await;
    refused(with(json!({"date": "2028-01-25", "kind": "rest"})), "/days/13/date").await;
    refused(with(json!({"date": "2028-01-24", "kind": "work"})), "/days/13/kind").await;
    assert_eq!(app.number("SELECT count(*) FROM case_calendar WHERE year = 2028").await, 2);
}
