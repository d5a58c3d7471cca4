//! `unionhall doctor`, where all is well and where it is not.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use serde_json::Value;
use unionhall_testkit::{KEK, TestApp, TestDb};

use crate::server::program;

struct Report {
    status: i32,
    checks: Vec<(String, String, String)>,
}

fn report(command: &mut Command) -> Report {
    let Output { status, stdout, stderr } = command.args(["doctor", "--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&stderr)));
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap();
    let checks = checks.iter().map(|c| (text(c, "level"), text(c, "name"), text(c, "what"))).collect();
    Report { status: status.code().unwrap(), checks }
}

impl Report {
    /// What is said of a check that ended so.
    #[track_caller]
    fn says(&self, level: &str, name: &str) -> &str {
        let found = self.checks.iter().find(|(l, n, _)| l == level && n == name);
        &found.unwrap_or_else(|| panic!("no {level} {name} in {:?}", self.checks)).2
    }

    fn failing(&self) -> Vec<&str> {
        self.checks.iter().filter(|(level, ..)| level == "fail").map(|(_, name, _)| name.as_str()).collect()
    }
}

#[tokio::test]
async fn a_sound_installation_passes() {
    let db = TestDb::new().await;
    let found = report(&mut program(&db));
    assert_eq!((found.failing(), found.status), (vec![], 0), "{:?}", found.checks);
    for name in
        ["configuration", "connections", "clock", "time_zone", "migrations", "keys", "queue", "disk", "redis"]
    {
        found.says("ok", name);
    }
    assert!(found.says("warn", "clamd").contains("unscanned"));

    let lines = program(&db).arg("doctor").output().unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert_eq!(lines.lines().count(), found.checks.len(), "one line a check");
    assert!(lines.lines().all(|line| ["ok  ", "warn"].contains(&&line[..4])), "{lines}");
    assert_eq!(program(&db).args(["doctor", "--nonsense"]).output().unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn what_is_wrong_in_the_database_is_told() {
    let app = TestApp::start().await;
    app.sql(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations); \
         UPDATE storage_key SET sealed = sealed || '\\x00' WHERE purpose = 'data'; \
         INSERT INTO task (id, kind, payload, state, run_at, attempts, last_error, created_at) VALUES \
           (gen_random_uuid(), 'upkeep.forget', '{\"secret\": \"410105199001011234\"}', 'failed', now(), 12, 'INTERNAL', now()), \
           (gen_random_uuid(), 'cards.issue', '{}', 'queued', now() - interval '1 hour', 1, 'UNAVAILABLE', now())",
    )
    .await;
    let found = report(&mut program(&app.db));
    assert_eq!((found.failing(), found.status), (vec!["migrations", "keys", "queue", "task"], 1));
    assert!(found.says("fail", "migrations").starts_with("1 of "));
    assert!(found.says("fail", "task").contains("1 × upkeep.forget given up with INTERNAL"));
    assert!(found.says("warn", "task").contains("1 × cards.issue failed with UNAVAILABLE"));
    assert!(!format!("{:?}", found.checks).contains("410105"), "what a task is about is not told");
}

#[tokio::test]
async fn without_a_database_the_rest_is_still_looked_at() {
    let db = TestDb::empty().await;
    let fresh = report(&mut program(&db));
    assert_eq!(fresh.failing(), ["migrations"], "{:?}", fresh.checks);
    let away = report(
        program(&db)
            .env("DATABASE_URL", "postgres://somebody:hidden-word@127.0.0.1:1/nothing")
            .env("REDIS_URL", "redis://:hidden-word@127.0.0.1:1")
            .env("UNIONHALL_SMS_TOKEN", "hidden-word")
            .env("UNIONHALL_CLAMD", "127.0.0.1:1"),
    );
    assert_eq!((away.failing(), away.status), (vec!["database", "clamd"], 1), "{:?}", away.checks);
    assert!(away.says("warn", "keys").contains("the database cannot be reached"));
    away.says("warn", "redis");
    away.says("ok", "disk");
    let told = format!("{:?}", away.checks);
    assert!(!told.contains("hidden-word") && !told.contains(KEK), "{told}");
}

#[tokio::test]
async fn a_key_of_the_configuration_is_named_and_its_value_is_not() {
    let db = TestDb::empty().await;
    let found = report(program(&db).env("UNIONHALL_LISTEN", "hidden-word"));
    assert_eq!(found.failing(), ["configuration"]);
    let told = found.says("fail", "configuration");
    assert!(told.contains("listen") && !told.contains("hidden-word"), "{told}");
    let found = report(program(&db).env("UNIONHALL_SMS_TOKEN", "987654321"));
    let told = found.says("fail", "configuration");
    assert!(told.contains("sms_token") && !told.contains("987654321"), "{told}");
    let quoted = report(program(&db).env("UNIONHALL_SMS_TOKEN", "\"987654321\""));
    quoted.says("ok", "configuration");
}

#[tokio::test]
async fn where_pushes_go_is_looked_at_without_pushing() {
    let db = TestDb::empty().await;
    assert!(report(&mut program(&db)).says("ok", "push").contains("nothing is pushed"));
    const SECRET: &str = "hidden-word, hidden-word, hidden-word";
    let gateway = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/push", gateway.local_addr().unwrap());
    let found = report(program(&db).env("UNIONHALL_PUSH_URL", &url).env("UNIONHALL_PUSH_SECRET", SECRET));
    found.says("ok", "configuration");
    assert!(found.says("warn", "push").contains("unencrypted"));
    gateway.set_nonblocking(true).unwrap();
    let (mut asked, _) = gateway.accept().unwrap();
    let mut sent = Vec::new();
    std::io::Read::read_to_end(&mut asked, &mut sent).unwrap();
    assert_eq!(sent, b"", "a connection, and no request on it");
    drop((asked, gateway));
    let found = report(program(&db).env("UNIONHALL_PUSH_URL", &url).env("UNIONHALL_PUSH_SECRET", SECRET));
    assert!(found.says("warn", "push").contains("given up"));
    for (secret, outbox, named) in
        [("hidden-word", "", "push_secret"), ("", "", "push_secret"), (SECRET, "/tmp/pushes", "push_outbox")]
    {
        let mut program = program(&db);
        program.env("UNIONHALL_PUSH_URL", &url).env("UNIONHALL_PUSH_SECRET", secret);
        let found = report(program.env("UNIONHALL_PUSH_OUTBOX", outbox));
        let told = found.says("fail", "configuration");
        assert!(told.contains(named) && !told.contains("hidden-word"), "{told}");
    }
}

#[tokio::test]
async fn a_key_file_that_others_may_read_is_noticed() {
    let db = TestDb::empty().await;
    let file = std::env::temp_dir().join(format!("uh-doctor-{}", std::process::id()));
    std::fs::write(&file, KEK).unwrap();
    let mut found = Vec::new();
    for mode in [0o644, 0o600] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        found.push(report(program(&db).env("UNIONHALL_KEK_FILE", &file)));
    }
    std::fs::remove_file(&file).unwrap();
    assert!(found[0].says("warn", "kek_file").contains("644"));
    found[1].says("ok", "kek_file");
    let gone = report(program(&db).env("UNIONHALL_KEK_FILE", &file));
    gone.says("fail", "kek_file");
}
