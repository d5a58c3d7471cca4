//! Who looked at what: audit rows as auditors read them in scope, and as a member reads those about themself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use unionhall_web::OrgScope;
use uuid::Uuid;

/// A look at somebody's file.
#[derive(Debug, Clone, QueryableByName)]
pub struct Look {
    /// The audit row.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// What was done.
    #[diesel(sql_type = Text)]
    pub action: String,
    /// The union acted for.
    #[diesel(sql_type = Nullable<Text>)]
    pub union_name: Option<String>,
    /// Why.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
}

/// What others did with a person's data, newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn at(
    conn: &mut Conn,
    person: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Look>, Problem> {
    let rows = diesel::sql_query(
        "SELECT e.id, e.at, e.action, o.name AS union_name, e.reason \
         FROM audit_entry e LEFT JOIN org o ON o.id = e.org_id \
         WHERE (e.subject_person = $1 OR e.on_behalf_of = $1) AND (e.org_id IS NOT NULL OR e.on_behalf_of = $1) AND e.outcome = 'done' \
           AND ($2 IS NULL OR e.id < $2) \
         ORDER BY e.id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(person)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit + 1)
    .load(conn)
    .await?;
    Ok(Page::cut(rows, limit))
}

/// An audit row, as auditors read it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Entry {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// The chain it belongs to.
    #[diesel(sql_type = Text)]
    pub chain: String,
    /// The natural person who acted.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub actor_person: Option<Uuid>,
    /// The account they acted with.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub actor_account: Option<Uuid>,
    /// The post acted for.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub post_id: Option<Uuid>,
    /// The union acted for.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub org_id: Option<Uuid>,
    /// By which channel.
    #[diesel(sql_type = Text)]
    pub channel: String,
    /// What was done.
    #[diesel(sql_type = Text)]
    pub action: String,
    /// On what kind of thing.
    #[diesel(sql_type = Text)]
    pub object_type: String,
    /// Which one.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub object_id: Option<Uuid>,
    /// Changed fields, masked.
    #[diesel(sql_type = Jsonb)]
    pub changes: Value,
    /// Why.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// `done`, `intent`, `refused`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// The natural person somebody acted for.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub on_behalf_of: Option<Uuid>,
}

/// The chain of what happened under no union: logins of members and of nobody yet, claims, consents.
const NO_UNION: &str = "/";

/// A page of the audit rows of a scope, by chain and then oldest first. Who sees the whole tree also sees what
/// happened under no union.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn in_scope(
    conn: &mut Conn,
    scope: &OrgScope,
    action: Option<&str>,
    after: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Entry>, Problem> {
    let (chain, id) = after.map_or((None, None), |(chain, id)| (Some(chain.as_str()), Some(*id)));
    let rows = diesel::sql_query(
        "SELECT id, at, chain, actor_person, actor_account, post_id, org_id, channel, action, object_type, object_id, \
                changes, reason, outcome, on_behalf_of \
         FROM audit_entry \
         WHERE chain >= $1 AND chain < $2 AND ($3 IS NULL OR action = $3) \
           AND ($4 IS NULL OR (chain, id) > ($4, $5)) \
         ORDER BY chain, id LIMIT $6",
    )
    .bind::<Text, _>(if scope.is_whole_tree() { NO_UNION } else { scope.start() })
    .bind::<Text, _>(scope.end())
    .bind::<Nullable<Text>, _>(action)
    .bind::<Nullable<Text>, _>(chain)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<BigInt, _>(limit + 1)
    .load(conn)
    .await?;
    Ok(Page::cut(rows, limit))
}
