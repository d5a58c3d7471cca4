//! Builders: law firms, their lawyers and duty, all over HTTP.

use serde_json::{Value, json};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

use crate::app::TestApp;
use crate::client::Session;
use crate::people::{CadreHandle, PASSWORD, citizen, mobile};
use crate::shop::id;

/// A lawyer who is logged in.
#[derive(Debug, Clone)]
pub struct LawyerHandle {
    /// Their id.
    pub id: Uuid,
    /// Their session.
    pub session: Session,
    /// Login name.
    pub username: String,
    /// Mobile.
    pub mobile: String,
}

/// A county's legal department on a database of its own.
pub struct Counsel {
    /// The server.
    pub app: TestApp,
    /// The legal officer of 410102.
    pub officer: CadreHandle,
    /// Their firm.
    pub firm: Uuid,
}

impl Counsel {
    /// A legal officer with a firm and no lawyers yet.
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("410102", RoleName::LegalOfficer).await;
        let firm = app.firm(&officer.session, "河南正义律师事务所").await;
        Self { app, officer, firm }
    }

    /// A lawyer of the firm on duty for the next day, published and present.
    pub async fn on_duty(&self, name: &str) -> LawyerHandle {
        let lawyer = self.app.lawyer(&self.officer.session, self.firm, name).await;
        self.app.put_on_duty(&self.officer.session, lawyer.id).await;
        self.app.heartbeat(&lawyer.session).await;
        lawyer
    }
}

impl TestApp {
    /// A firm with a licence that runs.
    pub async fn firm(&self, by: &Session, name: &str) -> Uuid {
        let body =
            json!({"name": name, "licence_no": format!("L{}", mobile()), "licence_until": "2028-12-31"});
        id(&self.post("/v1/admin/firms", body).by(by).await.expect(201))
    }

    /// What a lawyer is invited with.
    pub fn lawyer_body(&self, firm: Uuid, name: &str) -> Value {
        json!({
            "name": name,
            "id_type": "citizen_id",
            "id_number": citizen(),
            "mobile": mobile(),
            "username": format!("l{}", mobile()),
            "terms": {
                "firm_id": firm,
                "practice_no": format!("P{}", mobile()),
                "licence_until": "2028-12-31",
                "fields": ["wages", "dismissal"],
                "division": "410102",
                "intro": "擅长劳动报酬案件",
            },
        })
    }

    /// A lawyer of a firm, who activated their account and is logged in.
    pub async fn lawyer(&self, by: &Session, firm: Uuid, name: &str) -> LawyerHandle {
        let body = self.lawyer_body(firm, name);
        let made = self.post("/v1/admin/lawyers", body.clone()).by(by).await.expect(201);
        let (username, number) = (body["username"].as_str().unwrap(), body["mobile"].as_str().unwrap());
        let code = self.otp(number, "confirm", Realm::Lawyer).await;
        let active = json!({"realm": "lawyer", "mobile": number, "code": code, "password": PASSWORD});
        self.post("/v1/auth/activate", active).await.expect(200);
        let session = self.login_lawyer(username).await;
        LawyerHandle { id: id(&made), session, username: username.to_owned(), mobile: number.to_owned() }
    }

    /// Logs a lawyer in.
    pub async fn login_lawyer(&self, username: &str) -> Session {
        let body = json!({"username": username, "password": PASSWORD, "realm": "lawyer"});
        Session::of(self.post("/v1/auth/login/password", body).await)
    }

    /// Puts a lawyer on duty from now on for a day, published.
    pub async fn put_on_duty(&self, by: &Session, lawyer: Uuid) -> Uuid {
        let now = self.core().now();
        let body =
            json!({"lawyer_id": lawyer, "starts_at": now, "ends_at": now + chrono::Duration::hours(24)});
        let shift = id(&self.post("/v1/admin/shifts", body).by(by).await.expect(201));
        let path = format!("/v1/admin/shifts/{shift}/publish");
        self.post(&path, json!({})).by(by).if_match("\"v1\"").await.expect(200);
        shift
    }

    /// A lawyer says that they are there.
    pub async fn heartbeat(&self, by: &Session) {
        self.post("/v1/lawyer/presence", json!({})).by(by).await.expect(200);
    }
}
