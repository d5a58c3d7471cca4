//! What happens to an account. Whatever others must hear of within seconds ends in [`touch`].

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::Realm;
use uuid::Uuid;

use super::{Account, MOBILE, State, TOTP, mobile_index, username_index};
use crate::schema::account;

/// What a new account starts with.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Its realm.
    pub realm: Realm,
    /// The natural person; required for cadres, auditors, lawyers and recruiters.
    pub person: Option<Uuid>,
    /// Login name, where there is one.
    pub username: Option<&'a str>,
    /// Mobile, proved or to be proved by the invitation.
    pub mobile: Option<&'a Mobile>,
    /// Its state.
    pub state: State,
    /// Argon2id hash in PHC form.
    pub password_hash: Option<&'a str>,
    /// TOTP secret.
    pub totp_secret: Option<&'a [u8]>,
}

/// Creates an account.
///
/// # Errors
/// The unique indexes `account_username`, `account_mobile` and `account_person`.
pub async fn create(core: &Core, conn: &mut Conn, new: &NewAccount<'_>) -> Result<Uuid, Problem> {
    let (id, now) = (core.id(), core.now());
    let seal = |column, value: &[u8]| core.sealer.seal(column, id, value);
    diesel::insert_into(account::table)
        .values((
            account::id.eq(id),
            account::realm.eq(new.realm.as_str()),
            account::person_id.eq(new.person),
            account::username.eq(new.username),
            account::username_index.eq(new.username.map(|u| username_index(&core.sealer, u))),
            account::mobile.eq(new.mobile.map(|m| seal(MOBILE, m.e164().as_bytes())).transpose()?),
            account::mobile_index.eq(new.mobile.map(|m| mobile_index(&core.sealer, m))),
            account::state.eq(new.state.as_str()),
            account::password_hash.eq(new.password_hash),
            account::totp_secret.eq(new.totp_secret.map(|s| seal(TOTP, s)).transpose()?),
            account::created_at.eq(now),
            account::changed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(id)
}

/// Moves an account to another state, and its epoch: every token issued before is dead. The rule of which state may follow
/// which is that of the room whose account it is.
///
/// # Errors
/// `INVALID_STATE` when it is closed already.
pub async fn set_state(conn: &mut Conn, id: Uuid, to: State, now: DateTime<Utc>) -> Result<(), Problem> {
    let changed = diesel::update(account::table.find(id).filter(account::state.ne(State::Closed.as_str())))
        .set((account::state.eq(to.as_str()), account::epoch.eq(account::epoch + 1)))
        .execute(conn)
        .await?;
    if changed == 0 {
        return Err(Problem::new(Code::InvalidState));
    }
    touch(conn, id, now).await
}

/// Gives an active account another mobile, if it still has the one it was judged by. Whoever calls ends its sessions
/// in the same transaction.
///
/// # Errors
/// `INVALID_STATE` when the account has another mobile by now, or may not log in; the unique index `account_mobile`
/// when somebody else has the new one.
pub async fn set_mobile(
    core: &Core,
    conn: &mut Conn,
    id: Uuid,
    seen: &[u8],
    new: &Mobile,
) -> Result<(), Problem> {
    let sealed = core.sealer.seal(MOBILE, id, new.e164().as_bytes())?;
    let still = account::mobile_index.eq(seen).and(account::state.eq(State::Active.as_str()));
    let changed = diesel::update(account::table.find(id).filter(still))
        .set((account::mobile.eq(sealed), account::mobile_index.eq(mobile_index(&core.sealer, new))))
        .execute(conn)
        .await?;
    if changed == 0 {
        return Err(Problem::new(Code::InvalidState));
    }
    touch(conn, id, core.now()).await
}

/// Closes an account for good and frees its mobile; [`crate::closing::close`] does what belongs to it.
///
/// # Errors
/// `INVALID_STATE` when it is closed already, or was bound to a person since it was read.
pub(crate) async fn close(conn: &mut Conn, read: &Account, now: DateTime<Utc>) -> Result<(), Problem> {
    let same = account::state.ne(State::Closed.as_str()).and(account::level.eq(i16::from(read.level)));
    let closed = diesel::update(account::table.find(read.id).filter(same))
        .set((
            account::state.eq(State::Closed.as_str()),
            account::mobile.eq(None::<Vec<u8>>),
            account::mobile_index.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .await?;
    if closed == 0 {
        return Err(Problem::new(Code::InvalidState));
    }
    touch(conn, read.id, now).await
}

/// Tells account state everywhere that something about this account changed: its level, its posts, its
/// sessions. Part of the transaction of the change.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn touch(conn: &mut Conn, id: Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    diesel::update(account::table.find(id))
        .set((account::revision.eq(account::revision + 1), account::changed_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(())
}

/// [`touch`] for all accounts of a natural person.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn touch_person(conn: &mut Conn, person: Uuid, now: DateTime<Utc>) -> Result<Vec<Uuid>, Problem> {
    Ok(diesel::update(account::table.filter(account::person_id.eq(person)))
        .set((account::revision.eq(account::revision + 1), account::changed_at.eq(now)))
        .returning(account::id)
        .get_results(conn)
        .await?)
}

/// Binds a member's account to a natural person at a level.
///
/// # Errors
/// `INVALID_STATE` when the account was closed meanwhile; the unique index `account_person` when another account is
/// bound to the person already.
pub async fn bind(
    conn: &mut Conn,
    id: Uuid,
    person: Uuid,
    level: i16,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let bound = diesel::update(account::table.find(id).filter(account::state.ne(State::Closed.as_str())))
        .set((account::person_id.eq(person), account::level.eq(level)))
        .execute(conn)
        .await?;
    if bound == 0 {
        return Err(Problem::new(Code::InvalidState));
    }
    touch(conn, id, now).await
}

/// Takes a natural person off a member's account: level 0 again. One without a mobile is closed, since nobody can log in to it.
/// Whoever calls ends its sessions in the same transaction.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn unbind(conn: &mut Conn, read: &Account) -> Result<(), Problem> {
    let state = if read.mobile.is_some() { read.state } else { State::Closed };
    diesel::update(account::table.find(read.id))
        .set((account::person_id.eq(None::<Uuid>), account::level.eq(0), account::state.eq(state.as_str())))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets a password, a TOTP secret where one is given, and the state ACTIVE: what an invited person does
/// first. Moves the epoch, so nothing issued before stays valid.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn activate(
    core: &Core,
    conn: &mut Conn,
    id: Uuid,
    password_hash: &str,
    totp_secret: Option<&[u8]>,
) -> Result<(), Problem> {
    let now = core.now();
    diesel::update(account::table.find(id))
        .set((
            account::password_hash.eq(password_hash),
            account::state.eq(State::Active.as_str()),
            account::epoch.eq(account::epoch + 1),
        ))
        .execute(conn)
        .await?;
    if let Some(secret) = totp_secret {
        diesel::update(account::table.find(id))
            .set(account::totp_secret.eq(core.sealer.seal(TOTP, id, secret)?))
            .execute(conn)
            .await?;
    }
    touch(conn, id, now).await
}

/// Takes password and TOTP secret off an account, which waits to be activated again with a code to its mobile. Whoever calls
/// ends its sessions in the same transaction.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn reset(conn: &mut Conn, id: Uuid) -> Result<(), Problem> {
    diesel::update(account::table.find(id))
        .set((
            account::state.eq(State::Invited.as_str()),
            account::password_hash.eq(None::<String>),
            account::totp_secret.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets a password and moves the epoch: every token issued before is dead.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn set_password(conn: &mut Conn, id: Uuid, hash: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    diesel::update(account::table.find(id))
        .set((account::password_hash.eq(hash), account::epoch.eq(account::epoch + 1)))
        .execute(conn)
        .await?;
    touch(conn, id, now).await
}

/// Replaces a password hash by one of today's parameters; the password itself is the same.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn rehash(conn: &mut Conn, id: Uuid, hash: &str) -> Result<(), Problem> {
    diesel::update(account::table.find(id)).set(account::password_hash.eq(hash)).execute(conn).await?;
    Ok(())
}

/// Takes a TOTP step: true the first time a step is used, never for it or an earlier one again.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn take_totp_step(conn: &mut Conn, id: Uuid, step: i64) -> Result<bool, Problem> {
    let taken = diesel::update(account::table.find(id).filter(account::totp_last_step.lt(step)))
        .set(account::totp_last_step.eq(step))
        .execute(conn)
        .await?;
    Ok(taken == 1)
}
