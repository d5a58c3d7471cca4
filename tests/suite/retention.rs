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
        ("ticket", "partner_ticket"),
        ("assertion", "partner_assertion"),
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
    // A city's partner was logged in and a ticket made; both live a minute.
    app.sql(&format!(
        "WITH a AS (INSERT INTO account (id, realm, state, created_at, changed_at) \
             VALUES (gen_random_uuid(), 'partner', 'ACTIVE', '{begun}', '{begun}') RETURNING id), \
           o AS (SELECT id, path FROM org WHERE code = '4101'), \
           m AS (INSERT INTO person (id, name, created_at) \
             VALUES (gen_random_uuid(), '王小明', '{begun}') RETURNING id), \
           p AS (INSERT INTO partner (id, org_id, path, name, organisation, contact_name, contact_mobile, \
               redirect_origins, receives, state, written_by, approved_by, created_at) \
             SELECT a.id, o.id, o.path, '园区', '园区', '李建国', '\\x00', '{{https://a.cn}}', '{{}}', 'ACTIVE', \
               ARRAY[gen_random_uuid()], gen_random_uuid(), '{begun}' FROM a, o RETURNING id), \
           c AS (INSERT INTO partner_consent (id, partner_id, account_id, person_id, subject, receives, given_at, channel) \
             SELECT gen_random_uuid(), p.id, p.id, m.id, sha256('x'), '{{}}', '{begun}', 'api' FROM p, m \
             RETURNING id, partner_id), \
           t AS (INSERT INTO partner_ticket (hash, partner_id, consent_id, expires_at) \
             SELECT 'x', c.partner_id, c.id, '{begun}'::timestamptz + interval '1 minute' FROM c) \
         INSERT INTO partner_assertion (partner_id, jti, expires_at) \
         SELECT p.id, 'x', '{begun}'::timestamptz + interval '1 minute' FROM p"
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
    let all = "code failure count task failed event log session ticket assertion broken blob";
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
