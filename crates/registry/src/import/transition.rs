//! What a cadre does with an import: commit, cancel, revert. Each is one transaction that also leaves an
//! audit row and, where work follows, its task.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::once::{Key, Stored, once};
use unionhall_storage::{Conn, Core, audit, blob};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, IfMatch, OrgScope, RoleName};
use uuid::Uuid;

use super::run::{self, Step};
use super::{Import, State, store};
use crate::schema::import;

/// What a cadre does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// 写入: from `validated`, never a dry run.
    Commit,
    /// 取消: before anything was written.
    Cancel,
    /// 撤回: of what was committed.
    Revert,
}

impl Transition {
    const fn action(self) -> &'static str {
        match self {
            Self::Commit => "import.commit",
            Self::Cancel => "import.cancel",
            Self::Revert => "import.revert",
        }
    }

    /// Where it leads from a state; `None` where it is not allowed.
    pub const fn target(self, from: State, dry_run: bool) -> Option<State> {
        match (self, from) {
            (Self::Commit, State::Validated) if !dry_run => Some(State::Committing),
            (Self::Cancel, State::Validating | State::Validated) => Some(State::Cancelled),
            (Self::Revert, State::Committed) => Some(State::Reverting),
            _ => None,
        }
    }
}

/// Who asks, and which version they read.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// As what they ask.
    pub role: RoleName,
    /// Which imports they may touch.
    pub scope: &'a OrgScope,
    /// What they read.
    pub version: IfMatch,
}

/// Performs a transition; `answer` makes the body from the import as it then stands.
///
/// # Errors
/// `NOT_FOUND` out of scope, `FORBIDDEN` for a kind that is not theirs, `STALE`, `INVALID_STATE`.
pub async fn perform(
    core: &Core,
    asked: Asked<'_>,
    id: Uuid,
    transition: Transition,
    key: Option<Key>,
    answer: impl Fn(&Import) -> Result<Stored, Problem>,
) -> Result<Stored, Problem> {
    once(&core.db, core.now(), key, async |tx| {
        let found = store::lock(tx, asked.scope, id).await?;
        super::upload::may_write(asked.role, found.kind)?;
        asked.version.check(found.version)?;
        let target = transition.target(found.state, found.dry_run);
        let target = target.ok_or_else(|| Problem::new(Code::InvalidState))?;
        store::set_state(tx, id, target).await?;
        follow(core, tx, asked.actor, &found, transition).await?;
        let now = core.now();
        let path = Some(found.path.as_str());
        let event = asked.actor.event(core.id(), now, path, transition.action(), ("import", Some(id)));
        let counts = &found.counts;
        let event = event.changes(json!({
            "rows_accepted": counts.accepted, "rows_rejected": counts.rejected, "rows_updated": counts.updated,
        }));
        audit::append(tx, &event).await?;
        answer(&store::get(tx, asked.scope, id).await?)
    })
    .await
}

async fn follow(
    core: &Core,
    conn: &mut Conn,
    actor: &Actor,
    found: &Import,
    transition: Transition,
) -> Result<(), Problem> {
    match transition {
        Transition::Commit => {
            let now = core.now();
            diesel::update(import::table.find(found.id))
                .set((
                    import::committed_by.eq(actor.account),
                    import::committed_at.eq(now),
                    import::rows_done.eq(0),
                ))
                .execute(conn)
                .await?;
            run::queue(core, conn, Step::Commit, found.id).await
        }
        Transition::Cancel => blob::remove(conn, found.id).await,
        Transition::Revert => {
            diesel::update(import::table.find(found.id)).set(import::rows_done.eq(0)).execute(conn).await?;
            run::queue(core, conn, Step::Revert, found.id).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_never_committed_and_what_is_written_is_never_cancelled() {
        for from in State::ALL {
            assert_eq!(Transition::Commit.target(*from, true), None);
        }
        assert_eq!(Transition::Commit.target(State::Validated, false), Some(State::Committing));
        for from in [State::Committing, State::Committed, State::Reverted, State::Failed, State::Cancelled] {
            assert_eq!(Transition::Cancel.target(from, false), None);
            assert_eq!(Transition::Commit.target(from, false), None);
        }
        assert_eq!(Transition::Revert.target(State::Committed, false), Some(State::Reverting));
    }
}
