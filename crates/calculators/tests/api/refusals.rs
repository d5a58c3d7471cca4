//! What is refused, at which field and with which code.

use serde_json::{Value, json};
use unionhall_testkit::TestApp;

use crate::{refused, result};

/// A request with other fields; null takes one away.
fn with(base: &Value, more: Value) -> Value {
    let mut asked = base.clone();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            asked.as_object_mut().unwrap().remove(name);
        } else {
            asked[name] = value.clone();
        }
    }
    asked
}

async fn all_refused(app: &TestApp, calculator: &str, base: &Value, cases: &[(Value, &str)]) {
    result(app, calculator, base.clone()).await;
    for (more, told) in cases {
        assert_eq!(refused(app, calculator, with(base, more.clone())).await, *told, "{calculator} {more}");
    }
}

#[tokio::test]
async fn what_cannot_be_an_amount_or_an_hour() {
    let app = TestApp::start().await;
    let base = json!({"monthly_wage_fen": 522_000, "workday_hours": "1"});
    let cases = [
        (json!({"monthly_wage_fen": 0}), "/monthly_wage_fen AMOUNT_RANGE"),
        (json!({"monthly_wage_fen": -1}), "/monthly_wage_fen AMOUNT_RANGE"),
        (json!({"monthly_wage_fen": 10_000_000_001_i64}), "/monthly_wage_fen AMOUNT_RANGE"),
        (json!({"monthly_wage_fen": i64::MAX}), "/monthly_wage_fen AMOUNT_RANGE"),
        (json!({"monthly_wage_fen": 1.5}), "/monthly_wage_fen INVALID_TYPE"),
        (json!({"monthly_wage_fen": "5220"}), "/monthly_wage_fen INVALID_TYPE"),
        (json!({"monthly_wage_fen": null}), "/monthly_wage_fen REQUIRED"),
        (json!({"workday_hours": "1.234"}), "/workday_hours HOURS_FORMAT"),
        (json!({"workday_hours": "744.01"}), "/workday_hours HOURS_FORMAT"),
        (json!({"workday_hours": 1}), "/workday_hours INVALID_TYPE"),
        (json!({"workday_hours": "0"}), "/workday_hours REQUIRED"),
        (json!({"workday_hours": null}), "/workday_hours REQUIRED"),
        (json!({"days": [{"date": "2026-10-01", "hours": "24.01"}]}), "/days/0/hours HOURS_FORMAT"),
        (json!({"days": [{"date": "2026-02-30", "hours": "1"}]}), "/days/0/date INVALID_TYPE"),
        (json!({"days": vec![json!({"date": "2026-10-01", "hours": "1"}); 63]}), "/days COUNT"),
        (json!({"on": "2008-01-02"}), "/on NO_PARAMETER"),
        (json!({"on": "1899-12-31"}), "/on INVALID_TYPE"),
        (json!({"wage": 1}), "/wage UNKNOWN_FIELD"),
        (
            json!({"monthly_wage_fen": 0, "workday_hours": "x"}),
            "/monthly_wage_fen AMOUNT_RANGE, /workday_hours HOURS_FORMAT",
        ),
    ];
    all_refused(&app, "overtime", &base, &cases).await;
    let list = app.post("/v1/public/calculators/overtime", json!([])).await;
    assert_eq!(list.problem(422), "VALIDATION_FAILED");
    let query = app.post("/v1/public/calculators/overtime?monthly_wage_fen=1", base).await;
    assert_eq!(query.problem(400), "UNKNOWN_PARAMETER");
    let base = json!({"basic_wage_fen": 1});
    let cases = [
        (json!({"basic_wage_fen": null}), "/basic_wage_fen REQUIRED"),
        (json!({"basic_wage_fen": -1}), "/basic_wage_fen AMOUNT_RANGE"),
        (json!({"payroll_fen": 1_000_000_000_001_i64}), "/payroll_fen AMOUNT_RANGE"),
        (json!({"on": "1999-12-31"}), "/on NO_PARAMETER"),
    ];
    all_refused(&app, "dues", &base, &cases).await;
}

#[tokio::test]
async fn dates_in_the_wrong_order_and_places_nobody_knows() {
    let app = TestApp::start().await;
    let base = json!({"hired_on": "2018-03-01", "ended_on": "2026-08-31", "average_wage_fen": 800_000,
                      "local_average_wage_fen": 700_000, "wage_class": 1});
    let cases = [
        (json!({"ended_on": "2018-02-28"}), "/ended_on DATE_ORDER"),
        (json!({"wage_class": 0}), "/wage_class WAGE_CLASS"),
        (json!({"wage_class": 4}), "/wage_class WAGE_CLASS"),
        (json!({"wage_class": null}), "/wage_class NO_PARAMETER"),
        (json!({"local_average_wage_fen": null}), "/local_average_wage_fen NO_PARAMETER"),
        (json!({"hired_on": "2010-01-01", "ended_on": "2021-12-31"}), "/minimum_wage_fen NO_PARAMETER"),
        (json!({"region": "419999"}), "/region DIVISION_UNKNOWN"),
        (json!({"region": ""}), "/region DIVISION_UNKNOWN"),
        // Henan's wages are not another province's.
        (json!({"region": "110101"}), "/minimum_wage_fen NO_PARAMETER"),
        (json!({"last_month_wage_fen": 0}), "/last_month_wage_fen AMOUNT_RANGE"),
        (
            json!({"ended_on": "2018-02-28", "average_wage_fen": 0}),
            "/average_wage_fen AMOUNT_RANGE, /ended_on DATE_ORDER",
        ),
    ];
    all_refused(&app, "severance", &base, &cases).await;
    let base = json!({"hired_on": "2025-03-01", "monthly_wage_fen": 600_000});
    let cases = [
        (json!({"signed_on": "2025-02-28"}), "/signed_on DATE_ORDER"),
        (json!({"ended_on": "2025-02-28"}), "/ended_on DATE_ORDER"),
        (json!({"hired_on": "2006-01-01"}), "/hired_on NO_PARAMETER"),
        (json!({"hired_on": "2200-01-01"}), "/hired_on INVALID_TYPE"),
    ];
    all_refused(&app, "no-contract", &base, &cases).await;
    let base = json!({"worked_years": 10, "joined_on": "2026-02-01", "monthly_wage_fen": 600_000});
    let cases = [
        (json!({"worked_years": 81}), "/worked_years NUMBER_RANGE"),
        (json!({"worked_years": -1}), "/worked_years INVALID_TYPE"),
        (json!({"left_on": "2026-01-31"}), "/left_on DATE_ORDER"),
        (json!({"year": 2025}), "/year YEAR_DIFFERS"),
        (json!({"joined_on": null, "year": 2007}), "/year NUMBER_RANGE"),
        (json!({"joined_on": "2007-02-01"}), "/joined_on NO_PARAMETER"),
        (json!({"taken_days": 367}), "/taken_days NUMBER_RANGE"),
        (json!({"paid_personal_days": 367}), "/paid_personal_days NUMBER_RANGE"),
        (json!({"sick_months": 13}), "/sick_months NUMBER_RANGE"),
    ];
    all_refused(&app, "annual-leave", &base, &cases).await;
}

#[tokio::test]
async fn what_does_not_belong_together() {
    let app = TestApp::start().await;
    let base =
        json!({"on": "2025-06-30", "grade": 9, "own_wage_fen": 600_000, "local_average_wage_fen": 700_000});
    let one = json!({"relation": "spouse"});
    let cases = [
        (json!({"grade": 0}), "/grade INJURY_GRADE"),
        (json!({"grade": 11}), "/grade INJURY_GRADE"),
        (json!({"grade": 256}), "/grade INVALID_TYPE"),
        (json!({"grade": null}), "/grade GRADE_OR_DEATH"),
        (json!({"died": true}), "/grade GRADE_OR_DEATH"),
        (json!({"dependants": [one]}), "/dependants DEATH_ONLY"),
        (json!({"grade": null, "died": true, "dependants": vec![one.clone(); 21]}), "/dependants COUNT"),
        (json!({"grade": null, "died": true, "nursing": "full"}), "/nursing INJURY_ONLY"),
        (json!({"leave_months": 25}), "/leave_months NUMBER_RANGE"),
        (json!({"on": "2010-12-31"}), "/on NO_PARAMETER"),
        // The figure of a year that nobody entered is asked for, and never that of another year.
        (json!({"grade": null, "died": true, "on": "2026-01-01"}), "/national_income_fen NO_PARAMETER"),
    ];
    all_refused(&app, "work-injury", &base, &cases).await;
    let base = json!({"term": "fixed", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "agreed_months": 1,
                      "full_wage_fen": 500_000, "wage_class": 1});
    let cases = [
        (json!({"ends_on": null}), "/ends_on TERM_END"),
        (json!({"term": "open_ended"}), "/ends_on TERM_END"),
        (json!({"ends_on": "2025-12-31"}), "/ends_on DATE_ORDER"),
        (json!({"agreed_months": 37}), "/agreed_months NUMBER_RANGE"),
        (json!({"served_months": 37}), "/served_months NUMBER_RANGE"),
        (json!({"term": "forever"}), "/term INVALID_TYPE"),
    ];
    all_refused(&app, "probation", &base, &cases).await;
    let base = json!({"event": "knew_of_breach", "on": "2026-03-02", "suspended_days": 1});
    let cases = [
        (json!({"event": "injured"}), "/suspended_days BREACH_ONLY"),
        (
            json!({"event": "injured", "suspended_days": 0, "wage_arrears": true, "interrupted_on": "2026-04-01"}),
            "/wage_arrears BREACH_ONLY, /interrupted_on BREACH_ONLY",
        ),
        (json!({"employment_ended_on": "2026-06-30"}), "/employment_ended_on ARREARS_ONLY"),
        (json!({"suspended_days": 3651}), "/suspended_days NUMBER_RANGE"),
        (json!({"interrupted_on": "2026-03-01"}), "/interrupted_on DATE_ORDER"),
    ];
    all_refused(&app, "limitation", &base, &cases).await;
    let base = json!({"kind": "male", "born_in": "1970-01"});
    let cases = [
        (json!({"born_in": "1970-1"}), "/born_in MONTH_FORMAT"),
        (json!({"born_in": "1970-13"}), "/born_in MONTH_FORMAT"),
        (json!({"born_in": "1970-01-01"}), "/born_in MONTH_FORMAT"),
        (json!({"born_in": "1899-12"}), "/born_in MONTH_FORMAT"),
        (json!({"kind": "female"}), "/kind INVALID_TYPE"),
    ];
    all_refused(&app, "retirement", &base, &cases).await;
}

#[tokio::test]
async fn the_farthest_dates_are_reckoned_all_the_same() {
    let app = TestApp::start().await;
    let far = json!({"hired_on": "1900-01-01", "ended_on": "2199-12-31", "average_wage_fen": 10_000_000_000_i64,
                     "local_average_wage_fen": 10_000_000_000_i64, "wage_class": 1});
    let got = result(&app, "severance", far).await;
    assert_eq!((&got["months"], &got["double_fen"]), (&json!("300"), &json!(6_000_000_000_000_i64)));
    let late = json!({"event": "knew_of_breach", "on": "2199-12-31", "suspended_days": 3650});
    assert_eq!(result(&app, "limitation", late).await["deadlines"][0]["computed_on"], "2210-12-29");
    let born = json!({"kind": "male", "born_in": "2199-12"});
    assert_eq!(result(&app, "retirement", born).await["latest_in"], "2265-12");
}
