//! A county with a recruiter that is verified: what most of these tests begin with.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::shop::id;
use unionhall_testkit::{CadreHandle, RecruiterHandle, Reply, Session, TestApp};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

pub struct Desk {
    pub app: TestApp,
    pub officer: CadreHandle,
    pub recruiter: RecruiterHandle,
}

/// A posting that nothing is wrong with.
pub fn body() -> Value {
    json!({
        "title": "数控车床操作工", "employment_type": "full_time", "headcount": 5,
        "content": "操作数控车床，按图纸加工零件。\n包吃住，五险一金。", "conditions": "能看懂机械图纸，有一年以上经验。",
        "division_code": "410102", "address": "郑州市中原区建设路1号",
        "pay": {"min_fen": 450_000, "max_fen": 600_000, "period": "month"},
    })
}

/// Goes to the next midnight in Shanghai, plus a second.
pub async fn midnight(app: &TestApp) {
    let left = app.core().seconds_to_midnight();
    app.advance(Duration::seconds(i64::from(left))).await;
}

impl Desk {
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("410102", RoleName::Officer).await;
        let recruiter = app.recruiter(&officer, "410102", "郑州某某机械有限公司").await;
        Self { app, officer, recruiter }
    }

    /// With fresh sessions, once those of before are too old by the test's clock.
    pub async fn again(self) -> Self {
        let Self { app, officer, mut recruiter } = self;
        let officer = {
            let session = app
                .login_cadre(Realm::Cadre, &officer.username, officer.totp.as_deref(), &officer.mobile)
                .await;
            CadreHandle { session, ..officer }
        };
        let code = app.otp(&recruiter.mobile, "login", Realm::Recruiter).await;
        let login = json!({"realm": "recruiter", "mobile": recruiter.mobile, "code": code, "consents": [],
                           "device": {"id": format!("desk-{}", recruiter.mobile), "platform": "web"}});
        recruiter.session = Session::of(app.post("/v1/auth/login/otp", login).await);
        Self { app, officer, recruiter }
    }

    /// Writes a posting.
    pub async fn write(&self, body: &Value) -> Reply {
        static KEY: AtomicU32 = AtomicU32::new(0);
        let key = format!("p{}", KEY.fetch_add(1, Ordering::Relaxed));
        self.app.post("/v1/recruiter/postings", body.clone()).by(&self.recruiter.session).key(&key).await
    }

    /// A step of the recruiter's.
    pub async fn step(&self, posting: Uuid, step: &str) -> Reply {
        let path = format!("/v1/recruiter/postings/{posting}/{step}");
        self.app.post(&path, json!({})).by(&self.recruiter.session).await
    }

    /// A decision of the officer's on what they read a moment ago.
    pub async fn decide(&self, posting: Uuid, step: &str, body: Value) -> Reply {
        let path = format!("/v1/admin/job-postings/{posting}");
        self.app.decide(&path, step, &self.officer.session, body).await
    }

    /// A posting that waits for the county.
    pub async fn handed_in(&self, body: &Value) -> Uuid {
        let posting = id(&self.write(body).await.expect(201));
        self.step(posting, "submit").await.expect(200);
        posting
    }

    /// A posting that is live.
    pub async fn publish(&self, body: &Value) -> Uuid {
        let posting = self.handed_in(body).await;
        self.decide(posting, "approve", json!({})).await.expect(200);
        posting
    }

    /// The ids a search answers on its first page.
    pub async fn search(&self, query: &str) -> Vec<Uuid> {
        let found = self.app.get(&format!("/v1/public/jobs?{query}")).await.expect(200);
        found["items"].as_array().unwrap().iter().map(id).collect()
    }

    /// A member of the county who is proved.
    pub async fn member(&self) -> Session {
        let member = self.app.on_roster("410102").await;
        let session = self.app.login_member(&member.mobile).await;
        self.app.prove(&session, &member).await;
        session
    }
}
