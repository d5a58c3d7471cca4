//! Sealed columns and blind indexes.
//!
//! A sealed value is `version ‖ key id ‖ nonce ‖ AES-256-GCM-SIV(value)` with table, column and row id as
//! associated data, so a value copied to another row, column or table does not open. Equality search goes
//! by a blind index: `key id ‖ HMAC-SHA256(value)` cut to 16 bytes, under a key of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use unionhall_kernel::{IdGen, Problem};
use uuid::Uuid;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const HEADER: usize = 5;

/// The column a value is sealed for: `table.column`.
pub type Column = &'static str;

/// The live data keys: every one that may still have to open a value, and the newest, which seals.
#[derive(Clone)]
pub struct Sealer {
    ids: Arc<dyn IdGen>,
    data: Arc<BTreeMap<u32, Aes256GcmSiv>>,
    index: Arc<(u16, Vec<u8>)>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// A blind index value: 2 bytes key id, 16 bytes MAC.
pub type BlindIndex = Vec<u8>;

fn aad(column: Column, row: Uuid) -> Vec<u8> {
    let mut aad = Vec::with_capacity(column.len() + 17);
    aad.extend_from_slice(column.as_bytes());
    aad.push(0);
    aad.extend_from_slice(row.as_bytes());
    aad
}

/// Why a sealed value did not open. Says nothing about the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealBroken;

impl std::fmt::Display for SealBroken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a sealed value did not open: wrong key, row or column, or it was altered")
    }
}

impl std::error::Error for SealBroken {}

impl Sealer {
    /// A sealer over unwrapped keys: data keys by id, and the index key with its id.
    pub fn new(ids: Arc<dyn IdGen>, data: BTreeMap<u32, [u8; 32]>, index: (u16, [u8; 32])) -> Self {
        let data = data.into_iter().map(|(id, key)| (id, Aes256GcmSiv::new(&key.into()))).collect();
        Self { ids, data: Arc::new(data), index: Arc::new((index.0, index.1.to_vec())) }
    }

    /// Seals `value` for one column of one row.
    ///
    /// # Errors
    /// Only when there is no data key, which start-up refuses.
    pub fn seal(&self, column: Column, row: Uuid, value: &[u8]) -> Result<Vec<u8>, Problem> {
        let (id, cipher) = self.data.last_key_value().ok_or_else(|| Problem::internal(SealBroken))?;
        let mut nonce = [0u8; NONCE];
        self.ids.fill(&mut nonce);
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: value, aad: &aad(column, row) })
            .map_err(|_| Problem::internal(SealBroken))?;
        let mut out = Vec::with_capacity(HEADER + NONCE + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made for the same column and row.
    ///
    /// # Errors
    /// [`SealBroken`] for anything else.
    pub fn open(&self, column: Column, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let (header, rest) = sealed.split_at_checked(HEADER).ok_or(SealBroken)?;
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(SealBroken)?;
        let (version, id) = header.split_first().ok_or(SealBroken)?;
        let id = u32::from_be_bytes(id.try_into().map_err(|_| SealBroken)?);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SealBroken)?;
        let cipher = self.data.get(&id).filter(|_| *version == VERSION).ok_or(SealBroken)?;
        cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: &aad(column, row) })
            .map_err(|_| SealBroken)
    }

    /// Seals text.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal_text(&self, column: Column, row: Uuid, value: &str) -> Result<Vec<u8>, Problem> {
        self.seal(column, row, value.as_bytes())
    }

    /// Opens text.
    ///
    /// # Errors
    /// [`SealBroken`] as for [`Sealer::open`].
    pub fn open_text(&self, column: Column, row: Uuid, sealed: &[u8]) -> Result<String, SealBroken> {
        String::from_utf8(self.open(column, row, sealed)?).map_err(|_| SealBroken)
    }

    /// The blind index of `value` in `domain` (`document`, `mobile`, …): equal values of one domain have equal
    /// indexes; nobody without the key can make one.
    pub fn blind(&self, domain: &str, value: &str) -> BlindIndex {
        let mut out = self.index.0.to_be_bytes().to_vec();
        // HMAC takes keys of any length, so this cannot fail.
        if let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.index.1) {
            mac.update(domain.as_bytes());
            mac.update(&[0]);
            mac.update(value.as_bytes());
            out.extend(mac.finalize().into_bytes().iter().take(16));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_kernel::clock::RandomIds;

    fn sealer(ids: &[u32]) -> Sealer {
        let keys = ids.iter().map(|id| (*id, [u8::try_from(*id).unwrap(); 32])).collect();
        Sealer::new(Arc::new(RandomIds::default()), keys, (1, [9; 32]))
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let (a, b) = (RandomIds::default().opaque_id(), RandomIds::default().opaque_id());
        let s = sealer(&[1]);
        let sealed = s.seal_text("person_document.number", a, "410102194912319982").unwrap();
        assert_eq!(s.open_text("person_document.number", a, &sealed).unwrap(), "410102194912319982");
        assert_eq!(s.open("person_document.number", b, &sealed), Err(SealBroken));
        assert_eq!(s.open("account.mobile", a, &sealed), Err(SealBroken));
        for cut in 0..sealed.len() {
            assert_eq!(s.open("person_document.number", a, &sealed[..cut]), Err(SealBroken));
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(s.open("person_document.number", a, &changed), Err(SealBroken));
        }
    }

    #[test]
    fn old_keys_open_and_the_newest_seals() {
        let row = RandomIds::default().opaque_id();
        let old = sealer(&[1]).seal_text("t.c", row, "x").unwrap();
        let both = sealer(&[1, 2]);
        assert_eq!(both.open_text("t.c", row, &old).unwrap(), "x");
        let new = both.seal_text("t.c", row, "x").unwrap();
        assert_eq!(sealer(&[1]).open("t.c", row, &new), Err(SealBroken));
    }

    #[test]
    fn blind_indexes_are_equal_within_a_domain_only() {
        let s = sealer(&[1]);
        assert_eq!(s.blind("mobile", "+8613800138000"), s.blind("mobile", "+8613800138000"));
        assert_ne!(s.blind("mobile", "1"), s.blind("username", "1"));
        assert_eq!(s.blind("mobile", "1").len(), 18);
    }
}
