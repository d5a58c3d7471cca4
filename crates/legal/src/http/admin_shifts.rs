//! `/v1/admin/shifts`: the roster of a union, and where nobody is on duty.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::Conn;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader, PageBody,
    ReasonBody, can, etag, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::duty::{self, GAP_DAYS, Gap, NewShift, Shift, State, Whose};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_shifts)
        .service(plan_shift)
        .service(get_shift)
        .service(publish_shift)
        .service(reassign_shift)
        .service(cancel_shift)
        .service(list_duty_gaps);
}

/// A shift of duty. 值班班次
#[derive(Debug, Serialize, ToSchema)]
struct DutyShift {
    /// Its id.
    id: Uuid,
    /// Whose roster. 工会
    union_id: Uuid,
    /// 值班律师
    lawyer_id: Uuid,
    /// Who stands in. 备勤律师
    backup_id: Option<Uuid>,
    /// 开始时间
    starts_at: String,
    /// 结束时间, exclusive
    ends_at: String,
    /// 状态
    state: State,
    /// Until when other lawyers may take it, where it is offered; told in lists. 换班截止时间
    offered_until: Option<String>,
}

impl From<&Shift> for DutyShift {
    fn from(of: &Shift) -> Self {
        Self {
            offered_until: None,
            id: of.id,
            union_id: of.org_id,
            lawyer_id: of.lawyer_id,
            backup_id: of.backup_id,
            starts_at: wire::instant(of.starts_at),
            ends_at: wire::instant(of.ends_at),
            state: of.state(),
        }
    }
}

/// A shift to plan. 排班
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDutyShift {
    /// 值班律师
    lawyer_id: Uuid,
    /// Who stands in. 备勤律师
    backup_id: Option<Uuid>,
    /// 开始时间
    #[serde(deserialize_with = "wire::dated")]
    starts_at: DateTime<Utc>,
    /// At most 24 hours later, exclusive. 结束时间
    #[serde(deserialize_with = "wire::dated")]
    ends_at: DateTime<Utc>,
}

impl NewDutyShift {
    fn parse(&self, now: DateTime<Utc>) -> Result<NewShift, Problem> {
        let mut fields = Fields::new();
        let (from, to) = (self.starts_at, self.ends_at);
        let length = to > from && to - from <= Duration::hours(24);
        fields.require(
            length,
            "/ends_at",
            Invalid::new("TIME_ORDER", "结束时间须晚于开始时间，且不超过24小时。"),
        );
        fields.require(to > now, "/ends_at", Invalid::new("DATE_PAST", "班次已经结束。"));
        let two = self.backup_id != Some(self.lawyer_id);
        fields.require(two, "/backup_id", Invalid::new("DUPLICATE_ITEM", "备勤律师须为另一人。"));
        fields.finish()?;
        Ok(NewShift { lawyer: self.lawyer_id, backup: self.backup_id, starts_at: from, ends_at: to })
    }
}

/// The roster 值班表
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "Shifts that are not over, by start", body = PageBody<DutyShift>))
)]
#[get("/v1/admin/shifts")]
async fn list_shifts(app: web::Data<App>, by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("shifts|{}", by.scope.start());
    let after: Option<(DateTime<Utc>, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = duty::list(&mut conn, Whose::Scope(&by.scope), app.now(), after.as_ref(), limit).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|shift| shift.id).collect();
    let offered = duty::offer::open_of(&mut conn, &ids, app.now()).await?;
    let key = |shift: &Shift| (shift.starts_at, shift.id);
    let item = |shift: Shift| {
        let offered_until = offered.get(&shift.id).copied().map(wire::instant);
        Ok(DutyShift { offered_until, ..DutyShift::from(&shift) })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Plan a shift 排班
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(MaybeOnceHeader),
    request_body = NewDutyShift,
    responses(
        (status = 201, description = "Planned in the acting union's roster; nobody is on duty before it is published", body = DutyShift,
            headers(("Location" = String, description = "The shift"))),
        (status = 409, description = "`SHIFT_OVERLAPS`: one of the two has another shift then"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id` or `/backup_id`, `TIME_ORDER` at `/ends_at`"),
    )
)]
#[post("/v1/admin/shifts")]
async fn plan_shift(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    key: MaybeOnce,
    body: Body<NewDutyShift>,
) -> Answer {
    let new = body.parse(app.now())?;
    let key = key.of(by.principal.account, "plan_shift", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let planned = duty::plan(&app, tx, (&by.actor, &by.scope), by.union, &new).await?;
        created(format!("/v1/admin/shifts/{}", planned.id), &DutyShift::from(&planned))
    })
    .await?;
    Ok(respond(stored))
}

/// One shift 班次
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The shift")),
    responses((status = 200, description = "With its ETag", body = DutyShift))
)]
#[get("/v1/admin/shifts/{id}")]
async fn get_shift(app: web::Data<App>, by: Cadre<can::LegalRead>, id: Id) -> Answer {
    let found = duty::get(&mut *app.db.writer().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &DutyShift::from(&found)))
}

async fn step(
    app: &App,
    by: &Cadre<can::LegalWrite>,
    (id, version): (Id, IfMatch),
    take: impl AsyncFn(&mut Conn, &Shift) -> Result<Shift, Problem>,
) -> Answer {
    let taken = app.db.write(async |tx| {
        let before = duty::get(tx, &by.scope, id.0).await?;
        version.check(before.version)?;
        take(tx, &before).await
    });
    let taken = taken.await?;
    Ok(etag::tagged(taken.version, &DutyShift::from(&taken)))
}

/// Publish a shift 发布班次
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The shift"), IfMatchHeader),
    request_body = ShiftPublication,
    responses(
        (status = 200, description = "It counts; the lawyer and the backup are told", body = DutyShift),
        (status = 409, description = "`INVALID_STATE`: not planned, or over; `LAWYER_ON_LEAVE`: one of the two is, and there is no reason"),
    )
)]
#[post("/v1/admin/shifts/{id}/publish")]
async fn publish_shift(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ShiftPublication>,
) -> Answer {
    let reason = body.reason.as_deref().map(wire::parse_reason).transpose();
    let reason = reason.map_err(|invalid| Problem::invalid("/reason", invalid))?;
    let take = async |tx: &mut Conn, shift: &Shift| duty::publish(&app, tx, &by.actor, shift, reason).await;
    step(&app, &by, (id, version), take).await
}

/// Why a shift is published over a leave. 发布
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShiftPublication {
    /// Where the lawyer or the backup is on leave: 2 to 200 characters. 原因
    #[schema(min_length = 2, max_length = 200, example = "本人同意回岗")]
    reason: Option<String>,
}

/// Who takes a shift. 换人
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShiftReassignment {
    /// 值班律师
    lawyer_id: Uuid,
    /// Why: 2 to 200 characters. 原因
    #[schema(min_length = 2, max_length = 200, example = "原值班律师出庭")]
    reason: String,
}

/// Give a shift to another lawyer 调整值班
///
/// At any time before it is over, whatever was agreed.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The shift"), IfMatchHeader),
    request_body = ShiftReassignment,
    responses(
        (status = 200, description = "Theirs", body = DutyShift),
        (status = 409, description = "`INVALID_STATE`: cancelled, or over; `SHIFT_OVERLAPS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id`"),
    )
)]
#[post("/v1/admin/shifts/{id}/reassign")]
async fn reassign_shift(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ShiftReassignment>,
) -> Answer {
    let reason = wire::parse_reason(&body.reason).map_err(|invalid| Problem::invalid("/reason", invalid))?;
    let to = (body.lawyer_id, reason);
    let take = async |tx: &mut Conn, shift: &Shift| {
        duty::reassign(&app, tx, (&by.actor, &by.scope), shift, to).await
    };
    step(&app, &by, (id, version), take).await
}

/// Cancel a shift 取消班次
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The shift"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Nobody's", body = DutyShift),
        (status = 409, description = "`INVALID_STATE`: cancelled, or over"),
    )
)]
#[post("/v1/admin/shifts/{id}/cancel")]
async fn cancel_shift(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let take = async |tx: &mut Conn, shift: &Shift| duty::cancel(&app, tx, &by.actor, shift, reason).await;
    step(&app, &by, (id, version), take).await
}

/// A time in which nobody is on duty. 值班空档
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DutyGap {
    /// 开始时间
    from: String,
    /// 结束时间, exclusive
    to: String,
    /// Shifts in it whose lawyer is on leave, suspended or without a licence by then. 相关班次
    shift_ids: Vec<Uuid>,
}

impl From<Gap> for DutyGap {
    fn from(of: Gap) -> Self {
        let Gap { period: (from, to), shifts } = of;
        Self { from: wire::instant(from), to: wire::instant(to), shift_ids: shifts }
    }
}

/// The gaps of a roster. 值班空档
#[derive(Debug, Serialize, ToSchema)]
struct DutyGaps {
    /// The earliest first; empty where all thirty days are covered.
    items: Vec<DutyGap>,
}

/// Where nobody is on duty in the next thirty days 值班空档
///
/// In the acting union's own roster, of what is published. A shift whose lawyer is on leave, suspended or without a licence by then
/// covers nothing.
#[utoipa::path(
    tag = "duty",
    security(("admin" = ["legal.read"])),
    responses((status = 200, description = "The earliest first", body = DutyGaps))
)]
#[get("/v1/admin/duty-gaps")]
async fn list_duty_gaps(app: web::Data<App>, by: Cadre<can::LegalRead>) -> Answer {
    let now = app.now();
    let ahead = (now, now + Duration::days(GAP_DAYS));
    let gaps = duty::gaps(&mut *app.db.read().await?, by.scope.start(), ahead, false).await?;
    Ok(HttpResponse::Ok().json(DutyGaps { items: gaps.into_iter().map(DutyGap::from).collect() }))
}
