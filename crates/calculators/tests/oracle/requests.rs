//! Requests that somebody could make, with a liking for ends of months, leap days and the bounds of the rules.

use chrono::{Datelike, Days, NaiveDate};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use unionhall_calculators::calculation::Calculator;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A date within bounds; every third one at the end of a month or beside it.
fn date(chance: &mut StdRng, first: &str, last: &str) -> NaiveDate {
    let (first, last) = (day(first), day(last));
    let length = u64::try_from((last - first).num_days()).unwrap();
    let found = first + Days::new(chance.random_range(0..=length));
    if chance.random_range(0..3) > 0 {
        return found;
    }
    let next_month =
        if found.month() == 12 { (found.year() + 1, 1) } else { (found.year(), found.month() + 1) };
    let begins = NaiveDate::from_ymd_opt(next_month.0, next_month.1, 1).unwrap();
    let near = begins - Days::new(chance.random_range(0..4));
    near.clamp(first, last)
}

/// A date some days after another.
fn later(chance: &mut StdRng, than: NaiveDate, days: u64) -> NaiveDate {
    than + Days::new(chance.random_range(0..=days))
}

/// A wage in fen: ordinary, odd, tiny or huge.
fn wage(chance: &mut StdRng) -> i64 {
    match chance.random_range(0..8) {
        0 => chance.random_range(1..1_000),
        1 => chance.random_range(1..=10_000_000_000),
        2 => chance.random_range(10..500) * 10_000,
        _ => chance.random_range(100_000..4_000_000),
    }
}

fn maybe<T>(chance: &mut StdRng, make: impl FnOnce(&mut StdRng) -> T) -> Option<T> {
    chance.random_bool(0.5).then(|| make(chance))
}

fn hours(chance: &mut StdRng, most: u32) -> String {
    let hundredths = chance.random_range(0..=most * 100);
    match chance.random_range(0..3) {
        0 => (hundredths / 100).to_string(),
        1 => format!("{}.{}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{}.{:02}", hundredths / 100, hundredths % 100),
    }
}

fn one_of(chance: &mut StdRng, words: &[&'static str]) -> &'static str {
    words[chance.random_range(0..words.len())]
}

// A minimum wage that is given, or the class of one.
fn with_minimum(chance: &mut StdRng, mut asked: Value) -> Value {
    match chance.random_bool(0.3) {
        true => asked["minimum_wage_fen"] = json!(chance.random_range(1..500_000)),
        false => asked["wage_class"] = json!(chance.random_range(1..=3)),
    }
    asked
}

fn overtime(chance: &mut StdRng) -> Value {
    let days: Vec<Value> = (0..chance.random_range(0..4))
        .map(|_| json!({"date": date(chance, "2025-01-01", "2027-12-31"), "hours": hours(chance, 24)}))
        .collect();
    json!({
        "monthly_wage_fen": wage(chance),
        "working_time": one_of(chance, &["standard", "standard", "comprehensive", "flexible"]),
        // At least something, since none at all is refused.
        "workday_hours": format!("{}.01", chance.random_range(0..300)),
        "rest_day_hours": maybe(chance, |chance| hours(chance, 744)),
        "holiday_hours": maybe(chance, |chance| hours(chance, 744)),
        "days": days,
        "on": maybe(chance, |chance| date(chance, "2008-01-03", "2030-12-31")),
    })
}

fn severance(chance: &mut StdRng) -> Value {
    let ended = date(chance, "2022-01-01", "2030-12-31");
    let hired = match chance.random_range(0..3) {
        0 => date(chance, "1990-01-01", "2021-12-31"),
        // Round a whole or half number of years.
        1 => {
            let months = chrono::Months::new(6 * chance.random_range(0..40));
            (ended - months) + Days::new(chance.random_range(0..4)) - Days::new(2)
        }
        _ => ended - Days::new(chance.random_range(0..800)),
    };
    let asked = json!({
        "hired_on": hired.min(ended),
        "ended_on": ended,
        "average_wage_fen": wage(chance),
        "last_month_wage_fen": maybe(chance, wage),
        "local_average_wage_fen": chance.random_range(100_000..1_500_000),
    });
    with_minimum(chance, asked)
}

fn no_contract(chance: &mut StdRng) -> Value {
    let hired = date(chance, "2008-01-03", "2026-11-20");
    json!({
        "hired_on": hired,
        "signed_on": maybe(chance, |chance| later(chance, hired, 420)),
        "ended_on": maybe(chance, |chance| later(chance, hired, 420)),
        "monthly_wage_fen": wage(chance),
    })
}

fn annual_leave(chance: &mut StdRng) -> Value {
    let joined = maybe(chance, |chance| date(chance, "2009-01-01", "2030-12-31"));
    let left = maybe(chance, |chance| match joined {
        Some(joined) => later(chance, joined, 500),
        None => date(chance, "2009-01-01", "2030-12-31"),
    });
    let year = if joined.or(left).is_some() { None } else { Some(chance.random_range(2008..2030)) };
    json!({
        "worked_years": one_of(chance, &["0", "1", "9", "10", "19", "20", "33"]).parse::<u32>().unwrap(),
        "worked_twelve_months": maybe(chance, |chance| chance.random_bool(0.9)),
        "joined_on": joined,
        "left_on": left,
        "year": year,
        "taken_days": chance.random_range(0..18),
        "monthly_wage_fen": maybe(chance, wage),
        "longer_school_holidays": chance.random_bool(0.05),
        "paid_personal_days": chance.random_range(0..22),
        "sick_months": chance.random_range(0..6),
    })
}

fn work_injury(chance: &mut StdRng) -> Value {
    let died = chance.random_bool(0.4);
    let mut asked = json!({
        "on": date(chance, "2024-01-01", "2025-12-31"),
        "died": died,
        "own_wage_fen": wage(chance),
        "local_average_wage_fen": chance.random_range(100_000..1_500_000),
        "no_suitable_work": chance.random_bool(0.5),
        "leave_months": chance.random_range(0..=24),
        "dependants": [],
    });
    if died {
        let dependants = (0..chance.random_range(0..6)).map(
            |_| json!({"relation": one_of(chance, &["spouse", "other"]), "alone": chance.random_bool(0.3)}),
        );
        asked["dependants"] = dependants.collect();
        asked["national_income_fen"] = json!(maybe(chance, |chance| chance.random_range(1..10_000_000)));
    } else {
        asked["grade"] = json!(chance.random_range(1..=10));
        asked["nursing"] = json!(maybe(chance, |chance| one_of(chance, &["full", "most", "part"])));
    }
    asked
}

fn probation(chance: &mut StdRng) -> Value {
    let starts = date(chance, "2022-01-01", "2030-12-31");
    let term = one_of(chance, &["fixed", "fixed", "fixed", "open_ended", "task"]);
    // Round the three months, one and three years at which the rule changes.
    let months = chrono::Months::new([1, 3, 12, 36, 60][chance.random_range(0..5)]);
    let near = (starts + months) + Days::new(chance.random_range(0..4)) - Days::new(3);
    let asked = json!({
        "term": term,
        "starts_on": starts,
        "ends_on": (term == "fixed").then_some(near),
        "agreed_months": chance.random_range(0..=12),
        "served_months": chance.random_range(0..=12),
        "full_wage_fen": wage(chance),
        "probation_wage_fen": maybe(chance, wage),
    });
    with_minimum(chance, asked)
}

fn retirement(chance: &mut StdRng) -> Value {
    let born = date(chance, "1940-01-01", "2010-12-31");
    json!({"kind": one_of(chance, &["male", "female_55", "female_50"]), "born_in": born.format("%Y-%m").to_string()})
}

fn limitation(chance: &mut StdRng) -> Value {
    let event = one_of(
        chance,
        &[
            "knew_of_breach",
            "knew_of_breach",
            "knew_of_breach",
            "mediation_requested",
            "arbitration_filed",
            "arbitration_accepted",
            "award_received",
            "injured",
            "injury_filing_accepted",
        ],
    );
    let of_breach = event == "knew_of_breach";
    let on = date(chance, "2022-01-01", "2025-12-31");
    let arrears = of_breach && chance.random_bool(0.4);
    json!({
        "event": event,
        "on": on,
        "wage_arrears": arrears,
        // The calendar is known to the end of 2027; nothing here may end later.
        "employment_ended_on": if arrears { maybe(chance, |chance| date(chance, "2022-01-01", "2025-12-31")) } else { None },
        "interrupted_on": if of_breach { maybe(chance, |chance| later(chance, on, 300)) } else { None },
        "suspended_days": if of_breach { chance.random_range(0..60) } else { 0 },
    })
}

fn dues(chance: &mut StdRng) -> Value {
    let (wage, payroll) = (maybe(chance, wage), chance.random_range(0..=1_000_000_000_000_i64));
    // One of the two has to be told.
    let payroll = if wage.is_none() || chance.random_bool(0.5) { Some(payroll) } else { None };
    json!({
        "basic_wage_fen": wage,
        "retained": chance.random_bool(0.2),
        "payroll_fen": payroll,
        "on": maybe(chance, |chance| date(chance, "2000-01-01", "2030-12-31")),
    })
}

/// A request of a calculator.
pub fn made_up(of: Calculator, chance: &mut StdRng) -> Value {
    match of {
        Calculator::Overtime => overtime(chance),
        Calculator::Severance => severance(chance),
        Calculator::NoContract => no_contract(chance),
        Calculator::AnnualLeave => annual_leave(chance),
        Calculator::WorkInjury => work_injury(chance),
        Calculator::Probation => probation(chance),
        Calculator::Retirement => retirement(chance),
        Calculator::Limitation => limitation(chance),
        Calculator::Dues => dues(chance),
    }
}
