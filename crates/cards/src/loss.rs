//! Loss: reporting needs no proof and works at once; undoing it, or taking a new card, takes a fresh code sent
//! to the member's own mobile.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::assist;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::membership;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Principal};
use uuid::Uuid;

use crate::issue;
use crate::standing::Status;
use crate::store::{self, CardView};

/// Published when a card was lost, found or revoked: [`Changed`]. A replacement is the news of the new card.
pub const CHANGED: &str = "card.changed";

/// What [`CHANGED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// Names this change: a card can be lost twice.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// What became of it.
    pub what: What,
}

/// What became of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Reported lost, by its holder or a cadre.
    Lost,
    /// Found again.
    Found,
    /// Revoked by a cadre.
    Revoked,
}

/// Days in which a lost card can still be found; afterwards it is only replaced.
const FOUND_DAYS: i64 = 7;

async fn note(
    core: &Core,
    conn: &mut Conn,
    actor: &Actor,
    action: &str,
    card: &CardView,
    reason: Option<&str>,
) -> Result<(), Problem> {
    let id = ("card", Some(card.id));
    let mut event = actor.event(core.id(), core.now(), card.path.as_deref(), action, id).about(card.person);
    event.reason = reason.map(ToOwned::to_owned);
    event.changes = json!({"from": card.status.as_str()});
    audit::append(conn, &event).await
}

async fn publish(core: &Core, conn: &mut Conn, card: &CardView, what: What) -> Result<(), Problem> {
    let news = Changed { id: core.id(), person_id: card.person, what };
    outbox::publish(conn, news.id, core.now(), CHANGED, &news).await
}

/// A member reports their card lost. Reporting a lost card again changes nothing.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_STATE` for a card that is replaced or revoked.
pub async fn report_own(core: &Core, actor: &Actor, person: Uuid, id: Uuid) -> Result<CardView, Problem> {
    core.db
        .write(async |tx| {
            let card = store::own(tx, person, id, core.today()).await?;
            if card.status != Status::Lost {
                store::set_status(tx, &card, Status::Lost, Some(core.now())).await?;
                note(core, tx, actor, "card.report_lost", &card, None).await?;
                publish(core, tx, &card, What::Lost).await?;
            }
            store::own(tx, person, id, core.today()).await
        })
        .await
}

/// A cadre reports a member's card lost for them, or revokes it.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE`.
pub async fn set_by_cadre(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(&CardView) -> Result<(), Problem>,
    to: Status,
    reason: &str,
) -> Result<CardView, Problem> {
    core.db
        .write(async |tx| {
            let card = store::scoped(tx, scope, id, core.today()).await?;
            check(&card)?;
            let (action, what, lost_at) = match to {
                Status::Lost => ("card.report_lost", What::Lost, Some(core.now())),
                _ => ("card.revoke", What::Revoked, card.lost_at),
            };
            store::set_status(tx, &card, to, lost_at).await?;
            note(core, tx, actor, action, &card, Some(reason)).await?;
            publish(core, tx, &card, what).await?;
            store::scoped(tx, scope, id, core.today()).await
        })
        .await
}

/// Issues a new card for one that was revoked by mistake: the old one stays dead, and its codes with it.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE` unless it is revoked, the membership is ACTIVE and no other card lives.
pub async fn reissue(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(&CardView) -> Result<(), Problem>,
    reason: &str,
) -> Result<CardView, Problem> {
    let done = core
        .db
        .write(async |tx| {
            let card = store::scoped(tx, scope, id, core.today()).await?;
            check(&card)?;
            let standing = membership::standing(tx, card.person).await?;
            let standing = standing
                .filter(|s| s.state == membership::State::Active && card.status == Status::Revoked)
                .ok_or_else(|| Problem::new(Code::InvalidState))?;
            note(core, tx, actor, "card.reissue", &card, Some(reason)).await?;
            let union = (standing.org, standing.path.as_str());
            let new = issue::issue(core, tx, actor, card.person, union, Some(card.id)).await?;
            store::scoped(tx, scope, new, core.today()).await
        })
        .await;
    // A card that lives is the one to use; whoever asked for another has not seen it.
    done.map_err(|problem| match problem.code {
        Code::AlreadyExists => Problem::new(Code::InvalidState),
        _ => problem,
    })
}

/// A member found the card again, within seven days.
///
/// # Errors
/// `OTP_INVALID`; `INVALID_STATE` when it is not lost or the seven days are over.
pub async fn found(
    core: &Core,
    actor: &Actor,
    (me, person): (&Principal, Uuid),
    id: Uuid,
    code: Option<&str>,
) -> Result<CardView, Problem> {
    // A card that is not theirs is told before a try is counted against the code.
    store::own(&mut *core.db.read().await?, person, id, core.today()).await?;
    let wish = assist::wish(core, me, code).await?;
    core.db
        .write(async |tx| {
            wish.consume(tx, core.now()).await?;
            let card = store::own(tx, person, id, core.today()).await?;
            let in_time = card.lost_at.is_some_and(|at| core.now() - at <= Duration::days(FOUND_DAYS));
            if card.status != Status::Lost || !in_time {
                return Err(Problem::new(Code::InvalidState));
            }
            store::set_status(tx, &card, Status::Active, None).await?;
            note(core, tx, actor, "card.found", &card, None).await?;
            publish(core, tx, &card, What::Found).await?;
            store::own(tx, person, id, core.today()).await
        })
        .await
}

/// A member replaces a lost card: a new one with a new number; every code of the old one is dead.
///
/// # Errors
/// `OTP_INVALID`; `INVALID_STATE` when it is not lost or the membership is not ACTIVE.
pub async fn replace(
    core: &Core,
    actor: &Actor,
    (me, person): (&Principal, Uuid),
    id: Uuid,
    code: Option<&str>,
) -> Result<CardView, Problem> {
    // A card that is not theirs is told before a try is counted against the code.
    store::own(&mut *core.db.read().await?, person, id, core.today()).await?;
    let wish = assist::wish(core, me, code).await?;
    core.db
        .write(async |tx| {
            wish.consume(tx, core.now()).await?;
            let card = store::own(tx, person, id, core.today()).await?;
            let standing = membership::standing(tx, person).await?;
            let standing = standing
                .filter(|s| {
                    s.state == membership::State::Active && card.status == Status::Lost && card.is_virtual()
                })
                .ok_or_else(|| Problem::new(Code::InvalidState))?;
            store::set_status(tx, &card, Status::Replaced, card.lost_at).await?;
            note(core, tx, actor, "card.replace", &card, None).await?;
            let union = (standing.org, standing.path.as_str());
            let new = issue::issue(core, tx, actor, person, union, Some(card.id)).await?;
            store::own(tx, person, new, core.today()).await
        })
        .await
}
