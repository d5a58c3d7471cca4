//! Voiding 撤销: a redemption that should not have been. The cashier's branch within 10 minutes, a manager within
//! 24 hours, later (and at any time) the union that manages the merchant (E6, docs/RULES.md, redemption).
//!
//! What was taken comes back exactly once: the row leaves DONE under a condition, and only who moved it gives
//! back. The code stays burned. A coupon past its date comes back expired, and its quota with the daily return.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use crate::redemption::{self, RedemptionView, TillScope};
use crate::schema::{campaign_counter, coupon, merchant, redemption as table};

/// Minutes in which any staff of the branch may void.
pub const STAFF_MINUTES: i64 = 10;
/// Hours in which a manager may void.
pub const MANAGER_HOURS: i64 = 24;

/// Who voids.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Somebody at the till.
    Till {
        /// What they may see.
        scope: TillScope,
        /// Whether as a manager.
        manager: bool,
    },
    /// A cadre of the union that manages the merchant, or of one above.
    Union(&'a OrgScope),
}

impl By<'_> {
    /// Whether a redemption of an age may still be voided.
    pub fn may(&self, age: Duration) -> bool {
        match self {
            Self::Till { manager: false, .. } => age <= Duration::minutes(STAFF_MINUTES),
            Self::Till { manager: true, .. } => age <= Duration::hours(MANAGER_HOURS),
            Self::Union(_) => true,
        }
    }
}

struct Found {
    campaign: Uuid,
    coupon: Option<Uuid>,
    person: Uuid,
    benefit: i64,
    state: String,
    at: DateTime<Utc>,
    path: String,
}

async fn find(tx: &mut Conn, by: By<'_>, id: Uuid) -> Result<Found, Problem> {
    let mut query = table::table
        .inner_join(merchant::table.on(merchant::id.eq(table::merchant_id)))
        .filter(table::id.eq(id))
        .select((
            table::campaign_id,
            table::coupon_id,
            table::person_id,
            table::benefit_fen,
            table::state,
            table::at,
            merchant::path,
        ))
        .into_boxed();
    query = match by {
        By::Till { scope: TillScope { merchant: m, branch: None }, .. } => {
            query.filter(table::merchant_id.eq(m))
        }
        By::Till { scope: TillScope { merchant: m, branch: Some(b) }, .. } => {
            query.filter(table::merchant_id.eq(m).and(table::branch_id.eq(b)))
        }
        By::Union(scope) => {
            query.filter(merchant::path.ge(scope.start()).and(merchant::path.lt(scope.end())))
        }
    };
    type Row = (Uuid, Option<Uuid>, Uuid, i64, String, DateTime<Utc>, String);
    let row: Option<Row> = query.first(tx).await.optional()?;
    let (campaign, coupon, person, benefit, state, at, path) = row.ok_or_else(Problem::not_found)?;
    Ok(Found { campaign, coupon, person, benefit, state, at, path })
}

/// Voids a redemption.
///
/// # Errors
/// `NOT_FOUND` outside what the caller may see, `INVALID_STATE` when it is voided already, `VOID_WINDOW_CLOSED`.
pub async fn void(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    by: By<'_>,
    id: Uuid,
    reason: Option<&str>,
) -> Result<RedemptionView, Problem> {
    let now = core.now();
    let found = find(tx, by, id).await?;
    if found.state != "DONE" {
        return Err(Problem::new(Code::InvalidState));
    }
    if !by.may(now - found.at) {
        return Err(Problem::new(Code::VoidWindowClosed));
    }
    let voided = diesel::update(table::table.find(id).filter(table::state.eq("DONE")))
        .set((
            table::state.eq("VOIDED"),
            table::voided_at.eq(now),
            table::voided_by.eq(actor.account),
            table::void_reason.eq(reason),
        ))
        .execute(tx)
        .await?;
    if voided == 0 {
        return Err(Problem::new(Code::InvalidState));
    }
    give_back(tx, &found).await?;
    let mut event =
        actor.event(core.id(), now, Some(&found.path), "redemption.void", ("redemption", Some(id)));
    event.reason = reason.map(str::to_owned);
    event.subject_person = Some(found.person);
    audit::append(tx, &event.changes(json!({"state": ["DONE", "VOIDED"]}))).await?;
    redemption::any(tx, id).await
}

async fn give_back(tx: &mut Conn, found: &Found) -> Result<(), Problem> {
    if let Some(id) = found.coupon {
        diesel::update(coupon::table.find(id).filter(coupon::person_id.eq(found.person)))
            .set((coupon::state.eq("CLAIMED"), coupon::redemption_id.eq(None::<Uuid>)))
            .execute(tx)
            .await?;
        return Ok(());
    }
    // Caps neither come nor go once a campaign is approved, so what is capped now was counted then.
    let capped = campaign_counter::quota_cap.is_not_null().or(campaign_counter::budget_cap_fen.is_not_null());
    diesel::update(campaign_counter::table.find(found.campaign).filter(capped))
        .set((
            campaign_counter::quota_used.eq(campaign_counter::quota_used - 1),
            campaign_counter::budget_used_fen.eq(campaign_counter::budget_used_fen - found.benefit),
        ))
        .execute(tx)
        .await?;
    Ok(())
}
