//! Problems on the wire: `application/problem+json`, in the caller's language, with the request's id.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};
use unionhall_kernel::{Code, Problem};
use utoipa::ToSchema;

use crate::request::RequestInfo;

/// A problem as a handler's error. [`finish`] writes its body, where the request's language and id are known.
#[derive(Debug)]
pub struct Fault(pub Problem);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code.entry().code)
    }
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        status(self.0.code)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// The body of every answer that is not a success (RFC 9457). 问题详情
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code)] // documentation: the body itself is written by `render`
pub struct ProblemBody {
    /// A URI that names the kind of problem; its last part is the code. Absent on 5xx.
    #[schema(example = "urn:unionhall:problem:CARD_QR_USED")]
    pub r#type: Option<String>,
    /// Short title; absent on 5xx.
    pub title: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// A sentence a member may be shown; absent on 5xx.
    pub detail: Option<String>,
    /// Stable code; see `/openapi/errors.json`.
    #[schema(example = "CARD_QR_USED")]
    pub code: String,
    /// The request, for the help desk.
    pub request_id: Option<uuid::Uuid>,
    /// Refused fields, on 422.
    pub errors: Option<Vec<FieldErrorBody>>,
    /// Next steps a client can offer.
    pub actions: Option<Vec<ActionBody>>,
    /// Tries left, on `PIN_WRONG`.
    #[schema(example = 4)]
    pub tries_left: Option<i32>,
    /// The query parameter that is refused, on `UNKNOWN_PARAMETER` and `INVALID_PARAMETER`.
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// The field whose value is taken, on `ALREADY_EXISTS`; that of the wrong code, where two are sent, on `OTP_INVALID` and `WECHAT_CODE_INVALID`.
    #[schema(example = "uscc")]
    pub field: Option<String>,
    /// The rule that is not met, on `NOT_ELIGIBLE`: `union`, `membership`, `card_limited`, `coupon_needed` (claim first), `min_spend`.
    #[schema(example = "min_spend")]
    pub rule: Option<String>,
    /// What must be spent at least, on `NOT_ELIGIBLE` with the rule `min_spend`. 最低消费
    pub min_spend_fen: Option<i64>,
    /// What is still needed, on `SECOND_FACTOR_REQUIRED`: `totp`, or `otp` and `device`.
    pub factors: Option<Vec<String>>,
    /// The real-name level it takes, on `LEVEL_TOO_LOW`.
    pub required_level: Option<u8>,
    /// The oldest version of the client that is served, on `CLIENT_TOO_OLD`.
    #[schema(example = "3.0.0")]
    pub minimum_version: Option<String>,
    /// The partner who would learn something, on `CONSENT_REQUIRED`.
    #[schema(example = "郑州职工文化宫")]
    pub partner_name: Option<String>,
    /// What the partner would learn beside a subject that is its own, on `CONSENT_REQUIRED`: `level`, `union`.
    pub receives: Option<Vec<String>>,
    /// Where the card stands, to be read, on `CARD_NOT_VALID`.
    pub state_text: Option<String>,
}

/// One refused field.
#[derive(Debug, ToSchema)]
#[schema(as = FieldError)]
#[allow(dead_code)]
pub struct FieldErrorBody {
    /// JSON pointer.
    pub pointer: String,
    /// Code of the rule.
    pub code: String,
    /// What is wrong.
    pub detail: String,
}

/// A next step.
#[derive(Debug, ToSchema)]
#[schema(as = ProblemAction)]
#[allow(dead_code)]
pub struct ActionBody {
    /// `raise-level`, `retry`, `call`, `find-union`.
    pub rel: String,
    /// What the button says.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// The body of a problem. A 5xx carries only its code, the request's id and what was put on it on purpose.
pub fn render(problem: &Problem, english: bool, request_id: Option<uuid::Uuid>) -> Value {
    let entry = problem.code.entry();
    let mut body = Map::new();
    if entry.status >= 500 {
        body.insert("status".into(), json!(entry.status));
    } else {
        let kind = format!("urn:unionhall:problem:{}", entry.code);
        let own = problem.detail.as_deref().filter(|_| !english);
        let sentence = own.unwrap_or(if english { entry.detail_en } else { entry.detail });
        body.insert("type".into(), json!(kind));
        body.insert("title".into(), json!(if english { entry.title_en } else { entry.title }));
        body.insert("status".into(), json!(entry.status));
        body.insert("detail".into(), json!(sentence));
        if !problem.errors.is_empty() {
            body.insert("errors".into(), json!(problem.errors));
        }
        if !problem.actions.is_empty() {
            body.insert("actions".into(), json!(problem.actions));
        }
    }
    for (name, value) in &problem.members {
        body.insert(name.clone(), value.clone());
    }
    body.insert("code".into(), json!(entry.code));
    body.insert("request_id".into(), json!(request_id));
    Value::Object(body)
}

// What actix itself refuses (no route, wrong method, a body that breaks off) becomes a problem of the catalogue too.
fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        s if s.is_client_error() => Code::Malformed,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// Whether somebody asks for English; everybody else gets Chinese.
pub fn reads_english(headers: &HeaderMap) -> bool {
    let language = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    language.is_some_and(|v| v.trim_start().to_ascii_lowercase().starts_with("en"))
}

/// The answer of a problem. Logs a 5xx once, with its cause.
pub fn respond(problem: &Problem, english: bool, request_id: Option<uuid::Uuid>) -> HttpResponse {
    if problem.code.entry().status >= 500 {
        let cause = problem.source.as_ref().map(ToString::to_string);
        tracing::error!(code = problem.code.entry().code, ?request_id, cause, "request failed");
    }
    let mut response = HttpResponse::build(status(problem.code))
        .content_type("application/problem+json")
        .body(render(problem, english, request_id).to_string());
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Writes the body of a failed answer.
pub fn finish<B: MessageBody + 'static>(res: ServiceResponse<B>) -> ServiceResponse<BoxBody> {
    let status = res.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return res.map_into_boxed_body();
    }
    let plain;
    let problem = match res.response().error().and_then(|e| e.as_error::<Fault>()) {
        Some(fault) => &fault.0,
        None => {
            plain = Problem::new(code_of(status));
            &plain
        }
    };
    let request_id = res.request().extensions().get::<RequestInfo>().map(|info| info.id);
    let mut response = respond(problem, reads_english(res.request().headers()), request_id);
    let (request, old) = res.into_parts();
    // Headers that middleware nearer the handler added (rate limits, CORS) stay.
    for (name, value) in old.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, response)
}
