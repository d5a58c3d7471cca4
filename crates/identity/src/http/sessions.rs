//! `/v1/auth`: the roles of a person, switching between them, and ending sessions.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Fields;
use unionhall_web::{Answer, Anyone, Body, Empty, Holder, PageBody};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::login::{parse_binding_code, parse_totp};
use super::tokens::{RoleDto, TokensDto};
use crate::login::Factors;
use crate::{Identity, logout, roles, session};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_roles)
        .service(switch_role)
        .service(end_own_session)
        .service(logout_everywhere)
        .service(list_sessions)
        .service(end_session);
}

/// Roles of the person over all their accounts 我的身份
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    responses((status = 200, description = "All of them, the acting one marked", body = PageBody<RoleDto>))
)]
#[get("/v1/auth/roles")]
async fn list_roles(identity: web::Data<Identity>, caller: Anyone) -> Answer {
    let current = caller.principal.role.as_ref().map(|r| r.id);
    let roles = roles::all(&identity, &caller.principal).await?;
    let items = roles.iter().map(|(_, role)| RoleDto::of(role, current)).collect();
    Ok(HttpResponse::Ok().json(PageBody::<RoleDto>::whole(items)))
}

/// Which role to act in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleSwitch)]
struct Switch {
    /// From `GET /v1/auth/roles`.
    role_id: Uuid,
    /// TOTP code, on entering the cadre realm.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    totp: Option<String>,
    /// SMS code (purpose `second_factor`, to the mobile of the account that is entered), on entering the cadre realm below
    /// the county, and any account whose mobile is another.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    otp: Option<String>,
    /// What a bound device shows, where this one is not bound yet, on entering the cadre realm below the county.
    #[schema(pattern = "^[0-9]{8}$", example = "40718265")]
    binding_code: Option<String>,
}

/// Switch role 切换身份
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    request_body = Switch,
    responses(
        (status = 200, description = "Tokens for that role", body = TokensDto),
        (status = 401, description = "`SECOND_FACTOR_REQUIRED`, `SECOND_FACTOR_FAILED`, `DEVICE_NOT_BOUND`, `UNAUTHENTICATED`"),
        (status = 404, description = "`NOT_FOUND`: not a role of this person"),
    )
)]
#[post("/v1/auth/switch")]
async fn switch_role(identity: web::Data<Identity>, caller: Anyone, body: Body<Switch>) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let totp = parse_totp(dto.totp, &mut fields, "/totp");
    let otp = parse_totp(dto.otp, &mut fields, "/otp");
    let binding_code = parse_binding_code(dto.binding_code, &mut fields);
    fields.finish()?;
    let factors = Factors { totp, otp, device: None, binding_code };
    let tokens = roles::switch(&identity, &caller.actor, &caller.principal, dto.role_id, factors).await?;
    Ok(HttpResponse::Ok().json(TokensDto::of(tokens)))
}

/// Log out 退出登录
#[utoipa::path(
    tag = "auth",
    operation_id = "logout",
    security(("any" = [])),
    responses((status = 204, description = "The session is over"))
)]
#[post("/v1/auth/logout")]
async fn end_own_session(identity: web::Data<Identity>, caller: Holder, _body: Empty) -> Answer {
    logout::logout(&identity, &caller.actor, &caller.principal).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere 退出所有设备
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    responses((status = 204, description = "All sessions of the account are over"))
)]
#[post("/v1/auth/logout-everywhere")]
async fn logout_everywhere(identity: web::Data<Identity>, caller: Anyone, _body: Empty) -> Answer {
    logout::logout_everywhere(&identity, &caller.actor, &caller.principal).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A session. 登录会话
#[derive(Debug, Serialize, ToSchema)]
struct SessionDto {
    /// Its id.
    id: Uuid,
    /// The device, where one was named.
    device_id: Option<String>,
    /// What it runs.
    platform: Option<String>,
    /// Since when.
    created_at: String,
    /// When its tokens were last refreshed.
    refreshed_at: String,
    /// Whether it is the caller's.
    current: bool,
}

/// Live sessions of the account 登录设备
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    responses((status = 200, description = "Newest first", body = PageBody<SessionDto>))
)]
#[get("/v1/auth/sessions")]
async fn list_sessions(identity: web::Data<Identity>, caller: Anyone) -> Answer {
    let mut conn = identity.core.db.read().await?;
    let rows = session::list(&mut conn, caller.principal.account, identity.core.now()).await?;
    let current = caller.principal.session;
    let items = rows.into_iter().map(|row| {
        let session::SessionRow { id, device_id, platform, created_at, rotated_at } = row;
        SessionDto {
            id,
            device_id,
            platform,
            created_at: unionhall_web::wire::instant(created_at),
            refreshed_at: unionhall_web::wire::instant(rotated_at),
            current: id == current,
        }
    });
    Ok(HttpResponse::Ok().json(PageBody::<SessionDto>::whole(items.collect())))
}

/// End a session 下线设备
#[utoipa::path(
    tag = "auth",
    security(("any" = [])),
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "`NOT_FOUND`: not a live session of this account"),
    )
)]
#[delete("/v1/auth/sessions/{id}")]
async fn end_session(identity: web::Data<Identity>, caller: Anyone, id: unionhall_web::Id) -> Answer {
    logout::end_session(&identity, &caller.actor, &caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
