//! Signed keyset cursors: where a list goes on, bound to the list it came from.
//!
//! A cursor is `base64url(issued-at minutes ‖ JSON key ‖ MAC)`. The MAC also covers the *binding*
//! (operation, caller's scope and filters), so a cursor cannot be moved to another list, and nobody can
//! write one to probe rows outside their scope.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::problem::{Code, Problem};

const MAC_LEN: usize = 16;
const STAMP_LEN: usize = 4;

/// How long a cursor lives (docs/API.md: 24 h).
pub const LIFETIME_HOURS: i64 = 24;

/// The key that signs cursors.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

impl CursorKey {
    /// A key from 32 secret bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, binding: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(&u64::try_from(binding.len()).ok()?.to_be_bytes());
        mac.update(binding.as_bytes());
        mac.update(body);
        Some(mac)
    }

    /// Seals the key of the last row shown. `binding` names the list: operation, scope and filters.
    pub fn seal<T: Serialize>(&self, binding: &str, now: DateTime<Utc>, key: &T) -> Result<String, Problem> {
        let minutes = u32::try_from(now.timestamp() / 60).unwrap_or(0);
        let mut body = minutes.to_be_bytes().to_vec();
        body.extend(serde_json::to_vec(key)?);
        let mac = self.mac(binding, &body).ok_or_else(|| Problem::new(Code::Internal))?;
        body.extend(mac.finalize().into_bytes().iter().take(MAC_LEN));
        Ok(URL_SAFE_NO_PAD.encode(body))
    }

    /// Opens a cursor made by [`CursorKey::seal`] for the same binding.
    ///
    /// # Errors
    /// `CURSOR_INVALID` for anything that was not sealed here for this list, `CURSOR_EXPIRED` after 24 h.
    pub fn open<T: DeserializeOwned>(
        &self,
        binding: &str,
        now: DateTime<Utc>,
        cursor: &str,
    ) -> Result<T, Problem> {
        let invalid = || Problem::new(Code::CursorInvalid);
        let raw = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let split = raw.len().checked_sub(MAC_LEN).filter(|n| *n > STAMP_LEN).ok_or_else(invalid)?;
        let (body, tag) = raw.split_at(split);
        let mac = self.mac(binding, body).ok_or_else(invalid)?;
        mac.verify_truncated_left(tag).map_err(|_| invalid())?;
        let (stamp, json) = body.split_at(STAMP_LEN);
        let minutes = u32::from_be_bytes(stamp.try_into().map_err(|_| invalid())?);
        let issued = DateTime::from_timestamp(i64::from(minutes) * 60, 0).ok_or_else(invalid)?;
        if now - issued > Duration::hours(LIFETIME_HOURS) {
            return Err(Problem::new(Code::CursorExpired));
        }
        serde_json::from_slice(json).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_cursor_opens_for_its_own_list_only_and_dies_after_a_day() {
        let key = CursorKey::new([7; 32]);
        let sealed = key.seal("members|/41/0101/", now(), &("a", 1)).unwrap();
        assert_eq!(key.open::<(String, i32)>("members|/41/0101/", now(), &sealed).unwrap(), ("a".into(), 1));
        let other = key.open::<(String, i32)>("members|/41/0102/", now(), &sealed).unwrap_err();
        assert_eq!(other.code, Code::CursorInvalid);
        let late =
            key.open::<(String, i32)>("members|/41/0101/", now() + Duration::hours(25), &sealed).unwrap_err();
        assert_eq!(late.code, Code::CursorExpired);
    }

    proptest! {
        #[test]
        fn no_string_that_was_not_sealed_opens(s in "[A-Za-z0-9_-]{0,80}") {
            prop_assert!(CursorKey::new([7; 32]).open::<serde_json::Value>("x", now(), &s).is_err());
        }

        #[test]
        fn a_changed_byte_is_refused(at in 0usize..40, bit in 0u8..8) {
            let key = CursorKey::new([7; 32]);
            let sealed = key.seal("x", now(), &"0123456789").unwrap();
            let mut raw = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let at = at % raw.len();
            raw[at] ^= 1 << bit;
            let changed = URL_SAFE_NO_PAD.encode(raw);
            prop_assert!(key.open::<String>("x", now(), &changed).is_err());
        }
    }
}
