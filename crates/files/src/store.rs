//! The rows of files.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::retention::{self, Old};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core, blob};
use uuid::Uuid;

use crate::content::MediaType;
use crate::purpose::Purpose;
use crate::schema::file;

/// How long a file waits to be attached.
const UNUSED: Duration = Duration::hours(24);
/// How many files of one account may wait at a time.
const PLACES: i16 = 20;

/// A file.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = file)]
pub struct File {
    /// Its id.
    pub id: Uuid,
    purpose: String,
    media_type: String,
    /// Its length as it is kept, bytes.
    pub size: i32,
    /// SHA-256 as it is kept.
    pub sha256: Vec<u8>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it goes unless it is attached; none once it is.
    pub expires_at: Option<DateTime<Utc>>,
}

impl File {
    /// What it is for.
    ///
    /// # Errors
    /// `INTERNAL` for a word this version does not know.
    pub fn purpose(&self) -> Result<Purpose, Problem> {
        Purpose::parse(&self.purpose).ok_or_else(|| Problem::internal("a file of an unknown purpose"))
    }

    /// What it is.
    ///
    /// # Errors
    /// As [`File::purpose`].
    pub fn media_type(&self) -> Result<MediaType, Problem> {
        let known = MediaType::ALL.iter().copied().find(|t| t.as_str() == self.media_type);
        known.ok_or_else(|| Problem::internal("a file of an unknown type"))
    }
}

/// A file that arrived.
pub(crate) struct NewFile {
    pub id: Uuid,
    pub purpose: Purpose,
    pub account: Uuid,
    pub media_type: MediaType,
    pub size: usize,
    pub sha256: [u8; 32],
    pub at: DateTime<Utc>,
}

/// Enters a file in a free place of its owner's. Two uploads that see the same place free do not both get it: the
/// second waits for the first, then looks again.
///
/// # Errors
/// `TOO_MANY_FILES` when no place is free.
pub(crate) async fn enter(tx: &mut Conn, new: &NewFile) -> Result<File, Problem> {
    let own = file::account_id.eq(new.account);
    let expired = file::table.filter(own.and(file::expires_at.le(new.at))).select(file::id);
    for id in expired.load(tx).await? {
        blob::remove(tx, id).await?;
    }
    let taken = file::table.filter(own.and(file::place.is_not_null())).select(file::place.assume_not_null());
    for _ in 0..PLACES {
        let taken: Vec<i16> = taken.load(tx).await?;
        let free = (0..PLACES).find(|place| !taken.contains(place));
        let place = free.ok_or_else(|| Problem::new(Code::TooManyFiles))?;
        let entered: Option<File> = diesel::insert_into(file::table)
            .values((
                file::id.eq(new.id),
                file::purpose.eq(new.purpose.as_str()),
                file::account_id.eq(new.account),
                file::media_type.eq(new.media_type.as_str()),
                file::size.eq(i32::try_from(new.size)?),
                file::sha256.eq(new.sha256.as_slice()),
                file::created_at.eq(new.at),
                file::expires_at.eq(new.at + UNUSED),
                file::place.eq(place),
            ))
            .on_conflict_do_nothing()
            .returning(File::as_returning())
            .get_result(tx)
            .await
            .optional()?;
        if let Some(entered) = entered {
            return Ok(entered);
        }
    }
    Err(Problem::new(Code::TooManyFiles))
}

/// One of an account's own files.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub(crate) async fn own(conn: &mut Conn, account: Uuid, id: Uuid) -> Result<File, Problem> {
    let found = file::table.find(id).filter(file::account_id.eq(account)).select(File::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A file, whoever it belongs to: the caller has judged that it may be read.
///
/// # Errors
/// `NOT_FOUND` when it is absent.
pub async fn describe(conn: &mut Conn, id: Uuid) -> Result<File, Problem> {
    let found = file::table.find(id).select(File::as_select());
    found.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// Attaches a file of `account`'s that waits, in the transaction of the row that names it. A file is attached once.
///
/// # Errors
/// `VALIDATION_FAILED` with `FILE_UNKNOWN` at `pointer` when there is no such file, it is another's or for something
/// else, it has expired or is attached already.
pub async fn attach(
    tx: &mut Conn,
    now: DateTime<Utc>,
    (account, purpose): (Uuid, Purpose),
    id: Uuid,
    pointer: &str,
    (kind, subject): (&'static str, Uuid),
) -> Result<(), Problem> {
    let waits =
        file::account_id.eq(account).and(file::purpose.eq(purpose.as_str())).and(file::expires_at.gt(now));
    let attached = diesel::update(file::table.find(id).filter(waits))
        .set((
            file::attached_to.eq(kind),
            file::attached_id.eq(subject),
            file::expires_at.eq(None::<DateTime<Utc>>),
            file::place.eq(None::<i16>),
        ))
        .execute(tx)
        .await?;
    match attached {
        0 => Err(Problem::invalid(
            pointer,
            Invalid::new("FILE_UNKNOWN", "文件不存在、已过期或已使用，请重新上传。"),
        )),
        _ => Ok(()),
    }
}

/// Takes one of an account's own files away, unless it is attached.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` when it is attached.
pub(crate) async fn discard(tx: &mut Conn, account: Uuid, id: Uuid) -> Result<(), Problem> {
    let own = file::table.find(id).filter(file::account_id.eq(account));
    let expires: Option<Option<DateTime<Utc>>> =
        own.select(file::expires_at).for_update().first(tx).await.optional()?;
    expires.ok_or_else(Problem::not_found)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    blob::remove(tx, id).await
}

/// Forgets what nobody attached in time.
///
/// # Errors
/// As [`retention::forget`].
pub async fn forget_expired(core: &Core, leased: &Leased) -> Result<(), Problem> {
    // The row goes with its bytes.
    let expired = Old { table: "blob", key: "id", when: "id IN (SELECT id FROM file WHERE expires_at < $1)" };
    retention::forget(core, leased, expired, core.now()).await
}
