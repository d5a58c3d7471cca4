//! `/v1/admin/redemptions` and `/v1/admin/stats/benefits`.

use actix_web::{HttpResponse, get, post, web};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::once::once;
use unionhall_web::once::{ok, respond};
use unionhall_web::{Answer, App, Body, Cadre, Id, Once, OnceHeader, Query, ReasonBody, can};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::merchant_records::TillRedemptionDto;
use crate::stats::{self, Benefits};
use crate::void::{self, By};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(void_redemption).service(benefit_stats);
}

/// Void a redemption 撤销核销
#[utoipa::path(
    tag = "redemptions",
    security(("admin" = ["redemption.void"])),
    params(("id" = Uuid, Path, description = "The redemption"), OnceHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Voided; what was taken came back, the code stays burned", body = TillRedemptionDto),
        (status = 409, description = "`INVALID_STATE`: voided already"),
    )
)]
#[post("/v1/admin/redemptions/{id}/void")]
async fn void_redemption(
    app: web::Data<App>,
    by: Cadre<can::RedemptionVoid>,
    id: Id,
    key: Once,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let key = key.of(by.principal.account, "void_redemption", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let voided = void::void(&app, tx, &by.actor, By::Union(&by.scope), id.0, Some(reason)).await?;
        ok(&TillRedemptionDto::from(voided))
    })
    .await?;
    Ok(respond(stored))
}

/// Which union, which time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BenefitQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// A month or a day in Shanghai; the present month without. 统计期
    #[param(pattern = "^(19|20|21)[0-9]{2}-[0-9]{2}(-[0-9]{2})?$", example = "2026-11")]
    period: Option<String>,
}

/// What benefits came to. 普惠统计
#[derive(Debug, Serialize, ToSchema)]
struct BenefitStats {
    /// 工会
    union_id: Uuid,
    /// First day.
    from: NaiveDate,
    /// Last day, inclusive.
    to: NaiveDate,
    /// 人次: redemptions that stand, by the member's union at that moment.
    redemptions: i64,
    /// 人数: distinct members.
    members: i64,
    /// 优惠金额
    benefit_fen: i64,
}

/// The first and the last day of `2026-11` or `2026-11-20`.
fn period(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    if text.len() == 10 {
        let day = text.parse().ok()?;
        return Some((day, day));
    }
    let first: NaiveDate = (text.len() == 7).then(|| format!("{text}-01").parse().ok())??;
    Some((first, first.checked_add_months(Months::new(1))?.pred_opt()?))
}

/// Benefit statistics 普惠统计（人次、人数）
#[utoipa::path(
    tag = "stats",
    security(("admin" = ["stats.read"])),
    params(BenefitQuery),
    responses(
        (status = 200, description = "Of the union and its subtree", body = BenefitStats),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
    )
)]
#[get("/v1/admin/stats/benefits")]
async fn benefit_stats(app: web::Data<App>, by: Cadre<can::StatsRead>, query: Query<BenefitQuery>) -> Answer {
    let invalid = || Problem::new(Code::InvalidParameter).with("parameter", "period");
    let this_month = app.today().format("%Y-%m").to_string();
    let days = period(query.period.as_deref().unwrap_or(&this_month)).ok_or_else(invalid)?;
    let mut conn = app.db.read().await?;
    let union =
        unionhall_registry::org::get(&mut conn, &by.scope, query.union_id.unwrap_or(by.union)).await?;
    let scope = by.scope.narrow(&union.path).ok_or_else(Problem::not_found)?;
    let Benefits { redemptions, members, benefit_fen } = stats::benefits(&mut conn, &scope, days).await?;
    let (from, to) = days;
    let body = BenefitStats { union_id: union.id, from, to, redemptions, members, benefit_fen };
    Ok(HttpResponse::Ok().json(body))
}

#[cfg(test)]
mod tests {
    use super::period;

    #[test]
    fn a_period_is_a_month_or_a_day() {
        let days = |text| period(text).map(|(from, to)| format!("{from} {to}"));
        assert_eq!(days("2026-11").as_deref(), Some("2026-11-01 2026-11-30"));
        assert_eq!(days("2028-02").as_deref(), Some("2028-02-01 2028-02-29"));
        assert_eq!(days("2026-11-20").as_deref(), Some("2026-11-20 2026-11-20"));
        for bad in ["", "2026", "2026-13", "2026-11-31", "2026-1-1", "+026-11"] {
            assert_eq!(days(bad), None, "{bad}");
        }
    }
}
