//! Ending sessions.

use unionhall_kernel::{Code, Problem};
use unionhall_storage::audit;
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use crate::{Identity, session};

/// Ends the caller's session.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn logout(identity: &Identity, actor: &Actor, principal: &Principal) -> Result<(), Problem> {
    match end_session(identity, actor, principal, principal.session).await {
        // Somebody else ended it a moment ago: it is over, which is what was asked.
        Err(problem) if problem.code == Code::NotFound => Ok(()),
        other => other,
    }
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
