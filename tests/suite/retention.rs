//! What is forgotten, and when.

use chrono::Duration;
use serde_json::json;
use unionhall_gateway::upkeep;
use unionhall_storage::blob::{self, Incoming};
use unionhall_testkit::{TestApp, mobile};

async fn on_day(app: &TestApp, day: i64, begun: chrono::DateTime<chrono::Utc>) -> String {
    app.clock.set(begun + Duration::days(day));
    let core = app.core();
    let mut conn = core.db.writer().await.unwrap();
    upkeep::enqueue_daily(core, &mut conn).await.unwrap();
    upkeep::enqueue_daily(core, &mut conn).await.unwrap();
    drop(conn);
    app.services.worker().drain().await.unwrap();
    let mut left = Vec::new();
    for (name, rows) in [
        ("code", "otp"),
        ("failure", "account_failure"),
        ("count", "account_day_count WHERE kind = 'otp_mobile'"),
        ("task", "task WHERE kind = 'past'"),
        ("failed", "task WHERE kind = 'stuck'"),
        ("event", "outbox WHERE topic = 'past'"),
        ("log", "verification_log"),
        ("session", "session"),
        ("broken", "blob WHERE NOT kept"),
        ("blob", "blob_chunk"),
    ] {
        if app.number(&format!("SELECT count(*) FROM {rows}")).await > 0 {
            left.push(name);
        }
    }
    left.join(" ")
}

#[tokio::test]
async fn everything_goes_in_its_time_and_not_before() {
    let app = TestApp::start().await;
    let begun = app.core().now();
    let _ = app.login_member(&mobile()).await;
    let wrong = json!({"username": "nobody.at.all", "password": "wrong-password"});
    assert_eq!(app.post("/v1/auth/login/password", wrong).await.status, 401);
    app.sql(&format!(
        "INSERT INTO task (id, kind, payload, state, run_at, attempts, created_at, finished_at) VALUES \
           (gen_random_uuid(), 'past', '{{}}', 'done', '{begun}', 1, '{begun}', '{begun}'), \
           (gen_random_uuid(), 'stuck', '{{}}', 'failed', '{begun}', 12, '{begun}', NULL); \
         INSERT INTO outbox (id, topic, payload, created_at) VALUES (gen_random_uuid(), 'past', '{{}}', '{begun}'); \
         INSERT INTO verification_log (id, at, branch_id, staff_id, result) \
         VALUES ('{}', '{begun}', gen_random_uuid(), gen_random_uuid(), 'valid')",
        app.core().id()
    ))
    .await;
    let core = app.core();
    for kept in [false, true] {
        let mut blob = Incoming::begin(core);
        blob.piece(&[7; 600 * 1024]).await.unwrap();
        blob.finish().await.unwrap();
        if kept {
            blob::keep(&mut core.db.writer().await.unwrap(), blob.id).await.unwrap();
        }
    }
    let all = "code failure count task failed event log session broken blob";
    assert_eq!(on_day(&app, 0, begun).await, all);
    assert_eq!(on_day(&app, 1, begun).await, all);
    assert_eq!(app.number("SELECT count(*) FROM blob_chunk").await, 6);
    assert_eq!(on_day(&app, 2, begun).await, "count task failed event log session blob");
    assert_eq!(app.number("SELECT count(*) FROM blob_chunk").await, 3);
    assert_eq!(on_day(&app, 7, begun).await, "count task failed event log session blob");
    assert_eq!(on_day(&app, 8, begun).await, "failed log session blob");
    // The session could be refreshed for 90 days; what it records is kept from its end on.
    assert_eq!(on_day(&app, 190, begun).await, "failed log session blob");
    assert_eq!(on_day(&app, 191, begun).await, "failed session blob");
    assert_eq!(on_day(&app, 280, begun).await, "failed session blob");
    assert_eq!(on_day(&app, 281, begun).await, "failed blob");
}
