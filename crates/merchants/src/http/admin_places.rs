//! `/v1/admin/merchants/{id}/branches` and `/staff`.

use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::geo::{Datum, Point};
use unionhall_kernel::{Fields, Invalid, Mobile, OrgName, PersonName, Pii, Problem, mask};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, Listing, MaybeOnce, MaybeOnceHeader, PageBody, RoleName, can, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{division_code, text};
use crate::branch::{self, Branch, BranchDetails};
use crate::merchant;
use crate::staff::{self, NewStaff, StaffRow};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_merchant_branches)
        .service(create_merchant_branch)
        .service(list_merchant_staff)
        .service(create_merchant_staff)
        .service(revoke_merchant_staff);
}

/// A branch. 门店
#[derive(Debug, Serialize, ToSchema)]
struct MerchantBranchDto {
    /// Its id.
    id: Uuid,
    /// What its printed QR says. 门店码
    #[schema(example = "7K2M9PQRST")]
    code: String,
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
    #[schema(value_type = Option<Datum>, example = "gcj02")]
    datum: Option<String>,
    /// `OPEN` or `CLOSED`. 状态
    #[schema(example = "OPEN")]
    state: String,
}

impl From<Branch> for MerchantBranchDto {
    fn from(branch: Branch) -> Self {
        let Branch { id, merchant_id: _, code, name, address, division_code, lat, lng, datum, state } =
            branch;
        Self { id, code, name, address, division_code, lat, lng, datum, state }
    }
}

/// A branch to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMerchantBranch {
    /// 门店名称
    #[schema(value_type = OrgName, example = "顺河路店")]
    name: String,
    /// 地址: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "郑州市中原区顺河路 1 号")]
    address: String,
    /// 行政区划代码: 6 or 9 digits.
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: String,
    /// Latitude; with `lng` and `datum` or not at all.
    #[schema(minimum = -90, maximum = 90, example = 34.75)]
    lat: Option<f64>,
    /// Longitude.
    #[schema(minimum = -180, maximum = 180, example = 113.62)]
    lng: Option<f64>,
    /// Their datum.
    datum: Option<Datum>,
}

pub(super) fn branch_details(dto: &NewMerchantBranch) -> Result<BranchDetails, Problem> {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&dto.name));
    let address = fields.take("/address", text(&dto.address, 2, 200));
    let division = fields.take("/division_code", division_code(&dto.division_code));
    let place = match (dto.lat, dto.lng, dto.datum) {
        (None, None, None) => Ok(None),
        (Some(lat), Some(lng), Some(datum)) if Point::new(lat, lng).is_some() => Ok(Some((lat, lng, datum))),
        _ => Err(Invalid::new("PLACE", "经纬度和坐标系要么都填，要么都不填。")),
    };
    let place = fields.take("/lat", place);
    match (name, address, division, place) {
        (Some(name), Some(address), Some(division_code), Some(place)) => {
            Ok(BranchDetails { name: name.as_str().to_owned(), address, division_code, place })
        }
        _ => Err(fields.problem()),
    }
}

/// A merchant's branches 门店列表
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The merchant"), Listing),
    responses((status = 200, description = "By id", body = PageBody<MerchantBranchDto>))
)]
#[get("/v1/admin/merchants/{id}/branches")]
async fn list_merchant_branches(
    app: web::Data<App>,
    by: Cadre<can::MerchantRead>,
    id: Id,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("merchant-branches|{}", id.0);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let of = merchant::get(&mut conn, &by.scope, id.0).await?;
    let page = branch::list(&mut conn, of.id, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageBody::of(
        &app,
        &binding,
        page,
        |b| b.id,
        |b| Ok(MerchantBranchDto::from(b)),
    )?))
}

/// Open a branch 新增门店
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), MaybeOnceHeader),
    request_body = NewMerchantBranch,
    responses((status = 201, description = "Open, with the code for its printed QR", body = MerchantBranchDto))
)]
#[post("/v1/admin/merchants/{id}/branches")]
async fn create_merchant_branch(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    key: MaybeOnce,
    body: Body<NewMerchantBranch>,
) -> Answer {
    let details = branch_details(&body)?;
    let key = key.of(by.principal.account, "create_merchant_branch", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let of = merchant::get(tx, &by.scope, id.0).await?;
        let made = branch::open(&app, tx, &by.actor, &of, &details).await?;
        created(format!("/v1/admin/merchants/{}/branches", of.id), &MerchantBranchDto::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// A place on a merchant's staff. 商户人员
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantStaffDto {
    /// The place, the `role_id` of its holder's logins.
    id: Uuid,
    /// 姓名, masked
    name: String,
    /// 手机, masked
    mobile: String,
    /// `manager` 负责人 or `staff` 收银员.
    #[schema(example = "staff")]
    role: String,
    /// 门店; null for all
    branch_id: Option<Uuid>,
    /// From when.
    valid_from: String,
    /// Until when; open when null.
    valid_to: Option<String>,
    /// Since when it is theirs; null until they accept it. 接受时间
    accepted_at: Option<String>,
}

impl From<StaffRow> for MerchantStaffDto {
    fn from(row: StaffRow) -> Self {
        let StaffRow {
            id,
            branch_id,
            account_id: _,
            name,
            mobile_masked,
            role,
            valid_from,
            valid_to,
            accepted_at,
        } = row;
        Self {
            id,
            name: mask::name(&name),
            mobile: mobile_masked,
            role,
            branch_id,
            valid_from: wire::instant(valid_from),
            valid_to: valid_to.map(wire::instant),
            accepted_at: accepted_at.map(wire::instant),
        }
    }
}

/// What somebody is at a merchant. 商户职务
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StaffRole {
    /// 负责人
    Manager,
    /// 收银员
    Staff,
}

/// Somebody to take on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMerchantStaff {
    /// 姓名
    #[schema(value_type = PersonName, example = "王小明")]
    name: Pii<String>,
    /// Login name: 3 to 64 letters, digits, `.`, `_`, `-`.
    #[schema(pattern = "^[A-Za-z0-9._-]{3,64}$", example = "shunhe.wang")]
    username: String,
    /// 手机; the account is activated with it.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: Pii<String>,
    /// 职务
    role: StaffRole,
    /// 门店; needed for staff, all branches for a manager without.
    branch_id: Option<Uuid>,
    /// Until when; open without.
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    valid_to: Option<DateTime<Utc>>,
}

fn parse_username(username: &str) -> Result<String, Invalid> {
    let plain = username.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if (3..=64).contains(&username.len()) && plain {
        Ok(username.to_owned())
    } else {
        Err(Invalid::new("USERNAME_FORMAT", "用户名须为3至64位字母、数字或._-。"))
    }
}

/// A merchant's staff 商户人员列表
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The merchant"), Listing),
    responses((status = 200, description = "Places held now, by id", body = PageBody<MerchantStaffDto>))
)]
#[get("/v1/admin/merchants/{id}/staff")]
async fn list_merchant_staff(
    app: web::Data<App>,
    by: Cadre<can::MerchantRead>,
    id: Id,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("merchant-staff|{}", id.0);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let of = merchant::get(&mut conn, &by.scope, id.0).await?;
    let page = staff::list(&mut conn, (of.id, None), after, limit).await?;
    Ok(HttpResponse::Ok().json(PageBody::of(
        &app,
        &binding,
        page,
        |s| s.id,
        |s| Ok(MerchantStaffDto::from(s)),
    )?))
}

/// Take somebody on at a merchant 新增商户人员
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), MaybeOnceHeader),
    request_body = NewMerchantStaff,
    responses(
        (status = 201, description = "Taken on; a new account is activated with the mobile", body = MerchantStaffDto),
        (status = 409, description = "`ALREADY_EXISTS`: username, mobile or place"),
    )
)]
#[post("/v1/admin/merchants/{id}/staff")]
async fn create_merchant_staff(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    key: MaybeOnce,
    body: Body<NewMerchantStaff>,
) -> Answer {
    let mut fields = Fields::new();
    let name = fields.take("/name", PersonName::parse(body.name.expose()));
    let username = fields.take("/username", parse_username(&body.username));
    let mobile = fields.take("/mobile", Mobile::parse(body.mobile.expose()));
    let placed = body.role == StaffRole::Manager || body.branch_id.is_some();
    let needed = Invalid::new("REQUIRED", "收银员须指定门店。");
    fields.require(placed, "/branch_id", needed);
    let (Some(name), Some(username), Some(mobile), true) = (name, username, mobile, placed) else {
        return Err(fields.problem().into());
    };
    let role = match body.role {
        StaffRole::Manager => RoleName::Manager,
        StaffRole::Staff => RoleName::Staff,
    };
    let new = NewStaff {
        name: &name,
        username: Some(&username),
        mobile: &mobile,
        role,
        branch: body.branch_id,
        to: body.valid_to,
    };
    let key = key.of(by.principal.account, "create_merchant_staff", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let of = merchant::get(tx, &by.scope, id.0).await?;
        let made = staff::add(&app, tx, &by.actor, &of, &new).await?;
        created(format!("/v1/admin/merchants/{}/staff", of.id), &MerchantStaffDto::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// Take a place away 移除商户人员
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(
        ("id" = Uuid, Path, description = "The merchant"),
        ("staff_id" = Uuid, Path, description = "The place"),
    ),
    responses((status = 204, description = "Taken away: its tokens are refused within seconds"))
)]
#[delete("/v1/admin/merchants/{id}/staff/{staff_id}")]
async fn revoke_merchant_staff(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    path: web::Path<(String, String)>,
) -> Answer {
    let place = Uuid::parse_str(&path.1).map_err(|_| Problem::not_found())?;
    app.db
        .write(async |tx| {
            let of = merchant::get(tx, &by.scope, id.0).await?;
            staff::revoke(&app, tx, &by.actor, &of, place).await
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
