//! `/v1/merchant/places`: where one works, and where one is asked to.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::Serialize;
use unionhall_web::{Answer, App, Empty, Id, MerchantAccount, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::own_place::{self, OwnPlace};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_own_places).service(accept_place).service(leave_place);
}

/// A place on a merchant's staff, as its holder sees it. 我的任职
#[derive(Debug, Serialize, ToSchema)]
struct OwnPlaceDto {
    /// The place, the `role_id` of logins.
    id: Uuid,
    /// The merchant.
    merchant_id: Uuid,
    /// 商户名称
    merchant_name: String,
    /// 门店; null for all
    branch_id: Option<Uuid>,
    /// 门店名称
    branch_name: Option<String>,
    /// `manager` 负责人 or `staff` 收银员.
    #[schema(example = "staff")]
    role: String,
    /// Since when one is asked.
    valid_from: String,
    /// Since when it is one's own; null while it waits for an answer. 接受时间
    accepted_at: Option<String>,
}

impl From<OwnPlace> for OwnPlaceDto {
    fn from(place: OwnPlace) -> Self {
        let OwnPlace {
            id,
            merchant_id,
            merchant_name,
            branch_id,
            branch_name,
            role,
            valid_from,
            accepted_at,
        } = place;
        Self {
            id,
            merchant_id,
            merchant_name,
            branch_id,
            branch_name,
            role,
            valid_from: wire::instant(valid_from),
            accepted_at: accepted_at.map(wire::instant),
        }
    }
}

/// Where I work, and where I am asked to 我的任职
#[utoipa::path(
    tag = "staff",
    security(("merchant" = [])),
    responses((status = 200, description = "Newest first", body = PageBody<OwnPlaceDto>))
)]
#[get("/v1/merchant/places")]
async fn list_own_places(app: web::Data<App>, me: MerchantAccount) -> Answer {
    let found = own_place::list(&mut *app.db.read().await?, me.principal.account, app.now()).await?;
    Ok(HttpResponse::Ok().json(PageBody::whole(found.into_iter().map(OwnPlaceDto::from).collect())))
}

/// Accept a place 接受任职
///
/// The next log-in or refresh may act in it (`POST /v1/auth/switch` with several). Accepting again changes nothing.
#[utoipa::path(
    tag = "staff",
    security(("merchant" = [])),
    params(("id" = Uuid, Path, description = "The place")),
    responses((status = 200, description = "It is the caller's", body = OwnPlaceDto))
)]
#[post("/v1/merchant/places/{id}/accept")]
async fn accept_place(app: web::Data<App>, me: MerchantAccount, id: Id, _body: Empty) -> Answer {
    let account = me.principal.account;
    let own = app.db.write(async |tx| own_place::accept(&app, tx, (&me.actor, account), id.0).await).await?;
    Ok(HttpResponse::Ok().json(OwnPlaceDto::from(own)))
}

/// Leave a place, or turn it down 离开或谢绝任职
#[utoipa::path(
    tag = "staff",
    security(("merchant" = [])),
    params(("id" = Uuid, Path, description = "The place")),
    responses((status = 204, description = "It is the caller's no more; its tokens are refused within seconds"))
)]
#[delete("/v1/merchant/places/{id}")]
async fn leave_place(app: web::Data<App>, me: MerchantAccount, id: Id) -> Answer {
    let account = me.principal.account;
    app.db.write(async |tx| own_place::leave(&app, tx, (&me.actor, account), id.0).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
