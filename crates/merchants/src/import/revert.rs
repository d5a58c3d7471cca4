//! Takes rows of a file of merchants back: what nobody changed since. Foreign keys speak for what is in use.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_registry::import::kept::CHANGED_SINCE;
use unionhall_registry::import::room::Undo;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::{Did, Memo};
use crate::branch;
use crate::merchant::{self, Merchant};
use crate::schema::{merchant as merchants, merchant_branch as branches};

/// Takes rows back; answers those that stay.
///
/// # Errors
/// A foreign key's refusal, for what is in use.
pub(super) async fn revert(
    core: &Core,
    conn: &mut Conn,
    rows: &[Undo],
) -> Result<Vec<(Uuid, &'static str)>, Problem> {
    let mut kept = Vec::new();
    for row in rows {
        let memo: Memo = serde_json::from_value(row.memo.clone())?;
        if !undo(core, conn, memo).await? {
            kept.push((row.id, CHANGED_SINCE));
        }
    }
    Ok(kept)
}

/// Takes one row back, unless somebody changed what it wrote.
async fn undo(core: &Core, conn: &mut Conn, memo: Memo) -> Result<bool, Problem> {
    let Memo { merchant: id, merchant_did, branch } = memo;
    let found: Option<Merchant> =
        merchants::table.find(id).select(Merchant::as_select()).for_update().first(conn).await.optional()?;
    let Some(of) = found else { return Ok(false) };
    let is_ours = match &merchant_did {
        Did::Nothing => true,
        Did::Made(version) | Did::Changed(version, _) => of.version == *version,
    };
    if !is_ours || !is_branch_ours(conn, branch.as_ref()).await? {
        return Ok(false);
    }
    match branch {
        Some((branch, Did::Made(_))) => {
            diesel::delete(branches::table.find(branch)).execute(conn).await?;
            note(core, conn, &of, ("merchant_branch", branch)).await?;
        }
        Some((branch, Did::Changed(version, before))) => {
            branch::change(core, conn, &Actor::task(), &of, (branch, version), &before).await?;
        }
        Some((_, Did::Nothing)) | None => {}
    }
    match merchant_did {
        Did::Made(_) => {
            diesel::delete(merchants::table.find(id)).execute(conn).await?;
            note(core, conn, &of, ("merchant", id)).await?;
        }
        Did::Changed(_, before) => {
            merchant::change(core, conn, &Actor::task(), &of, &before.into_details()?).await?;
        }
        Did::Nothing => {}
    }
    Ok(true)
}

async fn is_branch_ours<T>(conn: &mut Conn, branch: Option<&(Uuid, Did<T>)>) -> Result<bool, Problem> {
    let Some((id, Did::Made(left) | Did::Changed(left, _))) = branch else { return Ok(true) };
    let version: Option<i32> =
        branches::table.find(id).select(branches::version).for_update().first(conn).await.optional()?;
    Ok(version == Some(*left))
}

async fn note(core: &Core, conn: &mut Conn, of: &Merchant, what: (&str, Uuid)) -> Result<(), Problem> {
    let (kind, id) = what;
    let event =
        Actor::task().event(core.id(), core.now(), Some(&of.path), "merchant.take_back", (kind, Some(id)));
    audit::append(conn, &event.changes(json!({"name": of.name, "uscc": of.uscc}))).await
}
