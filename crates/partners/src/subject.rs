//! Under which name a partner knows a member: `HMAC-SHA256(platform key, partner ‖ person)`, the same for one partner
//! whatever account or phone the member has, and another for every other partner, so that two of them cannot put what
//! they know together (OpenID Connect calls such a subject pairwise).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unionhall_kernel::Invalid;
use uuid::Uuid;

/// Makes subjects. Its key is never exchanged: every subject would be another.
#[derive(Clone)]
pub struct Subjects([u8; 32]);

impl std::fmt::Debug for Subjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subjects(…)")
    }
}

impl Subjects {
    /// Under 32 secret bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The subject of a person at a partner: 32 bytes.
    pub fn of(&self, partner: Uuid, person: Uuid) -> Vec<u8> {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0) else { return Vec::new() };
        mac.update(partner.as_bytes());
        mac.update(person.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// A subject on the wire: 43 characters.
pub fn text(subject: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(subject)
}

/// Reads a subject.
///
/// # Errors
/// `SUBJECT_FORMAT`.
pub fn parse(raw: &str) -> Result<Vec<u8>, Invalid> {
    let read = URL_SAFE_NO_PAD.decode(raw).ok().filter(|bytes| bytes.len() == 32);
    read.ok_or_else(|| Invalid::new("SUBJECT_FORMAT", "须为合作系统收到的43位标识。"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_partners_and_one_persons() {
        let (subjects, others) = (Subjects::new([1; 32]), Subjects::new([2; 32]));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(subjects.of(a, b), subjects.of(a, b));
        let all = [subjects.of(a, b), subjects.of(b, a), subjects.of(a, a), others.of(a, b)];
        for (n, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 32);
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let subject = Subjects::new([1; 32]).of(Uuid::from_u128(1), Uuid::from_u128(2));
        let written = text(&subject);
        assert_eq!((written.len(), parse(&written).unwrap()), (43, subject));
        for bad in ["", "x", &written[1..], &format!("{written}="), &"=".repeat(43)] {
            assert_eq!(parse(bad).unwrap_err().code, "SUBJECT_FORMAT");
        }
    }
}
