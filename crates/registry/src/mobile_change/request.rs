//! The member's side, who cannot log in.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_identity::counts::{self, MOBILE_CHANGE_TRIES};
use unionhall_identity::otp::{self, Purpose};
use unionhall_identity::sms::{self, Message, Template};
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::{Code, Document, Mobile, PersonName, Problem};
use unionhall_storage::{Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, Realm};
use uuid::Uuid;

use super::State;
use super::store::MOBILE;
use crate::join::working_days_after;
use crate::membership::{self, State as Membership};
use crate::schema::member_mobile_change as change;

/// Working days a county has.
const DAYS: u32 = 5;

/// What somebody states who lost their phone.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The mobile they have now.
    pub mobile: &'a Mobile,
    /// A code to it, purpose `apply`.
    pub code: &'a str,
    /// Full name.
    pub name: &'a PersonName,
    /// Document.
    pub document: &'a Document,
}

/// Takes a request. A row is made only for somebody on a roster, and one at a time for each new number; the caller is
/// answered alike, whether or not there is one. A person's present mobile is told, so that its holder can object.
///
/// # Errors
/// `OTP_INVALID`; `TRIES_EXHAUSTED` after five a day, by the new mobile and by document.
pub async fn request(identity: &Identity, actor: &Actor, claim: &Claim<'_>) -> Result<(), Problem> {
    let core = &identity.core;
    let Claim { mobile, code, name, document } = *claim;
    // Judged first: whoever cannot read the code must not use up the day of a document.
    let proof = otp::check(core, Realm::Member, Purpose::Apply, mobile, code).await?;
    let document = person::document_index(&core.sealer, document);
    let wanted = account::mobile_index(&core.sealer, mobile);
    take_try(core, &wanted, &document).await?;
    let told = core
        .db
        .write(async |tx| {
            proof.consume(tx, core.now()).await?;
            let holder = person::holder(tx, &document).await?;
            // The same questions are asked whoever it is, about a person nobody is when the number is unknown.
            let person = holder.as_ref().map_or(Uuid::nil(), |(id, _)| *id);
            let standing = membership::standing(tx, person).await?;
            let bound = account::find_by_person(tx, Realm::Member, person).await?;
            let is_named =
                holder.is_some_and(|(_, held)| PersonName::parse(&held).is_ok_and(|held| held == *name));
            let seen = bound.as_ref().and_then(|own| own.mobile_index());
            let standing = standing.filter(|s| s.state != Membership::Ended && is_named);
            let standing = standing.filter(|_| seen != Some(wanted.as_slice()));
            let Some(standing) = standing else {
                let object = ("mobile_change", None);
                let event = actor.event(core.id(), core.now(), None, "mobile_change.request", object);
                audit::append(tx, &event).await?;
                return Ok(None);
            };
            let id = core.id();
            let made = diesel::insert_into(change::table)
                .values((
                    change::id.eq(id),
                    change::person_id.eq(person),
                    change::mobile.eq(core.sealer.seal_text(MOBILE, id, mobile.e164())?),
                    change::mobile_index.eq(&wanted),
                    change::seen_index.eq(seen),
                    change::state.eq(State::Review.as_str()),
                    change::due_on.eq(working_days_after(core.today(), DAYS)),
                    change::created_at.eq(core.now()),
                ))
                .on_conflict_do_nothing()
                .execute(tx)
                .await?;
            let object = ("mobile_change", (made == 1).then_some(id));
            let path = Some(standing.path.as_str());
            let event = actor.event(core.id(), core.now(), path, "mobile_change.request", object);
            audit::append(tx, &event.about(person)).await?;
            let old = bound.filter(|_| made == 1).map(|own| own.mobile(&core.sealer)).transpose()?;
            Ok(old.flatten())
        })
        .await?;
    if let Some(old) = told {
        let template = Template::MobileChangeRequested { mobile: mobile.masked() };
        let message = Message { mobile: old, template };
        sms::tell(identity.sms.as_ref(), &message);
    }
    Ok(())
}

// Counted on its own, before anything is judged: a try that fails half-way is still a try.
async fn take_try(core: &Core, mobile: &[u8], document: &[u8]) -> Result<(), Problem> {
    let (today, cap) = (core.today(), MOBILE_CHANGE_TRIES);
    let left = core
        .db
        .write(async |tx| {
            let by_mobile = counts::take(tx, "mobile_change_mobile", mobile, today, cap).await?;
            let by_document = counts::take(tx, "mobile_change_document", document, today, cap).await?;
            Ok(by_mobile.zip(by_document))
        })
        .await?;
    let wait = core.seconds_to_midnight();
    left.map(|_| ()).ok_or_else(|| Problem::new(Code::TriesExhausted).retry_after(wait))
}
