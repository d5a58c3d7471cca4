//! Proposing that a member has left.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::{DAYS, Kind, State};
use crate::join::working_days_after;
use crate::member::{self, Transition};
use crate::membership::allowed;
use crate::schema::member_leaver as leaver;

/// Proposes that a member of the scope has left.
///
/// # Errors
/// `NOT_FOUND` out of scope; `NOT_ANOTHER_PERSON` for oneself; `INVALID_STATE` where E2 does not allow it as they stand;
/// `APPLICATION_OPEN` while another proposal about them waits.
pub async fn propose(
    core: &Core,
    actor: &Actor,
    scope: &OrgScope,
    person: Uuid,
    kind: Kind,
    reason: &str,
) -> Result<(), Problem> {
    let by = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    if by == person {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let done = core
        .db
        .write(async |tx| {
            let found = member::get(core, tx, scope, person).await?;
            let Transition { to, why, .. } = kind.transition();
            if !allowed(Some(found.state), to, why) {
                return Err(Problem::new(Code::InvalidState));
            }
            // What was said of a membership that has changed since stands in nobody's way.
            let lapsed = leaver::table
                .filter(leaver::person_id.eq(person).and(leaver::state.eq(State::Proposed.as_str())))
                .filter(leaver::membership_id.ne(found.membership));
            diesel::update(lapsed)
                .set((leaver::state.eq(State::Lapsed.as_str()), leaver::version.eq(leaver::version + 1)))
                .execute(tx)
                .await?;
            let (id, now) = (core.id(), core.now());
            diesel::insert_into(leaver::table)
                .values((
                    leaver::id.eq(id),
                    leaver::person_id.eq(person),
                    leaver::membership_id.eq(found.membership),
                    leaver::kind.eq(kind.reason().as_str()),
                    leaver::reason.eq(reason),
                    leaver::state.eq(State::Proposed.as_str()),
                    leaver::proposed_by.eq(by),
                    leaver::proposed_at.eq(now),
                    leaver::due_on.eq(working_days_after(core.today(), DAYS)),
                ))
                .execute(tx)
                .await?;
            let object = ("leaver_proposal", Some(id));
            let event = actor
                .event(core.id(), now, Some(&found.path), "leaver.propose", object)
                .about(person)
                .changes(json!({"kind": kind}))
                .reason(reason);
            audit::append(tx, &event).await
        })
        .await;
    done.map_err(|problem| match constraint(&problem) {
        Some("member_leaver_open") => {
            Problem::new(Code::ApplicationOpen).with_detail("该会员已有待确认的离会提议。")
        }
        _ => problem,
    })
}
