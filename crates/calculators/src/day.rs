//! Days, months and years as the law counts them: the first day is not counted, a period of months or years ends on the
//! day of the same number and, where the month has none, on its last (民法典 201, 202).

use chrono::{Days, Months, NaiveDate};

/// The day of the same number `months` later, or that month's last.
pub fn months_after(from: NaiveDate, months: u32) -> NaiveDate {
    from.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// So many days later.
pub fn days_after(from: NaiveDate, days: u32) -> NaiveDate {
    from.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX)
}

/// The day before.
pub fn eve(of: NaiveDate) -> NaiveDate {
    of.pred_opt().unwrap_or(of)
}

/// How many whole months lie from `first` to `last`, both counted. Each month's end is found from `first`, so that the
/// 31st stays the 31st behind a February.
pub fn full_months(first: NaiveDate, last: NaiveDate) -> u32 {
    let end = days_after(last, 1);
    // 1900 to 2199, with the margin of a retirement.
    (1..=4_800).take_while(|months| months_after(first, *months) <= end).count().try_into().unwrap_or(0)
}

/// How many days lie from `first` to `last`, both counted; none when `last` is earlier.
pub fn days_from(first: NaiveDate, last: NaiveDate) -> u32 {
    u32::try_from((last - first).num_days() + 1).unwrap_or(0)
}

/// Every day from `first` to `last`, both counted.
pub fn each(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_end_on_the_day_of_their_number_or_on_their_last() {
        for (from, months, to) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2024-02-29", 48, "2028-02-29"),
            ("2025-12-31", 0, "2025-12-31"),
        ] {
            assert_eq!(months_after(day(from), months), day(to), "{from} + {months}");
        }
    }

    #[test]
    fn both_ends_are_counted() {
        for (first, last, months) in [
            ("2026-01-01", "2026-01-30", 0),
            ("2026-01-01", "2026-01-31", 1),
            ("2026-01-31", "2026-02-27", 1),
            ("2026-01-31", "2026-03-29", 1),
            ("2026-01-31", "2026-03-30", 2),
            ("2020-02-29", "2026-02-26", 71),
            ("2020-02-29", "2026-02-27", 72),
            ("2026-01-02", "2026-01-01", 0),
        ] {
            assert_eq!(full_months(day(first), day(last)), months, "{first} to {last}");
        }
        assert_eq!(days_from(day("2026-07-01"), day("2026-12-31")), 184);
        assert_eq!(days_from(day("2026-07-01"), day("2026-06-29")), 0);
    }
}
