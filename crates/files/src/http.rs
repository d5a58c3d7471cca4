//! `/v1/files`: the same for everybody who is logged in.

mod form;

use actix_multipart::Multipart;
use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, post, web};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{audit, blob};
use unionhall_web::{Answer, Anyone, Fault, Id, MaybeOnce, MaybeOnceHeader, Public, Query, once, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::form::FileUpload;
use crate::store::{self, File};
use crate::upload::{self, location};
use crate::{Files, Link, Purpose};

/// Registers the operations.
pub fn routes(config: &mut ServiceConfig) {
    config.service(upload_file).service(get_file).service(delete_file).service(read_file);
}

/// A file. 文件
#[derive(Debug, Serialize, ToSchema)]
struct FileDto {
    /// Its id.
    id: Uuid,
    /// What it is for. 用途
    purpose: Purpose,
    /// SHA-256 of what is kept, in hex: an image is encoded again.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Bytes kept. 大小
    size: i32,
    /// `image/jpeg` or `application/pdf`. 类型
    #[serde(rename = "type")]
    #[schema(example = "image/jpeg")]
    media_type: &'static str,
    /// When it was uploaded.
    created_at: String,
    /// When it goes unless something is done with it; null once it is attached.
    expires_if_unused: Option<String>,
}

impl FileDto {
    fn of(file: &File) -> Result<Self, Problem> {
        Ok(Self {
            id: file.id,
            purpose: file.purpose()?,
            sha256: data_encoding::HEXLOWER.encode(&file.sha256),
            size: file.size,
            media_type: file.media_type()?.as_str(),
            created_at: wire::instant(file.created_at),
            expires_if_unused: file.expires_at.map(wire::instant),
        })
    }
}

/// A file and a link to its bytes. 文件链接
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkedFile {
    #[serde(flatten)]
    file: FileDto,
    /// A path of this API that needs no token; whoever has it can read the file. 下载链接
    #[schema(
        example = "/v1/public/files/0192f3a4-0000-7000-8000-000000000000?expires=1795233600&signature=…"
    )]
    url: String,
    /// Until when the link opens. 链接有效期
    url_expires_at: String,
}

impl LinkedFile {
    /// For a caller who may read the file.
    ///
    /// # Errors
    /// `INTERNAL` for a file this version does not understand.
    pub fn of(files: &Files, file: &File) -> Result<Self, Problem> {
        let Link { url, expires_at } = files.links.to(file.id, files.core.now())?;
        Ok(Self { file: FileDto::of(file)?, url, url_expires_at: wire::instant(expires_at) })
    }
}

/// Upload a file 上传文件
///
/// What a file is, its content tells. Images are encoded again as JPEG, without what the camera wrote into them. The
/// id is then named in what the file is for; what is named nowhere goes after a day.
#[utoipa::path(
    tag = "files",
    security(("any" = [])),
    params(MaybeOnceHeader),
    request_body(content = FileUpload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Taken", body = FileDto,
            headers(("Location" = String, description = "The file"))),
        (status = 403, description = "`FORBIDDEN`: not for this purpose"),
        (status = 409, description = "`TOO_MANY_FILES`: twenty wait already"),
        (status = 413, description = "`TOO_LARGE`: 10 MiB at most"),
        (status = 415, description = "`UNSUPPORTED_MEDIA_TYPE`: neither JPEG, PNG, WebP nor PDF"),
        (status = 422, description = "`VALIDATION_FAILED`: `FILE_EMPTY`, `FILE_BROKEN`, `IMAGE_TOO_LARGE` (50 million pixels at most) or `FILE_INFECTED` at `/file`"),
    )
)]
#[post("/v1/files")]
async fn upload_file(files: web::Data<Files>, by: Anyone, once: MaybeOnce, parts: Multipart) -> Answer {
    let _place = files.limits.receive()?;
    let arrived = form::receive(parts).await?;
    if !arrived.purpose.is_open_to(&by.principal) {
        return Err(Problem::new(Code::Forbidden).into());
    }
    let account = by.principal.account;
    let key = once.of(account, "upload_file", &arrived.digest);
    let answer = |file: File| once::created(location(file.id), &FileDto::of(&file)?);
    let owner = (account, arrived.purpose);
    Ok(once::respond(upload::take(&files, &by.actor, owner, arrived.bytes, key, answer).await?))
}

/// A file of one's own 文件信息
#[utoipa::path(
    tag = "files",
    security(("any" = [])),
    params(("id" = Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file with a link", body = LinkedFile))
)]
#[get("/v1/files/{id}")]
async fn get_file(files: web::Data<Files>, by: Anyone, id: Id) -> Answer {
    let mut conn = files.core.db.read().await?;
    let file = store::own(&mut conn, by.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(LinkedFile::of(&files, &file)?))
}

/// Take a file away that nothing names 删除未使用的文件
#[utoipa::path(
    tag = "files",
    security(("any" = [])),
    params(("id" = Uuid, Path, description = "The file")),
    responses(
        (status = 204, description = "Gone"),
        (status = 409, description = "`INVALID_STATE`: it is attached to something"),
    )
)]
#[delete("/v1/files/{id}")]
async fn delete_file(files: web::Data<Files>, by: Anyone, id: Id) -> Answer {
    let core = &files.core;
    core.db
        .write(async |tx| {
            store::discard(tx, by.principal.account, id.0).await?;
            let event = by.actor.event(core.id(), core.now(), None, "file.delete", ("file", Some(id.0)));
            audit::append(tx, &event).await
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What makes a link.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LinkQuery {
    /// As the link has it.
    #[param(example = 1_795_233_600)]
    expires: i64,
    /// As the link has it.
    #[param(
        min_length = 22,
        max_length = 22,
        pattern = "^[A-Za-z0-9_-]{22}$",
        example = "q83vASNFZ4mrze8BI0VniQ"
    )]
    signature: String,
}

/// The bytes of a file, by a link 读取文件
///
/// Links are handed out by what a file is attached to, and live five minutes. No token is needed.
#[utoipa::path(
    tag = "files",
    params(("id" = Uuid, Path, description = "The file"), LinkQuery),
    responses(
        (status = 200, description = "The bytes", content(
            (Vec<u8> = "image/jpeg"),
            (Vec<u8> = "application/pdf"),
        )),
        (status = 404, description = "`NOT_FOUND`: no such link"),
        (status = 410, description = "`LINK_EXPIRED`: ask for a new one"),
    )
)]
#[get("/v1/public/files/{id}")]
async fn read_file(files: web::Data<Files>, _by: Public, id: Id, link: Query<LinkQuery>) -> Answer {
    let core = &files.core;
    files.links.check(id.0, link.expires, &link.signature, core.now())?;
    let file = store::describe(&mut *core.db.read().await?, id.0).await?;
    let media_type = file.media_type()?;
    let name = format!("inline; filename=\"{}.{}\"", file.id, media_type.extension());
    let bytes = blob::stream(core.clone(), file.id).map_ok(web::Bytes::from);
    Ok(HttpResponse::Ok()
        .content_type(media_type.as_str())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Shown beside the API's own pages, a document must not be one of them.
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .no_chunking(u64::try_from(file.size).unwrap_or(0))
        .streaming(Box::pin(bytes.map_err(|problem| actix_web::Error::from(Fault(problem))))))
}
