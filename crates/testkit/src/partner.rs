//! Partners: registered and approved over HTTP, and their assertions signed as they would sign them.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use unionhall_kernel::Clock as _;
use uuid::Uuid;

use crate::shop::id;
use crate::{CadreHandle, Reply, Session, TestApp};

/// What a client assertion says it is.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// The one form of an Ed25519 private key in PKCS#8 (RFC 8410): a fixed header, then the seed.
const PKCS8_HEADER: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A partner's own key.
#[derive(Clone)]
pub struct SigningKey {
    encoding: EncodingKey,
    /// The public part, base64url.
    pub public: String,
}

impl SigningKey {
    /// Signs claims as a JWT of a type.
    pub fn sign(&self, typ: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = typ.map(ToOwned::to_owned);
        jsonwebtoken::encode(&header, claims, &self.encoding).unwrap()
    }
}

/// A partner that is approved.
#[derive(Clone)]
pub struct PartnerHandle {
    /// Its id, and its client_id.
    pub id: Uuid,
    /// Its key.
    pub key: SigningKey,
}

impl TestApp {
    /// A key nobody else has.
    pub fn signing_key(&self) -> SigningKey {
        let mut seed = [0u8; 32];
        self.core().ids.fill(&mut seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let encoding = EncodingKey::from_ed_der(&[PKCS8_HEADER.as_slice(), &seed].concat());
        SigningKey { encoding, public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()) }
    }

    /// A partner as it is entered, receiving everything.
    pub fn partner_body(&self, name: &str, key: &SigningKey) -> Value {
        json!({
            "name": name, "organisation": "郑州市工人文化宫", "contact_name": "李建国", "contact_mobile": "13800138000",
            "redirect_origins": ["https://park.example.cn"], "receives": ["level", "union"], "public_key": key.public,
        })
    }

    /// Registers a partner of the officer's union.
    pub async fn registered_partner(&self, officer: &CadreHandle, name: &str) -> PartnerHandle {
        let key = self.signing_key();
        let made = self.post("/v1/admin/partners", self.partner_body(name, &key)).by(&officer.session);
        PartnerHandle { id: id(&made.await.expect(201)), key }
    }

    /// A step of a partner with the version it stands at.
    pub async fn partner_step(&self, partner: Uuid, step: &str, by: &CadreHandle) -> Reply {
        let path = format!("/v1/admin/partners/{partner}");
        let tag = self.get(&path).by(&by.session).await.etag();
        let body = if step == "approve" { json!({}) } else { json!({"reason": "系统整改"}) };
        self.post(&format!("{path}/{step}"), body).by(&by.session).if_match(&tag).await
    }

    /// A partner of the officer's union, approved by the leader.
    pub async fn partner(&self, officer: &CadreHandle, leader: &CadreHandle, name: &str) -> PartnerHandle {
        let partner = self.registered_partner(officer, name).await;
        self.partner_step(partner.id, "approve", leader).await.expect(200);
        partner
    }

    /// What a good assertion of a partner says, never the same twice.
    pub fn claims(&self, partner: Uuid) -> Value {
        let now = self.clock.now().timestamp();
        json!({"iss": partner, "sub": partner, "aud": "https://unionhall.test/v1/partner/token",
               "iat": now, "exp": now + 60, "jti": self.core().id()})
    }

    /// Asks a token with an assertion.
    pub async fn assert_partner(&self, assertion: &str) -> Reply {
        let body = json!({"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
                          "client_assertion": assertion});
        self.post("/v1/partner/token", body).await
    }

    /// Logs a partner in.
    pub async fn login_partner(&self, partner: &PartnerHandle) -> Session {
        let assertion = partner.key.sign(Some("JWT"), &self.claims(partner.id));
        let body = self.assert_partner(&assertion).await.expect(200);
        let access = body["access_token"].as_str().unwrap().to_owned();
        Session { access, refresh: String::new(), account: partner.id, body }
    }

    /// A ticket of a member for a partner, agreed to.
    pub async fn sso_ticket(&self, member: &Session, partner: Uuid) -> String {
        let body = json!({"partner_id": partner, "consent": true});
        let made = self.post("/v1/me/sso-tickets", body).by(member).await.expect(201);
        made["ticket"].as_str().unwrap().to_owned()
    }

    /// A partner's exchange of a ticket.
    pub async fn exchange(&self, partner: &Session, ticket: &str) -> Reply {
        self.post("/v1/partner/sso/exchange", json!({"ticket": ticket})).by(partner).await
    }
}
