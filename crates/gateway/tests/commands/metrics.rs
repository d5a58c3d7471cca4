//! What is exported, what is announced, and what dashboards and alerts ask for are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use diesel_async::SimpleAsyncConnection as _;
use regex_lite::Regex;
use serde_json::{Value, json};
use unionhall_gateway::telemetry::METRICS;
use unionhall_testkit::TestDb;

use crate::server::{Server, program};

type Exported = BTreeMap<String, BTreeSet<String>>;

fn read(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

async fn scrape(server: &Server) -> String {
    reqwest::get(format!("http://{}/metrics", server.internal)).await.unwrap().text().await.unwrap()
}

async fn a_busy_server(db: &TestDb) -> Server {
    let sms = std::env::temp_dir().join(format!("uh-metrics-{}", std::process::id()));
    let mut program = program(db);
    program.env("UNIONHALL_PROFILE", "development").env("UNIONHALL_SMS_OUTBOX", &sms);
    let server = Server::start(program.env("UNIONHALL_DRAIN_SECONDS", "0"));
    let url = format!("http://{}/v1/auth/login/password", server.address);
    let login = json!({"realm": "cadre", "username": "nobody", "password": "not the password"});
    let answer = reqwest::Client::new().post(url).json(&login).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    server
}

/// Every series' name with the labels it has.
fn exported(text: &str) -> Exported {
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let mut found = Exported::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let name = line.split(['{', ' ']).next().unwrap();
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let labels = label.captures_iter(labels).map(|c| c[1].to_owned());
        found.entry(name.to_owned()).or_default().extend(labels);
    }
    found
}

/// What an expression asks for and nobody exports.
fn missing(expression: &str, exported: &Exported) -> Vec<String> {
    let series = Regex::new(r"\b((?:unionhall|process)_[a-z_]+)\b(?:\{([^}]*)\})?").unwrap();
    let label = Regex::new(r"([a-z_]+)\s*(?:=~|!~|!=|=)").unwrap();
    let mut missing = Vec::new();
    let mut labels_of_all = BTreeSet::from(["instance", "job"]);
    for asked in series.captures_iter(expression) {
        let Some(labels) = exported.get(&asked[1]) else {
            missing.push(asked[1].to_owned());
            continue;
        };
        labels_of_all.extend(labels.iter().map(String::as_str));
        for l in label.captures_iter(asked.get(2).map_or("", |m| m.as_str())) {
            if !labels.contains(&l[1]) && !["instance", "job"].contains(&&l[1]) {
                missing.push(format!("{}{{{}}}", &asked[1], &l[1]));
            }
        }
    }
    let grouped = Regex::new(r"\bby \(([^)]*)\)").unwrap();
    for group in grouped.captures_iter(expression) {
        let unknown = group[1].split(',').map(str::trim).filter(|name| !labels_of_all.contains(name));
        missing.extend(unknown.map(|name| format!("by ({name})")));
    }
    missing
}

fn expressions_of_the_dashboard() -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "expr" || name == "query" => into.push(text.clone()),
                        value => collect(value, into),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            _ => {}
        }
    }
    let dashboard: Value = serde_json::from_str(&read("ops/grafana/unionhall.json")).unwrap();
    let mut found = Vec::new();
    collect(&dashboard["panels"], &mut found);
    found
}

/// Alerts by name. The file is written so that each expression stands on one line.
fn alerts() -> Vec<(String, String)> {
    let text = read("ops/prometheus/alerts.yml");
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            found.push((name.to_owned(), String::new()));
        } else if let Some(expression) = line.strip_prefix("expr: ") {
            found.last_mut().unwrap().1 = expression.to_owned();
        }
    }
    found
}

#[tokio::test]
async fn every_metric_is_announced_and_every_announced_one_exported() {
    let db = TestDb::new().await;
    let server = a_busy_server(&db).await;
    let text = scrape(&server).await;
    let announced: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(announced.len(), METRICS.len(), "a name stands twice");
    let typed: BTreeSet<&str> =
        text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(typed, announced);
    for name in announced {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} is not explained");
    }
}

#[tokio::test]
async fn dashboards_and_alerts_ask_for_what_is_exported() {
    let db = TestDb::new().await;
    let exported = exported(&scrape(&a_busy_server(&db).await).await);
    let mut asked = expressions_of_the_dashboard();
    let alerts = alerts();
    asked.extend(alerts.iter().map(|(_, expression)| expression.clone()));
    assert!(asked.len() > 20 && alerts.len() > 10, "{} expressions, {} alerts", asked.len(), alerts.len());
    for expression in &asked {
        assert!(expression.contains("unionhall"), "{expression:?} asks for nothing of ours");
        let missing = missing(expression, &exported);
        assert!(missing.is_empty(), "{expression}: nobody exports {missing:?}");
    }
    // What looks must be able to find something.
    let wrong =
        "sum by (colour) (rate(unionhall_gone_total{limit=\"x\"}[5m])) / unionhall_tasks{colour=\"red\"}";
    let found = ["unionhall_gone_total", "unionhall_tasks{colour}", "by (colour)"];
    assert_eq!(missing(wrong, &exported), found);
    let handbook = read("docs/OPERATIONS.md");
    for (name, expression) in alerts {
        assert!(!expression.is_empty(), "{name} has no expression");
        assert!(handbook.contains(&format!("### {name}\n")), "docs/OPERATIONS.md does not explain {name}");
    }
}

#[tokio::test]
async fn what_is_counted_and_measured_is_true() {
    let db = TestDb::new().await;
    let failed = "INSERT INTO task (id, kind, payload, state, run_at, attempts, last_error, created_at) \
                  VALUES (gen_random_uuid(), 'upkeep.forget', '{}', 'failed', now(), 12, 'INTERNAL', now()); \
                  INSERT INTO task (id, kind, payload, state, run_at, attempts, created_at) \
                  VALUES (gen_random_uuid(), 'nobody.knows', '{}', 'queued', now() - interval '1 hour', 0, now())";
    db.connect().await.batch_execute(failed).await.unwrap();
    let server = a_busy_server(&db).await;
    let text = scrape(&server).await;
    let has = |line: &str| assert!(text.lines().any(|l| l == line), "no {line}:\n{text}");
    has("unionhall_http_requests_total{operation=\"login_password\",status=\"401\"} 1");
    has("unionhall_http_request_duration_seconds_count{operation=\"login_password\"} 1");
    has("unionhall_http_request_duration_seconds_bucket{operation=\"login_password\",le=\"+Inf\"} 1");
    has("unionhall_login_failures_total{reason=\"credentials\"} 1");
    has("unionhall_login_failures_total{reason=\"delayed\"} 0");
    has("unionhall_tasks{state=\"failed\"} 1");
    has("unionhall_db_pool_size{pool=\"writer\"} 8");
    has("unionhall_ready{check=\"database\"} 1");
    let value = |name: &str| -> f64 {
        let found = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 10e6);
    let waited = value("unionhall_task_oldest_due_seconds");
    assert!((3600.0..3700.0).contains(&waited), "{waited}");
    assert!(value("process_start_time_seconds") > 1.7e9 && value("process_open_fds") > 10.0);
}

#[test]
fn the_handbook_has_every_key_and_every_metric() {
    let handbook = read("docs/OPERATIONS.md");
    for key in unionhall_gateway::config::KEYS {
        assert!(handbook.contains(&format!("| `{key}` |")), "docs/OPERATIONS.md does not explain {key}");
    }
    for metric in METRICS {
        assert!(
            handbook.contains(&format!("`{}`", metric.name)),
            "docs/OPERATIONS.md does not explain {}",
            metric.name
        );
    }
}
