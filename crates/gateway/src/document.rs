//! The published documents. All operations are collected once from the handlers, then split by audience:
//! a pure function that keeps an audience's paths and prunes the schemas nobody there refers to. What every
//! operation may answer (400, 401, 429, …) is added here, in one pass, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::App;
use serde_json::{Map, Value, json};
use unionhall_kernel::Code;
use unionhall_web::RoleName;
use unionhall_web::assist::{self, Way};
use unionhall_web::policy::{self, Action};
use unionhall_web::problem::{ActionBody, FieldErrorBody, ProblemBody};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, Paths, RefOr};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt as _;

use crate::services::routes;

mod tidy;

/// What holds for every operation, in each document: an app team may have nothing else.
const RULES: &str = "\
**Tokens** are opaque to apps: send `Authorization: Bearer …`. Access tokens live fifteen minutes; `POST /v1/auth/refresh` answers the next pair \
and uses the old one up. One refresh at a time; if its answer is lost, send it again from the same device. A used token, or another `device_id` than \
the login's, ends the session: keep both together.\n\n\
**Refusals** are `application/problem+json`: decide by `code`, show `detail`, put `errors[].detail` at `errors[].pointer`, offer `actions[]`. Treat an unknown code \
as its status. 5xx have no texts. `Retry-After` tells when to ask again.\n\n\
**Headers** that any operation takes: `Accept-Language` (`en` for English details), `X-Client` (`member-app/3.2.1 android`; too old is 426), \
`X-HTTP-Method-Override: PATCH` on POST for clients without PATCH. `Idempotency-Key`, where listed, is 1 to 64 visible ASCII characters, one for each thing \
meant to be done, kept over retries until there is an answer. `ETag` of what was read goes into `If-Match` where that is listed; what was just made is read once for it.\n\n\
**Bodies** are JSON (`{}` where nothing is to be said); unknown fields and query parameters are refused. **Lists** answer `items` and `next`, which goes into `after` until it is \
null. **Money** is fen, **days** are Shanghai's, **instants** UTC with milliseconds. Enums in answers grow: show an unknown value by the text beside it. Messages and counts of the inbox follow \
what was done within seconds.\n\n\
`x-on-behalf` lists the ways by which an operation of members is open to who acts for them; `x-roles` the roles that hold the action an operation takes.";

/// An audience's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audience {
    /// Its name: the file, and the `aud` of its tokens.
    pub name: &'static str,
    title: &'static str,
    roots: &'static [&'static str],
    /// Whether it is served only where configuration allows.
    pub internal: bool,
}

/// All audiences that have operations.
pub const AUDIENCES: &[Audience] = &[
    Audience {
        name: "member",
        title: "Unionhall: members 会员端",
        roots: &["/v1/public/", "/v1/auth/", "/v1/files/", "/v1/me/"],
        internal: false,
    },
    Audience {
        name: "merchant",
        title: "Unionhall: merchants 商户端",
        roots: &["/v1/auth/", "/v1/files/", "/v1/merchant/"],
        internal: false,
    },
    Audience {
        name: "lawyer",
        title: "Unionhall: lawyers 律师端",
        roots: &["/v1/auth/", "/v1/lawyer/"],
        internal: false,
    },
    Audience {
        name: "recruiter",
        title: "Unionhall: recruiters 招聘端",
        roots: &["/v1/auth/", "/v1/files/", "/v1/recruiter/"],
        internal: false,
    },
    Audience {
        name: "admin",
        title: "Unionhall: administration 管理端",
        roots: &["/v1/auth/", "/v1/files/", "/v1/admin/"],
        internal: true,
    },
    Audience {
        name: "partner",
        title: "Unionhall: partners 合作系统",
        roots: &["/v1/partner/"],
        internal: false,
    },
];

/// Everything the handlers declare, in one document.
pub fn collect() -> OpenApi {
    let info = Info::new("Unionhall", env!("CARGO_PKG_VERSION"));
    let empty = OpenApiBuilder::new().info(info).paths(Paths::new()).build();
    let (_, document) = App::new().into_utoipa_app().openapi(empty).configure(routes).split_for_parts();
    document
}

fn security(components: &mut Components) {
    let schemes = [
        ("member", "Access token of a member (`aud` member)."),
        ("merchant", "Access token of a merchant's staff (`aud` merchant)."),
        ("lawyer", "Access token of a lawyer (`aud` lawyer)."),
        ("recruiter", "Access token of whoever recruits for an employer (`aud` recruiter)."),
        ("admin", "Access token of a cadre, auditor or administrator (`aud` admin)."),
        ("partner", "Access token of a partner (`aud` partner), had with a client assertion."),
        ("any", "Access token of any person's audience: member, merchant, lawyer, recruiter or admin."),
    ];
    for (name, description) in schemes {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        components.security_schemes.insert(name.to_owned(), SecurityScheme::Http(scheme).into());
    }
}

/// The document of an audience, as JSON.
pub fn of(audience: &Audience) -> Value {
    let mut document = collect();
    document.info.title = audience.title.to_owned();
    document.info.description = Some(RULES.to_owned());
    document.paths.paths.retain(|path, _| {
        audience.roots.iter().any(|root| path.starts_with(root) || *path == root.trim_end_matches('/'))
    });
    let components = document.components.get_or_insert_with(Components::new);
    security(components);
    let schemas: [(&str, RefOr<utoipa::openapi::Schema>); 3] = [
        ("Problem", ProblemBody::schema()),
        ("FieldError", FieldErrorBody::schema()),
        ("ProblemAction", ActionBody::schema()),
    ];
    for (name, schema) in schemas {
        components.schemas.insert(name.to_owned(), schema);
    }
    debug_assert_eq!(ProblemBody::name(), "Problem");
    // From here on the document is plain JSON: what is added is the same for every operation.
    let mut json = serde_json::to_value(&document).unwrap_or_default();
    for_each_operation(&mut json, &mut |method, operation| complete(method, operation));
    for_each_operation(&mut json, &mut |_, operation| tell_who(operation));
    tidy::tidy(&mut json);
    prune(&mut json);
    json
}

fn for_each_operation(document: &mut Value, apply: &mut dyn FnMut(&str, &mut Map<String, Value>)) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        for (method, operation) in item.iter_mut() {
            if let Some(operation) = operation.as_object_mut() {
                apply(method, operation);
            }
        }
    }
}

// Whom an operation is open to beside what its security says: by which ways it may be done for a member, and whose roles hold
// the action it takes.
fn tell_who(operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let schemes: Vec<(String, Value)> = operation
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|of| of.iter().map(|(scheme, actions)| (scheme.clone(), actions.clone())))
        .collect();
    for (scheme, actions) in schemes {
        if scheme == "member" {
            let ways = Way::CADRES.iter().copied().chain([Way::Delegate]);
            let open: Vec<&str> =
                ways.filter(|way| assist::closed(&id, *way).is_none()).map(Way::as_str).collect();
            operation.insert("x-on-behalf".to_owned(), json!(open));
        }
        if let ("admin" | "merchant" | "lawyer" | "recruiter", Some(action)) =
            (scheme.as_str(), actions.get(0).and_then(Value::as_str).and_then(Action::parse))
        {
            let roles: Vec<RoleName> =
                RoleName::ALL.iter().copied().filter(|role| policy::allows(*role, action)).collect();
            operation.insert("x-roles".to_owned(), json!(roles));
        }
    }
}

fn parameters(operation: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
}

fn complete(method: &str, operation: &mut Map<String, Value>) {
    let has = |place: &str, name: Option<&str>| {
        parameters(operation).any(|p| {
            p.get("in").and_then(Value::as_str) == Some(place)
                && name.is_none_or(|n| p.get("name").and_then(Value::as_str) == Some(n))
        })
    };
    let requirements: Vec<(String, Value)> = operation
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|o| o.iter().map(|(scheme, scopes)| (scheme.clone(), scopes.clone())))
        .collect();
    let mut common: BTreeMap<u16, Vec<Code>> = BTreeMap::from([
        (400, vec![Code::Malformed, Code::UnknownParameter]),
        (401, vec![Code::Unauthenticated, Code::TokenExpired]),
        (408, vec![Code::RequestTimeout]),
        (426, vec![Code::ClientTooOld]),
        (429, vec![Code::RateLimited]),
        (500, vec![Code::Internal]),
        (503, vec![Code::Unavailable]),
    ]);
    let mut also = |status: u16, code: Code| common.entry(status).or_default().push(code);
    if has("query", None) {
        also(400, Code::InvalidParameter);
    }
    if has("query", Some("after")) {
        also(400, Code::CursorInvalid);
        also(400, Code::CursorExpired);
    }
    if has("path", None) {
        also(404, Code::NotFound);
    }
    if has("header", Some("If-Match")) {
        also(412, Code::Stale);
        also(428, Code::IfMatchRequired);
    }
    if has("header", Some("Idempotency-Key")) {
        let is_key = |p: &&Value| p.get("name").is_some_and(|name| name == "Idempotency-Key");
        if parameters(operation).find(is_key).and_then(|key| key.get("required")) == Some(&json!(true)) {
            also(400, Code::IdempotencyKeyMissing);
        }
        also(400, Code::IdempotencyKeyInvalid);
        also(409, Code::InProgress);
        also(422, Code::IdempotencyKeyReused);
    }
    for (scheme, scopes) in &requirements {
        // A scope of a member is the real-name level it takes; one of the others is an action of the matrix.
        match (scheme.as_str(), scopes.as_array().is_some_and(|s| !s.is_empty())) {
            ("admin" | "merchant" | "lawyer", _) | ("recruiter", true) => also(403, Code::Forbidden),
            ("any", _) => {
                also(403, Code::Forbidden);
                also(403, Code::NotOnBehalf);
            }
            ("member", is_levelled) => {
                also(403, Code::NotOnBehalf);
                if is_levelled {
                    also(403, Code::LevelTooLow);
                }
            }
            _ => {}
        }
    }
    if method != "get" && method != "delete" {
        also(413, Code::TooLarge);
        also(415, Code::UnsupportedMediaType);
        also(422, Code::ValidationFailed);
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, codes) in common {
        let listed = codes.iter().map(|c| format!("`{}`", c.entry().code)).collect::<Vec<_>>().join(", ");
        let response = responses.entry(status.to_string()).or_insert_with(|| json!({"description": ""}));
        let Some(response) = response.as_object_mut() else { continue };
        let own = response.get("description").and_then(Value::as_str).unwrap_or("").to_owned();
        let missing: Vec<&str> = listed.split(", ").filter(|code| !own.contains(*code)).collect();
        let text = match (own.is_empty(), missing.is_empty()) {
            (true, _) => listed.clone(),
            (false, true) => own,
            (false, false) => format!("{own}; {}", missing.join(", ")),
        };
        response.insert("description".to_owned(), json!(text));
    }
    for (status, response) in responses.iter_mut() {
        if status.parse::<u16>().is_ok_and(|s| s >= 400)
            && let Some(response) = response.as_object_mut()
        {
            let problem =
                json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
            response.insert("content".to_owned(), problem);
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) =
                map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
            {
                found.insert(name.to_owned());
            }
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

// Keeps the schemas the paths refer to, and those that these refer to.
fn prune(document: &mut Value) {
    let mut wanted = BTreeSet::new();
    references(document.get("paths").unwrap_or(&Value::Null), &mut wanted);
    let all = document.pointer("/components/schemas").cloned().unwrap_or_default();
    loop {
        let mut next = wanted.clone();
        for name in &wanted {
            references(all.get(name).unwrap_or(&Value::Null), &mut next);
        }
        if next == wanted {
            break;
        }
        wanted = next;
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.retain(|name, _| wanted.contains(name));
    }
}

/// The catalogue of problems, served at `/openapi/errors.json`.
pub fn errors() -> Value {
    json!({"errors": Code::ALL.iter().map(|c| c.entry()).collect::<Vec<_>>()})
}

/// The catalogue of problems as a Markdown table, committed as text and diffed.
pub fn error_catalogue() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# Problems\n\nGenerated from the catalogue in `kernel`; a test keeps it true. Served at `/openapi/errors.json`.\n\n\
         | code | status | title | what the member reads | English |\n|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let e = code.entry();
        let _ =
            writeln!(out, "| `{}` | {} | {} | {} | {} |", e.code, e.status, e.title, e.detail, e.detail_en);
    }
    out
}

/// The operations that a member's token opens: id, summary, method and path, in the order of their ids.
pub fn of_members() -> Vec<(String, String, String, String)> {
    let mut found = Vec::new();
    let mut document = AUDIENCES.iter().find(|a| a.name == "member").map(of).unwrap_or_default();
    let paths =
        document.get_mut("paths").and_then(Value::as_object_mut).map(std::mem::take).unwrap_or_default();
    for (path, item) in &paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let text =
                |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let security = operation.get("security").and_then(Value::as_array).into_iter().flatten();
            if security.filter_map(Value::as_object).any(|scheme| scheme.contains_key("member")) {
                found.push((text("operationId"), text("summary"), method.to_uppercase(), path.clone()));
            }
        }
    }
    found.sort();
    found
}

/// The parity table as Markdown, committed as text and diffed.
pub fn parity() -> String {
    let operations = of_members();
    assist::table(operations.iter().map(|(id, summary, _, _)| (id.as_str(), summary.as_str())))
}
