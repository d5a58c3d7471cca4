//! `/v1/public/merchants` and `/v1/public/campaigns`.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::geo::{Datum, Point};
use unionhall_kernel::{Code, Problem};
use unionhall_web::{Answer, App, Listing, OrgScope, PageBody, Public, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{division_code, text};
use crate::branch::Branch;
use crate::campaign::{Campaign, LimitPeriod, OfferKind, Phase};
use crate::directory::{self, Filter, Place, division_prefix};
use crate::merchant::Merchant;
use crate::nearby::{self, Near, Nearby};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_public_merchants).service(list_branches_nearby).service(list_public_campaigns);
}

/// Where, and for whose members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PlaceQuery {
    /// At or below this division. 行政区划代码
    #[param(max_length = 12, example = "410102")]
    division: Option<String>,
    /// For members of this union; empty for an unknown one. 工会
    union_id: Option<Uuid>,
}

// `None`: the union is unknown, so nothing is for its members.
async fn filter(app: &App, query: &PlaceQuery) -> Result<Option<Filter>, Problem> {
    let invalid = || Problem::new(Code::InvalidParameter).with("parameter", "division");
    let division = query.division.as_deref().map(division_code).transpose().map_err(|_| invalid())?;
    let division = division.as_deref().map(|d| division_prefix(d).to_owned());
    let Some(union) = query.union_id else { return Ok(Some(Filter { division, union_path: None })) };
    // Unions are public: no scope narrows this look-up.
    let everywhere = OrgScope::subtree("/");
    match unionhall_registry::org::get(&mut *app.db.read().await?, &everywhere, union).await {
        Ok(org) => Ok(Some(Filter { division, union_path: Some(org.path) })),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// An open branch. 门店
#[derive(Debug, Serialize, ToSchema)]
struct PublicBranch {
    /// Its id.
    id: Uuid,
    /// 门店名称
    name: String,
    /// 地址
    address: String,
    /// 行政区划代码
    division_code: String,
    /// Latitude in `datum`. 纬度
    lat: Option<f64>,
    /// Longitude in `datum`. 经度
    lng: Option<f64>,
    /// `gcj02`, `wgs84` or `bd09`. 坐标系
    #[schema(value_type = Option<Datum>)]
    datum: Option<String>,
}

impl From<Branch> for PublicBranch {
    fn from(branch: Branch) -> Self {
        let Branch { id, merchant_id: _, code: _, name, address, division_code, lat, lng, datum, state: _ } =
            branch;
        Self { id, name, address, division_code, lat, lng, datum }
    }
}

/// A merchant in force. 合作商户
#[derive(Debug, Serialize, ToSchema)]
struct PublicMerchant {
    /// Its id.
    id: Uuid,
    /// 商户名称
    name: String,
    /// 行业类别
    category: String,
    /// 行政区划代码
    division_code: String,
    /// Open ones. 门店
    branches: Vec<PublicBranch>,
}

impl From<(Merchant, Vec<Branch>)> for PublicMerchant {
    fn from((merchant, branches): (Merchant, Vec<Branch>)) -> Self {
        Self {
            id: merchant.id,
            name: merchant.name,
            category: merchant.category,
            division_code: merchant.division_code,
            branches: branches.into_iter().map(PublicBranch::from).collect(),
        }
    }
}

/// Merchants 合作商户
#[utoipa::path(
    tag = "public",
    params(PlaceQuery, Listing),
    responses((status = 200, description = "Those whose contract is in force", body = PageBody<PublicMerchant>))
)]
#[get("/v1/public/merchants")]
async fn list_public_merchants(
    app: web::Data<App>,
    _caller: Public,
    query: Query<PlaceQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let Some(filter) = filter(&app, &query).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<PublicMerchant>::whole(Vec::new())));
    };
    let binding = format!("public-merchants|{filter:?}");
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = directory::merchants(&mut conn, &filter, app.today(), after, limit).await?;
    let item = |row| Ok(PublicMerchant::from(row));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |row| row.0.id, item)?))
}

/// Where one is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NearbyQuery {
    /// Latitude and longitude in `datum`, degrees, as a phone tells them; no blanks. 当前位置
    #[param(
        pattern = "^-?[0-9]{1,2}(\\.[0-9]{1,17})?,-?[0-9]{1,3}(\\.[0-9]{1,17})?$",
        max_length = 48,
        example = "34.7466,113.6253"
    )]
    near: String,
    /// The datum of `near`; `gcj02` without. 坐标系
    datum: Option<Datum>,
    /// How far, metres: 1 to 50,000, 3,000 without. 半径
    #[param(minimum = 1, maximum = 50_000, default = 3000, example = 3000)]
    radius_m: Option<i32>,
    /// What it sells, as the merchant states it. 行业类别
    #[param(min_length = 1, max_length = 40, example = "餐饮")]
    category: Option<String>,
}

impl NearbyQuery {
    fn parse(&self) -> Result<Near, Problem> {
        let invalid = |parameter: &str| Problem::new(Code::InvalidParameter).with("parameter", parameter);
        let (lat, lng) = self.near.split_once(',').ok_or_else(|| invalid("near"))?;
        let point = lat.parse().ok().zip(lng.parse().ok()).and_then(|(lat, lng)| Point::new(lat, lng));
        let radius_m = self.radius_m.unwrap_or(3000);
        if !(1..=50_000).contains(&radius_m) {
            return Err(invalid("radius_m"));
        }
        let category = self.category.as_deref().map(|c| text(c, 1, 40)).transpose();
        Ok(Near {
            point: point.ok_or_else(|| invalid("near"))?,
            datum: self.datum.unwrap_or(Datum::Gcj02),
            radius_m,
            category: category.map_err(|_| invalid("category"))?,
        })
    }
}

/// A branch near by. 附近门店
#[derive(Debug, Serialize, ToSchema)]
struct NearbyBranch {
    /// The branch.
    branch_id: Uuid,
    /// Its merchant.
    merchant_id: Uuid,
    /// 商户名称
    merchant_name: String,
    /// 门店名称
    name: String,
    /// 行业类别
    category: String,
    /// 地址
    address: String,
    /// Latitude in `datum`. 纬度
    lat: f64,
    /// Longitude in `datum`. 经度
    lng: f64,
    /// 坐标系
    #[schema(value_type = Datum)]
    datum: String,
    /// As the crow flies, metres. 距离
    distance_m: i32,
}

impl From<Nearby> for NearbyBranch {
    fn from(found: Nearby) -> Self {
        let Nearby { branch, merchant, merchant_name, name, category, address, lat, lng, datum, metres } =
            found;
        Self {
            branch_id: branch,
            merchant_id: merchant,
            merchant_name,
            name,
            category,
            address,
            lat,
            lng,
            datum,
            distance_m: metres,
        }
    }
}

/// Branches near by 附近门店
///
/// Open branches with a place on the map, of merchants whose contract is in force.
#[utoipa::path(
    tag = "public",
    params(NearbyQuery, Listing),
    responses((status = 200, description = "The nearest first", body = PageBody<NearbyBranch>))
)]
#[get("/v1/public/branches")]
async fn list_branches_nearby(
    app: web::Data<App>,
    _caller: Public,
    query: Query<NearbyQuery>,
    listing: Listing,
) -> Answer {
    let (limit, near) = (listing.limit()?, query.parse()?);
    let binding = format!("nearby|{near:?}");
    let after: Option<(i32, Uuid)> = listing.after(&app, &binding)?;
    let page = nearby::list(&mut *app.db.read().await?, &near, app.today(), after, limit).await?;
    let key = |found: &Nearby| (found.metres, found.branch);
    let item = |found| Ok(NearbyBranch::from(found));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Where an offer is had. 可用门店
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicPlace {
    /// The branch.
    branch_id: Uuid,
    /// 门店名称
    branch_name: String,
    /// 商户名称
    merchant_name: String,
    /// 地址
    address: String,
}

impl From<Place> for PublicPlace {
    fn from(p: Place) -> Self {
        Self { branch_id: p.branch, branch_name: p.name, merchant_name: p.merchant_name, address: p.address }
    }
}

/// An offer. 普惠活动
#[derive(Debug, Serialize, ToSchema)]
struct PublicCampaign {
    /// Its id: `campaign_id` to claim, `offer_id` to redeem.
    id: Uuid,
    /// 名称
    title: String,
    /// 优惠类型
    kind: OfferKind,
    /// 规则说明
    rule_text: String,
    /// Of the time from `starts_at` to `ends_at`; `SOLD_OUT`, for coupons, is when the last was claimed. 阶段
    phase: Phase,
    /// 阶段说明
    phase_text: &'static str,
    /// The union whose members it is for, with those of all unions below it. 工会
    union_id: Uuid,
    /// 开始时间
    starts_at: String,
    /// 结束时间, exclusive
    ends_at: String,
    /// For coupons. 领取开始
    claim_from: Option<String>,
    /// For coupons, exclusive. 领取截止
    claim_until: Option<String>,
    /// Whether a coupon can be claimed now, by those it is for who have not had `per_member_limit` of them. 可领取
    claimable: bool,
    /// How often a member may have it in `period`; coupons count when they are claimed, used ones too. 每人限次
    per_member_limit: i32,
    /// What that counts over. 限次周期
    period: LimitPeriod,
    /// Where it is had.
    places: Vec<PublicPlace>,
}

/// Offers 普惠活动
#[utoipa::path(
    tag = "public",
    params(PlaceQuery, Listing),
    responses((status = 200, description = "Those that are on or to come", body = PageBody<PublicCampaign>))
)]
#[get("/v1/public/campaigns")]
async fn list_public_campaigns(
    app: web::Data<App>,
    _caller: Public,
    query: Query<PlaceQuery>,
    listing: Listing,
) -> Answer {
    let (limit, now) = (listing.limit()?, app.now());
    let Some(filter) = filter(&app, &query).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<PublicCampaign>::whole(Vec::new())));
    };
    let binding = format!("public-campaigns|{filter:?}");
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = directory::campaigns(&mut conn, &filter, (now, app.today()), after, limit).await?;
    let item = |(campaign, places): (Campaign, Vec<Place>)| {
        let (phase, claimable) = (campaign.phase(now), campaign.is_claimable(now));
        let terms = campaign.terms;
        Ok(PublicCampaign {
            id: campaign.id,
            kind: terms.kind,
            rule_text: terms.benefit.text(),
            title: terms.title,
            phase,
            phase_text: phase.text(),
            union_id: campaign.org,
            starts_at: wire::instant(terms.starts_at),
            ends_at: wire::instant(terms.ends_at),
            claim_from: terms.coupon.map(|c| wire::instant(c.claim_from)),
            claim_until: terms.coupon.map(|c| wire::instant(c.claim_until)),
            claimable,
            per_member_limit: terms.member_limit,
            period: terms.period,
            places: places.into_iter().map(PublicPlace::from).collect(),
        })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |row| row.0.id, item)?))
}
