//! `/v1/recruiter/postings`.

use actix_web::{HttpResponse, get, patch, post, put, web};
use serde::Deserialize;
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::body::{Patch, patched};
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Empty, Id, Listing, Once, OnceHeader, PageBody, Query, Recruiter, can,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::terms::{MAX_DAYS, NewPosting, PostingDto, PostingPatch};
use crate::posting::{self, Posting, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_posting)
        .service(list_own_postings)
        .service(get_own_posting)
        .service(change_posting)
        .service(submit_posting)
        .service(extend_posting)
        .service(close_posting)
        .service(fill_posting);
}

/// Write a posting 起草职位
///
/// As a draft; `submit` hands it in. What it says is judged at once: a blocked phrase (`LEXICON_BLOCKED`) is named at its
/// field, pay below the minimum wage of the place (`BELOW_MINIMUM_WAGE`) at `/pay/min_fen`. Of a place outside the province no
/// minimum wage is known: the reviewer is told to look at the pay. A recruiter has at most 200 drafts.
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(OnceHeader),
    request_body = NewPosting,
    responses(
        (status = 201, description = "A draft", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: the recruiter is not verified now; `ALREADY_HAVE`: there are 200 drafts; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LEXICON_BLOCKED`, `BELOW_MINIMUM_WAGE`, `PAY_REQUIRED`, `DIVISION_UNKNOWN`"),
    )
)]
#[post("/v1/recruiter/postings")]
async fn create_posting(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    key: Once,
    body: Body<NewPosting>,
) -> Answer {
    let terms = body.terms()?;
    let key = key.of(by.principal.account, "create_posting", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = posting::create(&app, tx, &by.actor, by.recruiter, &terms).await?;
        created(format!("/v1/recruiter/postings/{}", made.id), &PostingDto::of(&made, app.today())?)
    })
    .await?;
    Ok(respond(stored))
}

/// Which postings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OwnPostingQuery {
    /// States, comma-separated; all without. 状态
    #[param(max_length = 80, example = "LIVE,EXPIRED")]
    state: Option<String>,
}

/// My postings 本单位职位
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(OwnPostingQuery, Listing),
    responses((status = 200, description = "The newest first", body = PageBody<PostingDto>))
)]
#[get("/v1/recruiter/postings")]
async fn list_own_postings(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    query: Query<OwnPostingQuery>,
    listing: Listing,
) -> Answer {
    let (limit, today) = (listing.limit()?, app.today());
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let binding = format!("own-postings|{}|{states:?}", by.recruiter);
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = posting::own_list(&mut conn, by.recruiter, (&states, today), before, limit).await?;
    let item = |p: Posting| PostingDto::of(&p, today);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |p| p.id, item)?))
}

/// One of my postings 本单位职位
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    responses((status = 200, description = "The posting", body = PostingDto))
)]
#[get("/v1/recruiter/postings/{id}")]
async fn get_own_posting(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id) -> Answer {
    let found = posting::own(&mut *app.db.read().await?, by.recruiter, id.0).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&found, app.today())?))
}

/// Change a posting 修改职位
///
/// A draft, one in review or a live one. Of a live one, headcount, days and the reviewer's note change at once; with anything
/// else it goes back to review, is not shown meanwhile, and whoever applied is told.
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    request_body(content = PostingPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The posting", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: it is hidden, expired or ended, or the recruiter is not verified now"),
        (status = 422, description = "`VALIDATION_FAILED`: as when it is written; `HEADCOUNT_FILLED` at `/headcount`"),
    )
)]
#[patch("/v1/recruiter/postings/{id}")]
async fn change_posting(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    id: Id,
    body: Body<Patch>,
) -> Answer {
    let own = (by.recruiter, id.0);
    let terms = |before: &Posting| {
        let next: NewPosting = patched(&NewPosting::of(before)?, &body)?;
        next.terms()
    };
    let changed = posting::change(&app, &by.actor, own, terms).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&changed, app.today())?))
}

/// Hand a draft in 提交审核
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    responses(
        (status = 200, description = "In review; the county has two working days", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: it is no draft, or the recruiter is not verified now"),
        (status = 422, description = "`VALIDATION_FAILED`: `LEXICON_BLOCKED`, `BELOW_MINIMUM_WAGE`, judged as of today"),
    )
)]
#[post("/v1/recruiter/postings/{id}/submit")]
async fn submit_posting(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id, _body: Empty) -> Answer {
    let done = posting::submit(&app, &by.actor, (by.recruiter, id.0)).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&done, app.today())?))
}

/// For how long. 延长期限
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostingDays {
    /// Days from today on. 天数
    #[schema(minimum = 1, maximum = 90, example = 30)]
    days: i32,
}

/// Prolong a posting 延长职位
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    request_body = PostingDays,
    responses(
        (status = 200, description = "Live until the new last day", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: it is neither live nor expired, or the recruiter is not verified now"),
        (status = 422, description = "`VALIDATION_FAILED`: `VALID_DAYS` at `/days`"),
    )
)]
#[post("/v1/recruiter/postings/{id}/extend")]
async fn extend_posting(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    id: Id,
    body: Body<PostingDays>,
) -> Answer {
    let days = u64::try_from(body.days).ok().filter(|_| (1..=MAX_DAYS).contains(&body.days));
    let refused = || Problem::invalid("/days", Invalid::new("VALID_DAYS", "有效天数须为1至90。"));
    let done = posting::extend(&app, &by.actor, (by.recruiter, id.0), days.ok_or_else(refused)?).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&done, app.today())?))
}

/// Close a posting 关闭职位
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    responses(
        (status = 200, description = "Closed", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: it is hidden or has ended"),
    )
)]
#[post("/v1/recruiter/postings/{id}/close")]
async fn close_posting(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id, _body: Empty) -> Answer {
    let done = posting::close(&app, &by.actor, (by.recruiter, id.0)).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&done, app.today())?))
}

/// How many were found. 录用人数
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostingFilled {
    /// 已录用人数, up to the headcount
    #[schema(minimum = 0, maximum = 9999, example = 1)]
    filled: i32,
}

/// Say how many places are taken 登记录用人数
///
/// With the last place the posting is closed.
#[utoipa::path(
    tag = "postings",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting")),
    request_body = PostingFilled,
    responses(
        (status = 200, description = "Noted", body = PostingDto),
        (status = 409, description = "`INVALID_STATE`: it is neither live nor expired"),
        (status = 422, description = "`VALIDATION_FAILED`: `HEADCOUNT_FILLED` at `/filled`"),
    )
)]
#[put("/v1/recruiter/postings/{id}/filled")]
async fn fill_posting(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    id: Id,
    body: Body<PostingFilled>,
) -> Answer {
    let done = posting::fill(&app, &by.actor, (by.recruiter, id.0), body.filled).await?;
    Ok(HttpResponse::Ok().json(PostingDto::of(&done, app.today())?))
}
