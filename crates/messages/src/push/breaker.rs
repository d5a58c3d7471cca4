//! A breaker before the gateway: while it does not answer, one push every half minute asks again and the others wait
//! without using up their tries, so that a gateway that is down holds up no other background work.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open.
const OPEN_SECONDS: i64 = 30;

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

/// The breaker of a process.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

impl Breaker {
    /// Until when nothing is sent; `None` when something may be. The first that asks after that time may, and is the one
    /// that finds out for all.
    pub fn closed_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if until > now => Some(until),
            Some(_) => {
                state.open_until = Some(now + Duration::seconds(OPEN_SECONDS));
                None
            }
            None => None,
        }
    }

    /// Notes whether the gateway answered.
    pub fn note(&self, answered: bool, now: DateTime<Utc>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now + Duration::seconds(OPEN_SECONDS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_ask_again() {
        let now: DateTime<Utc> = "2026-11-20T04:00:00Z".parse().unwrap();
        let breaker = Breaker::default();
        for _ in 0..4 {
            breaker.note(false, now);
        }
        breaker.note(true, now);
        for n in 0..5 {
            assert_eq!(breaker.closed_until(now), None, "after {n} failures in a row");
            breaker.note(false, now);
        }
        let later = now + Duration::seconds(30);
        assert_eq!(breaker.closed_until(now), Some(later));
        assert_eq!(breaker.closed_until(later), None, "one asks");
        assert_eq!(breaker.closed_until(later), Some(later + Duration::seconds(30)), "the others wait");
        breaker.note(false, later);
        assert_eq!(breaker.closed_until(later), Some(later + Duration::seconds(30)));
        breaker.note(true, later);
        assert_eq!(breaker.closed_until(later), None);
    }
}
