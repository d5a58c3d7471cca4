//! Sessions and their refresh tokens.
//!
//! A refresh token is `family ‖ seq ‖ MAC`; the family is the session. Each is used once. The successor is
//! a function of family and seq, so a client whose answer was lost asks again and gets the *same* successor,
//! until that was used once or a day has passed. Any other reuse means two parties hold the family: it dies.

mod live;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::Realm;
use uuid::Uuid;

use crate::account;
use crate::schema::session;

pub use live::{SessionRow, device_of, list, live_devices, owned};

const MAC_BYTES: usize = 16;
/// How long a lost answer can be asked for again.
const RETRY_HOURS: i64 = 24;
/// Live sessions an account may have; the oldest ends when one more is opened.
const MAX_SESSIONS: usize = 20;

/// Signs refresh tokens.
#[derive(Clone)]
pub struct RefreshKey([u8; 32]);

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshKey(…)")
    }
}

impl RefreshKey {
    /// A key from 32 secret bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(body);
        Some(mac)
    }

    /// The token of a family's `seq`.
    pub fn token(&self, family: Uuid, seq: i32) -> String {
        let mut body = family.as_bytes().to_vec();
        body.extend(seq.to_be_bytes());
        if let Some(mac) = self.mac(&body) {
            body.extend(mac.finalize().into_bytes().iter().take(MAC_BYTES));
        }
        URL_SAFE_NO_PAD.encode(body)
    }

    /// Family and seq of a token made here.
    pub fn open(&self, token: &str) -> Option<(Uuid, i32)> {
        let raw = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, tag) = raw.split_at_checked(20).filter(|(_, tag)| tag.len() == MAC_BYTES)?;
        self.mac(body)?.verify_truncated_left(tag).ok()?;
        let (family, seq) = body.split_at(16);
        Some((Uuid::from_slice(family).ok()?, i32::from_be_bytes(seq.try_into().ok()?)))
    }
}

/// How long a session lives without being refreshed.
pub const fn lifetime(realm: Realm) -> Duration {
    match realm {
        Realm::Member => Duration::days(90),
        Realm::Merchant | Realm::Recruiter => Duration::days(30),
        _ => Duration::hours(12),
    }
}

/// The device a session belongs to.
#[derive(Debug, Clone)]
pub struct Device {
    /// Made by the app.
    pub id: String,
    /// `android`, `ios`, `harmony`, `wechat`, `web`.
    pub platform: String,
}

/// Opens a session; its first refresh token has seq 1.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn open(
    conn: &mut Conn,
    id: Uuid,
    (account, realm): (Uuid, Realm),
    role: Option<Uuid>,
    device: Option<&Device>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    diesel::insert_into(session::table)
        .values((
            session::id.eq(id),
            session::account_id.eq(account),
            session::role_id.eq(role),
            session::device_id.eq(device.map(|d| &d.id)),
            session::platform.eq(device.map(|d| &d.platform)),
            session::seq.eq(1),
            session::rotated_at.eq(now),
            session::created_at.eq(now),
            session::expires_at.eq(now + lifetime(realm)),
        ))
        .execute(conn)
        .await?;
    let live: Vec<Uuid> = session::table
        .filter(session::account_id.eq(account).and(session::ended_at.is_null()))
        .order(session::id.desc())
        .select(session::id)
        .load(conn)
        .await?;
    for old in live.into_iter().skip(MAX_SESSIONS) {
        end_row(conn, old, "surplus", now).await?;
    }
    if let Some(device) = device {
        account::bind_device(conn, account, &device.id, &device.platform, now).await?;
    }
    account::touch(conn, account, now).await
}

/// Keeps a session of a system open until an instant: its tokens come one after another under one session, which lives as
/// long as the last of them and ends for all at once. False when it was ended.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn hold(
    conn: &mut Conn,
    id: Uuid,
    account: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Problem> {
    let held = diesel::insert_into(session::table)
        .values((
            session::id.eq(id),
            session::account_id.eq(account),
            session::seq.eq(1),
            session::rotated_at.eq(now),
            session::created_at.eq(now),
            session::expires_at.eq(until),
        ))
        .on_conflict(session::id)
        .do_update()
        .set((session::rotated_at.eq(now), session::expires_at.eq(until)));
    // An insert has no `filter` of its own.
    let alive = diesel::query_dsl::methods::FilterDsl::filter(held, session::ended_at.is_null());
    Ok(alive.execute(conn).await? == 1)
}

async fn end_row(conn: &mut Conn, id: Uuid, reason: &str, now: DateTime<Utc>) -> Result<bool, Problem> {
    let ended = diesel::update(session::table.find(id).filter(session::ended_at.is_null()))
        .set((session::ended_at.eq(now), session::ended_reason.eq(reason)))
        .execute(conn)
        .await?;
    Ok(ended == 1)
}

/// Ends a session; its tokens are dead as soon as account state knows. False when it was over already.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn end(
    conn: &mut Conn,
    id: Uuid,
    account: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let ended = end_row(conn, id, reason, now).await?;
    account::touch(conn, account, now).await?;
    Ok(ended)
}

/// Ends the sessions of an account on one device.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn end_on_device(
    conn: &mut Conn,
    account: Uuid,
    device: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let on_it = session::account_id.eq(account).and(session::device_id.eq(device));
    diesel::update(session::table.filter(on_it.and(session::ended_at.is_null())))
        .set((session::ended_at.eq(now), session::ended_reason.eq(reason)))
        .execute(conn)
        .await?;
    account::touch(conn, account, now).await
}

/// Marks a session as one that a PIN began.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn pin(conn: &mut Conn, id: Uuid) -> Result<(), Problem> {
    diesel::update(session::table.find(id)).set(session::pinned.eq(true)).execute(conn).await?;
    Ok(())
}

/// Ends all sessions of an account and moves its epoch.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn end_all(conn: &mut Conn, id: Uuid, reason: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    use crate::schema::account as a;
    diesel::update(session::table.filter(session::account_id.eq(id).and(session::ended_at.is_null())))
        .set((session::ended_at.eq(now), session::ended_reason.eq(reason)))
        .execute(conn)
        .await?;
    diesel::update(a::table.find(id)).set(a::epoch.eq(a::epoch + 1)).execute(conn).await?;
    account::touch(conn, id, now).await
}

/// What became of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// A successor: of account, in role, with this seq.
    Successor {
        /// The account.
        account: Uuid,
        /// The role the session acts in.
        role: Option<Uuid>,
        /// The successor's seq.
        seq: i32,
    },
    /// The family died of this.
    Killed {
        /// The account.
        account: Uuid,
    },
    /// There is no such live family.
    Dead,
}

/// Uses `seq` of a family. Runs in a transaction that commits whatever the outcome: a replay must kill.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn refresh(
    conn: &mut Conn,
    family: Uuid,
    seq: i32,
    device: &str,
    now: DateTime<Utc>,
) -> Result<Refreshed, Problem> {
    type Row = (Uuid, Option<Uuid>, Option<String>, i32, DateTime<Utc>);
    let row: Option<Row> = session::table
        .find(family)
        .filter(session::ended_at.is_null().and(session::expires_at.gt(now)))
        .select((
            session::account_id,
            session::role_id,
            session::device_id,
            session::seq,
            session::rotated_at,
        ))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((account, role, bound, current, rotated_at)) = row else { return Ok(Refreshed::Dead) };
    let same_device = bound.as_deref().is_none_or(|b| b == device);
    let retried = seq == current - 1 && now - rotated_at <= Duration::hours(RETRY_HOURS);
    if same_device && seq == current {
        let realm: String = crate::schema::account::table
            .find(account)
            .select(crate::schema::account::realm)
            .first(conn)
            .await?;
        let next = current + 1;
        diesel::update(session::table.find(family))
            .set((
                session::seq.eq(next),
                session::rotated_at.eq(now),
                session::device_id.eq(device),
                session::expires_at.eq(now + lifetime(realm.parse()?)),
            ))
            .execute(conn)
            .await?;
        return Ok(Refreshed::Successor { account, role, seq: next });
    }
    if same_device && retried {
        return Ok(Refreshed::Successor { account, role, seq: current });
    }
    end(conn, family, account, "replay", now).await?;
    Ok(Refreshed::Killed { account })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_under_its_own_key_only() {
        let key = RefreshKey::new([3; 32]);
        let family = Uuid::from_u128(7);
        let token = key.token(family, 2);
        assert_eq!(key.open(&token), Some((family, 2)));
        assert_eq!(key.token(family, 2), token, "the successor is a function of family and seq");
        assert_eq!(RefreshKey::new([4; 32]).open(&token), None);
        let mut raw = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..raw.len() {
            raw[at] ^= 1;
            assert_eq!(key.open(&URL_SAFE_NO_PAD.encode(&raw)), None);
            raw[at] ^= 1;
        }
        assert_eq!(key.open(""), None);
    }
}
