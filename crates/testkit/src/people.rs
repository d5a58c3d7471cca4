//! Builders: people, cadres and members, made through the rooms' own functions and logged in over HTTP.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tokio::sync::OnceCell;
use unionhall_identity::account::{NewAccount, State};
use unionhall_identity::{account, person, totp};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Clock as _, Document, IdType, Mobile, PersonName, Pii};
use unionhall_registry::{org, post};
use unionhall_web::{Realm, RoleName};
use uuid::Uuid;

use crate::app::TestApp;
use crate::client::Session;

/// The password of every built account.
pub const PASSWORD: &str = "correct-horse-battery";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A mobile number nobody else in this process has.
pub fn mobile() -> String {
    format!("138{:08}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A valid citizen id nobody else in this process has.
pub fn citizen() -> String {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let (day, seq) = (n / 1000 % 28 + 1, n % 1000);
    let body = format!("4101021985{:02}{day:02}{seq:03}", n / 28_000 % 12 + 1);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = body.bytes().zip(weights).map(|(b, w)| usize::from(b - b'0') * w).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}

/// A cadre who is logged in.
#[derive(Debug, Clone)]
pub struct CadreHandle {
    /// Their session.
    pub session: Session,
    /// The natural person.
    pub person: Uuid,
    /// Citizen id.
    pub id_number: String,
    /// Their post.
    pub post: Uuid,
    /// The union.
    pub union: Uuid,
    /// Login name.
    pub username: String,
    /// TOTP secret, base32, where the post takes one.
    pub totp: Option<String>,
    /// Mobile.
    pub mobile: String,
}

async fn password_hash(app: &TestApp) -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let passwords = app.services.identity.passwords.clone();
    let make = || async move {
        let password = Pii::new(PASSWORD.to_owned());
        passwords.hash(password, &unionhall_kernel::clock::RandomIds::default()).await.expect("a hash")
    };
    HASH.get_or_init(make).await.clone()
}

impl TestApp {
    /// A cadre (or auditor) with a post in the union of `code` (`41`, `4101`, `410102`, …), logged in.
    pub async fn cadre(&self, code: &str, role: RoleName) -> CadreHandle {
        let core = self.core();
        let hash = password_hash(self).await;
        let secret = totp::new_secret(core.ids.as_ref());
        let (username, number) = (format!("u{}", mobile()), mobile());
        let name = PersonName::parse("李建国").unwrap();
        let id_number = citizen();
        let document = Document::parse(IdType::CitizenId, &id_number, core.today(), Entry::Person).unwrap();
        let phone = Mobile::parse(&number).unwrap();
        let made = core
            .db
            .write(async |tx| {
                let union = org::by_code(tx, code).await?.expect("the union exists");
                let person = person::create(core, tx, &name, &document).await?;
                let totp = role == RoleName::Auditor || union.is_county_or_above();
                let new = NewAccount {
                    realm: post::realm_of(role),
                    person: Some(person),
                    username: Some(&username),
                    mobile: Some(&phone),
                    state: State::Active,
                    password_hash: Some(&hash),
                    totp_secret: totp.then_some(secret.as_slice()),
                };
                account::create(core, tx, &new).await?;
                let grant = post::NewPost {
                    person,
                    org: &union,
                    role,
                    ceiling: &[],
                    from: core.now(),
                    to: None,
                    granted_by: None,
                };
                let post = post::grant(core, tx, &grant).await?;
                Ok((person, post, union.id, totp))
            })
            .await
            .expect("the cadre is made");
        let (person, post, union, totp) = made;
        let totp = totp.then(|| totp::base32(&secret));
        let realm = post::realm_of(role);
        let session = self.login_cadre(realm, &username, totp.as_deref(), &number).await;
        CadreHandle { session, person, id_number, post, union, username, totp, mobile: number }
    }

    /// Logs a cadre in with the password and the second factor the post takes.
    pub async fn login_cadre(
        &self,
        realm: Realm,
        username: &str,
        totp: Option<&str>,
        mobile: &str,
    ) -> Session {
        let mut body = json!({"username": username, "password": PASSWORD, "realm": realm});
        match totp {
            Some(secret) => {
                // A step is used once: a second login within it waits for the next, which the clock makes now.
                self.advance(chrono::Duration::seconds(30)).await;
                let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
                body["totp"] = json!(totp::code(&secret, totp::step_at(self.clock.now())));
            }
            None => {
                body["otp"] = json!(self.otp(mobile, "second_factor", realm).await);
                body["device"] = json!({"id": format!("device-{mobile}"), "platform": "android"});
            }
        }
        Session::of(self.post("/v1/auth/login/password", body).await)
    }

    /// Asks a code and reads it from the SMS box.
    pub async fn otp(&self, mobile: &str, purpose: &str, realm: Realm) -> String {
        let body = json!({"mobile": mobile, "purpose": purpose, "realm": realm});
        self.post("/v1/auth/otp", body).await.expect(202);
        self.sms.code(mobile).expect("a code was sent")
    }

    /// Logs a member in by code; an unknown mobile becomes an account.
    pub async fn login_member(&self, mobile: &str) -> Session {
        let code = self.otp(mobile, "login", Realm::Member).await;
        let consents = json!([
            {"document": "terms", "version": "2026-01"},
            {"document": "privacy", "version": "2026-01"},
        ]);
        let body = json!({
            "mobile": mobile,
            "code": code,
            "device": {"id": format!("device-{mobile}"), "platform": "android"},
            "consents": consents,
        });
        Session::of(self.post("/v1/auth/login/otp", body).await)
    }
}

/// Somebody on a roster.
#[derive(Debug, Clone)]
pub struct RosterMember {
    /// The natural person.
    pub person: Uuid,
    /// Full name.
    pub name: String,
    /// Citizen id.
    pub id_number: String,
    /// The roster's mobile.
    pub mobile: String,
    /// Their union.
    pub union: Uuid,
}

impl TestApp {
    /// An enterprise union under the union of `code`; answers its id and code.
    pub async fn union_under(&self, code: &str, name: &str) -> (Uuid, String) {
        let core = self.core();
        let name = unionhall_kernel::OrgName::parse(name).unwrap();
        let made = core
            .db
            .write(async |tx| {
                let parent = org::by_code(tx, code).await?.expect("the union exists");
                let division = parent.division_code.clone();
                let new = org::NewOrg {
                    code: None,
                    parent: &parent,
                    name: &name,
                    org_type: "1",
                    division_code: &division,
                    uscc: None,
                };
                org::create(core, tx, new).await
            })
            .await
            .expect("the union is made");
        (made.id, made.code)
    }

    /// Somebody on the roster of the union of `code`, with no account yet.
    pub async fn on_roster(&self, code: &str) -> RosterMember {
        let core = self.core();
        let (name, id_number, number) = ("王小明".to_owned(), citizen(), mobile());
        let parsed = PersonName::parse(&name).unwrap();
        let document = Document::parse(IdType::CitizenId, &id_number, core.today(), Entry::Person).unwrap();
        let phone = Mobile::parse(&number).unwrap();
        let (person, union) = core
            .db
            .write(async |tx| {
                let union = org::by_code(tx, code).await?.expect("the union exists");
                let person = person::create(core, tx, &parsed, &document).await?;
                unionhall_registry::membership::admit(core, tx, person, &union, core.today()).await?;
                unionhall_registry::profile::put(core, tx, person, Some(&phone), &json!({})).await?;
                Ok((person, union.id))
            })
            .await
            .expect("the member is made");
        RosterMember { person, name, id_number, mobile: number, union }
    }
}

impl TestApp {
    /// Proves over HTTP that a session is the member of the roster.
    pub async fn prove(&self, session: &Session, member: &RosterMember) {
        let body = json!({"name": member.name, "id_type": "citizen_id", "id_number": member.id_number});
        let reply = self.post("/v1/me/real-name", body).by(session).await.expect(200);
        assert_eq!(reply["outcome"], "matched");
    }
}
