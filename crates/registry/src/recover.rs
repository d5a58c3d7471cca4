//! A cadre who cannot get in 找回干部账号: the phone is lost, or password or TOTP with it. Whoever may grant all of their posts
//! takes off what stands in the way; the cadre then proves the mobile on record, as at the invitation. The manager
//! chooses neither password nor phone, so nobody gets in as somebody else.

use serde_json::json;
use unionhall_identity::account::{self, State};
use unionhall_identity::sms::{Message, Template, tell};
use unionhall_identity::{Identity, binding, session};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::audit;
use unionhall_web::actor::{EventExt, Seat};
use unionhall_web::{Actor, OrgScope, Role, RoleName};
use uuid::Uuid;

use crate::post::{self, PostView};

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The bound phones: the next login binds its own.
    Device,
    /// The password or the TOTP secret: both are set anew by activating, with a code to the mobile on record.
    Login,
}

/// Lets the holder of a post in again. Their sessions end.
///
/// # Errors
/// `NOT_FOUND` out of scope; `STALE`; `INVALID_STATE` for a revoked post and, of devices, an account that was never activated;
/// `NOT_ANOTHER_PERSON` for oneself; `GRANT_EXCEEDS_CEILING` unless the caller may grant every post that the account holds.
pub async fn recover(
    identity: &Identity,
    actor: &Actor,
    (scope, grantor): (&OrgScope, &Role),
    id: Uuid,
    check: impl Fn(i32) -> Result<(), Problem>,
    (lost, reason): (Lost, &str),
) -> Result<PostView, Problem> {
    let core = &identity.core;
    let (view, account, mobile) = core
        .db
        .write(async |tx| {
            let view = post::get(tx, scope, id).await?;
            check(view.version)?;
            if actor.person == Some(view.person) {
                return Err(Problem::new(Code::NotAnotherPerson));
            }
            if view.revoked_at.is_some() {
                return Err(Problem::new(Code::InvalidState));
            }
            let found = account::find_by_person(tx, post::realm_of(view.role), view.person).await?;
            let account = found.ok_or_else(Problem::not_found)?;
            // Who may recover one post of somebody's must not thereby reach another, above or beside.
            let held = identity.states.granted_to(tx, &account).await?;
            let is_covered = |role: &Role| {
                let within = matches!(&role.seat, Seat::Union { path, .. } if scope.contains(path));
                within && (grantor.name == RoleName::SecurityAdmin || grantor.ceiling.contains(&role.name))
            };
            if !held.iter().all(is_covered) {
                return Err(Problem::new(Code::GrantExceedsCeiling));
            }
            let action = match lost {
                Lost::Device if account.state == State::Active => "cadre.release_devices",
                Lost::Login if matches!(account.state, State::Active | State::Invited) => {
                    account::reset(tx, account.id).await?;
                    "cadre.reset_login"
                }
                _ => return Err(Problem::new(Code::InvalidState)),
            };
            binding::release_all(tx, account.id).await?;
            session::end_all(tx, account.id, "recovered", core.now()).await?;
            let event = actor
                .event(core.id(), core.now(), Some(&view.path), action, ("post", Some(id)))
                .about(view.person)
                .changes(json!({"account": account.id}))
                .reason(reason);
            audit::append(tx, &event).await?;
            Ok((view, account.id, account.mobile(&core.sealer)?))
        })
        .await?;
    identity.states.forget(account);
    // They hear of it where it was not their wish.
    if let Some(mobile) = mobile {
        let union = view.org_name.clone();
        let template = match lost {
            Lost::Device => Template::DevicesReleased { union },
            Lost::Login => Template::LoginReset { union },
        };
        tell(identity.sms.as_ref(), &Message { mobile, template });
    }
    Ok(view)
}
