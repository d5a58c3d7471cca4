//! The published documents.

use std::collections::BTreeSet;

use serde_json::Value;
use unionhall_gateway::document::{self, AUDIENCES};
use unionhall_kernel::Code;

use crate::assert_committed;

/// Every operation of a document: method, path, operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    found
}

#[test]
fn the_documents_are_committed() {
    for audience in AUDIENCES {
        let text = serde_json::to_string_pretty(&document::of(audience)).unwrap() + "\n";
        assert_committed(&format!("openapi/{}.json", audience.name), &text, "unionhall openapi");
    }
}

#[test]
fn every_operation_says_what_it_is() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|c| c.entry().code).collect();
    for audience in AUDIENCES {
        let document = document::of(audience);
        let mut ids = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let at = format!("{} {method} {path}", audience.name);
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at}: no operationId"));
            assert!(ids.insert(id.to_owned()), "{at}: {id} twice");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(summary.chars().any(|c| c.is_ascii_alphabetic()), "{at}: no English summary");
            assert!(summary.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{at}: no Chinese term");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at}: one tag");
            let open = path.starts_with("/v1/public/")
                || [
                    "request_otp",
                    "login_password",
                    "login_otp",
                    "login_wechat",
                    "refresh",
                    "activate_account",
                    "issue_partner_token",
                ]
                .contains(&id)
                || id == "apply_as_merchant";
            assert_eq!(operation.get("security").is_none(), open, "{at}: security");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if let Some(pattern) = parameter["schema"]["pattern"].as_str() {
                    // The gateway holds queries to it.
                    assert!(regex_lite::Regex::new(pattern).is_ok(), "{at}: {pattern}");
                }
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|s| s.starts_with('2')), "{at}: no success");
            for (status, response) in responses {
                let description = response["description"].as_str().unwrap_or_default();
                assert!(!description.is_empty(), "{at}: {status} says nothing");
                if !status.starts_with('2') {
                    let codes = description.split('`').skip(1).step_by(2);
                    for code in codes.filter(|c| c.chars().all(|c| c.is_ascii_uppercase() || c == '_')) {
                        let field_rule = status == "422";
                        assert!(known.contains(code) || field_rule, "{at}: {code} is in no catalogue");
                    }
                }
            }
        }
    }
}

// Words that Kotlin, Swift or Dart keep to themselves: generators would call the model something else.
const TAKEN: &[&str] = &[
    "Any", "Class", "Date", "Error", "File", "Import", "List", "Map", "Object", "Progress", "Set", "Switch",
    "Type",
];

/// Everything of a document that is an object, with where it is.
fn objects<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) => {
            found.push((at.to_owned(), value));
            fields.iter().for_each(|(name, value)| objects(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, at, found)),
        _ => {}
    }
}

#[test]
fn generated_clients_have_names_for_things_and_bytes_for_files() {
    for audience in AUDIENCES {
        let document = document::of(audience);
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(!TAKEN.contains(&name.as_str()), "{}: {name} would be renamed", audience.name);
        }
        let mut all = Vec::new();
        objects(&document, "", &mut all);
        for (at, object) in all {
            let items = &object["items"];
            let nameless = items.get("properties").or(items.get("allOf")).is_some();
            assert!(!nameless, "{}: {at}: items without a name of their own", audience.name);
            let is_file = at.contains("/responses/") && object["type"] == "array";
            assert!(!is_file, "{}: {at}: an answer that is a list: bytes, or a page?", audience.name);
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for audience in AUDIENCES {
        let document = document::of(audience);
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            let found = document["components"]["schemas"].get(name).is_some();
            assert!(found, "{}: {name} is missing", audience.name);
        }
    }
}

/// Names of the schemas that a source file declares.
fn declared(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut derives, mut alias) = (false, None);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[derive(") {
            derives = line.contains("ToSchema");
            alias = None;
        } else if let Some(rest) = line.strip_prefix("#[schema(as = ") {
            alias = rest.split([')', ',']).next().map(ToOwned::to_owned);
        } else if let Some((_, rest)) = line.split_once("struct ").or_else(|| line.split_once("enum ")) {
            if derives && !line.starts_with("//") {
                let own = rest.split(|c: char| !c.is_alphanumeric() && c != '$').next().unwrap().to_owned();
                names.push(alias.take().unwrap_or(own));
            }
            derives = false;
        }
    }
    names
}

fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

// Schemas go by name alone when documents are collected: of two with one name, one would silently stand for both.
#[test]
fn no_two_schemas_share_a_name() {
    let mut files = Vec::new();
    sources(&crate::root().join("crates"), &mut files);
    let mut seen = std::collections::BTreeMap::new();
    for file in files {
        for name in declared(&std::fs::read_to_string(&file).unwrap()) {
            if name.starts_with('$') {
                continue;
            }
            if let Some(other) = seen.insert(name.clone(), file.clone()) {
                panic!("{name} is declared in {} and in {}", other.display(), file.display());
            }
        }
    }
    assert!(seen.len() > 50);
}
