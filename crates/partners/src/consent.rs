//! What a member agreed to: which partner, what it learns, since when and until when. Withdrawing is as easy as giving and
//! takes open tickets along (PIPL, art. 15); rows are kept.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::Actor;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use crate::partner::Partner;
use crate::receives::Shared;
use crate::schema::{partner, partner_consent as consent, partner_ticket};
use crate::subject::Subjects;

/// A member who agrees.
#[derive(Debug, Clone, Copy)]
pub struct Giver<'a> {
    /// The account.
    pub account: Uuid,
    /// The natural person.
    pub person: Uuid,
    /// For the audit row.
    pub actor: &'a Actor,
}

/// The consent of a member that stands for a partner.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn standing(conn: &mut Conn, account: Uuid, partner: Uuid) -> Result<Option<Uuid>, Problem> {
    let own = consent::account_id.eq(account).and(consent::partner_id.eq(partner));
    let stands = consent::table.filter(own.and(consent::withdrawn_at.is_null())).select(consent::id);
    Ok(stands.first(conn).await.optional()?)
}

/// Agrees to a partner; one consent stands, however many are given at once.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn give(
    core: &Core,
    tx: &mut Conn,
    subjects: &Subjects,
    by: Giver<'_>,
    to: &Partner,
) -> Result<Uuid, Problem> {
    let (id, now) = (core.id(), core.now());
    let given = diesel::insert_into(consent::table)
        .values((
            consent::id.eq(id),
            consent::partner_id.eq(to.id),
            consent::account_id.eq(by.account),
            consent::person_id.eq(by.person),
            consent::subject.eq(subjects.of(to.id, by.person)),
            consent::receives.eq(to.receives.words()),
            consent::given_at.eq(now),
            consent::channel.eq(&by.actor.channel),
        ))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    if given == 0 {
        let other = standing(tx, by.account, to.id).await?;
        return other.ok_or_else(|| Problem::internal("a consent that stands and does not"));
    }
    let event = by.actor.event(core.id(), now, None, "partner.consent", ("partner", Some(to.id)));
    audit::append(tx, &event.changes(json!({"receives": to.receives.words()}))).await?;
    Ok(id)
}

/// Withdraws a member's consent to a partner; open tickets die with it.
///
/// # Errors
/// `NOT_FOUND` when there is none to withdraw.
pub async fn withdraw(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    account: Uuid,
    partner: Uuid,
) -> Result<(), Problem> {
    let own = consent::account_id.eq(account).and(consent::partner_id.eq(partner));
    let withdrawn: Option<Uuid> =
        diesel::update(consent::table.filter(own.and(consent::withdrawn_at.is_null())))
            .set(consent::withdrawn_at.eq(core.now()))
            .returning(consent::id)
            .get_result(tx)
            .await
            .optional()?;
    let id = withdrawn.ok_or_else(Problem::not_found)?;
    diesel::delete(partner_ticket::table.filter(partner_ticket::consent_id.eq(id))).execute(tx).await?;
    let event = actor.event(core.id(), core.now(), None, "partner.withdraw", ("partner", Some(partner)));
    audit::append(tx, &event).await
}

/// Withdraws every consent of an account that was closed.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn withdraw_all(core: &Core, tx: &mut Conn, account: Uuid) -> Result<(), Problem> {
    let standing = consent::account_id.eq(account).and(consent::withdrawn_at.is_null());
    let ended: Vec<Uuid> = diesel::update(consent::table.filter(standing))
        .set(consent::withdrawn_at.eq(core.now()))
        .returning(consent::id)
        .get_results(tx)
        .await?;
    if ended.is_empty() {
        return Ok(());
    }
    let count = ended.len();
    diesel::delete(partner_ticket::table.filter(partner_ticket::consent_id.eq_any(ended)))
        .execute(tx)
        .await?;
    let event =
        Actor::task().event(core.id(), core.now(), None, "partner.withdraw", ("account", Some(account)));
    audit::append(tx, &event.changes(json!({"partners": count}))).await
}

/// A consent, as who gave it sees it.
#[derive(Debug, Clone, Queryable)]
pub struct Given {
    /// Its id.
    pub id: Uuid,
    /// The partner.
    pub partner: Uuid,
    /// What it is called.
    pub name: String,
    /// Whose it is, where that is a name.
    pub organisation: Option<String>,
    /// What it learns.
    #[diesel(deserialize_as = Vec<String>)]
    pub receives: Shared,
    /// Since when.
    pub given_at: DateTime<Utc>,
    /// Until when.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// By which channel it was given.
    pub channel: String,
}

/// A page of the consents of an account, withdrawn ones too, newest first, before an id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    account: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Page<Given>, Problem> {
    let mut query = consent::table
        .inner_join(partner::table.on(partner::id.eq(consent::partner_id)))
        .filter(consent::account_id.eq(account))
        .order(consent::id.desc())
        .limit(limit + 1)
        .select((
            consent::id,
            consent::partner_id,
            partner::name,
            partner::organisation,
            consent::receives,
            consent::given_at,
            consent::withdrawn_at,
            consent::channel,
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(consent::id.lt(before));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
