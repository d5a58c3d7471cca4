//! Blobs: what is too large for a row, sealed in chunks. The seam behind which an object store may stand instead.
//!
//! A blob is written while it arrives, outside any transaction, and *kept* in the transaction of the row that names
//! it. What is not kept within a day is what an upload that broke off has left, and is forgotten.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use sha2::{Digest, Sha256};
use unionhall_kernel::Problem;
use uuid::Uuid;

use crate::Core;
use crate::db::Conn;
use crate::retention::Old;
use crate::schema::{blob, blob_chunk};
use crate::seal::{Column, Sealer};

const CHUNK: usize = 256 * 1024;
const SEALED: Column = "blob_chunk.sealed";

pub(crate) const UNKEPT: Old = Old { table: "blob", key: "id", when: "NOT kept AND created_at < $1" };

// A chunk is sealed for its place in its blob, so that none can be moved. An id's low bits are random, and there are
// far fewer chunks than would make two of them meet.
fn row(blob: Uuid, n: i32) -> Uuid {
    Uuid::from_u128(blob.as_u128() ^ u128::from(n.unsigned_abs()))
}

/// A blob on its way in.
pub struct Incoming<'a> {
    core: &'a Core,
    /// Its id.
    pub id: Uuid,
    begun_at: DateTime<Utc>,
    hash: Sha256,
    pending: Vec<u8>,
    written: i32,
}

impl<'a> Incoming<'a> {
    /// Begins.
    pub fn begin(core: &'a Core) -> Self {
        let pending = Vec::new();
        Self { core, id: core.id(), begun_at: core.now(), hash: Sha256::new(), pending, written: 0 }
    }

    /// Takes the next piece, of any length.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn piece(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.hash.update(bytes);
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= CHUNK {
            let rest = self.pending.split_off(CHUNK);
            let chunk = std::mem::replace(&mut self.pending, rest);
            self.write(&chunk).await?;
        }
        Ok(())
    }

    /// The last piece was taken.
    ///
    /// # Errors
    /// As [`Incoming::piece`].
    pub async fn finish(&mut self) -> Result<[u8; 32], Problem> {
        let last = std::mem::take(&mut self.pending);
        if !last.is_empty() {
            self.write(&last).await?;
        }
        Ok(std::mem::take(&mut self.hash).finalize().into())
    }

    /// Takes it away again unless it was kept: a commit may have succeeded whose answer was lost.
    ///
    /// # Errors
    /// As [`Incoming::piece`].
    pub async fn discard(&self) -> Result<(), Problem> {
        let mut conn = self.core.db.writer().await?;
        let unkept = blob::table.find(self.id).filter(blob::kept.eq(false));
        diesel::delete(unkept).execute(&mut conn).await?;
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let sealed = self.core.sealer.seal(SEALED, row(self.id, self.written), chunk)?;
        let mut conn = self.core.db.writer().await?;
        if self.written == 0 {
            diesel::insert_into(blob::table)
                .values((blob::id.eq(self.id), blob::created_at.eq(self.begun_at)))
                .execute(&mut conn)
                .await?;
        }
        diesel::insert_into(blob_chunk::table)
            .values((
                blob_chunk::blob_id.eq(self.id),
                blob_chunk::n.eq(self.written),
                blob_chunk::sealed.eq(sealed),
            ))
            .execute(&mut conn)
            .await?;
        self.written += 1;
        Ok(())
    }
}

/// Keeps a blob, in the transaction of the row that names it.
///
/// # Errors
/// `INTERNAL` when there is none: it was empty, or its upload took longer than a day.
pub async fn keep(tx: &mut Conn, id: Uuid) -> Result<(), Problem> {
    match diesel::update(blob::table.find(id)).set(blob::kept.eq(true)).execute(tx).await? {
        0 => Err(Problem::internal("a blob that is to be kept is not there")),
        _ => Ok(()),
    }
}

/// Takes a blob away.
///
/// # Errors
/// `INTERNAL` when the rows cannot be deleted.
pub async fn remove(conn: &mut Conn, id: Uuid) -> Result<(), Problem> {
    diesel::delete(blob::table.find(id)).execute(conn).await?;
    Ok(())
}

/// The `n`th chunk, from 0; `None` after the last.
///
/// # Errors
/// `INTERNAL` when it does not open.
pub async fn chunk(conn: &mut Conn, sealer: &Sealer, id: Uuid, n: i32) -> Result<Option<Vec<u8>>, Problem> {
    let sealed: Option<Vec<u8>> =
        blob_chunk::table.find((id, n)).select(blob_chunk::sealed).first(conn).await.optional()?;
    Ok(sealed.map(|sealed| sealer.open(SEALED, row(id, n), &sealed)).transpose()?)
}

/// The whole of it, chunk by chunk, holding no connection in between.
pub fn stream(core: Core, id: Uuid) -> impl Stream<Item = Result<Vec<u8>, Problem>> {
    try_unfold((core, id, 0), async |(core, id, n)| {
        let found = chunk(&mut *core.db.read().await?, &core.sealer, id, n).await?;
        Ok(found.map(|bytes| (bytes, (core, id, n + 1))))
    })
}
