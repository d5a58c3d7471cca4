//! What either side does with a delegation, and the relative's sessions.

use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::Conn;
use unionhall_web::assist::{Assist, Way};
use unionhall_web::{Actor, Principal};
use uuid::Uuid;

use super::{Delegation, State, note};
use crate::Identity;
use crate::account::{self, Account};
use crate::assist::{self, Helped};
use crate::schema::{account_delegate as d, session, session_assist};

/// What a relative or the member does with a delegation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The relative accepts.
    Accept,
    /// The relative declines, or gives up what was accepted.
    Decline,
    /// The member takes it back.
    Revoke,
}

/// Takes a step. Sessions of what ends are over at once.
///
/// # Errors
/// `NOT_FOUND` for what is not theirs; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own person.
pub async fn step(
    identity: &Identity,
    actor: &Actor,
    me: &Principal,
    id: Uuid,
    step: Step,
) -> Result<Delegation, Problem> {
    let core = &identity.core;
    let done = core
        .db
        .write(async |tx| {
            let own = account::get(tx, me.account).await?.ok_or_else(Problem::not_found)?;
            let query = d::table.find(id).select(Delegation::as_select()).for_update();
            let found: Delegation = query.first(tx).await.optional()?.ok_or_else(Problem::not_found)?;
            let is_theirs = match step {
                Step::Revoke => found.account_id == me.account,
                Step::Accept | Step::Decline => {
                    let is_offered = found.state == "PROPOSED";
                    let has_mobile = own.mobile_index() == Some(found.mobile_index.as_slice());
                    (is_offered && has_mobile) || found.delegate_id == Some(me.account)
                }
            };
            if !is_theirs {
                return Err(Problem::not_found());
            }
            let state = found.state(core.today());
            let (to, action) = match step {
                Step::Accept => (State::Active, "delegate.accept"),
                Step::Decline if state == State::Active => (State::Revoked, "delegate.give_up"),
                Step::Decline => (State::Declined, "delegate.decline"),
                Step::Revoke => (State::Revoked, "delegate.revoke"),
            };
            if !state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            if step == Step::Accept
                && (me.person == Some(found.person_id) || offered_by(tx, me.person, &found).await?)
            {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            let ended = (to != State::Active).then(|| core.now());
            let delegate = if step == Step::Accept { Some(me.account) } else { found.delegate_id };
            let done: Delegation = diesel::update(d::table.find(id))
                .set((d::state.eq(to.as_str()), d::delegate_id.eq(delegate), d::ended_at.eq(ended)))
                .returning(Delegation::as_returning())
                .get_result(tx)
                .await?;
            if to == State::Revoked {
                let of_it = session_assist::table.filter(session_assist::delegate_id.eq(id));
                let of_it = session::id.eq_any(of_it.select(session_assist::session_id));
                diesel::update(session::table.filter(of_it.and(session::ended_at.is_null())))
                    .set((session::ended_at.eq(core.now()), session::ended_reason.eq("delegation")))
                    .execute(tx)
                    .await?;
                account::touch(tx, done.account_id, core.now()).await?;
            }
            note(core, tx, actor, action, &done).await?;
            Ok(done)
        })
        .await?;
    identity.states.forget(done.account_id);
    Ok(done)
}

// Whether it was offered at the counter by the very person who would accept: two have to say yes.
async fn offered_by(tx: &mut Conn, person: Option<Uuid>, of: &Delegation) -> Result<bool, Problem> {
    let Some(person) = person else { return Ok(false) };
    let acting = session_assist::table
        .inner_join(session::table.on(session::id.eq(session_assist::session_id)))
        .filter(session_assist::by_person.eq(person).and(session_assist::person_id.eq(of.person_id)))
        .filter(session_assist::delegate_id.is_null())
        .filter(session::created_at.le(of.created_at).and(session::expires_at.ge(of.created_at)));
    Ok(diesel::select(diesel::dsl::exists(acting)).get_result(tx).await?)
}

/// Opens a session of the member's for the relative who accepted.
///
/// # Errors
/// `NOT_FOUND` for what is not theirs; `INVALID_STATE` unless it holds today and the member's account may log in.
pub async fn open(
    identity: &Identity,
    actor: &Actor,
    (me, person): (&Principal, Uuid),
    id: Uuid,
) -> Result<(Uuid, String, DateTime<Utc>), Problem> {
    let core = &identity.core;
    let (account, session, expires_at) = core
        .db
        .write(async |tx| {
            let own = d::table.find(id).filter(d::delegate_id.eq(me.account));
            let found: Option<Delegation> =
                own.select(Delegation::as_select()).for_update().first(tx).await.optional()?;
            let found = found.ok_or_else(Problem::not_found)?;
            let member = account::get(tx, found.account_id).await?.filter(Account::may_log_in);
            let member = member.filter(|_| found.state(core.today()) == State::Active);
            let member = member.ok_or_else(|| Problem::new(Code::InvalidState))?;
            let scopes = found.scopes();
            let by = Assist {
                person,
                account: me.account,
                post: None,
                org: None,
                way: Way::Delegate,
                scopes,
                below_county: false,
            };
            let day_after = found.expires_on.checked_add_days(Days::new(1)).unwrap_or(found.expires_on);
            let helped = Helped {
                person: found.person_id,
                path: None,
                by: &by,
                form: None,
                delegation: Some((id, shanghai_day_start(day_after))),
                reason: found.relation().as_str(),
            };
            let (session, expires_at) = assist::open(core, tx, member.id, &helped).await?;
            note(core, tx, actor, "delegate.act", &found).await?;
            Ok((member.id, session, expires_at))
        })
        .await?;
    let token = assist::token(identity, account, session).await?;
    Ok((session, token, expires_at))
}
