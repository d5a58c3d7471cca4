//! `/v1/admin/merchants`.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Mobile, OrgName, PersonName, Problem, Uscc, mask};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, Query, ReasonBody, can, etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{Patch, division_code, patched, text};
use crate::merchant::{self, Details, Home, Merchant};
use crate::suspension;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_merchants)
        .service(create_merchant)
        .service(get_merchant)
        .service(change_merchant)
        .service(suspend_merchant)
        .service(resume_merchant)
        .service(terminate_merchant);
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
pub(super) struct MerchantDto {
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
    /// `LIVE`, `SUSPENDED`, `LAPSED` (the contract has ended), `TERMINATED`. 状态
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
    /// Whether its licence can be read. 是否有营业执照
    has_licence: bool,
}

pub(super) fn merchant_dto(app: &App, merchant: &Merchant) -> Result<MerchantDto, Problem> {
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
        has_licence: merchant.licence_file_id.is_some(),
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
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    contract_from: NaiveDate,
    /// 合同截止日, inclusive
    #[schema(example = "2027-12-31")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
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
    params(MaybeOnceHeader),
    request_body = NewMerchant,
    responses(
        (status = 201, description = "Live with its contract", body = MerchantDto),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: a live merchant has the credit code"),
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
        let union = unionhall_registry::org::get(tx, &by.scope, union).await?;
        let home = Home { org: union.id, path: &union.path, licence: None };
        let made = merchant::create(&app, tx, &by.actor, &home, &details).await?;
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
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    contract_from: Option<NaiveDate>,
    /// 合同截止日, inclusive
    #[schema(example = "2027-12-31")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
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

enum Turn<'a> {
    Suspend(&'a str),
    Resume,
    Terminate(&'a str),
}

async fn turn(
    app: &App,
    by: &Cadre<can::MerchantWrite>,
    (id, version): (Id, IfMatch),
    turn: Turn<'_>,
) -> Answer {
    let actor = &by.actor;
    let turned = app
        .db
        .write(async |tx| {
            let before = merchant::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            match turn {
                Turn::Suspend(reason) => suspension::suspend(app, tx, actor, &before, reason).await,
                Turn::Resume => suspension::resume(app, tx, actor, &before).await,
                Turn::Terminate(reason) => suspension::terminate(app, tx, actor, &before, reason).await,
            }
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
        (status = 200, description = "Suspended: its offers are hidden and its tills blocked; its manager may appeal for five working days", body = MerchantDto),
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
    turn(&app, &by, (id, version), Turn::Suspend(body.parse()?)).await
}

/// Resume a merchant 恢复商户
///
/// An appeal, where there is one, is upheld by it; then another person than who suspended does this.
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    responses(
        (status = 200, description = "Live again", body = MerchantDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
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
    turn(&app, &by, (id, version), Turn::Resume).await
}

/// Terminate a suspended merchant 终止合作
///
/// For good: by another person than who suspended, against an appeal or once the last day of it has passed. Its
/// cashiers are let go, what was redeemed stays on record, and the credit code is free for another application.
#[utoipa::path(
    tag = "merchants",
    security(("admin" = ["merchant.write"])),
    params(("id" = Uuid, Path, description = "The merchant"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Terminated", body = MerchantDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it is not suspended, or may still appeal"),
    )
)]
#[post("/v1/admin/merchants/{id}/terminate")]
async fn terminate_merchant(
    app: web::Data<App>,
    by: Cadre<can::MerchantWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    turn(&app, &by, (id, version), Turn::Terminate(body.parse()?)).await
}
