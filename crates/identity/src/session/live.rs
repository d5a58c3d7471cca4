//! Which sessions live, and on which devices.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::Conn;
use uuid::Uuid;

use super::Device;
use crate::schema::session;

/// A live session, as its owner sees it.
#[derive(Debug, Clone, Queryable)]
pub struct SessionRow {
    /// The session.
    pub id: Uuid,
    /// The device, where one was named.
    pub device_id: Option<String>,
    /// Its platform.
    pub platform: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last refresh.
    pub rotated_at: DateTime<Utc>,
}

/// The live sessions of an account, newest first.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn list(conn: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<Vec<SessionRow>, Problem> {
    Ok(session::table
        .filter(session::account_id.eq(account).and(session::ended_at.is_null()))
        .filter(session::expires_at.gt(now))
        .order(session::id.desc())
        .select((
            session::id,
            session::device_id,
            session::platform,
            session::created_at,
            session::rotated_at,
        ))
        .load(conn)
        .await?)
}

/// The device of a session, where one is bound.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn device_of(conn: &mut Conn, id: Uuid) -> Result<Option<Device>, Problem> {
    let row: Option<(Option<String>, Option<String>)> = session::table
        .find(id)
        .select((session::device_id, session::platform))
        .first(conn)
        .await
        .optional()?;
    Ok(row.and_then(|(id, platform)| Some(Device { id: id?, platform: platform.unwrap_or_default() })))
}

/// The devices on which these accounts are logged in, each with its account.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn live_devices(
    conn: &mut Conn,
    accounts: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashSet<(Uuid, String)>, Problem> {
    let rows: Vec<(Uuid, Option<String>)> = session::table
        .filter(session::account_id.eq_any(accounts).and(session::ended_at.is_null()))
        .filter(session::expires_at.gt(now).and(session::device_id.is_not_null()))
        .select((session::account_id, session::device_id))
        .load(conn)
        .await?;
    Ok(rows.into_iter().filter_map(|(account, device)| Some((account, device?))).collect())
}

/// Whether a live session belongs to an account.
///
/// # Errors
/// `NOT_FOUND` when it does not.
pub async fn owned(conn: &mut Conn, id: Uuid, account: Uuid) -> Result<(), Problem> {
    let found: Option<Uuid> = session::table
        .find(id)
        .filter(session::account_id.eq(account).and(session::ended_at.is_null()))
        .select(session::id)
        .first(conn)
        .await
        .optional()?;
    found.map(|_| ()).ok_or_else(|| Problem::new(Code::NotFound))
}
