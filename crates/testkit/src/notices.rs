//! Notices: written, submitted and approved over HTTP.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::id;
use crate::{CadreHandle, Reply, Session, TestApp};

impl TestApp {
    /// A notice as it is written: for the members of the writer's union, shown everywhere.
    pub fn notice_body(&self, title: &str) -> Value {
        json!({
            "title": title, "body": "各位会员：\n\n**12月1日**起可在线申请。", "audience": "members",
            "channels": ["member_app", "mini_program", "console", "public_site"],
        })
    }

    /// Writes a notice.
    pub async fn draft(&self, writer: &CadreHandle, body: &Value) -> Uuid {
        id(&self.post("/v1/admin/notices", body.clone()).by(&writer.session).await.expect(201))
    }

    /// A step of a notice with the version it stands at.
    pub async fn notice_step(&self, notice: Uuid, step: &str, by: &Session) -> Reply {
        let path = format!("/v1/admin/notices/{notice}");
        let tag = self.get(&path).by(by).await.etag();
        let body =
            if matches!(step, "return" | "withdraw") { json!({"reason": "日期有误"}) } else { json!({}) };
        self.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await
    }

    /// Writes and submits a notice.
    pub async fn submitted(&self, writer: &CadreHandle, body: &Value) -> Uuid {
        let notice = self.draft(writer, body).await;
        self.notice_step(notice, "submit", &writer.session).await.expect(200);
        notice
    }

    /// Writes and submits a notice, and has it approved.
    pub async fn notice(&self, writer: &CadreHandle, approver: &CadreHandle, body: &Value) -> Uuid {
        let notice = self.submitted(writer, body).await;
        self.notice_step(notice, "approve", &approver.session).await.expect(200);
        notice
    }
}
