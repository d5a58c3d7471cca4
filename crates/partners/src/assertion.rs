//! Client assertions (RFC 7523): a JWT a partner signs with its own Ed25519 key to say that it is the partner. `iss` and
//! `sub` are the client_id, `aud` is this platform and nobody else, it lives five minutes at most and serves once.

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use uuid::Uuid;

use crate::key::PublicKey;

/// How long an assertion may live from now on.
pub const MAX_SECONDS: i64 = 300;
/// How far a partner's clock may be ahead of ours.
const SKEW_SECONDS: i64 = 5;
const MAX_JTI_CHARS: usize = 128;
/// What a header may say that it is; an access token is none of it.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: String,
}

// One that names another audience beside us could be used there and here.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Only([String; 1]),
}

/// Who an assertion says it is of, believed by nobody yet.
pub fn client(assertion: &str) -> Option<Uuid> {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(assertion).ok()?.claims;
    Uuid::try_parse(&claims.sub).ok()
}

/// What a right assertion says.
#[derive(Debug, PartialEq, Eq)]
pub struct Proved {
    /// By which of the partner's keys.
    pub key: Uuid,
    /// Its name, to be used once.
    pub jti: String,
    /// Until when it could be used again.
    pub expires_at: DateTime<Utc>,
}

/// Judges an assertion of `client` by the partner's live keys; `None` for whatever is wrong with it.
pub fn judge(
    assertion: &str,
    client: Uuid,
    keys: &[(Uuid, PublicKey)],
    audiences: &[String],
    now: DateTime<Utc>,
) -> Option<Proved> {
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    let of_type = header.typ.as_deref().is_none_or(|typ| TYPES.iter().any(|t| t.eq_ignore_ascii_case(typ)));
    // What a header calls critical must be understood, and none of it is.
    if header.alg != Algorithm::EdDSA || !of_type || header.crit.is_some() {
        return None;
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    // What the claims say is judged below, against our own clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let (key, claims) = keys.iter().find_map(|(id, key)| {
        let key = DecodingKey::from_ed_components(&key.text()).ok()?;
        Some((*id, jsonwebtoken::decode::<Claims>(assertion, &key, &validation).ok()?.claims))
    })?;
    let Claims { iss, sub, aud, exp, nbf, iat, jti } = claims;
    let (Audience::One(aud) | Audience::Only([aud])) = aud;
    let expires_at = DateTime::from_timestamp(exp, 0)?;
    let begun = |at: Option<i64>| at.is_none_or(|at| at <= now.timestamp() + SKEW_SECONDS);
    let holds = Uuid::try_parse(&sub).ok() == Some(client)
        && iss == sub
        && audiences.contains(&aud)
        && expires_at > now
        && expires_at <= now + Duration::seconds(MAX_SECONDS)
        && begun(nbf)
        && begun(iat)
        && (1..=MAX_JTI_CHARS).contains(&jti.chars().count())
        && !jti.contains('\0');
    holds.then_some(Proved { key, jti, expires_at })
}
