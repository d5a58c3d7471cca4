//! Working time, over the calendars that were published.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use proptest::prelude::*;
use unionhall_casework::calendar::{Calendar, CalendarDay, DayKind};
use unionhall_casework::hours::{Hours, Limit, due, elapsed};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

// Shanghai's wall clock.
fn at(text: &str) -> DateTime<Utc> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
}

// The arrangement of 2026, typed here once more from the notice.
fn spring_2026() -> Calendar {
    let kinds = [
        (DayKind::Work, vec!["2026-02-14", "2026-02-28"]),
        (DayKind::Statutory, vec!["2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19"]),
        (DayKind::Rest, vec!["2026-02-20", "2026-02-23"]),
    ];
    Calendar::of(
        kinds
            .iter()
            .flat_map(|(kind, days)| days.iter().map(|date| CalendarDay { date: day(date), kind: *kind })),
    )
}

#[test]
fn the_office_works_two_periods_and_a_make_up_saturday() {
    let calendar = spring_2026();
    let worked = |from: &str, to: &str| elapsed(&calendar, Hours::Office, at(from), at(to)).num_minutes();
    assert_eq!(worked("2026-02-13 00:00", "2026-02-14 00:00"), 420);
    assert_eq!(worked("2026-02-13 11:30", "2026-02-13 14:30"), 60, "nothing counts at noon");
    assert_eq!(worked("2026-02-14 00:00", "2026-02-15 00:00"), 420, "a Saturday that is worked");
    assert_eq!(worked("2026-02-15 00:00", "2026-02-24 00:00"), 0, "nine days off");
    assert_eq!(worked("2026-02-13 17:00", "2026-02-24 10:00"), 60 + 420 + 60);
    assert_eq!(worked("2026-02-24 10:00", "2026-02-13 17:00"), 0, "time does not run backwards");
}

#[test]
fn what_is_due_is_due_when_the_last_of_it_has_passed() {
    let calendar = spring_2026();
    let by = |from: &str, minutes: i64| due(&calendar, Hours::Office, at(from), Duration::minutes(minutes));
    assert_eq!(by("2026-02-13 10:00", 0), at("2026-02-13 10:00"));
    assert_eq!(by("2026-02-13 10:00", 120), at("2026-02-13 12:00"), "at noon, not when the afternoon begins");
    assert_eq!(by("2026-02-13 10:00", 121), at("2026-02-13 14:01"));
    assert_eq!(by("2026-02-13 02:00", 420), at("2026-02-13 18:00"), "asked in the night");
    assert_eq!(by("2026-02-14 18:00", 1), at("2026-02-24 09:01"));
    let limit = |limit: Limit, from: &str| {
        let (hours, amount) = limit.from(&calendar, at(from));
        due(&calendar, hours, at(from), amount)
    };
    assert_eq!(limit(Limit::WorkingDays(1), "2026-02-13 10:00"), at("2026-02-14 10:00"));
    assert_eq!(limit(Limit::WorkingDays(2), "2026-02-13 10:00"), at("2026-02-24 10:00"));
    assert_eq!(
        limit(Limit::CalendarDays(7), "2026-02-13 10:00"),
        at("2026-02-21 00:00"),
        "the law counts on"
    );
    assert_eq!(limit(Limit::Earlier(2, 7), "2026-02-13 10:00"), at("2026-02-21 00:00"));
    assert_eq!(limit(Limit::Earlier(2, 30), "2026-02-13 10:00"), at("2026-02-24 10:00"));
    assert_eq!(
        limit(Limit::Minutes(30), "2026-02-17 23:45"),
        at("2026-02-18 00:15"),
        "duty knows no holiday"
    );
}

#[test]
fn worked_days_are_counted_from_the_day_after() {
    let calendar = spring_2026();
    assert_eq!(calendar.workdays_after(day("2026-02-13"), 0), day("2026-02-13"));
    assert_eq!(calendar.workdays_after(day("2026-02-13"), 1), day("2026-02-14"));
    assert_eq!(calendar.workdays_after(day("2026-02-14"), 1), day("2026-02-24"));
    assert_eq!(calendar.next_workday(day("2026-02-16")), day("2026-02-24"));
    assert_eq!(calendar.next_workday(day("2026-02-28")), day("2026-02-28"));
}

// A minute of the six weeks around Spring Festival 2026.
fn minute() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..42 * 1440).prop_map(|n| at("2026-01-26 00:00") + Duration::minutes(n))
}

proptest! {
    #[test]
    fn segments_add_up_wherever_they_are_cut(mut cuts in prop::collection::vec(minute(), 2..12)) {
        let calendar = spring_2026();
        cuts.sort();
        for hours in Hours::ALL {
            let whole = elapsed(&calendar, *hours, cuts[0], cuts[cuts.len() - 1]);
            let parts: Duration = cuts.windows(2).map(|two| elapsed(&calendar, *hours, two[0], two[1])).sum();
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn due_and_elapsed_are_each_others_inverse(from in minute(), minutes in 1i64..5_000) {
        let calendar = spring_2026();
        for hours in Hours::ALL {
            let amount = Duration::minutes(minutes);
            let end = due(&calendar, *hours, from, amount);
            prop_assert_eq!(elapsed(&calendar, *hours, from, end), amount);
            prop_assert!(elapsed(&calendar, *hours, from, end - Duration::minutes(1)) < amount, "the first such instant");
        }
    }
}
