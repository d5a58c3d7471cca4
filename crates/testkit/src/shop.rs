//! A county with a merchant, its staff, an offer and members: what every test begins with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{CadreHandle, PASSWORD, Reply, Request, Session, TestApp, mobile};
use chrono::Duration;
use serde_json::{Value, json};
use unionhall_kernel::Clock as _;
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

/// A merchant of a county with two branches, and the cadres who look after it.
pub struct Shop {
    /// The server.
    pub app: Arc<TestApp>,
    /// Enters.
    pub officer: CadreHandle,
    /// Approves.
    pub leader: CadreHandle,
    /// The merchant.
    pub merchant: Uuid,
    /// Two branches.
    pub branches: [Uuid; 2],
    /// What their printed QRs say.
    pub codes: [String; 2],
}

/// A member who is proved and holds a card.
pub struct Holder {
    /// The session.
    pub session: Session,
    /// The person.
    pub person: Uuid,
    /// The card.
    pub card: Uuid,
    /// The mobile.
    pub mobile: String,
}

/// The id of a resource.
pub fn id(value: &Value) -> Uuid {
    value["id"].as_str().expect("an id").parse().expect("an id")
}

/// A credit code that nobody has.
pub fn uscc() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let body = format!("91410102{:09}", COUNT.fetch_add(1, Ordering::Relaxed));
    let value = |b: u8| ALPHABET.iter().position(|a| *a == b).unwrap();
    let sum: usize = body.bytes().zip(WEIGHTS).map(|(b, w)| value(b) * w).sum();
    format!("{body}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}

/// The body of a merchant.
pub fn merchant_body(name: &str) -> Value {
    json!({
        "name": name, "uscc": uscc(), "category": "餐饮", "division_code": "410102",
        "contract_from": "2026-01-01", "contract_to": "2026-12-31",
        "contact_name": "王小明", "contact_mobile": "13800138000",
    })
}

impl Shop {
    /// A county with a merchant.
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        Self::open_in(app, "410102").await
    }

    /// A county of one's choice with a merchant.
    pub async fn open_in(app: impl Into<Arc<TestApp>>, county: &str) -> Self {
        let app = app.into();
        let officer = app.cadre(county, RoleName::Officer).await;
        let leader = app.cadre(county, RoleName::Leader).await;
        let made = app
            .post("/v1/admin/merchants", merchant_body("方中山胡辣汤"))
            .by(&officer.session)
            .await
            .expect(201);
        let merchant = id(&made);
        let mut branches = Vec::new();
        for name in ["顺河路店", "建设路店"] {
            let body = json!({"name": name, "address": "郑州市中原区 1 号", "division_code": "410102"});
            let path = format!("/v1/admin/merchants/{merchant}/branches");
            let made = app.post(&path, body).by(&officer.session).await.expect(201);
            branches.push((id(&made), made["code"].as_str().unwrap().to_owned()));
        }
        let [(a, code_a), (b, code_b)] = branches.try_into().unwrap();
        Self { app, officer, leader, merchant, branches: [a, b], codes: [code_a, code_b] }
    }

    /// Somebody new on the staff, activated and logged in.
    pub async fn staff(&self, role: &str, branch: Option<Uuid>) -> Session {
        let (number, username) = (mobile(), format!("m{}", mobile()));
        let body = json!({"name": "李小红", "username": username, "mobile": number, "role": role, "branch_id": branch});
        let path = format!("/v1/admin/merchants/{}/staff", self.merchant);
        self.app.post(&path, body).by(&self.officer.session).await.expect(201);
        let code = self.app.otp(&number, "confirm", Realm::Merchant).await;
        let body = json!({"realm": "merchant", "mobile": number, "code": code, "password": PASSWORD});
        self.app.post("/v1/auth/activate", body).await.expect(200);
        let body = json!({"realm": "merchant", "username": username, "password": PASSWORD});
        Session::of(self.app.post("/v1/auth/login/password", body).await)
    }

    /// A cashier of the first branch.
    pub async fn cashier(&self) -> Session {
        self.staff("staff", Some(self.branches[0])).await
    }

    /// A campaign as it is entered: 5 yuan off from 30 yuan on, at both branches, from now for a month.
    pub fn terms(&self, kind: &str) -> Value {
        let now = self.app.clock.now();
        let mut terms = json!({
            "title": "会员卡满30减5", "kind": kind, "branch_ids": self.branches,
            "benefit_kind": "amount", "benefit_fen": 500, "min_spend_fen": 3000,
            "starts_at": now - Duration::hours(1), "ends_at": now + Duration::days(30),
        });
        if kind != "standing" {
            terms["quota"] = json!(100);
        }
        if kind == "coupon" {
            terms["coupon_valid_days"] = json!(7);
        }
        terms
    }

    /// Enters, submits and approves a campaign.
    pub async fn campaign(&self, terms: Value) -> Uuid {
        let made = self.app.post("/v1/admin/campaigns", terms).by(&self.officer.session).await.expect(201);
        let campaign = id(&made);
        self.step(campaign, "submit", &self.officer.session).await.expect(200);
        self.step(campaign, "approve", &self.leader.session).await.expect(200);
        campaign
    }

    /// A step of a campaign with the version it stands at.
    pub async fn step(&self, campaign: Uuid, step: &str, by: &Session) -> Reply {
        let path = format!("/v1/admin/campaigns/{campaign}");
        let tag = self.app.get(&path).by(by).await.etag();
        self.app.post(&format!("{path}/{step}"), json!({})).by(by).if_match(&tag).await
    }

    /// A campaign as a cadre reads it.
    pub async fn read(&self, campaign: Uuid) -> Value {
        self.app.get(&format!("/v1/admin/campaigns/{campaign}")).by(&self.officer.session).await.expect(200)
    }

    /// A member of the county who is proved and holds a card.
    pub async fn holder(&self) -> Holder {
        self.holder_in("410102").await
    }

    /// A member of a union who is proved and holds a card.
    pub async fn holder_in(&self, code: &str) -> Holder {
        let member = self.app.on_roster(code).await;
        let session = self.app.login_member(&member.mobile).await;
        self.app.prove(&session, &member).await;
        let cards = self.app.get("/v1/me/cards").by(&session).await.expect(200);
        Holder { session, person: member.person, card: id(&cards["items"][0]), mobile: member.mobile }
    }

    /// A new session of a member whose token is too old by the test's clock.
    pub async fn login_again(&self, holder: &Holder) -> Session {
        self.app.login_member(&holder.mobile).await
    }

    /// New sessions of the two cadres, once theirs are too old by the test's clock.
    pub async fn cadres_again(&mut self) {
        for cadre in [&mut self.officer, &mut self.leader] {
            let CadreHandle { username, totp, mobile, .. } = &*cadre;
            let session = self.app.login_cadre(Realm::Cadre, username, totp.as_deref(), mobile).await;
            cadre.session = session;
        }
    }

    /// A new session of somebody on the staff.
    pub async fn staff_again(&self, session: &Session) -> Session {
        let body = json!({"refresh_token": session.refresh, "device_id": "till"});
        Session::of(self.app.post("/v1/auth/refresh", body).await)
    }

    /// What the member's QR says now.
    pub async fn qr(&self, holder: &Holder) -> String {
        let path = format!("/v1/me/cards/{}/qr?count=1", holder.card);
        let qr = self.app.get(&path).by(&holder.session).await.expect(200);
        qr["codes"][0]["code"].as_str().unwrap().to_owned()
    }

    /// Step one.
    pub async fn verify(&self, till: &Session, code: &str) -> Value {
        self.app.post("/v1/merchant/verifications", json!({"code": code})).by(till).await.expect(200)
    }

    /// Step one with a fresh code; answers the token.
    pub async fn token(&self, till: &Session, holder: &Holder) -> String {
        let verified = self.verify(till, &self.qr(holder).await).await;
        verified["verification_token"].as_str().expect("valid").to_owned()
    }

    /// Step two, not sent yet.
    pub fn redeem(&self, till: &Session, token: &str, offer: Uuid, amount: i64, key: &str) -> Request {
        let body = json!({"verification_token": token, "offer_id": offer, "amount_fen": amount});
        self.app.post("/v1/merchant/redemptions", body).by(till).key(key)
    }

    /// Moves past the present step, so that the next code is another.
    pub async fn next_step(&self) {
        self.app.advance(Duration::seconds(30)).await;
    }

    /// 人次, 人数 and fen of the county this month.
    pub async fn stats(&self) -> (i64, i64, i64) {
        let stats = self.app.get("/v1/admin/stats/benefits").by(&self.leader.session).await.expect(200);
        let n = |name: &str| stats[name].as_i64().unwrap();
        (n("redemptions"), n("members"), n("benefit_fen"))
    }
}

/// Somebody who applies for a merchant.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// The session, at first without a role.
    pub session: Session,
    /// The proved mobile.
    pub mobile: String,
}

impl TestApp {
    /// Somebody with a mobile who begins an application.
    pub async fn applicant(&self, mobile: &str) -> Applicant {
        let code = self.otp(mobile, "apply", Realm::Merchant).await;
        let device = json!({"id": format!("till-{mobile}"), "platform": "wechat"});
        let body = json!({"mobile": mobile, "code": code, "device": device});
        let session = Session::of(self.post("/v1/public/merchant-applications", body).await);
        Applicant { session, mobile: mobile.to_owned() }
    }

    /// An upload for `merchant_licence`.
    pub async fn licence(&self, by: &Session) -> Uuid {
        let request = self.request("POST", "/v1/files").by(by);
        let request = request.form(&[("purpose", "merchant_licence")], Some(b"%PDF-1.7 licence %%EOF"));
        id(&request.await.expect(201))
    }

    /// What an applicant hands in, with a fresh licence.
    pub async fn application_of(&self, applicant: &Applicant) -> Value {
        let licence = self.licence(&applicant.session).await;
        let branch = json!({"name": "文化路店", "address": "郑州市中原区文化路 2 号", "division_code": "410102",
                            "lat": 34.75, "lng": 113.62, "datum": "gcj02"});
        json!({"name": "老马烩面", "uscc": uscc(), "category": "餐饮", "division_code": "410102",
               "contact_name": "马建军", "licence_file_id": licence, "branches": [branch]})
    }

    /// Hands an application in.
    pub fn apply(&self, applicant: &Applicant, body: &Value) -> Request {
        // A body that differs is another case.
        let key = format!("a{}", body["licence_file_id"].as_str().unwrap());
        self.post("/v1/merchant/applications", body.clone()).by(&applicant.session).key(&key)
    }
}
