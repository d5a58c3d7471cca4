//! `/v1/admin/merchants/{id}/licence`.

use actix_web::{HttpResponse, get, put, web};
use serde::Deserialize;
use unionhall_files::http::LinkedFile;
use unionhall_files::{Files, describe};
use unionhall_kernel::Problem;
use unionhall_web::{Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, can, etag};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::admin_merchants::{MerchantDto, merchant_dto};
use crate::{licence, merchant};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_merchant_licence).service(put_merchant_licence);
}

/// The licence of a merchant 营业执照
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The merchant")),
    responses(
        (status = 200, description = "The file with a link that lives five minutes", body = LinkedFile),
        (status = 404, description = "`NOT_FOUND`: no such merchant, or it has none"),
    )
)]
#[get("/v1/admin/merchants/{id}/licence")]
async fn get_merchant_licence(files: web::Data<Files>, by: Cadre<can::MerchantRead>, id: Id) -> Answer {
    let mut conn = files.core.db.read().await?;
    let found = merchant::get(&mut conn, &by.scope, id.0).await?;
    let file = describe(&mut conn, found.licence_file_id.ok_or_else(Problem::not_found)?).await?;
    Ok(HttpResponse::Ok().json(LinkedFile::of(&files, &file)?))
}

/// A licence to attach. 营业执照
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LicenceBody {
    /// A file of one's own, uploaded for `merchant_licence`. 文件
    file_id: Uuid,
}

/// Attach the licence of a merchant 上传营业执照
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    request_body = LicenceBody,
    responses(
        (status = 200, description = "The merchant, with its new ETag", body = MerchantDto),
        (status = 422, description = "`VALIDATION_FAILED`: `FILE_UNKNOWN` at `/file_id`"),
    )
)]
#[put("/v1/admin/merchants/{id}/licence")]
async fn put_merchant_licence(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<LicenceBody>,
) -> Answer {
    let changed = app
        .db
        .write(async |tx| {
            let before = merchant::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            let by = (&by.actor, by.principal.account);
            licence::attach(&app, tx, by, &before, body.file_id).await
        })
        .await?;
    Ok(etag::tagged(changed.version, &merchant_dto(&app, &changed)?))
}
