//! Consents: which document in which version an account agreed to, when, by which channel. One document per
//! purpose; withdrawing is as easy as giving, and what was done before stays valid (PIPL art. 15).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::consent;

/// A document that can be agreed to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct ConsentDocument {
    /// Its name. 文件
    pub document: &'static str,
    /// Its present version. 版本
    pub version: &'static str,
    /// Whether the service needs it. 是否必需
    pub required: bool,
}

/// The documents in force.
pub const DOCUMENTS: &[ConsentDocument] = &[
    ConsentDocument { document: "terms", version: "2026-01", required: true },
    ConsentDocument { document: "privacy", version: "2026-01", required: true },
    ConsentDocument { document: "notifications", version: "2026-01", required: false },
];

/// An agreement to a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Which document.
    #[schema(example = "privacy", max_length = 64)]
    pub document: String,
    /// Which version was shown.
    #[schema(example = "2026-01", max_length = 32)]
    pub version: String,
}

impl Given {
    /// Whether there is such a document in this version.
    pub fn is_known(&self) -> bool {
        DOCUMENTS.iter().any(|d| d.document == self.document && d.version == self.version)
    }
}

/// The documents that the service needs, as agreed to in their present version.
pub fn required() -> Vec<Given> {
    let needed = DOCUMENTS.iter().filter(|d| d.required);
    needed.map(|d| Given { document: d.document.to_owned(), version: d.version.to_owned() }).collect()
}

/// Records agreements; one given already stays as it is.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn give(
    core: &Core,
    conn: &mut Conn,
    account: Uuid,
    given: &[Given],
    channel: &str,
) -> Result<(), Problem> {
    for g in given.iter().filter(|g| g.is_known()) {
        diesel::insert_into(consent::table)
            .values((
                consent::id.eq(core.id()),
                consent::account_id.eq(account),
                consent::document.eq(&g.document),
                consent::version.eq(&g.version),
                consent::given_at.eq(core.now()),
                consent::channel.eq(channel),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// An agreement as it stands.
#[derive(Debug, Queryable)]
pub struct Standing {
    /// Which document.
    pub document: String,
    /// Which version.
    pub version: String,
    /// Since when.
    pub given_at: DateTime<Utc>,
    /// Until when.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// By which channel it was given.
    pub channel: String,
}

/// All agreements of an account, withdrawn ones too, oldest first.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn list(conn: &mut Conn, account: Uuid) -> Result<Vec<Standing>, Problem> {
    Ok(consent::table
        .filter(consent::account_id.eq(account))
        .order(consent::id)
        .select((
            consent::document,
            consent::version,
            consent::given_at,
            consent::withdrawn_at,
            consent::channel,
        ))
        .load(conn)
        .await?)
}

/// Required documents the account has not agreed to in their present version.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn due(conn: &mut Conn, account: Uuid) -> Result<Vec<&'static str>, Problem> {
    let standing = list(conn, account).await?;
    let agreed = |d: &ConsentDocument| {
        standing
            .iter()
            .any(|s| s.withdrawn_at.is_none() && s.document == d.document && s.version == d.version)
    };
    Ok(DOCUMENTS.iter().filter(|d| d.required && !agreed(d)).map(|d| d.document).collect())
}

/// Withdraws the account's agreement to a document, in every version.
///
/// # Errors
/// `NOT_FOUND` when there is none to withdraw.
pub async fn withdraw(
    conn: &mut Conn,
    account: Uuid,
    document: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let withdrawn = diesel::update(
        consent::table
            .filter(consent::account_id.eq(account).and(consent::document.eq(document)))
            .filter(consent::withdrawn_at.is_null()),
    )
    .set(consent::withdrawn_at.eq(now))
    .execute(conn)
    .await?;
    if withdrawn == 0 { Err(Problem::not_found()) } else { Ok(()) }
}

/// Withdraws every agreement of an account.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub(crate) async fn withdraw_all(conn: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let standing = consent::account_id.eq(account).and(consent::withdrawn_at.is_null());
    diesel::update(consent::table.filter(standing)).set(consent::withdrawn_at.eq(now)).execute(conn).await?;
    Ok(())
}
