//! The form of an upload, part by part as it streams in; its parts may come in any order.

use actix_multipart::{Field, Multipart, MultipartError};
use futures_util::StreamExt as _;
use unionhall_kernel::{Code, Fields, Invalid, Problem};
use unionhall_storage::once::body_hash;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::import::upload::{Arrived, Upload, Wanted};
use crate::import::{Kind, Mode};

/// Longest text part.
const MAX_TEXT: usize = 256;
/// Longest file name kept.
const MAX_NAME: usize = 100;

/// A file with what it is for. 导入文件
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // documentation: the parts are read as they stream in
pub(super) struct ImportUpload {
    /// CSV (UTF-8 or GB18030, at most 200 MB) or xlsx (at most 30 MB and 100,000 rows), told by its content.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// What it lists.
    kind: Kind,
    /// The union of rows that name none; in mode `full` the one whose subtree the file is complete for.
    union_id: Uuid,
    /// `upsert` without.
    mode: Option<Mode>,
    /// Whether it may never be committed; `false` without.
    dry_run: Option<bool>,
}

/// What came.
pub(super) struct Form {
    pub wanted: Wanted,
    pub arrived: Arrived,
    /// Over the fields and the file: what must be equal for two uploads to be the same.
    pub digest: Vec<u8>,
}

#[derive(Default)]
struct Texts {
    kind: Option<String>,
    union_id: Option<String>,
    mode: Option<String>,
    dry_run: Option<String>,
}

fn broken(error: &MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => Problem::new(Code::UnsupportedMediaType),
        _ => Problem::new(Code::Malformed),
    }
}

/// Takes the parts: texts into memory, the file into the upload.
///
/// # Errors
/// `MALFORMED` for what is no form, `UNSUPPORTED_MEDIA_TYPE` and `TOO_LARGE` for the file,
/// `VALIDATION_FAILED` for the parts.
pub(super) async fn receive(upload: &mut Upload<'_>, mut parts: Multipart) -> Result<Form, Problem> {
    let mut texts = Texts::default();
    let mut file_name: Option<String> = None;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| broken(&error))?;
        let name = part.name().unwrap_or_default().to_owned();
        let place = match name.as_str() {
            "file" if file_name.is_none() => {
                file_name = Some(named(&part));
                while let Some(piece) = part.next().await {
                    upload.piece(&piece.map_err(|error| broken(&error))?).await?;
                }
                continue;
            }
            "kind" => &mut texts.kind,
            "union_id" => &mut texts.union_id,
            "mode" => &mut texts.mode,
            "dry_run" => &mut texts.dry_run,
            "file" => return Err(refused("/file", "REPEATED", "只能上传一个文件。")),
            // The name is the caller's own; it is cut so that an answer stays small.
            other => {
                let pointer: String = format!("/{other}").chars().take(64).collect();
                return Err(refused(&pointer, "UNKNOWN_FIELD", "系统不认识的字段。"));
            }
        };
        if place.is_some() {
            return Err(refused(&format!("/{name}"), "REPEATED", "只能填写一次。"));
        }
        *place = Some(text(&mut part, &name).await?);
    }
    let (wanted, fields) = wanted(texts, file_name)?;
    let arrived = upload.finish().await?;
    let digest = body_hash(&fields, &arrived.sha256);
    Ok(Form { wanted, arrived, digest })
}

fn refused(pointer: &str, code: &'static str, detail: &'static str) -> Problem {
    Problem::invalid(pointer, Invalid::new(code, detail))
}

/// The file's name without folders and control characters.
fn named(part: &Field) -> String {
    let told = part.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default();
    let base = told.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

async fn text(part: &mut Field, name: &str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| broken(&error))?);
        if bytes.len() > MAX_TEXT {
            return Err(refused(&format!("/{name}"), "TOO_LONG", "内容过长。"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::new(Code::Malformed))
}

fn wanted(texts: Texts, file_name: Option<String>) -> Result<(Wanted, String), Problem> {
    let mut fields = Fields::new();
    let required = || Invalid::new("REQUIRED", "必填。");
    let unknown = || Invalid::new("INVALID_TYPE", "类型或取值不正确。");
    let kind = texts.kind.as_deref().ok_or_else(required).and_then(|k| Kind::parse(k).ok_or_else(unknown));
    let kind = fields.take("/kind", kind);
    let union = texts.union_id.as_deref().ok_or_else(required);
    let union = fields.take("/union_id", union.and_then(|id| Uuid::parse_str(id).map_err(|_| unknown())));
    let mode = texts.mode.as_deref().map_or(Ok(Mode::Upsert), |m| Mode::parse(m).ok_or_else(unknown));
    let mode = fields.take("/mode", mode);
    let dry_run = match texts.dry_run.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(unknown()),
    };
    let dry_run = fields.take("/dry_run", dry_run);
    let file_name = fields.take("/file", file_name.ok_or_else(required));
    match (kind, union, mode, dry_run, file_name) {
        (Some(kind), Some(union), Some(mode), Some(dry_run), Some(file_name)) => {
            let told = format!("{}|{union}|{}|{dry_run}", kind.as_str(), mode.as_str());
            Ok((Wanted { kind, mode, dry_run, union, file_name }, told))
        }
        _ => Err(fields.problem()),
    }
}
