//! `/v1/admin/imports`: rosters and lists of unions in, their errors out.

mod dto;
mod form;

use actix_multipart::Multipart;
use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use unionhall_kernel::Problem;
use unionhall_storage::once::{Key, Stored};
use unionhall_storage::{Core, audit};
use unionhall_web::{
    Answer, App, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader, Once,
    OnceHeader, PageBody, Query, can, etag, once,
};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::dto::{ImportCreated, ImportDto, ImportFilter, KeptRowDto, LeaverDto, TemplateFor};
use self::form::ImportUpload;
use crate::import::transition::{Asked, Transition, perform};
use crate::import::upload::{self, Upload};
use crate::import::{Import, Kind, errors_file, kept, leavers, store, template};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Registers the operations.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_import)
        .service(list_imports)
        .service(get_import_template)
        .service(get_import)
        .service(get_import_errors)
        .service(list_import_leavers)
        .service(list_import_kept_rows)
        .service(commit_import)
        .service(cancel_import)
        .service(revert_import);
}

fn location(id: Uuid) -> String {
    format!("/v1/admin/imports/{id}")
}

/// Upload a file to be validated 上传导入文件
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(MaybeOnceHeader),
    request_body(content = ImportUpload, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "Taken; it is being validated", body = ImportCreated,
            headers(("Location" = String, description = "The import"))),
        (status = 404, description = "`NOT_FOUND`: the union"),
        (status = 413, description = "`TOO_LARGE`: the file"),
        (status = 415, description = "`UNSUPPORTED_MEDIA_TYPE`: neither CSV nor xlsx"),
    )
)]
#[post("/v1/admin/imports")]
async fn create_import(
    app: web::Data<App>,
    cadre: Cadre<can::ImportWrite>,
    once: MaybeOnce,
    parts: Multipart,
) -> Answer {
    let mut upload = Upload::begin(&app.core);
    let answer = take(&app.core, &cadre, &once, &mut upload, parts).await;
    // A refused file goes at once, and so does that of a repeat, which is answered with the first one's import.
    let is_kept = answer.as_ref().is_ok_and(|stored| stored.location == Some(location(upload.id())));
    if !is_kept {
        upload.discard().await?;
    }
    Ok(once::respond(answer?))
}

async fn take(
    core: &Core,
    cadre: &Cadre<can::ImportWrite>,
    once: &MaybeOnce,
    upload: &mut Upload<'_>,
    parts: Multipart,
) -> Result<Stored, Problem> {
    let form = form::receive(upload, parts).await?;
    upload::may_write(cadre.role.name, form.wanted.kind)?;
    let key: Option<Key> = once.of(cadre.principal.account, "create_import", &form.digest);
    let answer = |id| once::accepted(location(id), &ImportCreated { id });
    upload::create(core, (&cadre.actor, &cadre.scope), upload, &form.arrived, &form.wanted, key, answer).await
}

/// Imports of one's scope, newest first 导入列表
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(ImportFilter, Listing),
    responses((status = 200, description = "A page", body = PageBody<ImportDto>))
)]
#[get("/v1/admin/imports")]
async fn list_imports(
    app: web::Data<App>,
    cadre: Cadre<can::ImportRead>,
    filter: Query<ImportFilter>,
    listing: Listing,
) -> Answer {
    let states = filter.states()?;
    let binding = format!("list_imports|{}|{states:?}", cadre.scope.start());
    let after: Option<Uuid> = listing.after(&app.core, &binding)?;
    let mut conn = app.db.read().await?;
    let page = store::list(&mut conn, &cadre.scope, &states, after, listing.limit()?).await?;
    let body = PageBody::of(&app.core, &binding, page, |row| row.id, |row| Ok(ImportDto::from(row)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// An empty roster to fill in 下载导入模板
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(TemplateFor),
    responses((status = 200, description = "xlsx", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
)]
#[get("/v1/admin/imports/template.xlsx")]
async fn get_import_template(_cadre: Cadre<can::ImportRead>, wanted: Query<TemplateFor>) -> Answer {
    let bytes = template::xlsx(wanted.kind).map_err(Problem::internal)?;
    let name = match wanted.kind {
        Kind::Members => "members-template.xlsx",
        Kind::Unions => "unions-template.xlsx",
        Kind::Merchants => "merchants-template.xlsx",
        Kind::Cards => "cards-template.xlsx",
        Kind::JobPostings => "job-postings-template.xlsx",
        Kind::Lawyers => "lawyers-template.xlsx",
        Kind::DutyRoster => "duty-roster-template.xlsx",
    };
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header(attachment(name)).body(bytes))
}

fn attachment(name: &str) -> (header::HeaderName, String) {
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
}

async fn load(core: &Core, cadre: &Cadre<can::ImportRead>, id: Id) -> Result<Import, Problem> {
    let mut conn = core.db.read().await?;
    store::get(&mut conn, &cadre.scope, id.0).await
}

/// One import and how far it is 导入进度
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, description = "The import", body = ImportDto,
        headers(("ETag" = String, description = "Its version"))))
)]
#[get("/v1/admin/imports/{id}")]
async fn get_import(app: web::Data<App>, cadre: Cadre<can::ImportRead>, id: Id) -> Answer {
    let import = load(&app.core, &cadre, id).await?;
    let version = import.version;
    Ok(etag::tagged(version, &ImportDto::from(import)))
}

/// Rejected rows with why, to be mended and sent again 下载错误行
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, description = "The rows as they came, with a last column 错误原因",
        body = String, content_type = "text/csv"))
)]
#[get("/v1/admin/imports/{id}/errors.csv")]
async fn get_import_errors(app: web::Data<App>, cadre: Cadre<can::ImportRead>, id: Id) -> Answer {
    let core = &app.core;
    let import = load(core, &cadre, id).await?;
    // The file has full names and numbers, so that somebody looked is committed before anything is shown.
    let mut event = cadre.actor.event(
        core.id(),
        core.now(),
        Some(&import.path),
        "import.errors",
        ("import", Some(import.id)),
    );
    "intent".clone_into(&mut event.outcome);
    core.db.write(async |tx| audit::append(tx, &event).await).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(attachment("errors.csv"))
        .streaming(Box::pin(errors_file::stream(core.clone(), import))))
}

/// Members whom a complete file does not name 待核减名单
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The import"), Listing),
    responses((status = 200, description = "A proposal; empty unless mode is `full`", body = PageBody<LeaverDto>))
)]
#[get("/v1/admin/imports/{id}/leavers")]
async fn list_import_leavers(
    app: web::Data<App>,
    cadre: Cadre<can::ImportRead>,
    id: Id,
    listing: Listing,
) -> Answer {
    let import = load(&app.core, &cadre, id).await?;
    let binding = format!("list_import_leavers|{}|{}", cadre.scope.start(), import.id);
    let after: Option<(String, Uuid)> = listing.after(&app.core, &binding)?;
    let mut conn = app.db.read().await?;
    let page = leavers::list(&mut conn, &cadre.scope, &import, after.as_ref(), listing.limit()?).await?;
    let key = |row: &leavers::Leaver| (row.path.clone(), row.membership);
    let body = PageBody::of(&app.core, &binding, page, key, |row| Ok(LeaverDto::from(row)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// Rows that a revert left as they are 未撤回的行
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.read"])),
    params(("id" = Uuid, Path, description = "The import"), Listing),
    responses((status = 200, description = "A page in the order of the file", body = PageBody<KeptRowDto>))
)]
#[get("/v1/admin/imports/{id}/kept-rows")]
async fn list_import_kept_rows(
    app: web::Data<App>,
    cadre: Cadre<can::ImportRead>,
    id: Id,
    listing: Listing,
) -> Answer {
    let import = load(&app.core, &cadre, id).await?;
    let binding = format!("list_import_kept_rows|{}|{}", cadre.scope.start(), import.id);
    let after: Option<i32> = listing.after(&app.core, &binding)?;
    let mut conn = app.db.read().await?;
    let page = kept::list(&mut conn, &import, after, listing.limit()?).await?;
    let body = PageBody::of(&app.core, &binding, page, |row| row.row_no, |row| Ok(KeptRowDto::from(row)))?;
    Ok(HttpResponse::Ok().json(body))
}

async fn transition(
    core: &Core,
    cadre: &Cadre<can::ImportWrite>,
    id: Id,
    version: IfMatch,
    transition: Transition,
    key: Option<Key>,
) -> Answer {
    let asked = Asked { actor: &cadre.actor, role: cadre.role.name, scope: &cadre.scope, version };
    let answer = |import: &Import| {
        let body = ImportDto::from(import.clone());
        match transition {
            Transition::Cancel => once::ok(&body),
            Transition::Commit | Transition::Revert => once::accepted(location(import.id), &body),
        }
    };
    Ok(once::respond(perform(core, asked, id.0, transition, key, answer).await?))
}

/// Write the accepted rows 确认导入
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(("id" = Uuid, Path, description = "The import"), IfMatchHeader, OnceHeader),
    responses(
        (status = 202, description = "It is being written", body = ImportDto),
        (status = 409, description = "`INVALID_STATE`: not validated, or a dry run"),
    )
)]
#[post("/v1/admin/imports/{id}/commit")]
async fn commit_import(
    app: web::Data<App>,
    cadre: Cadre<can::ImportWrite>,
    id: Id,
    version: IfMatch,
    once: Once,
    body: Empty,
) -> Answer {
    let key = once.of(cadre.principal.account, "commit_import", body.raw());
    transition(&app.core, &cadre, id, version, Transition::Commit, Some(key)).await
}

/// Give an import up before anything is written 取消导入
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(("id" = Uuid, Path, description = "The import"), IfMatchHeader, MaybeOnceHeader),
    responses(
        (status = 200, description = "Given up", body = ImportDto),
        (status = 409, description = "`INVALID_STATE`: something is or was written"),
    )
)]
#[post("/v1/admin/imports/{id}/cancel")]
async fn cancel_import(
    app: web::Data<App>,
    cadre: Cadre<can::ImportWrite>,
    id: Id,
    version: IfMatch,
    once: MaybeOnce,
    body: Empty,
) -> Answer {
    let key = once.of(cadre.principal.account, "cancel_import", body.raw());
    transition(&app.core, &cadre, id, version, Transition::Cancel, key).await
}

/// Take back what an import wrote and nobody touched since 撤回导入
#[utoipa::path(
    tag = "imports",
    security(("admin" = ["import.write"])),
    params(("id" = Uuid, Path, description = "The import"), IfMatchHeader, MaybeOnceHeader),
    responses(
        (status = 202, description = "It is being taken back; see kept-rows for what cannot be", body = ImportDto),
        (status = 409, description = "`INVALID_STATE`: it was not committed"),
    )
)]
#[post("/v1/admin/imports/{id}/revert")]
async fn revert_import(
    app: web::Data<App>,
    cadre: Cadre<can::ImportWrite>,
    id: Id,
    version: IfMatch,
    once: MaybeOnce,
    body: Empty,
) -> Answer {
    let key = once.of(cadre.principal.account, "revert_import", body.raw());
    transition(&app.core, &cadre, id, version, Transition::Revert, key).await
}
