//! Entity tags: which version of a resource was read. Cadres' updates and transitions must name it.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use serde::Serialize;
use unionhall_kernel::{Code, Problem};
use uuid::Uuid;

use crate::problem::Fault;

/// What a version is named by: a number that moves, or the id of the version's own row.
pub trait Version: Copy + PartialEq + 'static {
    /// The entity tag.
    fn tag(self) -> String;

    /// Reads a tag; `None` for one that was never ours.
    fn parse(tag: &str) -> Option<Self>;
}

impl Version for i32 {
    fn tag(self) -> String {
        format!("\"v{self}\"")
    }

    fn parse(tag: &str) -> Option<Self> {
        tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
    }
}

impl Version for Uuid {
    fn tag(self) -> String {
        format!("\"{self}\"")
    }

    fn parse(tag: &str) -> Option<Self> {
        Self::try_parse(tag.strip_prefix('"')?.strip_suffix('"')?).ok()
    }
}

/// The version named in `If-Match`; `None` for a tag that was never ours, `*` included: it names no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch<V = i32>(pub Option<V>);

impl<V: Version> IfMatch<V> {
    /// # Errors
    /// `STALE` unless `current` is the version named.
    pub fn check(self, current: V) -> Result<(), Problem> {
        if self.0 == Some(current) { Ok(()) } else { Err(Problem::new(Code::Stale)) }
    }
}

impl<V: Version> FromRequest for IfMatch<V> {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let version = match req.headers().get(header::IF_MATCH) {
            None => Err(Code::IfMatchRequired),
            Some(value) => Ok(Self(value.to_str().ok().and_then(V::parse))),
        };
        std::future::ready(version.map_err(Fault::from))
    }
}

/// 200 with a resource and its entity tag.
pub fn tagged(version: impl Version, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(body);
    if let Ok(value) = HeaderValue::from_str(&version.tag()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// The header, as documents show it.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // documentation
pub struct IfMatchHeader {
    /// The `ETag` read. 版本标记
    #[param(rename = "If-Match", max_length = 40, example = "\"v1\"")]
    if_match: String,
}
