//! Recruiters: somebody with a mobile who applies, and whom the county verifies.

use serde_json::{Value, json};
use unionhall_web::Realm;
use uuid::Uuid;

use crate::shop::{id, uscc};
use crate::{CadreHandle, Reply, Request, Session, TestApp, mobile};

/// Whoever acts, or is to act, for a recruiter.
#[derive(Debug, Clone)]
pub struct RecruiterHandle {
    /// The session.
    pub session: Session,
    /// The proved mobile.
    pub mobile: String,
    /// The recruiter, once it is verified.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its credit code.
    pub uscc: String,
}

impl TestApp {
    /// Somebody with a mobile who begins to apply as a recruiter.
    pub async fn recruiting(&self, mobile: &str) -> Session {
        let code = self.otp(mobile, "apply", Realm::Recruiter).await;
        let device = json!({"id": format!("desk-{mobile}"), "platform": "web"});
        let body = json!({"mobile": mobile, "code": code, "device": device});
        Session::of(self.post("/v1/public/recruiter-applications", body).await)
    }

    /// An upload for a purpose.
    pub async fn paper(&self, by: &Session, purpose: &str) -> Uuid {
        let request = self.request("POST", "/v1/files").by(by);
        id(&request.form(&[("purpose", purpose)], Some(b"%PDF-1.7 paper %%EOF")).await.expect(201))
    }

    /// What an employer hands in, with fresh papers.
    pub async fn recruiter_body(&self, by: &Session) -> Value {
        json!({"name": "郑州某某机械有限公司", "uscc": uscc(), "division_code": "410102",
               "about": "机械加工企业，职工200人。", "contact_name": "马建军",
               "licence_file_id": self.paper(by, "recruiter_licence").await,
               "authorisation_file_id": self.paper(by, "recruiter_authorisation").await})
    }

    /// Hands an application in.
    pub fn apply_as_recruiter(&self, by: &Session, body: &Value) -> Request {
        // A body that differs is another case.
        let key = format!("a{}", body["licence_file_id"].as_str().unwrap());
        self.post("/v1/recruiter/applications", body.clone()).by(by).key(&key)
    }

    /// A cadre's step of something that has a version, on what they read a moment ago.
    pub async fn decide(&self, path: &str, step: &str, by: &Session, body: Value) -> Reply {
        let tag = self.get(path).by(by).await.etag();
        self.post(&format!("{path}/{step}"), body).by(by).if_match(&tag).await
    }

    /// The county finds an application's papers in order.
    pub async fn verify_recruiter(&self, application: Uuid, by: &CadreHandle) -> Reply {
        let path = format!("/v1/admin/recruiter-applications/{application}");
        self.decide(&path, "verify", &by.session, json!({})).await
    }

    /// A recruiter of the officer's county that is verified, and who acts for it.
    pub async fn recruiter(&self, officer: &CadreHandle, division: &str, name: &str) -> RecruiterHandle {
        let number = mobile();
        let session = self.recruiting(&number).await;
        let mut body = self.recruiter_body(&session).await;
        (body["name"], body["division_code"]) = (json!(name), json!(division));
        let made = id(&self.apply_as_recruiter(&session, &body).await.expect(201));
        let verified = self.verify_recruiter(made, officer).await.expect(200);
        let session = self.recruiter_again(&number, &session).await;
        let uscc = body["uscc"].as_str().unwrap().to_owned();
        let id = verified["recruiter_id"].as_str().unwrap().parse().unwrap();
        RecruiterHandle { session, mobile: number, id, name: name.to_owned(), uscc }
    }

    /// A refreshed session: it acts in the place that was given meanwhile.
    pub async fn recruiter_again(&self, mobile: &str, session: &Session) -> Session {
        let body = json!({"refresh_token": session.refresh, "device_id": format!("desk-{mobile}")});
        Session::of(self.post("/v1/auth/refresh", body).await)
    }
}
