//! Entering a campaign, rewriting a draft, moving the limits of an approved one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Fen, Invalid, Problem};
use unionhall_storage::db::constraint;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::OrgScope;
use unionhall_web::actor::EventExt;
use uuid::Uuid;

use super::step::{another, bump};
use super::{By, Campaign, CampaignState, OfferKind, Terms, get};
use crate::benefit::Rate;
use crate::code_pool;
use crate::schema::{campaign, campaign_branch, campaign_counter, merchant, merchant_branch};

// Branches of merchants the cadre may see; anything else is absent.
async fn check_branches(conn: &mut Conn, scope: &OrgScope, branches: &[Uuid]) -> Result<(), Problem> {
    let found: i64 = merchant_branch::table
        .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
        .filter(merchant_branch::id.eq_any(branches))
        .filter(merchant::path.ge(scope.start()).and(merchant::path.lt(scope.end())))
        .count()
        .get_result(conn)
        .await?;
    if usize::try_from(found).is_ok_and(|n| n == branches.len()) {
        Ok(())
    } else {
        let invalid = Invalid::new("BRANCH_UNKNOWN", "门店不存在或不在您的管理范围内。");
        Err(Problem::invalid("/branch_ids", invalid))
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = campaign, treat_none_as_null = true)]
struct TermsRow<'a> {
    title: &'a str,
    kind: &'static str,
    benefit_kind: &'static str,
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
    member_limit: i32,
    period: &'static str,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    claim_from: Option<DateTime<Utc>>,
    claim_until: Option<DateTime<Utc>>,
    coupon_valid_days: Option<i32>,
    retained_allowed: bool,
}

fn terms_row(terms: &Terms) -> TermsRow<'_> {
    let (benefit_kind, benefit_fen, benefit_bp, cap_fen) = match terms.benefit.rate {
        Rate::Amount(fen) => ("amount", Some(fen.get()), None, None),
        Rate::Percent(bp, cap) => ("percent", None, i32::try_from(bp.get()).ok(), cap.map(Fen::get)),
    };
    TermsRow {
        title: &terms.title,
        kind: terms.kind.as_str(),
        benefit_kind,
        benefit_fen,
        benefit_bp,
        cap_fen,
        min_spend_fen: terms.benefit.min_spend.get(),
        member_limit: terms.member_limit,
        period: terms.period.as_str(),
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        claim_from: terms.coupon.map(|c| c.claim_from),
        claim_until: terms.coupon.map(|c| c.claim_until),
        coupon_valid_days: terms.coupon.map(|c| c.valid_days),
        retained_allowed: terms.retained_allowed,
    }
}

async fn link(tx: &mut Conn, id: Uuid, branches: &[Uuid]) -> Result<(), Problem> {
    if branches.is_empty() {
        return Ok(());
    }
    let links: Vec<_> = branches
        .iter()
        .map(|branch| (campaign_branch::campaign_id.eq(id), campaign_branch::branch_id.eq(*branch)))
        .collect();
    diesel::insert_into(campaign_branch::table).values(links).execute(tx).await?;
    Ok(())
}

/// Enters a campaign for the members of a union, as a draft.
///
/// # Errors
/// `NOT_FOUND` when the union is out of scope, `VALIDATION_FAILED` for branches that are.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    union: Uuid,
    terms: &Terms,
) -> Result<Campaign, Problem> {
    let union = unionhall_registry::org::get(tx, by.scope, union).await?;
    check_branches(tx, by.scope, &terms.branches).await?;
    let (id, now) = (core.id(), core.now());
    diesel::insert_into(campaign::table)
        .values((
            terms_row(terms),
            campaign::id.eq(id),
            campaign::org_id.eq(union.id),
            campaign::path.eq(&union.path),
            campaign::state.eq(CampaignState::Draft.as_str()),
            campaign::entered_by.eq(by.person),
            campaign::changed_by.eq(by.person),
            campaign::created_at.eq(now),
        ))
        .execute(tx)
        .await?;
    diesel::insert_into(campaign_counter::table)
        .values((
            campaign_counter::campaign_id.eq(id),
            campaign_counter::quota_cap.eq(terms.quota),
            campaign_counter::budget_cap_fen.eq(terms.budget.map(Fen::get)),
        ))
        .execute(tx)
        .await?;
    link(tx, id, &terms.branches).await?;
    let event = by.actor.event(core.id(), now, Some(&union.path), "campaign.create", ("campaign", Some(id)));
    audit::append(tx, &event.changes(json!({"title": terms.title, "kind": terms.kind.as_str()}))).await?;
    get(tx, by.scope, id).await
}

/// Rewrites a draft.
///
/// # Errors
/// `INVALID_STATE` unless it is a draft; `STALE`; `VALIDATION_FAILED` for branches out of scope.
pub async fn rewrite(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    before: &Campaign,
    terms: &Terms,
) -> Result<Campaign, Problem> {
    if before.state != CampaignState::Draft {
        return Err(Problem::new(Code::InvalidState));
    }
    check_branches(tx, by.scope, &terms.branches).await?;
    bump(tx, before).await?;
    diesel::update(campaign::table.find(before.id))
        .set((terms_row(terms), campaign::changed_by.eq(by.person)))
        .execute(tx)
        .await?;
    set_caps(tx, before.id, terms.quota, terms.budget).await?;
    diesel::delete(campaign_branch::table.filter(campaign_branch::campaign_id.eq(before.id)))
        .execute(tx)
        .await?;
    link(tx, before.id, &terms.branches).await?;
    let event = by.actor.event(
        core.id(),
        core.now(),
        Some(&before.path),
        "campaign.change",
        ("campaign", Some(before.id)),
    );
    audit::append(tx, &event.changes(json!({"title": [before.terms.title, terms.title]}))).await?;
    get(tx, by.scope, before.id).await
}

async fn set_caps(tx: &mut Conn, id: Uuid, quota: Option<i64>, budget: Option<Fen>) -> Result<(), Problem> {
    let done = diesel::update(campaign_counter::table.find(id))
        .set((
            campaign_counter::quota_cap.eq(quota),
            campaign_counter::budget_cap_fen.eq(budget.map(Fen::get)),
        ))
        .execute(tx)
        .await
        .map_err(Problem::from);
    match done {
        Ok(_) => Ok(()),
        Err(problem) => Err(match constraint(&problem) {
            Some("campaign_counter_quota") => below_used("/quota"),
            Some("campaign_counter_budget") => below_used("/budget_fen"),
            _ => problem,
        }),
    }
}

fn below_used(pointer: &str) -> Problem {
    Problem::invalid(pointer, Invalid::new("BELOW_USED", "不能低于已领取和已使用的数量。"))
}

/// Moves the caps of an approved or paused campaign: never below what was taken. More money or more uses is an
/// approval of its own, so a raise needs somebody who may approve and did not enter it; a cut does not.
///
/// # Errors
/// `INVALID_STATE` in other states or where a cap would come or go, `FORBIDDEN`, `NOT_ANOTHER_PERSON`, `STALE`,
/// `VALIDATION_FAILED` below what was taken.
pub async fn set_limits(
    core: &Core,
    tx: &mut Conn,
    by: By<'_>,
    may_approve: bool,
    before: &Campaign,
    (quota, budget): (Option<i64>, Option<Fen>),
) -> Result<Campaign, Problem> {
    let terms = &before.terms;
    let same_shape = quota.is_some() == terms.quota.is_some() && budget.is_some() == terms.budget.is_some();
    if !matches!(before.state, CampaignState::Approved | CampaignState::Paused) || !same_shape {
        return Err(Problem::new(Code::InvalidState));
    }
    if quota > terms.quota || budget > terms.budget {
        if !may_approve {
            return Err(Problem::new(Code::Forbidden));
        }
        another(by, before)?;
    }
    if terms.kind == OfferKind::CodePool && quota > Some(code_pool::count(tx, before.id).await?) {
        return Err(Problem::invalid(
            "/quota",
            Invalid::new("QUOTA_CODES", "总数量不能超过已上传的兑换码数量。"),
        ));
    }
    bump(tx, before).await?;
    set_caps(tx, before.id, quota, budget).await?;
    let event = by.actor.event(
        core.id(),
        core.now(),
        Some(&before.path),
        "campaign.set_limits",
        ("campaign", Some(before.id)),
    );
    let changes = json!({"quota": [terms.quota, quota], "budget_fen": [terms.budget, budget]});
    audit::append(tx, &event.changes(changes)).await?;
    get(tx, by.scope, before.id).await
}
