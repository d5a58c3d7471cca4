//! Entity tags: a resource's version number. Cadres' updates and transitions must name the version they read.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use serde::Serialize;
use unionhall_kernel::{Code, Problem};

use crate::problem::Fault;

/// The version named in `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i32);

impl IfMatch {
    /// # Errors
    /// `STALE` unless `current` is the version named.
    pub fn check(self, current: i32) -> Result<(), Problem> {
        if self.0 == current { Ok(()) } else { Err(Problem::new(Code::Stale)) }
    }
}

impl FromRequest for IfMatch {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let version = match req.headers().get(header::IF_MATCH) {
            None => Err(Code::IfMatchRequired),
            // A tag that was never ours cannot be the current one.
            Some(value) => Ok(value
                .to_str()
                .ok()
                .and_then(|v| v.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok())
                .unwrap_or(-1)),
        };
        std::future::ready(version.map(Self).map_err(Fault::from))
    }
}

/// `"v3"`
pub fn tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// 200 with a resource and its entity tag.
pub fn tagged(version: i32, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(body);
    if let Ok(value) = HeaderValue::from_str(&tag(version)) {
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
    #[param(rename = "If-Match", max_length = 32, example = "\"v1\"")]
    if_match: String,
}
