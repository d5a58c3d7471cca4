//! `/v1/admin/merchants`: merchants, their branches and staff.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Mobile, OrgName, PersonName, Pii, Problem, Uscc, mask};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, PageBody, Query,
    RoleName, can, etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{Patch, ReasonBody, division_code, patched, text};
use crate::merchant::{self, Branch, BranchDetails, Details, Merchant, State};
use crate::staff::{self, NewStaff, StaffRow};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_merchants)
        .service(create_merchant)
        .service(get_merchant)
        .service(change_merchant)
        .service(suspend_merchant)
        .service(resume_merchant)
        .service(list_merchant_branches)
        .service(create_merchant_branch)
        .service(list_merchant_staff)
        .service(create_merchant_staff)
        .service(revoke_merchant_staff);
}

/// Which merchants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MerchantQuery {
    /// Part of the name. 商户名称
    #[param(min_length = 1, max_length = 50, example = "胡辣汤")]
    name: Option<String>,
}

/// A merchant. 商户
#[derive(Debug, Serialize, ToSchema)]
struct MerchantDto {
    /// Its id.
    id: Uuid,
    /// The union that manages it. 管理工会
    union_id: Uuid,
    /// 商户名称
    name: String,
    /// 统一社会信用代码
    uscc: String,
    /// 行业类别
    category: String,
    /// 行政区划代码
    division_code: String,
    /// `APPLIED`, `VERIFIED`, `LIVE`, `SUSPENDED`, `LAPSED` (the contract has ended), `TERMINATED`, `REJECTED`. 状态
    #[schema(example = "LIVE")]
    state: &'static str,
    /// 状态说明
    state_text: &'static str,
    /// 合同起始日
    contract_from: NaiveDate,
    /// 合同截止日, inclusive
    contract_to: NaiveDate,
    /// 联系人, masked
    contact_name: String,
    /// 联系手机, masked
    contact_mobile: String,
}

fn merchant_dto(app: &App, merchant: &Merchant) -> Result<MerchantDto, Problem> {
    let state = merchant.state(app.today());
    Ok(MerchantDto {
        id: merchant.id,
        union_id: merchant.org_id,
        name: merchant.name.clone(),
        uscc: merchant.uscc.clone(),
        category: merchant.category.clone(),
        division_code: merchant.division_code.clone(),
        state: state.as_str(),
        state_text: state.text(),
        contract_from: merchant.contract_from,
        contract_to: merchant.contract_to,
        contact_name: mask::name(&merchant.contact_name),
        contact_mobile: merchant.contact_mobile(&app.sealer)?.masked(),
    })
}

/// A merchant to enter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMerchant {
    /// The union that manages it; the caller's own without. 管理工会
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<Uuid>,
    /// 商户名称
    #[schema(value_type = OrgName, example = "方中山胡辣汤（顺河路店）")]
    name: String,
    /// 统一社会信用代码
    #[schema(value_type = Uscc, example = "91410100MA000ABC24")]
    uscc: String,
    /// 行业类别: 1 to 40 characters.
    #[schema(min_length = 1, max_length = 40, example = "餐饮")]
    category: String,
    /// 行政区划代码: 6 or 9 digits.
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: String,
    /// 合同起始日
    #[schema(example = "2026-01-01")]
    contract_from: NaiveDate,
    /// 合同截止日, inclusive
    #[schema(example = "2027-12-31")]
    contract_to: NaiveDate,
    /// 联系人
    #[schema(value_type = PersonName, example = "王小明")]
    contact_name: String,
    /// 联系手机
    #[schema(value_type = Mobile, example = "13800138000")]
    contact_mobile: String,
}

fn details(dto: &NewMerchant) -> Result<Details, Problem> {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&dto.name));
    let uscc = fields.take("/uscc", Uscc::parse(&dto.uscc));
    let category = fields.take("/category", text(&dto.category, 1, 40));
    let division = fields.take("/division_code", division_code(&dto.division_code));
    let contact = fields.take("/contact_name", PersonName::parse(&dto.contact_name));
    let mobile = fields.take("/contact_mobile", Mobile::parse(&dto.contact_mobile));
    let order = Invalid::new("CONTRACT_DATES", "合同截止日不能早于起始日。");
    fields.require(dto.contract_from <= dto.contract_to, "/contract_to", order);
    match (name, uscc, category, division, contact, mobile) {
        (Some(name), Some(uscc), Some(category), Some(division), Some(contact), Some(mobile))
            if dto.contract_from <= dto.contract_to =>
        {
            Ok(Details {
                name: name.as_str().to_owned(),
                uscc: uscc.as_str().to_owned(),
                category,
                division_code: division,
                contract_from: dto.contract_from,
                contract_to: dto.contract_to,
                contact_name: contact.as_str().to_owned(),
                contact_mobile: mobile,
            })
        }
        _ => Err(fields.problem()),
    }
}

/// Merchants of the scope 商户列表
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(MerchantQuery, Listing),
    responses((status = 200, description = "In tree order", body = PageBody<MerchantDto>))
)]
#[get("/v1/admin/merchants")]
async fn list_merchants(
    app: web::Data<App>,
    by: Cadre<can::MerchantRead>,
    query: Query<MerchantQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let name = query.name.as_deref().filter(|n| !n.is_empty());
    let binding = format!("merchants|{}|{name:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = merchant::list(&mut conn, &by.scope, name, after.as_ref(), limit).await?;
    let key = |m: &Merchant| (m.path.clone(), m.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |m| merchant_dto(&app, &m))?))
}

/// Enter a merchant 录入商户
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    request_body = NewMerchant,
    responses(
        (status = 201, description = "Live with its contract", body = MerchantDto),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: a live merchant has the credit code; `IN_PROGRESS`"),
    )
)]
#[post("/v1/admin/merchants")]
async fn create_merchant(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    key: MaybeOnce,
    body: Body<NewMerchant>,
) -> Answer {
    let details = details(&body)?;
    let union = body.union_id.unwrap_or(by.union);
    let key = key.of(by.principal.account, "create_merchant", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = merchant::create(&app, tx, &by.actor, &by.scope, union, &details).await?;
        created(format!("/v1/admin/merchants/{}", made.id), &merchant_dto(&app, &made)?)
    })
    .await?;
    Ok(respond(stored))
}

/// One merchant 商户
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.read"])),
    params(("id" = Uuid, Path, description = "The merchant")),
    responses((status = 200, description = "The merchant, with its ETag", body = MerchantDto))
)]
#[get("/v1/admin/merchants/{id}")]
async fn get_merchant(app: web::Data<App>, by: Cadre<can::MerchantRead>, id: Id) -> Answer {
    let found = merchant::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &merchant_dto(&app, &found)?))
}

/// Fields to change; absent ones stay. 商户变更
#[derive(ToSchema)]
#[allow(dead_code)] // documentation of the merge patch
struct MerchantPatch {
    /// 商户名称
    name: Option<OrgName>,
    /// 统一社会信用代码
    uscc: Option<Uscc>,
    /// 行业类别
    #[schema(min_length = 1, max_length = 40, example = "餐饮")]
    category: Option<String>,
    /// 行政区划代码
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: Option<String>,
    /// 合同起始日
    #[schema(example = "2026-01-01")]
    contract_from: Option<NaiveDate>,
    /// 合同截止日, inclusive
    #[schema(example = "2027-12-31")]
    contract_to: Option<NaiveDate>,
    /// 联系人
    contact_name: Option<PersonName>,
    /// 联系手机
    contact_mobile: Option<Mobile>,
}

/// Change a merchant 变更商户信息
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    request_body(content = MerchantPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The merchant, with its new ETag", body = MerchantDto),
        (status = 409, description = "`ALREADY_EXISTS`: a live merchant has the credit code"),
    )
)]
#[patch("/v1/admin/merchants/{id}")]
async fn change_merchant(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch>,
) -> Answer {
    let changed = app
        .db
        .write(async |tx| {
            let before = merchant::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            if body.contains_key("union_id") {
                return Err(Problem::invalid(
                    "/union_id",
                    Invalid::new("UNKNOWN_FIELD", "管理工会不能变更。"),
                ));
            }
            let current = NewMerchant {
                union_id: None,
                name: before.name.clone(),
                uscc: before.uscc.clone(),
                category: before.category.clone(),
                division_code: before.division_code.clone(),
                contract_from: before.contract_from,
                contract_to: before.contract_to,
                contact_name: before.contact_name.clone(),
                contact_mobile: before.contact_mobile(&app.sealer)?.national().to_owned(),
            };
            let details = details(&patched(&current, &body)?)?;
            merchant::change(&app, tx, &by.actor, &before, &details).await
        })
        .await?;
    Ok(etag::tagged(changed.version, &merchant_dto(&app, &changed)?))
}

async fn turn(
    app: &App,
    by: &Cadre<can::MerchantWrite>,
    (id, version): (Id, IfMatch),
    to: State,
    reason: Option<&str>,
) -> Answer {
    let turned = app
        .db
        .write(async |tx| {
            let before = merchant::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            merchant::turn(app, tx, &by.actor, &before, to, reason).await
        })
        .await?;
    Ok(etag::tagged(turned.version, &merchant_dto(app, &turned)?))
}

/// Suspend a merchant 暂停商户
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Suspended: its offers are hidden and its tills blocked", body = MerchantDto),
        (status = 409, description = "`INVALID_STATE`: it is not live"),
    )
)]
#[post("/v1/admin/merchants/{id}/suspend")]
async fn suspend_merchant(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    turn(&app, &by, (id, version), State::Suspended, Some(&reason)).await
}

/// Resume a merchant 恢复商户
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    responses(
        (status = 200, description = "Live again", body = MerchantDto),
        (status = 409, description = "`INVALID_STATE`: it is not suspended"),
    )
)]
#[post("/v1/admin/merchants/{id}/resume")]
async fn resume_merchant(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    turn(&app, &by, (id, version), State::Live, None).await
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
    #[schema(example = "gcj02")]
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

/// Datum of coordinates. 坐标系
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Datum {
    /// What Chinese maps give.
    Gcj02,
    /// GPS.
    Wgs84,
    /// Baidu's.
    Bd09,
}

/// A branch to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMerchantBranch {
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

fn branch_details(dto: &NewMerchantBranch) -> Result<BranchDetails, Problem> {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&dto.name));
    let address = fields.take("/address", text(&dto.address, 2, 200));
    let division = fields.take("/division_code", division_code(&dto.division_code));
    let place = match (dto.lat, dto.lng, dto.datum) {
        (None, None, None) => Ok(None),
        (Some(lat), Some(lng), Some(datum))
            if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng) =>
        {
            let datum = match datum {
                Datum::Gcj02 => "gcj02",
                Datum::Wgs84 => "wgs84",
                Datum::Bd09 => "bd09",
            };
            Ok(Some((lat, lng, datum.to_owned())))
        }
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
    let page = merchant::branches(&mut conn, of.id, after, limit).await?;
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
    params(("id" = Uuid, Path, description = "The merchant")),
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
        let made = merchant::open_branch(&app, tx, &by.actor, &of, &details).await?;
        created(format!("/v1/admin/merchants/{}/branches", of.id), &MerchantBranchDto::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// A place on a merchant's staff. 商户人员
#[derive(Debug, Serialize, ToSchema)]
struct MerchantStaffDto {
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
}

impl From<StaffRow> for MerchantStaffDto {
    fn from(row: StaffRow) -> Self {
        let StaffRow { id, branch_id, account_id: _, name, mobile_masked, role, valid_from, valid_to } = row;
        Self {
            id,
            name: mask::name(&name),
            mobile: mobile_masked,
            role,
            branch_id,
            valid_from: wire::instant(valid_from),
            valid_to: valid_to.map(wire::instant),
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
    let page = staff::list(&mut conn, of.id, after, limit).await?;
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
    params(("id" = Uuid, Path, description = "The merchant")),
    request_body = NewMerchantStaff,
    responses(
        (status = 201, description = "Taken on; a new account is activated with the mobile", body = MerchantStaffDto),
        (status = 409, description = "`ALREADY_EXISTS`: username, mobile or place; `IN_PROGRESS`"),
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
        username: &username,
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
