//! Every published vector.

use std::sync::LazyLock;

use serde_json::{Value, json};
use unionhall_testkit::TestApp;

use crate::{ask, result};

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/vectors.json")).unwrap());

fn rows(name: &str) -> &'static Vec<Value> {
    VECTORS[name].as_array().unwrap()
}

/// Yuan as they are written, in fen.
fn fen(yuan: &Value) -> i64 {
    let text = yuan.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

#[tokio::test]
async fn overtime() {
    let app = TestApp::start().await;
    for row in rows("overtime") {
        let hours = |name: &str| json!(row[name].to_string());
        let asked = json!({"monthly_wage_fen": fen(&row["month"]), "workday_hours": hours("h150"),
                           "rest_day_hours": hours("h200"), "holiday_hours": hours("h300")});
        let got = result(&app, "overtime", asked).await;
        let due: Vec<i64> = row["pay"].as_array().unwrap().iter().map(fen).collect();
        assert_eq!(json!([got["workday_fen"], got["rest_day_fen"], got["holiday_fen"]]), json!(due), "{row}");
        assert_eq!(got["total_fen"], due.iter().sum::<i64>());
    }
    // Daily and hourly wages of the same table.
    for (wage, daily, hourly) in
        [(522_000, 24_000, "30.0000"), (400_000, 18_391, "22.9885"), (210_000, 9_655, "12.0690")]
    {
        let got = result(&app, "overtime", json!({"monthly_wage_fen": wage, "workday_hours": "1"})).await;
        assert_eq!((&got["daily_wage_fen"], &got["hourly_wage"]), (&json!(daily), &json!(hourly)));
    }
}

#[tokio::test]
async fn severance() {
    let app = TestApp::start().await;
    for row in rows("economic") {
        let asked = json!({"hired_on": row["start"], "ended_on": row["end"], "average_wage_fen": fen(&row["avg"]),
                           "local_average_wage_fen": fen(&row["local_avg"]), "minimum_wage_fen": fen(&row["min_wage"])});
        let got = result(&app, "severance", asked).await;
        let told = json!([got["months"], got["base_fen"], got["n_fen"], got["double_fen"]]);
        let due = json!([row["n"], fen(&row["base"]), fen(&row["N"]), fen(&row["N2"])]);
        assert_eq!(told, due, "{row}");
    }
}

#[tokio::test]
async fn work_without_a_contract() {
    let app = TestApp::start().await;
    for row in rows("double_wage") {
        let asked =
            json!({"hired_on": row["hire"], "signed_on": row["sign"], "monthly_wage_fen": fen(&row["wage"])});
        let got = result(&app, "no-contract", asked).await;
        let told = json!([got["months"], got["workdays"], got["extra_fen"]]);
        assert_eq!(told, json!([row["months"], row["workdays"], fen(&row["extra"])]), "{row}");
    }
    let never = json!({"hired_on": "2024-03-01", "monthly_wage_fen": 600_000});
    let got = result(&app, "no-contract", never).await;
    assert_eq!((&got["first_day"], &got["last_day"]), (&json!("2024-04-01"), &json!("2025-02-28")));
    assert_eq!(got["open_ended_from"], "2025-03-01");
}

#[tokio::test]
async fn annual_leave() {
    let app = TestApp::start().await;
    let table = &VECTORS["annual_leave"];
    for (years, days) in table["entitlement"].as_object().unwrap() {
        let years: u32 = years.parse().unwrap();
        let got = result(&app, "annual-leave", json!({"worked_years": years})).await;
        assert_eq!((&got["entitled_days"], &got["due_days"]), (days, days), "{years} years");
    }
    for (name, field) in [("join_2026-07-01", "joined_on"), ("leave_2026-09-30", "left_on")] {
        for (entitled, due) in table[name].as_object().unwrap() {
            let years = match entitled.as_str() {
                "5" => 1,
                "10" => 10,
                _ => 20,
            };
            let asked = json!({"worked_years": years, field: name.split('_').nth(1).unwrap()});
            assert_eq!(&result(&app, "annual-leave", asked).await["due_days"], due, "{name} {entitled}");
        }
    }
    let asked =
        json!({"worked_years": 12, "left_on": "2026-09-30", "taken_days": 3, "monthly_wage_fen": 522_000});
    let got = result(&app, "annual-leave", asked).await;
    let due = json!({"year": 2026, "entitled_days": 10, "calendar_days": 273, "due_days": 7, "unused_days": 4,
                     "total_fen": 288_000, "extra_fen": 192_000});
    assert_eq!(got, due);
    let joined = json!({"worked_years": 12, "joined_on": "2026-07-01"});
    assert_eq!(result(&app, "annual-leave", joined).await["calendar_days"], 184);
}

#[tokio::test]
async fn work_injuries() {
    let app = TestApp::start().await;
    for (own, wage, lump) in
        [(600_000, 600_000, 5_400_000), (3_000_000, 2_100_000, 18_900_000), (300_000, 420_000, 3_780_000)]
    {
        let asked =
            json!({"on": "2026-06-30", "grade": 9, "own_wage_fen": own, "local_average_wage_fen": 700_000});
        let got = result(&app, "work-injury", asked).await;
        assert_eq!((&got["wage_fen"], &got["lump_sum_fen"]), (&json!(wage), &json!(lump)));
    }
    // Twenty times the national income of the year before.
    for (on, due) in [("2024-06-30", 103_642_000), ("2025-06-30", 108_376_000)] {
        let asked =
            json!({"on": on, "died": true, "own_wage_fen": 600_000, "local_average_wage_fen": 700_000});
        let got = result(&app, "work-injury", asked).await;
        assert_eq!((&got["death_fen"], &got["funeral_fen"]), (&json!(due), &json!(4_200_000)));
    }
    for (n, months) in [27, 25, 23, 21, 18, 16, 13, 11, 9, 7].into_iter().enumerate() {
        let asked = json!({"on": "2026-06-30", "grade": n + 1, "own_wage_fen": 600_000, "local_average_wage_fen": 700_000});
        assert_eq!(result(&app, "work-injury", asked).await["lump_sum_fen"], 600_000 * months);
    }
}

#[tokio::test]
async fn retirement() {
    let app = TestApp::start().await;
    for row in rows("retire") {
        let kind = match row["kind"].as_str().unwrap() {
            "M" => "male",
            "F55" => "female_55",
            _ => "female_50",
        };
        let got = result(&app, "retirement", json!({"kind": kind, "born_in": row["birth"]})).await;
        let told = json!([got["age_years"], got["age_months"], got["delay_months"], got["retires_in"]]);
        assert_eq!(told, json!([row["years"], row["months"], row["delay"], row["at"]]), "{row}");
    }
}

#[tokio::test]
async fn limitation() {
    let app = TestApp::start().await;
    for (event, on, n, last) in [
        ("knew_of_breach", "2025-06-30", 0, "2026-06-30"),
        ("knew_of_breach", "2024-02-29", 0, "2025-02-28"),
        ("arbitration_accepted", "2026-03-02", 0, "2026-04-16"),
        // The first of May is a holiday and the fifth the last day off.
        ("arbitration_accepted", "2026-03-02", 1, "2026-05-06"),
        ("award_received", "2026-06-01", 0, "2026-06-16"),
    ] {
        let got = result(&app, "limitation", json!({"event": event, "on": on})).await;
        assert_eq!(got["deadlines"][n]["last_day"], last, "{event} {on}");
    }
}

#[tokio::test]
async fn dues_and_funds() {
    let app = TestApp::start().await;
    for (wage, due) in VECTORS["dues"].as_object().unwrap() {
        let got = result(&app, "dues", json!({"basic_wage_fen": fen(&json!(wage))})).await;
        assert_eq!(got["dues_fen"], fen(due), "{wage}");
        let retained = json!({"basic_wage_fen": fen(&json!(wage)), "retained": true});
        assert_eq!(result(&app, "dues", retained).await["dues_fen"], 0);
    }
    let got = result(&app, "dues", json!({"payroll_fen": 12_345_678})).await;
    let due = json!({"dues_fen": null, "funds_fen": 246_914, "kept_fen": 148_148, "passed_on_fen": 98_766});
    assert_eq!(got, due);
}

#[tokio::test]
async fn probation() {
    let app = TestApp::start().await;
    for (ends, most) in [
        ("2026-03-30", 0),
        ("2026-03-31", 1),
        ("2026-12-30", 1),
        ("2026-12-31", 2),
        ("2028-12-30", 2),
        ("2028-12-31", 6),
    ] {
        let asked = json!({"term": "fixed", "starts_on": "2026-01-01", "ends_on": ends, "agreed_months": 2,
                           "full_wage_fen": 500_000, "wage_class": 1});
        let got = result(&app, "probation", asked).await;
        assert_eq!(
            (&got["max_months"], &got["months_are_lawful"]),
            (&json!(most), &json!(most >= 2)),
            "{ends}"
        );
    }
    for (term, most) in [("open_ended", 6), ("task", 0)] {
        let asked = json!({"term": term, "starts_on": "2026-01-01", "agreed_months": 0, "full_wage_fen": 500_000,
                           "wage_class": 1});
        assert_eq!(result(&app, "probation", asked).await["max_months"], most);
    }
    // Henan's classes: 2,100, 2,000 and 1,800 yuan from 2024 on, 2,000, 1,800 and 1,600 before.
    for (class, starts, least) in [
        (1, "2024-01-01", 210_000),
        (2, "2024-01-01", 200_000),
        (3, "2024-01-01", 180_000),
        (1, "2023-12-31", 200_000),
        (2, "2023-12-31", 180_000),
        (3, "2022-01-01", 160_000),
    ] {
        let asked = json!({"term": "open_ended", "starts_on": starts, "agreed_months": 6, "full_wage_fen": 200_000,
                           "wage_class": class});
        let got = ask(&app, "probation", asked).await;
        assert_eq!(got["result"]["least_wage_fen"], least, "{class} {starts}");
        assert_eq!(got["parameters"][0]["key"], "minimum_wage");
    }
}
