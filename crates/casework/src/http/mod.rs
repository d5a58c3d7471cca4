//! `/v1/public/work-calendars` and `/v1/admin/work-calendars`: which days are worked.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::text::line;
use unionhall_kernel::{Code, Fields, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_storage::{audit, tasks};
use unionhall_web::actor::EventExt;
use unionhall_web::once::{created, respond};
use unionhall_web::{Answer, App, Body, Cadre, Once, OnceHeader, Public, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::RECOUNT;
use crate::calendar::{self, Arrangement, CalendarDay, Unfit};

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_work_calendar).service(enter_work_calendar);
}

/// The working calendar of a year. 工作日历
#[derive(Debug, Serialize, ToSchema)]
struct WorkCalendar {
    /// Its id; another notice for the year is another one.
    id: Uuid,
    /// 年份
    #[schema(example = 2026)]
    year: i32,
    /// The notice it is from. 依据
    #[schema(example = "国务院办公厅关于2026年部分节假日安排的通知")]
    source: String,
    /// The notice has not come yet: statutory days alone are known. 暂定
    provisional: bool,
    /// The days that are not what their weekday says. 特殊日期
    days: Vec<CalendarDay>,
    /// 录入时间
    entered_at: String,
}

impl WorkCalendar {
    fn of(of: Arrangement) -> Result<Self, Problem> {
        let days = of.days()?;
        let Arrangement { id, year, source, provisional, entered_by: _, entered_at, .. } = of;
        Ok(Self { id, year, source, provisional, days, entered_at: wire::instant(entered_at) })
    }
}

/// A year's arrangement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWorkCalendar {
    /// 年份
    #[schema(minimum = 2020, maximum = 2100, example = 2027)]
    year: i32,
    /// The notice: 4 to 200 characters. 依据
    #[schema(min_length = 4, max_length = 200, example = "国务院办公厅关于2027年部分节假日安排的通知")]
    source: String,
    /// The thirteen statutory days, days off beside them, and weekend days that are worked. 特殊日期
    #[schema(min_items = 13, max_items = 120)]
    days: Vec<CalendarDay>,
}

impl NewWorkCalendar {
    fn parse(&self) -> Result<String, Problem> {
        let mut fields = Fields::new();
        let year = (2020..=2100).contains(&self.year);
        fields.require(year, "/year", Invalid::new("OUT_OF_RANGE", "年份应在2020至2100之间。"));
        fields.require(self.days.len() <= 120, "/days", Invalid::new("TOO_MANY", "最多120天。"));
        let source = fields.take("/source", line(&self.source, 4, 200));
        if let Err(unfit) = calendar::check(self.year, &self.days) {
            let (pointer, invalid) = match unfit {
                Unfit::OtherYear(n) => {
                    (format!("/days/{n}/date"), Invalid::new("OUT_OF_RANGE", "不是该年的日期。"))
                }
                Unfit::Twice(n) => {
                    (format!("/days/{n}/date"), Invalid::new("DUPLICATE_ITEM", "同一天只能出现一次。"))
                }
                Unfit::WorkOnWeekday(n) => {
                    (format!("/days/{n}/kind"), Invalid::new("INVALID_VALUE", "调休上班日应为周末。"))
                }
                Unfit::Statutory(_) => {
                    ("/days".to_owned(), Invalid::new("INVALID_VALUE", "法定节假日应为13天。"))
                }
            };
            fields.require(false, &pointer, invalid);
        }
        let Some(source) = source else { return Err(fields.problem()) };
        fields.finish()?;
        Ok(source)
    }
}

/// The working calendar of a year 工作日历
///
/// Saturdays and Sundays are off unless they stand here as `work`. Deadlines in working days follow it.
#[utoipa::path(
    tag = "public",
    params(("year" = i32, Path, description = "The year", minimum = 2020, maximum = 2100, example = 2026)),
    responses(
        (status = 200, description = "The latest arrangement", body = WorkCalendar),
        (status = 404, description = "`NOT_FOUND`: nobody entered it yet"),
    )
)]
#[get("/v1/public/work-calendars/{year}")]
async fn get_work_calendar(app: web::Data<App>, _caller: Public, year: web::Path<String>) -> Answer {
    let year = year.parse().map_err(|_| Problem::not_found())?;
    let found = calendar::of_year(&mut *app.db.read().await?, year).await?;
    Ok(HttpResponse::Ok().json(WorkCalendar::of(found)?))
}

/// Enter a year's working calendar 录入工作日历
///
/// At the province, from the State Council's notice. What was entered for the year before is kept and no longer counts; all open deadlines
/// in working time are counted anew.
#[utoipa::path(
    tag = "calendars",
    security(("admin" = ["work_calendar.write"])),
    params(OnceHeader),
    request_body = NewWorkCalendar,
    responses(
        (status = 201, description = "It counts from now on", body = WorkCalendar),
        (status = 403, description = "`WRONG_LEVEL`: not at the province"),
        (status = 409, description = "`IN_PROGRESS`"),
    )
)]
#[post("/v1/admin/work-calendars")]
async fn enter_work_calendar(
    app: web::Data<App>,
    by: Cadre<can::WorkCalendarWrite>,
    key: Once,
    body: Body<NewWorkCalendar>,
) -> Answer {
    if !by.scope.is_whole_tree() {
        return Err(Problem::new(Code::WrongLevel).into());
    }
    let source = body.parse()?;
    let key = key.of(by.principal.account, "enter_work_calendar", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let entered = calendar::enter(&app, tx, by.actor.person, body.year, &source, &body.days).await?;
        let object = ("work_calendar", Some(entered.id));
        let event =
            by.actor.event(app.id(), app.now(), Some(by.scope.start()), "work_calendar.enter", object);
        audit::append(tx, &event.changes(json!({"year": body.year, "days": body.days.len()}))).await?;
        tasks::enqueue(tx, app.id(), app.now(), RECOUNT, None, &json!({})).await?;
        created(format!("/v1/public/work-calendars/{}", body.year), &WorkCalendar::of(entered)?)
    })
    .await?;
    Ok(respond(stored))
}
