use std::collections::HashMap;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use unionhall_kernel::{BankCard, Document, Entry, Fen, IdType, Mobile, OrgName, PersonName, Uscc};
use utoipa::{PartialSchema, ToSchema};

/// A body as a room writes it: text types stand in for the strings they are parsed from.
#[derive(ToSchema)]
#[allow(dead_code)]
struct RealName {
    #[schema(value_type = PersonName)]
    name: String,
    id_type: IdType,
    #[schema(value_type = Document)]
    id_number: String,
    #[schema(value_type = Option<Mobile>)]
    mobile: Option<String>,
    fee_fen: Fen,
}

fn schema<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

fn accepts<T>(raw: &str) -> bool {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    match std::any::type_name::<T>().rsplit("::").next() {
        Some("Mobile") => Mobile::parse(raw).is_ok(),
        Some("BankCard") => BankCard::parse(raw).is_ok(),
        Some("Uscc") => Uscc::parse(raw).is_ok(),
        Some("OrgName") => OrgName::parse(raw).is_ok(),
        Some("PersonName") => PersonName::parse(raw).is_ok(),
        Some("Document") => Document::parse(IdType::CitizenId, raw, today, Entry::Person).is_ok(),
        other => panic!("no parser for {other:?}"),
    }
}

fn check<T: ToSchema>() {
    let schema = schema::<T>();
    let name = T::name();
    assert_eq!(schema["type"], "string", "{name}");
    let example = schema["examples"][0].as_str().unwrap();
    assert!(accepts::<T>(example), "{name}: {example}");
    let max = usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
    // Spaces are dropped before the rule applies, so only the published limit can refuse these.
    let padded = |length: usize| format!("{}{example}", " ".repeat(length - example.chars().count()));
    assert!(accepts::<T>(&padded(max)), "{name} at its limit");
    assert!(!accepts::<T>(&padded(max + 1)), "{name} past its limit");
    let min = usize::try_from(schema["minLength"].as_u64().unwrap()).unwrap();
    assert!(min > 0 && min <= example.chars().count());

    let pattern = schema["pattern"].as_str().unwrap();
    assert!(pattern.starts_with('^') && pattern.ends_with("+$"), "{name}: {pattern}");
    let class = pattern.trim_start_matches('^').trim_end_matches('$');
    let strings = string_regex(class).unwrap();
    let mut runner = TestRunner::deterministic();
    for _ in 0..64 {
        accepts::<T>(&strings.new_tree(&mut runner).unwrap().current());
    }
}

#[test]
fn text_types_publish_the_limits_they_enforce() {
    check::<Mobile>();
    check::<BankCard>();
    check::<Uscc>();
    check::<OrgName>();
    check::<PersonName>();
    check::<Document>();
}

#[test]
fn bodies_refer_to_the_text_types() {
    let mut collected = Vec::new();
    RealName::schemas(&mut collected);
    let schemas: HashMap<_, _> =
        collected.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect();
    let body = schema::<RealName>();
    let field = |name: &str| &body["properties"][name];
    assert_eq!(field("name"), &json!({"$ref": "#/components/schemas/PersonName"}));
    assert_eq!(field("id_number"), &json!({"$ref": "#/components/schemas/DocumentNumber"}));
    for name in ["PersonName", "DocumentNumber", "Mobile", "IdType", "Fen"] {
        assert!(schemas.contains_key(name), "{name} is not collected");
    }
    let kinds = IdType::ALL.map(IdType::as_str);
    assert_eq!(schemas["IdType"]["enum"], json!(kinds));
    assert_eq!(schemas["Fen"]["type"], "integer");
    assert_eq!(schemas["Fen"]["format"], "int64");
}
