//! The working calendar 工作日历: weekends, statutory holidays and the State Council's yearly arrangement (china.md 7.3). It is
//! data: a year is entered when its notice comes, and whatever was said of the year before gives way to it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::case_calendar as rows;

/// What a day is that is not what its weekday says. 日期类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// 法定节假日: paid threefold.
    Statutory,
    /// 休息日: a day off beside a holiday.
    Rest,
    /// 调休上班: a weekend day that is worked.
    Work,
}

/// A day of an arrangement. 日历日
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarDay {
    /// 日期
    pub date: NaiveDate,
    /// 日期类型
    pub kind: DayKind,
}

/// The days that are not what their weekday says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    days: BTreeMap<NaiveDate, DayKind>,
}

impl Calendar {
    /// A calendar of these days; of a day that stands twice the last word holds.
    pub fn of(days: impl IntoIterator<Item = CalendarDay>) -> Self {
        Self { days: days.into_iter().map(|day| (day.date, day.kind)).collect() }
    }

    /// The calendar as it stands: the latest arrangement of each year.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked.
    pub async fn load(conn: &mut Conn) -> Result<Self, Problem> {
        let found: Vec<serde_json::Value> = rows::table
            .distinct_on(rows::year)
            .order((rows::year, rows::entered_at.desc(), rows::id.desc()))
            .select(rows::days)
            .load(conn)
            .await?;
        let mut calendar = Self::default();
        for days in found {
            let days: Vec<CalendarDay> = serde_json::from_value(days)?;
            calendar.days.extend(days.into_iter().map(|day| (day.date, day.kind)));
        }
        Ok(calendar)
    }

    /// Whether a day is worked.
    pub fn is_workday(&self, day: NaiveDate) -> bool {
        match self.days.get(&day) {
            Some(DayKind::Work) => true,
            Some(DayKind::Statutory | DayKind::Rest) => false,
            None => !is_weekend(day),
        }
    }

    /// Whether a day is one of the thirteen statutory holidays.
    pub fn is_statutory(&self, day: NaiveDate) -> bool {
        self.days.get(&day) == Some(&DayKind::Statutory)
    }

    /// The day itself where it is worked, or else the next that is: where a period ends on a day off (民法典 203).
    pub fn next_workday(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().find(|d| self.is_workday(*d)).unwrap_or(day)
    }

    /// The `n`th worked day after a day; the day itself for zero.
    pub fn workdays_after(&self, from: NaiveDate, n: u32) -> NaiveDate {
        let Some(skip) = n.checked_sub(1) else { return from };
        from.iter_days().skip(1).filter(|d| self.is_workday(*d)).nth(skip as usize).unwrap_or(from)
    }
}

/// Saturday or Sunday.
pub fn is_weekend(day: NaiveDate) -> bool {
    day.weekday().number_from_monday() > 5
}

/// The arrangement of a year, as it was entered.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Arrangement {
    /// Its id.
    pub id: Uuid,
    /// Of which year.
    pub year: i32,
    /// The notice it is from.
    pub source: String,
    /// Whether the notice has not come yet: statutory days alone are known.
    pub provisional: bool,
    days: serde_json::Value,
    /// Who entered it; nobody for what the platform came with.
    pub entered_by: Option<Uuid>,
    /// When.
    pub entered_at: DateTime<Utc>,
}

impl Arrangement {
    /// Its days.
    ///
    /// # Errors
    /// `INTERNAL` when the row cannot be read.
    pub fn days(&self) -> Result<Vec<CalendarDay>, Problem> {
        Ok(serde_json::from_value(self.days.clone())?)
    }
}

/// The latest arrangement of a year.
///
/// # Errors
/// `NOT_FOUND` for a year nobody entered.
pub async fn of_year(conn: &mut Conn, year: i32) -> Result<Arrangement, Problem> {
    let of = rows::table.filter(rows::year.eq(year)).order((rows::entered_at.desc(), rows::id.desc()));
    let found = of.select(Arrangement::as_select()).first(conn).await.optional()?;
    found.ok_or_else(Problem::not_found)
}

/// Enters a year's arrangement; the one before is kept and no longer counts.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enter(
    core: &Core,
    tx: &mut Conn,
    person: Option<Uuid>,
    year: i32,
    source: &str,
    days: &[CalendarDay],
) -> Result<Arrangement, Problem> {
    let entered = diesel::insert_into(rows::table).values((
        rows::id.eq(core.id()),
        rows::year.eq(year),
        rows::source.eq(source),
        rows::provisional.eq(false),
        rows::days.eq(serde_json::to_value(days)?),
        rows::entered_by.eq(person),
        rows::entered_at.eq(core.now()),
    ));
    Ok(entered.returning(Arrangement::as_returning()).get_result(tx).await?)
}

/// Why an arrangement cannot be a year's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// A day of another year.
    OtherYear(usize),
    /// A day that stands twice.
    Twice(usize),
    /// A worked day that is no weekend day.
    WorkOnWeekday(usize),
    /// Not thirteen statutory days (全国年节及纪念日放假办法, from 2025 on).
    Statutory(usize),
}

/// Statutory holidays of a year from 2025 on.
pub const STATUTORY_DAYS: usize = 13;

/// Whether days can be a year's arrangement.
///
/// # Errors
/// The first thing against it, with the index of its day.
pub fn check(year: i32, days: &[CalendarDay]) -> Result<(), Unfit> {
    let mut seen = std::collections::BTreeSet::new();
    for (n, day) in days.iter().enumerate() {
        if day.date.year() != year {
            return Err(Unfit::OtherYear(n));
        }
        if !seen.insert(day.date) {
            return Err(Unfit::Twice(n));
        }
        if day.kind == DayKind::Work && !is_weekend(day.date) {
            return Err(Unfit::WorkOnWeekday(n));
        }
    }
    let statutory = days.iter().filter(|day| day.kind == DayKind::Statutory).count();
    if statutory == STATUTORY_DAYS { Ok(()) } else { Err(Unfit::Statutory(statutory)) }
}
