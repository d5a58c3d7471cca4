//! `/readyz` says what is wrong, on both listeners, and nothing else.

use std::net::SocketAddr;

use diesel_async::SimpleAsyncConnection as _;
use serde_json::Value;
use unionhall_gateway::{serve, telemetry};
use unionhall_testkit::{TestApp, TestDb};

async fn listeners(app: &TestApp) -> [SocketAddr; 2] {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let metrics = telemetry::recorder().unwrap();
    let (server, internal) = serve::internal(&app.services, metrics, any).unwrap();
    tokio::spawn(server);
    [app.address(), internal]
}

/// The names of the checks that fail, the same on both listeners.
async fn failing(listeners: [SocketAddr; 2]) -> Vec<String> {
    let mut all = Vec::new();
    for address in listeners {
        let answer = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
        let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].clone());
        let body: Value = answer.json().await.unwrap();
        if status == 200 {
            assert_eq!(body["status"], "ok");
            all.push(Vec::new());
            continue;
        }
        assert_eq!((status, kind.to_str().unwrap()), (503, "application/problem+json"));
        assert_eq!(body["code"], "UNAVAILABLE");
        let checks = body["checks"].as_array().unwrap();
        for check in checks {
            assert!(!check["why"].as_str().unwrap().is_empty());
            assert_eq!(check.as_object().unwrap().len(), 2, "{check}");
        }
        all.push(checks.iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect());
    }
    assert_eq!(all[0], all[1]);
    all.swap_remove(0)
}

#[tokio::test]
async fn readiness_names_what_fails() {
    let app = TestApp::start().await;
    let listeners = listeners(&app).await;
    assert_eq!(failing(listeners).await, [""; 0]);

    app.sql("CREATE TABLE away AS SELECT * FROM __diesel_schema_migrations ORDER BY version DESC LIMIT 1")
        .await;
    app.sql("DELETE FROM __diesel_schema_migrations WHERE version IN (SELECT version FROM away)").await;
    assert_eq!(failing(listeners).await, ["migrations"]);
    app.sql("UPDATE storage_key SET sealed = sealed || '\\x00' WHERE purpose = 'cursor'").await;
    assert_eq!(failing(listeners).await, ["migrations", "keys"]);
    app.sql("INSERT INTO __diesel_schema_migrations SELECT * FROM away").await;
    assert_eq!(failing(listeners).await, ["keys"]);
    app.sql("UPDATE storage_key SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE purpose = 'cursor'")
        .await;
    assert_eq!(failing(listeners).await, [""; 0]);
    app.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')").await;
    assert_eq!(failing(listeners).await, [""; 0], "a newer version migrates while this one serves");

    app.services.readiness.drain();
    assert_eq!(failing(listeners).await, ["draining"]);
}

#[tokio::test]
async fn readiness_says_that_the_database_is_gone_and_comes_back_with_it() {
    let app = TestApp::start().await;
    let listeners = listeners(&app).await;
    assert_eq!(failing(listeners).await, [""; 0]);
    let name = app.db.url().rsplit('/').next().unwrap().to_owned();
    let mut elsewhere = TestDb::empty().await.connect().await;
    // Two statements, each committed: in one batch whoever connects between them would stay.
    elsewhere.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    let shut =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    elsewhere.batch_execute(&shut).await.unwrap();
    let gone = failing(listeners).await;
    assert_eq!(gone[0], "database", "{gone:?}");
    let metrics =
        reqwest::get(format!("http://{}/metrics", listeners[1])).await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("unionhall_ready{check=\"database\"} 0"),
        "a scrape goes on without the database"
    );
    elsewhere.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    app.services.identity.states.poll().await.unwrap();
    assert_eq!(failing(listeners).await, [""; 0]);
}
