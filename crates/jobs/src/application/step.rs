//! The recruiter's side, and what time does.

use chrono::Days;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::store::get;
use super::{Application, MOVED, Moved, Reason, State, Step};
use crate::posting::verified;
use crate::schema::{job_application as application, job_posting as posting};

const BATCH: i64 = 200;

/// Moves an application that is as it was read, with its audit row; the member is told of what others did.
pub(super) async fn moved(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Application,
    (step, action): (Step, &str),
    reason: Option<Reason>,
) -> Result<Application, Problem> {
    let now = core.now();
    let to = before.state().after(step).ok_or_else(|| Problem::new(Code::InvalidState))?;
    let row = application::table.find(before.id).filter(application::version.eq(before.version));
    let after: Option<Application> = diesel::update(row)
        .set((
            application::state.eq(to.as_str()),
            application::reason_code.eq(reason.map(Reason::as_str)),
            application::changed_at.eq(now),
            application::version.eq(application::version + 1),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    // Of two at once, one comes too late.
    let after = after.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let object = ("job_application", Some(after.id));
    let event = actor.event(core.id(), now, Some(&after.path), action, object);
    let changes = json!({"state": [before.state(), to], "reason_code": reason});
    audit::append(tx, &event.changes(changes).about(after.person_id)).await?;
    if matches!(step, Step::Invite | Step::Offer | Step::Reject | Step::Lapse) {
        let title = posting::table.find(after.posting_id).select(posting::title).first(tx).await?;
        let id = core.id();
        let (application_id, person_id) = (after.id, after.person_id);
        let news = Moved { id, application_id, person_id, title, state: to };
        outbox::publish(tx, id, now, MOVED, &news).await?;
    }
    Ok(after)
}

/// A step of the recruiter's; reading one a second time changes nothing.
///
/// # Errors
/// `NOT_FOUND` for another recruiter's; `INVALID_STATE`, also for whoever is not verified now.
pub async fn decide(
    core: &Core,
    actor: &Actor,
    (recruiter, id): (Uuid, Uuid),
    step: Step,
    reason: Option<Reason>,
) -> Result<Application, Problem> {
    let action = match step {
        Step::View => "job_application.view",
        Step::Invite => "job_application.invite",
        Step::Offer => "job_application.offer",
        _ => "job_application.reject",
    };
    core.db
        .write(async |tx| {
            let before = get(tx, recruiter, id).await?;
            // Who is not verified now may let candidates go and nothing else.
            if step != Step::Reject {
                verified(tx, recruiter, core.today()).await?;
            }
            moved(core, tx, actor, &before, (step, action), reason).await
        })
        .await
}

/// Ends what is still open a week after its posting's last day; running twice ends nothing twice.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn lapse(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let open: Vec<&str> = State::OPEN.iter().map(|state| state.as_str()).collect();
    let before = core.today().checked_sub_days(Days::new(7)).unwrap_or(core.today());
    loop {
        let ended = core
            .db
            .write(async |tx| {
                tasks::extend(tx, leased.id, core.now()).await?;
                let due: Vec<Application> = application::table
                    .inner_join(posting::table.on(posting::id.eq(application::posting_id)))
                    .filter(application::state.eq_any(&open).and(posting::valid_through.lt(before)))
                    .order(application::id)
                    .limit(BATCH)
                    .select(Application::as_select())
                    .load(tx)
                    .await?;
                for one in &due {
                    moved(core, tx, &Actor::task(), one, (Step::Lapse, "job_application.lapse"), None)
                        .await?;
                }
                Ok(due.len())
            })
            .await?;
        if ended == 0 {
            return Ok(());
        }
    }
}
