//! `/v1/merchant/staff`: a manager takes cashiers on and lets them go.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;
use unionhall_kernel::{Fields, Mobile, PersonName, Pii};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Id, Listing, MaybeOnce, MaybeOnceHeader, Merchant, PageBody, RoleName, can,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::admin_places::MerchantStaffDto;
use crate::merchant;
use crate::staff::{self, NewStaff};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_own_staff).service(create_own_cashier).service(revoke_own_cashier);
}

/// The staff 本店人员
#[utoipa::path(
    tag = "staff",
    security(("merchant" = ["merchant.manage"])),
    params(Listing),
    responses((status = 200, description = "Of the manager's branch; of all for a manager of all", body = PageBody<MerchantStaffDto>))
)]
#[get("/v1/merchant/staff")]
async fn list_own_staff(app: web::Data<App>, by: Merchant<can::MerchantManage>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("own-staff|{}|{:?}", by.merchant, by.branch);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = staff::list(&mut *app.db.read().await?, (by.merchant, by.branch), after, limit).await?;
    let item = |row| Ok(MerchantStaffDto::from(row));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |r| r.id, item)?))
}

/// A cashier to take on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCashier {
    /// 姓名
    #[schema(value_type = PersonName, example = "王小明")]
    name: Pii<String>,
    /// 手机; they log in with a code sent to it.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: Pii<String>,
    /// Where they stand. 门店
    branch_id: Uuid,
}

/// Take a cashier on 新增收银员
///
/// They log in with a code (`POST /v1/auth/login/otp`, realm `merchant`; there is no password) and accept the place
/// (`POST /v1/merchant/places/{id}/accept`): until then it opens nothing.
#[utoipa::path(
    tag = "staff",
    security(("merchant" = ["merchant.manage"])),
    params(MaybeOnceHeader),
    request_body = NewCashier,
    responses(
        (status = 201, description = "Taken on, once they accept", body = MerchantStaffDto),
        (status = 404, description = "`NOT_FOUND`: no such branch of the manager's"),
        (status = 409, description = "`ALREADY_EXISTS`: they stand there already"),
    )
)]
#[post("/v1/merchant/staff")]
async fn create_own_cashier(
    app: web::Data<App>,
    by: Merchant<can::MerchantManage>,
    key: MaybeOnce,
    body: Body<NewCashier>,
) -> Answer {
    let mut fields = Fields::new();
    let name = fields.take("/name", PersonName::parse(body.name.expose()));
    let mobile = fields.take("/mobile", Mobile::parse(body.mobile.expose()));
    let (Some(name), Some(mobile)) = (&name, &mobile) else { return Err(fields.problem().into()) };
    if by.branch.is_some_and(|own| own != body.branch_id) {
        return Err(unionhall_kernel::Problem::not_found().into());
    }
    let branch = Some(body.branch_id);
    let new = NewStaff { name, username: None, mobile, role: RoleName::Staff, branch, to: None };
    let key = key.of(by.principal.account, "create_own_cashier", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let of = merchant::own(tx, by.merchant).await?;
        let made = staff::add(&app, tx, &by.actor, &of, &new).await?;
        created("/v1/merchant/staff".to_owned(), &MerchantStaffDto::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// Let a cashier go 移除收银员
#[utoipa::path(
    tag = "staff",
    security(("merchant" = ["merchant.manage"])),
    params(("id" = Uuid, Path, description = "The place")),
    responses(
        (status = 204, description = "Taken away: its tokens are refused within seconds"),
        (status = 404, description = "`NOT_FOUND`: no cashier of the manager's; managers are the union's to take away"),
    )
)]
#[delete("/v1/merchant/staff/{id}")]
async fn revoke_own_cashier(app: web::Data<App>, by: Merchant<can::MerchantManage>, id: Id) -> Answer {
    app.db
        .write(async |tx| {
            let place = staff::cashier(tx, (by.merchant, by.branch), id.0).await?;
            let of = merchant::own(tx, by.merchant).await?;
            staff::revoke(&app, tx, &by.actor, &of, place.id).await
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
