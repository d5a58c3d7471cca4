//! The demo's ids are the same wherever it is loaded, and written down.

use std::process::Command;

use serde_json::Value;
use unionhall_testkit::{KEK, TestDb};

// What differs from machine to machine: secrets, addresses, and what is made of random letters.
const OWN: &[&str] = &["password", "totp_secret", "branch_code", "base_url", "internal_url", "sms_outbox"];

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OWN.contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn committed(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    std::fs::read_to_string(format!("{root}/{path}")).unwrap_or_default()
}

#[tokio::test]
async fn the_demo_is_the_one_that_is_written_down() {
    let db = TestDb::new().await;
    let folder = format!("{}/demo-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    std::fs::create_dir_all(&folder).unwrap();
    let load = || {
        let done = Command::new(env!("CARGO_BIN_EXE_unionhall-sim"))
            .args(["seed-demo", "--data", &folder, "--base-url", "http://127.0.0.1:8080"])
            .args(["--internal-url", "http://127.0.0.1:9080"])
            .env("UNIONHALL_PROFILE", "development")
            .env("DATABASE_URL", db.url())
            .env("UNIONHALL_KEK", KEK)
            .env("UNIONHALL_SMS_OUTBOX", format!("{folder}/sms.jsonl"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::read_to_string(format!("{folder}/demo.json")).unwrap()
    };
    let made = load();
    assert_eq!(load(), made, "loading again changes nothing");
    std::fs::remove_dir_all(&folder).unwrap();

    let mut fixtures: Value = serde_json::from_str(&made).unwrap();
    strip(&mut fixtures);
    let text = committed("docs/fixtures.json");
    if serde_json::from_str::<Value>(&text).unwrap_or_default() != fixtures {
        let new = concat!(env!("CARGO_TARGET_TMPDIR"), "/fixtures.json");
        std::fs::write(new, serde_json::to_string_pretty(&fixtures).unwrap() + "\n").unwrap();
        panic!("docs/fixtures.json is not what the demo is: copy {new} there");
    }

    let environment: Value =
        serde_json::from_str(&committed("clients/postman/local.environment.json")).unwrap();
    let values = environment["values"].as_array().unwrap();
    let ids = values.iter().filter(|value| value["key"] != "baseUrl").filter_map(|v| v["value"].as_str());
    let stale: Vec<&str> = ids.filter(|id| !id.is_empty() && !text.contains(&format!("\"{id}\""))).collect();
    assert!(stale.is_empty(), "in the environment for Postman and not in the demo: {stale:?}");
    assert!(values.len() > 10);
}
