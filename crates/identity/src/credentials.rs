//! What an account logs in with: set by activating an invited account, changed later.

use unionhall_kernel::{Code, Mobile, Pii, Problem};
use unionhall_storage::audit;
use unionhall_web::{Actor, Principal, Realm};

use crate::account::{self, State};
use crate::otp::{self, Purpose};
use crate::password::Verdict;
use crate::{Identity, counts, session, totp};

/// What an invited person gets when they activate their account.
#[derive(Debug)]
pub struct Activated {
    /// Base32 TOTP secret, shown once, where their posts need one.
    pub totp: Option<(String, String)>,
}

/// Activates an invited account: proves the mobile, sets the password, enrols TOTP where a post needs it. An account that
/// is active and was granted its first post that takes TOTP enrols here too, with the password it has: until then
/// the post waits, and what the account had goes on.
///
/// # Errors
/// `OTP_INVALID` alike for a wrong code, an unknown mobile, an account that waits for nothing and a wrong password.
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
    let now = core.now();
    let index = account::mobile_index(&core.sealer, mobile);
    let found = account::find_by_mobile(&mut *core.db.writer().await?, realm, &index).await?;
    let held = found.filter(|a| a.state == State::Active).and_then(|a| a.password_hash);
    let right = match &held {
        Some(_) => identity.passwords.verify(password.clone(), held.clone()).await? != Verdict::Wrong,
        None => false,
    };
    let hash = match held {
        Some(hash) => hash,
        None => identity.passwords.hash(password, core.ids.as_ref()).await?,
    };
    let secret = totp::new_secret(core.ids.as_ref());
    let done = core
        .db
        .write(async |tx| {
            // Used up even when the password is wrong: a code is one guess.
            proof.consume(tx, now).await?;
            let Some(account) = account::find_by_mobile(tx, realm, &index).await? else { return Ok(None) };
            let enrol = identity.states.granted_to(tx, &account).await?.iter().any(|r| r.totp);
            let action = match account.state {
                State::Invited => "account.activate",
                State::Active if right && enrol && !account.has_totp() => "account.enrol",
                _ => return Ok(None),
            };
            account::activate(core, tx, account.id, &hash, enrol.then_some(secret.as_slice())).await?;
            session::end_all(tx, account.id, "activated", now).await?;
            let mut event = actor.event(core.id(), now, None, action, ("account", Some(account.id)));
            event.actor_account = Some(account.id);
            event.actor_person = account.person;
            audit::append(tx, &event).await?;
            Ok(Some((account.id, enrol)))
        })
        .await?;
    let (id, enrolled) = done.ok_or_else(|| Problem::new(Code::OtpInvalid))?;
    identity.states.forget(id);
    let totp = enrolled.then(|| (totp::base32(&secret), totp::uri(&secret, mobile.masked().as_str())));
    Ok(Activated { totp })
}

/// Changes the caller's password. Every session ends, the caller's too.
///
/// # Errors
/// `LOGIN_FAILED` when the present password is wrong; `LOGIN_DELAYED` after failures, as at the login.
pub async fn change_password(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
    present: Pii<String>,
    new: Pii<String>,
) -> Result<(), Problem> {
    let core = &identity.core;
    let (now, id) = (core.now(), principal.account);
    // A count of its own: who has a stolen token must neither guess here nor slow the owner's login down.
    let key = core.sealer.blind("password_failure", &id.to_string());
    let wait = counts::attempt(core, &key).await?;
    if wait > 0 {
        return Err(Problem::new(Code::LoginDelayed).retry_after(wait));
    }
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
            counts::succeeded(tx, &key).await?;
            audit::append(tx, &actor.event(core.id(), now, None, "account.password", ("account", Some(id))))
                .await
        })
        .await?;
    identity.states.forget(id);
    Ok(())
}
