//! What a roster says of a member beside identity: above all the mobile that a real-name claim must match.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};
use unionhall_identity::account;
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::{Conn, Core, Sealer};
use uuid::Uuid;

use crate::schema::member_profile;

const MOBILE: &str = "member_profile.roster_mobile";

/// Writes a profile. Without a mobile the one on record stays. An account is never touched: its mobile is
/// what its owner proved, whatever a roster says.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn put(
    core: &Core,
    conn: &mut Conn,
    person: Uuid,
    mobile: Option<&Mobile>,
    details: &Value,
) -> Result<(), Problem> {
    use member_profile as p;
    let sealed = mobile.map(|m| core.sealer.seal_text(MOBILE, person, m.e164())).transpose()?;
    let index = mobile.map(|m| account::mobile_index(&core.sealer, m));
    let now = core.now();
    diesel::insert_into(p::table)
        .values((
            p::person_id.eq(person),
            p::roster_mobile.eq(&sealed),
            p::roster_mobile_index.eq(&index),
            p::details.eq(details),
            p::updated_at.eq(now),
        ))
        .on_conflict(p::person_id)
        .do_update()
        .set((p::details.eq(details), p::updated_at.eq(now)))
        .execute(conn)
        .await?;
    if mobile.is_some() {
        diesel::update(p::table.find(person))
            .set((p::roster_mobile.eq(&sealed), p::roster_mobile_index.eq(&index)))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Changes the roster's mobile of a person and nothing else.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn set_mobile(core: &Core, conn: &mut Conn, person: Uuid, mobile: &Mobile) -> Result<(), Problem> {
    use member_profile as p;
    let sealed = seal_mobile(&core.sealer, person, mobile)?;
    let index = account::mobile_index(&core.sealer, mobile);
    let now = core.now();
    diesel::insert_into(p::table)
        .values((
            p::person_id.eq(person),
            p::roster_mobile.eq(&sealed),
            p::roster_mobile_index.eq(&index),
            p::details.eq(Value::Object(Map::new())),
            p::updated_at.eq(now),
        ))
        .on_conflict(p::person_id)
        .do_update()
        .set((p::roster_mobile.eq(&sealed), p::roster_mobile_index.eq(&index), p::updated_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(())
}

/// The roster's mobile of a person, as a blind index.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn mobile_index(conn: &mut Conn, person: Uuid) -> Result<Option<Vec<u8>>, Problem> {
    let found: Option<Option<Vec<u8>>> = member_profile::table
        .find(person)
        .select(member_profile::roster_mobile_index)
        .first(conn)
        .await
        .optional()?;
    Ok(found.flatten())
}

/// What the roster says of a person beside the mobile, by key; empty for who is on none. Locks the row until the end of
/// the transaction, so that what is laid over it is laid over what holds.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn details(tx: &mut Conn, person: Uuid) -> Result<Map<String, Value>, Problem> {
    let row = member_profile::table.find(person).select(member_profile::details).for_update();
    let found: Option<Value> = row.first(tx).await.optional()?;
    Ok(found.and_then(|details| details.as_object().cloned()).unwrap_or_default())
}

/// Seals a roster mobile for the profile of a person.
///
/// # Errors
/// As [`Sealer::seal`].
pub fn seal_mobile(sealer: &Sealer, person: Uuid, mobile: &Mobile) -> Result<Vec<u8>, Problem> {
    sealer.seal_text(MOBILE, person, mobile.e164())
}

/// Opens a sealed roster mobile.
///
/// # Errors
/// `INTERNAL` when it does not open.
pub fn open_mobile(sealer: &Sealer, person: Uuid, sealed: &[u8]) -> Result<Option<Mobile>, Problem> {
    Ok(Mobile::parse(&sealer.open_text(MOBILE, person, sealed)?).ok())
}
