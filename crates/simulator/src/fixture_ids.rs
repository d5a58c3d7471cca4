//! Ids that are the same on every machine, for the demo: an app's tests may name them.
//!
//! Only ids: random bytes still come from the operating system, since keys, salts and codes are made of them.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use unionhall_kernel::IdGen;
use unionhall_kernel::clock::RandomIds;
use uuid::{Builder, Uuid};

/// The millisecond of the first id (2026-01-01T00:00:00Z): earlier than any that is made later.
const FIRST_MILLIS: u64 = 1_767_225_600_000;

/// Ids that depend on what they are made for, and on how many were made for it before.
#[derive(Debug, Default)]
pub struct FixtureIds {
    of: Mutex<Of>,
    random: RandomIds,
}

#[derive(Debug, Default)]
struct Of {
    name: String,
    // Names so far, so that ids sort in the order they were made in.
    names: u64,
    made: u64,
}

impl FixtureIds {
    /// From here on ids are made for `name`, which is given once: one id more for one name moves no other's.
    pub fn begin(&self, name: &str) {
        let mut of = self.of.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *of = Of { name: name.to_owned(), names: of.names + 1, made: 0 };
    }

    // Sixteen bytes that nothing but the name and the count decide, and an instant of their own.
    fn next(&self) -> ([u8; 16], u64) {
        let mut of = self.of.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        of.made += 1;
        let digest = Sha256::digest(format!("unionhall fixture {} {}", of.name, of.made));
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        (bytes, FIRST_MILLIS + of.names * 1000 + of.made)
    }
}

impl IdGen for FixtureIds {
    fn id(&self, _now: DateTime<Utc>) -> Uuid {
        let (bytes, millis) = self.next();
        let mut random = [0; 10];
        random.iter_mut().zip(bytes).for_each(|(byte, of)| *byte = of);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn opaque_id(&self) -> Uuid {
        Builder::from_random_bytes(self.next().0).into_uuid()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}
