//! What generated clients need beside what is true: a type for a list's items that has their name, and bytes that are bytes.

use serde_json::{Map, Value, json};

/// Mends a document.
pub(super) fn tidy(document: &mut Value) {
    name_arguments(document);
    name_instants(document);
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let responses = operations.filter_map(|operation| operation.get_mut("responses")?.as_object_mut());
    for response in responses.flat_map(Map::values_mut) {
        let content = response.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten();
        for (media, of) in content.filter(|(media, _)| !media.ends_with("json")) {
            // Declared as a list of numbers, which is what bytes are in Rust; a text stays one.
            let text = media.starts_with("text/") || media.ends_with("xml");
            if let Some(of) = of.as_object_mut().filter(|_| !text) {
                of.insert("schema".to_owned(), json!({"type": "string", "format": "binary"}));
            }
        }
    }
}

// What is named `…_at` is an instant, also where the code holds its text.
fn name_instants(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    let of_time = name.ends_with("_at")
                        || matches!(name.as_str(), "server_time" | "not_before" | "not_after");
                    let is_text = |of: &Value| *of == json!("string") || *of == json!(["string", "null"]);
                    if let Some(property) = property.as_object_mut()
                        && of_time
                        && property.get("type").is_some_and(is_text)
                        && !property.contains_key("format")
                    {
                        property.insert("format".to_owned(), json!("date-time"));
                    }
                }
            }
            map.values_mut().for_each(name_instants);
        }
        Value::Array(items) => items.iter_mut().for_each(name_instants),
        _ => {}
    }
}

// A generic schema `Of_Thing` is collected with the thing written out in it, and generators would make a type of their own
// of each. It is referred to by its name instead.
fn name_arguments(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    let mut named = Vec::new();
    for (name, schema) in schemas.iter_mut() {
        let Some((_, argument)) = name.split_once('_') else { continue };
        for place in ["/properties/items/items", "/properties/action"] {
            let Some(written) = schema.pointer_mut(place).filter(|written| written.get("$ref").is_none())
            else {
                continue;
            };
            let mut refers = json!({"$ref": format!("#/components/schemas/{argument}")});
            // Of an argument in a field, the words are the field's.
            if place.ends_with("/action")
                && let (Some(refers), Some(said)) =
                    (refers.as_object_mut(), written.get("description").cloned())
            {
                refers.insert("description".to_owned(), said);
            }
            named.push((argument.to_owned(), std::mem::replace(written, refers)));
        }
    }
    for (name, written) in named {
        schemas.entry(name).or_insert(written);
    }
}
