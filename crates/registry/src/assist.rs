//! Helping members 代办: a cadre opens a session of a member's in scope, with the form that the member signed in hand, and does in
//! it what the member wishes; see [`unionhall_web::assist`] for what is open.

use chrono::{DateTime, Utc};
use serde_json::json;
use unionhall_files::{Purpose, attach};
use unionhall_identity::assist::{self, Helped};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::assist::{Assist, Way};
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::member;
use crate::membership::State;
use crate::org;
use crate::real_name;

/// What a cadre has in hand.
#[derive(Debug)]
pub struct Help {
    /// The member's natural person.
    pub member: Uuid,
    /// By which way.
    pub way: Way,
    /// The signed form, uploaded by the cadre.
    pub form: Option<Uuid>,
    /// Why.
    pub reason: String,
}

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Uuid,
    /// The member's account.
    pub account: Uuid,
    /// Until when it lives.
    pub expires_at: DateTime<Utc>,
}

/// Opens a session of a member's for a cadre, in the caller's transaction.
///
/// # Errors
/// `NOT_FOUND` out of scope; `NOT_ANOTHER_PERSON` for oneself; `INVALID_STATE` for somebody whose membership has ended or whose
/// account is blocked, and for who has no account where nothing was signed; `VALIDATION_FAILED` with `FILE_UNKNOWN`.
pub async fn open(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    scope: &OrgScope,
    help: &Help,
) -> Result<Opened, Problem> {
    let (Some(person), Some(account)) = (actor.person, actor.account) else {
        return Err(Problem::new(Code::Forbidden));
    };
    if person == help.member {
        return Err(Problem::new(Code::NotAnotherPerson));
    }
    let found = member::get(core, tx, scope, help.member).await?;
    if found.state == State::Ended {
        return Err(Problem::new(Code::InvalidState));
    }
    let (theirs, is_new) = assist::account_of(core, tx, help.member, help.way).await?;
    if is_new {
        // Whoever opened the account has seen the document that the roster names.
        real_name::raise(core, tx, theirs.id, help.member).await?;
    }
    let scopes = Vec::new();
    let union = match &actor.org {
        Some((union, _)) => org::any(tx, *union).await?,
        None => None,
    };
    let below_county = union.is_none_or(|union| !union.is_county_or_above());
    let (post, union, way) = (actor.post, actor.org.clone(), help.way);
    let by = Assist { person, account, post, org: union, way, scopes, below_county };
    let helped = Helped {
        person: help.member,
        path: Some(&found.path),
        by: &by,
        form: help.form,
        delegation: None,
        reason: &help.reason,
    };
    let (session, expires_at) = assist::open(core, tx, theirs.id, &helped).await?;
    let object = ("assisted_session", session);
    if let Some(form) = help.form {
        let of = (account, Purpose::OnBehalfForm);
        attach(tx, core.now(), of, form, "/form_file_id", object).await?;
    }
    let event = actor
        .event(core.id(), core.now(), Some(&found.path), "member.assist", (object.0, Some(session)))
        .about(help.member)
        .changes(json!({"way": help.way.as_str(), "form": help.form, "new_account": is_new}))
        .reason(&help.reason);
    audit::append(tx, &event).await?;
    Ok(Opened { session, account: theirs.id, expires_at })
}
