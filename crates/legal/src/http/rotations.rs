//! `/v1/admin/rotations`, and publishing what is planned.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::line;
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::body::{Patch, patched};
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader, PageBody, can,
    etag, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::admin_shifts::DutyGap;
use crate::duty::rotation::{self, Rotation, RotationTerms};
use crate::duty::turns::{Pattern, Slot};

const MOST_LAWYERS: usize = 100;
const MOST_SLOTS: usize = 8;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_rotations)
        .service(create_rotation)
        .service(get_rotation)
        .service(change_rotation)
        .service(generate_shifts)
        .service(publish_roster);
}

/// A shift of every day. 每日班次
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotationSlot {
    /// When it begins in Shanghai, on the half hour or any minute. 开始时刻
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    starts: String,
    /// How long, hours; past midnight where it begins late. 时长
    #[schema(minimum = 1, maximum = 24, example = 10)]
    hours: i32,
}

/// What is said of a rotation. 轮值规则
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotationTermsDto {
    /// 名称: 2 to 40 characters.
    #[schema(min_length = 2, max_length = 40, example = "周末值班")]
    name: String,
    /// Who, in order. 律师顺序
    #[schema(min_items = 1, max_items = 100)]
    lawyer_ids: Vec<Uuid>,
    /// The shifts of every day, in order. 每日班次
    #[schema(min_items = 1, max_items = 8)]
    slots: Vec<RotationSlot>,
    /// The backup of a shift is whose turn comes so many places later; none without. 备勤间隔
    #[schema(minimum = 1, maximum = 99, example = 1)]
    backup_offset: Option<u8>,
    /// The day on which the first lawyer has the first shift. 起始日期
    #[serde(deserialize_with = "wire::dated")]
    first_day: NaiveDate,
}

fn minute(text: &str) -> Option<i32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (h, m): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
    (two(hour) && two(minute) && h < 24 && m < 60).then_some(h * 60 + m)
}

impl RotationTermsDto {
    fn of(rotation: &Rotation) -> Self {
        let pattern = rotation.pattern();
        let slot = |slot: &Slot| RotationSlot {
            starts: format!("{:02}:{:02}", slot.minute / 60, slot.minute % 60),
            hours: slot.hours,
        };
        Self {
            name: rotation.name.clone(),
            slots: pattern.slots.iter().map(slot).collect(),
            lawyer_ids: pattern.lawyers,
            backup_offset: pattern.backup.and_then(|offset| u8::try_from(offset).ok()),
            first_day: rotation.first_day,
        }
    }

    fn parse(&self) -> Result<RotationTerms, Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", line(&self.name, 2, 40));
        let count = self.lawyer_ids.len();
        let some = (1..=MOST_LAWYERS).contains(&count);
        fields.require(some, "/lawyer_ids", Invalid::new("OUT_OF_RANGE", "须有1至100名律师。"));
        for (at, id) in self.lawyer_ids.iter().enumerate().take(MOST_LAWYERS) {
            let first = self.lawyer_ids.iter().position(|other| other == id) == Some(at);
            let double = Invalid::new("DUPLICATE_ITEM", "律师重复。");
            fields.require(first, &format!("/lawyer_ids/{at}"), double);
        }
        let some = (1..=MOST_SLOTS).contains(&self.slots.len());
        fields.require(some, "/slots", Invalid::new("OUT_OF_RANGE", "每日须有1至8个班次。"));
        let mut slots: Vec<Slot> = Vec::new();
        for (at, slot) in self.slots.iter().enumerate().take(MOST_SLOTS) {
            let found = minute(&slot.starts);
            let new = found.filter(|minute| slots.iter().all(|other| other.minute != *minute));
            let wrong = Invalid::new("TIME_FORMAT", "开始时刻须为HH:MM，且不重复。");
            fields.require(new.is_some(), &format!("/slots/{at}/starts"), wrong);
            let hours = (1..=24).contains(&slot.hours);
            let wrong = Invalid::new("OUT_OF_RANGE", "时长须为1至24小时。");
            fields.require(hours, &format!("/slots/{at}/hours"), wrong);
            slots.push(Slot { minute: new.unwrap_or_default(), hours: slot.hours });
        }
        let backup = self.backup_offset.map(usize::from);
        let within = backup.is_none_or(|offset| (1..count.max(1)).contains(&offset));
        let wrong = Invalid::new("OUT_OF_RANGE", "备勤间隔须小于律师人数。");
        fields.require(within, "/backup_offset", wrong);
        let Some(name) = name else { return Err(fields.problem()) };
        fields.finish()?;
        let lawyers = self.lawyer_ids.clone();
        Ok(RotationTerms { name, pattern: Pattern { lawyers, slots, backup, first_day: self.first_day } })
    }
}

/// A change of a rotation; what is absent stays. 修改轮值
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // documentation: the patch is applied to the terms
struct RotationPatch {
    /// 名称
    #[schema(min_length = 2, max_length = 40, example = "周末值班")]
    name: Option<String>,
    /// 律师顺序
    #[schema(min_items = 1, max_items = 100)]
    lawyer_ids: Option<Vec<Uuid>>,
    /// 每日班次
    #[schema(min_items = 1, max_items = 8)]
    slots: Option<Vec<RotationSlot>>,
    /// 备勤间隔
    #[schema(minimum = 1, maximum = 99, example = 1)]
    backup_offset: Option<u8>,
    /// 起始日期
    first_day: Option<NaiveDate>,
}

/// A rotation of a union's roster. 轮值
#[derive(Debug, Serialize, ToSchema)]
struct DutyRotation {
    /// Its id.
    id: Uuid,
    /// Whose roster. 工会
    union_id: Uuid,
    /// 名称
    #[schema(example = "周末值班")]
    name: String,
    /// Who, in order. 律师顺序
    lawyer_ids: Vec<Uuid>,
    /// The shifts of every day, in order. 每日班次
    slots: Vec<RotationSlot>,
    /// The backup of a shift is whose turn comes so many places later. 备勤间隔
    #[schema(minimum = 1, maximum = 99, example = 1)]
    backup_offset: Option<u8>,
    /// The day on which the first lawyer has the first shift. 起始日期
    first_day: NaiveDate,
}

impl From<&Rotation> for DutyRotation {
    fn from(of: &Rotation) -> Self {
        let RotationTermsDto { name, lawyer_ids, slots, backup_offset, first_day } = RotationTermsDto::of(of);
        Self { id: of.id, union_id: of.org_id, name, lawyer_ids, slots, backup_offset, first_day }
    }
}

/// Rotations 轮值列表
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "The oldest first", body = PageBody<DutyRotation>))
)]
#[get("/v1/admin/rotations")]
async fn list_rotations(app: web::Data<App>, by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("rotations|{}", by.scope.start());
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = rotation::list(&mut *app.db.read().await?, &by.scope, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |r| r.id, |r| Ok(DutyRotation::from(&r)))?))
}

/// Enter a rotation 新增轮值
///
/// In the acting union's roster. It plans nothing by itself: see `generate_shifts`.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(MaybeOnceHeader),
    request_body = RotationTermsDto,
    responses(
        (status = 201, description = "Entered", body = DutyRotation,
            headers(("Location" = String, description = "The rotation"))),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_ids/{n}`, `TIME_FORMAT` at `/slots/{n}/starts`"),
    )
)]
#[post("/v1/admin/rotations")]
async fn create_rotation(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    key: MaybeOnce,
    body: Body<RotationTermsDto>,
) -> Answer {
    let terms = body.parse()?;
    let key = key.of(by.principal.account, "create_rotation", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = rotation::create(&app, tx, (&by.actor, &by.scope), by.union, &terms).await?;
        created(format!("/v1/admin/rotations/{}", made.id), &DutyRotation::from(&made))
    })
    .await?;
    Ok(respond(stored))
}

/// One rotation 轮值
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The rotation")),
    responses((status = 200, description = "With its ETag", body = DutyRotation))
)]
#[get("/v1/admin/rotations/{id}")]
async fn get_rotation(app: web::Data<App>, by: Cadre<can::LegalRead>, id: Id) -> Answer {
    let found = rotation::get(&mut *app.db.writer().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &DutyRotation::from(&found)))
}

/// Change a rotation 修改轮值
///
/// What was planned stays until it is planned anew.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The rotation"), IfMatchHeader),
    request_body(content = RotationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "With its new ETag", body = DutyRotation))
)]
#[patch("/v1/admin/rotations/{id}")]
async fn change_rotation(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch>,
) -> Answer {
    let changed = app.db.write(async |tx| {
        let before = rotation::get(tx, &by.scope, id.0).await?;
        version.check(before.version)?;
        let dto: RotationTermsDto = patched(&RotationTermsDto::of(&before), &body)?;
        rotation::change(&app, tx, (&by.actor, &by.scope), &before, &dto.parse()?).await
    });
    let changed = changed.await?;
    Ok(etag::tagged(changed.version, &DutyRotation::from(&changed)))
}

/// Days to plan. 排班日期
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RosterDays {
    /// First day, today at the earliest. 开始日期
    #[serde(deserialize_with = "wire::dated")]
    from_date: NaiveDate,
    /// Last day; at most 92 days in all. 结束日期
    #[serde(deserialize_with = "wire::dated")]
    to_date: NaiveDate,
}

fn days(today: NaiveDate, from: NaiveDate, to: NaiveDate) -> Result<(NaiveDate, NaiveDate), Problem> {
    let mut fields = Fields::new();
    fields.require(from >= today, "/from_date", Invalid::new("DATE_PAST", "开始日期不能早于今天。"));
    let within = from <= to && (to - from).num_days() < rotation::MAX_DAYS;
    let wrong = Invalid::new("OUT_OF_RANGE", "结束日期不能早于开始日期，且不超过92天。");
    fields.require(within, "/to_date", wrong);
    fields.finish()?;
    Ok((from, to))
}

/// A period. 时段
#[derive(Debug, Serialize, ToSchema)]
struct UnfilledShift {
    /// 开始时间
    from: String,
    /// 结束时间, exclusive
    to: String,
}

/// What planning came to. 排班结果
#[derive(Debug, Serialize, ToSchema)]
struct PlannedShifts {
    /// How many shifts were planned. 新排班次
    #[schema(minimum = 0, example = 62)]
    planned_count: usize,
    /// How many of before they took the place of. 替换班次
    #[schema(minimum = 0, example = 0)]
    replaced_count: usize,
    /// Shifts for which nobody is free. 无人可排
    unfilled: Vec<UnfilledShift>,
    /// When nobody would be on duty if all that is planned were published. 值班空档
    gaps: Vec<DutyGap>,
}

/// Plan the shifts of days by a rotation 按轮值排班
///
/// Whoever is on leave, has another shift, is suspended or has no licence by then is passed over. Planned shifts that the rotation made
/// before are made anew, unless they were given on by hand; published ones stay.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The rotation"), IfMatchHeader),
    request_body = RosterDays,
    responses(
        (status = 200, description = "Planned, with what is missing", body = PlannedShifts),
        (status = 422, description = "`VALIDATION_FAILED`: `DATE_PAST` at `/from_date`, `OUT_OF_RANGE` at `/to_date`"),
    )
)]
#[post("/v1/admin/rotations/{id}/generate")]
async fn generate_shifts(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<RosterDays>,
) -> Answer {
    let days = days(app.today(), body.from_date, body.to_date)?;
    let made = app.db.write(async |tx| {
        let of = rotation::get(tx, &by.scope, id.0).await?;
        version.check(of.version)?;
        rotation::generate(&app, tx, &by.actor, &of, days).await
    });
    let made = made.await?;
    let unfilled = made.unfilled.into_iter();
    Ok(HttpResponse::Ok().json(PlannedShifts {
        planned_count: made.planned,
        replaced_count: made.replaced,
        unfilled: unfilled
            .map(|(from, to)| UnfilledShift { from: wire::instant(from), to: wire::instant(to) })
            .collect(),
        gaps: made.gaps.into_iter().map(DutyGap::from).collect(),
    }))
}

/// Days to publish. 发布日期
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RosterPublication {
    /// First day, today at the earliest. 开始日期
    #[serde(deserialize_with = "wire::dated")]
    from_date: NaiveDate,
    /// Last day; at most 92 days in all. 结束日期
    #[serde(deserialize_with = "wire::dated")]
    to_date: NaiveDate,
    /// Why it is published late, with gaps or over a leave: 2 to 200 characters. 原因
    #[schema(min_length = 2, max_length = 200, example = "夜间不设班")]
    reason: Option<String>,
}

/// What was published. 发布结果
#[derive(Debug, Serialize, ToSchema)]
struct PublishedRoster {
    /// How many shifts. 发布班次
    #[schema(minimum = 1, example = 62)]
    published_count: usize,
    /// When nobody is on duty all the same. 值班空档
    gaps: Vec<DutyGap>,
}

/// Publish the roster of days 发布值班表
///
/// Every planned shift of the acting union that begins on the days; each lawyer is told once. Seven days ahead and without gaps, or with
/// a reason.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    request_body = RosterPublication,
    responses(
        (status = 200, description = "They count", body = PublishedRoster),
        (status = 409, description = "`INVALID_STATE`: nothing is planned; without a reason `ROSTER_NEEDS_REASON` with `rule` `notice` (within seven days) or `gap`, and `LAWYER_ON_LEAVE`"),
        (status = 422, description = "`VALIDATION_FAILED`: `DATE_PAST` at `/from_date`, `OUT_OF_RANGE` at `/to_date`"),
    )
)]
#[post("/v1/admin/duty-roster/publish")]
async fn publish_roster(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    body: Body<RosterPublication>,
) -> Answer {
    let days = days(app.today(), body.from_date, body.to_date)?;
    let reason = body.reason.as_deref().map(wire::parse_reason).transpose();
    let reason = reason.map_err(|invalid| Problem::invalid("/reason", invalid))?;
    let who = (&by.actor, &by.scope);
    let published = app.db.write(async |tx| rotation::publish(&app, tx, who, days, reason).await);
    let (shifts, gaps) = published.await?;
    let gaps = gaps.into_iter().map(DutyGap::from).collect();
    Ok(HttpResponse::Ok().json(PublishedRoster { published_count: shifts.len(), gaps }))
}
