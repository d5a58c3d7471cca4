//! Working time: how much of it lies between two instants, and when an amount of it will have passed. Instants are UTC, days
//! and hours are Shanghai's.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use unionhall_kernel::clock::{shanghai_date, shanghai_day_start};

use crate::calendar::Calendar;

/// By which hours a clock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hours {
    /// Day and night, every day: duty, and periods the law counts in calendar days.
    RoundTheClock,
    /// 09:00 to 12:00 and 14:00 to 18:00 on working days.
    Office,
}

/// The minutes of a day that the office works; several periods, so that nothing counts at noon.
const OFFICE: &[(u32, u32)] = &[(9 * 60, 12 * 60), (14 * 60, 18 * 60)];
const ALL_DAY: &[(u32, u32)] = &[(0, 24 * 60)];
/// Beyond this nobody has a deadline; it bounds the search where a calendar has no working days at all.
const HORIZON_DAYS: usize = 3660;

impl Hours {
    /// Every scheme.
    pub const ALL: &[Hours] = &[Self::RoundTheClock, Self::Office];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoundTheClock => "round_the_clock",
            Self::Office => "office",
        }
    }

    /// Working time of one working day of the office: seven hours.
    pub fn office_day() -> Duration {
        Duration::minutes(OFFICE.iter().map(|(from, to)| i64::from(to - from)).sum())
    }

    // The periods of a day, as instants.
    fn periods(
        self,
        calendar: &Calendar,
        day: NaiveDate,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let periods = match self {
            Self::RoundTheClock => ALL_DAY,
            Self::Office if calendar.is_workday(day) => OFFICE,
            Self::Office => &[],
        };
        let midnight = shanghai_day_start(day);
        let at = move |minute: u32| midnight + Duration::minutes(i64::from(minute));
        periods.iter().map(move |(from, to)| (at(*from), at(*to)))
    }
}

/// How much working time lies between two instants; none where the second is the earlier.
pub fn elapsed(calendar: &Calendar, hours: Hours, from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    if hours == Hours::RoundTheClock {
        return (to - from).max(Duration::zero());
    }
    let last = shanghai_date(to);
    let days = shanghai_date(from).iter_days().take_while(|day| *day <= last);
    let within = |(begins, ends): (DateTime<Utc>, DateTime<Utc>)| {
        (ends.min(to) - begins.max(from)).max(Duration::zero())
    };
    days.flat_map(|day| hours.periods(calendar, day)).map(within).sum()
}

/// When an amount of working time will have passed. What is over within a period is over at that instant; what falls due at
/// the end of a period is due then and not when the next begins.
pub fn due(calendar: &Calendar, hours: Hours, from: DateTime<Utc>, amount: Duration) -> DateTime<Utc> {
    if hours == Hours::RoundTheClock || amount <= Duration::zero() {
        return from + amount.max(Duration::zero());
    }
    let mut left = amount;
    let days = shanghai_date(from).iter_days().take(HORIZON_DAYS);
    for (begins, ends) in days.flat_map(|day| hours.periods(calendar, day)) {
        let begins = begins.max(from);
        let here = (ends - begins).max(Duration::zero());
        if here >= left && here > Duration::zero() {
            return begins + left;
        }
        left -= here;
    }
    from + Duration::days(HORIZON_DAYS as i64)
}

/// What a step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Minutes of the wall clock, on duty.
    Minutes(i64),
    /// Working days of the office, each of seven hours.
    WorkingDays(i64),
    /// Calendar days as the law counts them: the day after is the first, and the last ends at midnight (民法典 201).
    CalendarDays(i64),
    /// The earlier of working days and calendar days, where law and house rule both speak (decisions.md 26).
    Earlier(i64, i64),
    /// To the end of a day.
    Until(NaiveDate),
}

impl Limit {
    /// By which hours the limit goes, and how much of them it is from an instant on.
    pub fn from(self, calendar: &Calendar, at: DateTime<Utc>) -> (Hours, Duration) {
        let calendar_days = |n: i64| {
            let last = shanghai_date(at) + Duration::days(n + 1);
            (Hours::RoundTheClock, shanghai_day_start(last) - at)
        };
        let working_days =
            |n: i64| (Hours::Office, Hours::office_day() * i32::try_from(n).unwrap_or(i32::MAX));
        match self {
            Self::Minutes(n) => (Hours::RoundTheClock, Duration::minutes(n)),
            Self::WorkingDays(n) => working_days(n),
            Self::CalendarDays(n) => calendar_days(n),
            Self::Until(day) => {
                let ends = shanghai_day_start(day + Duration::days(1));
                (Hours::RoundTheClock, (ends - at).max(Duration::zero()))
            }
            Self::Earlier(working, law) => {
                let (house, days) = (working_days(working), calendar_days(law));
                if due(calendar, house.0, at, house.1) < at + days.1 { house } else { days }
            }
        }
    }
}
