//! Access tokens: JWT of type `at+jwt`, signed with EdDSA (Ed25519), 15 minutes. They say who and which
//! session and post, never what that post may do: rights, scope and level come from account state.
//!
//! Two signing keys live at a time, so one can be replaced without anybody noticing. Verification of a
//! token already seen is a cache hit: an Ed25519 verification costs about 43 µs.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::keys::{self, Key, KeyRing, Purpose};
use unionhall_storage::{Conn, Core};
use unionhall_web::Realm;
use uuid::Uuid;

/// How long an access token lives.
pub const ACCESS_SECONDS: i64 = 900;
/// A new key signs only after this long, when every copy has learned it.
const KEY_RIPENS_SECONDS: i64 = 120;
const TYPE: &str = "at+jwt";
const CACHED_TOKENS: u64 = 50_000;

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience: the document whose operations it opens.
    pub aud: String,
    /// The account.
    pub sub: Uuid,
    /// Its realm.
    pub realm: Realm,
    /// The session.
    pub sid: Uuid,
    /// The role acted in.
    pub post: Option<Uuid>,
    /// The account's epoch when it was issued.
    pub epoch: i32,
    /// Issued at, seconds.
    pub iat: i64,
    /// Not before, seconds.
    pub nbf: i64,
    /// Expires at, seconds.
    pub exp: i64,
}

struct SigningKey {
    kid: String,
    created_at: DateTime<Utc>,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: String,
}

// The one form of an Ed25519 private key in PKCS#8 (RFC 8410): a fixed header, then the 32-byte seed.
const PKCS8_HEADER: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

impl SigningKey {
    fn of(key: &Key) -> Result<Self, Problem> {
        let seed = key.bytes()?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|e| Problem::internal(e.to_string()))?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let der = [PKCS8_HEADER.as_slice(), seed.as_slice()].concat();
        Ok(Self {
            kid: format!("k{}", key.id),
            created_at: key.created_at,
            encoding: EncodingKey::from_ed_der(&der),
            decoding: DecodingKey::from_ed_components(&public)?,
            public,
        })
    }
}

/// Signs and verifies access tokens.
pub struct Tokens {
    issuer: String,
    keys: RwLock<Arc<Vec<SigningKey>>>,
    seen: moka::sync::Cache<[u8; 32], Arc<Claims>>,
}

impl Tokens {
    /// Loads the signing keys; makes the first one when there is none.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn load(
        issuer: String,
        ring: &KeyRing,
        conn: &mut Conn,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let tokens = Self {
            issuer,
            keys: RwLock::default(),
            seen: moka::sync::Cache::builder()
                .max_capacity(CACHED_TOKENS)
                .time_to_live(std::time::Duration::from_secs(900))
                .build(),
        };
        ring.ensure(conn, Purpose::Token, now).await?;
        tokens.reload(ring, conn).await?;
        Ok(tokens)
    }

    /// Learns keys that were added or retired elsewhere.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn reload(&self, ring: &KeyRing, conn: &mut Conn) -> Result<(), Problem> {
        let keys: Vec<SigningKey> =
            ring.live(conn, Purpose::Token).await?.iter().map(SigningKey::of).collect::<Result<_, _>>()?;
        let mut held = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if held.iter().map(|k| &k.kid).ne(keys.iter().map(|k| &k.kid)) {
            // A retired key's tokens must not live on in the cache.
            self.seen.invalidate_all();
        }
        *held = Arc::new(keys);
        Ok(())
    }

    fn keys(&self) -> Arc<Vec<SigningKey>> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Signs a token for a session.
    ///
    /// # Errors
    /// `INTERNAL` when there is no key.
    pub fn issue(
        &self,
        now: DateTime<Utc>,
        account: (Uuid, Realm, i32),
        session: Uuid,
        post: Option<Uuid>,
    ) -> Result<String, Problem> {
        let (sub, realm, epoch) = account;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: realm.audience().to_owned(),
            sub,
            realm,
            sid: session,
            post,
            epoch,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + Duration::seconds(ACCESS_SECONDS)).timestamp(),
        };
        let keys = self.keys();
        let ripe = now - Duration::seconds(KEY_RIPENS_SECONDS);
        let key = keys
            .iter()
            .rev()
            .find(|k| k.created_at <= ripe)
            .or_else(|| keys.first())
            .ok_or_else(|| Problem::internal("no signing key"))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        Ok(jsonwebtoken::encode(&header, &claims, &key.encoding)?)
    }

    /// The platform's own address, `iss` of every token.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Verifies a token: fixed algorithm and type, known key, issuer, times.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `TOKEN_EXPIRED`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, Problem> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let claims = match self.seen.get(&digest) {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.decode(token).ok_or_else(|| Problem::new(Code::Unauthenticated))?);
                self.seen.insert(digest, claims.clone());
                claims
            }
        };
        // Times are judged at every use, against our own clock; a few seconds of skew between copies pass.
        let seconds = now.timestamp();
        if claims.exp <= seconds {
            return Err(Problem::new(Code::TokenExpired));
        }
        if claims.nbf > seconds + 5 {
            return Err(Problem::new(Code::Unauthenticated));
        }
        Ok(claims)
    }

    fn decode(&self, token: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
            return None;
        }
        let keys = self.keys();
        let key = keys.iter().find(|k| Some(&k.kid) == header.kid.as_ref())?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
        // Which audience an operation wants is the extractor's question; times are judged by the caller.
        validation.validate_aud = false;
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok()?.claims;
        (claims.aud == claims.realm.audience()).then_some(claims)
    }

    /// The public keys, for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<HashMap<&str, String>> = self
            .keys()
            .iter()
            .map(|k| {
                HashMap::from([
                    ("kty", "OKP".to_owned()),
                    ("crv", "Ed25519".to_owned()),
                    ("alg", "EdDSA".to_owned()),
                    ("use", "sig".to_owned()),
                    ("kid", k.kid.clone()),
                    ("x", k.public.clone()),
                ])
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }
}

/// Adds a signing key and retires all but the newest two. The new one signs after two minutes. The older of two signs
/// until the newer is ripe, and its last tokens live on after that: until then nothing happens, and the answer is from
/// when on keys may be rotated.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn rotate(core: &Core, ring: &KeyRing) -> Result<Option<DateTime<Utc>>, Problem> {
    let mut seed = zeroize::Zeroizing::new([0u8; 32]);
    core.ids.fill(seed.as_mut());
    let now = core.now();
    core.db
        .write(async |tx| {
            keys::lock(tx).await?;
            if let [.., _, newest] = ring.live(tx, Purpose::Token).await?.as_slice() {
                let from = newest.created_at + Duration::seconds(KEY_RIPENS_SECONDS + ACCESS_SECONDS);
                if now < from {
                    return Ok(Some(from));
                }
            }
            ring.add(tx, Purpose::Token, seed.as_ref(), now, false).await?;
            ring.retire_all_but(tx, Purpose::Token, 2, now).await?;
            Ok(None)
        })
        .await
}
