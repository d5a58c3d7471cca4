//! `/v1/recruiter/candidates`: who applied, masked until they are invited; and what cadres read of it, which is numbers.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem, mask};
use unionhall_registry::org;
use unionhall_storage::Conn;
use unionhall_web::query::words;
use unionhall_web::wire;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, Listing, OrgScope, PageBody, Query, Recruiter, can,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::application::{self, Application, Figures, Reason, Snapshot, State, Step};
use crate::posting;
use crate::recruiter;
use crate::resume::Content;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_candidates)
        .service(get_candidate)
        .service(view_candidate)
        .service(invite_candidate)
        .service(offer_candidate)
        .service(reject_candidate)
        .service(job_stats);
}

/// Somebody who applied. 求职者
#[derive(Debug, Serialize, ToSchema)]
struct Candidate {
    /// The application.
    id: Uuid,
    /// For which posting.
    posting_id: Uuid,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// 姓名, masked until they are invited
    name: String,
    /// 手机, masked until they are invited
    mobile: String,
    /// The resume as it was handed in, with `***` for every mobile, e-mail and WeChat id in it until they are invited; null once it was taken back, rejected or has lapsed. 简历
    resume: Option<Content>,
    /// By when this ends by itself. 失效日期
    due_on: Option<NaiveDate>,
    /// When it was handed in.
    submitted_at: String,
}

fn candidate(app: &App, a: &Application, valid_through: Option<NaiveDate>) -> Result<Candidate, Problem> {
    let state = a.state();
    let Snapshot { content, name, mobile } = a.snapshot(&app.sealer)?;
    let (name, mobile, content) = match state.reveals() {
        true => (name, mobile, content),
        false => (mask::name(&name), mask::mobile(&mobile), content.without_contacts()),
    };
    Ok(Candidate {
        id: a.id,
        posting_id: a.posting_id,
        state,
        state_text: state.text(),
        name,
        mobile,
        resume: state.shows_resume().then_some(content),
        due_on: a.due_on(valid_through),
        submitted_at: wire::instant(a.created_at),
    })
}

/// Which candidates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CandidateQuery {
    /// States, comma-separated; all without. 状态
    #[param(max_length = 80, example = "SUBMITTED,VIEWED")]
    state: Option<String>,
}

/// Who applied for a posting 求职者列表
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The posting"), CandidateQuery, Listing),
    responses((status = 200, description = "In no order that tells anything", body = PageBody<Candidate>))
)]
#[get("/v1/recruiter/postings/{id}/candidates")]
async fn list_candidates(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    id: Id,
    query: Query<CandidateQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let binding = format!("candidates|{}|{}|{states:?}", by.recruiter, id.0);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    may_see(&app, &mut conn, by.recruiter).await?;
    let of = posting::own(&mut conn, by.recruiter, id.0).await?;
    let page = application::of_posting(&mut conn, (by.recruiter, of.id), &states, after, limit).await?;
    let item = |a: Application| candidate(&app, &a, of.valid_through);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |a| a.id, item)?))
}

// Nobody who was suspended or banned reads about people.
async fn may_see(app: &App, conn: &mut Conn, recruiter: Uuid) -> Result<(), Problem> {
    match recruiter::own(conn, recruiter).await?.state(app.today()) {
        recruiter::State::Verified | recruiter::State::Reverify => Ok(()),
        _ => Err(Problem::new(Code::Forbidden)),
    }
}

async fn shown(app: &App, a: &Application) -> Answer {
    let of = posting::own(&mut *app.db.read().await?, a.recruiter_id, a.posting_id).await?;
    Ok(HttpResponse::Ok().json(candidate(app, a, of.valid_through)?))
}

/// One candidate 求职者
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The candidate", body = Candidate))
)]
#[get("/v1/recruiter/candidates/{id}")]
async fn get_candidate(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    may_see(&app, &mut conn, by.recruiter).await?;
    let found = application::get(&mut conn, by.recruiter, id.0).await?;
    drop(conn);
    shown(&app, &found).await
}

async fn decide(
    app: &App,
    by: &Recruiter<can::Recruit>,
    id: Id,
    step: Step,
    reason: Option<Reason>,
) -> Answer {
    let moved = application::decide(app, &by.actor, (by.recruiter, id.0), step, reason).await?;
    shown(app, &moved).await
}

/// Note that a resume was read 标记已查看
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Viewed", body = Candidate),
        (status = 409, description = "`INVALID_STATE`: it is not new any more"),
    )
)]
#[post("/v1/recruiter/candidates/{id}/view")]
async fn view_candidate(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id, _body: Empty) -> Answer {
    decide(&app, &by, id, Step::View, None).await
}

/// Invite a candidate 邀约
///
/// From now on name and mobile are shown, and the member is told.
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Invited, with name and mobile", body = Candidate),
        (status = 409, description = "`INVALID_STATE`: invited already, or it has ended"),
    )
)]
#[post("/v1/recruiter/candidates/{id}/invite")]
async fn invite_candidate(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id, _body: Empty) -> Answer {
    decide(&app, &by, id, Step::Invite, None).await
}

/// Offer the place 发录用通知
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Offered; the member says whether they take it", body = Candidate),
        (status = 409, description = "`INVALID_STATE`: not invited, or it has ended"),
    )
)]
#[post("/v1/recruiter/candidates/{id}/offer")]
async fn offer_candidate(app: web::Data<App>, by: Recruiter<can::Recruit>, id: Id, _body: Empty) -> Answer {
    decide(&app, &by, id, Step::Offer, None).await
}

/// Why not. 不合适
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CandidateRejection {
    /// 原因
    reason_code: Reason,
}

/// Reject a candidate 不合适
#[utoipa::path(
    tag = "candidates",
    security(("recruiter" = ["recruit"])),
    params(("id" = Uuid, Path, description = "The application")),
    request_body = CandidateRejection,
    responses(
        (status = 200, description = "Rejected; the member is told why", body = Candidate),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/recruiter/candidates/{id}/reject")]
async fn reject_candidate(
    app: web::Data<App>,
    by: Recruiter<can::Recruit>,
    id: Id,
    body: Body<CandidateRejection>,
) -> Answer {
    decide(&app, &by, id, Step::Reject, Some(body.reason_code)).await
}

/// Offered, applied for, filled: numbers that are not added up. 招聘求职统计
#[derive(Debug, Serialize, ToSchema)]
struct JobStats {
    /// As of when.
    as_of_at: String,
    /// Postings that were published. 发布职位数
    postings: i64,
    /// Of them, live today. 在招职位数
    live: i64,
    /// Places they offer. 提供岗位数
    offered: i64,
    /// Applications, withdrawn ones too. 投递人次
    applications: i64,
    /// Members who took a place here. 平台录用人数
    hired: i64,
    /// Places that recruiters say are filled, by whomever. 单位登记已招人数
    filled: i64,
}

/// Figures of jobs 招聘求职统计
///
/// From the county up: whoever works in a union below could tell who of their own looks for work.
#[utoipa::path(
    tag = "stats",
    security(("admin" = ["stats.read"])),
    responses((status = 200, description = "Of the scope", body = JobStats))
)]
#[get("/v1/admin/stats/jobs")]
async fn job_stats(app: web::Data<App>, by: Cadre<can::StatsRead>) -> Answer {
    let mut conn = app.db.read().await?;
    let union = org::get(&mut conn, &OrgScope::subtree(by.scope.start()), by.union).await?;
    if !union.is_county_or_above() {
        return Err(Problem::new(Code::Forbidden).into());
    }
    let found = application::figures(&mut conn, &by.scope, app.today()).await?;
    let Figures { postings, live, offered, applications, hired, filled } = found;
    let as_of_at = wire::instant(app.now());
    Ok(HttpResponse::Ok().json(JobStats { as_of_at, postings, live, offered, applications, hired, filled }))
}
