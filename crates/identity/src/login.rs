//! Logging in: with a password and a second factor, with a code sent to a mobile, or from WeChat; and refreshing what that
//! gave.

use chrono::{DateTime, Utc};
use serde_json::json;
use unionhall_kernel::{Code, Pii, Problem};
use unionhall_storage::audit;
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal, Realm, Role};
use uuid::Uuid;

use crate::account::{self, Account};
use crate::otp::{self, Purpose};
use crate::password::Verdict;
use crate::session::{self, Device, Refreshed};
use crate::state::AccountState;
use crate::{Identity, binding, counts, totp};

mod by_code;
mod wechat;

pub use self::by_code::{MemberLogin, OtpLogin, with_otp};
pub use self::wechat::{WechatLogin, with_wechat};

/// What a login hands out.
#[derive(Debug)]
pub struct Tokens {
    /// Signed access token.
    pub access: String,
    /// Refresh token.
    pub refresh: String,
    /// The account.
    pub account: Uuid,
    /// Its realm.
    pub realm: Realm,
    /// Its roles in force, and which one the token acts in.
    pub roles: Vec<Role>,
    /// The role acted in.
    pub current: Option<Uuid>,
}

/// Second factors a caller sent along.
#[derive(Debug, Default)]
pub struct Factors {
    /// A TOTP code.
    pub totp: Option<String>,
    /// A code by SMS, purpose `second_factor`.
    pub otp: Option<String>,
    /// The device.
    pub device: Option<Device>,
    /// What a bound device shows, to bind this one.
    pub binding_code: Option<String>,
}

/// Logs in with a password.
///
/// # Errors
/// `LOGIN_FAILED` alike for an unknown name, a wrong password and a blocked account; `LOGIN_DELAYED` after
/// failures; `SECOND_FACTOR_REQUIRED` with `factors`; `SECOND_FACTOR_FAILED`; `DEVICE_NOT_BOUND`.
pub async fn with_password(
    identity: &Identity,
    actor: &Actor,
    realm: Realm,
    username: &str,
    password: Pii<String>,
    factors: Factors,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let now = core.now();
    let index = account::username_index(&core.sealer, username);
    let mut conn = core.db.writer().await?;
    let found = account::find_by_username(&mut conn, realm, &index).await?;
    let key = failure_key(identity, &mut conn, realm, username, found.as_ref(), &factors).await?;
    drop(conn);
    let wait = counts::attempt(core, &key).await?;
    if wait > 0 {
        return Err(failure("delayed", Code::LoginDelayed).retry_after(wait));
    }
    let phc = found.as_ref().and_then(|a| a.password_hash.clone());
    let verdict = identity.passwords.verify(password.clone(), phc).await?;
    let right = found.filter(|a| verdict != Verdict::Wrong && a.may_log_in());
    let account = right.ok_or_else(|| failure("credentials", Code::LoginFailed))?;
    if verdict == Verdict::RightButOld {
        let hash = identity.passwords.hash(password, core.ids.as_ref()).await?;
        account::rehash(&mut *core.db.writer().await?, account.id, &hash).await?;
    }
    let state = identity.states.get(account.id).await?;
    let second = second_factor(identity, &account, &state.roles, &factors, now).await;
    if second.as_ref().is_err_and(|problem| problem.code == Code::SecondFactorRequired) {
        counts::forgive(&mut *core.db.writer().await?, &key).await?;
    }
    let proof = second?;
    counts::succeeded(&mut *core.db.writer().await?, &key).await?;
    let role = state.default_role(now).map(|r| r.id);
    open(identity, actor, &account, role, &factors, proof.as_ref()).await
}

fn failure(reason: &'static str, code: Code) -> Problem {
    metrics::counter!("unionhall_login_failures_total", "reason" => reason).increment(1);
    Problem::new(code)
}

// Failures are counted by login name, known or not. A device the account knows has a count of its own, so
// nobody can slow a cadre down by failing in their name from elsewhere.
async fn failure_key(
    identity: &Identity,
    conn: &mut unionhall_storage::Conn,
    realm: Realm,
    username: &str,
    found: Option<&Account>,
    factors: &Factors,
) -> Result<Vec<u8>, Problem> {
    let name = username.to_lowercase();
    let blind = |text: String| identity.core.sealer.blind("login_failure", &text);
    if let (Some(account), Some(device)) = (found, &factors.device)
        && account::knows_device(conn, account.id, &device.id).await?
    {
        return Ok(blind(format!("{realm}|{name}|{}", device.id)));
    }
    Ok(blind(format!("{realm}|{name}")))
}

pub(crate) async fn second_factor(
    identity: &Identity,
    account: &Account,
    roles: &[Role],
    factors: &Factors,
    now: DateTime<Utc>,
) -> Result<Option<otp::Proof>, Problem> {
    if !matches!(account.realm, Realm::Cadre | Realm::Auditor) {
        return Ok(None);
    }
    let core = &identity.core;
    let failed = || failure("second_factor", Code::SecondFactorFailed);
    let required =
        |factors: &[&str]| Problem::new(Code::SecondFactorRequired).with("factors", json!(factors));
    // Cadres of the county and above and auditors: TOTP. Below: a code by SMS and a device.
    if roles.iter().any(|r| r.totp) || account.has_totp() {
        let given = factors.totp.as_deref().ok_or_else(|| required(&["totp"]))?;
        let secret = account.totp(&core.sealer)?.ok_or_else(failed)?;
        let step = totp::matching_step(&secret, now, given).ok_or_else(failed)?;
        let fresh = account::take_totp_step(&mut *core.db.writer().await?, account.id, step).await?;
        return if fresh { Ok(None) } else { Err(failed()) };
    }
    let (Some(code), Some(_)) = (factors.otp.as_deref(), &factors.device) else {
        return Err(required(&["otp", "device"]));
    };
    mobile_factor(identity, account, code).await.map(Some)
}

/// A code sent to the mobile of `account`.
///
/// # Errors
/// `SECOND_FACTOR_FAILED` for a wrong code, and for an account without a mobile.
pub(crate) async fn mobile_factor(
    identity: &Identity,
    account: &Account,
    code: &str,
) -> Result<otp::Proof, Problem> {
    let core = &identity.core;
    let failed = || failure("second_factor", Code::SecondFactorFailed);
    let mobile = account.mobile(&core.sealer)?.ok_or_else(failed)?;
    otp::check(core, account.realm, Purpose::SecondFactor, &mobile, code)
        .await
        .map_err(|p| if p.code == Code::OtpInvalid { failed() } else { p })
}

pub(crate) async fn open(
    identity: &Identity,
    actor: &Actor,
    account: &Account,
    role: Option<Uuid>,
    factors: &Factors,
    proof: Option<&otp::Proof>,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let (now, session) = (core.now(), core.id());
    let Factors { device, binding_code, .. } = factors;
    let device = device.as_ref();
    core.db
        .write(async |tx| {
            if let Some(proof) = proof {
                proof.consume(tx, now).await?;
            }
            // A code by SMS alone makes nobody a cadre: the phone must be one of theirs.
            let is_bound = match device.filter(|_| proof.is_some() && account.realm == Realm::Cadre) {
                Some(device) => binding::admit(core, tx, account.id, device, binding_code.as_deref()).await?,
                None => false,
            };
            session::open(tx, session, (account.id, account.realm), role, device, now).await?;
            let event = actor.event(core.id(), now, None, "session.open", ("session", Some(session)));
            let mut event = event.changes(
                json!({"realm": account.realm, "device": device.is_some(), "device_bound": is_bound}),
            );
            event.actor_account = Some(account.id);
            event.actor_person = account.person;
            audit::append(tx, &event).await
        })
        .await?;
    identity.states.forget(account.id);
    issue(identity, account.id, session, role, 1).await
}

/// A device that changes hands.
#[derive(Debug)]
pub struct HandOver<'a> {
    /// Whose session ends.
    pub from: &'a Principal,
    /// The account whose session begins, and its role.
    pub to: (Uuid, Uuid),
    /// The device.
    pub device: &'a Device,
    /// Whom it concerns: the path the audit row hangs on.
    pub path: Option<&'a str>,
    /// What the audit row says beside.
    pub changes: serde_json::Value,
}

/// Hands a device over: the session of `from` ends, and one of another account's, in a role of theirs, begins on it. The
/// caller has judged that the other may have it, by a PIN: the session serves the till alone.
///
/// # Errors
/// `NOT_FOUND` for an account that may not log in; `UNAUTHENTICATED` when the session of `from` is over already.
pub async fn hand_over(identity: &Identity, actor: &Actor, it: &HandOver<'_>) -> Result<Tokens, Problem> {
    let HandOver { from, to: (account, role), device, path, changes } = it;
    let core = &identity.core;
    let (now, session) = (core.now(), core.id());
    core.db
        .write(async |tx| {
            let to = account::get(tx, *account).await?.filter(Account::may_log_in);
            let to = to.ok_or_else(Problem::not_found)?;
            if !session::end(tx, from.session, from.account, "handed_over", now).await? {
                return Err(Problem::new(Code::Unauthenticated));
            }
            session::open(tx, session, (to.id, to.realm), Some(*role), Some(device), now).await?;
            session::pin(tx, session).await?;
            let event = actor.event(core.id(), now, *path, "session.hand_over", ("session", Some(session)));
            audit::append(tx, &event.changes(changes.clone())).await
        })
        .await?;
    identity.states.forget(from.account);
    identity.states.forget(*account);
    issue(identity, *account, session, Some(*role), 1).await
}

pub(crate) async fn issue(
    identity: &Identity,
    account: Uuid,
    session: Uuid,
    role: Option<Uuid>,
    seq: i32,
) -> Result<Tokens, Problem> {
    let now = identity.core.now();
    let state = identity.states.get(account).await?;
    let AccountState { account, roles, .. } = state.as_ref();
    let access = identity.tokens.issue(now, (account.id, account.realm, account.epoch), session, role)?;
    Ok(Tokens {
        access,
        refresh: identity.refresh_key.token(session, seq),
        account: account.id,
        realm: account.realm,
        roles: roles.iter().filter(|r| r.in_force(now)).cloned().collect(),
        current: role,
    })
}

/// Uses a refresh token.
///
/// # Errors
/// `REFRESH_INVALID` for a token that is not live; a replay also ends the session.
pub async fn refresh(identity: &Identity, token: &str, device: &str) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let now = core.now();
    let invalid = || Problem::new(Code::RefreshInvalid);
    let (family, seq) = identity.refresh_key.open(token).ok_or_else(invalid)?;
    let outcome = core.db.write(async |tx| session::refresh(tx, family, seq, device, now).await).await?;
    let (account, role, seq) = match outcome {
        Refreshed::Successor { account, role, seq } => (account, role, seq),
        Refreshed::Killed { account } => {
            identity.states.forget(account);
            return Err(invalid());
        }
        Refreshed::Dead => return Err(invalid()),
    };
    if role.is_none() {
        // Who had no role may have been given one a moment ago, by another copy, and refreshes to act in it.
        identity.states.forget(account);
    }
    let state = identity.states.get(account).await?;
    if !state.account.may_log_in() {
        return Err(invalid());
    }
    // A post that ended since gives way to the default one.
    let role =
        role.filter(|r| state.role(*r, now).is_some()).or_else(|| state.default_role(now).map(|r| r.id));
    issue(identity, account, family, role, seq).await
}
