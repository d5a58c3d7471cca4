//! The member's side: applying, withdrawing, taking a place.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_identity::account;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_registry::{membership, org};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::step::moved;
use super::store::{own, tries};
use super::{Application, NEW_A_DAY, OPEN_AT_MOST, SNAPSHOT, Snapshot, State, Step, TIMES_AT_MOST};
use crate::posting::{Posting, Source};
use crate::recruiter;
use crate::schema::{job_application as application, job_posting};
use crate::{posting, resume};

// What a union's name has behind its enterprise's.
const UNION_WORDS: &[&str] = &["工会委员会", "工会联合会", "联合工会", "工会"];

fn not_eligible(rule: &str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::NotEligible).with("rule", rule).with_detail(detail)
}

// The employer a member works for is the enterprise of their own union, by its credit code or else its name.
pub(crate) fn is_own_employer(union: &org::Org, name: &str, uscc: &str) -> bool {
    let enterprise = UNION_WORDS.iter().find_map(|word| union.name.strip_suffix(word));
    let by_name =
        enterprise.filter(|name| name.chars().count() >= 4).is_some_and(|enterprise| enterprise == name);
    union.uscc.as_deref() == Some(uscc) || by_name
}

// What stops somebody who applies without end. Whoever writes one holds their resume's row, so that many at once are counted.
async fn within_limits(core: &Core, tx: &mut Conn, person: Uuid, to: &Posting) -> Result<(), Problem> {
    let tries = tries(tx, person, to, shanghai_day_start(core.today())).await?;
    let many = |detail: &'static str| Problem::new(Code::AlreadyHave).with_detail(detail);
    if tries.here >= TIMES_AT_MOST {
        return Err(many("同一职位最多投递3次，不能再投递。"));
    }
    if tries.open >= OPEN_AT_MOST {
        return Err(many("您在办的投递已达20份，请先等待答复或撤回。"));
    }
    if tries.since >= NEW_A_DAY {
        let wait = core.seconds_to_midnight();
        let problem = Problem::new(Code::TriesExhausted).with_detail("今日投递已达30份，请明天再投。");
        return Err(problem.retry_after(wait));
    }
    Ok(())
}

/// Hands an application in, in the caller's transaction: what the resume says now, with the name and the mobile.
///
/// # Errors
/// `MODULE_CLOSED`; `NOT_FOUND` for a posting that is not shown; `POSTING_CLOSED` for one that has ended; `INVALID_STATE`
/// without a resume or a mobile; `NOT_ELIGIBLE` (`own_employer`, `blocked_employer`, `public_service`); `ALREADY_EXISTS` for a second one to
/// the same posting or the same text posted anew; `ALREADY_HAVE` above [`TIMES_AT_MOST`] and [`OPEN_AT_MOST`];
/// `TRIES_EXHAUSTED` above [`NEW_A_DAY`].
pub async fn apply(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (person, account): (Uuid, Uuid),
    to: Uuid,
) -> Result<Application, Problem> {
    let today = core.today();
    let glance = membership::glance(tx, person).await?;
    match &glance.standing {
        Some((standing, _)) => module::require(tx, &standing.path, Module::Jobs, today).await?,
        None if !module::open_to(tx, None, today).await?.contains(&Module::Jobs) => {
            return Err(Problem::new(Code::ModuleClosed));
        }
        None => {}
    }
    // Who closes it at this moment waits until this is in.
    job_posting::table.find(to).select(job_posting::id).for_share().first::<Uuid>(tx).await.optional()?;
    let found = posting::shown(tx, to).await?;
    let of = recruiter::own(tx, found.recruiter_id).await?;
    if of.state(today) != recruiter::State::Verified {
        return Err(Problem::not_found());
    }
    if found.state(today) != posting::State::Live {
        return Err(Problem::new(Code::PostingClosed));
    }
    // The employer has no account here: nobody would read it.
    if let Some(Source { name, contact, number }) = posting::source(tx, to).await? {
        let detail = format!("该职位由{name}发布（编号{number}），请直接联系：{contact}。");
        return Err(not_eligible("public_service", detail));
    }
    let written = resume::held(&core.sealer, tx, person).await.map_err(|problem| match problem.code {
        Code::NotFound => Problem::new(Code::InvalidState).with_detail("请先填写简历再投递。"),
        _ => problem,
    })?;
    within_limits(core, tx, person, &found).await?;
    if written.blocked.contains(&of.uscc) {
        return Err(not_eligible("blocked_employer", "您已屏蔽该单位，不能向其投递。"));
    }
    if let Some((standing, _)) = &glance.standing {
        let union = org::get(tx, &OrgScope::subtree(&standing.path), standing.org).await?;
        if is_own_employer(&union, &of.name, &of.uscc) {
            return Err(not_eligible("own_employer", "该单位是您现在的工作单位，为保护您的隐私不能投递。"));
        }
    }
    let account = account::get(tx, account).await?.ok_or_else(Problem::not_found)?;
    let mobile = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    let snapshot =
        Snapshot { content: written.content, name: glance.name, mobile: mobile.national().to_owned() };
    // Two recruiters cannot tell by the ids who applied to both.
    let (id, now) = (core.ids.opaque_id(), core.now());
    let sealed = core.sealer.seal(SNAPSHOT, id, &serde_json::to_vec(&snapshot)?)?;
    let made: Application = diesel::insert_into(application::table)
        .values((
            application::id.eq(id),
            application::posting_id.eq(to),
            application::recruiter_id.eq(of.id),
            application::person_id.eq(person),
            application::path.eq(&found.path),
            application::content_key.eq(&found.content_key),
            application::snapshot.eq(sealed),
            application::state.eq(State::Submitted.as_str()),
            application::created_at.eq(now),
            application::changed_at.eq(now),
        ))
        .returning(Application::as_returning())
        .get_result(tx)
        .await
        .map_err(|error| {
            let problem = Problem::from(error);
            match constraint(&problem) {
                Some("job_application_once" | "job_application_same_text") => {
                    Problem::new(Code::AlreadyExists).with_detail("您已投递过该职位。")
                }
                _ => problem,
            }
        })?;
    // On the chain of nobody's union: that somebody looks for work is not for the audit of their own.
    let object = ("job_application", Some(id));
    let event = actor.event(core.id(), now, Some(&found.path), "job_application.submit", object);
    audit::append(tx, &event.changes(json!({"posting_id": to})).about(person)).await?;
    Ok(made)
}

/// Takes one's own application back; while the posting is live one may apply again.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` once it has ended.
pub async fn withdraw(core: &Core, actor: &Actor, person: Uuid, id: Uuid) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let before = own(tx, person, id).await?;
            moved(core, tx, actor, &before, (Step::Withdraw, "job_application.withdraw"), None).await
        })
        .await
}

/// Takes the place that was offered: one more of the posting's is filled, with the last it is closed.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_STATE` unless it is offered; `POSTING_CLOSED` when the last place is taken.
pub async fn accept(core: &Core, actor: &Actor, person: Uuid, id: Uuid) -> Result<Application, Problem> {
    core.db
        .write(async |tx| {
            let before = own(tx, person, id).await?;
            let after =
                moved(core, tx, actor, &before, (Step::Accept, "job_application.accept"), None).await?;
            posting::hired(core, tx, before.posting_id).await?;
            Ok(after)
        })
        .await
}
