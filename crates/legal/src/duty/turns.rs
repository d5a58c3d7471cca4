//! Whose turn it is: a rotation's lawyers in their order over the shifts of days. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use unionhall_kernel::clock::shanghai_day_start;
use uuid::Uuid;

use super::NewShift;
use super::gap::Period;

/// A shift of every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins, minutes after midnight in Shanghai.
    pub minute: i32,
    /// How long it lasts, 1 to 24; past midnight where it begins late.
    pub hours: i32,
}

impl Slot {
    /// Its instants on a day.
    pub fn on(self, day: NaiveDate) -> Period {
        let from = shanghai_day_start(day) + Duration::minutes(self.minute.into());
        (from, from + Duration::hours(self.hours.into()))
    }
}

/// Lawyers in turn.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Who, in order.
    pub lawyers: Vec<Uuid>,
    /// The shifts of every day.
    pub slots: Vec<Slot>,
    /// The backup of a shift is whose turn comes so many places later.
    pub backup: Option<usize>,
    /// The day on which the first lawyer has the first shift: every day's turns follow from it, whichever are made when.
    pub first_day: NaiveDate,
}

/// When lawyers cannot: other shifts, leave, licences that are over.
pub type Busy = HashMap<Uuid, Vec<Period>>;

/// What a rotation comes to.
#[derive(Debug, Default)]
pub struct Turns {
    /// The shifts.
    pub shifts: Vec<NewShift>,
    /// Shifts for which nobody is free.
    pub unfilled: Vec<Period>,
}

fn is_free(busy: &Busy, lawyer: Uuid, (from, to): Period) -> bool {
    busy.get(&lawyer).is_none_or(|times| times.iter().all(|(begins, ends)| *ends <= from || to <= *begins))
}

/// The turns of days, the last one included, of what begins after `now` and is not `done` already. Who cannot is passed over, and has
/// their next turn where it would have been.
pub fn turns(
    pattern: &Pattern,
    (first, last): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
    done: &HashSet<DateTime<Utc>>,
    mut busy: Busy,
) -> Turns {
    let mut made = Turns::default();
    let in_turn =
        |begin: usize| pattern.lawyers.iter().copied().cycle().skip(begin).take(pattern.lawyers.len());
    let (Ok(count), Ok(slots)) = (i64::try_from(pattern.lawyers.len()), i64::try_from(pattern.slots.len()))
    else {
        return made;
    };
    if count == 0 {
        return made;
    }
    for day in first.iter_days().take_while(|day| *day <= last) {
        let before = (day - pattern.first_day).num_days() * slots;
        for (n, slot) in (0..).zip(&pattern.slots) {
            let period = slot.on(day);
            if period.0 <= now || done.contains(&period.0) {
                continue;
            }
            let turn = usize::try_from((before + n).rem_euclid(count)).unwrap_or(0);
            let Some((place, lawyer)) =
                (turn..).zip(in_turn(turn)).find(|(_, lawyer)| is_free(&busy, *lawyer, period))
            else {
                made.unfilled.push(period);
                continue;
            };
            busy.entry(lawyer).or_default().push(period);
            let backup = pattern.backup.and_then(|offset| {
                let begin = (place + offset) % pattern.lawyers.len();
                in_turn(begin).find(|other| is_free(&busy, *other, period))
            });
            if let Some(backup) = backup {
                busy.entry(backup).or_default().push(period);
            }
            made.shifts.push(NewShift { lawyer, backup, starts_at: period.0, ends_at: period.1 });
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn pattern(lawyers: u128, slots: &[(i32, i32)], backup: Option<usize>) -> Pattern {
        Pattern {
            lawyers: (1..=lawyers).map(Uuid::from_u128).collect(),
            slots: slots.iter().map(|(minute, hours)| Slot { minute: *minute, hours: *hours }).collect(),
            backup,
            first_day: day("2026-12-01"),
        }
    }

    fn places(turns: &Turns) -> Vec<(u128, Option<u128>)> {
        turns.shifts.iter().map(|s| (s.lawyer.as_u128(), s.backup.map(|b| b.as_u128()))).collect()
    }

    fn made(pattern: &Pattern, from: &str, to: &str, busy: Busy) -> Turns {
        turns(pattern, (day(from), day(to)), DateTime::UNIX_EPOCH, &HashSet::new(), busy)
    }

    #[test]
    fn a_night_shift_runs_past_midnight_in_shanghai() {
        let (from, to) = Slot { minute: 22 * 60, hours: 10 }.on(day("2026-12-31"));
        assert_eq!(
            (from.to_rfc3339(), to.to_rfc3339()),
            ("2026-12-31T14:00:00+00:00".into(), "2027-01-01T00:00:00+00:00".into())
        );
    }

    #[test]
    fn turns_do_not_depend_on_where_a_range_begins() {
        let of = pattern(3, &[(480, 8), (960, 8)], Some(1));
        let all = places(&made(&of, "2026-12-01", "2026-12-03", Busy::new()));
        assert_eq!(all, [(1, Some(2)), (2, Some(3)), (3, Some(1)), (1, Some(2)), (2, Some(3)), (3, Some(1))]);
        assert_eq!(places(&made(&of, "2026-12-03", "2026-12-03", Busy::new())), all[4..]);
        assert_eq!(places(&made(&of, "2026-11-30", "2026-11-30", Busy::new())), [(2, Some(3)), (3, Some(1))]);
    }

    #[test]
    fn who_cannot_is_passed_over_and_nobody_stands_in_for_themself() {
        let of = pattern(2, &[(480, 8)], Some(1));
        let away = (shanghai_day_start(day("2026-12-01")), shanghai_day_start(day("2026-12-02")));
        let busy = Busy::from([(Uuid::from_u128(1), vec![away])]);
        assert_eq!(places(&made(&of, "2026-12-01", "2026-12-02", busy)), [(2, None), (2, Some(1))]);
        let alone = pattern(1, &[(0, 24)], None);
        assert_eq!(places(&made(&alone, "2026-12-01", "2026-12-02", Busy::new())), [(1, None), (1, None)]);
        let double = pattern(1, &[(0, 12), (360, 12)], None);
        let short = made(&double, "2026-12-01", "2026-12-01", Busy::new());
        assert_eq!((short.shifts.len(), short.unfilled.len()), (1, 1));
    }

    proptest! {
        #[test]
        fn nobody_is_in_two_places(
            lawyers in 1u128..6, backup in proptest::option::of(1usize..6), days in 1i64..20,
            slots in proptest::collection::vec((0i32..1440, 1i32..=24), 1..5),
        ) {
            let of = pattern(lawyers, &slots, backup);
            let first = day("2026-12-20");
            let made = turns(&of, (first, first + Duration::days(days - 1)), DateTime::UNIX_EPOCH, &HashSet::new(), Busy::new());
            let wanted = usize::try_from(days).unwrap() * slots.len();
            prop_assert_eq!(made.shifts.len() + made.unfilled.len(), wanted);
            let mut times: Busy = Busy::new();
            for shift in &made.shifts {
                prop_assert_ne!(Some(shift.lawyer), shift.backup);
                for who in std::iter::once(shift.lawyer).chain(shift.backup) {
                    prop_assert!(is_free(&times, who, (shift.starts_at, shift.ends_at)));
                    times.entry(who).or_default().push((shift.starts_at, shift.ends_at));
                }
            }
        }
    }
}
