//! The way of a request through the gateway, held to what the published documents promise: a query
//! parameter that an operation does not name is refused before anything else looks at it.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use regex_lite::Regex;
use unionhall_kernel::{Code, Problem};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr, Schema};
use uuid::Uuid;

use crate::app::App;
use crate::assist;
use crate::problem::{Fault, finish, reads_english, respond};
use crate::rate::Allowance;
use crate::request::RequestInfo;

/// A request that takes longer is answered 408.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Large files come over slow lines.
const UPLOAD_LIMIT: Duration = Duration::from_secs(900);
const UPLOADS: &[&str] = &["create_import", "upload_file"];

/// One operation, as published.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// Its operationId.
    pub id: String,
    query: HashMap<String, Shape>,
}

/// What the text of a parameter must look like. Its type is the handler's to read.
#[derive(Debug, Clone, Default)]
struct Shape {
    min: Option<usize>,
    max: Option<usize>,
    pattern: Option<Regex>,
}

impl Shape {
    fn of(parameter: &Parameter) -> Self {
        let Some(RefOr::T(Schema::Object(object))) = &parameter.schema else { return Self::default() };
        // That every published pattern is one is held by a test over the documents.
        let pattern = object.pattern.as_deref().and_then(|p| Regex::new(p).ok());
        Self { min: object.min_length, max: object.max_length, pattern }
    }

    fn fits(&self, value: &str) -> bool {
        let chars = value.chars().count();
        self.min.is_none_or(|min| chars >= min)
            && self.max.is_none_or(|max| chars <= max)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
    }
}

/// Every operation by method and path pattern.
#[derive(Debug, Clone, Default)]
pub struct Contract(HashMap<(String, Method), Operation>);

impl Contract {
    /// Reads the collected document.
    pub fn of(document: &OpenApi) -> Self {
        let mut operations = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in methods(item) {
                let query = operation.parameters.iter().flatten().filter_map(|p| match p {
                    RefOr::T(p) if matches!(p.parameter_in, ParameterIn::Query) => {
                        Some((p.name.clone(), Shape::of(p)))
                    }
                    _ => None,
                });
                let id = operation.operation_id.clone().unwrap_or_default();
                operations.insert((path.clone(), method), Operation { id, query: query.collect() });
            }
        }
        Self(operations)
    }

    /// The methods that are answered on a path pattern, as `Allow` lists them.
    fn allowed(&self, pattern: &str) -> Option<String> {
        let known = methods_of().filter(|method| self.operation(pattern, method).is_some());
        let known: Vec<String> = known.map(|method| method.to_string()).collect();
        (!known.is_empty()).then(|| known.join(", "))
    }

    /// The operation of a path pattern.
    pub fn operation(&self, pattern: &str, method: &Method) -> Option<&Operation> {
        self.0.get(&(pattern.to_owned(), method.clone()))
    }
}

fn methods_of() -> impl Iterator<Item = Method> {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].into_iter()
}

/// The operations of a path, with their methods.
pub fn methods(
    item: &utoipa::openapi::PathItem,
) -> impl Iterator<Item = (Method, &utoipa::openapi::path::Operation)> {
    let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
    methods_of().zip(operations).filter_map(|(method, operation)| operation.as_ref().map(|o| (method, o)))
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A request that may go on.
struct Admitted {
    /// How long it may take.
    limit: Duration,
    /// What is left to the caller: of the account's limit, or of the address's for who has none.
    allowance: Allowance,
}

/// The outermost middleware: request id, method override, contract, rate limits, authentication, time limit,
/// and problems on the way out.
///
/// # Errors
/// None of its own; a failed answer is a response here.
pub async fn gate(
    app: web::Data<App>,
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = app.id();
    let ip = app.clients.ip(&req);
    let client = req.headers().get("x-client").and_then(|v| v.to_str().ok());
    let channel = app.clients.channel(client);
    let info = RequestInfo { id, channel: channel.as_deref().unwrap_or("api").to_owned(), ip };
    req.extensions_mut().insert(info.clone());
    override_method(&mut req);
    let pattern = req.match_pattern();
    let method = req.method().clone();
    let english = reads_english(req.headers());
    let begun = std::time::Instant::now();
    let answered = match admit(&app, &req, &info, pattern.as_deref(), channel).await {
        Err(problem) => Some(finish(req.error_response(Fault(problem)))),
        Ok(Admitted { limit, allowance }) => match tokio::time::timeout(limit, next.call(req)).await {
            Ok(res) => {
                let mut res = finish(res?);
                let said = [(&RATE_LIMIT_POLICY, allowance.policy()), (&RATE_LIMIT, allowance.remaining())];
                for (name, value) in said {
                    if let Ok(value) = HeaderValue::from_str(&value) {
                        res.headers_mut().insert(name.clone(), value);
                    }
                }
                Some(res)
            }
            Err(_) => None,
        },
    };
    let took = begun.elapsed();
    let status = answered.as_ref().map_or(StatusCode::REQUEST_TIMEOUT, ServiceResponse::status);
    // The pattern, not the path: ids stay out of the log, and personal data is in neither.
    tracing::info!(
        request_id = %id,
        method = %method,
        path = pattern.as_deref().unwrap_or("none"),
        status = status.as_u16(),
        millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        channel = %info.channel,
        "answered"
    );
    let operation = pattern.as_deref().and_then(|p| app.contract.operation(p, &method));
    note(operation.map_or("none", |o| o.id.as_str()), status, took, id);
    let Some(mut res) = answered else {
        // The request went with the handler that was given up, so the answer is made without it.
        let mut response = respond(&Problem::new(Code::RequestTimeout), english, Some(id));
        name_request(response.headers_mut(), id);
        return Err(InternalError::from_response("time limit", response).into());
    };
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allowed) = pattern.as_deref().and_then(|p| app.contract.allowed(p))
        && let Ok(value) = HeaderValue::from_str(&allowed)
    {
        res.headers_mut().insert(ALLOW, value);
    }
    name_request(res.headers_mut(), id);
    // Tokens, codes and persons: nothing between here and the client keeps an answer, unless a handler says otherwise.
    if !res.headers().contains_key(CACHE_CONTROL) {
        res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(res)
}

// One counter and one histogram: a histogram by status too would be a hundred series for each operation.
fn note(operation: &str, status: StatusCode, took: Duration, request: Uuid) {
    let operation = operation.to_owned();
    let status = status.as_u16();
    metrics::counter!("unionhall_http_requests_total", "operation" => operation.clone(), "status" => status.to_string())
        .increment(1);
    let span = tracing::Span::current();
    if !span.is_none() {
        span.record("request_id", tracing::field::display(request));
        span.record("http.response.status_code", i64::from(status));
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
    metrics::histogram!("unionhall_http_request_duration_seconds", "operation" => operation)
        .record(took.as_secs_f64());
}

fn name_request(headers: &mut HeaderMap, id: Uuid) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID.clone(), value);
    }
}

// WeChat mini-programs cannot send PATCH; no other method may be disguised.
fn override_method(req: &mut ServiceRequest) {
    req.head_mut().method = meant(req);
}

/// The method a request means.
pub fn meant(req: &ServiceRequest) -> Method {
    let overridden = req.headers().get("x-http-method-override").is_some_and(|v| v == "PATCH");
    if overridden && req.method() == Method::POST { Method::PATCH } else { req.method().clone() }
}

async fn admit(
    app: &App,
    req: &ServiceRequest,
    info: &RequestInfo,
    pattern: Option<&str>,
    channel: Result<String, Problem>,
) -> Result<Admitted, Problem> {
    let mut allowance = app.limits.address(info.ip)?;
    channel?;
    if req.path().contains("%00") || req.path().contains('\0') {
        return Err(Problem::not_found());
    }
    let operation = pattern.and_then(|p| app.contract.operation(p, req.method()));
    if let Some(operation) = operation {
        for (name, value) in query_pairs(req.query_string())? {
            let Some(shape) = operation.query.get(&name) else {
                return Err(Problem::new(Code::UnknownParameter).with("parameter", name));
            };
            // No text of ours holds a NUL, and the store cannot take one.
            if value.contains('\0') || !shape.fits(&value) {
                return Err(Problem::new(Code::InvalidParameter).with("parameter", name));
            }
        }
        app.limits.operation(&operation.id, info.ip).await?;
    } else if pattern.is_some_and(|p| app.contract.allowed(p).is_some()) {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    if let Some(header) = req.headers().get(AUTHORIZATION) {
        let token = header
            .to_str()
            .ok()
            .and_then(|h| h.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let token = token.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
        let principal = app.authenticator.authenticate(token).await?;
        if let Some(assist) = &principal.assist {
            let id = operation.map_or("", |o| o.id.as_str());
            assist::check(assist, req.method(), pattern.unwrap_or_default(), id)?;
        }
        allowance = app.limits.account(principal.account)?;
        req.extensions_mut().insert(principal);
    }
    let upload = operation.is_some_and(|o| UPLOADS.contains(&o.id.as_str()));
    Ok(Admitted { limit: if upload { UPLOAD_LIMIT } else { app.time_limit }, allowance })
}

/// The pairs of a query string.
///
/// # Errors
/// `MALFORMED` when it is not form-encoded.
pub fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_str(query).map_err(|_| Problem::new(Code::Malformed))
}
