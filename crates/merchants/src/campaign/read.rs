//! Campaigns as they are read, within a scope or by anybody.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::{Page, after};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Campaign, CampaignState, CouponTerms, LimitPeriod, OfferKind, Terms, benefit_of, fen};
use crate::directory::Filter;
use crate::schema::{campaign, campaign_branch, campaign_counter, merchant, merchant_branch};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campaign)]
struct Row {
    id: Uuid,
    org_id: Uuid,
    path: String,
    title: String,
    kind: String,
    state: String,
    benefit_fen: Option<i64>,
    benefit_bp: Option<i32>,
    cap_fen: Option<i64>,
    min_spend_fen: i64,
    member_limit: i32,
    period: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    claim_from: Option<DateTime<Utc>>,
    claim_until: Option<DateTime<Utc>>,
    coupon_valid_days: Option<i32>,
    retained_allowed: bool,
    entered_by: Uuid,
    changed_by: Uuid,
    return_reason: Option<String>,
    version: i32,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campaign_counter)]
struct CounterRow {
    quota_cap: Option<i64>,
    quota_used: i64,
    budget_cap_fen: Option<i64>,
    budget_used_fen: i64,
}

fn campaign_of(row: Row, counter: CounterRow, branches: Vec<Uuid>) -> Result<Campaign, Problem> {
    let coupon = match (row.claim_from, row.claim_until, row.coupon_valid_days) {
        (Some(claim_from), Some(claim_until), Some(valid_days)) => {
            Some(CouponTerms { claim_from, claim_until, valid_days })
        }
        _ => None,
    };
    let terms = Terms {
        title: row.title,
        kind: OfferKind::parse(&row.kind)?,
        benefit: benefit_of(row.benefit_fen, row.benefit_bp, row.cap_fen, row.min_spend_fen)?,
        member_limit: row.member_limit,
        period: LimitPeriod::parse(&row.period)?,
        quota: counter.quota_cap,
        budget: counter.budget_cap_fen.map(fen).transpose()?,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        coupon,
        retained_allowed: row.retained_allowed,
        branches,
    };
    Ok(Campaign {
        id: row.id,
        org: row.org_id,
        path: row.path,
        terms,
        state: CampaignState::parse(&row.state)?,
        quota_used: counter.quota_used,
        budget_used: fen(counter.budget_used_fen)?,
        entered_by: row.entered_by,
        changed_by: row.changed_by,
        return_reason: row.return_reason,
        version: row.version,
    })
}

async fn with_branches(conn: &mut Conn, rows: Vec<(Row, CounterRow)>) -> Result<Vec<Campaign>, Problem> {
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.id).collect();
    let links: Vec<(Uuid, Uuid)> = campaign_branch::table
        .filter(campaign_branch::campaign_id.eq_any(&ids))
        .order(campaign_branch::branch_id)
        .load(conn)
        .await?;
    let branches = |id: Uuid| links.iter().filter(|(c, _)| *c == id).map(|(_, b)| *b).collect();
    rows.into_iter()
        .map(|(row, counter)| {
            let branches = branches(row.id);
            campaign_of(row, counter, branches)
        })
        .collect()
}

macro_rules! rows {
    () => {
        campaign::table
            .inner_join(campaign_counter::table.on(campaign_counter::campaign_id.eq(campaign::id)))
            .select((Row::as_select(), CounterRow::as_select()))
    };
}

/// A campaign within a scope.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Campaign, Problem> {
    let row: Option<(Row, CounterRow)> = rows!()
        .filter(campaign::id.eq(id))
        .filter(campaign::path.ge(scope.start()).and(campaign::path.lt(scope.end())))
        .first(conn)
        .await
        .optional()?;
    let found = with_branches(conn, row.into_iter().collect()).await?.pop();
    found.ok_or_else(Problem::not_found)
}

/// A campaign whatever the scope: for rules inside this room, never for an answer.
pub(crate) async fn any(conn: &mut Conn, id: Uuid) -> Result<Option<Campaign>, Problem> {
    let row: Option<(Row, CounterRow)> = rows!().filter(campaign::id.eq(id)).first(conn).await.optional()?;
    Ok(with_branches(conn, row.into_iter().collect()).await?.pop())
}

/// A page of the campaigns of a scope, after `(path, id)`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    states: &[CampaignState],
    key: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Page<Campaign>, Problem> {
    let mut query = rows!()
        .filter(campaign::path.ge(scope.start()).and(campaign::path.lt(scope.end())))
        .order((campaign::path, campaign::id))
        .limit(limit + 1)
        .into_boxed();
    if !states.is_empty() {
        let words: Vec<&str> = states.iter().map(|s| s.as_str()).collect();
        query = query.filter(campaign::state.eq_any(words));
    }
    if let Some(key) = key {
        query = query.filter(after((campaign::path, campaign::id), key));
    }
    let page = Page::cut(query.load::<(Row, CounterRow)>(conn).await?, limit);
    Ok(Page { more: page.more, items: with_branches(conn, page.items).await? })
}

/// A page of campaigns that are on or to come at a branch in force, by id.
pub(crate) async fn public(
    conn: &mut Conn,
    filter: &Filter,
    (now, today): (DateTime<Utc>, NaiveDate),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Campaign>, Problem> {
    let division = filter.division.as_deref().unwrap_or("");
    let somewhere = campaign_branch::table
        .inner_join(merchant_branch::table.on(merchant_branch::id.eq(campaign_branch::branch_id)))
        .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
        .filter(campaign_branch::campaign_id.eq(campaign::id).and(merchant_branch::state.eq("OPEN")))
        .filter(merchant_branch::division_code.like(format!("{division}%")))
        .filter(merchant::state.eq("LIVE"))
        .filter(merchant::contract_from.le(today).and(merchant::contract_to.ge(today)));
    let mut query = rows!()
        .filter(campaign::state.eq(CampaignState::Approved.as_str()).and(campaign::ends_at.gt(now)))
        .filter(campaign::id.gt(after.unwrap_or(Uuid::nil())))
        // Codes are spent elsewhere: they are had wherever one is.
        .filter(exists(somewhere).or(campaign::kind.eq(OfferKind::CodePool.as_str())))
        .order(campaign::id)
        .limit(limit + 1)
        .into_boxed();
    if let Some(path) = &filter.union_path {
        let theirs = sql::<Bool>("starts_with(").bind::<Text, _>(path.clone()).sql(", campaign.path)");
        query = query.filter(theirs);
    }
    let page = Page::cut(query.load::<(Row, CounterRow)>(conn).await?, limit);
    Ok(Page { more: page.more, items: with_branches(conn, page.items).await? })
}
