//! Many applications decided at once.

use serde_json::{Value, json};
use unionhall_testkit::{Session, TestApp, citizen, mobile};
use unionhall_web::RoleName;
use uuid::Uuid;

const BATCH: &str = "/v1/admin/join-applications/batch";

async fn apply(app: &TestApp, union: Uuid) -> String {
    let session = app.login_member(&mobile()).await;
    let statement = json!({"name": "王小明", "id_type": "citizen_id", "id_number": citizen()});
    let body = json!({"union_id": union, "statement": statement});
    let made = app.post("/v1/me/join-applications", body).by(&session).key("k").await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn applied(app: &TestApp, union: Uuid, n: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..n {
        ids.push(apply(app, union).await);
    }
    ids
}

async fn decide(app: &TestApp, by: &Session, ids: &[String], action: &str) -> Value {
    let body = json!({"ids": ids, "action": action, "reason": "名册核对一致"});
    app.post(BATCH, body).by(by).await.expect(200)
}

fn codes(answer: &Value) -> Vec<Option<&str>> {
    answer["items"].as_array().unwrap().iter().map(|item| item["code"].as_str()).collect()
}

#[tokio::test]
async fn each_is_decided_on_its_own_and_in_the_order_asked() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let chair = app.cadre(&code, RoleName::Leader).await.session;
    let foreign = app.cadre("410103", RoleName::Leader).await.union;
    let mut ids = applied(&app, union, 3).await;
    ids.push(apply(&app, foreign).await);
    ids.push(app.core().id().to_string());
    let answer = decide(&app, &chair, &ids, "approve").await;
    assert_eq!((answer["done"].as_u64(), answer["refused"].as_u64()), (Some(3), Some(2)));
    assert_eq!(codes(&answer), [None, None, None, Some("NOT_FOUND"), Some("NOT_FOUND")]);
    assert_eq!(answer["items"][3]["detail"], answer["items"][4]["detail"], "foreign is as absent");
    let listed: Vec<&str> =
        answer["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(listed, ids);
    assert_eq!(app.number("SELECT count(*) FROM membership").await, 3);
    let rows = "SELECT count(*) FROM audit_event WHERE action = 'join.approve'";
    assert_eq!(app.number(rows).await, 3, "a row for each");
    let again = decide(&app, &chair, &ids[..3], "approve").await;
    assert_eq!(again["done"], 0);
    assert_eq!(codes(&again), [Some("INVALID_STATE"); 3]);
}

#[tokio::test]
async fn two_batches_at_once_decide_each_application_once() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let ids = applied(&app, union, 6).await;
    let first = app.cadre(&code, RoleName::Leader).await.session;
    let second = app.cadre(&code, RoleName::Registrar).await.session;
    let reversed: Vec<String> = ids.iter().rev().cloned().collect();
    let (one, two) =
        tokio::join!(decide(&app, &first, &ids, "approve"), decide(&app, &second, &reversed, "reject"));
    assert_eq!(one["done"].as_u64().unwrap() + two["done"].as_u64().unwrap(), 6);
    let rows = "SELECT count(*) FROM audit_event WHERE action IN ('join.approve', 'join.reject')";
    assert_eq!(app.number(rows).await, 6);
    assert_eq!(app.number("SELECT count(*) FROM membership").await, one["done"].as_i64().unwrap());
}

#[tokio::test]
async fn a_batch_that_cannot_be_is_refused_whole() {
    let app = TestApp::start().await;
    let (union, code) = app.union_under("410102", "中原机械厂工会").await;
    let chair = app.cadre(&code, RoleName::Leader).await.session;
    let id = apply(&app, union).await;
    let many: Vec<String> = (0..201).map(|_| app.core().id().to_string()).collect();
    let twice = [id.clone(), id.clone()];
    for (ids, action, reason, pointer, why) in [
        (&[][..], "approve", None, "/ids", "REQUIRED"),
        (&many[..], "approve", None, "/ids", "TOO_MANY"),
        (&twice[..], "approve", None, "/ids", "DUPLICATE_ITEM"),
        (&twice[..1], "reject", None, "/reason", "REQUIRED"),
        (&twice[..1], "return", Some("x"), "/reason", "REASON_LENGTH"),
        (&twice[..1], "applaud", None, "/action", "INVALID_TYPE"),
    ] {
        let body = json!({"ids": ids, "action": action, "reason": reason});
        let reply = app.post(BATCH, body).by(&chair).await;
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let error = &reply.json()["errors"][0];
        assert_eq!((error["pointer"].as_str(), error["code"].as_str()), (Some(pointer), Some(why)));
    }
    let limit = decide(&app, &chair, &many[..200], "approve").await;
    assert_eq!(limit["refused"], 200);
    let auditor = app.cadre("410102", RoleName::MerchantOfficer).await.session;
    let body = json!({"ids": [id], "action": "approve"});
    assert_eq!(app.post(BATCH, body).by(&auditor).await.problem(403), "FORBIDDEN");
}
