//! Logging in from the mini-program: WeChat says who its user is, and which phone is theirs.
//!
//! The phone counts as proved by a code: WeChat has proved it with one. The first login sends it and binds the user to the
//! account of the phone; later ones need the user alone.

use std::net::IpAddr;

use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{BlindIndex, Conn, audit};
use unionhall_web::{Actor, Realm};

use super::by_code::{Entered, Entry, MemberLogin, enter, newcomer, welcome};
use crate::account::{self, Account};
use crate::consent::Given;
use crate::counts;
use crate::session::Device;
use crate::{Identity, wechat};

/// Logins an address may try in a Shanghai day, and with a phone a number: as codes may be asked.
const PER_ADDRESS_DAY: i32 = 2_000;
const PER_MOBILE_DAY: i32 = 10;
/// How often a login that loses a race over a new mobile is judged again.
const AGAIN: i32 = 3;

/// A login from the mini-program.
#[derive(Debug)]
pub struct WechatLogin<'a> {
    /// What `wx.login` gave.
    pub js_code: &'a str,
    /// What the phone button gave.
    pub phone_code: Option<&'a str>,
    /// The device.
    pub device: &'a Device,
    /// Documents agreed to.
    pub consents: &'a [Given],
    /// Where it comes from.
    pub ip: IpAddr,
}

fn blocked() -> Problem {
    Problem::new(Code::WechatCodeInvalid)
}

/// Logs a WeChat user in: with a phone into the account of that phone, which is made where there is none and to which the
/// user is bound; without one into the account the user is bound to.
///
/// # Errors
/// `MODULE_CLOSED` where nothing is configured; those of [`wechat::WechatApi`]; `WECHAT_CODE_INVALID` also for a blocked
/// account; `PHONE_REQUIRED` for a user who is bound to none; `TRIES_EXHAUSTED` above the daily caps.
pub async fn with_wechat(
    identity: &Identity,
    actor: &Actor,
    login: &WechatLogin<'_>,
) -> Result<MemberLogin, Problem> {
    let core = &identity.core;
    let api = identity.wechat.as_ref().ok_or_else(|| Problem::new(Code::ModuleClosed))?;
    let address = core.sealer.blind("address", &login.ip.to_string());
    take(identity, "wechat_address", &address, PER_ADDRESS_DAY).await?;
    let user = wechat::index(&core.sealer, &api.user(login.js_code).await?);
    let mobile = match login.phone_code {
        Some(code) => Some(api.mobile(code).await?),
        None => None,
    };
    if let Some(mobile) = &mobile {
        let index = account::mobile_index(&core.sealer, mobile);
        take(identity, "wechat_mobile", &index, PER_MOBILE_DAY).await?;
    }
    let entry = Entry::of(core, "wechat", login.device, login.consents);
    let mut tries = 1;
    let entered = loop {
        match entered(identity, actor, &user, mobile.as_ref(), &entry).await {
            // Another login made the account at this moment: now it is there.
            Err(problem) if tries < AGAIN && constraint(&problem) == Some("account_mobile") => tries += 1,
            other => break other?,
        }
    };
    welcome(identity, &entry, entered).await
}

// Committed by itself: a try counts whatever comes of it.
async fn take(identity: &Identity, kind: &str, key: &[u8], cap: i32) -> Result<(), Problem> {
    let core = &identity.core;
    let left = counts::take(&mut *core.db.writer().await?, kind, key, core.today(), cap).await?;
    let exhausted = || Problem::new(Code::TriesExhausted).retry_after(core.seconds_to_midnight());
    left.map(|_| ()).ok_or_else(exhausted)
}

async fn entered(
    identity: &Identity,
    actor: &Actor,
    user: &BlindIndex,
    mobile: Option<&Mobile>,
    entry: &Entry<'_>,
) -> Result<Entered, Problem> {
    identity
        .core
        .db
        .write(async |tx| {
            let (account, is_new) = match mobile {
                Some(mobile) => of_mobile(identity, tx, mobile).await?,
                None => (of_user(tx, user).await?, false),
            };
            if mobile.is_some() && wechat::bind(tx, account.id, user, entry.now).await? {
                note(identity, tx, actor, &account).await?;
            }
            enter(identity, tx, actor, (account, is_new), entry).await
        })
        .await
}

async fn note(identity: &Identity, tx: &mut Conn, actor: &Actor, account: &Account) -> Result<(), Problem> {
    let core = &identity.core;
    let object = ("account", Some(account.id));
    let mut event = actor.event(core.id(), core.now(), None, "account.wechat_bind", object);
    event.actor_account = Some(account.id);
    event.actor_person = account.person;
    audit::append(tx, &event).await
}

async fn of_mobile(identity: &Identity, tx: &mut Conn, mobile: &Mobile) -> Result<(Account, bool), Problem> {
    let core = &identity.core;
    let index = account::mobile_index(&core.sealer, mobile);
    match account::find_by_mobile(tx, Realm::Member, &index).await? {
        Some(account) if account.may_log_in() => Ok((account, false)),
        Some(_) => Err(blocked()),
        None => Ok((newcomer(core, tx, Realm::Member, mobile).await?, true)),
    }
}

async fn of_user(tx: &mut Conn, user: &[u8]) -> Result<Account, Problem> {
    let unknown = || Problem::new(Code::PhoneRequired);
    let id = wechat::account_of(tx, user).await?.ok_or_else(unknown)?;
    let account = account::get(tx, id).await?.ok_or_else(unknown)?;
    if account.may_log_in() { Ok(account) } else { Err(blocked()) }
}
