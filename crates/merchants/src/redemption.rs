//! Redemptions as they are read afterwards: by the member, at the branch, by the union that manages the merchant.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::page::Page;
use uuid::Uuid;

use crate::schema::{campaign, merchant, merchant_branch, redemption};

/// A redemption with the names of what it refers to; nothing about the member.
#[derive(Debug, Clone, Queryable)]
pub struct RedemptionView {
    /// Its id.
    pub id: Uuid,
    /// What people read over the phone.
    pub receipt_no: String,
    /// The campaign.
    pub campaign_id: Uuid,
    /// Its title.
    pub title: String,
    /// Kind of the offer.
    pub kind: String,
    /// The coupon, where one was used.
    pub coupon_id: Option<Uuid>,
    /// The merchant's name.
    pub merchant_name: String,
    /// The branch.
    pub branch_id: Uuid,
    /// Its name.
    pub branch_name: String,
    /// What the goods cost, where it was told.
    pub original_fen: Option<i64>,
    /// What was taken off.
    pub benefit_fen: i64,
    /// What was left to pay.
    pub payable_fen: Option<i64>,
    /// `DONE` or `VOIDED`.
    pub state: String,
    /// `till` or `branch_qr`.
    pub via: String,
    /// Four digits that member and shop compare.
    pub check_code: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// When it was voided.
    pub voided_at: Option<DateTime<Utc>>,
}

macro_rules! views {
    () => {
        redemption::table
            .inner_join(campaign::table.on(campaign::id.eq(redemption::campaign_id)))
            .inner_join(merchant::table.on(merchant::id.eq(redemption::merchant_id)))
            .inner_join(merchant_branch::table.on(merchant_branch::id.eq(redemption::branch_id)))
            .select((
                redemption::id,
                redemption::receipt_no,
                redemption::campaign_id,
                campaign::title,
                redemption::kind,
                redemption::coupon_id,
                merchant::name,
                redemption::branch_id,
                merchant_branch::name,
                redemption::original_fen,
                redemption::benefit_fen,
                redemption::payable_fen,
                redemption::state,
                redemption::via,
                redemption::check_code,
                redemption::at,
                redemption::voided_at,
            ))
    };
}

/// A page of a member's redemptions, newest first, before the id `after`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of_member(
    conn: &mut Conn,
    person: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<RedemptionView>, Problem> {
    let mut query = views!()
        .filter(redemption::person_id.eq(person))
        .order(redemption::id.desc())
        .limit(limit + 1)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(redemption::id.lt(after));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// One of a member's redemptions.
///
/// # Errors
/// `NOT_FOUND` when it is absent or somebody else's.
pub async fn one_of_member(conn: &mut Conn, person: Uuid, id: Uuid) -> Result<RedemptionView, Problem> {
    let found = views!()
        .filter(redemption::id.eq(id).and(redemption::person_id.eq(person)))
        .first(conn)
        .await
        .optional()?;
    found.ok_or_else(Problem::not_found)
}

/// What a place on a merchant's staff may see: the merchant, and one branch unless it covers all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TillScope {
    /// The merchant.
    pub merchant: Uuid,
    /// The branch; `None` for all.
    pub branch: Option<Uuid>,
}

/// A page of a day's redemptions at a till, newest first, before the id `after`.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn at_till(
    conn: &mut Conn,
    scope: TillScope,
    day: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<RedemptionView>, Problem> {
    let mut query = views!()
        .filter(redemption::merchant_id.eq(scope.merchant).and(redemption::day.eq(day)))
        .order(redemption::id.desc())
        .limit(limit + 1)
        .into_boxed();
    if let Some(branch) = scope.branch {
        query = query.filter(redemption::branch_id.eq(branch));
    }
    if let Some(after) = after {
        query = query.filter(redemption::id.lt(after));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// One redemption at a till.
///
/// # Errors
/// `NOT_FOUND` when it is absent or another merchant's or branch's.
pub async fn one_at_till(conn: &mut Conn, scope: TillScope, id: Uuid) -> Result<RedemptionView, Problem> {
    let mut query =
        views!().filter(redemption::id.eq(id).and(redemption::merchant_id.eq(scope.merchant))).into_boxed();
    if let Some(branch) = scope.branch {
        query = query.filter(redemption::branch_id.eq(branch));
    }
    query.first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// One redemption, for a use-case that has checked who asks.
pub(crate) async fn any(conn: &mut Conn, id: Uuid) -> Result<RedemptionView, Problem> {
    views!().filter(redemption::id.eq(id)).first(conn).await.optional()?.ok_or_else(Problem::not_found)
}
