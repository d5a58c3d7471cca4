//! The form of an upload; its parts may come in any order.

use actix_multipart::Multipart;
use futures_util::StreamExt as _;
use unionhall_kernel::{Code, Fields, Problem};
use unionhall_storage::once::body_hash;
use unionhall_web::form;
use utoipa::ToSchema;

use crate::Purpose;
use crate::content::MAX_BYTES;

/// A file with what it is for. 上传文件
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // documentation: the parts are read as they stream in
pub(super) struct FileUpload {
    /// JPEG, PNG, WebP or PDF, at most 10 MiB, told by its content.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// What it is for.
    purpose: Purpose,
}

/// What came.
pub(super) struct Arrived {
    pub purpose: Purpose,
    pub bytes: Vec<u8>,
    /// What must be equal for two uploads to be the same.
    pub digest: Vec<u8>,
}

/// Takes the parts into memory.
///
/// # Errors
/// `MALFORMED` for what is no form, `TOO_LARGE` for the file, `VALIDATION_FAILED` for the parts.
pub(super) async fn receive(mut parts: Multipart) -> Result<Arrived, Problem> {
    let (mut purpose, mut file) = (None, None);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| form::broken(&error))?;
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" if file.is_some() => return Err(form::second_file()),
            "file" => {
                let bytes: &mut Vec<u8> = file.insert(Vec::new());
                while let Some(piece) = part.next().await {
                    bytes.extend_from_slice(&piece.map_err(|error| form::broken(&error))?);
                    if bytes.len() > MAX_BYTES {
                        return Err(Problem::new(Code::TooLarge));
                    }
                }
            }
            "purpose" => form::text(&mut part, &name, &mut purpose).await?,
            other => return Err(form::unknown(other)),
        }
    }
    let mut fields = Fields::new();
    let purpose = purpose.as_deref().ok_or_else(form::required);
    let purpose = purpose.and_then(|word| Purpose::parse(word).ok_or_else(form::no_such_value));
    let purpose = fields.take("/purpose", purpose);
    let file = fields.take("/file", file.ok_or_else(form::required));
    let (Some(purpose), Some(bytes)) = (purpose, file) else { return Err(fields.problem()) };
    let digest = body_hash(purpose.as_str(), &bytes);
    Ok(Arrived { purpose, bytes, digest })
}
