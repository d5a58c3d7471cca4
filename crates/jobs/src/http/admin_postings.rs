//! `/v1/admin/job-postings`: the county looks at what is handed in and at what is reported.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::query::words;
use unionhall_web::wire;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can,
    etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::terms::PostingDto;
use crate::posting::{self, Decision, Posting, Report, State};
use crate::recruiter;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_job_postings)
        .service(get_job_posting)
        .service(list_job_posting_reports)
        .service(approve_job_posting)
        .service(return_job_posting)
        .service(restore_job_posting)
        .service(remove_job_posting);
}

/// A posting, as the county sees it. 职位（审核）
#[derive(Debug, Serialize, ToSchema)]
struct PostingReviewDto {
    /// The posting.
    #[serde(flatten)]
    posting: PostingDto,
    /// 招聘单位
    recruiter_id: Uuid,
    /// Its name; null in lists. 单位名称
    recruiter_name: Option<String>,
    /// When it was first published.
    published_at: Option<String>,
}

fn review(app: &App, p: &Posting, recruiter_name: Option<String>) -> Result<PostingReviewDto, Problem> {
    Ok(PostingReviewDto {
        posting: PostingDto::of(p, app.today())?,
        recruiter_id: p.recruiter_id,
        recruiter_name,
        published_at: p.published_at.map(wire::instant),
    })
}

/// Which postings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct JobPostingQuery {
    /// States, comma-separated; those that wait for the county without. 状态
    #[param(max_length = 80, example = "REVIEW,HIDDEN")]
    state: Option<String>,
}

/// Postings of the scope 职位列表
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.read"])),
    params(JobPostingQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first; drafts never", body = PageBody<PostingReviewDto>))
)]
#[get("/v1/admin/job-postings")]
async fn list_job_postings(
    app: web::Data<App>,
    by: Cadre<can::PostingRead>,
    query: Query<JobPostingQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.extend([State::Review, State::Hidden]);
    }
    let binding = format!("job-postings|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = posting::list(&mut conn, &by.scope, (&states, app.today()), after.as_ref(), limit).await?;
    let key = |p: &Posting| (p.path.clone(), p.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |p| review(&app, &p, None))?))
}

async fn named(app: &App, conn: &mut Conn, p: &Posting) -> Result<PostingReviewDto, Problem> {
    let recruiter = recruiter::own(conn, p.recruiter_id).await?;
    review(app, p, Some(recruiter.name))
}

/// One posting 职位
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.read"])),
    params(("id" = Uuid, Path, description = "The posting")),
    responses((status = 200, description = "The posting, with its ETag", body = PostingReviewDto))
)]
#[get("/v1/admin/job-postings/{id}")]
async fn get_job_posting(app: web::Data<App>, by: Cadre<can::PostingRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = posting::get(&mut conn, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &named(&app, &mut conn, &found).await?))
}

/// A report, without who made it. 举报
#[derive(Debug, Serialize, ToSchema)]
struct PostingReport {
    /// Its id.
    id: Uuid,
    /// `fraud`, `fee`, `discrimination`, `false_content`, `other`. 类型
    #[schema(example = "fee")]
    kind: String,
    /// 说明
    statement: String,
    /// When the county decided upon it.
    handled_at: Option<String>,
    /// When it came.
    reported_at: String,
}

impl From<Report> for PostingReport {
    fn from(report: Report) -> Self {
        let Report { id, kind, statement, handled_at, created_at } = report;
        let (handled_at, reported_at) = (handled_at.map(wire::instant), wire::instant(created_at));
        Self { id, kind, statement, handled_at, reported_at }
    }
}

/// Reports of a posting 职位举报
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.read"])),
    params(("id" = Uuid, Path, description = "The posting")),
    responses((status = 200, description = "The newest first, at most a hundred", body = PageBody<PostingReport>))
)]
#[get("/v1/admin/job-postings/{id}/reports")]
async fn list_job_posting_reports(app: web::Data<App>, by: Cadre<can::PostingRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = posting::get(&mut conn, &by.scope, id.0).await?;
    let reports = posting::reports(&mut conn, found.id).await?;
    let items: Vec<PostingReport> = reports.into_iter().map(PostingReport::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

async fn decide(
    app: &App,
    by: &Cadre<can::PostingReview>,
    (id, version): (Id, IfMatch),
    decision: Decision<'_>,
) -> Answer {
    let decided = app
        .db
        .write(async |tx| {
            let check = |current| version.check(current);
            let decided = posting::decide(app, tx, (&by.actor, &by.scope), id.0, check, decision).await?;
            Ok((decided.version, named(app, tx, &decided).await?))
        })
        .await?;
    Ok(etag::tagged(decided.0, &decided.1))
}

/// Let a posting out 审核通过
///
/// It is live for the days it asks for; one that was live before its change keeps its last day.
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.review"])),
    params(("id" = Uuid, Path, description = "The posting"), IfMatchHeader),
    responses(
        (status = 200, description = "Live", body = PostingReviewDto),
        (status = 409, description = "`INVALID_STATE`: it is not in review, or the recruiter is not verified now"),
    )
)]
#[post("/v1/admin/job-postings/{id}/approve")]
async fn approve_job_posting(
    app: web::Data<App>,
    by: Cadre<can::PostingReview>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&app, &by, (id, version), Decision::Approve).await
}

/// Send a posting back 退回修改
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.review"])),
    params(("id" = Uuid, Path, description = "The posting"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "A draft again", body = PostingReviewDto),
        (status = 409, description = "`INVALID_STATE`: it is not in review"),
    )
)]
#[post("/v1/admin/job-postings/{id}/return")]
async fn return_job_posting(
    app: web::Data<App>,
    by: Cadre<can::PostingReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, (id, version), Decision::Return(body.parse()?)).await
}

/// Show a reported posting again 恢复职位
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.review"])),
    params(("id" = Uuid, Path, description = "The posting"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Live, until the last day it had", body = PostingReviewDto),
        (status = 409, description = "`INVALID_STATE`: it is not hidden"),
    )
)]
#[post("/v1/admin/job-postings/{id}/restore")]
async fn restore_job_posting(
    app: web::Data<App>,
    by: Cadre<can::PostingReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, (id, version), Decision::Restore(body.parse()?)).await
}

/// Take a posting down 下架职位
///
/// For good; whoever applied is told.
#[utoipa::path(
    tag = "job-postings",
    security(("admin" = ["posting.review"])),
    params(("id" = Uuid, Path, description = "The posting"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Taken down", body = PostingReviewDto),
        (status = 409, description = "`INVALID_STATE`: it was not published or has ended"),
    )
)]
#[post("/v1/admin/job-postings/{id}/remove")]
async fn remove_job_posting(
    app: web::Data<App>,
    by: Cadre<can::PostingReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, (id, version), Decision::Remove(body.parse()?)).await
}
