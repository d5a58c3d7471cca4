//! Corrections as the member's union decides them: `/v1/admin/corrections`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_files::http::LinkedFile;
use unionhall_files::{Files, describe};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can,
    etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::MemberDto;
use super::corrections::CorrectionDto;
use super::members::narrowed;
use crate::correction::{self, Change, Correction, Decision, State};
use crate::member;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_corrections)
        .service(get_correction)
        .service(get_correction_evidence)
        .service(approve_correction)
        .service(reject_correction);
}

/// A correction, as the union sees it. 信息更正申请（审核）
#[derive(Debug, Serialize, ToSchema)]
struct CorrectionReview {
    /// The correction, masked.
    #[serde(flatten)]
    correction: CorrectionDto,
    /// The member, as their union knows them.
    member: MemberDto,
}

async fn reviews(core: &Core, conn: &mut Conn, all: &[Correction]) -> Result<Vec<CorrectionReview>, Problem> {
    let persons: Vec<Uuid> = all.iter().map(|c| c.person_id).collect();
    let members = member::of(core, conn, &persons).await?;
    let review = |c: &Correction| {
        let member = members.iter().find(|m| m.person == c.person_id).cloned();
        let member = member.ok_or_else(|| Problem::internal("a correction of nobody's"))?;
        Ok(CorrectionReview { correction: CorrectionDto::of(c)?, member: member.into() })
    };
    all.iter().map(review).collect()
}

async fn review(core: &Core, conn: &mut Conn, c: Correction) -> Result<CorrectionReview, Problem> {
    reviews(core, conn, &[c]).await?.pop().ok_or_else(Problem::not_found)
}

/// Which corrections.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CorrectionQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// States, comma-separated; `REVIEW` without. 状态
    #[param(max_length = 100, example = "REVIEW")]
    state: Option<String>,
}

/// Corrections of the scope 更正申请列表
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.read"])),
    params(CorrectionQuery, Listing),
    responses((status = 200, description = "Oldest first, masked", body = PageBody<CorrectionReview>))
)]
#[get("/v1/admin/corrections")]
async fn list_corrections(
    app: web::Data<App>,
    by: Cadre<can::ApplicationRead>,
    query: Query<CorrectionQuery>,
    listing: Listing,
) -> Answer {
    let words = query.state.as_deref().unwrap_or(State::Review.as_str());
    let states: Option<Vec<State>> = words.split(',').map(State::parse).collect();
    let states = states.ok_or_else(|| Problem::new(Code::InvalidParameter).with("parameter", "state"))?;
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<CorrectionReview>::whole(Vec::new())));
    };
    let binding = format!("corrections|{}|{states:?}", scope.start());
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = correction::list(&mut conn, &scope, &states, after, limit).await?;
    let items = reviews(&app, &mut conn, &page.items).await?;
    let page = unionhall_storage::page::Page { items, more: page.more };
    let body = PageBody::of(&app, &binding, page, |r| r.correction.id(), Ok)?;
    Ok(HttpResponse::Ok().json(body))
}

/// One correction 更正申请
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.read"])),
    params(("id" = Uuid, Path, description = "The correction")),
    responses((status = 200, description = "The correction with its ETag, masked", body = CorrectionReview))
)]
#[get("/v1/admin/corrections/{id}")]
async fn get_correction(app: web::Data<App>, by: Cadre<can::ApplicationRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let (found, _) = correction::get(&mut conn, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &review(&app, &mut conn, found).await?))
}

/// A fact in full, for its reviewer. 更正项（明文）
#[derive(Debug, Serialize, ToSchema)]
struct CorrectionFact {
    /// Which one.
    #[schema(example = "name")]
    field: &'static str,
    /// What is on record; null where nothing is.
    #[schema(example = "王小明")]
    from: Option<String>,
    /// What it should be.
    #[schema(example = "王晓明")]
    to: String,
}

/// What a reviewer compares. 更正核对材料
#[derive(Debug, Serialize, ToSchema)]
struct CorrectionEvidence {
    /// The facts, in full.
    facts: Vec<CorrectionFact>,
    /// The files, each with a link that lives five minutes.
    files: Vec<LinkedFile>,
}

/// The evidence of a correction, and what it is to show 更正证明材料
///
/// Full values for who decides, beside the files they are compared with. It is on the audit record before it is answered,
/// and the member sees who looked.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The correction")),
    responses((status = 200, description = "What is stated, and the files", body = CorrectionEvidence))
)]
#[get("/v1/admin/corrections/{id}/evidence")]
async fn get_correction_evidence(
    files: web::Data<Files>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
) -> Answer {
    let (found, facts) = correction::look(&files.core, &by.actor, &by.scope, id.0).await?;
    let mut conn = files.core.db.read().await?;
    let mut linked = Vec::with_capacity(found.file_ids.len());
    for file in found.file_ids {
        linked.push(LinkedFile::of(&files, &describe(&mut conn, file).await?)?);
    }
    let facts = facts.into_iter().map(|Change { field, from, to }| CorrectionFact { field, from, to });
    Ok(HttpResponse::Ok().json(CorrectionEvidence { facts: facts.collect(), files: linked }))
}

async fn decide(
    core: &Core,
    by: &Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    decision: Decision,
) -> Answer {
    let check = |current| version.check(current);
    let done = correction::decide(core, &by.actor, &by.scope, id.0, check, &decision).await?;
    let mut conn = core.db.writer().await?;
    Ok(etag::tagged(done.version, &review(core, &mut conn, done).await?))
}

/// Approve a correction 通过更正申请
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The correction"), IfMatchHeader),
    responses(
        (status = 200, description = "Corrected: name and profile hold what was stated", body = CorrectionReview),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/corrections/{id}/approve")]
async fn approve_correction(
    app: web::Data<App>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&app, &by, id, version, Decision::Approve).await
}

/// Reject a correction 不予更正
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The correction"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; they may ask again", body = CorrectionReview),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/corrections/{id}/reject")]
async fn reject_correction(
    app: web::Data<App>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, id, version, Decision::Reject(body.parse()?.to_owned())).await
}
