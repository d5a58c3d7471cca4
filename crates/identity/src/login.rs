//! Logging in: with a password and a second factor, or with a code sent to a mobile; and what else hands out
//! tokens (refresh, switching role, activating an invited account).

use chrono::{DateTime, Utc};
use serde_json::json;
use unionhall_kernel::{Code, Mobile, Pii, Problem};
use unionhall_storage::audit;
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal, Realm, Role};
use uuid::Uuid;

use crate::account::{self, Account, NewAccount, State};
use crate::consent::{self, Given};
use crate::otp::{self, Purpose};
use crate::password::Verdict;
use crate::session::{self, Device, Refreshed};
use crate::state::AccountState;
use crate::{Identity, counts, totp};

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
}

/// Logs in with a password.
///
/// # Errors
/// `LOGIN_FAILED` alike for an unknown name, a wrong password and a blocked account; `LOGIN_DELAYED` after
/// failures; `SECOND_FACTOR_REQUIRED` with `factors`; `SECOND_FACTOR_FAILED`.
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
        return Err(Problem::new(Code::LoginDelayed).retry_after(wait));
    }
    let phc = found.as_ref().and_then(|a| a.password_hash.clone());
    let verdict = identity.passwords.verify(password.clone(), phc).await?;
    let right = found.filter(|a| verdict != Verdict::Wrong && a.may_log_in());
    let account = right.ok_or_else(|| Problem::new(Code::LoginFailed))?;
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
    open(identity, actor, &account, role, factors.device.as_ref(), proof.as_ref()).await
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

async fn second_factor(
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
    let failed = || Problem::new(Code::SecondFactorFailed);
    let required =
        |factors: &[&str]| Problem::new(Code::SecondFactorRequired).with("factors", json!(factors));
    // Cadres of the county and above and auditors: TOTP. Below: a code by SMS and a device.
    if roles.iter().any(|r| r.totp) || account.totp_secret.is_some() {
        let given = factors.totp.as_deref().ok_or_else(|| required(&["totp"]))?;
        let secret = account.totp(&core.sealer)?.ok_or_else(failed)?;
        let step = totp::matching_step(&secret, now, given).ok_or_else(failed)?;
        let fresh = account::take_totp_step(&mut *core.db.writer().await?, account.id, step).await?;
        return if fresh { Ok(None) } else { Err(failed()) };
    }
    let (Some(code), Some(_)) = (factors.otp.as_deref(), &factors.device) else {
        return Err(required(&["otp", "device"]));
    };
    let mobile = account.mobile(&core.sealer)?.ok_or_else(failed)?;
    otp::check(core, account.realm, Purpose::SecondFactor, &mobile, code)
        .await
        .map(Some)
        .map_err(|p| if p.code == Code::OtpInvalid { failed() } else { p })
}

async fn open(
    identity: &Identity,
    actor: &Actor,
    account: &Account,
    role: Option<Uuid>,
    device: Option<&Device>,
    proof: Option<&otp::Proof>,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let (now, session) = (core.now(), core.id());
    core.db
        .write(async |tx| {
            if let Some(proof) = proof {
                proof.consume(tx, now).await?;
            }
            session::open(tx, session, (account.id, account.realm), role, device, now).await?;
            let event = actor.event(core.id(), now, None, "session.open", ("session", Some(session)));
            let mut event = event.changes(json!({"realm": account.realm, "device": device.is_some()}));
            event.actor_account = Some(account.id);
            event.actor_person = account.person;
            audit::append(tx, &event).await
        })
        .await?;
    identity.states.forget(account.id);
    issue(identity, account.id, session, role, 1).await
}

async fn issue(
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
}

/// Logs in with a code; in the member realm an unknown mobile becomes an account at level 0.
///
/// # Errors
/// `OTP_INVALID` alike for a wrong code and, outside the member realm, for an unknown mobile.
pub async fn with_otp(
    identity: &Identity,
    actor: &Actor,
    realm: Realm,
    mobile: &Mobile,
    code: &str,
    device: &Device,
    consents: &[Given],
) -> Result<MemberLogin, Problem> {
    let core = &identity.core;
    let proof = otp::check(core, realm, Purpose::Login, mobile, code).await?;
    let now = core.now();
    let index = account::mobile_index(&core.sealer, mobile);
    let session = core.id();
    let (account, is_new, consents_due) = core
        .db
        .write(async |tx| {
            proof.consume(tx, now).await?;
            let found = account::find_by_mobile(tx, realm, &index).await?;
            let is_new = found.is_none();
            let account = match found {
                Some(account) if account.may_log_in() => account,
                None if realm == Realm::Member => {
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
                    account::get(tx, id).await?.ok_or_else(|| Problem::new(Code::Internal))?
                }
                _ => return Err(Problem::new(Code::OtpInvalid)),
            };
            consent::give(core, tx, account.id, consents, &actor.channel).await?;
            let due = consent::due(tx, account.id).await?;
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
            audit::append(tx, &event.changes(json!({"realm": realm, "new_account": is_new}))).await?;
            Ok(((account, role), is_new, due))
        })
        .await?;
    let (account, role) = account;
    identity.states.forget(account.id);
    let tokens = issue(identity, account.id, session, role, 1).await?;
    Ok(MemberLogin { tokens, is_new, level: account.level, consents_due })
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
    let state = identity.states.get(account).await?;
    if !state.account.may_log_in() {
        return Err(invalid());
    }
    // A post that ended since gives way to the default one.
    let role =
        role.filter(|r| state.role(*r, now).is_some()).or_else(|| state.default_role(now).map(|r| r.id));
    issue(identity, account, family, role, seq).await
}

/// The roles of a natural person over all their accounts, with the account each belongs to.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn roles(identity: &Identity, principal: &Principal) -> Result<Vec<(Account, Role)>, Problem> {
    let now = identity.core.now();
    let mut conn = identity.core.db.read().await?;
    let accounts = match principal.person {
        Some(person) => account::of_person(&mut conn, person).await?,
        None => account::get(&mut conn, principal.account).await?.into_iter().collect(),
    };
    let mut found = Vec::new();
    for account in accounts.into_iter().filter(Account::may_log_in) {
        for role in identity.states.roles_of(&mut conn, &account).await? {
            if role.in_force(now) {
                found.push((account.clone(), role));
            }
        }
    }
    Ok(found)
}

/// Switches to another role of the same natural person. Entering the cadre realm from another takes its
/// second factor; within one account the session is replaced, since a token acts for one post.
///
/// # Errors
/// `NOT_FOUND` for a role that is not this person's; `SECOND_FACTOR_REQUIRED`, `SECOND_FACTOR_FAILED`.
pub async fn switch(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
    role: Uuid,
    factors: Factors,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let now = core.now();
    let all = roles(identity, principal).await?;
    let (account, _) = all.iter().find(|(_, r)| r.id == role).ok_or_else(Problem::not_found)?;
    let entering = account.realm != principal.realm;
    let mut conn = core.db.writer().await?;
    let device = session::device_of(&mut conn, principal.session).await?;
    drop(conn);
    let proof = if entering {
        let own: Vec<Role> = all.iter().filter(|(a, _)| a.id == account.id).map(|(_, r)| r.clone()).collect();
        let factors = Factors { device: factors.device.or_else(|| device.clone()), ..factors };
        second_factor(identity, account, &own, &factors, now).await?
    } else {
        None
    };
    if account.id == principal.account {
        core.db
            .write(async |tx| session::end(tx, principal.session, account.id, "switched", now).await)
            .await?;
    }
    open(identity, actor, account, Some(role), device.as_ref(), proof.as_ref()).await
}

/// Ends the caller's session.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn logout(identity: &Identity, actor: &Actor, principal: &Principal) -> Result<(), Problem> {
    end_session(identity, actor, principal, principal.session).await
}

/// Ends one of the caller's own sessions.
///
/// # Errors
/// `NOT_FOUND` when it is not theirs.
pub async fn end_session(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
    id: Uuid,
) -> Result<(), Problem> {
    let core = &identity.core;
    let now = core.now();
    core.db
        .write(async |tx| {
            session::owned(tx, id, principal.account).await?;
            session::end(tx, id, principal.account, "logout", now).await?;
            audit::append(tx, &actor.event(core.id(), now, None, "session.end", ("session", Some(id)))).await
        })
        .await?;
    identity.states.forget(principal.account);
    Ok(())
}

/// Ends all sessions of the caller's account.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn logout_everywhere(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
) -> Result<(), Problem> {
    let core = &identity.core;
    let (now, id) = (core.now(), principal.account);
    core.db
        .write(async |tx| {
            session::end_all(tx, id, "logout_everywhere", now).await?;
            audit::append(tx, &actor.event(core.id(), now, None, "session.end_all", ("account", Some(id))))
                .await
        })
        .await?;
    identity.states.forget(id);
    Ok(())
}

/// What an invited person gets when they activate their account.
#[derive(Debug)]
pub struct Activated {
    /// Base32 TOTP secret, shown once, where their posts need one.
    pub totp: Option<(String, String)>,
}

/// Activates an invited account: proves the mobile, sets the password, enrols TOTP where a post needs it.
///
/// # Errors
/// `OTP_INVALID` alike for a wrong code, an unknown mobile and an account that is not waiting.
pub async fn activate(
    identity: &Identity,
    actor: &Actor,
    realm: Realm,
    mobile: &Mobile,
    code: &str,
    password: Pii<String>,
) -> Result<Activated, Problem> {
    let core = &identity.core;
    let proof = otp::check(core, realm, Purpose::Confirm, mobile, code).await?;
    let hash = identity.passwords.hash(password, core.ids.as_ref()).await?;
    let now = core.now();
    let index = account::mobile_index(&core.sealer, mobile);
    let secret = totp::new_secret(core.ids.as_ref());
    let (id, enrolled) = core
        .db
        .write(async |tx| {
            proof.consume(tx, now).await?;
            let waiting = account::find_by_mobile(tx, realm, &index).await?;
            let account = waiting
                .filter(|a| a.state == State::Invited)
                .ok_or_else(|| Problem::new(Code::OtpInvalid))?;
            let roles = identity.states.roles_of(tx, &account).await?;
            let enrol = roles.iter().any(|r| r.totp);
            account::activate(core, tx, account.id, &hash, enrol.then_some(secret.as_slice())).await?;
            let mut event =
                actor.event(core.id(), now, None, "account.activate", ("account", Some(account.id)));
            event.actor_account = Some(account.id);
            event.actor_person = account.person;
            audit::append(tx, &event).await?;
            Ok((account.id, enrol))
        })
        .await?;
    identity.states.forget(id);
    let totp = enrolled.then(|| (totp::base32(&secret), totp::uri(&secret, mobile.masked().as_str())));
    Ok(Activated { totp })
}

/// Changes the caller's password. Every session ends, the caller's too.
///
/// # Errors
/// `LOGIN_FAILED` when the present password is wrong.
pub async fn change_password(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
    present: Pii<String>,
    new: Pii<String>,
) -> Result<(), Problem> {
    let core = &identity.core;
    let (now, id) = (core.now(), principal.account);
    let account = account::get(&mut *core.db.writer().await?, id).await?;
    let phc = account.and_then(|a| a.password_hash);
    if identity.passwords.verify(present, phc).await? == Verdict::Wrong {
        return Err(Problem::new(Code::LoginFailed));
    }
    let hash = identity.passwords.hash(new, core.ids.as_ref()).await?;
    core.db
        .write(async |tx| {
            account::set_password(tx, id, &hash, now).await?;
            session::end_all(tx, id, "password", now).await?;
            audit::append(tx, &actor.event(core.id(), now, None, "account.password", ("account", Some(id))))
                .await
        })
        .await?;
    identity.states.forget(id);
    Ok(())
}
