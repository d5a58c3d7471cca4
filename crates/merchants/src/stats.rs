//! What benefits came to. 人次 are redemptions, 人数 are distinct members; both by the member's path at that moment.
//! Merchants' figures are by branch and name no member.

use chrono::NaiveDate;
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::redemption::TillScope;
use crate::schema::{merchant_branch, redemption};

/// What the members of a subtree had in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Benefits {
    /// 人次: redemptions that stand.
    pub redemptions: i64,
    /// 人数: distinct members.
    pub members: i64,
    /// What was taken off in all, in fen.
    pub benefit_fen: i64,
}

diesel::define_sql_function! {
    /// A sum of bigint is numeric; a province's fen fit a bigint.
    #[sql_name = "int8"]
    fn to_bigint(n: diesel::sql_types::Nullable<diesel::sql_types::Numeric>) -> diesel::sql_types::Nullable<diesel::sql_types::BigInt>;
}

/// Counts the benefits of a subtree from one day to another, both included.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn benefits(
    conn: &mut Conn,
    scope: &OrgScope,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Benefits, Problem> {
    let (redemptions, members, benefit): (i64, i64, Option<i64>) = redemption::table
        .filter(redemption::path.ge(scope.start()).and(redemption::path.lt(scope.end())))
        .filter(redemption::day.between(from, to).and(redemption::state.eq("DONE")))
        .select((
            count_star(),
            diesel::dsl::count_distinct(redemption::person_id),
            to_bigint(sum(redemption::benefit_fen)),
        ))
        .first(conn)
        .await?;
    Ok(Benefits { redemptions, members, benefit_fen: benefit.unwrap_or(0) })
}

/// A branch's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchDay {
    /// The branch.
    pub branch: Uuid,
    /// Its name.
    pub name: String,
    /// Redemptions that stand.
    pub redemptions: i64,
    /// Voided ones.
    pub voided: i64,
    /// What goods cost in all, as far as it was told.
    pub original_fen: i64,
    /// What was taken off in all.
    pub benefit_fen: i64,
    /// What was left to pay in all, as far as it was told.
    pub payable_fen: i64,
}

/// A day at a merchant's branches, by branch name.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn day_summary(
    conn: &mut Conn,
    scope: TillScope,
    day: NaiveDate,
) -> Result<Vec<BranchDay>, Problem> {
    let mut query = redemption::table
        .inner_join(merchant_branch::table.on(merchant_branch::id.eq(redemption::branch_id)))
        .filter(redemption::merchant_id.eq(scope.merchant).and(redemption::day.eq(day)))
        .group_by((redemption::branch_id, merchant_branch::name, redemption::state))
        .select((
            redemption::branch_id,
            merchant_branch::name,
            redemption::state,
            count_star(),
            to_bigint(sum(redemption::original_fen)),
            to_bigint(sum(redemption::benefit_fen)),
            to_bigint(sum(redemption::payable_fen)),
        ))
        .order((merchant_branch::name, redemption::branch_id))
        .into_boxed();
    if let Some(branch) = scope.branch {
        query = query.filter(redemption::branch_id.eq(branch));
    }
    type Row = (Uuid, String, String, i64, Option<i64>, Option<i64>, Option<i64>);
    let mut days: Vec<BranchDay> = Vec::new();
    for (branch, name, state, n, original, benefit, payable) in query.load::<Row>(conn).await? {
        if days.last().is_none_or(|d| d.branch != branch) {
            days.push(BranchDay {
                branch,
                name,
                redemptions: 0,
                voided: 0,
                original_fen: 0,
                benefit_fen: 0,
                payable_fen: 0,
            });
        }
        let Some(day) = days.last_mut() else { continue };
        if state == "DONE" {
            day.redemptions = n;
            day.original_fen = original.unwrap_or(0);
            day.benefit_fen = benefit.unwrap_or(0);
            day.payable_fen = payable.unwrap_or(0);
        } else {
            day.voided = n;
        }
    }
    Ok(days)
}
