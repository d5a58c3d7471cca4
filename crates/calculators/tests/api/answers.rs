//! What stands beside a result.

use serde_json::{Value, json};
use unionhall_testkit::TestApp;

use crate::{ask, result};

/// A request of each calculator.
fn requests() -> [(&'static str, Value); 9] {
    [
        ("overtime", json!({"monthly_wage_fen": 522_000, "workday_hours": "10"})),
        (
            "severance",
            json!({"hired_on": "2018-03-01", "ended_on": "2026-08-31", "average_wage_fen": 800_000,
                   "local_average_wage_fen": 700_000, "wage_class": 1}),
        ),
        (
            "no-contract",
            json!({"hired_on": "2025-03-01", "signed_on": "2025-08-16", "monthly_wage_fen": 600_000}),
        ),
        ("annual-leave", json!({"worked_years": 10, "monthly_wage_fen": 522_000})),
        (
            "work-injury",
            json!({"on": "2026-06-30", "grade": 1, "nursing": "full", "leave_months": 13, "own_wage_fen": 600_000,
                   "local_average_wage_fen": 700_000}),
        ),
        (
            "probation",
            json!({"term": "open_ended", "starts_on": "2026-01-01", "agreed_months": 6, "full_wage_fen": 500_000,
                   "wage_class": 2}),
        ),
        ("retirement", json!({"kind": "male", "born_in": "1970-01"})),
        ("limitation", json!({"event": "injured", "on": "2026-06-01"})),
        ("dues", json!({"basic_wage_fen": 345_678})),
    ]
}

#[tokio::test]
async fn every_answer_shows_its_way_and_what_it_rests_on() {
    let app = TestApp::start().await;
    let list = app.get("/v1/public/calculators").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 9);
    for (item, (name, inputs)) in list["items"].as_array().unwrap().iter().zip(requests()) {
        assert_eq!(item["calculator"], name);
        assert_eq!(item["href"], format!("/v1/public/calculators/{name}"));
        let got = ask(&app, name, inputs.clone()).await;
        assert_eq!((&got["calculator"], &got["title"]), (&item["calculator"], &item["title"]));
        assert_eq!(got["calculated_on"], "2026-11-20");
        assert_eq!(got["articles"], item["articles"], "{name}");
        assert!(!got["articles"].as_array().unwrap().is_empty());
        for (field, value) in inputs.as_object().unwrap() {
            assert_eq!(&got["inputs"][field], value, "{name} {field}");
        }
        let lines = got["lines"].as_array().unwrap();
        assert!(!lines.is_empty(), "{name}");
        for line in lines {
            assert!(line["formula"].as_str().is_some_and(|formula| !formula.is_empty()), "{name} {line}");
            // What a person reads is the amount beside it.
            if let Some(fen) = line["amount_fen"].as_i64() {
                assert_eq!(line["value"], format!("{}.{:02}元", fen / 100, fen % 100));
            }
        }
        assert_eq!(got["parameters"].as_array().unwrap().is_empty(), name == "limitation", "{name}");
        assert!(got["disclaimer"].as_str().unwrap().contains("仅供参考"));
    }
}

#[tokio::test]
async fn parameters_are_named_with_their_version_and_source() {
    let app = TestApp::start().await;
    let got = ask(&app, "overtime", json!({"monthly_wage_fen": 522_000, "workday_hours": "10"})).await;
    let paid = json!({"key": "paid_days", "region": "000000", "version": 2, "valid_from": "2025-01-01",
                      "value": {"hundredths": 2175}, "unit": "百分之一天", "source": "人社部发〔2025〕2号"});
    assert_eq!(got["parameters"][0], paid);
    let before = json!({"monthly_wage_fen": 522_000, "workday_hours": "10", "on": "2024-12-31"});
    let got = ask(&app, "overtime", before).await;
    assert_eq!(
        (&got["parameters"][0]["version"], &got["result"]["workday_fen"]),
        (&json!(1), &json!(45_000))
    );
    assert_eq!(got["lines"][2]["formula"], "5220.00 ÷ 21.75 ÷ 8 × 10.00小时 × 150%");
}

#[tokio::test]
async fn nothing_is_kept_and_no_token_is_needed_or_minded() {
    let app = TestApp::start().await;
    let session = app.login_member(&unionhall_testkit::mobile()).await;
    let events = app.number("SELECT count(*) FROM audit_event").await;
    for (name, inputs) in requests() {
        let open = ask(&app, name, inputs.clone()).await;
        let path = format!("/v1/public/calculators/{name}");
        let known = app.post(&path, inputs).by(&session).await.expect(200);
        assert_eq!(open, known, "{name}");
    }
    assert_eq!(app.number("SELECT count(*) FROM audit_event").await, events);
    assert_eq!(app.number("SELECT count(*) FROM idempotency").await, 0);
}

#[tokio::test]
async fn the_day_turns_at_midnight_in_shanghai() {
    let app = TestApp::start().await;
    let asked = || json!({"event": "award_received", "on": "2026-11-05"});
    app.clock.set("2026-11-20T15:59:59Z".parse().unwrap());
    let before = result(&app, "limitation", asked()).await;
    assert_eq!(before["deadlines"][0]["last_day"], "2026-11-20");
    assert_eq!(before["deadlines"][0]["passed"], false, "the last day is still on");
    app.clock.set("2026-11-20T16:00:00Z".parse().unwrap());
    assert_eq!(result(&app, "limitation", asked()).await["deadlines"][0]["passed"], true);
    // Work without a contract goes on until today.
    let hired = json!({"hired_on": "2026-09-01", "monthly_wage_fen": 217_500});
    assert_eq!(result(&app, "no-contract", hired.clone()).await["last_day"], "2026-11-21");
    app.clock.set("2026-11-20T15:59:59Z".parse().unwrap());
    assert_eq!(result(&app, "no-contract", hired).await["last_day"], "2026-11-20");
}
