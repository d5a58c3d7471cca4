//! Multipart forms, part by part as they stream in.

use actix_multipart::{Field, MultipartError};
use futures_util::StreamExt as _;
use unionhall_kernel::{Code, Invalid, Problem};

/// Longest text part, bytes.
const MAX_TEXT: usize = 256;

/// What a form that cannot be read is answered with.
pub fn broken(error: &MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => Problem::new(Code::UnsupportedMediaType),
        _ => Problem::new(Code::Malformed),
    }
}

/// Reads a text part into its place, once.
///
/// # Errors
/// `VALIDATION_FAILED` with `REPEATED` or `TOO_LONG`; `MALFORMED`.
pub async fn text(part: &mut Field, name: &str, place: &mut Option<String>) -> Result<(), Problem> {
    let refused = |code, detail| Problem::invalid(&format!("/{name}"), Invalid::new(code, detail));
    if place.is_some() {
        return Err(refused("REPEATED", "只能填写一次。"));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = part.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| broken(&error))?);
        if bytes.len() > MAX_TEXT {
            return Err(refused("TOO_LONG", "内容过长。"));
        }
    }
    *place = Some(String::from_utf8(bytes).map_err(|_| Problem::new(Code::Malformed))?);
    Ok(())
}

/// A second file where one is taken.
pub fn second_file() -> Problem {
    Problem::invalid("/file", Invalid::new("REPEATED", "只能上传一个文件。"))
}

/// A part of a name that the operation does not know.
pub fn unknown(name: &str) -> Problem {
    // The name is the caller's own; it is cut so that an answer stays small.
    let pointer: String = format!("/{name}").chars().take(64).collect();
    Problem::invalid(&pointer, Invalid::new("UNKNOWN_FIELD", "系统不认识的字段。"))
}

/// A part that has to be there.
pub fn required() -> Invalid {
    Invalid::new("REQUIRED", "必填。")
}

/// A part that is none of the words it may be.
pub fn no_such_value() -> Invalid {
    Invalid::new("INVALID_TYPE", "类型或取值不正确。")
}
