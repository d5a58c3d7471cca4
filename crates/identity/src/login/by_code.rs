//! Logging in without a password: by a code, or by what WeChat says. How somebody proved a mobile differs; what a login does
//! from there on is [`enter`], in one transaction with the proof.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Realm};
use uuid::Uuid;

use super::{Tokens, issue};
use crate::account::{self, Account, NewAccount, State};
use crate::consent::{self, Given};
use crate::otp::{self, Purpose};
use crate::session::{self, Device};
use crate::{Identity, closing};

/// What a member's login tells beside the tokens.
#[derive(Debug)]
pub struct MemberLogin {
    /// The tokens.
    pub tokens: Tokens,
    /// Whether the account was created by this login.
    pub is_new: bool,
    /// The account's level.
    pub level: u8,
    /// Required documents not consented to in their present version.
    pub consents_due: Vec<&'static str>,
    /// The day on which the account closes, where its owner asked for that.
    pub closes_on: Option<NaiveDate>,
}

/// A login with a code.
#[derive(Debug)]
pub struct OtpLogin<'a> {
    /// In which realm.
    pub realm: Realm,
    /// Logging in, or beginning an application.
    pub purpose: Purpose,
    /// The mobile.
    pub mobile: &'a Mobile,
    /// The code it was sent.
    pub code: &'a str,
    /// The device.
    pub device: &'a Device,
    /// Documents agreed to.
    pub consents: &'a [Given],
}

/// Logs in with a code; an unknown mobile becomes an account at level 0 in the member realm, and one without a role
/// where a merchant begins an application.
///
/// # Errors
/// `OTP_INVALID` alike for a wrong code, a blocked account and, elsewhere, an unknown mobile.
pub async fn with_otp(
    identity: &Identity,
    actor: &Actor,
    login: &OtpLogin<'_>,
) -> Result<MemberLogin, Problem> {
    let core = &identity.core;
    let OtpLogin { realm, purpose, mobile, code, device, consents } = *login;
    let proof = otp::check(core, realm, purpose, mobile, code).await?;
    let entry = Entry::of(core, "otp", device, consents);
    let index = account::mobile_index(&core.sealer, mobile);
    let entered = core
        .db
        .write(async |tx| {
            proof.consume(tx, entry.now).await?;
            let found = account::find_by_mobile(tx, realm, &index).await?;
            let is_new = found.is_none();
            let account = match found {
                Some(account) if account.may_log_in() => account,
                None if otp::takes_newcomers(realm, purpose) => newcomer(core, tx, realm, mobile).await?,
                _ => return Err(Problem::new(Code::OtpInvalid)),
            };
            enter(identity, tx, actor, (account, is_new), &entry).await
        })
        .await?;
    welcome(identity, &entry, entered).await
}

/// An account for a mobile that was proved and that nobody has.
///
/// # Errors
/// The unique index `account_mobile` when another login makes it at this moment.
pub(super) async fn newcomer(
    core: &Core,
    tx: &mut Conn,
    realm: Realm,
    mobile: &Mobile,
) -> Result<Account, Problem> {
    let new = NewAccount {
        realm,
        person: None,
        username: None,
        mobile: Some(mobile),
        state: State::Active,
        password_hash: None,
        totp_secret: None,
    };
    let id = account::create(core, tx, &new).await?;
    account::get(tx, id).await?.ok_or_else(|| Problem::new(Code::Internal))
}

/// What a login brings, however the mobile was proved.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The session to be.
    session: Uuid,
    /// When.
    pub(super) now: DateTime<Utc>,
    way: &'static str,
    device: &'a Device,
    consents: &'a [Given],
}

impl<'a> Entry<'a> {
    pub(super) fn of(core: &Core, way: &'static str, device: &'a Device, consents: &'a [Given]) -> Self {
        Self { session: core.id(), now: core.now(), way, device, consents }
    }
}

/// What a login did.
#[derive(Debug)]
pub(super) struct Entered {
    account: Account,
    role: Option<Uuid>,
    is_new: bool,
    due: Vec<&'static str>,
    closes_on: Option<NaiveDate>,
}

/// Opens the session of an account whose holder proved to be it, and takes the consents they gave.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub(super) async fn enter(
    identity: &Identity,
    tx: &mut Conn,
    actor: &Actor,
    (account, is_new): (Account, bool),
    entry: &Entry<'_>,
) -> Result<Entered, Problem> {
    let core = &identity.core;
    let Entry { session, now, way, device, consents } = *entry;
    let realm = account.realm;
    consent::give(core, tx, account.id, consents, &actor.channel).await?;
    let due = consent::due(tx, account.id).await?;
    let closes_on = closing::of(tx, account.id).await?.map(|asked| asked.closes_on);
    // A member acts as themself; staff start in their first place.
    let role = match realm {
        Realm::Member => Some(account.id),
        _ => {
            let roles = identity.states.roles_of(tx, &account).await?;
            roles.iter().find(|r| r.in_force(now)).map(|r| r.id)
        }
    };
    session::open(tx, session, (account.id, realm), role, Some(device), now).await?;
    let mut event = actor.event(core.id(), now, None, "session.open", ("session", Some(session)));
    event.actor_account = Some(account.id);
    event.actor_person = account.person;
    audit::append(tx, &event.changes(json!({"realm": realm, "new_account": is_new, "way": way}))).await?;
    Ok(Entered { account, role, is_new, due, closes_on })
}

/// What a login answers, once it is committed.
///
/// # Errors
/// `INTERNAL` when there is no signing key.
pub(super) async fn welcome(
    identity: &Identity,
    entry: &Entry<'_>,
    entered: Entered,
) -> Result<MemberLogin, Problem> {
    let Entered { account, role, is_new, due, closes_on } = entered;
    identity.states.forget(account.id);
    let tokens = issue(identity, account.id, entry.session, role, 1).await?;
    Ok(MemberLogin { tokens, is_new, level: account.level, consents_due: due, closes_on })
}
