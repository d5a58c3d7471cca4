//! Zero, one and the limit; the ends of months and leap days; caps.

use serde_json::json;
use unionhall_testkit::TestApp;

use crate::{ask, result};

#[tokio::test]
async fn overtime_by_date_goes_by_the_calendar() {
    let app = TestApp::start().await;
    let days = json!([
        {"date": "2026-10-01", "hours": "1"},  // a statutory holiday
        {"date": "2026-10-05", "hours": "2"},  // a day off beside it
        {"date": "2026-10-10", "hours": "4"},  // a Saturday that is worked
        {"date": "2026-10-12", "hours": "8"},  // a Monday
        {"date": "2026-10-17", "hours": "16"}, // a Saturday
    ]);
    // 17,400 fen a month are one yuan an hour.
    let asked = json!({"monthly_wage_fen": 17_400, "days": days, "workday_hours": "0.01"});
    let got = result(&app, "overtime", asked).await;
    let told = json!([got["holiday_fen"], got["rest_day_fen"], got["workday_fen"], got["total_fen"]]);
    // A hundredth of an hour at 150% is one and a half fen: two.
    assert_eq!(told, json!([300, 3_600, 1_802, 5_702]));
    for (kind, due) in [("comprehensive", [300, 2_700, 1_802]), ("flexible", [0, 0, 0])] {
        let asked =
            json!({"monthly_wage_fen": 17_400, "days": days, "workday_hours": "0.01", "working_time": kind});
        let got = result(&app, "overtime", asked).await;
        assert_eq!(
            json!([got["holiday_fen"], got["rest_day_fen"], got["workday_fen"]]),
            json!(due),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn thirty_six_hours_are_a_months_limit() {
    let app = TestApp::start().await;
    for (hours, told) in [("36", false), ("36.01", true)] {
        let got = ask(&app, "overtime", json!({"monthly_wage_fen": 1, "workday_hours": hours})).await;
        assert_eq!(got["notes"].to_string().contains("36小时"), told, "{hours}");
    }
    let most = json!({"monthly_wage_fen": 10_000_000_000_i64, "holiday_hours": "744"});
    let got = result(&app, "overtime", most).await;
    assert_eq!(got["total_fen"], 128_275_862_069_i64);
}

#[tokio::test]
async fn the_cap_begins_above_three_times_the_average() {
    let app = TestApp::start().await;
    for (average, capped, months, n) in [
        (2_100_000, false, "14.5", 30_450_000),
        (2_100_001, true, "12", 25_200_000),
        (10_000_000_000_i64, true, "12", 25_200_000),
        (209_999, false, "14.5", 3_045_000),
    ] {
        let asked = json!({"hired_on": "2012-01-01", "ended_on": "2026-06-29", "average_wage_fen": average,
                           "local_average_wage_fen": 700_000, "wage_class": 1, "last_month_wage_fen": 1});
        let got = result(&app, "severance", asked).await;
        assert_eq!(
            json!([got["capped"], got["months"], got["n_fen"]]),
            json!([capped, months, n]),
            "{average}"
        );
        assert_eq!(got["n_plus_one_fen"], n + 1, "the last month's wage, not the average");
        assert_eq!(got["double_fen"], n * 2);
    }
    // Half a month of an odd wage is rounded up, twice it is not rounded at all.
    let odd = json!({"hired_on": "2026-01-01", "ended_on": "2026-01-01", "average_wage_fen": 300_001,
                     "local_average_wage_fen": 700_000, "wage_class": 1});
    let got = result(&app, "severance", odd).await;
    assert_eq!((&got["n_fen"], &got["double_fen"]), (&json!(150_001), &json!(300_001)));
    assert_eq!(got["n_plus_one_fen"], json!(null));
}

#[tokio::test]
async fn a_job_from_before_2008_is_for_a_person_to_look_at() {
    let app = TestApp::start().await;
    for (hired, review) in [("2007-12-31", true), ("2008-01-01", false)] {
        let asked = json!({"hired_on": hired, "ended_on": "2026-06-30", "average_wage_fen": 800_000,
                           "local_average_wage_fen": 700_000, "wage_class": 1});
        let got = ask(&app, "severance", asked).await;
        assert_eq!(got["result"]["needs_review"], review);
        assert_eq!(got["notes"].to_string().contains("分段计算，人工复核"), review);
    }
}

#[tokio::test]
async fn no_more_than_eleven_months_are_owed_without_a_contract() {
    let app = TestApp::start().await;
    for (hired, signed, months, workdays) in [
        // Signed within the month, on its last day, and a day later.
        ("2025-03-01", "2025-03-01", 0, 0),
        ("2025-03-01", "2025-04-01", 0, 0),
        ("2025-03-01", "2025-04-02", 0, 1),
        ("2025-03-01", "2025-05-01", 1, 0),
        // The 4th and 5th are a Friday that is a holiday and a Saturday.
        ("2025-03-01", "2025-04-06", 0, 3),
        ("2024-02-29", "2025-02-28", 11, 0),
        // The spring festival and its make-up day are in between.
        ("2024-02-29", "2025-02-27", 10, 17),
        // The year from the 31st has a few days behind eleven months.
        ("2025-01-31", "2026-02-01", 11, 0),
        ("2025-03-01", "2026-03-01", 11, 0),
        ("2025-03-01", "2026-06-01", 11, 0),
    ] {
        let asked = json!({"hired_on": hired, "signed_on": signed, "monthly_wage_fen": 217_500});
        let got = result(&app, "no-contract", asked).await;
        let told = json!([got["months"], got["workdays"], got["extra_fen"]]);
        let due = json!([months, workdays, 217_500 * months + 10_000 * workdays]);
        assert_eq!(told, due, "{hired} {signed}");
    }
    let ended = json!({"hired_on": "2025-03-01", "ended_on": "2025-05-31", "monthly_wage_fen": 217_500});
    let got = result(&app, "no-contract", ended).await;
    assert_eq!((&got["months"], &got["open_ended_from"]), (&json!(2), &json!(null)));
    let tomorrow = json!({"hired_on": "2026-12-01", "monthly_wage_fen": 217_500});
    assert_eq!(result(&app, "no-contract", tomorrow).await["extra_fen"], 0);
}

#[tokio::test]
async fn leave_is_in_proportion_and_never_taken_back() {
    let app = TestApp::start().await;
    for (inputs, due, unused) in [
        (json!({"worked_years": 20, "left_on": "2024-12-31"}), 15, 15),
        (json!({"worked_years": 20, "left_on": "2026-12-31", "taken_days": 15}), 15, 0),
        (json!({"worked_years": 20, "left_on": "2026-12-30"}), 14, 14),
        (json!({"worked_years": 1, "left_on": "2026-03-13"}), 0, 0),
        (json!({"worked_years": 1, "left_on": "2026-03-14"}), 1, 1),
        (json!({"worked_years": 1, "left_on": "2026-03-14", "taken_days": 5}), 1, 0),
        (json!({"worked_years": 10, "joined_on": "2026-12-31"}), 0, 0),
        (json!({"worked_years": 10, "joined_on": "2026-04-01", "left_on": "2026-06-30"}), 2, 2),
        (json!({"worked_years": 10, "joined_on": "2025-04-01", "left_on": "2026-06-30"}), 4, 4),
        (json!({"worked_years": 10, "worked_twelve_months": false}), 0, 0),
        (json!({"worked_years": 10, "longer_school_holidays": true}), 0, 0),
        (json!({"worked_years": 10, "paid_personal_days": 19}), 10, 10),
        (json!({"worked_years": 10, "paid_personal_days": 20}), 0, 0),
        (json!({"worked_years": 9, "sick_months": 2}), 0, 0),
        (json!({"worked_years": 10, "sick_months": 2}), 10, 10),
        (json!({"worked_years": 10, "sick_months": 3}), 0, 0),
        (json!({"worked_years": 20, "sick_months": 3}), 15, 15),
        (json!({"worked_years": 20, "sick_months": 4}), 0, 0),
    ] {
        let got = result(&app, "annual-leave", inputs.clone()).await;
        assert_eq!((&got["due_days"], &got["unused_days"]), (&json!(due), &json!(unused)), "{inputs}");
    }
}

#[tokio::test]
async fn allowances_go_by_grade_and_dependants_share_one_wage() {
    let app = TestApp::start().await;
    let base = |more: serde_json::Value| {
        let mut asked =
            json!({"on": "2025-06-30", "own_wage_fen": 600_000, "local_average_wage_fen": 700_000});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    for (grade, idle, due) in [
        (1, false, json!(540_000)),
        (4, false, json!(450_000)),
        (5, false, json!(null)),
        (5, true, json!(420_000)),
        (6, true, json!(360_000)),
        (7, true, json!(null)),
    ] {
        let got = result(&app, "work-injury", base(json!({"grade": grade, "no_suitable_work": idle}))).await;
        assert_eq!(got["allowance_fen"], due, "{grade} {idle}");
    }
    for (nursing, due) in [("full", 350_000), ("most", 280_000), ("part", 210_000)] {
        let got = result(&app, "work-injury", base(json!({"grade": 1, "nursing": nursing}))).await;
        assert_eq!(got["nursing_fen"], due);
    }
    for (own, wage) in
        [(419_999, 420_000), (420_001, 420_001), (2_100_000, 2_100_000), (2_100_001, 2_100_000)]
    {
        let got = result(&app, "work-injury", base(json!({"grade": 10, "own_wage_fen": own}))).await;
        assert_eq!((&got["wage_fen"], &got["lump_sum_fen"]), (&json!(wage), &json!(wage * 7)));
    }
    let one = |relation: &str, alone: bool| json!({"relation": relation, "alone": alone});
    for (dependants, due) in [
        (json!([]), json!(null)),
        (json!([one("spouse", false)]), json!(240_000)),
        (json!([one("spouse", true), one("other", false)]), json!(480_000)),
        (json!([one("spouse", false), one("other", false), one("other", false)]), json!(600_000)),
        (json!([one("spouse", false), one("other", true), one("other", true)]), json!(600_000)),
    ] {
        let got = result(&app, "work-injury", base(json!({"died": true, "dependants": dependants}))).await;
        assert_eq!(got["dependants_fen"], due, "{dependants}");
        assert_eq!(got["lump_sum_fen"], json!(null));
    }
    let leave = result(&app, "work-injury", base(json!({"grade": 10, "leave_months": 24}))).await;
    assert_eq!(leave["leave_fen"], 14_400_000);
}

#[tokio::test]
async fn probation_beyond_the_most_is_paid_for() {
    let app = TestApp::start().await;
    for (served, excess) in [(0, 0), (2, 0), (3, 1), (6, 4)] {
        let asked = json!({"term": "fixed", "starts_on": "2026-01-31", "ends_on": "2027-01-30", "agreed_months": 6,
                           "served_months": served, "full_wage_fen": 500_000, "probation_wage_fen": 399_999, "wage_class": 1});
        let got = result(&app, "probation", asked).await;
        assert_eq!(json!([got["max_months"], got["last_day"]]), json!([2, "2026-03-30"]));
        let told = json!([
            got["excess_months"],
            got["compensation_fen"],
            got["wage_is_lawful"],
            got["shortfall_fen"]
        ]);
        assert_eq!(told, json!([excess, 500_000 * excess, false, 1]));
    }
}

#[tokio::test]
async fn retiring_early_or_late_has_its_bounds() {
    let app = TestApp::start().await;
    for (kind, born, earliest, at, latest, months) in [
        ("male", "1964-12", "2024-12", "2024-12", "2027-12", 180),
        ("male", "1965-01", "2025-01", "2025-02", "2028-02", 180),
        ("male", "1976-09", "2036-09", "2039-09", "2042-09", 240),
        ("female_50", "1984-11", "2036-11", "2039-11", "2042-11", 240),
        ("female_55", "1974-12", "2029-12", "2031-03", "2034-03", 192),
        ("male", "1969-03", "2029-03", "2030-04", "2033-04", 186),
    ] {
        let got = result(&app, "retirement", json!({"kind": kind, "born_in": born})).await;
        let told = json!([got["earliest_in"], got["retires_in"], got["latest_in"], got["pension_months"]]);
        assert_eq!(told, json!([earliest, at, latest, months]), "{kind} {born}");
    }
}

#[tokio::test]
async fn periods_end_on_working_days_and_begin_anew() {
    let app = TestApp::start().await;
    let breach = |more: serde_json::Value| {
        let mut asked = json!({"event": "knew_of_breach", "on": "2025-06-30"});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    for (more, last) in [
        (json!({"interrupted_on": "2025-12-01"}), "2026-12-01"),
        (json!({"interrupted_on": "2026-06-30"}), "2027-06-30"),
        // It was over by then.
        (json!({"interrupted_on": "2026-07-01"}), "2026-06-30"),
        (json!({"suspended_days": 1}), "2026-07-01"),
        // A Saturday.
        (json!({"suspended_days": 4}), "2026-07-06"),
        (json!({"suspended_days": 1, "interrupted_on": "2026-07-01"}), "2027-07-02"),
        (json!({"wage_arrears": true, "employment_ended_on": "2025-10-01"}), "2026-10-08"),
        // A Saturday that is worked.
        (json!({"wage_arrears": true, "employment_ended_on": "2025-10-10"}), "2026-10-10"),
    ] {
        let got = result(&app, "limitation", breach(more.clone())).await;
        assert_eq!(got["deadlines"][0]["last_day"], last, "{more}");
    }
    // Next year's arrangement may move the last day.
    for (on, told) in [("2026-01-05", true), ("2025-11-25", false)] {
        let got = ask(&app, "limitation", json!({"event": "injured", "on": on})).await;
        assert_eq!(got["notes"].to_string().contains("放假安排逐年公布"), told, "{on}");
    }
    let lasting = ask(&app, "limitation", breach(json!({"wage_arrears": true}))).await;
    assert_eq!(lasting["result"]["deadlines"], json!([]));
    assert!(lasting["notes"].to_string().contains("不受一年时效限制"));
    for (event, n, computed, last) in [
        ("mediation_requested", 0, "2026-03-17", "2026-03-17"),
        ("arbitration_filed", 0, "2026-03-07", "2026-03-09"),
        ("award_received", 1, "2026-04-01", "2026-04-01"),
        ("injured", 0, "2026-04-01", "2026-04-01"),
        ("injured", 1, "2027-03-02", "2027-03-02"),
        ("injury_filing_accepted", 0, "2026-03-17", "2026-03-17"),
        ("injury_filing_accepted", 1, "2026-05-01", "2026-05-06"),
    ] {
        let got = result(&app, "limitation", json!({"event": event, "on": "2026-03-02"})).await;
        let told = json!([got["deadlines"][n]["computed_on"], got["deadlines"][n]["last_day"]]);
        assert_eq!(told, json!([computed, last]), "{event}");
    }
}

#[tokio::test]
async fn the_tail_of_a_wage_pays_no_dues() {
    let app = TestApp::start().await;
    for (wage, due) in
        [(0, 0), (999, 0), (1_000, 5), (1_999, 5), (2_000, 10), (10_000_000_000_i64, 50_000_000)]
    {
        assert_eq!(result(&app, "dues", json!({"basic_wage_fen": wage})).await["dues_fen"], due, "{wage}");
    }
    let none = result(&app, "dues", json!({"payroll_fen": 0})).await;
    assert_eq!(none, json!({"dues_fen": null, "funds_fen": 0, "kept_fen": 0, "passed_on_fen": 0}));
}
