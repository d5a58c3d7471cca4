//! The holder's side of a place on a staff: nobody is at a shop who has not said yes, and everybody may go.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::account;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use uuid::Uuid;

use crate::schema::{merchant, merchant_branch, merchant_staff};

/// A place that somebody has, or that waits for them.
#[derive(Debug, Clone, Queryable)]
pub struct OwnPlace {
    /// The place, the `role_id` of logins.
    pub id: Uuid,
    /// The merchant.
    pub merchant_id: Uuid,
    /// Its name.
    pub merchant_name: String,
    /// Where; a manager without covers all.
    pub branch_id: Option<Uuid>,
    /// That branch's name.
    pub branch_name: Option<String>,
    /// `manager` or `staff`.
    pub role: String,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// Since when it is theirs; it waits for them without.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// What somebody has and what waits for them, newest first, at most 100.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(conn: &mut Conn, account: Uuid, now: DateTime<Utc>) -> Result<Vec<OwnPlace>, Problem> {
    Ok(merchant_staff::table
        .inner_join(merchant::table.on(merchant::id.eq(merchant_staff::merchant_id)))
        .left_join(merchant_branch::table.on(merchant_branch::id.nullable().eq(merchant_staff::branch_id)))
        .filter(merchant_staff::account_id.eq(account).and(merchant_staff::revoked_at.is_null()))
        .filter(merchant_staff::valid_to.is_null().or(merchant_staff::valid_to.gt(now)))
        .order((merchant_staff::valid_from.desc(), merchant_staff::id))
        .limit(100)
        .select((
            merchant_staff::id,
            merchant_staff::merchant_id,
            merchant::name,
            merchant_staff::branch_id,
            merchant_branch::name.nullable(),
            merchant_staff::role,
            merchant_staff::valid_from,
            merchant_staff::accepted_at,
        ))
        .load(conn)
        .await?)
}

async fn note(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (account, place): (Uuid, Uuid),
    action: &str,
) -> Result<(), Problem> {
    let now = core.now();
    account::touch(tx, account, now).await?;
    let path: String = merchant_staff::table
        .inner_join(merchant::table.on(merchant::id.eq(merchant_staff::merchant_id)))
        .filter(merchant_staff::id.eq(place))
        .select(merchant::path)
        .first(tx)
        .await?;
    let event = actor.event(core.id(), now, Some(&path), action, ("merchant_staff", Some(place)));
    audit::append(tx, &event).await
}

/// Accepts a place; the next log-in or refresh may act in it. One that is accepted stays so.
///
/// # Errors
/// `NOT_FOUND` for another's place, and for one that was taken away.
pub async fn accept(
    core: &Core,
    tx: &mut Conn,
    (actor, account): (&Actor, Uuid),
    place: Uuid,
) -> Result<OwnPlace, Problem> {
    let now = core.now();
    let waits = merchant_staff::account_id.eq(account).and(merchant_staff::revoked_at.is_null());
    let waits = merchant_staff::table.find(place).filter(waits.and(merchant_staff::accepted_at.is_null()));
    let accepted = diesel::update(waits).set(merchant_staff::accepted_at.eq(now)).execute(tx).await?;
    if accepted == 1 {
        note(core, tx, actor, (account, place), "merchant.accept_place").await?;
    }
    let own = list(tx, account, now).await?;
    own.into_iter().find(|own| own.id == place).ok_or_else(Problem::not_found)
}

/// Leaves a place, or turns it down.
///
/// # Errors
/// `NOT_FOUND` for another's place, and for one that was taken away.
pub async fn leave(
    core: &Core,
    tx: &mut Conn,
    (actor, account): (&Actor, Uuid),
    place: Uuid,
) -> Result<(), Problem> {
    let own = merchant_staff::account_id.eq(account).and(merchant_staff::revoked_at.is_null());
    let own = merchant_staff::table.find(place).filter(own);
    if diesel::update(own).set(merchant_staff::revoked_at.eq(core.now())).execute(tx).await? == 0 {
        return Err(Problem::not_found());
    }
    note(core, tx, actor, (account, place), "merchant.leave_place").await
}
