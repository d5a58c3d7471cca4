//! `/v1/admin/exports`: lists of the scope as files.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, post, web};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::{Core, blob, once as stored};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Fault, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, ReasonBody, can, etag, once, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::export::{self, Decision, Export, Format, Kind, Wanted};
use crate::membership;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_export)
        .service(list_exports)
        .service(get_export)
        .service(get_export_file)
        .service(approve_export)
        .service(reject_export)
        .service(cancel_export);
}

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExport {
    /// 导出内容
    kind: Kind,
    /// 文件格式
    format: Format,
    /// A union with its subtree; the one acted for without. 工会
    union_id: Option<Uuid>,
    /// Members in these states; all but ENDED without. 会籍状态
    #[serde(default)]
    #[schema(max_items = 5)]
    states: Vec<membership::State>,
    /// With names, numbers and mobiles in full: takes the right to reveal them and another person's approval. 明文
    #[serde(default)]
    full: bool,
    /// What it is for: 2 to 200 characters; members of a full one can read it. 用途
    #[schema(min_length = 2, max_length = 200, example = "核对春节慰问发放名单")]
    reason: String,
}

/// An export. 导出任务
#[derive(Debug, Serialize, ToSchema)]
struct ExportDto {
    /// Its id.
    id: Uuid,
    /// What stands on every row of the file. 导出编号
    #[schema(example = "XE7K2M9PQR")]
    number: String,
    /// 导出内容
    kind: Kind,
    /// 文件格式
    format: Format,
    /// With values in full. 明文
    full: bool,
    /// Members in these states; all but ENDED when empty. 会籍状态
    states: Vec<String>,
    /// 工会
    union_id: Uuid,
    /// 用途
    reason: String,
    /// Where it stands. 状态
    state: export::State,
    /// In words. 状态说明
    #[schema(example = "可以下载")]
    state_text: &'static str,
    /// Why it failed: `TOO_MANY_ROWS`; export the unions below one by one, or as CSV. 失败原因
    #[schema(example = "TOO_MANY_ROWS")]
    failure: Option<String>,
    /// Why it was rejected. 不予批准的原因
    decision_reason: Option<String>,
    /// Rows written so far. 行数
    #[schema(minimum = 0)]
    rows_done: i32,
    /// Bytes of the file; null while there is none. 大小
    size: Option<i64>,
    /// SHA-256 of the file, hex. 摘要
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// Until when the file is kept, or an approval waited for. 有效期至
    expires_at: Option<String>,
    /// How often it was opened. 下载次数
    #[schema(minimum = 0)]
    downloads: i32,
    /// Whether the caller asked for it: nobody else opens the file. 本人申请
    mine: bool,
    /// When it was asked for. 申请时间
    created_at: String,
}

impl ExportDto {
    fn of(core: &Core, by: Uuid, export: Export) -> Result<Self, Problem> {
        let state = export.state(core.now());
        Ok(Self {
            kind: export.kind()?,
            format: export.format(),
            state,
            state_text: state.text(),
            mine: export.account_id == by,
            id: export.id,
            number: export.number,
            full: export.is_full,
            states: export.states,
            union_id: export.org_id,
            reason: export.reason,
            failure: export.failure,
            decision_reason: export.decision_reason,
            rows_done: export.rows_done,
            size: export.size,
            sha256: export.sha256.as_deref().map(|hash| data_encoding::HEXLOWER.encode(hash)),
            expires_at: export.expires_at.map(wire::instant),
            downloads: export.downloads,
            created_at: wire::instant(export.created_at),
        })
    }
}

/// Ask for a list as a file 申请导出
///
/// It is made in the background, for the caller alone, with Chinese titles and the export's number and the caller's name on
/// every row, and kept for a day. Names and numbers are masked. A full one, and one of more than 1,000 rows, waits for
/// another person's approval, seven days at most.
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.write"])),
    params(MaybeOnceHeader),
    request_body = NewExport,
    responses(
        (status = 202, description = "It is being made", body = ExportDto,
            headers(("Location" = String, description = "The export"))),
        (status = 403, description = "`FORBIDDEN`: what is listed, or its full values, may not be read in this role"),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: the same one is under way"),
    )
)]
#[post("/v1/admin/exports")]
async fn create_export(
    app: web::Data<App>,
    by: Cadre<can::ExportWrite>,
    key: MaybeOnce,
    body: Body<NewExport>,
) -> Answer {
    let mut fields = Fields::new();
    let once = Invalid::new("TOO_MANY", "每种会籍状态最多选一次。");
    fields.require(body.states.len() <= membership::State::ALL.len(), "/states", once);
    let Some(reason) = fields.take("/reason", wire::parse_reason(&body.reason)) else {
        return Err(fields.problem().into());
    };
    fields.finish()?;
    let wanted = Wanted {
        kind: body.kind,
        format: body.format,
        is_full: body.full,
        union: body.union_id.unwrap_or(by.union),
        states: body.states.clone(),
        reason: reason.to_owned(),
    };
    let account = by.principal.account;
    let key = key.of(account, "create_export", body.raw());
    let made = stored::once(&app.db, app.now(), key, async |tx| {
        let made = export::request(&app, tx, &by.actor, (&by.scope, &by.role, by.union), &wanted).await?;
        once::accepted(format!("/v1/admin/exports/{}", made.id), &ExportDto::of(&app, account, made)?)
    })
    .await;
    Ok(once::respond(made.map_err(export::refused)?))
}

/// Exports of the scope, newest first 导出列表
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.write"])),
    params(Listing),
    responses((status = 200, description = "A page", body = PageBody<ExportDto>))
)]
#[get("/v1/admin/exports")]
async fn list_exports(app: web::Data<App>, by: Cadre<can::ExportWrite>, listing: Listing) -> Answer {
    let binding = format!("exports|{}", by.scope.start());
    let before: Option<Uuid> = listing.after(&app, &binding)?;
    let page = export::list(&mut *app.db.read().await?, &by.scope, before, listing.limit()?).await?;
    let account = by.principal.account;
    let body = PageBody::of(&app, &binding, page, |e| e.id, |e| ExportDto::of(&app, account, e))?;
    Ok(HttpResponse::Ok().json(body))
}

/// One export and how far it is 导出进度
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.write"])),
    params(("id" = Uuid, Path, description = "The export")),
    responses((status = 200, description = "With its ETag", body = ExportDto))
)]
#[get("/v1/admin/exports/{id}")]
async fn get_export(app: web::Data<App>, by: Cadre<can::ExportWrite>, id: Id) -> Answer {
    let found = export::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &ExportDto::of(&app, by.principal.account, found)?))
}

/// The file 下载导出文件
///
/// For who asked for it, within its day, and only while they may still read what it holds. That it is opened is on the audit
/// record before the first byte is sent.
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.write"])),
    params(("id" = Uuid, Path, description = "The export")),
    responses(
        (status = 200, description = "xlsx or CSV, as it was asked for; its name is in Content-Disposition", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
        )),
        (status = 403, description = "`FORBIDDEN`: what it holds may not be read in this role"),
        (status = 409, description = "`INVALID_STATE`: there is no file"),
        (status = 410, description = "`LINK_EXPIRED`: it was kept for a day"),
    )
)]
#[get("/v1/admin/exports/{id}/file")]
async fn get_export_file(app: web::Data<App>, by: Cadre<can::ExportWrite>, id: Id) -> Answer {
    let (found, blob) = export::open(&app, &by.actor, (&by.scope, &by.role), id.0).await?;
    let name = format!("attachment; filename*=UTF-8''{}", urlencoding(&found.file_name()?));
    let bytes = blob::stream(app.core.clone(), blob)
        .map_ok(Bytes::from)
        .map_err(|problem| actix_web::Error::from(Fault(problem)));
    Ok(HttpResponse::Ok()
        .content_type(found.format().media_type())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(bytes))
}

// RFC 8187: what is no letter, digit or mark of ASCII goes as its UTF-8 bytes.
fn urlencoding(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

async fn decide(
    core: &Core,
    by: &Cadre<can::ExportApprove>,
    id: Id,
    version: IfMatch,
    decision: Decision,
) -> Answer {
    let check = |current| version.check(current);
    let done = export::decide(core, &by.actor, (&by.scope, &by.role), id.0, check, &decision).await?;
    Ok(etag::tagged(done.version, &ExportDto::of(core, by.principal.account, done)?))
}

/// Approve an export 批准导出
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.approve"])),
    params(("id" = Uuid, Path, description = "The export"), IfMatchHeader),
    responses(
        (status = 200, description = "It is being made, for who asked", body = ExportDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/exports/{id}/approve")]
async fn approve_export(
    app: web::Data<App>,
    by: Cadre<can::ExportApprove>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&app, &by, id, version, Decision::Approve).await
}

/// Reject an export 不予导出
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.approve"])),
    params(("id" = Uuid, Path, description = "The export"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected", body = ExportDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/exports/{id}/reject")]
async fn reject_export(
    app: web::Data<App>,
    by: Cadre<can::ExportApprove>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&app, &by, id, version, Decision::Reject(body.parse()?.to_owned())).await
}

/// Give an export up, and its file with it 取消导出
#[utoipa::path(
    tag = "exports",
    security(("admin" = ["export.write"])),
    params(("id" = Uuid, Path, description = "The export"), IfMatchHeader),
    responses(
        (status = 200, description = "Given up; nobody opens the file any more", body = ExportDto),
        (status = 404, description = "`NOT_FOUND`: absent, out of scope or another's"),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/admin/exports/{id}/cancel")]
async fn cancel_export(
    app: web::Data<App>,
    by: Cadre<can::ExportWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let check = |current| version.check(current);
    let done = export::cancel(&app, &by.actor, &by.scope, id.0, check).await?;
    Ok(etag::tagged(done.version, &ExportDto::of(&app, by.principal.account, done)?))
}
