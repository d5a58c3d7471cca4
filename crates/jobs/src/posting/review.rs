//! The county's side: letting out, sending back, and what was reported.

use chrono::Days;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::change::tell;
use super::report::handled;
use super::store::{Moved, get, moved};
use super::{Posting, State, Step, What};
use crate::recruiter;

/// What a county decides, with a reason but where it lets out what was handed in.
#[derive(Debug, Clone, Copy)]
pub enum Decision<'a> {
    /// Out it goes.
    Approve,
    /// To be changed.
    Return(&'a str),
    /// Nothing was wrong with what was reported.
    Restore(&'a str),
    /// For good.
    Remove(&'a str),
}

/// Decides a posting of the scope. One that was live before keeps its last day, any other gets the days it asked for.
///
/// # Errors
/// `NOT_FOUND` out of scope; what `check` says of its version; `INVALID_STATE`, for an approval also unless the recruiter is
/// verified; `STALE`.
pub async fn decide(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: Decision<'_>,
) -> Result<Posting, Problem> {
    let (today, now) = (core.today(), core.now());
    let before = get(tx, scope, id).await?;
    check(before.version)?;
    let (step, action, reason) = match decision {
        Decision::Approve => (Step::Approve, "job_posting.approve", None),
        Decision::Return(reason) => (Step::Return, "job_posting.return", Some(reason)),
        Decision::Restore(reason) => (Step::Restore, "job_posting.restore", Some(reason)),
        Decision::Remove(reason) => (Step::Remove, "job_posting.remove", Some(reason)),
    };
    let to = before.state(today).after(step).ok_or_else(|| Problem::new(Code::InvalidState))?;
    let mut to = Moved::to(to, &before);
    (to.reason, to.decided_by) = (reason.map(str::to_owned), actor.person);
    if step == Step::Approve {
        let by = recruiter::own(tx, before.recruiter_id).await?;
        if by.state(today) != recruiter::State::Verified {
            return Err(Problem::new(Code::InvalidState).with_detail("招聘单位未在核验有效期内。"));
        }
        let days = Days::new(u64::try_from(before.terms()?.valid_days)?);
        let fresh = today.checked_add_days(days);
        to.valid_through = before.valid_through.filter(|last| *last >= today).or(fresh);
        to.published_at = before.published_at.or(Some(now));
    }
    if matches!(step, Step::Restore | Step::Remove) {
        handled(tx, before.id, now).await?;
    }
    if step == Step::Remove {
        to.valid_through = before.valid_through.map(|last| last.min(today));
    }
    let after = moved(core, tx, actor, (&before, action), to).await?;
    if after.state(today) == State::Removed {
        tell(core, tx, &after, What::Removed).await?;
    }
    Ok(after)
}
