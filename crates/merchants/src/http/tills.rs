//! `/v1/merchant/tills` and taking turns at one.

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::http::TokensDto;
use unionhall_identity::{Identity, otp};
use unionhall_kernel::{Fields, Pii, mask};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{Answer, App, Body, Id, MaybeOnce, MaybeOnceHeader, Merchant, PageBody, can, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::text;
use crate::pin::{self, Colleague};
use crate::till::{self, Till};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_tills)
        .service(register_till)
        .service(revoke_till)
        .service(list_till_staff)
        .service(set_pin)
        .service(take_over_till);
}

/// A device at a till. 收银设备
#[derive(Debug, Serialize, ToSchema)]
struct TillDto {
    /// Its id.
    id: Uuid,
    /// 门店
    branch_id: Uuid,
    /// 名称
    name: String,
    /// Since when.
    registered_at: String,
}

impl From<Till> for TillDto {
    fn from(till: Till) -> Self {
        let Till { id, merchant_id: _, branch_id, name, registered_at } = till;
        Self { id, branch_id, name, registered_at: wire::instant(registered_at) }
    }
}

/// The tills 收银设备列表
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["merchant.manage"])),
    responses((status = 200, description = "Newest first", body = PageBody<TillDto>))
)]
#[get("/v1/merchant/tills")]
async fn list_tills(app: web::Data<App>, by: Merchant<can::MerchantManage>) -> Answer {
    let found = till::list(&mut *app.db.read().await?, by.merchant).await?;
    let own = found.into_iter().filter(|till| by.branch.is_none_or(|own| own == till.branch_id));
    Ok(HttpResponse::Ok().json(PageBody::whole(own.map(TillDto::from).collect())))
}

/// A till to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTill {
    /// Where it stands. 门店
    branch_id: Uuid,
    /// What the staff call it: 1 to 40 characters. 名称
    #[schema(min_length = 1, max_length = 40, example = "前台")]
    name: String,
}

/// Register the device in one's hand as a till 登记收银设备
///
/// The device is that of the caller's session (`device` at the login). Done again, it moves the till, whose id stays.
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["merchant.manage"])),
    params(MaybeOnceHeader),
    request_body = NewTill,
    responses(
        (status = 201, description = "Registered", body = TillDto),
        (status = 404, description = "`NOT_FOUND`: no such branch of the manager's"),
        (status = 409, description = "`INVALID_STATE`: the session has no device, or the merchant has 500 tills"),
    )
)]
#[post("/v1/merchant/tills")]
async fn register_till(
    app: web::Data<App>,
    by: Merchant<can::MerchantManage>,
    key: MaybeOnce,
    body: Body<NewTill>,
) -> Answer {
    let mut fields = Fields::new();
    let Some(name) = fields.take("/name", text(&body.name, 1, 40)) else {
        return Err(fields.problem().into());
    };
    if by.branch.is_some_and(|own| own != body.branch_id) {
        return Err(unionhall_kernel::Problem::not_found().into());
    }
    let key = key.of(by.principal.account, "register_till", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let (who, place) = ((&by.actor, &by.principal), (by.merchant, body.branch_id));
        let made = till::register(&app, tx, who, place, &name).await?;
        created("/v1/merchant/tills".to_owned(), &TillDto::from(made))
    })
    .await?;
    Ok(respond(stored))
}

/// Take a till away 移除收银设备
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["merchant.manage"])),
    params(("id" = Uuid, Path, description = "The till")),
    responses((status = 204, description = "Nobody takes turns on it any more"))
)]
#[delete("/v1/merchant/tills/{id}")]
async fn revoke_till(app: web::Data<App>, by: Merchant<can::MerchantManage>, id: Id) -> Answer {
    app.db
        .write(async |tx| {
            till::revoke(&app, tx, (&by.actor, &by.principal), (by.merchant, by.branch), id.0).await
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Somebody who may take over. 可换班人员
#[derive(Debug, Serialize, ToSchema)]
struct TillColleague {
    /// Give this to `take-over`.
    role_id: Uuid,
    /// 姓名, masked
    name: String,
    /// `manager` 负责人 or `staff` 收银员.
    #[schema(example = "staff")]
    role: String,
}

impl From<Colleague> for TillColleague {
    fn from(colleague: Colleague) -> Self {
        let Colleague { place, account: _, name, role } = colleague;
        Self { role_id: place, name: mask::name(&name), role }
    }
}

/// Who may take over this till 可换班人员
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["till"])),
    responses(
        (status = 200, description = "Those of the branch who have a PIN, the caller too", body = PageBody<TillColleague>),
        (status = 409, description = "`INVALID_STATE`: the caller's device is no till of theirs"),
    )
)]
#[get("/v1/merchant/till-staff")]
async fn list_till_staff(app: web::Data<App>, by: Merchant<can::Till>) -> Answer {
    let mut conn = app.db.read().await?;
    let (till, _) = till::here(&mut conn, &by.principal, by.merchant).await?;
    let found = pin::colleagues(&mut conn, (by.merchant, till.branch_id), app.now()).await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(found.into_iter().map(TillColleague::from).collect())))
}

/// A PIN to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPin {
    /// Six digits, neither all alike nor in a row.
    #[schema(value_type = String, pattern = "^[0-9]{6}$", format = Password, example = "908172")]
    pin: Pii<String>,
    /// A code sent to one's mobile (purpose `confirm`, realm `merchant`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
}

/// When a PIN was set. PIN
#[derive(Debug, Serialize, ToSchema)]
struct PinSet {
    /// Now.
    set_at: String,
}

/// Set one's PIN 设置换班PIN
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["till"])),
    request_body = NewPin,
    responses(
        (status = 200, description = "Set; wrong tries are forgotten", body = PinSet),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`INVALID_STATE`: the account has no mobile"),
    )
)]
#[put("/v1/merchant/pin")]
async fn set_pin(identity: web::Data<Identity>, by: Merchant<can::Till>, body: Body<NewPin>) -> Answer {
    let NewPin { pin, code } = body.into_inner();
    let mut fields = Fields::new();
    let fits = fields.take("/pin", pin::parse(pin.expose()));
    let code = fields.take("/code", otp::parse_code(&code));
    let (Some(()), Some(code)) = (fits, code) else { return Err(fields.problem().into()) };
    let set_at = pin::set(&identity, (&by.actor, &by.principal), pin, code).await?;
    Ok(HttpResponse::Ok().json(PinSet { set_at: wire::instant(set_at) }))
}

/// Who takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeOver {
    /// Of `till-staff`.
    role_id: Uuid,
    /// Their PIN.
    #[schema(value_type = String, pattern = "^[0-9]{6}$", format = Password, example = "908172")]
    pin: Pii<String>,
}

/// Hand the till over to a colleague 换班
///
/// On a registered till: the caller's session ends, the colleague's begins on the same device. It serves the till alone:
/// no other role, no managing, nothing of the account.
#[utoipa::path(
    tag = "tills",
    security(("merchant" = ["till"])),
    request_body = TakeOver,
    responses(
        (status = 200, description = "The colleague's tokens", body = TokensDto),
        (status = 401, description = "`PIN_WRONG` with `tries_left`"),
        (status = 403, description = "`PIN_LOCKED` after five wrong tries: log in with a code and set a new one; `FORBIDDEN`"),
        (status = 404, description = "`NOT_FOUND`: nobody of this branch, or without a PIN"),
        (status = 409, description = "`INVALID_STATE`: the caller's device is no till of theirs"),
    )
)]
#[post("/v1/merchant/till-staff/take-over")]
async fn take_over_till(
    identity: web::Data<Identity>,
    by: Merchant<can::Till>,
    body: Body<TakeOver>,
) -> Answer {
    let TakeOver { role_id, pin } = body.into_inner();
    let who = (&by.actor, &by.principal);
    let tokens = pin::take_over(&identity, who, by.merchant, role_id, pin).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(tokens)))
}
