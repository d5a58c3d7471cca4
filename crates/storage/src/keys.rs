//! Keys at rest: one key-encryption key (KEK) from configuration, every other key a row sealed under it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use unionhall_kernel::{IdGen, Problem};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::db::{Conn, transaction};
use crate::schema::storage_key;
use crate::seal::{SealBroken, Sealer};

/// The key-encryption key: 32 bytes, base64 in a file or an environment variable.
#[derive(Clone)]
pub struct Kek(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Kek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kek(…)")
    }
}

impl Kek {
    /// Reads a KEK as configuration writes it.
    ///
    /// # Errors
    /// When the text is not base64 of exactly 32 bytes.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WHAT: &str = "the key-encryption key must be 32 bytes in base64";
        let raw = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| WHAT)?);
        Ok(Self(Zeroizing::new(raw.as_slice().try_into().map_err(|_| WHAT)?)))
    }

    /// A new random KEK in the form [`Kek::parse`] reads.
    pub fn generate(ids: &dyn IdGen) -> Zeroizing<String> {
        let mut raw = Zeroizing::new([0u8; 32]);
        ids.fill(raw.as_mut());
        Zeroizing::new(STANDARD.encode(raw.as_ref()))
    }

    fn sealer(&self, ids: Arc<dyn IdGen>) -> Sealer {
        Sealer::new(ids, BTreeMap::from([(0, *self.0)]), (0, [0; 32]))
    }
}

/// What a key row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Seals columns.
    Data,
    /// Makes blind indexes; there is one, since a second would hide what the first indexed.
    Index,
    /// Signs cursors.
    Cursor,
    /// Signs refresh tokens.
    Refresh,
    /// Seals membership-card codes.
    CardCode,
    /// Seals the token of a till's verification.
    Verification,
    /// Signs access tokens (an Ed25519 seed).
    Token,
    /// Signs links to files.
    FileLink,
    /// Makes the subjects by which partners know members; there is one, since a second would change every subject.
    Subject,
}

impl Purpose {
    /// The name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Index => "index",
            Self::Cursor => "cursor",
            Self::Refresh => "refresh",
            Self::CardCode => "card_code",
            Self::Verification => "verification",
            Self::Token => "token",
            Self::FileLink => "file_link",
            Self::Subject => "subject",
        }
    }
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 9] = [
        Self::Data,
        Self::Index,
        Self::Cursor,
        Self::Refresh,
        Self::CardCode,
        Self::Verification,
        Self::Token,
        Self::FileLink,
        Self::Subject,
    ];
}

/// An unwrapped key.
pub struct Key {
    /// Its id, which values made with it carry.
    pub id: i32,
    /// The secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Key {
    /// The secret as 32 bytes.
    ///
    /// # Errors
    /// When the row holds something else.
    pub fn bytes(&self) -> Result<[u8; 32], Problem> {
        self.secret.as_slice().try_into().map_err(|_| Problem::internal(SealBroken))
    }
}

/// Makes and opens key rows; holds the KEK and no other key.
pub struct KeyRing {
    kek: Sealer,
    ids: Arc<dyn IdGen>,
}

// A key's row id is an integer; the seal is bound to it as the low bytes of a UUID.
fn row(id: i32) -> Uuid {
    Uuid::from_u128(u128::from(id.unsigned_abs()))
}

/// Lets nobody else change keys until the transaction ends; reading them goes on.
///
/// # Errors
/// `INTERNAL` when somebody else holds them for too long.
pub async fn lock(tx: &mut Conn) -> Result<(), Problem> {
    Ok(tx.batch_execute("LOCK TABLE storage_key IN SHARE ROW EXCLUSIVE MODE").await?)
}

impl KeyRing {
    /// The ring under a KEK.
    pub fn new(kek: &Kek, ids: Arc<dyn IdGen>) -> Self {
        Self { kek: kek.sealer(ids.clone()), ids }
    }

    /// The live keys of a purpose, newest last.
    ///
    /// # Errors
    /// `INTERNAL` when a row does not open under this KEK: the wrong KEK must not start.
    pub async fn live(&self, conn: &mut Conn, purpose: Purpose) -> Result<Vec<Key>, Problem> {
        let rows: Vec<(i32, Vec<u8>, DateTime<Utc>)> = storage_key::table
            .filter(storage_key::purpose.eq(purpose.as_str()).and(storage_key::retired_at.is_null()))
            .order(storage_key::id)
            .select((storage_key::id, storage_key::sealed, storage_key::created_at))
            .load(conn)
            .await?;
        rows.into_iter()
            .map(|(id, sealed, created_at)| {
                let secret = Zeroizing::new(self.kek.open("storage_key.sealed", row(id), &sealed)?);
                Ok(Key { id, secret, created_at })
            })
            .collect()
    }

    /// Opens every live key and answers how many there are of each purpose.
    ///
    /// # Errors
    /// As [`KeyRing::live`].
    pub async fn count(&self, conn: &mut Conn) -> Result<Vec<(Purpose, usize)>, Problem> {
        let mut counts = Vec::new();
        for purpose in Purpose::ALL {
            counts.push((purpose, self.live(conn, purpose).await?.len()));
        }
        Ok(counts)
    }

    /// The live keys of a purpose; makes the first one when there is none. Two processes that start at once
    /// agree, because the second looks again under a table lock.
    ///
    /// # Errors
    /// As [`KeyRing::live`].
    pub async fn ensure(
        &self,
        conn: &mut Conn,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<Vec<Key>, Problem> {
        let live = self.live(conn, purpose).await?;
        if !live.is_empty() {
            return Ok(live);
        }
        let mut secret = Zeroizing::new(vec![0u8; 32]);
        self.ids.fill(&mut secret);
        self.add(conn, purpose, &secret, now, true).await?;
        self.live(conn, purpose).await
    }

    /// Adds a key. With `first`, only when the purpose has no live key yet.
    ///
    /// # Errors
    /// `INTERNAL` when the row cannot be written.
    pub async fn add(
        &self,
        conn: &mut Conn,
        purpose: Purpose,
        secret: &[u8],
        now: DateTime<Utc>,
        first: bool,
    ) -> Result<(), Problem> {
        transaction(conn, &async |tx| {
            lock(tx).await?;
            if first && !self.live(tx, purpose).await?.is_empty() {
                return Ok(());
            }
            let last: Option<i32> =
                storage_key::table.select(diesel::dsl::max(storage_key::id)).first(tx).await?;
            let id = last.unwrap_or(0).saturating_add(1);
            let sealed = self.kek.seal("storage_key.sealed", row(id), secret)?;
            diesel::insert_into(storage_key::table)
                .values((
                    storage_key::id.eq(id),
                    storage_key::purpose.eq(purpose.as_str()),
                    storage_key::sealed.eq(sealed),
                    storage_key::created_at.eq(now),
                ))
                .execute(tx)
                .await?;
            Ok(())
        })
        .await
    }

    /// The sealer over this ring's data and index keys.
    ///
    /// # Errors
    /// As [`KeyRing::live`].
    pub async fn sealer(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Sealer, Problem> {
        let mut data = BTreeMap::new();
        for key in self.ensure(conn, Purpose::Data, now).await? {
            data.insert(key.id.unsigned_abs(), key.bytes()?);
        }
        let index = self.ensure(conn, Purpose::Index, now).await?;
        let index = index.as_slice().first().ok_or_else(|| Problem::internal(SealBroken))?;
        let index_id = u16::try_from(index.id).map_err(Problem::internal)?;
        Ok(Sealer::new(self.ids.clone(), data, (index_id, index.bytes()?)))
    }
}

impl KeyRing {
    /// Retires all live keys of a purpose but the newest `keep`.
    ///
    /// # Errors
    /// `INTERNAL` when the rows cannot be written.
    pub async fn retire_all_but(
        &self,
        conn: &mut Conn,
        purpose: Purpose,
        keep: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let kept: Vec<i32> = storage_key::table
            .filter(storage_key::purpose.eq(purpose.as_str()).and(storage_key::retired_at.is_null()))
            .order(storage_key::id.desc())
            .limit(keep)
            .select(storage_key::id)
            .load(conn)
            .await?;
        diesel::update(
            storage_key::table.filter(
                storage_key::purpose
                    .eq(purpose.as_str())
                    .and(storage_key::retired_at.is_null())
                    .and(storage_key::id.ne_all(kept)),
            ),
        )
        .set(storage_key::retired_at.eq(now))
        .execute(conn)
        .await?;
        Ok(())
    }
}
