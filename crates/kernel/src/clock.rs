//! Time and chance as arguments: every room takes a [`Clock`] and an [`IdGen`], so a test owns both.
//!
//! Instants are UTC; business dates are the civil date in Asia/Shanghai (UTC+8; China has had no
//! daylight saving since 1991, and no older instant is ever turned into a date: older dates come as dates).

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};
use uuid::Uuid;

const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// The fixed offset of Asia/Shanghai.
pub fn shanghai() -> FixedOffset {
    // 8 h is within the range FixedOffset accepts; the fallback is unreachable.
    FixedOffset::east_opt(SHANGHAI_SECONDS).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// The civil date in Asia/Shanghai at an instant.
pub fn shanghai_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&shanghai()).date_naive()
}

/// The instant at which a Shanghai day begins (00:00 +08:00).
pub fn shanghai_day_start(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    Utc.from_utc_datetime(&(midnight - Duration::seconds(i64::from(SHANGHAI_SECONDS))))
}

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The current instant, truncated to milliseconds, as every instant on the wire and in the store is.
    fn now(&self) -> DateTime<Utc>;

    /// Today's civil date in Asia/Shanghai.
    fn today(&self) -> NaiveDate {
        shanghai_date(self.now())
    }
}

fn from_millis(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that reads the machine's clock
    fn now(&self) -> DateTime<Utc> {
        from_millis(Utc::now().timestamp_millis())
    }
}

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `at`.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(at.timestamp_millis()))
    }

    /// Moves the clock by `by`; negative moves it back.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    /// Puts the clock at `at`.
    pub fn set(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The machine's clock, set ahead: what comes tomorrow can be seen today. For the development profile alone.
#[derive(Debug, Default)]
pub struct AheadClock(AtomicI64);

impl AheadClock {
    /// How far ahead of the machine's clock it is.
    pub fn ahead(&self) -> Duration {
        Duration::milliseconds(self.0.load(Ordering::SeqCst))
    }

    /// Sets it to `at`, from where it goes on; answers whether that was forwards. It never goes back by this.
    pub fn forward_to(&self, at: DateTime<Utc>) -> bool {
        let ahead = (at - SystemClock.now()).num_milliseconds();
        self.0.fetch_max(ahead, Ordering::SeqCst) < ahead
    }

    /// Back to the machine's clock.
    pub fn reset(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl Clock for AheadClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.ahead()
    }
}

/// Where ids and random bytes come from.
pub trait IdGen: Send + Sync + 'static {
    /// A time-ordered id (UUIDv7) for primary keys.
    fn id(&self, now: DateTime<Utc>) -> Uuid;

    /// An id that tells nothing about its age (UUIDv4), for what strangers get to see.
    fn opaque_id(&self) -> Uuid;

    /// Fills `bytes` from a cryptographic source.
    fn fill(&self, bytes: &mut [u8]);

    /// A random number of exactly `n` decimal digits, leading zeros kept.
    fn digits(&self, n: usize) -> String {
        let mut out = String::with_capacity(n);
        let mut byte = [0u8; 1];
        while out.len() < n {
            self.fill(&mut byte);
            // 250 is the largest multiple of 10 below 256: taking the rest would favour 0..=5.
            if byte[0] < 250 {
                out.push(char::from(b'0' + byte[0] % 10));
            }
        }
        out
    }
}

/// Ids and bytes from the operating system's random source. Ids of one source and one millisecond keep the order
/// they were made in (RFC 9562, 6.2, method 1); a clock that was set back starts anew.
#[derive(Debug, Default)]
pub struct RandomIds {
    // The last id's milliseconds, and its number within them in the low bits.
    last: AtomicU64,
}

const COUNTER_BITS: u32 = 12;

impl RandomIds {
    fn ordinal(&self, millis: u64) -> u16 {
        let first = millis << COUNTER_BITS;
        let next = |last: u64| if last >> COUNTER_BITS == millis { last.wrapping_add(1) } else { first };
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let made = last.map_or(first, next);
        u16::try_from(made & ((1 << COUNTER_BITS) - 1)).unwrap_or(0)
    }
}

impl IdGen for RandomIds {
    fn id(&self, now: DateTime<Utc>) -> Uuid {
        let mut random = [0u8; 10];
        self.fill(&mut random);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let [high, low] = self.ordinal(millis).to_be_bytes();
        random[0] = high;
        random[1] = low;
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn opaque_id(&self) -> Uuid {
        let mut random = [0u8; 16];
        self.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid()
    }

    fn fill(&self, bytes: &mut [u8]) {
        // A machine that cannot give random bytes must not go on issuing ids, keys and codes.
        #[allow(clippy::expect_used)]
        getrandom::fill(bytes).expect("the operating system's random source answers");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shanghai_day_turns_at_sixteen_utc() {
        let before = Utc.with_ymd_and_hms(2026, 11, 20, 15, 59, 59).unwrap();
        let after = Utc.with_ymd_and_hms(2026, 11, 20, 16, 0, 0).unwrap();
        assert_eq!(shanghai_date(before).to_string(), "2026-11-20");
        assert_eq!(shanghai_date(after).to_string(), "2026-11-21");
        assert_eq!(shanghai_day_start(shanghai_date(after)), after);
    }

    #[test]
    fn a_clock_that_is_ahead_goes_on_and_never_back() {
        let clock = AheadClock::default();
        let begun = SystemClock.now();
        assert!(clock.now() >= begun && clock.ahead().is_zero());
        assert!(!clock.forward_to(begun - Duration::days(1)), "yesterday is over");
        assert!(clock.forward_to(begun + Duration::days(1)));
        assert!(clock.now() >= begun + Duration::days(1));
        assert!(!clock.forward_to(begun + Duration::hours(1)), "it is further already");
        assert!(clock.now() >= begun + Duration::days(1));
        clock.reset();
        assert!(clock.now() < begun + Duration::hours(1));
    }

    #[test]
    fn ids_sort_by_time_and_digits_have_their_length() {
        let clock = ManualClock::new(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap());
        let ids = RandomIds::default();
        let first = ids.id(clock.now());
        clock.advance(Duration::milliseconds(1));
        assert!(first < ids.id(clock.now()));
        assert_eq!(first.get_version_num(), 7);
        let burst: Vec<Uuid> = (0..1000).map(|_| ids.id(clock.now())).collect();
        assert!(burst.is_sorted(), "ids of one millisecond keep their order");
        let code = ids.digits(6);
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
    }
}
