//! A change of mobile 更换手机 by a member who still has the old phone: a code to each of the two proves it.
//!
//! What a roster says is its union's and stays as it is. Who lost the old phone asks their county (registry).

use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Mobile, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{audit, outbox};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Principal, Realm};
use uuid::Uuid;

use crate::login::{self, Tokens};
use crate::otp::{self, Purpose};
use crate::sms::{self, Message, Template};
use crate::{Identity, account, session};

/// Published when a member gave their account another mobile: [`Changed`].
pub const CHANGED: &str = "account.mobile_changed";

/// What [`CHANGED`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// Names this change.
    pub id: Uuid,
    /// Whose mobile it is.
    pub account_id: Uuid,
}

/// A change, with what proves both numbers.
#[derive(Debug)]
pub struct Change<'a> {
    /// A code to the present mobile, purpose `confirm`.
    pub code: &'a str,
    /// The mobile to be.
    pub mobile: &'a Mobile,
    /// A code to it, purpose `new_mobile`.
    pub new_code: &'a str,
}

/// Changes the caller's mobile. Every session ends, the caller's too, which goes on in a new one on the same device; the
/// old number is told.
///
/// # Errors
/// `OTP_INVALID` with the `field` of the code that is wrong; `VALIDATION_FAILED` for the mobile one has already;
/// `ALREADY_EXISTS` when another account has the new one; `INVALID_STATE` when it was changed meanwhile.
pub async fn change(
    identity: &Identity,
    actor: &Actor,
    me: &Principal,
    change: &Change<'_>,
) -> Result<Tokens, Problem> {
    let core = &identity.core;
    let (now, id, new) = (core.now(), me.account, change.mobile);
    let mut conn = core.db.writer().await?;
    let own = account::get(&mut conn, id).await?.ok_or_else(Problem::not_found)?;
    let device = session::device_of(&mut conn, me.session).await?;
    drop(conn);
    let old = own.mobile(&core.sealer)?.ok_or_else(|| Problem::new(Code::InvalidState))?;
    if old == *new {
        let same = Invalid::new("MOBILE_SAME", "新手机号与现有手机号相同。");
        return Err(Problem::invalid("/new_mobile", same));
    }
    let named = |problem: Problem, field: &'static str| match problem.code {
        Code::OtpInvalid => problem.with("field", field),
        _ => problem,
    };
    let of_old = otp::check(core, Realm::Member, Purpose::Confirm, &old, change.code).await;
    let of_old = of_old.map_err(|problem| named(problem, "code"))?;
    let of_new = otp::check(core, Realm::Member, Purpose::NewMobile, new, change.new_code).await;
    let of_new = of_new.map_err(|problem| named(problem, "new_code"))?;
    let (index, next) = (account::mobile_index(&core.sealer, &old), core.id());
    let taken = || Problem::new(Code::AlreadyExists).with("field", "new_mobile");
    core.db
        .write(async |tx| {
            of_old.consume(tx, now).await?;
            of_new.consume(tx, now).await?;
            let wanted = account::mobile_index(&core.sealer, new);
            if account::find_by_mobile(tx, Realm::Member, &wanted).await?.is_some() {
                return Err(taken());
            }
            account::set_mobile(core, tx, id, &index, new).await?;
            session::end_all(tx, id, "mobile", now).await?;
            session::open(tx, next, (id, Realm::Member), Some(id), device.as_ref(), now).await?;
            let changed = Changed { id: core.id(), account_id: id };
            outbox::publish(tx, changed.id, now, CHANGED, &changed).await?;
            let mut event = actor.event(core.id(), now, None, "account.mobile", ("account", Some(id)));
            event.subject_person = own.person;
            audit::append(tx, &event.changes(json!({"mobile": [old.masked(), new.masked()]}))).await
        })
        .await
        .map_err(|problem| match constraint(&problem) {
            // Somebody else took the number at this moment.
            Some("account_mobile") => taken(),
            _ => problem,
        })?;
    identity.states.forget(id);
    told(identity, old, new);
    login::issue(identity, id, next, Some(id), 1).await
}

/// Tells the old number that an account has left it, and for which: whoever reads that and did not ask calls.
pub fn told(identity: &Identity, old: Mobile, new: &Mobile) {
    let template = Template::MobileChanged { mobile: new.masked() };
    sms::tell(identity.sms.as_ref(), &Message { mobile: old, template });
}
