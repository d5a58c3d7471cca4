//! Notices as they are read by those they are addressed to.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_registry::membership::{self, Standing};
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use unionhall_storage::{Conn, Core};
use uuid::Uuid;

use super::{Audience, Channel, Head, Notice, State, chain};
use crate::schema::{notice, notice_read};

/// Who reads, and from where they are addressed.
#[derive(Debug, Clone)]
pub struct Reader {
    account: Option<Uuid>,
    kind: Audience,
    from: Vec<String>,
}

impl Reader {
    /// Nobody in particular.
    pub fn anybody() -> Self {
        Self { account: None, kind: Audience::Everyone, from: Vec::new() }
    }

    /// A cadre with a post in the union at `path`.
    pub fn cadre(account: Uuid, path: &str) -> Self {
        Self { account: Some(account), kind: Audience::Cadres, from: chain(path) }
    }

    /// A member who stands there; whose membership has ended stands nowhere and reads what is for everybody.
    pub fn member(account: Uuid, standing: Option<&Standing>) -> Self {
        let standing = standing.filter(|s| s.state != membership::State::Ended);
        let from = standing.map(|s| chain(&s.path)).unwrap_or_default();
        Self { account: Some(account), kind: Audience::Members, from }
    }

    /// A member, where they stand at this moment.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked.
    pub async fn member_now(conn: &mut Conn, account: Uuid, person: Option<Uuid>) -> Result<Self, Problem> {
        let standing = match person {
            Some(person) => membership::standing(conn, person).await?,
            None => None,
        };
        Ok(Self::member(account, standing.as_ref()))
    }
}

// Published, not expired, and addressed to the reader: the same as `phase` says, in SQL.
macro_rules! addressed {
    ($reader:expr, $now:expr) => {
        notice::table
            .filter(notice::state.eq(State::Approved.as_str()).and(notice::published_at.le($now)))
            .filter(notice::expires_at.is_null().or(notice::expires_at.gt($now)))
            .filter(
                notice::audience
                    .eq(Audience::Everyone.as_str())
                    .and(sql::<Bool>("").bind::<Bool, _>($reader.kind != Audience::Cadres))
                    .or(notice::audience
                        .eq_any([$reader.kind.as_str(), Audience::Everyone.as_str()])
                        .and(notice::path.eq_any(&$reader.from))),
            )
    };
}

macro_rules! was_read {
    ($reader:expr) => {
        exists(
            notice_read::table
                .filter(notice_read::notice_id.eq(notice::id))
                .filter(notice_read::account_id.eq($reader.account.unwrap_or(Uuid::nil()))),
        )
    };
}

/// What a reader is given: a notice or its head, and whether they read it.
pub type Received<T> = (T, bool);

/// Where a list of received notices goes on: the instant that its first page was read at, then the last row's place in
/// the order. Pins are judged at that instant on every page, so a pin that ends meanwhile moves nothing across a page's
/// edge; what has ended or was withdrawn meanwhile is left out all the same.
pub type Key = (DateTime<Utc>, bool, DateTime<Utc>, Uuid);

// Whether a notice stands before all others for a reader, as of an instant: a federation pins for its own tree, and who
// stands in none sees the pins of all. With what SQL says before it.
macro_rules! pinned {
    ($before:literal, $reader:expr, $as_of:expr) => {
        sql::<Bool>(concat!($before, "(coalesce(notice.pinned_until > "))
            .bind::<Timestamptz, _>($as_of)
            .sql(", false) AND (notice.audience <> 'everyone' OR ")
            .bind::<Bool, _>($reader.from.is_empty())
            .sql(" OR notice.path = ANY(")
            .bind::<Array<Text>, _>(&$reader.from)
            .sql(")))")
    };
}

/// A page of what a reader is addressed: pinned ones first, then the newest, after a key.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list_received(
    conn: &mut Conn,
    reader: &Reader,
    channel: Option<Channel>,
    (now, key): (DateTime<Utc>, Option<Key>),
    limit: i64,
) -> Result<Page<Received<Head>>, Problem> {
    let as_of = key.map_or(now, |(as_of, ..)| as_of);
    let mut query = addressed!(reader, now)
        .order((pinned!("", reader, as_of).desc(), notice::published_at.desc(), notice::id.desc()))
        .limit(limit + 1)
        .select((Head::as_select(), was_read!(reader)))
        .into_boxed();
    if let Some(channel) = channel {
        query = query.filter(notice::channels.contains(vec![channel.as_str()]));
    }
    if let Some((_, was_pinned, published_at, id)) = key {
        let row = pinned!("(", reader, as_of)
            .sql(", notice.published_at, notice.id) < (")
            .bind::<Bool, _>(was_pinned)
            .sql(", ")
            .bind::<Timestamptz, _>(published_at)
            .sql(", ")
            .bind::<SqlUuid, _>(id)
            .sql(")");
        query = query.filter(row);
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// One notice that a reader is addressed.
///
/// # Errors
/// `NOT_FOUND` when it is absent, addressed to others, not published yet, expired or withdrawn.
pub async fn received(
    conn: &mut Conn,
    reader: &Reader,
    now: DateTime<Utc>,
    id: Uuid,
) -> Result<Received<Notice>, Problem> {
    let found = addressed!(reader, now)
        .filter(notice::id.eq(id))
        .select((Notice::as_select(), was_read!(reader)))
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// How many of those addressed to a reader they have not read (1,001 says that there are more).
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn unread(conn: &mut Conn, reader: &Reader, now: DateTime<Utc>) -> Result<i64, Problem> {
    let ids: Vec<Uuid> = addressed!(reader, now)
        .filter(not(was_read!(reader)))
        .limit(COUNTED_ROWS)
        .select(notice::id)
        .load(conn)
        .await?;
    Ok(counted(&ids))
}

/// Notes that a reader read a notice; the first time counts, and no other.
///
/// # Errors
/// As [`received`].
pub async fn mark_read(core: &Core, tx: &mut Conn, reader: &Reader, id: Uuid) -> Result<Notice, Problem> {
    let now = core.now();
    let (found, was_read) = received(tx, reader, now, id).await?;
    if let Some(account) = reader.account.filter(|_| !was_read) {
        diesel::insert_into(notice_read::table)
            .values((
                notice_read::notice_id.eq(id),
                notice_read::account_id.eq(account),
                notice_read::at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(tx)
            .await?;
    }
    Ok(found)
}
