//! The training profile: what it refuses, what it keeps, what it puts back.

use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use unionhall_kernel::Clock as _;
use unionhall_storage::training;
use unionhall_testkit::{Session, TestApp, TestDb, mobile};
use unionhall_web::RoleName;

use crate::server::{Server, program};
use crate::told;

fn in_training(db: &TestDb) -> Command {
    let mut program = program(db);
    let outbox = std::env::temp_dir().join(format!("uh-training-{}.jsonl", std::process::id()));
    program
        .env("UNIONHALL_PROFILE", "training")
        .env("UNIONHALL_SMS_OUTBOX", outbox)
        .env_remove("UNIONHALL_SMS_URL");
    program
}

fn run(program: &mut Command, arguments: &[&str]) -> Output {
    program.args(arguments).output().unwrap()
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn nothing_that_leaves_the_machine_may_be_configured() {
    let db = TestDb::empty().await;
    for (key, value, named) in [
        ("UNIONHALL_SMS_URL", "http://127.0.0.1:9/", "remove sms_url"),
        ("UNIONHALL_PUSH_URL", "http://127.0.0.1:9/", "remove push_url"),
        ("UNIONHALL_WECHAT_APP_ID", "wx0123456789abcdef", "remove wechat_app_id"),
        ("UNIONHALL_SMS_OUTBOX", "", "needs sms_outbox"),
    ] {
        let mut program = in_training(&db);
        program.env("UNIONHALL_PUSH_SECRET", "hidden-word, hidden-word, hidden-word");
        program.env("UNIONHALL_WECHAT_SECRET", "hidden-word").env(key, value);
        let told = told(&run(&mut program, &["serve"]));
        assert!(told.contains(named), "{key}: {told}");
    }
    let told = told(&run(program(&db).env("UNIONHALL_SMS_OUTBOX", "/tmp/sms"), &["serve"]));
    assert!(told.contains("development and training"), "{told}");
}

#[tokio::test]
async fn the_commands_are_the_training_profiles_and_need_a_base() {
    let db = TestDb::new().await;
    for command in [["training", "keep"], ["training", "reset"]] {
        for profile in ["production", "development"] {
            let told = told(&run(
                in_training(&db)
                    .env("UNIONHALL_PROFILE", profile)
                    .env_remove("UNIONHALL_SMS_OUTBOX")
                    .env("UNIONHALL_SMS_URL", "http://127.0.0.1:9/"),
                &command,
            ));
            assert!(told.contains("only in the training profile"), "{told}");
        }
    }
    let told_of_it = told(&run(&mut in_training(&db), &["training", "reset"]));
    assert!(told_of_it.contains("training keep"), "{told_of_it}");
    done(&run(&mut in_training(&db), &["training", "keep"]));
    done(&run(&mut in_training(&db), &["training", "reset"]));
    let doctor = run(&mut in_training(&db), &["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|c| c["name"] == name).unwrap().clone();
    assert_eq!(of("training")["level"], "ok", "{report}");
    assert!(of("training")["what"].as_str().unwrap().contains("last put back"));
    assert!(of("configuration")["what"].as_str().unwrap().contains("profile training"));
}

#[tokio::test]
async fn a_database_on_which_production_ran_is_never_a_training_one() {
    let db = TestDb::new().await;
    // A base from before does not help.
    done(&run(&mut in_training(&db), &["training", "keep"]));
    done(&run(&mut program(&db), &["migrate"]));
    for command in [&["training", "keep"][..], &["training", "reset"], &["serve"], &["worker"]] {
        let told = told(&run(&mut in_training(&db), command));
        assert!(told.contains("a production system has run"), "{command:?}: {told}");
    }
    let doctor = run(&mut in_training(&db), &["doctor", "--json"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("a production system has run"));
}

#[tokio::test]
async fn many_accounts_are_asked_about_twice() {
    let app = TestApp::training().await;
    let many = format!(
        "INSERT INTO account (id, realm, state, created_at, changed_at) \
         SELECT gen_random_uuid(), 'member', 'CLOSED', now(), now() FROM generate_series(1, {})",
        training::FEW_ACCOUNTS
    );
    app.sql(&many).await;
    done(&run(&mut in_training(&app.db), &["training", "keep"]));
    app.sql(
        "INSERT INTO account (id, realm, state, created_at, changed_at) \
             VALUES (gen_random_uuid(), 'member', 'CLOSED', now(), now())",
    )
    .await;
    let told = told(&run(&mut in_training(&app.db), &["training", "keep"]));
    assert!(told.contains("501 accounts") && told.contains("--with-many-accounts"), "{told}");
    done(&run(&mut in_training(&app.db), &["training", "keep", "--with-many-accounts"]));
}

#[tokio::test]
async fn every_answer_of_a_training_system_says_so() {
    let db = TestDb::new().await;
    let mut server = Server::start(&mut in_training(&db));
    let config = reqwest::get(format!("http://{}/v1/public/app-config", server.address)).await.unwrap();
    assert_eq!(config.headers()["x-training"], "1");
    let config: Value = config.json().await.unwrap();
    assert_eq!(config["training"], json!({"banner": "培训环境，数据每晚清空"}));
    assert_eq!(config["environment"], "training");
    let absent = reqwest::get(format!("http://{}/v1/nothing", server.address)).await.unwrap();
    assert_eq!((absent.status().as_u16(), &absent.headers()["x-training"]), (404, &"1".parse().unwrap()));
    server.terminate();
    server.says("stopping");
    assert!(server.ended().success());

    let app = TestApp::start().await;
    let elsewhere = app.get("/v1/public/app-config").await;
    assert_eq!((elsewhere.header("x-training"), &elsewhere.json()["training"]), (None, &Value::Null));
}

// Everything that can be told apart of all tables but the installation's own.
async fn content(app: &TestApp) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    for table in tables(app).await {
        let query = format!(
            "SELECT coalesce(sum(hashtextextended(t::text, 0)::numeric % 1000000007), 0) FROM {table} t"
        );
        found.push((table, app.number(&query).await));
    }
    found
}

async fn tables(app: &TestApp) -> Vec<String> {
    use diesel_async::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let mut conn = app.db.connect().await;
    let query = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' \
                 AND tablename NOT LIKE 'storage\\_%' AND tablename NOT LIKE '\\_\\_diesel%' ORDER BY 1";
    let rows: Vec<Row> = diesel::sql_query(query).load(&mut conn).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

async fn busy_day(app: &TestApp) -> Session {
    let member = app.on_roster("410102").await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    let upload = app.request("POST", "/v1/files").by(&session);
    let upload = upload.form(&[("purpose", "correction_evidence")], Some(b"%PDF-1.7 evidence %%EOF"));
    upload.await.expect(201);
    app.drain().await;
    session
}

#[tokio::test]
async fn a_reset_puts_every_table_back_and_voids_every_token() {
    let app = TestApp::training().await;
    let known = busy_day(&app).await;
    let cadre = app.cadre("410102", RoleName::Leader).await;
    assert_eq!(training::keep(app.core(), false).await.unwrap().unwrap(), tables(&app).await.len());
    let at_keep = content(&app).await;
    assert!(
        app.number("SELECT count(*) FROM file").await > 0
            && app.number("SELECT count(*) FROM blob_chunk").await > 0
    );

    let stranger = busy_day(&app).await;
    let number = mobile();
    let newcomer = app.login_member(&number).await;
    app.sql("DELETE FROM blob_chunk; UPDATE org SET name = 'x'; DELETE FROM member_profile").await;
    app.get("/v1/me").by(&newcomer).await.expect(200);
    training::reset(app.core(), false).await.unwrap().unwrap();

    let after = content(&app).await;
    let differs: Vec<&str> =
        after.iter().zip(&at_keep).filter(|(now, then)| now != then).map(|(now, _)| now.0.as_str()).collect();
    // The note of the reset itself, and the sessions that are void.
    assert_eq!(differs, ["audit_event", "audit_unsealed", "session"]);
    assert_eq!(app.number("SELECT count(*) FROM session").await, 0);
    let noted = "SELECT count(*) FROM audit_event WHERE action = 'training.reset'";
    assert_eq!(app.number(noted).await, 1);

    // Nobody waits for a poller: accounts that are gone and accounts that are back are refused alike, reading and writing.
    for session in [&known, &stranger, &newcomer, &cadre.session] {
        for path in ["/v1/me", "/v1/auth/sessions"] {
            assert_eq!(app.get(path).by(session).await.problem(401), "UNAUTHENTICATED");
        }
        let consent = json!({"document": "notifications", "version": "2026-01"});
        assert_eq!(app.post("/v1/me/consents", consent).by(session).await.problem(401), "UNAUTHENTICATED");
    }
    let refresh = json!({"refresh_token": newcomer.refresh, "device_id": format!("device-{number}")});
    assert_eq!(app.post("/v1/auth/refresh", refresh).await.problem(401), "REFRESH_INVALID");
    let again = app
        .login_cadre(unionhall_web::Realm::Cadre, &cadre.username, cadre.totp.as_deref(), &cadre.mobile)
        .await;
    app.get("/v1/admin/todos").by(&again).await.expect(200);
    // What was sealed opens: keys are not put back.
    assert_eq!(
        app.get("/v1/admin/members").by(&again).await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn of_many_at_once_one_puts_it_back_and_only_when_it_is_night() {
    let app = Arc::new(TestApp::training().await);
    training::keep(app.core(), false).await.unwrap().unwrap();
    // Noon: not due, whatever the worker is asked.
    let minute = async |app: &TestApp, starting: bool| {
        let mut conn = app.core().db.writer().await.unwrap();
        unionhall_gateway::upkeep::enqueue_reset(app.core(), &mut conn, starting).await.unwrap();
        app.services.worker().drain().await.unwrap();
    };
    let resets = "SELECT count(*) FROM audit_event WHERE action = 'training.reset'";
    minute(&app, false).await;
    assert_eq!(app.number(resets).await, 0);
    app.clock.set("2026-11-20T19:00:00Z".parse().unwrap());
    let mut copies = Vec::new();
    for _ in 0..3 {
        copies.push(app.copy().await);
    }
    let (one, two, three) = tokio::join!(
        training::reset(copies[0].core(), true),
        training::reset(copies[1].core(), true),
        training::reset(copies[2].core(), true),
    );
    let done = [one, two, three].into_iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count();
    assert_eq!((done, app.number(resets).await), (1, 1));
    minute(&app, false).await;
    assert_eq!(app.number(resets).await, 1, "once a night");

    // The next night by the worker; a row of that night shows that it happened.
    app.sql(
        "INSERT INTO otp (mobile_index, realm, purpose, code_hash, sent_at, expires_at, tries) \
             VALUES ('x', 'member', 'login', 'x', now(), now(), 0)",
    )
    .await;
    app.clock.set("2026-11-21T18:59:59Z".parse().unwrap());
    minute(&app, false).await;
    assert_eq!(app.number("SELECT count(*) FROM otp").await, 1);
    app.clock.set("2026-11-21T19:00:00Z".parse().unwrap());
    minute(&app, false).await;
    assert_eq!(app.number("SELECT count(*) FROM otp").await, 0);
    let reset_at = async || {
        let mut conn = app.core().db.writer().await.unwrap();
        training::base(&mut conn).await.unwrap().unwrap().reset_at
    };
    assert_eq!(reset_at().await, app.clock.now());

    // Nobody worked for two nights: whoever starts makes up for one, once.
    app.clock.set("2026-11-24T02:00:00Z".parse().unwrap());
    minute(&app, false).await;
    assert_ne!(reset_at().await, app.clock.now());
    minute(&app, true).await;
    assert_eq!(reset_at().await, app.clock.now());
}

#[tokio::test]
async fn a_reset_that_fails_leaves_everything_as_it_was() {
    let app = TestApp::training().await;
    busy_day(&app).await;
    training::keep(app.core(), false).await.unwrap().unwrap();
    let session = busy_day(&app).await;
    // A row of the base that no longer fits: the last tables are filled in vain, and the first come back.
    app.sql("DELETE FROM training_base.person").await;
    let before = content(&app).await;
    assert!(training::reset(app.core(), false).await.is_err());
    assert_eq!(content(&app).await, before);
    app.get("/v1/me").by(&session).await.expect(200);

    // Nor is another version's base put back.
    app.sql("ALTER TABLE otp ADD COLUMN later text").await;
    assert_eq!(training::reset(app.core(), false).await.unwrap(), Err(training::Refusal::OtherSchema));
    app.get("/v1/me").by(&session).await.expect(200);
}
