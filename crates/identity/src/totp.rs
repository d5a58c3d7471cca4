//! Time-based one-time passwords: RFC 6238, SHA-1, 6 digits, 30 s, base32 secret.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use unionhall_kernel::IdGen;

const STEP_SECONDS: i64 = 30;
/// Bytes of a new secret: the length of a SHA-1 value.
pub const SECRET_BYTES: usize = 20;

/// A new secret.
pub fn new_secret(ids: &dyn IdGen) -> [u8; SECRET_BYTES] {
    let mut secret = [0; SECRET_BYTES];
    ids.fill(&mut secret);
    secret
}

/// The secret as authenticator apps read it.
pub fn base32(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// The link an authenticator app scans.
pub fn uri(secret: &[u8], username: &str) -> String {
    format!(
        "otpauth://totp/Unionhall:{username}?secret={}&issuer=Unionhall&digits=6&period=30",
        base32(secret)
    )
}

/// The step of an instant.
pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP_SECONDS)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last().copied().unwrap_or(0) & 0x0f);
    let word = digest.iter().skip(offset).take(4).fold(0u32, |n, b| (n << 8) | u32::from(*b));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, out of the present one and its neighbours (clocks of phones drift).
pub fn matching_step(secret: &[u8], now: DateTime<Utc>, given: &str) -> Option<i64> {
    let present = step_at(now);
    // All three are computed and compared whatever matches.
    let mut found = None;
    for step in [present - 1, present, present + 1] {
        if bool::from(code(secret, step).as_bytes().ct_eq(given.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6238_appendix_b() {
        let secret = b"12345678901234567890";
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = DateTime::from_timestamp(time, 0).unwrap();
            assert_eq!(code(secret, step_at(now)), expected);
            assert_eq!(matching_step(secret, now, expected), Some(step_at(now)));
        }
    }

    #[test]
    fn one_step_either_way_and_no_more() {
        let secret = b"12345678901234567890";
        let now = DateTime::from_timestamp(1_234_567_890, 0).unwrap();
        let at = |n: i64| code(secret, step_at(now) + n);
        assert!(matching_step(secret, now, &at(-1)).is_some());
        assert!(matching_step(secret, now, &at(1)).is_some());
        assert!(matching_step(secret, now, &at(-2)).is_none());
        assert!(matching_step(secret, now, &at(2)).is_none());
        assert!(matching_step(secret, now, "").is_none());
    }
}
