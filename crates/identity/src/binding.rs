//! Bound devices 设备绑定: the phones from which a cadre below the county acts, where no TOTP is asked. Whoever has the password
//! and the SIM card, but none of these phones, does not get in (decisions.md 2).
//!
//! The first phone is bound by logging in with it. Another takes a code that a bound one shows; where all are lost, whoever
//! may grant the post releases them.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use crate::schema::{account, account_device as device, account_pairing as pairing};
use crate::session::{self, Device};

/// How long a code to bind another device lives.
const LIFE: Duration = Duration::minutes(10);
/// Its digits.
const DIGITS: usize = 8;
/// The most devices of one cadre.
const MOST: usize = 5;

/// A bound device.
#[derive(Debug, Queryable)]
pub struct Bound {
    /// As its app calls itself.
    pub device_id: String,
    /// What it runs.
    pub platform: String,
    /// Since when it is bound.
    pub trusted_at: DateTime<Utc>,
    /// When it last logged in.
    pub last_seen_at: DateTime<Utc>,
}

fn code_index(core: &Core, account: Uuid, code: &str) -> Vec<u8> {
    core.sealer.blind("account_pairing", &format!("{account}|{code}"))
}

/// The bound devices of an account, the oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, account: Uuid) -> Result<Vec<Bound>, Problem> {
    Ok(device::table
        .filter(device::account_id.eq(account).and(device::trusted_at.is_not_null()))
        .order((device::trusted_at, device::device_id))
        .select((
            device::device_id,
            device::platform,
            device::trusted_at.assume_not_null(),
            device::last_seen_at,
        ))
        .load(conn)
        .await?)
}

/// Lets a device in, in the transaction of its login: a bound one, the first one, or one with the code that a bound one
/// shows, which is good once. Answers whether it was bound by this.
///
/// # Errors
/// `DEVICE_NOT_BOUND`.
pub(crate) async fn admit(
    core: &Core,
    tx: &mut Conn,
    id: Uuid,
    wanted: &Device,
    code: Option<&str>,
) -> Result<bool, Problem> {
    let now = core.now();
    // One login at a time: two phones cannot both be the first.
    account::table.find(id).select(account::id).for_update().first::<Uuid>(tx).await?;
    let bound = list(tx, id).await?;
    if bound.iter().any(|b| b.device_id == wanted.id) {
        return Ok(false);
    }
    if !bound.is_empty() {
        let refused = || Problem::new(Code::DeviceNotBound).with("factors", json!(["binding_code"]));
        let index = code_index(core, id, code.ok_or_else(refused)?);
        let right =
            pairing::table.find(id).filter(pairing::code_index.eq(index).and(pairing::expires_at.gt(now)));
        if bound.len() >= MOST || diesel::delete(right).execute(tx).await? == 0 {
            return Err(refused());
        }
    }
    crate::account::bind_device(tx, id, &wanted.id, &wanted.platform, now).await?;
    diesel::update(device::table.find((id, &wanted.id))).set(device::trusted_at.eq(now)).execute(tx).await?;
    Ok(true)
}

/// A code with which one more device can be bound.
#[derive(Debug)]
pub struct Pairing {
    /// Eight digits, shown once.
    pub code: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Makes a code to bind one more device; an earlier one is void.
///
/// # Errors
/// `FORBIDDEN` on a device that is not bound itself; `INVALID_STATE` when there are five.
pub async fn invite(core: &Core, actor: &Actor, by: &Principal) -> Result<Pairing, Problem> {
    let (id, code) = (by.account, core.ids.digits(DIGITS));
    let expires_at = core.now() + LIFE;
    core.db
        .write(async |tx| {
            let bound = list(tx, id).await?;
            let own = session::device_of(tx, by.session).await?;
            if !own.is_some_and(|own| bound.iter().any(|b| b.device_id == own.id)) {
                return Err(Problem::new(Code::Forbidden));
            }
            if bound.len() >= MOST {
                return Err(Problem::new(Code::InvalidState).with_detail("最多绑定5台设备，请先解除一台。"));
            }
            let index = code_index(core, id, &code);
            diesel::insert_into(pairing::table)
                .values((
                    pairing::account_id.eq(id),
                    pairing::code_index.eq(&index),
                    pairing::expires_at.eq(expires_at),
                ))
                .on_conflict(pairing::account_id)
                .do_update()
                .set((pairing::code_index.eq(&index), pairing::expires_at.eq(expires_at)))
                .execute(tx)
                .await?;
            let event = actor.event(core.id(), core.now(), None, "device.invite", ("account", Some(id)));
            audit::append(tx, &event).await
        })
        .await?;
    Ok(Pairing { code, expires_at })
}

/// Releases one of one's own devices; sessions on it end.
///
/// # Errors
/// `NOT_FOUND` for one that is not bound; `INVALID_STATE` for the last one, which would leave the next stranger the first.
pub async fn release(core: &Core, actor: &Actor, by: &Principal, wanted: &str) -> Result<(), Problem> {
    let (id, now) = (by.account, core.now());
    core.db
        .write(async |tx| {
            account::table.find(id).select(account::id).for_update().first::<Uuid>(tx).await?;
            let bound = list(tx, id).await?;
            if !bound.iter().any(|b| b.device_id == wanted) {
                return Err(Problem::not_found());
            }
            if bound.len() == 1 {
                return Err(Problem::new(Code::InvalidState).with_detail("至少保留一台已绑定的设备。"));
            }
            let row = device::table.find((id, wanted));
            diesel::update(row).set(device::trusted_at.eq(None::<DateTime<Utc>>)).execute(tx).await?;
            session::end_on_device(tx, id, wanted, "released", now).await?;
            let event = actor.event(core.id(), now, None, "device.release", ("account", Some(id)));
            audit::append(tx, &event).await
        })
        .await
}

/// Releases all devices of an account, in the caller's transaction: the next login binds its own.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn release_all(tx: &mut Conn, id: Uuid) -> Result<(), Problem> {
    diesel::update(device::table.filter(device::account_id.eq(id)))
        .set(device::trusted_at.eq(None::<DateTime<Utc>>))
        .execute(tx)
        .await?;
    diesel::delete(pairing::table.find(id)).execute(tx).await?;
    Ok(())
}
