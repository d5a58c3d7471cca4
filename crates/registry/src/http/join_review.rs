//! Join applications as the union's cadre decides them: `/v1/admin/join-applications`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::Identity;
use unionhall_kernel::{Code, Problem};
use unionhall_web::batch::{BatchBody, BatchResult};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can,
    etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::join::ApplicationDto;
use super::members::narrowed;
use crate::join::{self, Application, Decision, Match, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_join_applications)
        .service(decide_join_applications)
        .service(get_join_application)
        .service(approve_join_application)
        .service(reject_join_application)
        .service(return_join_application);
}

/// An application, as the union's cadre sees it. 入会申请（审核）
#[derive(Debug, Serialize, ToSchema)]
struct ReviewDto {
    /// The application.
    #[serde(flatten)]
    application: ApplicationDto,
    /// The applicant's proved mobile, masked.
    mobile: String,
    /// What the roster says; null in lists.
    #[serde(rename = "match")]
    compared: Option<Match>,
}

impl ReviewDto {
    fn of(a: Application, compared: Option<Match>) -> Self {
        Self { mobile: a.mobile.masked(), application: a.into(), compared }
    }
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ApplicationQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// States, comma-separated; those that wait for a cadre without. 状态
    #[param(max_length = 100, example = "BU_REVIEW")]
    state: Option<String>,
}

/// Applications of the scope 入会申请列表
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.read"])),
    params(ApplicationQuery, Listing),
    responses((status = 200, description = "Oldest first", body = PageBody<ReviewDto>))
)]
#[get("/v1/admin/join-applications")]
async fn list_join_applications(
    app: web::Data<App>,
    by: Cadre<can::ApplicationRead>,
    query: Query<ApplicationQuery>,
    listing: Listing,
) -> Answer {
    let words: Vec<&str> = match query.state.as_deref() {
        Some(state) => state.split(',').collect(),
        None => State::words(State::WAITING),
    };
    if !words.iter().all(|w| State::ALL.iter().any(|s| s.as_str() == *w)) {
        return Err(Problem::new(Code::InvalidParameter).with("parameter", "state").into());
    }
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<ReviewDto>::whole(Vec::new())));
    };
    let binding = format!("join-applications|{}|{words:?}", scope.start());
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = join::list(&app, &mut conn, &scope, &words, after, limit).await?;
    let body = PageBody::of(&app, &binding, page, |a| a.id, |a| Ok(ReviewDto::of(a, None)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// One application 入会申请
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.read"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application with its ETag, and what the roster says", body = ReviewDto))
)]
#[get("/v1/admin/join-applications/{id}")]
async fn get_join_application(app: web::Data<App>, by: Cadre<can::ApplicationRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = join::get(&app, &mut conn, &by.scope, id.0).await?;
    let compared = match found.state.is_waiting() {
        true => Some(join::compare(&mut conn, &found).await?),
        false => None,
    };
    Ok(etag::tagged(found.version, &ReviewDto::of(found, compared)))
}

async fn decide(
    identity: &Identity,
    by: &Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    decision: Decision,
) -> Answer {
    let check = |current| version.check(current);
    let done = join::decide(identity, &by.actor, &by.scope, id.0, check, &decision).await?;
    Ok(etag::tagged(done.version, &ReviewDto::of(done, None)))
}

/// Approve an application 通过入会申请
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses(
        (status = 200, description = "A member from today on; the card follows by itself", body = ReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`; `ALREADY_EXISTS`: the document needs another procedure"),
    )
)]
#[post("/v1/admin/join-applications/{id}/approve")]
async fn approve_join_application(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&identity, &by, id, version, Decision::Approve).await
}

/// Reject an application 不予通过
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; they may apply again", body = ReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/join-applications/{id}/reject")]
async fn reject_join_application(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&identity, &by, id, version, Decision::Reject(body.parse()?.to_owned())).await
}

/// Return an application 退回补正
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "With the applicant again", body = ReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/join-applications/{id}/return")]
async fn return_join_application(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&identity, &by, id, version, Decision::Return(body.parse()?.to_owned())).await
}

/// What is decided of each. 决定
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JoinDecision)]
enum BatchAction {
    /// 通过
    Approve,
    /// 不予通过; takes a reason.
    Reject,
    /// 退回补正; takes a reason.
    Return,
}

/// Decide many applications 批量办理入会申请
///
/// Each on its own, as it stands now; what is refused for one is told beside it and stops none of the others. A repeat of
/// the same batch finds decided what was decided, and answers `INVALID_STATE` for it.
#[utoipa::path(
    tag = "join",
    security(("admin" = ["application.review"])),
    request_body = BatchBody<BatchAction>,
    responses((status = 200, description = "What became of each, in the order asked", body = BatchResult))
)]
#[post("/v1/admin/join-applications/batch")]
async fn decide_join_applications(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    body: Body<BatchBody<BatchAction>>,
) -> Answer {
    let reason = body.parse(body.action != BatchAction::Approve)?.unwrap_or_default().to_owned();
    let decision = match body.action {
        BatchAction::Approve => Decision::Approve,
        BatchAction::Reject => Decision::Reject(reason),
        BatchAction::Return => Decision::Return(reason),
    };
    let mut outcomes = Vec::with_capacity(body.ids.len());
    for id in &body.ids {
        let done = join::decide(&identity, &by.actor, &by.scope, *id, |_| Ok(()), &decision).await;
        outcomes.push((*id, done.map(|_| ())));
    }
    Ok(HttpResponse::Ok().json(BatchResult::of(outcomes)))
}
