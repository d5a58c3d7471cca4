//! The verification token: what step one of the till found, carried to step two by the cashier's device.
//!
//! Stateless and sealed, not only signed: it names the holder, and a shop must not get anything that stays
//! the same from one visit to the next. It is bound to the branch and to whoever stood there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use unionhall_kernel::Problem;
use unionhall_storage::keys::{KeyRing, Purpose};
use unionhall_storage::{Core, Sealer};
use uuid::Uuid;

/// How long a verification may be redeemed (docs/API.md: 3 minutes).
pub const LIFETIME_SECONDS: i64 = 180;
const WHAT: &str = "verification_token";
const BODY: usize = 16 + 4 + 8 + 16 + 8;

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The holder.
    pub person: Uuid,
    /// The card's ordinal for that person.
    pub n: i32,
    /// The step of the code shown.
    pub step: i64,
    /// At which branch.
    pub branch: Uuid,
    /// By which place on the staff.
    pub staff: Uuid,
    /// Until when it may be redeemed.
    pub expires_at: DateTime<Utc>,
}

/// Seals and opens verification tokens.
pub struct VerificationTokens(Sealer);

impl VerificationTokens {
    /// Loads the keys, making the first one.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn load(core: &Core, ring: &KeyRing) -> Result<Self, Problem> {
        let mut conn = core.db.writer().await?;
        let mut keys = BTreeMap::new();
        for key in ring.ensure(&mut conn, Purpose::Verification, core.now()).await? {
            keys.insert(key.id.unsigned_abs(), key.bytes()?);
        }
        Ok(Self(Sealer::new(core.ids.clone(), keys, (0, [0; 32]))))
    }

    /// The token of a verification.
    ///
    /// # Errors
    /// Only when there is no key, which start-up refuses.
    pub fn seal(&self, verified: &Verified) -> Result<String, Problem> {
        let Verified { person, n, step, branch, staff, expires_at } = verified;
        let mut body = Vec::with_capacity(BODY);
        body.extend_from_slice(person.as_bytes());
        body.extend_from_slice(&n.to_be_bytes());
        body.extend_from_slice(&step.to_be_bytes());
        body.extend_from_slice(staff.as_bytes());
        body.extend_from_slice(&expires_at.timestamp_millis().to_be_bytes());
        Ok(URL_SAFE_NO_PAD.encode(self.0.seal(WHAT, *branch, &body)?))
    }

    /// Opens a token given back at `branch` by `staff`, expired or not; `None` for anything that was not
    /// sealed for them.
    pub fn open(&self, token: &str, branch: Uuid, staff: Uuid) -> Option<Verified> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let body = self.0.open(WHAT, branch, &sealed).ok()?;
        let (person, rest) = body.split_first_chunk::<16>()?;
        let (n, rest) = rest.split_first_chunk::<4>()?;
        let (step, rest) = rest.split_first_chunk::<8>()?;
        let (holder, rest) = rest.split_first_chunk::<16>()?;
        let (expires_at, _) = rest.split_first_chunk::<8>()?;
        let verified = Verified {
            person: Uuid::from_bytes(*person),
            n: i32::from_be_bytes(*n),
            step: i64::from_be_bytes(*step),
            branch,
            staff: Uuid::from_bytes(*holder),
            expires_at: DateTime::from_timestamp_millis(i64::from_be_bytes(*expires_at))?,
        };
        (verified.staff == staff).then_some(verified)
    }
}

/// When a verification made now ends.
pub fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::seconds(LIFETIME_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use unionhall_kernel::IdGen as _;
    use unionhall_kernel::clock::RandomIds;

    use super::*;

    #[test]
    fn a_token_opens_for_its_branch_and_staff_only_and_tells_nothing() {
        let keys = BTreeMap::from([(1, [7; 32])]);
        let tokens = VerificationTokens(Sealer::new(Arc::new(RandomIds::default()), keys, (0, [0; 32])));
        let id = || RandomIds::default().opaque_id();
        let verified = Verified {
            person: id(),
            n: 2,
            step: 59_000_000,
            branch: id(),
            staff: id(),
            expires_at: DateTime::from_timestamp_millis(1_790_000_000_000).unwrap(),
        };
        let token = tokens.seal(&verified).unwrap();
        assert_eq!(tokens.open(&token, verified.branch, verified.staff), Some(verified));
        assert_eq!(tokens.open(&token, id(), verified.staff), None);
        assert_eq!(tokens.open(&token, verified.branch, id()), None);
        assert_ne!(tokens.seal(&verified).unwrap(), token, "two verifications cannot be linked");
        for at in 0..token.len() {
            let mut broken = token.clone().into_bytes();
            broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
            let broken = String::from_utf8(broken).unwrap();
            let opened = tokens.open(&broken, verified.branch, verified.staff);
            assert!(opened.is_none() || at + 1 == token.len(), "byte {at}");
        }
        assert_eq!(tokens.open("", verified.branch, verified.staff), None);
    }
}
