//! `/v1/auth/bound-devices`: the phones from which a cadre below the county acts.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Fields, Problem};
use unionhall_web::{Answer, Anyone, Body, Empty, PageBody, Realm, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::device::parse_device_id;
use crate::{Identity, binding};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_bound_devices).service(invite_device).service(release_device);
}

fn of_cadre(caller: &Anyone) -> Result<(), Problem> {
    match caller.principal.realm {
        Realm::Cadre => Ok(()),
        _ => Err(Problem::new(Code::Forbidden)),
    }
}

/// A bound device. 已绑定设备
#[derive(Debug, Serialize, ToSchema)]
struct BoundDevice {
    /// As its app calls itself.
    #[schema(example = "d-5f0c2a")]
    device_id: String,
    /// What it runs.
    #[schema(example = "android")]
    platform: String,
    /// Since when it is bound.
    bound_at: String,
    /// When it last logged in.
    last_seen_at: String,
}

/// A code to bind one more device. 设备绑定码
#[derive(Debug, Serialize, ToSchema)]
struct BindingCode {
    /// `binding_code` of the other device's login; good once, and shown this once.
    #[schema(pattern = "^[0-9]{8}$", example = "40718265")]
    code: String,
    /// Until when.
    expires_at: String,
}

/// Which device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceRelease {
    /// From the list.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$", example = "d-5f0c2a")]
    device_id: String,
}

/// Bound devices of a cadre 已绑定设备
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    responses(
        (status = 200, description = "The oldest first; empty where TOTP is asked instead", body = PageBody<BoundDevice>),
        (status = 403, description = "`FORBIDDEN`: not a cadre's account"),
    )
)]
#[get("/v1/auth/bound-devices")]
async fn list_bound_devices(identity: web::Data<Identity>, caller: Anyone) -> Answer {
    of_cadre(&caller)?;
    let bound = binding::list(&mut *identity.core.db.read().await?, caller.principal.account).await?;
    let items = bound.into_iter().map(|binding::Bound { device_id, platform, trusted_at, last_seen_at }| {
        let (bound_at, last_seen_at) = (wire::instant(trusted_at), wire::instant(last_seen_at));
        BoundDevice { device_id, platform, bound_at, last_seen_at }
    });
    Ok(HttpResponse::Ok().json(PageBody::whole(items.collect::<Vec<_>>())))
}

/// Show a code to bind one more device 生成设备绑定码
///
/// On a bound device. The other device logs in with it within ten minutes; an earlier code is void.
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    responses(
        (status = 200, description = "The code", body = BindingCode),
        (status = 403, description = "`FORBIDDEN`: this device is not bound itself, or not a cadre's account"),
        (status = 409, description = "`INVALID_STATE`: five are bound"),
    )
)]
#[post("/v1/auth/bound-devices")]
async fn invite_device(identity: web::Data<Identity>, caller: Anyone, _body: Empty) -> Answer {
    of_cadre(&caller)?;
    let made = binding::invite(&identity.core, &caller.actor, &caller.principal).await?;
    let expires_at = wire::instant(made.expires_at);
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(BindingCode { code: made.code, expires_at }))
}

/// Release one of one's own devices 解除设备绑定
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    request_body = DeviceRelease,
    responses(
        (status = 204, description = "Released; sessions on it are over"),
        (status = 403, description = "`FORBIDDEN`: not a cadre's account"),
        (status = 404, description = "`NOT_FOUND`: not a bound device"),
        (status = 409, description = "`INVALID_STATE`: the last one; whoever granted the post releases that"),
    )
)]
#[post("/v1/auth/bound-devices/release")]
async fn release_device(identity: web::Data<Identity>, caller: Anyone, body: Body<DeviceRelease>) -> Answer {
    of_cadre(&caller)?;
    let mut fields = Fields::new();
    let Some(device) = fields.take("/device_id", parse_device_id(&body.device_id)) else {
        return Err(fields.problem().into());
    };
    binding::release(&identity.core, &caller.actor, &caller.principal, &device).await?;
    identity.states.forget(caller.principal.account);
    Ok(HttpResponse::NoContent().finish())
}
