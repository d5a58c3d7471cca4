//! Writing a notice and taking it through its states.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_registry::org;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::{Audience, Content, Head, Notice, State};
use crate::schema::notice;

/// Who does something to a notice.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
    /// What they may see.
    pub scope: &'a OrgScope,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = notice, treat_none_as_null = true)]
struct ContentRow<'a> {
    audience: &'static str,
    channels: Vec<&'static str>,
    title: &'a str,
    summary: &'a str,
    body: &'a str,
    pinned_until: Option<chrono::DateTime<chrono::Utc>>,
    publish_at: Option<chrono::DateTime<chrono::Utc>>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
    replaces_id: Option<Uuid>,
}

fn content_row(content: &Content) -> ContentRow<'_> {
    let Content { title, summary, body, audience, channels, pinned_until, publish_at, expires_at, replaces } =
        content;
    ContentRow {
        audience: audience.as_str(),
        channels: channels.words(),
        title,
        summary,
        body,
        pinned_until: *pinned_until,
        publish_at: *publish_at,
        expires_at: *expires_at,
        replaces_id: *replaces,
    }
}

// What is corrected was to be read once, and is the same union's: a draft is rewritten instead.
async fn check_replaced(tx: &mut Conn, org: Uuid, replaces: Option<Uuid>) -> Result<(), Problem> {
    let Some(id) = replaces else { return Ok(()) };
    let state: Option<String> = notice::table
        .find(id)
        .filter(notice::org_id.eq(org))
        .filter(notice::state.eq_any([State::Approved.as_str(), State::Withdrawn.as_str()]))
        .select(notice::state)
        .first(tx)
        .await
        .optional()?;
    let unknown = Invalid::new("NOTICE_UNKNOWN", "被更正的通知不存在、不属于该工会或尚未审核。");
    state.map(|_| ()).ok_or_else(|| Problem::invalid("/replaces", unknown))
}

// What everybody reads is said by a federation: a county's, a city's or the province's.
fn check_audience(union: &org::Org, content: &Content) -> Result<(), Problem> {
    if content.audience == Audience::Everyone && !union.is_county_or_above() {
        let level = Invalid::new("AUDIENCE_LEVEL", "面向公众的通知由县级以上总工会发布。");
        return Err(Problem::invalid("/audience", level));
    }
    Ok(())
}

async fn note(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    action: &str,
    of: &Head,
    changes: serde_json::Value,
) -> Result<(), Problem> {
    let event = by.actor.event(core.id(), core.now(), Some(&of.path), action, ("notice", Some(of.id)));
    let mut event = event.changes(changes);
    event.reason.clone_from(&of.reason);
    audit::append(tx, &event).await
}

/// Enters a notice of a union, as a draft.
///
/// # Errors
/// `NOT_FOUND` when the union is absent or out of scope; `VALIDATION_FAILED` with `AUDIENCE_LEVEL` at `/audience`, `NOTICE_UNKNOWN` at
/// `/replaces`.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    union: Uuid,
    content: &Content,
) -> Result<Notice, Problem> {
    let union = org::get(tx, by.scope, union).await?;
    check_audience(&union, content)?;
    check_replaced(tx, union.id, content.replaces).await?;
    let made: Notice = diesel::insert_into(notice::table)
        .values((
            content_row(content),
            notice::id.eq(core.id()),
            notice::org_id.eq(union.id),
            notice::path.eq(&union.path),
            notice::state.eq(State::Draft.as_str()),
            notice::written_by.eq(vec![by.person]),
            notice::created_at.eq(core.now()),
        ))
        .returning(Notice::as_returning())
        .get_result(tx)
        .await?;
    let changes = json!({"title": content.title, "audience": content.audience, "replaces": content.replaces});
    note(core, tx, by, "notice.create", &made.head, changes).await?;
    Ok(made)
}

/// Rewrites a draft. Whoever does is one of its writers from now on.
///
/// # Errors
/// `INVALID_STATE` unless it is a draft; `STALE` when it changed since it was read; as [`create`] for what it replaces.
pub async fn rewrite(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Notice,
    content: &Content,
) -> Result<Notice, Problem> {
    let Head { id, org_id, version, state, .. } = before.head;
    if state != State::Draft {
        return Err(Problem::new(Code::InvalidState));
    }
    check_audience(&org::get(tx, by.scope, org_id).await?, content)?;
    check_replaced(tx, org_id, content.replaces).await?;
    let mut writers = before.head.written_by.clone();
    if !writers.contains(&by.person) {
        writers.push(by.person);
    }
    let changed: Option<Notice> = diesel::update(notice::table.find(id).filter(notice::version.eq(version)))
        .set((content_row(content), notice::written_by.eq(writers), notice::version.eq(version + 1)))
        .returning(Notice::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let changes = json!({
        "title": [before.head.title, changed.head.title],
        "audience": [before.head.audience, changed.head.audience],
        "body_changed": before.body != changed.body,
    });
    note(core, tx, by, "notice.change", &changed.head, changes).await?;
    Ok(changed)
}

/// A step of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// DRAFT → REVIEW
    Submit,
    /// REVIEW → APPROVED, by another natural person
    Approve,
    /// REVIEW → DRAFT, with a reason
    Return(&'a str),
    /// APPROVED → WITHDRAWN, with a reason
    Withdraw(&'a str),
}

/// Takes a step.
///
/// # Errors
/// `INVALID_STATE` when it is not allowed from here, and for an approval that comes when the notice would have expired;
/// `NOT_ANOTHER_PERSON` when who approves wrote any of it; `STALE` when it changed since it was read.
pub async fn take(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Head,
    step: Step<'_>,
) -> Result<Notice, Problem> {
    let (to, action, reason) = match step {
        Step::Submit => (State::Review, "notice.submit", None),
        Step::Approve => (State::Approved, "notice.approve", None),
        Step::Return(reason) => (State::Draft, "notice.return", Some(reason)),
        Step::Withdraw(reason) => (State::Withdrawn, "notice.withdraw", Some(reason)),
    };
    if !before.state.may_become(to) {
        return Err(Problem::new(Code::InvalidState));
    }
    let (now, now_day) = (core.now(), core.today());
    let row = notice::table.find(before.id).filter(notice::version.eq(before.version));
    let step_row =
        (notice::state.eq(to.as_str()), notice::reason.eq(reason), notice::version.eq(before.version + 1));
    let update = diesel::update(row);
    let taken: Option<Notice> = match step {
        Step::Submit => {
            let update = update.set((step_row, notice::submitted_at.eq(now)));
            update.returning(Notice::as_returning()).get_result(tx).await.optional()?
        }
        Step::Approve => {
            if before.written_by.contains(&by.person) {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            module::require(tx, &before.path, Module::Notices, now_day).await?;
            let published = before.publish_at.map_or(now, |at| at.max(now));
            if before.expires_at.is_some_and(|at| at <= published) {
                return Err(Problem::new(Code::InvalidState));
            }
            let approval = (notice::published_at.eq(published), notice::approved_by.eq(by.person));
            let update = update.set((step_row, approval));
            update.returning(Notice::as_returning()).get_result(tx).await.optional()?
        }
        Step::Return(_) | Step::Withdraw(_) => {
            update.set(step_row).returning(Notice::as_returning()).get_result(tx).await.optional()?
        }
    };
    let taken = taken.ok_or_else(|| Problem::new(Code::Stale))?;
    let changes = json!({"state": [before.state, to], "published_at": taken.head.published_at});
    note(core, tx, by, action, &taken.head, changes).await?;
    Ok(taken)
}
