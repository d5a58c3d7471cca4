//! `/v1/admin/consultations`: what waits for a legal department. A member's own enterprise union sees none of it.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_files::Files;
use unionhall_identity::person;
use unionhall_kernel::{Problem, mask};
use unionhall_storage::{Conn, Core};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can, etag,
    wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::dto::{AdvisingLawyer, CaseEntries, SinceQuery};
use super::may_see;
use crate::consultation::{self, Consultation, Listed, State};
use crate::lawyer::LegalField;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_consultations)
        .service(get_consultation)
        .service(list_consultation_entries)
        .service(assign_consultation)
        .service(record_callback);
}

/// A question that waits for the legal department. 督办咨询
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationDto {
    /// Its id.
    id: Uuid,
    /// 咨询编号
    #[schema(example = "261120123456785")]
    number: String,
    /// 会员, masked
    #[schema(example = "王*明")]
    member_name: String,
    /// 类别
    category: LegalField,
    /// For legal officers alone. 敏感
    sensitive: bool,
    /// 标题
    title: String,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// 承办律师
    lawyer: Option<AdvisingLawyer>,
    /// How far up it went: 0 the county, 1 the city, 2 the province. 督办层级
    #[schema(minimum = 0, maximum = 2)]
    escalated: i32,
    /// 提问时间
    asked_at: String,
    /// 首次答复时间
    first_response_at: Option<String>,
    /// One to five stars. 评价
    rating: Option<i32>,
}

async fn dto(core: &Core, conn: &mut Conn, (of, lawyer): Listed) -> Result<ConsultationDto, Problem> {
    let state = of.state();
    let name = person::view(&core.sealer, conn, of.person_id).await?.name;
    Ok(ConsultationDto {
        id: of.id,
        member_name: mask::name(&name),
        category: LegalField::parse(&of.category).unwrap_or(LegalField::Other),
        sensitive: of.sensitive,
        title: of.title(core)?,
        state,
        state_text: state.text(),
        lawyer: of.lawyer_id.zip(lawyer).map(|(id, name)| AdvisingLawyer { id, name }),
        escalated: of.escalated,
        asked_at: wire::instant(of.asked_at),
        first_response_at: of.first_response_at.map(wire::instant),
        rating: of.rating,
        number: of.number,
    })
}

/// Which questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConsultationQuery {
    /// States, comma-separated; those that wait for the legal department without. 状态
    #[param(max_length = 100, example = "ESCALATED,CALLBACK")]
    state: Option<String>,
}

/// Questions of the scope 咨询督办列表
///
/// From the county up; sensitive ones for legal officers alone.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["consultation.read"])),
    params(ConsultationQuery, Listing),
    responses(
        (status = 200, description = "The oldest first", body = PageBody<ConsultationDto>),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/consultations")]
async fn list_consultations(
    app: web::Data<App>,
    by: Cadre<can::ConsultationRead>,
    query: Query<ConsultationQuery>,
    listing: Listing,
) -> Answer {
    let (limit, sensitive) = (listing.limit()?, may_see(&by)?);
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.extend([State::Escalated, State::Callback]);
    }
    let binding = format!("consultations|{}|{sensitive}|{states:?}", by.scope.start());
    let after: Option<(DateTime<Utc>, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page =
        consultation::list_escalated(&mut conn, (&by.scope, sensitive), &states, after.as_ref(), limit)
            .await?;
    let mut items = Vec::new();
    for listed in page.items {
        let key = (listed.0.asked_at, listed.0.id);
        items.push((key, dto(&app, &mut conn, listed).await?));
    }
    let page = unionhall_storage::page::Page { items, more: page.more };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |row| row.0, |row| Ok(row.1))?))
}

/// One question of the scope 咨询详情
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["consultation.read"])),
    params(("id" = Uuid, Path, description = "The question")),
    responses(
        (status = 200, description = "With its ETag", body = ConsultationDto),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/consultations/{id}")]
async fn get_consultation(app: web::Data<App>, by: Cadre<can::ConsultationRead>, id: Id) -> Answer {
    let sensitive = may_see(&by)?;
    let mut conn = app.db.read().await?;
    let found = consultation::of_scope(&mut conn, &by.scope, sensitive, id.0).await?;
    Ok(etag::tagged(found.0.version, &dto(&app, &mut conn, found).await?))
}

/// What was said and done 咨询记录
///
/// With what only the union sees: who gave it back and why.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["consultation.read"])),
    params(("id" = Uuid, Path, description = "The question"), SinceQuery),
    responses(
        (status = 200, description = "In order", body = CaseEntries),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/consultations/{id}/entries")]
async fn list_consultation_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    by: Cadre<can::ConsultationRead>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (sensitive, (since, wait)) = (may_see(&by)?, query.parse()?);
    let found = super::me::wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        consultation::of_scope(&mut conn, &by.scope, sensitive, id.0).await?;
        consultation::entries_after(&app, &mut conn, id.0, since, true).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

/// To whom a question goes. 指派
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsultationAssignment {
    /// 律师
    lawyer_id: Uuid,
}

/// Give a waiting question to a lawyer 指派律师
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["consultation.write"])),
    params(("id" = Uuid, Path, description = "The question"), IfMatchHeader),
    request_body = ConsultationAssignment,
    responses(
        (status = 200, description = "Theirs", body = ConsultationDto),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
        (status = 409, description = "`INVALID_STATE`: it does not wait; `LAWYER_CONFLICT`: they or their firm act or acted for a party"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id`"),
    )
)]
#[post("/v1/admin/consultations/{id}/assign")]
async fn assign_consultation(
    app: web::Data<App>,
    by: Cadre<can::ConsultationWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ConsultationAssignment>,
) -> Answer {
    let to = (id.0, body.lawyer_id);
    let take = async |tx: &mut Conn| {
        consultation::by_hand(&app, tx, &by.actor, to, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

/// Record a call about a bad rating 记录回访
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["consultation.write"])),
    params(("id" = Uuid, Path, description = "The question"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Over", body = ConsultationDto),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
        (status = 409, description = "`INVALID_STATE`: it waits for no call"),
    )
)]
#[post("/v1/admin/consultations/{id}/callback")]
async fn record_callback(
    app: web::Data<App>,
    by: Cadre<can::ConsultationWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let what = (id.0, body.parse()?);
    let take = async |tx: &mut Conn| {
        consultation::call_back(&app, tx, &by.actor, what, |current| version.check(current)).await
    };
    step(&app, &by, id, take).await
}

async fn step(
    app: &App,
    by: &Cadre<can::ConsultationWrite>,
    id: Id,
    take: impl AsyncFn(&mut Conn) -> Result<Consultation, Problem>,
) -> Answer {
    let sensitive = may_see(by)?;
    let (version, answer) = app
        .db
        .write(async |tx| {
            consultation::of_scope(tx, &by.scope, sensitive, id.0).await?;
            let taken = take(tx).await?;
            let found = consultation::of_scope(tx, &by.scope, sensitive, id.0).await?;
            Ok((taken.version, dto(app, tx, found).await?))
        })
        .await?;
    Ok(etag::tagged(version, &answer))
}
