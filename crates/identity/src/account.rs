//! Accounts: a login in one realm, bound to a natural person from level 1 on (cadres and auditors always).

use std::fmt;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Mobile, Problem};
use unionhall_storage::{BlindIndex, Conn, Sealer};
use unionhall_web::Realm;
use uuid::Uuid;

use crate::schema::account;

mod change;
mod device;

pub(crate) use self::change::close;
pub use self::change::{
    NewAccount, activate, bind, create, rehash, reset, set_mobile, set_password, set_state, take_totp_step,
    touch, touch_person, unbind,
};
pub use self::device::{bind_device, knows_device};

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

/// Those of some accounts that are not closed.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn not_closed(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let open = account::table.filter(account::id.eq_any(ids).and(account::state.ne("CLOSED")));
    Ok(open.select(account::id).load(conn).await?)
}

/// One account.
///
/// # Errors
/// `INTERNAL` when the database cannot be asked.
pub async fn get(conn: &mut Conn, id: Uuid) -> Result<Option<Account>, Problem> {
    let row: Option<Row> = account::table.find(id).select(Row::as_select()).first(conn).await.optional()?;
    row.map(Row::into_account).transpose()
}
