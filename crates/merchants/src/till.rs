//! Tills 收银设备: a device that a manager registered at a branch. On it the staff of the branch take turns with a PIN
//! (see [`crate::pin`]); everywhere else they log in with a code.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::session;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::{EventExt, Seat};
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use crate::branch;
use crate::schema::merchant_till as till;

/// Tills a merchant may have.
const MAX_TILLS: i64 = 500;

/// A till.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = till)]
pub struct Till {
    /// Its id.
    pub id: Uuid,
    /// Its merchant.
    pub merchant_id: Uuid,
    /// Where it stands.
    pub branch_id: Uuid,
    /// What the staff call it.
    pub name: String,
    /// Since when.
    pub registered_at: DateTime<Utc>,
}

fn no_till() -> Problem {
    Problem::new(Code::InvalidState).with_detail("此设备未登记为本店收银设备，请店长先登记。")
}

async fn device_of(conn: &mut Conn, principal: &Principal) -> Result<session::Device, Problem> {
    session::device_of(conn, principal.session).await?.ok_or_else(no_till)
}

/// Registers the device that the caller holds as a till of a branch. One that is a till already keeps its id, and stands
/// there under the new name from now on.
///
/// # Errors
/// `NOT_FOUND` for a branch of another merchant, `INVALID_STATE` for a session without a device and for a merchant with
/// too many tills.
pub async fn register(
    core: &Core,
    tx: &mut Conn,
    (actor, principal): (&Actor, &Principal),
    (merchant, branch): (Uuid, Uuid),
    name: &str,
) -> Result<Till, Problem> {
    let branch = branch::get(tx, merchant, branch).await?;
    let device = device_of(tx, principal).await?;
    let (id, now) = (core.id(), core.now());
    let live = till::revoked_at.is_null();
    let others =
        till::table.filter(live.and(till::merchant_id.eq(merchant)).and(till::device_id.ne(&device.id)));
    if others.count().get_result::<i64>(tx).await? >= MAX_TILLS {
        return Err(Problem::new(Code::InvalidState).with_detail("收银设备过多，请先移除不用的设备。"));
    }
    let place = (
        till::branch_id.eq(branch.id),
        till::name.eq(name),
        till::registered_by.eq(principal.account),
        till::registered_at.eq(now),
    );
    let made: Till = diesel::insert_into(till::table)
        .values((till::id.eq(id), till::merchant_id.eq(merchant), till::device_id.eq(&device.id), place))
        .on_conflict((till::merchant_id, till::device_id))
        .filter_target(till::revoked_at.is_null())
        .do_update()
        .set(place)
        .returning(Till::as_returning())
        .get_result(tx)
        .await?;
    let event =
        actor.event(core.id(), now, path_of(principal), "merchant.register_till", ("till", Some(made.id)));
    audit::append(tx, &event.changes(json!({"branch_id": branch.id, "name": name}))).await?;
    Ok(made)
}

pub(crate) fn path_of(principal: &Principal) -> Option<&str> {
    principal.role.as_ref().and_then(|role| match &role.seat {
        Seat::Branch { path, .. } => Some(path.as_str()),
        Seat::Union { .. } | Seat::Recruiter { .. } | Seat::Own => None,
    })
}

/// A merchant's tills, newest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, merchant: Uuid) -> Result<Vec<Till>, Problem> {
    let live = till::merchant_id.eq(merchant).and(till::revoked_at.is_null());
    let live = till::table.filter(live).order(till::id.desc()).limit(MAX_TILLS);
    Ok(live.select(Till::as_select()).load(conn).await?)
}

/// Takes a till away: nobody takes turns on the device any more.
///
/// # Errors
/// `NOT_FOUND` when the merchant has no such till.
pub async fn revoke(
    core: &Core,
    tx: &mut Conn,
    (actor, principal): (&Actor, &Principal),
    (merchant, branch): (Uuid, Option<Uuid>),
    id: Uuid,
) -> Result<(), Problem> {
    let now = core.now();
    let live = till::merchant_id.eq(merchant).and(till::revoked_at.is_null());
    let gone: Option<Uuid> = diesel::update(till::table.find(id).filter(live))
        .set(till::revoked_at.eq(now))
        .returning(till::branch_id)
        .get_result(tx)
        .await
        .optional()?;
    // Of another branch: not this manager's, and the transaction goes back.
    if gone.is_none_or(|at| branch.is_some_and(|own| own != at)) {
        return Err(Problem::not_found());
    }
    let event = actor.event(core.id(), now, path_of(principal), "merchant.revoke_till", ("till", Some(id)));
    audit::append(tx, &event).await
}

/// The till that the caller's device is, with the device.
///
/// # Errors
/// `INVALID_STATE` when it is none of the caller's merchant.
pub async fn here(
    conn: &mut Conn,
    principal: &Principal,
    merchant: Uuid,
) -> Result<(Till, session::Device), Problem> {
    let device = device_of(conn, principal).await?;
    let live = till::merchant_id.eq(merchant).and(till::revoked_at.is_null());
    let here = till::table.filter(live.and(till::device_id.eq(&device.id)));
    let found: Option<Till> = here.select(Till::as_select()).first(conn).await.optional()?;
    Ok((found.ok_or_else(no_till)?, device))
}
