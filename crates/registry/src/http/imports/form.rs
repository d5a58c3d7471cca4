//! The form of an upload, part by part as it streams in; its parts may come in any order.

use actix_multipart::{Field, Multipart};
use futures_util::StreamExt as _;
use unionhall_kernel::{Fields, Problem};
use unionhall_storage::once::body_hash;
use unionhall_web::form;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::import::upload::{Arrived, Upload, Wanted};
use crate::import::{Kind, Mode};

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

/// Takes the parts: texts into memory, the file into the upload.
///
/// # Errors
/// `MALFORMED` for what is no form, `UNSUPPORTED_MEDIA_TYPE` and `TOO_LARGE` for the file,
/// `VALIDATION_FAILED` for the parts.
pub(super) async fn receive(upload: &mut Upload<'_>, mut parts: Multipart) -> Result<Form, Problem> {
    let mut texts = Texts::default();
    let mut file_name: Option<String> = None;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| form::broken(&error))?;
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" if file_name.is_some() => return Err(form::second_file()),
            "file" => {
                file_name = Some(named(&part));
                while let Some(piece) = part.next().await {
                    upload.piece(&piece.map_err(|error| form::broken(&error))?).await?;
                }
            }
            "kind" => form::text(&mut part, &name, &mut texts.kind).await?,
            "union_id" => form::text(&mut part, &name, &mut texts.union_id).await?,
            "mode" => form::text(&mut part, &name, &mut texts.mode).await?,
            "dry_run" => form::text(&mut part, &name, &mut texts.dry_run).await?,
            other => return Err(form::unknown(other)),
        }
    }
    let (wanted, fields) = wanted(texts, file_name)?;
    let arrived = upload.finish().await?;
    let digest = body_hash(&fields, &arrived.sha256);
    Ok(Form { wanted, arrived, digest })
}

/// The file's name without folders and control characters.
fn named(part: &Field) -> String {
    let told = part.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default();
    let base = told.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

fn wanted(texts: Texts, file_name: Option<String>) -> Result<(Wanted, String), Problem> {
    let mut fields = Fields::new();
    let kind = texts
        .kind
        .as_deref()
        .ok_or_else(form::required)
        .and_then(|k| Kind::parse(k).ok_or_else(form::no_such_value));
    let kind = fields.take("/kind", kind);
    let union = texts.union_id.as_deref().ok_or_else(form::required);
    let union =
        fields.take("/union_id", union.and_then(|id| Uuid::parse_str(id).map_err(|_| form::no_such_value())));
    let mode =
        texts.mode.as_deref().map_or(Ok(Mode::Upsert), |m| Mode::parse(m).ok_or_else(form::no_such_value));
    // Whom a complete file leaves out is asked of members alone.
    let lists_members = matches!(kind, None | Some(Kind::Members | Kind::Unions));
    let mode =
        mode.and_then(|m| if m == Mode::Full && !lists_members { Err(form::no_such_value()) } else { Ok(m) });
    let mode = fields.take("/mode", mode);
    let dry_run = match texts.dry_run.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(form::no_such_value()),
    };
    let dry_run = fields.take("/dry_run", dry_run);
    let file_name = fields.take("/file", file_name.ok_or_else(form::required));
    match (kind, union, mode, dry_run, file_name) {
        (Some(kind), Some(union), Some(mode), Some(dry_run), Some(file_name)) => {
            let told = format!("{}|{union}|{}|{dry_run}", kind.as_str(), mode.as_str());
            Ok((Wanted { kind, mode, dry_run, union, file_name }, told))
        }
        _ => Err(fields.problem()),
    }
}
