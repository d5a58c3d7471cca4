//! `/v1/admin/legal-aid`: what a legal department reads of cases of legal aid. A member's own enterprise union sees none of it.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_casework::timeline;
use unionhall_files::Files;
use unionhall_web::query::words;
use unionhall_web::{Answer, App, Cadre, Id, Listing, PageBody, Query, can, etag};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::aid_dto::{LegalAidCase, LegalAidLine, full, line, masked};
use super::dto::{CaseEntries, SinceQuery};
use super::may_see;
use super::me::wait_for;
use crate::aid::{self, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_legal_aid)
        .service(get_legal_aid)
        .service(list_legal_aid_entries)
        .service(list_free_lawyers);
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LegalAidQuery {
    /// States, comma-separated; those that wait for a legal department without: `APPLIED`, `UNDER_REVIEW`, `PROVISIONAL`, `GRANTED`, `REPORTED`,
    /// `APPEALED`. 状态
    #[param(max_length = 200, example = "APPLIED,UNDER_REVIEW")]
    state: Option<String>,
}

/// Cases of legal aid of the scope 法律援助案件列表
///
/// Those one's unions handle, have handed over or are asked to take; from the county up; sensitive ones for legal officers alone.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.read"])),
    params(LegalAidQuery, Listing),
    responses(
        (status = 200, description = "The oldest first", body = PageBody<LegalAidLine>),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/legal-aid")]
async fn list_legal_aid(
    app: web::Data<App>,
    by: Cadre<can::LegalAidRead>,
    query: Query<LegalAidQuery>,
    listing: Listing,
) -> Answer {
    let (limit, sensitive) = (listing.limit()?, may_see(&by)?);
    let mut states: Vec<State> = words("state", query.state.as_deref())?;
    if states.is_empty() {
        states.extend(aid::WAITS);
    }
    let binding = format!("legal-aid|{}|{sensitive}|{states:?}", by.scope.start());
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = aid::list_of_scope(&mut conn, (&by.scope, sensitive), &states, after, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for listed in page.items {
        let name = masked(&app, &mut conn, &listed.0).await?;
        items.push(line(&app, name, listed)?);
    }
    let page = unionhall_storage::page::Page { items, more: page.more };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |line| line.id, Ok)?))
}

/// One case of legal aid 法律援助案件详情
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.read"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, description = "With its ETag", body = LegalAidCase),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/legal-aid/{id}")]
async fn get_legal_aid(app: web::Data<App>, by: Cadre<can::LegalAidRead>, id: Id) -> Answer {
    let sensitive = may_see(&by)?;
    let mut conn = app.db.read().await?;
    let found = aid::of_scope(&mut conn, (&by.scope, sensitive), id.0).await?;
    Ok(etag::tagged(found.0.version, &full(&app, &mut conn, found, false).await?))
}

/// What was said and done 援助办理记录
///
/// With what only the unions see: who gave it back and why, whom it was entrusted to.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.read"])),
    params(("id" = Uuid, Path, description = "The case"), SinceQuery),
    responses(
        (status = 200, description = "In order", body = CaseEntries),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/legal-aid/{id}/entries")]
async fn list_legal_aid_entries(
    app: web::Data<App>,
    files: web::Data<Files>,
    by: Cadre<can::LegalAidRead>,
    id: Id,
    query: Query<SinceQuery>,
) -> Answer {
    let (sensitive, (since, wait)) = (may_see(&by)?, query.parse()?);
    let found = wait_for(wait, async || {
        let mut conn = app.db.read().await?;
        aid::of_scope(&mut conn, (&by.scope, sensitive), id.0).await?;
        timeline::after(&app, &mut conn, id.0, since, (true, 100)).await
    });
    Ok(HttpResponse::Ok().json(CaseEntries::of(&files, id.0, found.await?, since).await?))
}

/// A lawyer who could represent the member. 可指派律师
#[derive(Debug, Serialize, ToSchema)]
struct FreeLawyer {
    /// The lawyer.
    id: Uuid,
    /// 姓名
    #[schema(example = "李明")]
    name: String,
    /// 律师事务所
    #[schema(example = "河南正义律师事务所")]
    firm: String,
    /// 执业地区
    #[schema(example = "410102")]
    division: String,
    /// 擅长领域
    #[schema(example = json!(["wages"]))]
    fields: Vec<String>,
}

/// Lawyers who could be named. 可指派律师列表
#[derive(Debug, Serialize, ToSchema)]
struct FreeLawyers {
    /// Those who know the field first; at most fifty.
    items: Vec<FreeLawyer>,
}

/// Lawyers free of conflict for a case 可指派律师
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal_aid.read"])),
    params(("id" = Uuid, Path, description = "The case")),
    responses(
        (status = 200, description = "Of the directory, without those behind the wall", body = FreeLawyers),
        (status = 403, description = "`WRONG_LEVEL`: below the county"),
    )
)]
#[get("/v1/admin/legal-aid/{id}/lawyers")]
async fn list_free_lawyers(app: web::Data<App>, by: Cadre<can::LegalAidRead>, id: Id) -> Answer {
    let sensitive = may_see(&by)?;
    let mut conn = app.db.read().await?;
    let (of, _) = aid::of_scope(&mut conn, (&by.scope, sensitive), id.0).await?;
    let found = aid::free_lawyers(&mut conn, &of, app.today()).await?.into_iter();
    let items = found.map(|aid::Free { id, name, firm, division, fields }| FreeLawyer {
        id,
        name,
        firm,
        division,
        fields,
    });
    Ok(HttpResponse::Ok().json(FreeLawyers { items: items.collect() }))
}
