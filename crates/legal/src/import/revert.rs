//! Takes rows of a file of lawyers back: what nobody changed since, and nobody whose account was activated.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account;
use unionhall_kernel::Problem;
use unionhall_registry::import::kept::{CHANGED_SINCE, IN_USE};
use unionhall_registry::import::room::Undo;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::{Did, Memo};
use crate::firm::Firm;
use crate::lawyer::{self, Lawyer};
use crate::schema::{
    legal_affiliation as affiliations, legal_firm as firms, legal_lawyer as lawyers, legal_notice as notices,
};

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
        if let Err(why) = undo(core, conn, memo).await? {
            kept.push((row.id, why));
        }
    }
    Ok(kept)
}

async fn undo(core: &Core, conn: &mut Conn, memo: Memo) -> Result<Result<(), &'static str>, Problem> {
    let locked = lawyers::table.find(memo.lawyer).select(Lawyer::as_select()).for_update();
    let Some(of) = locked.first::<Lawyer>(conn).await.optional()? else { return Ok(Err(CHANGED_SINCE)) };
    match memo.did {
        Did::Nothing => return Ok(Ok(())),
        Did::Made(version) | Did::Changed(version, _) if of.version != version => {
            return Ok(Err(CHANGED_SINCE));
        }
        Did::Changed(_, before) => {
            let firm: Firm = firms::table.find(before.firm).select(Firm::as_select()).first(conn).await?;
            lawyer::change(core, conn, &Actor::task(), &of, (&firm, &before.into())).await?;
        }
        Did::Made(_) => {
            let invited = account::get(conn, of.account_id).await?;
            if invited.is_none_or(|account| account.state != account::State::Invited) {
                return Ok(Err(IN_USE));
            }
            diesel::delete(notices::table.filter(notices::lawyer_id.eq(of.id))).execute(conn).await?;
            diesel::delete(affiliations::table.filter(affiliations::lawyer_id.eq(of.id)))
                .execute(conn)
                .await?;
            diesel::delete(lawyers::table.find(of.id)).execute(conn).await?;
            account::set_state(conn, of.account_id, account::State::Closed, core.now()).await?;
            note(core, conn, &of.path, ("lawyer", of.id), Some(of.person_id)).await?;
        }
    }
    if let Some((firm, version)) = memo.firm {
        let row = firms::table.find(firm).filter(firms::version.eq(version));
        if diesel::delete(row).execute(conn).await? == 0 {
            return Ok(Err(CHANGED_SINCE));
        }
        note(core, conn, &of.path, ("firm", firm), None).await?;
    }
    Ok(Ok(()))
}

async fn note(
    core: &Core,
    conn: &mut Conn,
    path: &str,
    (kind, id): (&str, Uuid),
    person: Option<Uuid>,
) -> Result<(), Problem> {
    let action = if kind == "firm" { "firm.take_back" } else { "lawyer.take_back" };
    let mut event = Actor::task().event(core.id(), core.now(), Some(path), action, (kind, Some(id)));
    if let Some(person) = person {
        event = event.about(person);
    }
    audit::append(conn, &event.changes(json!({"by": "import"}))).await
}
