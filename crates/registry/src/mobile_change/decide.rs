//! The county's side.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::account::{NewAccount, State as AccountState};
use unionhall_identity::sms::{self, Message, Template};
use unionhall_identity::{Identity, account, closing, mobile, session, wechat};
use unionhall_kernel::{Code, Mobile, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Realm};
use uuid::Uuid;

use super::State;
use super::store::{Desk, NewMobile, Request, evidence, get};
use crate::membership::State as Membership;
use crate::schema::member_mobile_change as change;
use crate::{profile, real_name};

/// Published when a request for a new mobile was decided: [`Decided`].
pub const DECIDED: &str = "mobile_change.decided";

/// What [`DECIDED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// The request, which is decided once.
    pub id: Uuid,
    /// Whose account it is about, if they have one.
    pub person_id: Uuid,
    /// Whether the new mobile is theirs now.
    pub approved: bool,
}

/// What a county decides.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It is they: the new mobile is theirs.
    Approve,
    /// No, and why.
    Reject(String),
}

// What an approval did beside the row.
struct Bound {
    account: Uuid,
    closed: Option<Uuid>,
    old: Option<Mobile>,
}

/// Decides a request. Approving gives the member's account the new mobile, or opens one at level 1 for who has none, and
/// ends every session; an account that has the new mobile and is nobody's yet is the applicant's own and is closed.
/// Old and new number are told. A rejection is told to no number: it would say that somebody is on a roster. Who holds the
/// account finds either in it.
///
/// # Errors
/// `NOT_FOUND` out of sight; what `check` says of its version; `STALE` when another decision came first; `INVALID_STATE`
/// when it is decided, the membership has ended, or the account's mobile is another by now; `NOT_ANOTHER_PERSON` for
/// one's own, by person and by mobile; `ALREADY_EXISTS` when the new mobile is somebody else's, or who has no account
/// is known by another mobile elsewhere.
pub async fn decide(
    identity: &Identity,
    actor: &Actor,
    desk: &Desk,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Request, Problem> {
    let core = &identity.core;
    let (done, bound) = core
        .db
        .write(async |tx| {
            let a = get(core, tx, desk, id).await?;
            check(a.version)?;
            let (to, action, reason) = match decision {
                Decision::Approve => (State::Approved, "mobile_change.approve", None),
                Decision::Reject(reason) => (State::Rejected, "mobile_change.reject", Some(reason.as_str())),
            };
            if !a.state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            another_person(tx, actor, &a).await?;
            // First of all: of two decisions at once the second finds another version and does nothing.
            moved(core, tx, actor, &a, (to, reason)).await?;
            let object = ("mobile_change", Some(id));
            let path = Some(a.member.path.as_str());
            let mut event = actor.event(core.id(), core.now(), path, action, object).about(a.member.person);
            event.reason = reason.map(ToOwned::to_owned);
            let bound = match decision {
                Decision::Approve => {
                    let bound = bind(core, tx, actor, &a).await?;
                    let old = bound.old.as_ref().map(Mobile::masked);
                    event = event.changes(json!({"state": to, "mobile": [old, a.mobile.masked()]}));
                    Some(bound)
                }
                Decision::Reject(_) => {
                    event = event.changes(json!({"state": to}));
                    None
                }
            };
            audit::append(tx, &event).await?;
            let news = Decided { id, person_id: a.member.person, approved: to == State::Approved };
            outbox::publish(tx, core.id(), core.now(), DECIDED, &news).await?;
            Ok((get(core, tx, desk, id).await?, bound))
        })
        .await
        .map_err(|problem| match constraint(&problem) {
            // The number or the person found an account at this moment.
            Some("account_mobile" | "account_person") => Problem::new(Code::AlreadyExists),
            _ => problem,
        })?;
    if let Some(bound) = bound {
        identity.states.forget(bound.account);
        if let Some(closed) = bound.closed {
            identity.states.forget(closed);
        }
        if let Some(old) = bound.old.filter(|old| *old != done.mobile) {
            mobile::told(identity, old, &done.mobile);
        }
        let message = Message { mobile: done.mobile.clone(), template: Template::MobileBound {} };
        sms::tell(identity.sms.as_ref(), &message);
    }
    Ok(done)
}

// Whoever decides has neither asked nor anything of the account in hand: not as the person, not by the new mobile, and
// not by the old one.
async fn another_person(tx: &mut Conn, actor: &Actor, a: &Request) -> Result<(), Problem> {
    let decider = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let own = account::of_person(tx, decider).await?;
    let is_theirs = |index: &[u8]| index == a.mobile_index || Some(index) == a.seen_index.as_deref();
    let by_mobile = own.iter().filter_map(|own| own.mobile_index()).any(is_theirs);
    if decider == a.member.person || by_mobile {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    Ok(())
}

async fn moved(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    a: &Request,
    (to, reason): (State, Option<&str>),
) -> Result<(), Problem> {
    let decided = (
        change::state.eq(to.as_str()),
        change::reason.eq(reason),
        change::decided_at.eq(core.now()),
        change::decided_by.eq(actor.person),
        change::version.eq(change::version + 1),
    );
    let row = change::table.find(a.id).filter(change::version.eq(a.version));
    if diesel::update(row).set(decided).execute(tx).await? == 0 {
        return Err(Problem::new(Code::Stale));
    }
    if to == State::Approved {
        let others = change::person_id.eq(a.member.person).and(change::id.ne(a.id));
        let others = change::table.filter(others.and(change::state.eq(State::Review.as_str())));
        diesel::update(others)
            .set((
                change::state.eq(State::Superseded.as_str()),
                change::decided_at.eq(core.now()),
                change::decided_by.eq(actor.person),
                change::version.eq(change::version + 1),
            ))
            .execute(tx)
            .await?;
    }
    Ok(())
}

async fn bind(core: &Core, tx: &mut Conn, actor: &Actor, a: &Request) -> Result<Bound, Problem> {
    const REASON: &str = "手机号已核实为另一会员本人所有";
    if a.member.state == Membership::Ended {
        return Err(Problem::new(Code::InvalidState));
    }
    let found = evidence(core, tx, a).await?;
    if !found.unchanged || found.new_mobile == NewMobile::Own {
        return Err(Problem::new(Code::InvalidState).with_detail("会员的手机号在申请后已变更。"));
    }
    let mut closed = None;
    match found.new_mobile {
        NewMobile::Taken => {
            return Err(Problem::new(Code::AlreadyExists).with_detail("新手机号已是他人的账号。"));
        }
        NewMobile::Newcomer => {
            let own = account::find_by_mobile(tx, Realm::Member, &a.mobile_index).await?;
            if let Some(own) = own {
                closing::close(core, tx, actor, &own, REASON).await?;
                closed = Some(own.id);
            }
        }
        NewMobile::Free | NewMobile::Own => {}
    }
    let person = a.member.person;
    let (account, old) = match (account::find_by_person(tx, Realm::Member, person).await?, &a.seen_index) {
        (Some(own), Some(seen)) => {
            account::set_mobile(core, tx, own.id, seen, &a.mobile).await?;
            session::end_all(tx, own.id, "mobile", core.now()).await?;
            closing::forget(core, tx, actor, &own).await?;
            // The WeChat user is on the phone that is gone.
            wechat::unbind(core, tx, actor, own.id, "mobile").await?;
            (own.id, found.old_mobile)
        }
        (Some(_), None) => return Err(Problem::new(Code::InvalidState)),
        (None, _) => {
            // Whoever is somebody here already has proved a mobile; from another one it may be anybody.
            let elsewhere = account::of_person(tx, person).await?;
            let mut others = elsewhere.iter().filter_map(|other| other.mobile_index());
            if others.any(|other| other != a.mobile_index) {
                return Err(Problem::new(Code::AlreadyExists).with_detail("该证件须另行核实，暂不能通过。"));
            }
            let new = NewAccount {
                realm: Realm::Member,
                person: Some(person),
                username: None,
                mobile: Some(&a.mobile),
                state: AccountState::Active,
                password_hash: None,
                totp_secret: None,
            };
            let made = account::create(core, tx, &new).await?;
            real_name::raise(core, tx, made, person).await?;
            (made, a.member.mobile.clone())
        }
    };
    // The county has made sure: from now on the old number opens nothing, whoever the carrier gives it to.
    profile::set_mobile(core, tx, person, &a.mobile).await?;
    Ok(Bound { account, closed, old })
}
