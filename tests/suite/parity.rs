//! What can be done for a member who has no phone: every operation of members, tried by every way.

use serde_json::json;
use unionhall_gateway::document;
use unionhall_testkit::{Session, TestApp};
use unionhall_web::RoleName;
use unionhall_web::assist::{self, EXCEPT, Way};
use uuid::Uuid;

use crate::assert_committed;

const ANY: &str = "01900000-0000-7000-8000-000000000000";

// A session for each cell: one operation may end what the next needs.
async fn held(app: &TestApp, clerk: &Session, member: Uuid, way: Way) -> String {
    let mut body = json!({"member_id": member, "way": way.as_str(), "reason": "本人到柜台办理"});
    if way.is_signed() {
        let upload = app.request("POST", "/v1/files").by(clerk);
        let upload = upload.form(&[("purpose", "on_behalf_form")], Some(b"%PDF-1.7 signed %%EOF"));
        body["form_file_id"] = upload.await.expect(201)["id"].clone();
    }
    let opened = app.post("/v1/admin/assisted-sessions", body).by(clerk).await.expect(201);
    opened["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_can_be_done_for_a_member_is_as_the_table_says() {
    let app = TestApp::start().await;
    let clerk = app.cadre("410102", RoleName::Officer).await.session;
    let member = app.on_roster("410102").await.person;
    let operations = document::of_members();
    for (id, _, reason) in EXCEPT {
        assert!(operations.iter().any(|(known, ..)| known == id), "{id} is no operation of members");
        assert!(!reason.is_empty(), "{id} is closed without a reason");
    }
    for way in Way::CADRES {
        for (id, _, method, path) in &operations {
            let token = held(&app, &clerk, member, *way).await;
            let path = path.replace("{id}", ANY).replace("{document}", "notifications");
            let mut request = app.request(method, &path).bearer(&token).key("cell");
            if method != "GET" && method != "DELETE" {
                request = request.json(json!({}));
            }
            let reply = request.await;
            let is_closed = reply.status == 403 && reply.json()["code"] == "NOT_ON_BEHALF";
            assert_eq!(is_closed, assist::closed(id, *way).is_some(), "{id} by {way:?}: {}", reply.text());
            assert_ne!(reply.status, 401, "{id} by {way:?}");
        }
    }
    assert_committed("docs/parity.md", &document::parity(), "unionhall docs --out docs");
}

#[tokio::test]
async fn whoever_may_be_the_members_employer_opens_none_of_their_cases_for_them() {
    let app = TestApp::start().await;
    let (_, code) = app.union_under("410102", "某机械厂工会").await;
    let clerk = app.cadre(&code, RoleName::Officer).await.session;
    let member = app.on_roster(&code).await.person;
    let shielded = |path: &str| assist::SHIELDED.iter().any(|root| path.starts_with(root));
    let mut tried = 0;
    for (id, _, method, path) in document::of_members() {
        let path = path.replace("{id}", ANY).replace("{document}", "notifications");
        if !path.starts_with("/v1/me") || assist::closed(&id, Way::Counter).is_some() {
            continue;
        }
        let token = held(&app, &clerk, member, Way::Counter).await;
        let mut request = app.request(&method, &path).bearer(&token).key("cell");
        if method != "GET" && method != "DELETE" {
            request = request.json(json!({}));
        }
        let reply = request.await;
        let is_closed = reply.status == 403 && reply.json()["code"] == "NOT_ON_BEHALF";
        assert_eq!(is_closed, shielded(&path), "{id}: {}", reply.text());
        tried += usize::from(is_closed);
    }
    assert!(tried > 30, "{tried} operations are shielded");
}
