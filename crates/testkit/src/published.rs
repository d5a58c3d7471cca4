//! The published documents, held against every answer a test receives: the status, the media type, the codes
//! and the shape of the body are those of the operation, and nothing more is in it than is published.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use unionhall_gateway::document::{self, AUDIENCES};
use uuid::Uuid;

use crate::client::Reply;

/// An operation of a document.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its operationId.
    pub(crate) id: String,
    method: String,
    path: Vec<String>,
    responses: Value,
    document: usize,
}

impl Operation {
    /// Whether it is there to change something.
    pub(crate) fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it takes many things, of which each is decided on its own.
    pub(crate) fn is_batch(&self) -> bool {
        self.path.last().is_some_and(|last| last == "batch")
    }
}

struct Published {
    documents: Vec<Value>,
    operations: Vec<Operation>,
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let documents: Vec<Value> = AUDIENCES.iter().map(document::of).collect();
    let mut operations = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push(Operation {
                    id: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase(),
                    path: path.split('/').map(ToOwned::to_owned).collect(),
                    responses: operation["responses"].clone(),
                    document: at,
                });
            }
        }
    }
    Published { documents, operations }
});

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

/// The operations of all documents.
pub(crate) fn operations() -> &'static [Operation] {
    &PUBLISHED.operations
}

/// The operation a request is for; a fixed part of a path goes before a parameter.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |operation: &&Operation| {
        let same = |(published, part): (&String, &&str)| {
            if is_parameter(published) { !part.is_empty() } else { published == part }
        };
        let path = &operation.path;
        operation.method == method && path.len() == parts.len() && path.iter().zip(&parts).all(same)
    };
    let parameters = |operation: &&Operation| operation.path.iter().filter(|p| is_parameter(p)).count();
    operations().iter().filter(fits).min_by_key(parameters)
}

/// Holds an answer to the operation it was asked of; answers that, unless it is none.
///
/// # Errors
/// The first thing that is not as published.
pub(crate) fn judge(method: &str, path: &str, reply: &Reply) -> Result<Option<&'static Operation>, String> {
    let operation = operation(method, path);
    match operation {
        Some(operation) => published(operation, reply)?,
        // Elsewhere under `/v1` nothing is answered but problems of the same shape, and browsers' preflights.
        None if path.starts_with("/v1/") && method != "OPTIONS" => {
            if ![404, 405].contains(&reply.status) {
                return Err(format!("{} from what is no operation", reply.status));
            }
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            conforms(&PUBLISHED.documents[0], &schema, &reply.json(), "")?;
        }
        None => {}
    }
    Ok(operation)
}

fn published(operation: &Operation, reply: &Reply) -> Result<(), String> {
    let kind = reply.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let id = &operation.id;
    let Some(response) = operation.responses.get(reply.status.to_string()) else {
        return Err(format!("{id}: {} is not published", reply.status));
    };
    let mut headers = response["headers"].as_object().into_iter().flatten();
    if let Some((name, _)) = headers.find(|(name, _)| reply.header(name).is_none()) {
        return Err(format!("{id}: {}: no {name}", reply.status));
    }
    let Some(content) = response["content"].as_object() else {
        return if reply.body.is_empty() { Ok(()) } else { Err(format!("{id}: a body is not published")) };
    };
    let Some(media) = content.get(kind) else {
        return Err(format!("{id}: {} as {kind:?} is not published", reply.status));
    };
    if !kind.ends_with("json") {
        return Ok(());
    }
    let body = reply.json();
    let document = &PUBLISHED.documents[operation.document];
    conforms(document, &media["schema"], &body, "").map_err(|e| format!("{id}: {}: {e}", reply.status))?;
    let described = response["description"].as_str().unwrap_or_default();
    match body["code"].as_str().filter(|_| reply.status >= 400) {
        Some(code) if !described.contains(&format!("`{code}`")) => {
            Err(format!("{id}: {}: {code} is not among its codes", reply.status))
        }
        _ => Ok(()),
    }
}

// A value fits a schema and has no field that the schema does not name. `at` is where in the body it stands.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let named = named(document, schema, value, at)?;
    let unnamed = |name: &&String| named.as_ref().is_some_and(|named| !named.contains(name.as_str()));
    match value.as_object().and_then(|fields| fields.keys().find(unnamed)) {
        Some(name) => Err(format!("{at}/{name} is not published")),
        None => Ok(()),
    }
}

// Judges a value by a schema that may be only a part of one; answers the fields it names, none when any may be there.
fn named<'a>(
    document: &'a Value,
    schema: &'a Value,
    value: &Value,
    at: &str,
) -> Result<Option<BTreeSet<&'a str>>, String> {
    let mut all = schema.get("properties").map(|_| BTreeSet::new());
    for (keyword, rule) in schema.as_object().into_iter().flatten() {
        let rules = rule.as_array().into_iter().flatten();
        match keyword.as_str() {
            "$ref" => {
                let referred = rule.as_str().unwrap().trim_start_matches('#');
                return named(document, document.pointer(referred).expect("a schema"), value, at);
            }
            "allOf" => {
                for part in rules {
                    all.get_or_insert_default()
                        .extend(named(document, part, value, at)?.into_iter().flatten());
                }
            }
            "oneOf" => {
                let tried: Vec<_> = rules.map(|kind| conforms(document, kind, value, at)).collect();
                if tried.iter().filter(|tried| tried.is_ok()).count() != 1 {
                    return Err(format!("{at} is not one of its kinds: {tried:?}"));
                }
            }
            "required" => {
                let mut names = rules.filter_map(Value::as_str).filter(|_| value.is_object());
                if let Some(name) = names.find(|name| value.get(name).is_none()) {
                    return Err(format!("{at}/{name} is missing"));
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    all.get_or_insert_default().insert(name.as_str());
                    if let Some(field) = value.get(name) {
                        conforms(document, rule, field, &format!("{at}/{name}"))?;
                    }
                }
            }
            // Maps: nothing here has both names of its own and any others.
            "additionalProperties" if rule.is_object() => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    conforms(document, rule, field, &format!("{at}/{name}"))?;
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    conforms(document, rule, item, &format!("{at}/{n}"))?;
                }
            }
            _ if !fits(keyword, rule, value) => {
                return Err(format!("{at} is {value}, which does not fit {keyword} {rule}"));
            }
            _ => {}
        }
    }
    Ok(all)
}

fn fits(keyword: &str, rule: &Value, value: &Value) -> bool {
    let bound = rule.as_f64().unwrap_or_default();
    let chars = || value.as_str().map(|text| text.chars().count() as f64);
    let items = || value.as_array().map(|items| items.len() as f64);
    match keyword {
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().any(|kind| fits(keyword, kind, value)),
            kind => match kind.as_str().unwrap() {
                "null" => value.is_null(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                "string" => value.is_string(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("no type {other}"),
            },
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "format" => value.as_str().is_none_or(|text| of_format(rule.as_str().unwrap(), text)),
        "pattern" => value.as_str().is_none_or(|text| {
            regex_lite::Regex::new(rule.as_str().unwrap()).expect("a pattern").is_match(text)
        }),
        "minimum" => value.as_f64().is_none_or(|v| v >= bound),
        "maximum" => value.as_f64().is_none_or(|v| v <= bound),
        "minLength" => chars().is_none_or(|n| n >= bound),
        "maxLength" => chars().is_none_or(|n| n <= bound),
        "minItems" => items().is_none_or(|n| n >= bound),
        "maxItems" => items().is_none_or(|n| n <= bound),
        "uniqueItems" => value.as_array().is_none_or(|items| {
            items.iter().enumerate().all(|(at, item)| !items.iter().skip(at + 1).any(|other| other == item))
        }),
        "additionalProperties" => rule == false,
        "description" | "example" | "examples" | "propertyNames" => true,
        unknown => panic!("{unknown:?} is not judged yet"),
    }
}

fn of_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => text.parse::<Uuid>().is_ok(),
        "date" => text.len() == 10 && text.parse::<NaiveDate>().is_ok(),
        // UTC with milliseconds, as the rules of every operation say.
        "date-time" => {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3fZ").is_ok() && text.len() == 24
        }
        "int32" | "int64" | "double" | "password" | "binary" => true,
        unknown => panic!("format {unknown:?} is not judged yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(value: &Value) -> Option<String> {
        let document = json!({"components": {"schemas": {
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
            "Row": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "required": ["state"], "properties": {
                "state": {"type": "string", "enum": ["OPEN", "CLOSED"]},
                "at": {"type": ["string", "null"], "format": "date-time"},
                "parent": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Base"}]},
                "counts": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
            }}]},
        }}});
        let schema = json!({"type": "array", "maxItems": 1, "items": {"$ref": "#/components/schemas/Row"}});
        conforms(&document, &schema, &json!([value]), "").err()
    }

    #[test]
    fn a_body_is_as_published_and_nothing_more() {
        let id = Uuid::nil();
        assert_eq!(wrong(&json!({"id": id, "state": "OPEN"})), None);
        let full = json!({"id": id, "state": "OPEN", "at": "2026-11-20T04:00:00.000Z", "parent": {"id": id},
                          "counts": {"any": 1}});
        assert_eq!(wrong(&full), None);
        assert_eq!(wrong(&json!({"id": id, "state": "OPEN", "at": null, "parent": null})), None);
        for (name, value, what) in [
            ("id", json!("1"), "/0/id is \"1\", which does not fit format"),
            ("state", json!("LOST"), "/0/state is"),
            ("state", json!(null), "/0/state is null"),
            ("at", json!("2026-11-20T12:00:00+08:00"), "/0/at is"),
            ("at", json!("2026-11-20T04:00:00Z"), "/0/at is"),
            ("parent", json!({}), "/0/parent is not one of its kinds"),
            ("parent", json!({"id": id, "name": "x"}), "/0/parent is not one of its kinds"),
            ("counts", json!({"any": -1}), "/0/counts/any is -1"),
            ("counts", json!([]), "/0/counts is"),
            ("secret", json!(1), "/0/secret is not published"),
        ] {
            let mut row = full.clone();
            row[name] = value;
            let told = wrong(&row).unwrap_or_default();
            assert!(told.starts_with(what), "{row}: {told:?}");
        }
        assert_eq!(wrong(&json!({"id": id})), Some("/0/state is missing".to_owned()));
        assert_eq!(wrong(&json!({"state": "OPEN"})), Some("/0/id is missing".to_owned()));
    }

    #[test]
    fn a_request_finds_its_operation() {
        let id = |method: &str, path: &str| operation(method, path).map(|o| o.id.as_str());
        assert_eq!(id("GET", "/v1/admin/imports/template.xlsx"), Some("get_import_template"));
        assert_eq!(id("GET", "/v1/admin/imports/7"), Some("get_import"));
        assert_eq!(id("PUT", "/v1/admin/imports/7"), None);
        assert_eq!(id("GET", "/v1/admin/imports/"), None);
    }
}
