//! A file comes in.

use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::audit;
use unionhall_storage::blob::{self, Incoming};
use unionhall_storage::once::{Key, Stored, once};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt as _;
use uuid::Uuid;

use crate::content::{self, Content};
use crate::purpose::Purpose;
use crate::store::{self, File, NewFile};
use crate::{Files, Verdict};

/// What uploads may take of a process's memory: files in the air, and images being decoded.
pub(crate) struct Limits {
    receiving: Semaphore,
    decoding: Semaphore,
}

impl Default for Limits {
    fn default() -> Self {
        Self { receiving: Semaphore::new(32), decoding: Semaphore::new(2) }
    }
}

impl Limits {
    /// A place for one more file in the air.
    ///
    /// # Errors
    /// `UNAVAILABLE` when all are taken.
    pub(crate) fn receive(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.receiving.try_acquire().map_err(|_| Problem::new(Code::Unavailable).retry_after(5))
    }
}

/// Takes a file for an account.
///
/// # Errors
/// As [`content::prepare`]; `FILE_INFECTED` at `/file`; `TOO_MANY_FILES`; `UNAVAILABLE` when there is a scanner that
/// cannot be asked.
pub(crate) async fn take(
    files: &Files,
    actor: &Actor,
    (account, purpose): (Uuid, Purpose),
    bytes: Vec<u8>,
    key: Option<Key>,
    answer: impl Fn(File) -> Result<Stored, Problem>,
) -> Result<Stored, Problem> {
    let Content { media_type, bytes } = prepare(files, bytes).await?;
    if let Some(scanner) = &files.scanner
        && scanner.scan(&bytes).await? == Verdict::Infected
    {
        let infected = Invalid::new("FILE_INFECTED", "文件含有病毒，不能上传。");
        return Err(Problem::invalid("/file", infected));
    }
    let core = &files.core;
    let mut blob = Incoming::begin(core);
    let (id, at, size) = (blob.id, core.now(), bytes.len());
    let stored = async {
        blob.piece(&bytes).await?;
        let sha256 = blob.finish().await?;
        once(&core.db, at, key, async |tx| {
            blob::keep(tx, id).await?;
            let file =
                store::enter(tx, &NewFile { id, purpose, account, media_type, size, sha256, at }).await?;
            let event = actor.event(core.id(), at, None, "file.upload", ("file", Some(id)));
            let changes = json!({"purpose": purpose, "type": media_type.as_str(), "size": size});
            audit::append(tx, &event.changes(changes)).await?;
            answer(file)
        })
        .await
    }
    .await;
    // A refused file goes at once, and so does that of a repeat, which is answered with the first one.
    let is_kept = stored.as_ref().is_ok_and(|s| s.location.as_deref() == Some(&location(id)));
    if !is_kept {
        blob.discard().await?;
    }
    stored
}

/// Where a file is read.
pub(crate) fn location(id: Uuid) -> String {
    format!("/v1/files/{id}")
}

async fn prepare(files: &Files, bytes: Vec<u8>) -> Result<Content, Problem> {
    let _place = files.limits.decoding.acquire().await?;
    // A decoder that panics is one that met a broken file.
    let prepared = tokio::task::spawn_blocking(move || content::prepare(bytes)).await;
    prepared.unwrap_or_else(|_| Err(content::broken()))
}
