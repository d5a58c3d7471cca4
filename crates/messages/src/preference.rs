//! What a member wants to be told, and when not to be woken.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveTime, Timelike, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::clock::shanghai;
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::Conn;
use uuid::Uuid;

use crate::inbox::Kind;
use crate::schema::inbox_preference as preference;

/// Quiet hours 免打扰时段: from a minute of the Shanghai day on until before another, over midnight where the second is the
/// earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    from: u16,
    to: u16,
}

fn minute(text: &str) -> Result<u16, Invalid> {
    let invalid = || Invalid::new("TIME_FORMAT", "时间须为24小时制的时:分，如22:00。");
    let (hours, minutes) = text.split_once(':').ok_or_else(invalid)?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| digits)
    };
    match (two(hours), two(minutes)) {
        (Some(h), Some(m)) if h < 24 && m < 60 => Ok(h * 60 + m),
        _ => Err(invalid()),
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Quiet {
    /// 22:00 to 08:00, which holds where nobody chose.
    pub const USUAL: Self = Self { from: 22 * 60, to: 8 * 60 };

    /// From what was written.
    ///
    /// # Errors
    /// `TIME_FORMAT`; `QUIET_HOURS_EMPTY` when both are the same, which could mean never or always.
    pub fn parse(from: &str, to: &str) -> Result<Self, Invalid> {
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to {
            return Err(Invalid::new("QUIET_HOURS_EMPTY", "免打扰的开始与结束时间不能相同。"));
        }
        Ok(Self { from, to })
    }

    /// `22:00` and `08:00`.
    pub fn times(self) -> (String, String) {
        (clock(self.from), clock(self.to))
    }

    /// When the quiet hours end that an instant lies in; `None` outside of them.
    pub fn ends(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&shanghai());
        let now = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        let spans_midnight = self.from > self.to;
        let quiet = if spans_midnight {
            now >= self.from || now < self.to
        } else {
            (self.from..self.to).contains(&now)
        };
        let day = if quiet && now >= self.to {
            local.date_naive().checked_add_days(Days::new(1))?
        } else {
            local.date_naive()
        };
        let end = NaiveTime::from_hms_opt(u32::from(self.to / 60), u32::from(self.to % 60), 0)?;
        let end = day.and_time(end).and_local_timezone(shanghai()).single()?;
        quiet.then(|| end.with_timezone(&Utc))
    }
}

/// What a member chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// Whether service messages are pushed; in the inbox they always are.
    pub service_push: bool,
    /// Whether messages about benefits are written.
    pub benefits_inbox: bool,
    /// Whether they are pushed; only what is written can be.
    pub benefits_push: bool,
    /// Whether messages of alerts are written.
    pub jobs_inbox: bool,
    /// Whether they are pushed; only what is written can be.
    pub jobs_push: bool,
    /// Whether notices may be pushed.
    pub notices_push: bool,
    /// When no push goes out.
    pub quiet: Option<Quiet>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            service_push: true,
            benefits_inbox: true,
            benefits_push: true,
            jobs_inbox: true,
            jobs_push: true,
            notices_push: true,
            quiet: Some(Quiet::USUAL),
        }
    }
}

impl Preferences {
    /// Whether a message of a kind is written at all.
    pub const fn writes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Security | Kind::Service => true,
            Kind::Benefits => self.benefits_inbox,
            Kind::Jobs => self.jobs_inbox,
        }
    }

    /// Whether a message of a kind is pushed.
    pub const fn pushes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Security => true,
            Kind::Service => self.service_push,
            Kind::Benefits => self.benefits_push,
            Kind::Jobs => self.jobs_push,
        }
    }

    /// From when on a push of a kind may go out.
    pub fn due(&self, kind: Kind, now: DateTime<Utc>) -> DateTime<Utc> {
        match (kind, self.quiet) {
            (Kind::Security, _) | (_, None) => now,
            (_, Some(quiet)) => quiet.ends(now).unwrap_or(now),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = preference, treat_none_as_null = true)]
struct Row {
    account_id: Uuid,
    service_push: bool,
    benefits_inbox: bool,
    benefits_push: bool,
    notices_push: bool,
    quiet_from: Option<i16>,
    quiet_to: Option<i16>,
    jobs_inbox: bool,
    jobs_push: bool,
}

impl Row {
    fn of(account_id: Uuid, chosen: &Preferences) -> Self {
        let Preferences {
            service_push,
            benefits_inbox,
            benefits_push,
            jobs_inbox,
            jobs_push,
            notices_push,
            quiet,
        } = *chosen;
        let stored = |minute: u16| i16::try_from(minute).ok();
        let (quiet_from, quiet_to) = (quiet.and_then(|q| stored(q.from)), quiet.and_then(|q| stored(q.to)));
        Self {
            account_id,
            service_push,
            benefits_inbox,
            benefits_push,
            notices_push,
            quiet_from,
            quiet_to,
            jobs_inbox,
            jobs_push,
        }
    }

    fn chosen(self) -> Preferences {
        let Self { service_push, benefits_inbox, benefits_push, jobs_inbox, jobs_push, notices_push, .. } =
            self;
        let minute = |stored: Option<i16>| stored.and_then(|m| u16::try_from(m).ok());
        let quiet = minute(self.quiet_from).zip(minute(self.quiet_to));
        let quiet = quiet.map(|(from, to)| Quiet { from, to });
        Preferences {
            service_push,
            benefits_inbox,
            benefits_push,
            jobs_inbox,
            jobs_push,
            notices_push,
            quiet,
        }
    }
}

/// What some accounts chose; who is not among them has the defaults.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of_all(conn: &mut Conn, accounts: &[Uuid]) -> Result<HashMap<Uuid, Preferences>, Problem> {
    let rows: Vec<Row> = preference::table
        .filter(preference::account_id.eq_any(accounts))
        .select(Row::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.chosen())).collect())
}

/// What an account chose.
///
/// # Errors
/// As [`of_all`].
pub async fn of(conn: &mut Conn, account: Uuid) -> Result<Preferences, Problem> {
    Ok(of_all(conn, &[account]).await?.remove(&account).unwrap_or_default())
}

/// Has an account choose; what waits to be pushed is for [`crate::push::plan_again`].
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn put(conn: &mut Conn, account: Uuid, chosen: &Preferences) -> Result<(), Problem> {
    let row = Row::of(account, chosen);
    diesel::insert_into(preference::table)
        .values(&row)
        .on_conflict(preference::account_id)
        .do_update()
        .set(&row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has changes to one account's devices come one after another, until the transaction ends.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(crate) async fn lock(conn: &mut Conn, account: Uuid) -> Result<(), Problem> {
    diesel::insert_into(preference::table)
        .values(Row::of(account, &Preferences::default()))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let row = preference::table.find(account).select(preference::account_id);
    let _: Uuid = row.for_update().first(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-20T{text}+08:00").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    #[test]
    fn quiet_hours_begin_with_their_first_instant_and_end_before_their_last() {
        let morning = at("08:00:00");
        for (quiet, end) in [
            ("22:00:00", Some(morning + Duration::days(1))),
            ("21:59:59", None),
            ("23:59:59", Some(morning + Duration::days(1))),
            ("00:00:00", Some(morning)),
            ("07:59:59", Some(morning)),
            ("08:00:00", None),
            ("12:00:00", None),
        ] {
            assert_eq!(Quiet::USUAL.ends(at(quiet)), end, "{quiet}");
        }
        let noon = Quiet::parse("12:30", "14:00").unwrap();
        assert_eq!(noon.ends(at("12:29:59")), None);
        assert_eq!(noon.ends(at("12:30:00")), Some(at("14:00:00")));
        assert_eq!(noon.ends(at("13:59:59")), Some(at("14:00:00")));
        assert_eq!(noon.ends(at("14:00:00")), None);
        let to_midnight = Quiet::parse("23:00", "00:00").unwrap();
        assert_eq!(to_midnight.ends(at("23:30:00")), Some(at("00:00:00") + Duration::days(1)));
        assert_eq!(to_midnight.ends(at("00:00:00")), None);
        let but_a_minute = Quiet::parse("00:01", "00:00").unwrap();
        assert_eq!(but_a_minute.ends(at("00:00:59")), None);
        assert_eq!(but_a_minute.ends(at("00:01:00")), Some(at("00:00:00") + Duration::days(1)));
    }

    #[test]
    fn times_are_read_strictly_and_written_as_read() {
        let quiet = Quiet::parse("06:05", "23:59").unwrap();
        assert_eq!(quiet.times(), ("06:05".to_owned(), "23:59".to_owned()));
        for bad in ["", "24:00", "6:05", "06:60", "06.05", "06:5", "0６:05", "+6:05", "06:05:00"] {
            assert_eq!(Quiet::parse(bad, "08:00").unwrap_err().code, "TIME_FORMAT", "{bad:?}");
        }
        assert_eq!(Quiet::parse("08:00", "08:00").unwrap_err().code, "QUIET_HOURS_EMPTY");
    }

    #[test]
    fn what_is_about_security_waits_for_nothing_and_cannot_be_switched_off() {
        let off = Preferences {
            service_push: false,
            benefits_inbox: false,
            benefits_push: false,
            jobs_inbox: false,
            jobs_push: false,
            notices_push: false,
            quiet: Some(Quiet::USUAL),
        };
        let night = at("23:00:00");
        assert!(off.writes(Kind::Security) && off.pushes(Kind::Security));
        assert_eq!(off.due(Kind::Security, night), night);
        assert!(off.writes(Kind::Service) && !off.pushes(Kind::Service));
        assert!(!off.writes(Kind::Benefits) && !off.pushes(Kind::Benefits));
        assert!(!off.writes(Kind::Jobs) && !off.pushes(Kind::Jobs));
        assert_eq!(Preferences { quiet: None, ..off }.due(Kind::Service, night), night);
    }

    proptest! {
        // Against the plainest way to say it: minute by minute until one is not quiet.
        #[test]
        fn a_push_waits_for_the_first_minute_that_is_not_quiet(
            from in 0_u16..1440, to in 0_u16..1440, seconds in 0_i64..172_800
        ) {
            prop_assume!(from != to);
            let quiet = Quiet { from, to };
            let now = at("00:00:00") + Duration::seconds(seconds);
            let is_quiet = |at: DateTime<Utc>| {
                let local = at.with_timezone(&shanghai());
                let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
                let mut within = from;
                while within != to {
                    if within == minute {
                        return true;
                    }
                    within = (within + 1) % 1440;
                }
                false
            };
            match quiet.ends(now) {
                None => prop_assert!(!is_quiet(now)),
                Some(end) => {
                    prop_assert!(is_quiet(now) && !is_quiet(end));
                    prop_assert!(end > now && end - now <= Duration::days(1));
                    let mut minute = now;
                    while minute < end {
                        prop_assert!(is_quiet(minute));
                        minute += Duration::minutes(1);
                    }
                    prop_assert!(is_quiet(end - Duration::seconds(1)));
                }
            }
        }
    }
}
