//! `/v1/admin/merchant-applications`: the county decides.

use actix_web::{HttpResponse, get, post, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_files::http::LinkedFile;
use unionhall_files::{Files, describe};
use unionhall_kernel::{Invalid, Problem};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, PageBody, Query, ReasonBody, can, etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::applications::MerchantApplicationDto;
use super::words;
use crate::application::{self, Application, Decision, State};
use crate::merchant;

// A contract holds the credit code from the day it is signed.
const BEGINS_WITHIN: Days = Days::new(366);

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_merchant_applications)
        .service(get_merchant_application)
        .service(get_merchant_application_licence)
        .service(verify_merchant_application)
        .service(reject_merchant_application);
}

/// An application, as the county sees it. 入驻申请（审核）
#[derive(Debug, Serialize, ToSchema)]
struct MerchantReviewDto {
    /// The application.
    #[serde(flatten)]
    application: MerchantApplicationDto,
    /// The applicant's proved mobile, masked. 联系手机
    contact_mobile: String,
    /// Whether a live merchant has the credit code; null in lists. 是否已有同码商户
    uscc_taken: Option<bool>,
}

fn review(app: &App, a: &Application, taken: Option<bool>) -> Result<MerchantReviewDto, Problem> {
    let contact_mobile = a.mobile(&app.sealer)?.masked();
    Ok(MerchantReviewDto { application: MerchantApplicationDto::of(a)?, contact_mobile, uscc_taken: taken })
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MerchantApplicationQuery {
    /// States, comma-separated; those that wait for the county without. 状态
    #[param(max_length = 60, example = "APPLIED")]
    state: Option<String>,
}

/// Applications of the scope 入驻申请列表
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(MerchantApplicationQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first", body = PageBody<MerchantReviewDto>))
)]
#[get("/v1/admin/merchant-applications")]
async fn list_merchant_applications(
    app: web::Data<App>,
    by: Cadre<can::MerchantRead>,
    query: Query<MerchantApplicationQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.push(State::Applied);
    }
    let binding = format!("merchant-applications|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = application::list(&mut conn, &by.scope, &states, after.as_ref(), limit).await?;
    let key = |a: &Application| (a.path.clone(), a.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |a| review(&app, &a, None))?))
}

/// One application 入驻申请
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application, with its ETag", body = MerchantReviewDto))
)]
#[get("/v1/admin/merchant-applications/{id}")]
async fn get_merchant_application(app: web::Data<App>, by: Cadre<can::MerchantRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = application::get(&mut conn, &by.scope, id.0).await?;
    let taken = merchant::is_taken(&mut conn, &found.uscc).await?;
    Ok(etag::tagged(found.version, &review(&app, &found, Some(taken))?))
}

/// The licence of an application 申请的营业执照
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The file with a link that lives five minutes", body = LinkedFile))
)]
#[get("/v1/admin/merchant-applications/{id}/licence")]
async fn get_merchant_application_licence(
    files: web::Data<Files>,
    by: Cadre<can::MerchantRead>,
    id: Id,
) -> Answer {
    let mut conn = files.core.db.read().await?;
    let found = application::get(&mut conn, &by.scope, id.0).await?;
    let file = describe(&mut conn, found.licence_file_id).await?;
    Ok(HttpResponse::Ok().json(LinkedFile::of(&files, &file)?))
}

async fn decide(
    app: &App,
    by: &Cadre<can::MerchantWrite>,
    (id, version): (Id, IfMatch),
    decision: &Decision,
) -> Answer {
    let decided = app
        .db
        .write(async |tx| {
            let check = |current| version.check(current);
            application::decide(app, tx, (&by.actor, &by.scope), id.0, check, decision).await
        })
        .await?;
    Ok(etag::tagged(decided.version, &review(app, &decided, None)?))
}

/// A contract to offer. 合同期限
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContractBody {
    /// 合同起始日
    #[schema(example = "2026-01-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    contract_from: NaiveDate,
    /// 合同截止日, inclusive
    #[schema(example = "2027-12-31")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    contract_to: NaiveDate,
}

/// Find the licence in order and offer a contract 核验通过
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    request_body = ContractBody,
    responses(
        (status = 200, description = "The applicant is to sign", body = MerchantReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`; `ALREADY_EXISTS`: a live merchant has the credit code"),
        (status = 422, description = "`VALIDATION_FAILED`: `CONTRACT_DATES` at `/contract_to`, or at `/contract_from` for a day more than a year away"),
    )
)]
#[post("/v1/admin/merchant-applications/{id}/verify")]
async fn verify_merchant_application(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ContractBody>,
) -> Answer {
    let ContractBody { contract_from, contract_to } = body.into_inner();
    if contract_to < contract_from || contract_to < app.today() {
        let order = Invalid::new("CONTRACT_DATES", "合同截止日不能早于起始日和今天。");
        return Err(Problem::invalid("/contract_to", order).into());
    }
    if contract_from > app.today() + BEGINS_WITHIN {
        let late = Invalid::new("CONTRACT_DATES", "合同起始日不能晚于一年后。");
        return Err(Problem::invalid("/contract_from", late).into());
    }
    decide(&app, &by, (id, version), &Decision::Verify(contract_from, contract_to)).await
}

/// Reject an application, or take an offered contract back 不予通过
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; they may apply again", body = MerchantReviewDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/admin/merchant-applications/{id}/reject")]
async fn reject_merchant_application(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    decide(&app, &by, (id, version), &Decision::Reject(reason.to_owned())).await
}
