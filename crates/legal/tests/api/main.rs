//! Legal help over HTTP: questions from asking to rating, the wall, duty, lawyers and firms.

// A test fails loudly; clippy's allowance covers test functions only, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod aid;
mod aid_walks;
mod asked;
mod directory;
mod duty;
mod groups;
mod imports;
mod leaves;
mod rosters;
mod rotations;
mod swaps;
mod times;
mod walks;
mod wall;

use serde_json::{Value, json};
use unionhall_testkit::counsel::{Counsel, LawyerHandle};
use unionhall_testkit::shop::id;
use unionhall_testkit::{RosterMember, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

/// A member of 410102 at level 1, logged in.
pub(crate) struct Asker {
    /// Their session.
    pub session: Session,
    /// Who they are.
    pub member: RosterMember,
}

impl Asker {
    // A new access token, once the last is too old by the test's clock.
    pub(crate) async fn again(&mut self, app: &TestApp) {
        let device = format!("device-{}", self.member.mobile);
        let body = json!({"refresh_token": self.session.refresh, "device_id": device});
        self.session = Session::of(app.post("/v1/auth/refresh", body).await);
    }
}

pub(crate) async fn member_of(app: &TestApp, code: &str) -> Asker {
    let member = app.on_roster(code).await;
    let session = app.login_member(&member.mobile).await;
    app.prove(&session, &member).await;
    Asker { session, member }
}

pub(crate) fn question() -> Value {
    json!({
        "category": "wages",
        "title": "公司拖欠三个月工资",
        "question": "我在公司工作两年，公司已三个月没有发工资，该怎么办？",
    })
}

/// Asks, and answers the question as it then stands.
pub(crate) async fn ask(app: &TestApp, by: &Session, body: Value, key: &str) -> Value {
    app.post("/v1/me/consultations", body).by(by).key(key).await.expect(201)
}

pub(crate) async fn state(app: &TestApp, by: &Session, question: Uuid) -> String {
    let found = app.get(&format!("/v1/me/consultations/{question}")).by(by).await.expect(200);
    found["state"].as_str().unwrap().to_owned()
}

pub(crate) async fn entries(app: &TestApp, root: &str, by: &Session, question: Uuid) -> Vec<Value> {
    let path = format!("{root}/consultations/{question}/entries");
    app.get(&path).by(by).await.expect(200)["items"].as_array().unwrap().clone()
}

pub(crate) async fn answer(app: &TestApp, lawyer: &LawyerHandle, question: Uuid, key: &str) {
    let path = format!("/v1/lawyer/consultations/{question}/messages");
    let body = json!({"text": "请先向劳动监察大队投诉，并保留考勤记录和工资条。"});
    app.post(&path, body).by(&lawyer.session).key(key).await.expect(201);
}

/// A desk where one lawyer is on duty, and a member.
pub(crate) async fn staffed() -> (Counsel, LawyerHandle, Asker) {
    let desk = Counsel::open().await;
    let lawyer = desk.on_duty("李明").await;
    let asker = member_of(&desk.app, "410102").await;
    (desk, lawyer, asker)
}

pub(crate) async fn leader(app: &TestApp) -> Session {
    app.cadre("410102", RoleName::Leader).await.session
}

pub(crate) fn ids(list: &Value) -> Vec<Uuid> {
    list["items"].as_array().unwrap().iter().map(id).collect()
}
