//! What benefits came to. 人次 are redemptions, 人数 are distinct members; both by the member's path at that moment.
//! Merchants' figures are by branch and name no member.

use chrono::NaiveDate;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::hot::{bind, hot};
use unionhall_web::OrgScope;
use uuid::Uuid;

use crate::redemption::TillScope;

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

/// Counts the benefits of a subtree from one day to another, both included.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn benefits(
    conn: &mut Conn,
    scope: &OrgScope,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Benefits, Problem> {
    let statement = hot::<(BigInt, BigInt, BigInt), _>(
        "SELECT count(*), count(DISTINCT person_id), coalesce(sum(benefit_fen), 0)::bigint FROM redemption \
         WHERE path >= $1 AND path < $2 AND day BETWEEN $3 AND $4 AND state = 'DONE'",
        (
            bind::<Text, _>(scope.start()),
            bind::<Text, _>(scope.end()),
            bind::<Date, _>(from),
            bind::<Date, _>(to),
        ),
    );
    let (redemptions, members, benefit_fen): (i64, i64, i64) = statement.get_result(conn).await?;
    Ok(Benefits { redemptions, members, benefit_fen })
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
    type Row = (Uuid, String, i64, i64, i64, i64, i64);
    type RowSql = (SqlUuid, Text, BigInt, BigInt, BigInt, BigInt, BigInt);
    let statement = hot::<RowSql, _>(
        "SELECT b.id, b.name, count(*) FILTER (WHERE r.state = 'DONE'), count(*) FILTER (WHERE r.state = 'VOIDED'), \
                coalesce(sum(r.original_fen) FILTER (WHERE r.state = 'DONE'), 0)::bigint, \
                coalesce(sum(r.benefit_fen) FILTER (WHERE r.state = 'DONE'), 0)::bigint, \
                coalesce(sum(r.payable_fen) FILTER (WHERE r.state = 'DONE'), 0)::bigint \
         FROM redemption r JOIN merchant_branch b ON b.id = r.branch_id \
         WHERE r.merchant_id = $1 AND r.day = $2 AND ($3 IS NULL OR r.branch_id = $3) \
         GROUP BY b.id, b.name ORDER BY b.name, b.id",
        (
            bind::<SqlUuid, _>(scope.merchant),
            bind::<Date, _>(day),
            bind::<Nullable<SqlUuid>, _>(scope.branch),
        ),
    );
    let rows: Vec<Row> = statement.get_results(conn).await?;
    let day = |(branch, name, redemptions, voided, original_fen, benefit_fen, payable_fen): Row| BranchDay {
        branch,
        name,
        redemptions,
        voided,
        original_fen,
        benefit_fen,
        payable_fen,
    };
    Ok(rows.into_iter().map(day).collect())
}
