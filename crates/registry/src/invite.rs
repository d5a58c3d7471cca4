//! Inviting cadres (E25). Every cadre account is bound to a natural person at invitation. A grantor needs a
//! *grant ceiling* that covers the role, within their subtree; ceilings and the three administrator roles are
//! granted by the security administrator alone.

use chrono::{DateTime, Utc};
use serde_json::json;
use unionhall_identity::account::{self, NewAccount, State};
use unionhall_identity::sms::{Message, Template};
use unionhall_identity::{Identity, person};
use unionhall_kernel::{Code, Document, Invalid, Mobile, PersonName, Problem};
use unionhall_storage::audit;
use unionhall_storage::db::constraint;
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope, Role, RoleName};
use uuid::Uuid;

use crate::org;
use crate::post::{self, NewPost, PostView};

/// Roles of the three administrators: none does business, and only one of them grants.
const ADMINISTRATORS: &[RoleName] = &[RoleName::SystemAdmin, RoleName::SecurityAdmin, RoleName::AuditAdmin];
/// Roles a union's post can have.
const UNION_ROLES: &[RoleName] = &[
    RoleName::Leader,
    RoleName::Officer,
    RoleName::Reviewer,
    RoleName::CashierOfFunds,
    RoleName::Registrar,
    RoleName::LegalOfficer,
    RoleName::MerchantOfficer,
    RoleName::Auditor,
    RoleName::SystemAdmin,
    RoleName::SecurityAdmin,
    RoleName::AuditAdmin,
];

/// An invitation.
#[derive(Debug)]
pub struct Invitation {
    /// Full name.
    pub name: PersonName,
    /// Document.
    pub document: Document,
    /// Mobile; the invitation goes there, and it must be proved to activate.
    pub mobile: Mobile,
    /// Login name.
    pub username: String,
    /// In which union.
    pub union: Uuid,
    /// As what.
    pub role: RoleName,
    /// What they may grant in turn.
    pub ceiling: Vec<RoleName>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
}

// What the invited person is told.
enum Told {
    Invited,
    Granted,
    MustEnrol,
}

fn may_grant(grantor: &Role, invitation: &Invitation) -> bool {
    let administrative = ADMINISTRATORS.contains(&invitation.role) || !invitation.ceiling.is_empty();
    if administrative {
        grantor.name == RoleName::SecurityAdmin
    } else {
        grantor.ceiling.contains(&invitation.role)
    }
}

/// Invites somebody: creates what is missing of person and account, and grants the post. Who has an account keeps its
/// login name and mobile; where the post takes TOTP and the account has none, the post waits until its holder
/// enrols, and what the account had goes on.
///
/// # Errors
/// `GRANT_EXCEEDS_CEILING`; `NOT_FOUND` for a union out of scope; `ALREADY_EXISTS` when the login name, the
/// mobile or the post is taken, or the document belongs to somebody of another name; `NOT_ANOTHER_PERSON`
/// for a post for oneself.
pub async fn invite(
    identity: &Identity,
    actor: &Actor,
    scope: &OrgScope,
    grantor: &Role,
    invitation: &Invitation,
) -> Result<PostView, Problem> {
    if !UNION_ROLES.contains(&invitation.role) {
        let invalid = Invalid::new("ROLE_NOT_OF_A_UNION", "不是工会任职。");
        return Err(Problem::invalid("/role", invalid));
    }
    if !may_grant(grantor, invitation) {
        return Err(Problem::new(Code::GrantExceedsCeiling));
    }
    let core = &identity.core;
    let Invitation { name, document, mobile, username, union, role, ceiling, to } = invitation;
    let realm = post::realm_of(*role);
    let made = core
        .db
        .write(async |tx| {
            let union = org::get(tx, scope, *union).await?;
            let index = person::document_index(&core.sealer, document);
            let person = match person::holder(tx, &index).await? {
                // A number with another name is a mistake of somebody's, to be looked at by people.
                Some((_, held)) if PersonName::parse(&held).ok().as_ref() != Some(name) => {
                    return Err(Problem::new(Code::AlreadyExists));
                }
                Some((person, _)) => person,
                None => person::create(core, tx, name, document).await?,
            };
            if actor.person == Some(person) {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            let existing = account::find_by_person(tx, realm, person).await?;
            let mut told = (mobile.clone(), Told::Invited);
            if let Some(account) = &existing {
                let own = account.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
                told = (own, Told::Granted);
                if !account.has_totp() && post::takes_totp(*role, &union) {
                    told.1 = Told::MustEnrol;
                }
            } else {
                let new = NewAccount {
                    realm,
                    person: Some(person),
                    username: Some(username),
                    mobile: Some(mobile),
                    state: State::Invited,
                    password_hash: None,
                    totp_secret: None,
                };
                account::create(core, tx, &new).await?;
            }
            let new = NewPost {
                person,
                org: &union,
                role: *role,
                ceiling,
                from: core.now(),
                to: *to,
                granted_by: actor.person,
            };
            let post = post::grant(core, tx, &new).await?;
            let object = ("post", Some(post));
            let event = actor
                .event(core.id(), core.now(), Some(&union.path), "post.grant", object)
                .about(person)
                .changes(json!({"role": role, "ceiling": ceiling, "new_account": existing.is_none()}));
            audit::append(tx, &event).await?;
            let view = post::get(tx, scope, post).await?;
            Ok((view, existing.map(|account| account.id), told))
        })
        .await;
    let (view, existing, (mobile, told)) = made.map_err(|problem| {
        let field = match constraint(&problem) {
            Some("account_username") => "username",
            Some("account_mobile") => "mobile",
            Some("post_held") => "role",
            Some("account_person" | "person_document_number") => "id_number",
            _ => return problem,
        };
        Problem::new(Code::AlreadyExists).with("field", field)
    })?;
    if let Some(account) = existing {
        identity.states.forget(account);
    }
    let union = view.org_name.clone();
    let template = match told {
        Told::Invited => Template::Invitation { union, username: username.clone() },
        Told::Granted => Template::PostGranted { union },
        Told::MustEnrol => Template::PostEnrolment { union },
    };
    identity.sms.send(&Message { mobile, template })?;
    Ok(view)
}

/// Revokes a post: the security administrator any, others one of a role that their ceiling covers.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `GRANT_EXCEEDS_CEILING`.
pub async fn revoke(
    identity: &Identity,
    actor: &Actor,
    scope: &OrgScope,
    grantor: &Role,
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    reason: &str,
) -> Result<PostView, Problem> {
    let core = &identity.core;
    let by = actor.person.ok_or_else(|| Problem::new(Code::Forbidden))?;
    let (view, accounts) = core
        .db
        .write(async |tx| {
            let view = post::get(tx, scope, id).await?;
            check(view.version)?;
            if grantor.name != RoleName::SecurityAdmin && !grantor.ceiling.contains(&view.role) {
                return Err(Problem::new(Code::GrantExceedsCeiling));
            }
            if view.revoked_at.is_some() {
                return Err(Problem::new(Code::InvalidState));
            }
            let accounts = post::revoke(core, tx, &view, view.version, by).await?;
            let object = ("post", Some(id));
            let event = actor
                .event(core.id(), core.now(), Some(&view.path), "post.revoke", object)
                .about(view.person)
                .reason(reason);
            audit::append(tx, &event).await?;
            Ok((post::get(tx, scope, id).await?, accounts))
        })
        .await?;
    for account in accounts {
        identity.states.forget(account);
    }
    Ok(view)
}
