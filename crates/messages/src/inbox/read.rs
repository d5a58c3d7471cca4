//! Messages as their owner reads them. Every statement names the account: another's message is absent.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{COUNTED_ROWS, Page, counted};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Kind, Link};
use crate::schema::inbox_message as message;

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id; messages come in its order.
    pub id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub body: String,
    /// What it leads to.
    pub link: Option<Link>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// When it was read first.
    pub read_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message)]
struct Row {
    id: Uuid,
    kind: String,
    title: String,
    body: String,
    link_rel: Option<String>,
    link_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_message(self) -> Result<Message, Problem> {
        let Self { id, kind, title, body, link_rel, link_id, created_at, read_at } = self;
        let link = link_rel.map(|rel| Link { rel, id: link_id });
        Ok(Message { id, kind: Kind::parse(&kind)?, title, body, link, created_at, read_at })
    }
}

/// Which messages. 阅读状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InboxWhich)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// 未读
    Unread,
    /// 已读
    Read,
}

/// A page of an account's messages, the newest first, after a key.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    account: Uuid,
    which: Option<Which>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Message>, Problem> {
    let mut query = message::table
        .filter(message::account_id.eq(account))
        .order(message::id.desc())
        .limit(limit + 1)
        .select(Row::as_select())
        .into_boxed();
    query = match which {
        Some(Which::Unread) => query.filter(message::read_at.is_null()),
        Some(Which::Read) => query.filter(message::read_at.is_not_null()),
        None => query,
    };
    if let Some(after) = after {
        query = query.filter(message::id.lt(after));
    }
    let rows = query.load(conn).await?.into_iter().map(Row::into_message);
    Ok(Page::cut(rows.collect::<Result<_, _>>()?, limit))
}

/// One message of an account.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another's.
pub async fn get(conn: &mut Conn, account: Uuid, id: Uuid) -> Result<Message, Problem> {
    let own = message::table.filter(message::id.eq(id).and(message::account_id.eq(account)));
    let row: Option<Row> = own.select(Row::as_select()).first(conn).await.optional()?;
    row.ok_or_else(Problem::not_found)?.into_message()
}

/// How many messages an account has not read (1,001 says that there are more). Counted from the rows, so nothing can
/// make it differ from them.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn unread(conn: &mut Conn, account: Uuid) -> Result<i64, Problem> {
    let ids: Vec<Uuid> = message::table
        .filter(message::account_id.eq(account).and(message::read_at.is_null()))
        .limit(COUNTED_ROWS)
        .select(message::id)
        .load(conn)
        .await?;
    Ok(counted(&ids))
}

/// Notes that an account read one of its messages; the first time counts.
///
/// # Errors
/// As [`get`].
pub async fn mark_read(
    conn: &mut Conn,
    account: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Message, Problem> {
    let own = message::id.eq(id).and(message::account_id.eq(account));
    diesel::update(message::table.filter(own.and(message::read_at.is_null())))
        .set(message::read_at.eq(now))
        .execute(conn)
        .await?;
    get(conn, account, id).await
}

/// Notes that an account read all its messages; answers how many it had not.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn mark_all_read(conn: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<usize, Problem> {
    let unread = message::account_id.eq(account).and(message::read_at.is_null());
    Ok(diesel::update(message::table.filter(unread)).set(message::read_at.eq(now)).execute(conn).await?)
}
