//! Closing an account for good. What it was is kept; its mobile is free, and nobody logs in to it any more.

use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;

use crate::account::Account;
use crate::{account, consent, session};

/// Closes an account in the caller's transaction: its sessions end, its consents are withdrawn, its mobile is free. The
/// person, their membership and every record of money stay.
///
/// # Errors
/// `INVALID_STATE` when it is closed already, or was bound to a person since it was read.
pub async fn close(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    account: &Account,
    reason: &str,
) -> Result<(), Problem> {
    let (now, id) = (core.now(), account.id);
    session::end_all(tx, id, "closed", now).await?;
    consent::withdraw_all(tx, id, now).await?;
    account::close(tx, account, now).await?;
    let mut event = actor.event(core.id(), now, None, "account.close", ("account", Some(id)));
    event.subject_person = account.person;
    audit::append(tx, &event.reason(reason).changes(json!({"state": [account.state.as_str(), "CLOSED"]})))
        .await
}
