//! `/v1/admin/notices`: written by one person, approved by another.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_registry::org;
use unionhall_storage::once::once;
use unionhall_web::body::{Patch, patched};
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, Query, ReasonBody, can, etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::terms::{LIMIT, NoticePatch, NoticeTerms, parse, terms_dto};
use crate::notice::{self, Audience, By, Channel, Head, Notice, Phase, State, Step};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_notices)
        .service(create_notice)
        .service(get_notice)
        .service(change_notice)
        .service(submit_notice)
        .service(approve_notice)
        .service(return_notice)
        .service(withdraw_notice);
}

/// A notice in a list. 通知
#[derive(Debug, Serialize, ToSchema)]
struct NoticeHead {
    /// Its id.
    id: Uuid,
    /// 状态
    state: State,
    /// Where it stands now, derived from the clock. 阶段
    phase: Phase,
    /// 阶段说明
    #[schema(example = "已发布")]
    phase_text: &'static str,
    /// The union it is of. 发布工会
    union_id: Uuid,
    /// 发布对象
    audience: Audience,
    /// 发布渠道
    channels: Vec<Channel>,
    /// 标题
    #[schema(example = "关于开展冬季送温暖活动的通知")]
    title: String,
    /// 摘要; empty without one
    #[schema(example = "12月1日起可在线申请")]
    summary: String,
    /// When it is wanted to appear. 定时发布
    publish_at: Option<String>,
    /// When it appears, or would have: known from its approval on. 发布时间
    published_at: Option<String>,
    /// 置顶截止, exclusive
    pinned_until: Option<String>,
    /// 有效期至, exclusive
    expires_at: Option<String>,
    /// The notice it corrects. 更正的通知
    replaces: Option<Uuid>,
    /// Why it was returned or withdrawn. 退回或撤回原因
    #[schema(example = "日期有误")]
    reason: Option<String>,
}

impl NoticeHead {
    fn of(head: Head, now: DateTime<Utc>) -> Self {
        let phase = head.phase(now);
        let Head {
            id,
            org_id,
            path: _,
            audience,
            channels,
            title,
            summary,
            pinned_until,
            publish_at,
            published_at,
            expires_at,
            replaces_id,
            state,
            reason,
            written_by: _,
            version: _,
        } = head;
        Self {
            id,
            state,
            phase,
            phase_text: phase.text(),
            union_id: org_id,
            audience,
            channels: channels.as_slice().to_vec(),
            title,
            summary,
            publish_at: publish_at.map(wire::instant),
            published_at: published_at.map(wire::instant),
            pinned_until: pinned_until.map(wire::instant),
            expires_at: expires_at.map(wire::instant),
            replaces: replaces_id,
            reason,
        }
    }
}

/// A notice, as cadres see it. 通知（管理）
#[derive(Debug, Serialize, ToSchema)]
struct NoticeDto {
    /// What lists show.
    #[serde(flatten)]
    head: NoticeHead,
    /// Text for the client to render, never HTML. 正文
    #[schema(example = "各位会员：\n\n**12月1日**起可在线申请。")]
    body: String,
    /// How many accounts read it. 阅读人数
    #[schema(minimum = 0, example = 128)]
    readers: i64,
}

fn dto(notice: Notice, readers: i64, now: DateTime<Utc>) -> NoticeDto {
    let Notice { head, body } = notice;
    NoticeDto { head: NoticeHead::of(head, now), body, readers }
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NoticeQuery {
    /// Stored states, comma-separated; all without. 状态
    #[param(max_length = 64, example = "REVIEW,APPROVED")]
    state: Option<String>,
    /// Of this union and those below it. 工会
    union_id: Option<Uuid>,
}

/// Notices of the scope 通知列表
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.read"])),
    params(NoticeQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first; empty for a union out of scope", body = PageBody<NoticeHead>))
)]
#[get("/v1/admin/notices")]
async fn list_notices(
    app: web::Data<App>,
    by: Cadre<can::NoticeRead>,
    query: Query<NoticeQuery>,
    listing: Listing,
) -> Answer {
    let (limit, now) = (listing.limit()?, app.now());
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let mut conn = app.db.read().await?;
    let scope = match query.union_id {
        None => Some(by.scope.clone()),
        Some(union) => match org::get(&mut conn, &by.scope, union).await {
            Ok(union) => by.scope.narrow(&union.path),
            Err(problem) if problem.code == Code::NotFound => None,
            Err(problem) => return Err(problem.into()),
        },
    };
    let Some(scope) = scope else {
        return Ok(HttpResponse::Ok().json(PageBody::<NoticeHead>::whole(Vec::new())));
    };
    let binding = format!("notices|{}|{}|{states:?}", by.scope.start(), scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let page = notice::list(&mut conn, &scope, &states, after.as_ref(), limit).await?;
    let key = |head: &Head| (head.path.clone(), head.id);
    let item = |head| Ok(NoticeHead::of(head, now));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Write a notice 起草通知
///
/// A correction of a notice is a new one that names it in `replaces`; withdrawing the one corrected is an operation of its own.
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.write"])),
    params(MaybeOnceHeader),
    request_body = NoticeTerms,
    responses(
        (status = 201, description = "A draft", body = NoticeDto,
            headers(("Location" = String, description = "The notice"))),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 413, description = "`TOO_LARGE`: 256 KiB at most"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `TEXT_FORMAT`, `TIME_ORDER` at `/expires_at` or `/pinned_until`, `PIN_LENGTH` at `/pinned_until`, `AUDIENCE_LEVEL` at `/audience` (`everyone` is a federation's: county or above), `NOTICE_UNKNOWN` at `/replaces`"),
    )
)]
#[post("/v1/admin/notices")]
async fn create_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeWrite>,
    key: MaybeOnce,
    body: Body<NoticeTerms, LIMIT>,
) -> Answer {
    let content = parse(&body, app.now())?;
    let union = body.union_id.unwrap_or(by.union);
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let key = key.of(by.principal.account, "create_notice", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = notice::create(&app, tx, who, union, &content).await?;
        created(format!("/v1/admin/notices/{}", made.head.id), &dto(made, 0, app.now()))
    })
    .await?;
    Ok(respond(stored))
}

/// One notice 通知
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.read"])),
    params(("id" = Uuid, Path, description = "The notice")),
    responses((status = 200, description = "The notice with how many read it, with its ETag", body = NoticeDto))
)]
#[get("/v1/admin/notices/{id}")]
async fn get_notice(app: web::Data<App>, by: Cadre<can::NoticeRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = notice::get(&mut conn, &by.scope, id.0).await?;
    let readers = notice::readers(&mut conn, id.0).await?;
    Ok(etag::tagged(found.head.version, &dto(found, readers, app.now())))
}

/// Change a draft 修改通知
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.write"])),
    params(("id" = Uuid, Path, description = "The notice"), IfMatchHeader),
    request_body(content = NoticePatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The draft, with its new ETag", body = NoticeDto),
        (status = 409, description = "`INVALID_STATE`: it is no draft"),
        (status = 413, description = "`TOO_LARGE`: 256 KiB at most"),
        (status = 422, description = "`VALIDATION_FAILED`: as for a new one; `FIXED` at `/union_id`"),
    )
)]
#[patch("/v1/admin/notices/{id}")]
async fn change_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch, LIMIT>,
) -> Answer {
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let changed = app
        .db
        .write(async |tx| {
            let before = notice::get(tx, &by.scope, id.0).await?;
            version.check(before.head.version)?;
            if before.head.state != State::Draft {
                return Err(Problem::new(Code::InvalidState));
            }
            let dto: NoticeTerms = patched(&terms_dto(&before), &body)?;
            if dto.union_id != Some(before.head.org_id) {
                return Err(Problem::invalid("/union_id", Invalid::new("FIXED", "所属工会不能变更。")));
            }
            let content = parse(&dto, app.now())?;
            notice::rewrite(&app, tx, who, &before, &content).await
        })
        .await?;
    Ok(etag::tagged(changed.head.version, &dto(changed, 0, app.now())))
}

async fn step<A>(app: &App, by: &Cadre<A>, (id, version): (Id, IfMatch), step: Step<'_>) -> Answer {
    let who = By { person: by.person()?, actor: &by.actor, scope: &by.scope };
    let (taken, readers) = app
        .db
        .write(async |tx| {
            let before = notice::get(tx, &by.scope, id.0).await?;
            version.check(before.head.version)?;
            let taken = notice::take(app, tx, who, &before.head, step).await?;
            Ok((taken, notice::readers(tx, id.0).await?))
        })
        .await?;
    Ok(etag::tagged(taken.head.version, &dto(taken, readers, app.now())))
}

/// Submit a notice for approval 提交审核
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.write"])),
    params(("id" = Uuid, Path, description = "The notice"), IfMatchHeader),
    responses(
        (status = 200, description = "Waits for another person", body = NoticeDto),
        (status = 409, description = "`INVALID_STATE`: it is no draft"),
    )
)]
#[post("/v1/admin/notices/{id}/submit")]
async fn submit_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Submit).await
}

/// Approve a notice another person wrote 审核通过
///
/// It is read from now on, or from `publish_at` on where that is still to come.
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.approve"])),
    params(("id" = Uuid, Path, description = "The notice"), IfMatchHeader),
    responses(
        (status = 200, description = "Approved: it appears and ends by the clock", body = NoticeDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: who wrote any of it cannot approve it; `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it does not wait for approval, or would have expired; `MODULE_CLOSED`"),
    )
)]
#[post("/v1/admin/notices/{id}/approve")]
async fn approve_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeApprove>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    step(&app, &by, (id, version), Step::Approve).await
}

/// Return a notice to who wrote it 退回修改
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.approve"])),
    params(("id" = Uuid, Path, description = "The notice"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "A draft again", body = NoticeDto),
        (status = 409, description = "`INVALID_STATE`: it does not wait for approval"),
    )
)]
#[post("/v1/admin/notices/{id}/return")]
async fn return_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeApprove>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    step(&app, &by, (id, version), Step::Return(body.parse()?)).await
}

/// Withdraw a notice for good 撤回通知
///
/// Nobody reads it from this instant on, and nothing brings it back, nor does its time when that comes later. Needs no
/// second person: what is wrong is to go at once.
#[utoipa::path(
    tag = "notices",
    security(("admin" = ["notice.write"])),
    params(("id" = Uuid, Path, description = "The notice"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Withdrawn", body = NoticeDto),
        (status = 409, description = "`INVALID_STATE`: it is not approved, or withdrawn already"),
    )
)]
#[post("/v1/admin/notices/{id}/withdraw")]
async fn withdraw_notice(
    app: web::Data<App>,
    by: Cadre<can::NoticeWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    step(&app, &by, (id, version), Step::Withdraw(body.parse()?)).await
}
