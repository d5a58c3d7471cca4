//! The WeChat user of an account: bound when somebody logs in from the mini-program with the phone WeChat knows of them, so
//! that the next login needs no phone. Only a blind index of the openid is kept.
//!
//! A binding goes when its owner unbinds it, when the account is closed, and when the county gives the account another
//! mobile: then the old phone is in nobody knows whose hands, and with it the WeChat on it. Who changes the mobile with both
//! phones in hand keeps it.

mod api;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::{BlindIndex, Conn, Core, Sealer, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

pub use self::api::{Credentials, HttpWechat, OpenId, TIMEOUT, URL, WechatApi};
use crate::schema::{account, account_wechat as w};

/// The blind index of an openid, which is one app's.
pub(crate) fn index(sealer: &Sealer, open: &OpenId) -> BlindIndex {
    sealer.blind("wechat", open.expose())
}

/// The account of a WeChat user, whatever its state.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub(crate) async fn account_of(conn: &mut Conn, index: &[u8]) -> Result<Option<Uuid>, Problem> {
    let found = w::table.filter(w::openid_index.eq(index)).select(w::account_id);
    Ok(found.first(conn).await.optional()?)
}

/// Since when an account has a WeChat user.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn bound_at(conn: &mut Conn, account: Uuid) -> Result<Option<DateTime<Utc>>, Problem> {
    Ok(w::table.find(account).select(w::bound_at).first(conn).await.optional()?)
}

/// Binds a WeChat user to an account: who proved the phone last is the one. What either had before goes. Answers whether
/// anything changed.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub(crate) async fn bind(
    conn: &mut Conn,
    account: Uuid,
    index: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    // Of several users of one account each waits for the one before; of several accounts of one user each waits for the row.
    let _: Uuid = account::table.find(account).select(account::id).for_update().first(conn).await?;
    if account_of(conn, index).await? == Some(account) {
        return Ok(false);
    }
    let another = w::account_id.eq(account).and(w::openid_index.ne(index));
    diesel::delete(w::table.filter(another)).execute(conn).await?;
    diesel::insert_into(w::table)
        .values((w::account_id.eq(account), w::openid_index.eq(index), w::bound_at.eq(now)))
        .on_conflict(w::openid_index)
        .do_update()
        .set((w::account_id.eq(account), w::bound_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(true)
}

/// Unbinds an account; answers whether there was anything to unbind. For what has an audit row of its own.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub(crate) async fn forget(conn: &mut Conn, account: Uuid) -> Result<bool, Problem> {
    Ok(diesel::delete(w::table.find(account)).execute(conn).await? == 1)
}

/// Unbinds an account, with an audit row where there was anything to unbind.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn unbind(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    account: Uuid,
    why: &str,
) -> Result<bool, Problem> {
    let unbound = forget(tx, account).await?;
    if unbound {
        let event =
            actor.event(core.id(), core.now(), None, "account.wechat_unbind", ("account", Some(account)));
        audit::append(tx, &event.changes(json!({"why": why}))).await?;
    }
    Ok(unbound)
}
