//! The public keys of partners: Ed25519, as a JWK (RFC 8037) or as 32 bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use curve25519_dalek::edwards::CompressedEdwardsY;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde_json::json;
use unionhall_identity::session;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::partner::{By, Partner};
use crate::schema::{partner, partner_key};
use crate::state::State;

/// Live keys a partner may have: the present one and the one that follows it.
pub const MOST: usize = 2;

/// An Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As a JWK's `x`.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// `KEY_FORMAT`; `KEY_WEAK` for one that needs no private key.
    pub fn parse(form: &KeyForm) -> Result<Self, Invalid> {
        let x = match form {
            KeyForm::Raw(text) => Some(text),
            KeyForm::Jwk(jwk) => Some(&jwk.x).filter(|_| jwk.kty == "OKP" && jwk.crv == "Ed25519"),
        };
        // Either alphabet, with or without padding: the bytes are what counts.
        let plain = |x: &String| x.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
        let bytes = x.and_then(|x| STANDARD_NO_PAD.decode(plain(x)).ok());
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let refused = Invalid::new("KEY_FORMAT", "须为Ed25519公钥：JWK，或32字节的base64。");
        let key = bytes.map(Self).ok_or(refused)?;
        if key.is_sound() {
            Ok(key)
        } else {
            Err(Invalid::new("KEY_WEAK", "此公钥不安全，请重新生成密钥。"))
        }
    }

    // A point of small order verifies signatures that nobody's private key made, and one written in another way than the
    // only canonical one (RFC 8032, 5.1.3) would be a second name of a key.
    fn is_sound(&self) -> bool {
        let written = CompressedEdwardsY(self.0);
        written.decompress().is_some_and(|point| !point.is_small_order() && point.compress() == written)
    }
}

/// A public key of type Ed25519, as RFC 8037 writes it. 公钥（JWK）
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // what else a JWK may say of its key is taken and not needed
pub struct PartnerJwk {
    /// `OKP`
    #[schema(example = "OKP", max_length = 8)]
    pub kty: String,
    /// `Ed25519`
    #[schema(example = "Ed25519", max_length = 16)]
    pub crv: String,
    /// The key, base64url. Its private part has no place here, and a JWK with one is refused.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", max_length = 64)]
    pub x: String,
    /// The key's name at the partner; every live key is tried, whatever it is called.
    #[schema(max_length = 128)]
    kid: Option<String>,
    /// `EdDSA`
    #[schema(max_length = 16)]
    alg: Option<String>,
    /// `sig`
    #[schema(max_length = 16)]
    r#use: Option<String>,
}

/// A public key: 32 bytes in base64, or a JWK. 公钥
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = PartnerPublicKey, example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
#[serde(untagged)]
pub enum KeyForm {
    /// base64 or base64url of the 32 bytes
    Raw(String),
    /// JWK
    Jwk(PartnerJwk),
}

/// A live key of a partner.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its id; that of the session its tokens are of.
    pub id: Uuid,
    /// The key.
    pub public: PublicKey,
    /// Since when.
    pub added_at: DateTime<Utc>,
}

/// The live keys of a partner, oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn live(conn: &mut Conn, partner: Uuid) -> Result<Vec<Key>, Problem> {
    let rows: Vec<(Uuid, Vec<u8>, DateTime<Utc>)> = partner_key::table
        .filter(partner_key::partner_id.eq(partner).and(partner_key::removed_at.is_null()))
        .order(partner_key::id)
        .select((partner_key::id, partner_key::public_key, partner_key::added_at))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, bytes, added_at)| {
            let bytes = bytes.try_into().map_err(|_| Problem::internal("a stored key of another length"))?;
            Ok(Key { id, public: PublicKey(bytes), added_at })
        })
        .collect()
}

/// Enters a key of a partner that is new or whose row the caller has moved on.
///
/// # Errors
/// `ALREADY_EXISTS` for a key that any partner has or had.
pub(crate) async fn insert(core: &Core, tx: &mut Conn, of: Uuid, key: &PublicKey) -> Result<Uuid, Problem> {
    let id = core.id();
    diesel::insert_into(partner_key::table)
        .values((
            partner_key::id.eq(id),
            partner_key::partner_id.eq(of),
            partner_key::public_key.eq(key.bytes().as_slice()),
            partner_key::added_at.eq(core.now()),
        ))
        .execute(tx)
        .await
        .map_err(|error| {
            let problem: Problem = error.into();
            match constraint(&problem) {
                Some("partner_key_public") => Problem::new(Code::AlreadyExists).with("field", "public_key"),
                _ => problem,
            }
        })?;
    Ok(id)
}

// The partner's row moves with its keys: of two changes at once one is stale. Whoever changes the keys of what is still to
// be approved is one of those who entered it.
async fn moved(tx: &mut Conn, by: By<'_>, before: &Partner) -> Result<Partner, Problem> {
    let mut writers = before.written_by.clone();
    if before.state == State::Registered && !writers.contains(&by.person) {
        writers.push(by.person);
    }
    let row = partner::table.find(before.id).filter(partner::version.eq(before.version));
    let after: Option<Partner> = diesel::update(row)
        .set((partner::version.eq(before.version + 1), partner::written_by.eq(writers)))
        .returning(Partner::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    after.ok_or_else(|| Problem::new(Code::Stale))
}

/// Adds a key.
///
/// # Errors
/// `INVALID_STATE` when the partner is closed or has two live keys; `ALREADY_EXISTS` for a key that any partner has or had;
/// `STALE`.
pub async fn add(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Partner,
    key: &PublicKey,
) -> Result<Partner, Problem> {
    if before.state == State::Closed {
        return Err(Problem::new(Code::InvalidState));
    }
    let after = moved(tx, by, before).await?;
    if live(tx, before.id).await?.len() >= MOST {
        let full = "有效公钥最多两把，请先移除旧公钥。";
        return Err(Problem::new(Code::InvalidState).with_detail(full));
    }
    let id = insert(core, tx, before.id, key).await?;
    by.note(core, tx, before, "partner.key_add", json!({"key": id})).await?;
    Ok(after)
}

/// Removes a key: its tokens are dead. The last one, too, after which the partner cannot log in.
///
/// # Errors
/// `NOT_FOUND` for a key that is not a live one of the partner; `STALE`.
pub async fn remove(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Partner,
    key: Uuid,
) -> Result<Partner, Problem> {
    let after = moved(tx, by, before).await?;
    let own = partner_key::partner_id.eq(before.id).and(partner_key::removed_at.is_null());
    let removed = diesel::update(partner_key::table.find(key).filter(own))
        .set(partner_key::removed_at.eq(core.now()))
        .execute(tx)
        .await?;
    if removed == 0 {
        return Err(Problem::not_found());
    }
    session::end(tx, key, before.id, "key_removed", core.now()).await?;
    by.note(core, tx, before, "partner.key_remove", json!({"key": key})).await?;
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: serde_json::Value) -> Option<PublicKey> {
        PublicKey::parse(&serde_json::from_value(json).ok()?).ok()
    }

    #[test]
    fn a_key_is_read_in_any_of_its_forms_and_in_no_other() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let key = parse(json!(x)).unwrap();
        assert_eq!(key.text(), x);
        let same = [
            json!("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
            json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "a", "alg": "EdDSA", "use": "sig"}),
        ];
        for form in same {
            assert_eq!(parse(form.clone()), Some(key.clone()), "{form}");
        }
        let private = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        for form in [
            json!(""),
            json!("11qYAYKxCrfVS"),
            json!({"kty": "EC", "crv": "Ed25519", "x": x}),
            json!({"kty": "OKP", "crv": "X25519", "x": x}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": private}),
            json!({"kty": "OKP", "crv": "Ed25519"}),
            json!(7),
        ] {
            assert_eq!(parse(form.clone()), None, "{form}");
        }
    }
}
