//! The dynamic code under the QR: `base64url(version ‖ key id ‖ AES-SIV(person ‖ n ‖ step ‖ purpose))`.
//!
//! Deterministic for a card and a step, unlinkable between steps, 56 characters, nothing readable and no
//! nonce in it. The card is named by (person, n), n being its ordinal for that person. What makes a screenshot
//! worthless is not here: redemption burns the step.

use std::collections::BTreeMap;

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha512};
use unionhall_kernel::Problem;
use unionhall_storage::keys::Key;
use uuid::Uuid;

/// How long a step lasts.
pub const STEP_SECONDS: i64 = 30;
/// Steps a code may be off at verification, either way.
pub const STEP_TOLERANCE: i64 = 1;
/// The longest code.
pub const MAX_CODE_CHARS: usize = 64;

const VERSION: u8 = 1;
const PLAIN: usize = 16 + 4 + 8 + 1;
const HEADER: usize = 3;
// Other purposes (activation, a printed card) get numbers of their own, so no code serves for another.
const PURPOSE_VERIFY: u8 = 1;

/// The step of an instant.
pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP_SECONDS)
}

/// The instant a step begins.
pub fn step_start(step: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(step * STEP_SECONDS, 0).unwrap_or_default()
}

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The holder.
    pub person: Uuid,
    /// Which of their cards.
    pub n: i32,
    /// The step it was made for.
    pub step: i64,
}

/// Seals and opens codes under the platform's keys.
#[derive(Clone)]
pub struct CardCodes(BTreeMap<u16, [u8; 64]>);

impl std::fmt::Debug for CardCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardCodes")
    }
}

impl CardCodes {
    /// Codes under these keys; the newest seals.
    ///
    /// # Errors
    /// `INTERNAL` when a key has no usable id.
    pub fn new(keys: &[Key]) -> Result<Self, Problem> {
        let expand = |key: &Key| {
            // AES-256-SIV takes two keys of 32 bytes; key rows hold one.
            let wide = Sha512::new().chain_update(b"unionhall card code").chain_update(key.secret.as_slice());
            Ok((u16::try_from(key.id).map_err(Problem::internal)?, wide.finalize().into()))
        };
        Ok(Self(keys.iter().map(expand).collect::<Result<_, Problem>>()?))
    }

    /// The code of a card for a step.
    ///
    /// # Errors
    /// `INTERNAL` only when there is no key.
    pub fn seal(&self, person: Uuid, n: i32, step: i64) -> Result<String, Problem> {
        let (id, key) = self.0.last_key_value().ok_or_else(|| Problem::internal("no card code key"))?;
        let mut header = vec![VERSION];
        header.extend(id.to_be_bytes());
        let mut plain = Vec::with_capacity(PLAIN);
        plain.extend_from_slice(person.as_bytes());
        plain.extend(n.to_be_bytes());
        plain.extend(step.to_be_bytes());
        plain.push(PURPOSE_VERIFY);
        let sealed = Aes256Siv::new(key.into())
            .encrypt([&header], &plain)
            .map_err(|_| Problem::internal("a card code could not be sealed"))?;
        header.extend(sealed);
        Ok(URL_SAFE_NO_PAD.encode(header))
    }

    /// What a code says; `None` for anything that was not sealed here for this purpose.
    pub fn open(&self, code: &str) -> Option<Opened> {
        if code.len() > MAX_CODE_CHARS {
            return None;
        }
        let raw = URL_SAFE_NO_PAD.decode(code).ok()?;
        let (header, sealed) = raw.split_at_checked(HEADER)?;
        let (version, id) = header.split_first()?;
        let key = self.0.get(&u16::from_be_bytes(id.try_into().ok()?)).filter(|_| *version == VERSION)?;
        let plain = Aes256Siv::new(key.into()).decrypt([header], sealed).ok()?;
        let (person, rest) = plain.split_at_checked(16)?;
        let (n, rest) = rest.split_at_checked(4)?;
        let (step, purpose) = rest.split_at_checked(8)?;
        (purpose == [PURPOSE_VERIFY]).then_some(())?;
        Some(Opened {
            person: Uuid::from_slice(person).ok()?,
            n: i32::from_be_bytes(n.try_into().ok()?),
            step: i64::from_be_bytes(step.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(ids: &[u8]) -> CardCodes {
        CardCodes(ids.iter().map(|id| (u16::from(*id), [*id; 64])).collect())
    }

    const PERSON: Uuid = Uuid::from_u128(0x0192_f000_0000_7000_8000_0000_0000_0001);

    #[test]
    fn a_code_is_short_deterministic_and_different_every_step() {
        let codes = codes(&[1]);
        let code = codes.seal(PERSON, 1, 59_000_000).unwrap();
        assert!(code.len() <= MAX_CODE_CHARS, "{}", code.len());
        assert_eq!(code, codes.seal(PERSON, 1, 59_000_000).unwrap());
        let next = codes.seal(PERSON, 1, 59_000_001).unwrap();
        let common = code.bytes().zip(next.bytes()).filter(|(a, b)| a == b).count();
        assert!(common < 20, "codes of neighbouring steps look alike");
        assert_eq!(codes.open(&code), Some(Opened { person: PERSON, n: 1, step: 59_000_000 }));
    }

    #[test]
    fn an_old_key_opens_and_an_unknown_one_does_not() {
        let old = codes(&[1]).seal(PERSON, 1, 7).unwrap();
        assert!(codes(&[1, 2]).open(&old).is_some());
        assert!(codes(&[2]).open(&old).is_none());
    }

    proptest! {
        #[test]
        fn no_changed_code_opens(at in 0usize..1000, bit in 0u8..8) {
            let codes = codes(&[1]);
            let mut raw = URL_SAFE_NO_PAD.decode(codes.seal(PERSON, 3, 7).unwrap()).unwrap();
            let at = at % raw.len();
            raw[at] ^= 1 << bit;
            prop_assert!(codes.open(&URL_SAFE_NO_PAD.encode(raw)).is_none());
        }

        #[test]
        fn no_other_text_opens(text in ".{0,80}") {
            prop_assert!(codes(&[1]).open(&text).is_none());
        }
    }
}
