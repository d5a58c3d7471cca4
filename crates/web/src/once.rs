//! `Idempotency-Key`: required where an effect must not happen twice, accepted everywhere else.

use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use serde::Serialize;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::once::{Key, Stored, body_hash};
use uuid::Uuid;

use crate::problem::Fault;

fn key_of(req: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = req.headers().get("idempotency-key") else { return Ok(None) };
    let text = value
        .to_str()
        .ok()
        .filter(|v| (1..=64).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_graphic()));
    text.map(|t| Some(t.to_owned())).ok_or_else(|| Problem::new(Code::IdempotencyKeyInvalid))
}

/// A request that must carry an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    path: String,
}

impl Once {
    /// Names the request: who, which operation, over which body.
    pub fn of(&self, account: Uuid, operation: &'static str, raw: &[u8]) -> Key {
        Key { account, operation, key: self.key.clone(), body_hash: body_hash(&self.path, raw) }
    }
}

impl FromRequest for Once {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = key_of(req).and_then(|key| key.ok_or_else(|| Problem::new(Code::IdempotencyKeyMissing)));
        std::future::ready(key.map(|key| Self { key, path: req.path().to_owned() }).map_err(Fault))
    }
}

/// A request that may carry an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct MaybeOnce(Option<Once>);

impl MaybeOnce {
    /// As [`Once::of`], when there is a key.
    pub fn of(&self, account: Uuid, operation: &'static str, raw: &[u8]) -> Option<Key> {
        self.0.as_ref().map(|once| once.of(account, operation, raw))
    }
}

impl FromRequest for MaybeOnce {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = req.path().to_owned();
        let key = key_of(req).map(|key| Self(key.map(|key| Once { key, path }))).map_err(Fault);
        std::future::ready(key)
    }
}

/// An answer to store: 200 with a body.
///
/// # Errors
/// `INTERNAL` when the body cannot be written as JSON.
pub fn ok(body: &impl Serialize) -> Result<Stored, Problem> {
    Ok(Stored { status: 200, body: serde_json::to_vec(body)?, location: None })
}

/// An answer to store: 201 with the new resource and where it is.
///
/// # Errors
/// `INTERNAL` when the body cannot be written as JSON.
pub fn created(location: String, body: &impl Serialize) -> Result<Stored, Problem> {
    Ok(Stored { status: 201, body: serde_json::to_vec(body)?, location: Some(location) })
}

/// An answer to store: 202, the work goes on.
///
/// # Errors
/// `INTERNAL` when the body cannot be written as JSON.
pub fn accepted(location: String, body: &impl Serialize) -> Result<Stored, Problem> {
    Ok(Stored { status: 202, body: serde_json::to_vec(body)?, location: Some(location) })
}

/// The response of a stored answer, byte for byte what the first request was answered.
pub fn respond(stored: Stored) -> HttpResponse {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if let Some(location) = stored.location {
        response.insert_header(("location", location));
    }
    response.body(stored.body)
}

/// The header, as documents show it where it may be left out.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // documentation
pub struct MaybeOnceHeader {
    /// Names this request among those of its account for 24 hours; a repeat is answered with the same bytes. 幂等键
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]{1,64}$",
        example = "5b1f6a0e-roster-7"
    )]
    idempotency_key: Option<String>,
}

/// The header, as documents show it where it is required.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // documentation
pub struct OnceHeader {
    /// Names this request among those of its account for 24 hours; a repeat is answered with the same bytes. 幂等键
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]{1,64}$",
        example = "5b1f6a0e-till-7"
    )]
    idempotency_key: String,
}
