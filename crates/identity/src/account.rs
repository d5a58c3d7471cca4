//! Accounts: a login in one realm, bound to a natural person from level 1 on (cadres and auditors always).

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::{BlindIndex, Conn, Core, Sealer};
use unionhall_web::Realm;
use uuid::Uuid;

use crate::schema::account;

const MOBILE: &str = "account.mobile";
const TOTP: &str = "account.totp_secret";

/// An account's state. `INVITED → ACTIVE ⇄ SUSPENDED`, and `CLOSED` for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Created by an invitation; the invited person has not set a password yet.
    Invited,
    /// May log in.
    Active,
    /// May not; its tokens died with the epoch.
    Suspended,
    /// Closed for good.
    Closed,
}

impl State {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "INVITED",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Closed => "CLOSED",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "INVITED" => Self::Invited,
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            // An unknown word must not let anybody in.
            _ => Self::Closed,
        }
    }
}

/// An account as the rooms need it.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Its realm.
    pub realm: Realm,
    /// The natural person, where known.
    pub person: Option<Uuid>,
    /// Real-name level.
    pub level: u8,
    /// Tokens of an earlier epoch are dead.
    pub epoch: i32,
    /// Moves with everything that account state must learn of.
    pub revision: i32,
    /// Its state.
    pub state: State,
    pub(crate) password_hash: Option<String>,
    pub(crate) mobile: Option<Vec<u8>>,
    pub(crate) mobile_index: Option<Vec<u8>>,
    pub(crate) totp_secret: Option<Vec<u8>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("realm", &self.realm).finish_non_exhaustive()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = account)]
struct Row {
    id: Uuid,
    realm: String,
    person_id: Option<Uuid>,
    level: i16,
    epoch: i32,
    revision: i32,
    state: String,
    password_hash: Option<String>,
    mobile: Option<Vec<u8>>,
    mobile_index: Option<Vec<u8>>,
    totp_secret: Option<Vec<u8>>,
}

impl Row {
    fn into_account(self) -> Result<Account, Problem> {
        Ok(Account {
            id: self.id,
            realm: self.realm.parse()?,
            person: self.person_id,
            level: u8::try_from(self.level).unwrap_or(0),
            epoch: self.epoch,
            revision: self.revision,
            state: State::parse(&self.state),
            password_hash: self.password_hash,
            mobile: self.mobile,
            mobile_index: self.mobile_index,
            totp_secret: self.totp_secret,
        })
    }
}

impl Account {
    /// Whether the account may log in at all.
    pub fn may_log_in(&self) -> bool {
        self.state == State::Active
    }

    /// The account's proved mobile.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn mobile(&self, sealer: &Sealer) -> Result<Option<Mobile>, Problem> {
        let Some(sealed) = &self.mobile else { return Ok(None) };
        let text = sealer.open_text(MOBILE, self.id, sealed)?;
        Ok(Mobile::parse(&text).ok())
    }

    /// Whether a TOTP secret is enrolled.
    pub fn has_totp(&self) -> bool {
        self.totp_secret.is_some()
    }

    /// The blind index of the proved mobile.
    pub fn mobile_index(&self) -> Option<&[u8]> {
        self.mobile_index.as_deref()
    }

    /// The TOTP secret, where one is enrolled.
    ///
    /// # Errors
    /// `INTERNAL` when the sealed value does not open.
    pub fn totp(&self, sealer: &Sealer) -> Result<Option<Vec<u8>>, Problem> {
        self.totp_secret.as_ref().map(|s| Ok(sealer.open(TOTP, self.id, s)?)).transpose()
    }
}

/// The blind index of a mobile number.
pub fn mobile_index(sealer: &Sealer, mobile: &Mobile) -> BlindIndex {
    sealer.blind("mobile", mobile.e164())
}

/// The blind index of a username; case does not matter.
pub fn username_index(sealer: &Sealer, username: &str) -> BlindIndex {
    sealer.blind("username", &username.to_lowercase())
}

async fn first(
    conn: &mut Conn,
    query: account::BoxedQuery<'_, diesel::pg::Pg>,
) -> Result<Option<Account>, Problem> {
    let row: Option<Row> =
        query.filter(account::state.ne("CLOSED")).select(Row::as_select()).first(conn).await.optional()?;
    row.map(Row::into_account).transpose()
}

/// The account of a mobile number in a realm.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn find_by_mobile(conn: &mut Conn, realm: Realm, index: &[u8]) -> Result<Option<Account>, Problem> {
    let query = account::table.filter(account::realm.eq(realm.as_str())).into_boxed();
    first(conn, query.filter(account::mobile_index.eq(index))).await
}

/// The account of a username in a realm.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn find_by_username(
    conn: &mut Conn,
    realm: Realm,
    index: &[u8],
) -> Result<Option<Account>, Problem> {
    let query = account::table.filter(account::realm.eq(realm.as_str())).into_boxed();
    first(conn, query.filter(account::username_index.eq(index))).await
}

/// The account of a natural person in a realm.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn find_by_person(conn: &mut Conn, realm: Realm, person: Uuid) -> Result<Option<Account>, Problem> {
    let query = account::table.filter(account::realm.eq(realm.as_str())).into_boxed();
    first(conn, query.filter(account::person_id.eq(person))).await
}

/// All accounts of a natural person, closed ones left out.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn of_person(conn: &mut Conn, person: Uuid) -> Result<Vec<Account>, Problem> {
    let rows: Vec<Row> = account::table
        .filter(account::person_id.eq(person).and(account::state.ne("CLOSED")))
        .order(account::id)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(Row::into_account).collect()
}

/// One account.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn get(conn: &mut Conn, id: Uuid) -> Result<Option<Account>, Problem> {
    let row: Option<Row> = account::table.find(id).select(Row::as_select()).first(conn).await.optional()?;
    row.map(Row::into_account).transpose()
}

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

/// Whether the account has logged in with this device before.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn knows_device(conn: &mut Conn, id: Uuid, device: &str) -> Result<bool, Problem> {
    use crate::schema::account_device;
    Ok(diesel::select(diesel::dsl::exists(account_device::table.find((id, device)))).get_result(conn).await?)
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
    use crate::schema::account_device as d;
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
