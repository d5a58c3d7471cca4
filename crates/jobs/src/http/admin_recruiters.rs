//! `/v1/admin/recruiter-applications` and `/v1/admin/recruiters`: the county verifies, suspends and bans.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_files::http::LinkedFile;
use unionhall_files::{Files, describe};
use unionhall_kernel::Problem;
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can,
    etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::recruiter::{RecruiterApplicationDto, RecruiterDto, recruiter_dto};
use crate::recruiter::{self, Application, ApplicationState, Decision, Recruiter, State, Turn};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_recruiter_applications)
        .service(get_recruiter_application)
        .service(get_recruiter_application_papers)
        .service(verify_recruiter_application)
        .service(reject_recruiter_application)
        .service(list_recruiters)
        .service(get_recruiter)
        .service(suspend_recruiter)
        .service(resume_recruiter)
        .service(ban_recruiter);
}

/// An application, as the county sees it. 招聘单位申请（核验）
#[derive(Debug, Serialize, ToSchema)]
struct RecruiterReviewDto {
    /// The application.
    #[serde(flatten)]
    application: RecruiterApplicationDto,
    /// The applicant's proved mobile, masked. 联系手机
    contact_mobile: String,
}

fn review(app: &App, a: &Application) -> Result<RecruiterReviewDto, Problem> {
    let contact_mobile = a.mobile(&app.sealer)?.masked();
    Ok(RecruiterReviewDto { application: RecruiterApplicationDto::from(a), contact_mobile })
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecruiterApplicationQuery {
    /// States, comma-separated; those that wait for the county without. 状态
    #[param(max_length = 60, example = "APPLIED")]
    state: Option<String>,
}

/// Applications of the scope 招聘单位申请列表
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.read"])),
    params(RecruiterApplicationQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first", body = PageBody<RecruiterReviewDto>))
)]
#[get("/v1/admin/recruiter-applications")]
async fn list_recruiter_applications(
    app: web::Data<App>,
    by: Cadre<can::RecruiterRead>,
    query: Query<RecruiterApplicationQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<ApplicationState> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.push(ApplicationState::Applied);
    }
    let binding = format!("recruiter-applications|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = recruiter::applications(&mut conn, &by.scope, &states, after.as_ref(), limit).await?;
    let key = |a: &Application| (a.path.clone(), a.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |a| review(&app, &a))?))
}

/// One application 招聘单位申请
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.read"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application, with its ETag", body = RecruiterReviewDto))
)]
#[get("/v1/admin/recruiter-applications/{id}")]
async fn get_recruiter_application(app: web::Data<App>, by: Cadre<can::RecruiterRead>, id: Id) -> Answer {
    let found = recruiter::get_application(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &review(&app, &found)?))
}

/// The papers of an application. 申请材料
#[derive(Serialize, ToSchema)]
struct RecruiterPapers {
    /// 营业执照或批准文件
    licence: LinkedFile,
    /// 授权委托书
    authorisation: LinkedFile,
}

/// The papers of an application 申请材料
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.read"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The files with links that live five minutes", body = RecruiterPapers))
)]
#[get("/v1/admin/recruiter-applications/{id}/papers")]
async fn get_recruiter_application_papers(
    files: web::Data<Files>,
    by: Cadre<can::RecruiterRead>,
    id: Id,
) -> Answer {
    let mut conn = files.core.db.read().await?;
    let found = recruiter::get_application(&mut conn, &by.scope, id.0).await?;
    let licence = describe(&mut conn, found.licence_file_id).await?;
    let authorisation = describe(&mut conn, found.authorisation_file_id).await?;
    let papers = RecruiterPapers {
        licence: LinkedFile::of(&files, &licence)?,
        authorisation: LinkedFile::of(&files, &authorisation)?,
    };
    Ok(HttpResponse::Ok().json(papers))
}

async fn decide(
    app: &App,
    by: &Cadre<can::RecruiterWrite>,
    (id, version): (Id, IfMatch),
    decision: &Decision,
) -> Answer {
    let decided = app
        .db
        .write(async |tx| {
            let check = |current| version.check(current);
            recruiter::decide(app, tx, (&by.actor, &by.scope), id.0, check, decision).await
        })
        .await?;
    Ok(etag::tagged(decided.version, &review(app, &decided)?))
}

/// Find the papers in order 核验通过
///
/// The recruiter is verified for six months, an agency no longer than its licence, and the applicant acts for it.
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.write"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses(
        (status = 200, description = "Verified", body = RecruiterReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it was decided or withdrawn, or the agency's licence has ended; `ALREADY_EXISTS`: another recruiter has the credit code"),
    )
)]
#[post("/v1/admin/recruiter-applications/{id}/verify")]
async fn verify_recruiter_application(
    app: web::Data<App>,
    by: Cadre<can::RecruiterWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&app, &by, (id, version), &Decision::Verify).await
}

/// Reject an application 不予通过
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.write"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; they may apply again", body = RecruiterReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it was decided or withdrawn"),
    )
)]
#[post("/v1/admin/recruiter-applications/{id}/reject")]
async fn reject_recruiter_application(
    app: web::Data<App>,
    by: Cadre<can::RecruiterWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    decide(&app, &by, (id, version), &Decision::Reject(reason.to_owned())).await
}

/// Which recruiters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecruiterQuery {
    /// States, comma-separated; all without. 状态
    #[param(max_length = 60, example = "VERIFIED,REVERIFY")]
    state: Option<String>,
}

/// Recruiters of the scope 招聘单位列表
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.read"])),
    params(RecruiterQuery, Listing),
    responses((status = 200, description = "In tree order", body = PageBody<RecruiterDto>))
)]
#[get("/v1/admin/recruiters")]
async fn list_recruiters(
    app: web::Data<App>,
    by: Cadre<can::RecruiterRead>,
    query: Query<RecruiterQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let binding = format!("recruiters|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let which = (states.as_slice(), app.today());
    let page = recruiter::list(&mut conn, &by.scope, which, after.as_ref(), limit).await?;
    let key = |r: &Recruiter| (r.path.clone(), r.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |r| recruiter_dto(&app, &r))?))
}

/// One recruiter 招聘单位
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.read"])),
    params(("id" = Uuid, Path, description = "The recruiter")),
    responses((status = 200, description = "The recruiter, with its ETag", body = RecruiterDto))
)]
#[get("/v1/admin/recruiters/{id}")]
async fn get_recruiter(app: web::Data<App>, by: Cadre<can::RecruiterRead>, id: Id) -> Answer {
    let found = recruiter::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &recruiter_dto(&app, &found)?))
}

async fn turn(
    app: &App,
    by: &Cadre<can::RecruiterWrite>,
    (id, version): (Id, IfMatch),
    to: Turn<'_>,
) -> Answer {
    let turned = app
        .db
        .write(async |tx| {
            let check = |current| version.check(current);
            recruiter::turn(app, tx, (&by.actor, &by.scope), id.0, check, to).await
        })
        .await?;
    Ok(etag::tagged(turned.version, &recruiter_dto(app, &turned)?))
}

/// Suspend a recruiter 暂停招聘单位
///
/// Its postings are hidden at once. The county ends the suspension within five working days.
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.write"])),
    params(("id" = Uuid, Path, description = "The recruiter"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Suspended", body = RecruiterDto),
        (status = 409, description = "`INVALID_STATE`: it is suspended or banned"),
    )
)]
#[post("/v1/admin/recruiters/{id}/suspend")]
async fn suspend_recruiter(
    app: web::Data<App>,
    by: Cadre<can::RecruiterWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    turn(&app, &by, (id, version), Turn::Suspend(body.parse()?)).await
}

/// End a suspension 恢复招聘单位
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.write"])),
    params(("id" = Uuid, Path, description = "The recruiter"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "As before, or to be verified again", body = RecruiterDto),
        (status = 409, description = "`INVALID_STATE`: it is not suspended"),
    )
)]
#[post("/v1/admin/recruiters/{id}/resume")]
async fn resume_recruiter(
    app: web::Data<App>,
    by: Cadre<can::RecruiterWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    turn(&app, &by, (id, version), Turn::Resume(body.parse()?)).await
}

/// Ban a suspended recruiter for good 禁止招聘单位
#[utoipa::path(
    tag = "recruiters",
    security(("admin" = ["recruiter.write"])),
    params(("id" = Uuid, Path, description = "The recruiter"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Banned: its credit code does not come back", body = RecruiterDto),
        (status = 409, description = "`INVALID_STATE`: it is not suspended"),
    )
)]
#[post("/v1/admin/recruiters/{id}/ban")]
async fn ban_recruiter(
    app: web::Data<App>,
    by: Cadre<can::RecruiterWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    turn(&app, &by, (id, version), Turn::Ban(body.parse()?)).await
}
