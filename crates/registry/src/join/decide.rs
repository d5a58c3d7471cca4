//! The union's side: what its cadre sees of a document, and the decision.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, PersonName, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Realm};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Application, State, get};
use crate::membership::{self, State as Membership};
use crate::schema::member_application as application;
use crate::{org, profile, real_name};

/// What the union's cadre sees of the document an application names. 比对结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// 本工会名册已有: on this union's roster, name and mobile alike.
    Roster,
    /// 名册有, 手机不同: on this union's roster with another mobile; make sure who it is.
    RosterOtherMobile,
    /// 名册有, 姓名不同
    RosterOtherName,
    /// 系统中没有: somebody new.
    New,
    /// 需另行核实: cannot be approved here.
    NeedsReview,
}

/// Compares an application with the roster.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn compare(conn: &mut Conn, a: &Application) -> Result<Match, Problem> {
    let Some((person, held)) = person::holder(conn, &a.number_index).await? else { return Ok(Match::New) };
    let standing = membership::standing(conn, person).await?;
    let bound = account::find_by_person(conn, Realm::Member, person).await?;
    // Whoever is somebody here already has proved a mobile; from another one it may be anybody.
    let elsewhere = account::of_person(conn, person).await?;
    let elsewhere =
        elsewhere.iter().any(|o| o.mobile_index().is_some_and(|m| m != a.mobile_index.as_slice()));
    let same_name = PersonName::parse(&held).ok() == PersonName::parse(&a.name).ok();
    if elsewhere || bound.is_some_and(|b| b.id != a.account) {
        return Ok(Match::NeedsReview);
    }
    Ok(match standing {
        Some(s) if s.state != Membership::Ended && s.org != a.org => Match::NeedsReview,
        Some(s) if s.state != Membership::Ended && !same_name => Match::RosterOtherName,
        Some(s) if s.state != Membership::Ended => {
            let mobile = profile::mobile_index(conn, person).await?;
            if mobile.as_ref() == Some(&a.mobile_index) { Match::Roster } else { Match::RosterOtherMobile }
        }
        _ if same_name => Match::New,
        _ => Match::NeedsReview,
    })
}

/// Published when an application was decided: [`Decided`].
pub const DECIDED: &str = "join.decided";

/// What [`DECIDED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// Names this decision: an application that was returned is decided again.
    pub id: Uuid,
    /// The application.
    pub application_id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// The union's name.
    pub union: String,
    /// APPROVED, REJECTED or RETURNED.
    pub state: State,
}

/// A cadre's decision.
#[derive(Debug, Clone)]
pub enum Decision {
    /// The applicant is (or becomes) a member of this union.
    Approve,
    /// No; they may apply again.
    Reject(String),
    /// Something is to be mended first.
    Return(String),
}

/// Decides an application.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE`; `NOT_ANOTHER_PERSON` for one's own;
/// `ALREADY_EXISTS` when the document cannot be admitted here.
pub async fn decide(
    identity: &Identity,
    actor: &Actor,
    scope: &OrgScope,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    decision: &Decision,
) -> Result<Application, Problem> {
    let core = &identity.core;
    let done = core
        .db
        .write(async |tx| {
            let a = get(core, tx, scope, id).await?;
            check(a.version)?;
            let (to, action, reason) = match decision {
                Decision::Approve => (State::Approved, "join.approve", None),
                Decision::Reject(reason) => (State::Rejected, "join.reject", Some(reason.as_str())),
                Decision::Return(reason) => (State::Returned, "join.return", Some(reason.as_str())),
            };
            if !a.state.may_become(to) {
                return Err(Problem::new(Code::InvalidState));
            }
            let applicant = account::get(tx, a.account).await?.ok_or_else(Problem::not_found)?;
            let holder = person::holder(tx, &a.number_index).await?.map(|(person, _)| person);
            if let Some(decider) = actor.person {
                // Before it is confirmed, an application has no person yet: a mobile of the decider's is theirs too.
                let own = account::of_person(tx, decider).await?;
                let own_mobile = own.iter().any(|o| o.mobile_index() == Some(a.mobile_index.as_slice()));
                let entered = audit::has_entered(tx, id, decider).await?;
                if entered || own_mobile || applicant.person == Some(decider) || holder == Some(decider) {
                    return Err(Problem::new(Code::NotAnotherPerson));
                }
            }
            let person = match decision {
                Decision::Approve => Some(admit(core, tx, &a).await?),
                Decision::Reject(_) | Decision::Return(_) => None,
            };
            let changed =
                diesel::update(application::table.find(id).filter(application::version.eq(a.version)))
                    .set((
                        application::state.eq(to.as_str()),
                        application::reason.eq(reason),
                        application::decided_at.eq(core.now()),
                        application::decided_by.eq(actor.person),
                        application::person_id.eq(person),
                        application::version.eq(application::version + 1),
                    ))
                    .execute(tx)
                    .await?;
            if changed == 0 {
                return Err(Problem::new(Code::Stale));
            }
            let news = Decided {
                id: core.id(),
                application_id: id,
                account_id: a.account,
                union: a.org_name.clone(),
                state: to,
            };
            outbox::publish(tx, news.id, core.now(), DECIDED, &news).await?;
            let object = ("join_application", Some(id));
            let mut event = actor.event(core.id(), core.now(), Some(&a.path), action, object);
            event.subject_person = person;
            event.reason = reason.map(ToOwned::to_owned);
            audit::append(tx, &event.changes(json!({"state": to}))).await?;
            get(core, tx, scope, id).await
        })
        .await;
    let done = match done {
        // Somebody else admitted the same document at this moment.
        Err(problem)
            if matches!(
                constraint(&problem),
                Some("person_document_number" | "account_person" | "membership_open")
            ) =>
        {
            return Err(Problem::new(Code::AlreadyExists));
        }
        other => other?,
    };
    identity.states.forget(done.account);
    Ok(done)
}

// Confirms who is on the roster, or admits who is not; either way the account is theirs from now on.
async fn admit(core: &Core, tx: &mut Conn, a: &Application) -> Result<Uuid, Problem> {
    let found = compare(tx, a).await?;
    if matches!(found, Match::NeedsReview | Match::RosterOtherName) {
        return Err(Problem::new(Code::AlreadyExists).with_detail("该证件须另行核实，暂不能通过。"));
    }
    let holder = person::holder(tx, &a.number_index).await?;
    let person = match holder {
        Some((person, _)) => person,
        None => {
            let name = PersonName::parse(&a.name).map_err(|_| Problem::internal("a stored name is none"))?;
            let document = Document::parse(a.id_type, &a.id_number, core.today(), Entry::Person)
                .map_err(|_| Problem::internal("a stored number is none"))?;
            person::create(core, tx, &name, &document).await?
        }
    };
    if matches!(found, Match::New) {
        let org = org::any(tx, a.org).await?.ok_or_else(Problem::not_found)?;
        membership::admit(core, tx, person, &org, core.today()).await.map_err(|problem| {
            match problem.code {
                // Somebody else admitted the same document between the comparison and now.
                Code::InvalidState | Code::Stale => Problem::new(Code::AlreadyExists),
                _ => problem,
            }
        })?;
        profile::put(core, tx, person, Some(&a.mobile), &json!({})).await?;
    }
    real_name::raise(core, tx, a.account, person).await?;
    Ok(person)
}
