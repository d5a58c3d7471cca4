//! Devices that pushes go to. One is an account's by the string its session knows it by; a token is the account's that
//! registered it last.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::session;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use super::{Channel, Platform, Template};
use crate::preference;
use crate::schema::push_device as device;

/// Devices an account may have registered.
pub const MAX_DEVICES: usize = 10;
/// Subscriptions to a template that a device may hold.
const MAX_CREDITS: i16 = 100;
const TOKEN: &str = "push_device.token";
const BATCH: i64 = 500;

/// What a device registers.
#[derive(Debug)]
pub struct NewDevice {
    /// The string that the session knows it by.
    pub id: String,
    /// What it runs.
    pub platform: Platform,
    /// Which service brings pushes to it.
    pub channel: Channel,
    /// What that service knows it by; a secret.
    pub token: String,
}

/// Subscriptions that a device of WeChat's has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credits {
    /// To [`Template::NewMessage`].
    pub new_message: i16,
    /// To [`Template::Benefits`].
    pub benefits: i16,
}

/// A registered device.
#[derive(Debug, Clone)]
pub struct Device {
    /// The string that the session knows it by.
    pub id: String,
    /// What it runs.
    pub platform: String,
    /// Which service brings pushes to it.
    pub channel: Channel,
    /// When it was registered last.
    pub registered_at: DateTime<Utc>,
    /// Its subscriptions.
    pub credits: Credits,
}

type Row = (String, String, String, DateTime<Utc>, i16, i16);

const COLUMNS: (
    device::device_id,
    device::platform,
    device::channel,
    device::registered_at,
    device::credits_new_message,
    device::credits_benefits,
) = (
    device::device_id,
    device::platform,
    device::channel,
    device::registered_at,
    device::credits_new_message,
    device::credits_benefits,
);

fn of_row((id, platform, channel, registered_at, new_message, benefits): Row) -> Result<Device, Problem> {
    let credits = Credits { new_message, benefits };
    Ok(Device { id, platform, channel: Channel::parse(&channel)?, registered_at, credits })
}

/// Registers the device of the caller's session; whoever had the token before has it no more. Apps do so at every start:
/// what was so already leaves no audit row.
///
/// # Errors
/// `NOT_FOUND` when it is not the session's device.
pub async fn register(
    core: &Core,
    actor: &Actor,
    me: &Principal,
    new: &NewDevice,
) -> Result<Device, Problem> {
    core.db
        .write(async |tx| {
            let of_session = session::device_of(tx, me.session).await?;
            if of_session.is_none_or(|device| device.id != new.id) {
                return Err(Problem::not_found());
            }
            preference::lock(tx, me.account).await?;
            let Put { id, made, changed } = put(core, tx, me.account, new).await?;
            if changed {
                give_way(tx, me.account, core.now()).await?;
                note(core, tx, actor, me, ("push.register", id), json!({"channel": new.channel})).await?;
            }
            Ok(made)
        })
        .await
}

struct Put {
    id: Uuid,
    made: Device,
    changed: bool,
}

// Makes the token the account's. The row keeps its id, by which pushes wait for it, and what was agreed to under the
// same token.
async fn put(core: &Core, tx: &mut Conn, account: Uuid, new: &NewDevice) -> Result<Put, Problem> {
    let index = core.sealer.blind("push_token", &new.token);
    let own = device::account_id.eq(account).and(device::device_id.eq(&new.id));
    let before: Option<(Uuid, String, Vec<u8>, i16, i16)> = diesel::delete(device::table.filter(own))
        .returning((
            device::id,
            device::channel,
            device::token_index,
            device::credits_new_message,
            device::credits_benefits,
        ))
        .get_result(tx)
        .await
        .optional()?;
    let id = before.as_ref().map_or_else(|| core.id(), |before| before.0);
    let same = before.filter(|(_, channel, token, ..)| *channel == new.channel.as_str() && *token == index);
    let changed = same.is_none();
    let (new_message, benefits) = same.map_or((0, 0), |(.., new_message, benefits)| (new_message, benefits));
    let made: Row = diesel::insert_into(device::table)
        .values((
            device::id.eq(id),
            device::account_id.eq(account),
            device::device_id.eq(&new.id),
            device::platform.eq(new.platform.as_str()),
            device::channel.eq(new.channel.as_str()),
            device::token.eq(core.sealer.seal_text(TOKEN, id, &new.token)?),
            device::token_index.eq(&index),
            device::credits_new_message.eq(new_message),
            device::credits_benefits.eq(benefits),
            device::registered_at.eq(core.now()),
        ))
        // Whoever has it gives it up, also who takes it at this moment.
        .on_conflict((device::channel, device::token_index))
        .do_update()
        .set((
            device::id.eq(excluded(device::id)),
            device::account_id.eq(excluded(device::account_id)),
            device::device_id.eq(excluded(device::device_id)),
            device::platform.eq(excluded(device::platform)),
            device::token.eq(excluded(device::token)),
            device::credits_new_message.eq(excluded(device::credits_new_message)),
            device::credits_benefits.eq(excluded(device::credits_benefits)),
            device::registered_at.eq(excluded(device::registered_at)),
        ))
        .returning(COLUMNS)
        .get_result(tx)
        .await?;
    Ok(Put { id, made: of_row(made)?, changed })
}

// Devices on which the account is not logged in go first, then the oldest registrations.
async fn give_way(tx: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    let live = session::live_devices(tx, &[account], now).await?;
    let all: Vec<(Uuid, String)> = device::table
        .filter(device::account_id.eq(account))
        .order((device::registered_at.desc(), device::id.desc()))
        .select((device::id, device::device_id))
        .load(tx)
        .await?;
    let (live, dead): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, name)| live.contains(&(account, name.clone())));
    let surplus = live.into_iter().skip(MAX_DEVICES).chain(dead).map(|(id, _)| id);
    diesel::delete(device::table.filter(device::id.eq_any(surplus.collect::<Vec<_>>()))).execute(tx).await?;
    Ok(())
}

async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    me: &Principal,
    (action, id): (&str, Uuid),
    changes: serde_json::Value,
) -> Result<(), Problem> {
    let mut event = actor.event(core.id(), core.now(), None, action, ("push_device", Some(id)));
    event.subject_person = me.person;
    audit::append(tx, &event.changes(changes)).await
}

/// Registered devices of an account on which it is logged in, the newest registration first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<Vec<Device>, Problem> {
    let live = session::live_devices(conn, &[account], now).await?;
    let rows: Vec<Row> = device::table
        .filter(device::account_id.eq(account))
        .order((device::registered_at.desc(), device::id.desc()))
        .select(COLUMNS)
        .load(conn)
        .await?;
    let devices = rows.into_iter().map(of_row).collect::<Result<Vec<_>, _>>()?;
    Ok(devices.into_iter().filter(|device| live.contains(&(account, device.id.clone()))).collect())
}

/// Ends the pushes to one of the caller's devices.
///
/// # Errors
/// `NOT_FOUND` when none of that name is registered.
pub async fn remove(core: &Core, actor: &Actor, me: &Principal, id: &str) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            let own = device::account_id.eq(me.account).and(device::device_id.eq(id));
            let gone: Option<Uuid> = diesel::delete(device::table.filter(own))
                .returning(device::id)
                .get_result(tx)
                .await
                .optional()?;
            let gone = gone.ok_or_else(Problem::not_found)?;
            note(core, tx, actor, me, ("push.remove", gone), json!({})).await
        })
        .await
}

/// Notes that the caller agreed once more to a message by a template, in the caller's transaction. Beyond a hundred
/// nothing more is counted.
///
/// # Errors
/// `NOT_FOUND` when the device is not registered; `INVALID_STATE` when its channel takes no subscriptions.
pub async fn add_credit(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    me: &Principal,
    id: &str,
    template: Template,
) -> Result<Device, Problem> {
    let own = device::table.filter(device::account_id.eq(me.account).and(device::device_id.eq(id)));
    let found: Option<(Uuid, Row)> =
        own.select((device::id, COLUMNS)).for_update().first(tx).await.optional()?;
    let (row, found) = found.ok_or_else(Problem::not_found)?;
    let mut found = of_row(found)?;
    if found.channel != Channel::WechatSubscribe {
        return Err(Problem::new(Code::InvalidState));
    }
    let more = |credits: i16| (credits + 1).min(MAX_CREDITS);
    match template {
        Template::NewMessage => found.credits.new_message = more(found.credits.new_message),
        Template::Benefits => found.credits.benefits = more(found.credits.benefits),
    }
    let Credits { new_message, benefits } = found.credits;
    diesel::update(device::table.find(row))
        .set((device::credits_new_message.eq(new_message), device::credits_benefits.eq(benefits)))
        .execute(tx)
        .await?;
    note(core, tx, actor, me, ("push.subscribe", row), json!({"template": template})).await?;
    Ok(found)
}

/// Takes one subscription of a device; false when none is left.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(super) async fn take_credit(conn: &mut Conn, id: Uuid, template: Template) -> Result<bool, Problem> {
    let row = device::table.find(id);
    let taken = match template {
        Template::NewMessage => {
            diesel::update(row.filter(device::credits_new_message.gt(0)))
                .set(device::credits_new_message.eq(device::credits_new_message - 1))
                .execute(conn)
                .await?
        }
        Template::Benefits => {
            diesel::update(row.filter(device::credits_benefits.gt(0)))
                .set(device::credits_benefits.eq(device::credits_benefits - 1))
                .execute(conn)
                .await?
        }
    };
    Ok(taken == 1)
}

/// Gives a subscription back that was taken for what is not sent after all.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(super) async fn give_credit_back(conn: &mut Conn, id: Uuid, template: Template) -> Result<(), Problem> {
    let row = device::table.find(id);
    match template {
        Template::NewMessage => {
            diesel::update(row.filter(device::credits_new_message.lt(MAX_CREDITS)))
                .set(device::credits_new_message.eq(device::credits_new_message + 1))
                .execute(conn)
                .await?
        }
        Template::Benefits => {
            diesel::update(row.filter(device::credits_benefits.lt(MAX_CREDITS)))
                .set(device::credits_benefits.eq(device::credits_benefits + 1))
                .execute(conn)
                .await?
        }
    };
    Ok(())
}

/// Opens a stored token.
///
/// # Errors
/// `INTERNAL` when it does not open.
pub fn token(core: &Core, id: Uuid, sealed: &[u8]) -> Result<String, Problem> {
    Ok(core.sealer.open_text(TOKEN, id, sealed)?)
}

/// Forgets devices on which nobody is logged in any more.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn forget_dead(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let mut last = Uuid::nil();
    // Not of today, so that a device that registers at this moment is not forgotten with what it was before.
    let old = device::registered_at.lt(core.now() - Duration::days(1));
    loop {
        let mut conn = core.db.writer().await?;
        tasks::extend(&mut conn, leased.id, core.now()).await?;
        let rows: Vec<(Uuid, Uuid, String)> = device::table
            .filter(device::id.gt(last).and(old))
            .order(device::id)
            .limit(BATCH)
            .select((device::id, device::account_id, device::device_id))
            .load(&mut conn)
            .await?;
        let Some((end, ..)) = rows.as_slice().last() else { return Ok(()) };
        last = *end;
        let accounts: Vec<Uuid> = rows.iter().map(|(_, account, _)| *account).collect();
        let live: HashSet<(Uuid, String)> = session::live_devices(&mut conn, &accounts, core.now()).await?;
        let dead = rows.into_iter().filter(|(_, account, name)| !live.contains(&(*account, name.clone())));
        let dead: Vec<Uuid> = dead.map(|(id, ..)| id).collect();
        let dead = device::id.eq_any(dead).and(old);
        diesel::delete(device::table.filter(dead)).execute(&mut conn).await?;
    }
}
