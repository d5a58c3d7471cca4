//! Request bodies: JSON of a known shape, within a size, with every refusal named by its pointer.

use std::ops::Deref;

use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use unionhall_kernel::{Code, Invalid, Problem};

use crate::problem::Fault;

/// The largest JSON body, unless an operation says otherwise.
pub const JSON_LIMIT: usize = 64 * 1024;

/// A JSON body parsed into `T`, with its bytes for the idempotency hash. DTOs say `deny_unknown_fields`: a
/// field nobody knows is refused, never ignored. `LIMIT` is the most bytes it takes.
#[derive(Debug, Clone)]
pub struct Body<T, const LIMIT: usize = JSON_LIMIT> {
    value: T,
    raw: Bytes,
}

impl<T, const LIMIT: usize> Body<T, LIMIT> {
    /// The parsed value.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The bytes that arrived.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

impl<T, const LIMIT: usize> Deref for Body<T, LIMIT> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

async fn collect(req: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let declared = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if declared.and_then(|v| v.parse::<usize>().ok()).is_some_and(|n| n > limit) {
        return Err(Problem::new(Code::TooLarge));
    }
    let mut body = actix_web::web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::Malformed))?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::new(Code::TooLarge));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn is_json(req: &HttpRequest) -> bool {
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("application/merge-patch+json")
}

/// Parses JSON into `T`.
///
/// # Errors
/// `MALFORMED` when it is not JSON, `VALIDATION_FAILED` with a pointer when its shape is wrong.
pub fn parse_json<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Problem> {
    // No text of ours holds a NUL, and the store cannot take one.
    if raw.windows(6).any(|w| w == br"\u0000") {
        return Err(Problem::new(Code::Malformed));
    }
    // serde reads a list as a struct's fields in order; every body here is an object.
    if raw.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::invalid("", Invalid::new("INVALID_TYPE", "类型或取值不正确。")));
    }
    let mut json = serde_json::Deserializer::from_slice(raw);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| refuse(&error, raw))?;
    json.end().map_err(|_| Problem::new(Code::Malformed))?;
    Ok(value)
}

fn refuse(error: &serde_path_to_error::Error<serde_json::Error>, raw: &[u8]) -> Problem {
    // A null where a word of an enum belongs is reported as bad syntax, though it is good JSON.
    if !error.inner().is_data() && serde_json::from_slice::<serde_json::Value>(raw).is_err() {
        return Problem::new(Code::Malformed);
    }
    let mut pointer = String::new();
    for segment in error.path() {
        use serde_path_to_error::Segment;
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{key}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let text = error.inner().to_string();
    let named = || text.split('`').nth(1).unwrap_or_default();
    // serde words these three cases; the texts are stable and a test holds them.
    let invalid = if text.starts_with("unknown field") {
        if !pointer.ends_with(&format!("/{}", named())) {
            pointer.push_str(&format!("/{}", named()));
        }
        Invalid::new("UNKNOWN_FIELD", "系统不认识的字段。")
    } else if text.starts_with("missing field") {
        pointer.push_str(&format!("/{}", named()));
        Invalid::new("REQUIRED", "必填。")
    } else {
        Invalid::new("INVALID_TYPE", "类型或取值不正确。")
    };
    Problem::invalid(&pointer, invalid)
}

impl<T: DeserializeOwned + 'static, const LIMIT: usize> FromRequest for Body<T, LIMIT> {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            if !is_json(&req) {
                return Err(Problem::new(Code::UnsupportedMediaType).into());
            }
            let raw = collect(&req, payload, LIMIT).await?;
            Ok(Self { value: parse_json(&raw)?, raw })
        })
    }
}

/// A merge patch (RFC 7396) as it arrives; documents show it as a schema of its own. Fields absent stay as they are.
pub type Patch = serde_json::Map<String, serde_json::Value>;

/// A resource with a merge patch applied, parsed like a new one.
///
/// # Errors
/// As [`parse_json`].
pub fn patched<T: DeserializeOwned>(current: &impl serde::Serialize, patch: &Patch) -> Result<T, Problem> {
    let mut value = serde_json::to_value(current)?;
    if let Some(fields) = value.as_object_mut() {
        for (name, new) in patch {
            if new.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), new.clone());
            }
        }
    }
    parse_json(&serde_json::to_vec(&value)?)
}

/// No fields: `{}` or no body at all.
#[derive(Debug, Clone)]
pub struct Empty;

impl Empty {
    /// The bytes that arrived, `{}` and nothing being the same request.
    pub fn raw(&self) -> &[u8] {
        b"{}"
    }
}

impl FromRequest for Empty {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let raw = collect(&req, payload, JSON_LIMIT).await?;
            if !raw.is_empty() {
                if !is_json(&req) {
                    return Err(Problem::new(Code::UnsupportedMediaType).into());
                }
                let fields: serde_json::Map<String, serde_json::Value> = parse_json(&raw)?;
                if let Some(name) = fields.keys().next() {
                    let invalid = Invalid::new("UNKNOWN_FIELD", "系统不认识的字段。");
                    return Err(Problem::invalid(&format!("/{name}"), invalid).into());
                }
            }
            Ok(Self)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        inner: Option<Inner>,
        #[serde(default)]
        word: Word,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    enum Word {
        #[default]
        Said,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        n: u32,
    }

    fn refusal(json: &str) -> (Code, String, &'static str) {
        let problem = parse_json::<Outer>(json.as_bytes()).unwrap_err();
        let first = problem.errors.first();
        (problem.code, first.map(|e| e.pointer.clone()).unwrap_or_default(), first.map_or("", |e| e.code))
    }

    #[test]
    fn a_list_is_no_object() {
        assert_eq!(refusal(r#"["a", null]"#), (Code::ValidationFailed, String::new(), "INVALID_TYPE"));
    }

    #[test]
    fn refusals_name_the_field() {
        let invalid = Code::ValidationFailed;
        assert_eq!(refusal(r#"{"name":"a","nmae":1}"#), (invalid, "/nmae".into(), "UNKNOWN_FIELD"));
        assert_eq!(refusal("{}"), (invalid, "/name".into(), "REQUIRED"));
        assert_eq!(refusal(r#"{"name":1}"#), (invalid, "/name".into(), "INVALID_TYPE"));
        assert_eq!(
            refusal(r#"{"name":"a","inner":{"n":"x"}}"#),
            (invalid, "/inner/n".into(), "INVALID_TYPE")
        );
        assert_eq!(
            refusal(r#"{"name":"a","inner":{"n":1,"m":2}}"#),
            (invalid, "/inner/m".into(), "UNKNOWN_FIELD")
        );
        assert_eq!(refusal(r#"{"name":"a","word":null}"#), (invalid, "/word".into(), "INVALID_TYPE"));
        assert_eq!(refusal(r#"{"name":"\ud800"}"#).0, Code::Malformed);
        assert_eq!(refusal("{").0, Code::Malformed);
        assert_eq!(refusal(r#"{"name":"a"} x"#).0, Code::Malformed);
        assert_eq!(refusal("\u{0}").0, Code::Malformed);
        assert_eq!(refusal(r#"{"name":"a\u0000b"}"#).0, Code::Malformed);
    }
}
