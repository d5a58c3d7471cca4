//! Which hours a column stands for. Pure.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::text::nfkc_trimmed;
use unionhall_registry::import::column::{Columns, Meaning};

/// The columns of shifts, and what they are without hours of their own: minutes from the day's midnight. A night shift follows on
/// the late one where the file has that.
const SHIFTS: &[(&str, (i64, i64))] = &[
    ("duty", (0, 24 * 60)),
    ("day", (8 * 60, 20 * 60)),
    ("early", (8 * 60, 16 * 60)),
    ("middle", (12 * 60, 20 * 60)),
    ("late", (16 * 60, 24 * 60)),
    ("night", (20 * 60, 32 * 60)),
];

/// A column of shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub meaning: Meaning,
    /// Minutes from the day's midnight in Shanghai.
    minutes: (i64, i64),
}

impl Shift {
    /// Its instants on a day.
    pub fn on(self, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let at = |minutes| shanghai_day_start(day) + Duration::minutes(minutes);
        (at(self.minutes.0), at(self.minutes.1))
    }
}

// The hours in a title: 早班(8:00-12:00), 夜班（20时至次日8时）. None where it has none, or they are none.
fn hours(title: &str) -> Option<(i64, i64)> {
    let title = nfkc_trimmed(title);
    let (_, inside) = title.split_once('(')?;
    let ends: Vec<i64> = inside
        .split(['-', '~', '—', '至', '到'])
        .filter_map(|end| {
            let mut numbers = end.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
            let hour: i64 = numbers.next()?.parse().ok()?;
            let minute: i64 = numbers.next().unwrap_or("0").parse().ok()?;
            (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
        })
        .collect();
    let [from, to] = ends.as_slice() else { return None };
    let to = if to <= from { to + 24 * 60 } else { *to };
    Some((*from, to))
}

/// The columns of shifts that a file has.
pub(super) fn shifts(columns: &Columns) -> Vec<Shift> {
    let place = |key| columns.position(Meaning::Field(key));
    let found = SHIFTS.iter().filter_map(|(key, usual)| {
        let title = columns.titles().get(place(key)?)?;
        let follows = *key == "night" && place("late").is_some();
        let usual = if follows { (24 * 60, 32 * 60) } else { *usual };
        Some(Shift { meaning: Meaning::Field(key), minutes: hours(title).unwrap_or(usual) })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use unionhall_registry::import::Kind;

    use super::*;

    fn read(titles: &[&str]) -> Vec<(i64, i64)> {
        let columns = Columns::read(Kind::DutyRoster, titles.iter().map(|t| (*t).to_owned()).collect());
        shifts(&columns).iter().map(|shift| (shift.minutes.0 / 60, shift.minutes.1 / 60)).collect()
    }

    #[test]
    fn hours_are_those_of_the_title_or_the_usual_ones() {
        assert_eq!(read(&["日期", "早班", "晚班", "夜班", "备班"]), [(8, 16), (16, 24), (24, 32)]);
        assert_eq!(read(&["日期", "白班", "夜班"]), [(8, 20), (20, 32)]);
        assert_eq!(read(&["日期", "早班（8:00-12:00）", "夜班(20时至次日8时)"]), [(8, 12), (20, 32)]);
        assert_eq!(read(&["日期", "值班律师"]), [(0, 24)]);
        assert_eq!(hours("早班(8:30~17:00)"), Some((510, 1020)));
        for none in ["早班", "早班(上午)", "早班(25:00-26:00)", "早班(8:00)"] {
            assert_eq!(hours(none), None, "{none}");
        }
        let night = shifts(&Columns::read(Kind::DutyRoster, vec!["夜班(22:00-6:00)".to_owned()]));
        let (from, to) = night[0].on("2026-12-31".parse().unwrap());
        assert_eq!(
            (from.to_rfc3339(), to.to_rfc3339()),
            ("2026-12-31T14:00:00+00:00".into(), "2026-12-31T22:00:00+00:00".into())
        );
    }
}
