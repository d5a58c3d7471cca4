//! A file comes in: its blob as it arrives, then its import, then the task that validates it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::blob::{self, Incoming};
use unionhall_storage::once::{Key, Stored, once};
use unionhall_storage::{Core, audit, tasks};
use unionhall_web::actor::EventExt;
use unionhall_web::policy::allows;
use unionhall_web::{Actor, OrgScope, RoleName};
use uuid::Uuid;

use super::sniff::Sniffer;
use super::{Kind, Mode, run};
use crate::org;
use crate::schema::import;

/// A file on its way in.
pub struct Upload<'a> {
    blob: Incoming<'a>,
    sniffer: Sniffer,
}

impl<'a> Upload<'a> {
    /// Begins.
    pub fn begin(core: &'a Core) -> Self {
        Self { blob: Incoming::begin(core), sniffer: Sniffer::default() }
    }

    /// The import it becomes.
    pub fn id(&self) -> Uuid {
        self.blob.id
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// As [`Sniffer::piece`].
    pub async fn piece(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.sniffer.piece(bytes)?;
        self.blob.piece(bytes).await
    }

    /// Takes the file away again.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be reached.
    pub async fn discard(&self) -> Result<(), Problem> {
        self.blob.discard().await
    }

    /// The file is here: what it is and its digest.
    ///
    /// # Errors
    /// `FILE_EMPTY` at `/file`.
    pub async fn finish(&mut self) -> Result<Arrived, Problem> {
        let sha256 = self.blob.finish().await?;
        let empty = || Problem::invalid("/file", Invalid::new("FILE_EMPTY", "文件是空的，请重新选择。"));
        let (file_type, encoding) = std::mem::take(&mut self.sniffer).finish().ok_or_else(empty)?;
        Ok(Arrived { file_type, encoding, sha256: sha256.to_vec() })
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

/// Whether a role may write files of a kind.
///
/// # Errors
/// `FORBIDDEN`.
pub fn may_write(role: RoleName, kind: Kind) -> Result<(), Problem> {
    if allows(role, kind.needs()) { Ok(()) } else { Err(Problem::new(Code::Forbidden)) }
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
    let (id, now) = (upload.id(), core.now());
    let account = actor.account.ok_or_else(|| Problem::internal("an upload without an account"))?;
    once(&core.db, now, key, async |tx| {
        let union = org::get(tx, scope, wanted.union).await?;
        blob::keep(tx, id).await?;
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
