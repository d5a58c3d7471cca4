//! Which member stands behind a subject: for cadres from the county up, of their own members, with a reason, and on record
//! before anything is read, as a reveal.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::member::{self, Member};
use unionhall_registry::org;
use unionhall_storage::{Core, audit};
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::partner::{self, By};
use crate::schema::partner_consent;

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// Whose subject.
    pub partner: Uuid,
    /// The subject.
    pub subject: &'a [u8],
    /// Why.
    pub reason: &'a str,
}

/// The member of the scope a partner's subject stands for. That it was asked is on record, and the member can see it.
///
/// # Errors
/// `FORBIDDEN` below the county; `NOT_FOUND` for a partner of neither the scope nor a union above, for a subject that partner
/// never had, and for a member out of scope.
pub async fn resolve(
    core: &Core,
    by: By<'_>,
    union: Uuid,
    question: &Question<'_>,
) -> Result<Member, Problem> {
    let mut conn = core.db.read().await?;
    if !org::get(&mut conn, by.scope, union).await?.is_county_or_above() {
        return Err(Problem::new(Code::Forbidden).with_detail("该操作由县级以上总工会办理。"));
    }
    let of = partner::over(&mut conn, by.scope, question.partner).await?;
    let person: Option<Uuid> = partner_consent::table
        .filter(partner_consent::partner_id.eq(of.id).and(partner_consent::subject.eq(question.subject)))
        .select(partner_consent::person_id)
        .first(&mut conn)
        .await
        .optional()?;
    let person = person.ok_or_else(Problem::not_found)?;
    let found = member::get(core, &mut conn, by.scope, person).await?;
    drop(conn);
    let note = |outcome: &str| {
        by.actor
            .event(core.id(), core.now(), Some(&found.path), "partner.resolve", ("partner", Some(of.id)))
            .about(person)
            .changes(json!({"fields": ["name", "mobile", "union"]}))
            .reason(question.reason)
            .outcome(outcome)
    };
    core.db.write(async |tx| audit::append(tx, &note("intent")).await).await?;
    core.db.write(async |tx| audit::append(tx, &note("done")).await).await?;
    Ok(found)
}
