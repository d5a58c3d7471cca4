//! The steps of E6: submit, approve by another person, return, pause, resume.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;

use super::{By, Campaign, CampaignState, OfferKind, allowed, get};
use crate::code_pool;
use crate::schema::campaign;

/// Takes the version that was read; who comes second is told.
pub(super) async fn bump(tx: &mut Conn, before: &Campaign) -> Result<(), Problem> {
    let bumped = diesel::update(campaign::table.find(before.id).filter(campaign::version.eq(before.version)))
        .set(campaign::version.eq(campaign::version + 1))
        .execute(tx)
        .await?;
    if bumped == 1 { Ok(()) } else { Err(Problem::new(Code::Stale)) }
}

/// Refuses whoever entered or changed it.
pub(super) fn another(by: By<'_>, of: &Campaign) -> Result<(), Problem> {
    if by.person == of.entered_by || by.person == of.changed_by {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    Ok(())
}

/// A step of E6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// DRAFT → REVIEW
    Submit,
    /// REVIEW → APPROVED, by another natural person
    Approve,
    /// REVIEW → DRAFT, with a reason
    Return(&'a str),
    /// APPROVED → PAUSED
    Pause,
    /// PAUSED → APPROVED
    Resume,
}

/// Takes a step.
///
/// # Errors
/// `INVALID_STATE` when E6 does not allow it, `NOT_ANOTHER_PERSON` when who approves entered or changed it,
/// `STALE` when it changed since it was read.
pub async fn take(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Campaign,
    step: Step<'_>,
) -> Result<Campaign, Problem> {
    let (to, action, reason) = match step {
        Step::Submit => (CampaignState::Review, "campaign.submit", None),
        Step::Approve => (CampaignState::Approved, "campaign.approve", None),
        Step::Return(reason) => (CampaignState::Draft, "campaign.return", Some(reason)),
        Step::Pause => (CampaignState::Paused, "campaign.pause", None),
        Step::Resume => (CampaignState::Approved, "campaign.resume", None),
    };
    // Two steps lead to APPROVED: which one it may be depends on where it stands.
    let from_paused = before.state == CampaignState::Paused;
    if !allowed(before.state, to) || (to == CampaignState::Approved && from_paused != (step == Step::Resume))
    {
        return Err(Problem::new(Code::InvalidState));
    }
    let now = core.now();
    if step == Step::Approve {
        another(by, before)?;
        module::require(tx, &before.path, Module::Benefits, core.today()).await?;
    }
    if step == Step::Submit && before.terms.kind == OfferKind::CodePool {
        // Nobody approves a number of codes that are not there.
        let free = code_pool::free(tx, before.id).await?;
        if before.terms.quota.is_some_and(|quota| free < quota) {
            return Err(Problem::new(Code::InvalidState).with_detail("兑换码少于总数量，请先上传兑换码。"));
        }
    }
    bump(tx, before).await?;
    diesel::update(campaign::table.find(before.id))
        .set((campaign::state.eq(to.as_str()), campaign::return_reason.eq(reason)))
        .execute(tx)
        .await?;
    if step == Step::Approve {
        diesel::update(campaign::table.find(before.id))
            .set((campaign::approved_by.eq(by.person), campaign::approved_at.eq(now)))
            .execute(tx)
            .await?;
    }
    let mut event = by.actor.event(core.id(), now, Some(&before.path), action, ("campaign", Some(before.id)));
    event.reason = reason.map(str::to_owned);
    let changes = json!({"state": [before.state.as_str(), to.as_str()]});
    audit::append(tx, &event.changes(changes)).await?;
    get(tx, by.scope, before.id).await
}
