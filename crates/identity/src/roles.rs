//! The roles of a natural person, and switching between them.

use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_web::{Actor, Principal, Role};
use uuid::Uuid;

use crate::account::{self, Account};
use crate::login::{Factors, Tokens, mobile_factor, open, second_factor};
use crate::{Identity, otp, session};

/// The roles of a natural person over all their accounts, with the account each belongs to.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn all(identity: &Identity, principal: &Principal) -> Result<Vec<(Account, Role)>, Problem> {
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

/// Switches to another role of the same natural person. Entering the cadre realm from another takes its second factor;
/// entering any other account takes a code to its mobile, unless both have the same one: that somebody else bound
/// two accounts to one person proves nothing about who holds this token. Within one account the session is
/// replaced, since a token acts for one post.
///
/// # Errors
/// `NOT_FOUND` for a role that is not this person's; `SECOND_FACTOR_REQUIRED`, `SECOND_FACTOR_FAILED`, `DEVICE_NOT_BOUND`.
pub async fn switch(
    identity: &Identity,
    actor: &Actor,
    principal: &Principal,
    role: Uuid,
    factors: Factors,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let now = core.now();
    let all = all(identity, principal).await?;
    let (account, _) = all.iter().find(|(_, r)| r.id == role).ok_or_else(Problem::not_found)?;
    let entering = account.id != principal.account;
    let mut conn = core.db.writer().await?;
    let device = session::device_of(&mut conn, principal.session).await?;
    drop(conn);
    let factors = Factors { device: factors.device.or(device), ..factors };
    let proof = if entering {
        let own: Vec<Role> = all.iter().filter(|(a, _)| a.id == account.id).map(|(_, r)| r.clone()).collect();
        let cadre = second_factor(identity, account, &own, &factors, now).await?;
        match cadre {
            None if !account.has_totp() => phone_factor(identity, principal, account, &factors).await?,
            proof => proof,
        }
    } else {
        None
    };
    if account.id == principal.account {
        core.db
            .write(async |tx| session::end(tx, principal.session, account.id, "switched", now).await)
            .await?;
    }
    open(identity, actor, account, Some(role), &factors, proof.as_ref()).await
}

// A code to the mobile of the account that is entered, where it is another phone than the one this account proved.
async fn phone_factor(
    identity: &Identity,
    principal: &Principal,
    account: &Account,
    factors: &Factors,
) -> Result<Option<otp::Proof>, Problem> {
    let own = account::get(&mut *identity.core.db.read().await?, principal.account).await?;
    let own = own.as_ref().and_then(Account::mobile_index);
    if own.is_some() && own == account.mobile_index() {
        return Ok(None);
    }
    let Some(code) = factors.otp.as_deref() else {
        return Err(Problem::new(Code::SecondFactorRequired).with("factors", json!(["otp"])));
    };
    mobile_factor(identity, account, code).await.map(Some)
}
