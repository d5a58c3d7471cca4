//! A file comes in: sealed chunk by chunk as it arrives, then its import, then the task that validates it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use sha2::{Digest, Sha256};
use unionhall_kernel::{Invalid, Problem};
use unionhall_storage::once::{Key, Stored, once};
use unionhall_storage::seal::Column;
use unionhall_storage::{Conn, Core, audit, tasks};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::sniff::Sniffer;
use super::{Kind, Mode, run};
use crate::org;
use crate::schema::{import, import_chunk};

const CHUNK: usize = 256 * 1024;
pub(super) const SEALED: Column = "import_chunk.sealed";

/// A file on its way in. Chunks of an upload that breaks off are taken away by [`Upload::discard`], or after
/// a crash by [`sweep`].
pub struct Upload<'a> {
    core: &'a Core,
    /// The import it becomes.
    pub id: Uuid,
    sniffer: Sniffer,
    hash: Sha256,
    pending: Vec<u8>,
    written: i32,
}

impl<'a> Upload<'a> {
    /// Begins.
    pub fn begin(core: &'a Core) -> Self {
        Self {
            core,
            id: core.id(),
            sniffer: Sniffer::default(),
            hash: Sha256::new(),
            pending: Vec::new(),
            written: 0,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// As [`Sniffer::piece`].
    pub async fn piece(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.sniffer.piece(bytes)?;
        self.hash.update(bytes);
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= CHUNK {
            let rest = self.pending.split_off(CHUNK);
            let chunk = std::mem::replace(&mut self.pending, rest);
            self.write(&chunk).await?;
        }
        Ok(())
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let id = self.core.id();
        let sealed = self.core.sealer.seal(SEALED, id, chunk)?;
        let mut conn = self.core.db.writer().await?;
        diesel::insert_into(import_chunk::table)
            .values((
                import_chunk::id.eq(id),
                import_chunk::import_id.eq(self.id),
                import_chunk::n.eq(self.written),
                import_chunk::sealed.eq(sealed),
            ))
            .execute(&mut conn)
            .await?;
        self.written += 1;
        Ok(())
    }

    /// Takes the file away again.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn discard(&self) -> Result<(), Problem> {
        let mut conn = self.core.db.writer().await?;
        drop_chunks(&mut conn, self.id).await
    }

    /// The file is here: what it is and its digest.
    ///
    /// # Errors
    /// `FILE_EMPTY` at `/file`.
    pub async fn finish(&mut self) -> Result<Arrived, Problem> {
        let last = std::mem::take(&mut self.pending);
        if !last.is_empty() {
            self.write(&last).await?;
        }
        let empty = || Problem::invalid("/file", Invalid::new("FILE_EMPTY", "文件是空的，请重新选择。"));
        let (file_type, encoding) = std::mem::take(&mut self.sniffer).finish().ok_or_else(empty)?;
        Ok(Arrived { file_type, encoding, sha256: std::mem::take(&mut self.hash).finalize().to_vec() })
    }
}

/// A file that is here.
#[derive(Debug)]
pub struct Arrived {
    file_type: super::FileType,
    encoding: super::Encoding,
    /// SHA-256 over the bytes.
    pub sha256: Vec<u8>,
}

/// What the file is for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it lists.
    pub kind: Kind,
    /// What is not in it.
    pub mode: Mode,
    /// Whether it may never be committed.
    pub dry_run: bool,
    /// The union of rows that name none.
    pub union: Uuid,
    /// As the client named it.
    pub file_name: String,
}

/// Creates the import of a file that is here.
///
/// # Errors
/// `NOT_FOUND` when the union is absent or out of scope.
pub async fn create(
    core: &Core,
    (actor, scope): (&Actor, &OrgScope),
    upload: &Upload<'_>,
    arrived: &Arrived,
    wanted: &Wanted,
    key: Option<Key>,
    answer: impl Fn(Uuid) -> Result<Stored, Problem>,
) -> Result<Stored, Problem> {
    let (id, now) = (upload.id, core.now());
    let account = actor.account.ok_or_else(|| Problem::internal("an upload without an account"))?;
    once(&core.db, now, key, async |tx| {
        let union = org::get(tx, scope, wanted.union).await?;
        diesel::insert_into(import::table)
            .values((
                import::id.eq(id),
                import::kind.eq(wanted.kind.as_str()),
                import::mode.eq(wanted.mode.as_str()),
                import::dry_run.eq(wanted.dry_run),
                import::org_id.eq(union.id),
                import::path.eq(scope.start()),
                import::file_name.eq(&wanted.file_name),
                import::file_type.eq(arrived.file_type.as_str()),
                import::encoding.eq(arrived.encoding.as_str()),
                import::file_sha256.eq(&arrived.sha256),
                import::state.eq(super::State::Validating.as_str()),
                import::created_by.eq(account),
                import::created_at.eq(now),
            ))
            .execute(tx)
            .await?;
        tasks::enqueue(tx, core.id(), now, run::VALIDATE, None, &json!({"import": id})).await?;
        let event = actor.event(core.id(), now, Some(&union.path), "import.create", ("import", Some(id)));
        let event = event.changes(json!({
            "kind": wanted.kind, "mode": wanted.mode, "dry_run": wanted.dry_run, "union_id": union.id,
        }));
        audit::append(tx, &event).await?;
        answer(id)
    })
    .await
}

/// Takes a file's chunks away.
///
/// # Errors
/// `INTERNAL` when the rows cannot be deleted.
pub async fn drop_chunks(conn: &mut Conn, import: Uuid) -> Result<(), Problem> {
    diesel::delete(import_chunk::table.filter(import_chunk::import_id.eq(import))).execute(conn).await?;
    Ok(())
}

/// Takes away what uploads left that never became an import: a process died in the middle of one. The table
/// holds files that are being validated and nothing else, so looking through it is cheap.
///
/// # Errors
/// `INTERNAL` when the rows cannot be deleted.
pub async fn sweep(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    // Ids are UUIDv7: the first 48 bits are the milliseconds at which they were made.
    let yesterday = core.now() - chrono::Duration::hours(24);
    let millis = u128::try_from(yesterday.timestamp_millis()).unwrap_or(0);
    let before = Uuid::from_u128(millis << 80);
    diesel::sql_query(
        "DELETE FROM import_chunk c WHERE c.id < $1 \
         AND NOT EXISTS (SELECT 1 FROM import i WHERE i.id = c.import_id)",
    )
    .bind::<diesel::sql_types::Uuid, _>(before)
    .execute(conn)
    .await?;
    Ok(())
}
