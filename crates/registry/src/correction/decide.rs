//! The union's side: looking at the evidence, and the decision.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use unionhall_identity::{account, person};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::store::moved;
use super::{Change, Correction, Facts, State, changes, get};
use crate::profile;

/// Published when a correction was decided: [`Decided`].
pub const DECIDED: &str = "correction.decided";

/// What [`DECIDED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// The correction, which is decided once.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// Whether the facts hold now.
    pub approved: bool,
}

/// What a union decides.
#[derive(Debug, Clone)]
pub enum Decision {
    /// The facts are as the member says.
    Approve,
    /// No, and why.
    Reject(String),
}

/// Shows a reviewer what is on record and what it should be, in full, to compare with the evidence. The intent is
/// committed before anything is read, and the member can see who looked.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn look(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
) -> Result<(Correction, Vec<Change>), Problem> {
    let (found, path) = get(&mut *core.db.read().await?, scope, id).await?;
    let facts = found.facts()?;
    let note = |outcome: &str| {
        actor
            .event(core.id(), core.now(), Some(&path), "correction.evidence", ("correction", Some(id)))
            .about(found.person_id)
            .outcome(outcome)
    };
    core.db.write(async |tx| audit::append(tx, &note("intent")).await).await?;
    let all = core
        .db
        .write(async |tx| {
            let present = present(core, tx, found.person_id).await?;
            audit::append(tx, &note("done")).await?;
            Ok(changes(&present, &facts))
        })
        .await?;
    Ok((found, all))
}

async fn present(core: &Core, tx: &mut Conn, person: Uuid) -> Result<Facts, Problem> {
    let name = person::view(&core.sealer, tx, person).await?.name;
    Ok(Facts::present(&name, profile::details(tx, person).await?))
}

/// Decides a correction; what is approved holds from now on.
///
/// # Errors
/// `NOT_FOUND` out of scope; what `check` says of its version; `STALE` when another decision came first;
/// `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own, by person and by mobile.
pub async fn decide(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Correction, Problem> {
    core.db
        .write(async |tx| {
            let (read, path) = get(tx, scope, id).await?;
            check(read.version)?;
            let (to, action, reason) = match decision {
                Decision::Approve => (State::Approved, "correction.approve", None),
                Decision::Reject(reason) => (State::Rejected, "correction.reject", Some(reason.as_str())),
            };
            if !read.state().may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            another_person(tx, actor, &read).await?;
            // First of all: of two decisions at once the second finds another version and does nothing.
            let done = moved(tx, &read, to, (actor.person, reason, core.now())).await?;
            let done = done.ok_or_else(|| Problem::new(Code::Stale))?;
            let changed = match decision {
                Decision::Approve => apply(core, tx, &read).await?,
                Decision::Reject(_) => Map::new(),
            };
            let news = Decided { id, account_id: read.account_id, approved: to == State::Approved };
            outbox::publish(tx, core.id(), core.now(), DECIDED, &news).await?;
            let object = ("correction", Some(id));
            let event = actor.event(core.id(), core.now(), Some(&path), action, object);
            let mut event =
                event.about(read.person_id).changes(json!({"state": to, "facts": Value::Object(changed)}));
            event.reason = reason.map(ToOwned::to_owned);
            audit::append(tx, &event).await?;
            Ok(done)
        })
        .await
}

async fn another_person(tx: &mut Conn, actor: &Actor, read: &Correction) -> Result<(), Problem> {
    let decider = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let theirs = account::get(tx, read.account_id).await?;
    let theirs = theirs.as_ref().and_then(|account| account.mobile_index());
    let own = account::of_person(tx, decider).await?;
    let by_mobile = theirs.is_some() && own.iter().any(|own| own.mobile_index() == theirs);
    if decider == read.person_id || by_mobile || audit::has_entered(tx, read.id, decider).await? {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    Ok(())
}

// Writes the facts and answers what they were and are, masked, for the audit row.
async fn apply(core: &Core, tx: &mut Conn, read: &Correction) -> Result<Map<String, Value>, Problem> {
    let (person, facts) = (read.person_id, read.facts()?);
    let before = present(core, tx, person).await?;
    if let Some(name) = facts.name()? {
        person::rename(tx, person, &name).await?;
    }
    let mut details = before.details();
    details.extend(facts.details());
    profile::put(core, tx, person, None, &Value::Object(details)).await?;
    let masked = changes(&before, &facts).into_iter().map(Change::masked);
    Ok(masked.map(|change| (change.field.to_owned(), json!([change.from, change.to]))).collect())
}
