//! The devices an account has logged in with.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use uuid::Uuid;

use crate::schema::account_device as d;

/// Whether the account has logged in with this device before.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn knows_device(conn: &mut Conn, id: Uuid, device: &str) -> Result<bool, Problem> {
    Ok(diesel::select(diesel::dsl::exists(d::table.find((id, device)))).get_result(conn).await?)
}

/// Remembers a device of the account.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn bind_device(
    conn: &mut Conn,
    id: Uuid,
    device: &str,
    platform: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::insert_into(d::table)
        .values((
            d::account_id.eq(id),
            d::device_id.eq(device),
            d::platform.eq(platform),
            d::bound_at.eq(now),
            d::last_seen_at.eq(now),
        ))
        .on_conflict((d::account_id, d::device_id))
        .do_update()
        .set((d::last_seen_at.eq(now), d::platform.eq(platform)))
        .execute(conn)
        .await?;
    Ok(())
}
