//! A county with somebody who writes and somebody who approves.

use chrono::{DateTime, Utc};
use serde_json::Value;
use unionhall_testkit::{CadreHandle, RosterMember, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

pub(crate) struct Office {
    pub(crate) app: TestApp,
    pub(crate) officer: CadreHandle,
    pub(crate) leader: CadreHandle,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("410102", RoleName::Officer).await;
        let leader = app.cadre("410102", RoleName::Leader).await;
        Self { app, officer, leader }
    }

    /// A notice with some fields of one's own, approved.
    pub(crate) async fn publish(&self, title: &str, fields: &Value) -> Uuid {
        self.app.notice(&self.officer, &self.leader, &self.body(title, fields)).await
    }

    pub(crate) fn body(&self, title: &str, fields: &Value) -> Value {
        let mut body = self.app.notice_body(title);
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    /// Puts the clock at an instant.
    pub(crate) async fn at(&self, at: DateTime<Utc>) {
        self.app.advance(at - self.app.core().now()).await;
    }

    pub(crate) async fn read(&self, notice: Uuid) -> Value {
        self.app.get(&format!("/v1/admin/notices/{notice}")).by(&self.leader.session).await.expect(200)
    }

    /// A proved member of a union.
    pub(crate) async fn member(&self, code: &str) -> (RosterMember, Session) {
        let member = self.app.on_roster(code).await;
        let session = self.app.login_member(&member.mobile).await;
        self.app.prove(&session, &member).await;
        (member, session)
    }

    /// Titles on the first page of a list.
    pub(crate) async fn titles(&self, path: &str, by: Option<&Session>) -> Vec<String> {
        let request = self.app.get(path);
        let request = if let Some(session) = by { request.by(session) } else { request };
        let list = request.await.expect(200);
        list["items"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect()
    }
}
