//! `/v1/admin/import-reconciliations`: what imports brought, drawn as a sheet, signed by another person.

mod dto;
mod print;

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use unionhall_storage::once as stored;
use unionhall_web::{
    Actor, Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, Once, OnceHeader, OrgScope,
    PageBody, Query, ReasonBody, can, etag, once,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::dto::{ReconciliationDto, ReconciliationSheet};
use super::members::narrowed;
use crate::import::Kind;
use crate::import::room::Rooms;
use crate::reconciliation::{self, Decision, Filter, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(draw_import_reconciliation)
        .service(list_import_reconciliations)
        .service(get_import_reconciliation)
        .service(get_import_reconciliation_page)
        .service(sign_import_reconciliation)
        .service(withdraw_import_reconciliation);
}

/// Over what a sheet is drawn. 对账范围
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReconciliation {
    /// The union whose imports are meant, with all below it. 工会
    union_id: Uuid,
    /// What the files list. 导入内容
    kind: Kind,
}

/// Draw a reconciliation sheet 出具导入对账单
///
/// Over all imports of a kind whose union is the one named or below it: each with its figures, the sums over those that
/// touched the tables, and what the tables hold now. The figures are frozen. A sheet of the same union and kind that waits for
/// a signature is replaced.
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(OnceHeader),
    request_body = NewReconciliation,
    responses(
        (status = 201, description = "The sheet", body = ReconciliationSheet,
            headers(("Location" = String, description = "The sheet"))),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 422, description = "`VALIDATION_FAILED`: `TOO_MANY` at `/union_id` for more than 1,000 imports; draw sheets of the unions below"),
    )
)]
#[post("/v1/admin/import-reconciliations")]
async fn draw_import_reconciliation(
    app: web::Data<App>,
    rooms: web::Data<Rooms>,
    by: Cadre<can::ImportWrite>,
    key: Once,
    body: Body<NewReconciliation>,
) -> Answer {
    let key = key.of(by.principal.account, "draw_import_reconciliation", body.raw());
    let made = stored::once(&app.db, app.now(), Some(key), async |tx| {
        let who = (&by.actor, &by.scope);
        let drawn = reconciliation::draw(&app, tx, &rooms, who, body.union_id, body.kind).await?;
        let location = format!("/v1/admin/import-reconciliations/{}", drawn.0.id);
        once::created(location, &ReconciliationSheet::of(tx, drawn).await?)
    });
    Ok(once::respond(made.await?))
}

/// Which sheets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReconciliationQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// 导入内容
    kind: Option<Kind>,
    /// 状态
    state: Option<State>,
}

/// Reconciliation sheets of the scope 导入对账单列表
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(ReconciliationQuery, Listing),
    responses((status = 200, description = "Newest first; empty for a union out of scope", body = PageBody<ReconciliationDto>))
)]
#[get("/v1/admin/import-reconciliations")]
async fn list_import_reconciliations(
    app: web::Data<App>,
    by: Cadre<can::ImportRead>,
    query: Query<ReconciliationQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<ReconciliationDto>::whole(Vec::new())));
    };
    let filter = Filter { kind: query.kind, state: query.state };
    let binding = format!("import-reconciliations|{}|{filter:?}", scope.start());
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let page = reconciliation::list(&mut *app.db.read().await?, &scope, filter, before, limit).await?;
    let body = PageBody::of(&app, &binding, page, |s| s.id, |s| Ok(ReconciliationDto::from(s)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// One reconciliation sheet 导入对账单
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The sheet")),
    responses((status = 200, description = "With its ETag", body = ReconciliationSheet))
)]
#[get("/v1/admin/import-reconciliations/{id}")]
async fn get_import_reconciliation(app: web::Data<App>, by: Cadre<can::ImportRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = reconciliation::get(&mut conn, &by.scope, id.0).await?;
    Ok(etag::tagged(found.0.version, &ReconciliationSheet::of(&mut conn, found).await?))
}

/// A reconciliation sheet to print 打印导入对账单
///
/// An A4 page with the sums, what the tables held, who drew and who signed it (masked) and a line for a pen. Sums over the
/// imports only: what each brought stands in the sheet itself.
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The sheet")),
    responses((status = 200, description = "The page", body = String, content_type = "image/svg+xml"))
)]
#[get("/v1/admin/import-reconciliations/{id}/page.svg")]
async fn get_import_reconciliation_page(app: web::Data<App>, by: Cadre<can::ImportRead>, id: Id) -> Answer {
    let (sheet, frozen) = reconciliation::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(print::form(&sheet, &frozen).respond())
}

async fn end(
    app: &App,
    (actor, scope): (&Actor, &OrgScope),
    id: Id,
    version: IfMatch,
    said: (Decision, &str),
) -> Answer {
    let check = |current| version.check(current);
    let done = reconciliation::end(app, actor, scope, id.0, check, said).await?;
    let version = done.0.version;
    let mut conn = app.db.read().await?;
    Ok(etag::tagged(version, &ReconciliationSheet::of(&mut conn, done).await?))
}

/// Sign a reconciliation sheet 签认导入对账单
///
/// By a person who committed none of its imports.
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.sign"])),
    params(("id" = Uuid, Path, description = "The sheet"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Signed; should an import change later, it stays signed and is `stale`", body = ReconciliationSheet),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: signed or withdrawn, an import is being written or taken back, or one was since the sheet was drawn; the detail says which"),
    )
)]
#[post("/v1/admin/import-reconciliations/{id}/sign")]
async fn sign_import_reconciliation(
    app: web::Data<App>,
    by: Cadre<can::ImportSign>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    end(&app, (&by.actor, &by.scope), id, version, (Decision::Sign, body.parse()?)).await
}

/// Withdraw a reconciliation sheet 撤回导入对账单
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(("id" = Uuid, Path, description = "The sheet"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Withdrawn", body = ReconciliationSheet),
        (status = 409, description = "`INVALID_STATE`: signed or withdrawn"),
    )
)]
#[post("/v1/admin/import-reconciliations/{id}/withdraw")]
async fn withdraw_import_reconciliation(
    app: web::Data<App>,
    by: Cadre<can::ImportWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    end(&app, (&by.actor, &by.scope), id, version, (Decision::Withdraw, body.parse()?)).await
}
