//! What this room holds about somebody, for their own copy of it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::redemption::{self, RedemptionView};
use crate::schema::{campaign, coupon};

/// A coupon. 优惠券
#[derive(Debug, Serialize, ToSchema)]
struct CouponCopy {
    title: String,
    #[schema(example = "CLAIMED")]
    state: String,
    claimed_at: String,
    expires_on: NaiveDate,
}

/// A redemption. 核销记录
#[derive(Debug, Serialize, ToSchema)]
struct RedemptionCopy {
    receipt_no: String,
    title: String,
    merchant_name: String,
    branch_name: String,
    original_fen: Option<i64>,
    benefit_fen: i64,
    payable_fen: Option<i64>,
    #[schema(example = "DONE")]
    state: String,
    at: String,
    voided_at: Option<String>,
}

/// What merchants' benefits left behind. 普惠记录
#[derive(Debug, Serialize, ToSchema)]
pub struct BenefitsCopy {
    coupons: Copied<CouponCopy>,
    redemptions: Copied<RedemptionCopy>,
}

/// Copies a person's coupons and redemptions.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(conn: &mut Conn, person: Uuid) -> Result<BenefitsCopy, Problem> {
    let coupons: Vec<(String, String, DateTime<Utc>, NaiveDate)> = coupon::table
        .inner_join(campaign::table.on(campaign::id.eq(coupon::campaign_id)))
        .filter(coupon::person_id.eq(person))
        .order(coupon::id.desc())
        .limit(COPIED + 1)
        .select((campaign::title, coupon::state, coupon::claimed_at, coupon::expires_on))
        .load(conn)
        .await?;
    let coupons = Copied::cut(coupons, |(title, state, claimed, expires_on)| CouponCopy {
        title,
        state,
        claimed_at: instant(claimed),
        expires_on,
    });
    let page = redemption::of_member(conn, person, None, COPIED).await?;
    let redemptions = Copied::of(page, |r: RedemptionView| RedemptionCopy {
        receipt_no: r.receipt_no,
        title: r.title,
        merchant_name: r.merchant_name,
        branch_name: r.branch_name,
        original_fen: r.original_fen,
        benefit_fen: r.benefit_fen,
        payable_fen: r.payable_fen,
        state: r.state,
        at: instant(r.at),
        voided_at: r.voided_at.map(instant),
    });
    Ok(BenefitsCopy { coupons, redemptions })
}
