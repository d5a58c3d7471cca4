//! `/v1/auth/login/wechat`, `/v1/me/wechat`: the mini-program.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_web::{Answer, Body, Member, Public, RequestInfo, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::device::DeviceDto;
use super::login::{MemberTokens, parse_consents};
use crate::consent::Given;
use crate::login::{self, WechatLogin};
use crate::{Identity, wechat};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(login_wechat).service(get_my_wechat).service(unbind_my_wechat);
}

fn parse_code(code: &str) -> Result<&str, Invalid> {
    if (1..=128).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(code)
    } else {
        Err(Invalid::new("WECHAT_CODE_FORMAT", "须为1至128个可见ASCII字符。"))
    }
}

/// A login from the mini-program.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WechatLoginRequest {
    /// What `wx.login` gave, once.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]{1,128}$", example = "0d1mLr0w3kVqT33")]
    js_code: String,
    /// What the phone button gave, once; needed until this WeChat user is bound.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]{1,128}$", example = "e31968a7f94cc5ee")]
    phone_code: Option<String>,
    /// The device.
    device: DeviceDto,
    /// Documents agreed to.
    #[schema(max_items = 16)]
    consents: Vec<Given>,
}

/// Log in from the WeChat mini-program 微信小程序登录
///
/// With `phone_code` into the account of the phone WeChat has proved, which is made where there is none, and to which this
/// WeChat user is bound from then on; without it into the account the user is bound to. A code serves once, also for a
/// login that was refused or whose answer was lost: get new ones. The answer is that of a login with a code.
#[utoipa::path(
    tag = "auth",
    request_body = WechatLoginRequest,
    responses(
        (status = 200, description = "Logged in; an unknown mobile became an account", body = MemberTokens),
        (status = 401, description = "`WECHAT_CODE_INVALID`: the code named by `field` is wrong, used or expired; without `field`, the account is blocked"),
        (status = 403, description = "`WECHAT_REFUSED`: WeChat takes the user for a risk"),
        (status = 409, description = "`PHONE_REQUIRED`: this WeChat user is bound to no account, send `phone_code` with a new `js_code`; `MODULE_CLOSED`: not offered here"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `MOBILE_COUNTRY` at `/phone_code`"),
        (status = 429, description = "`RATE_LIMITED`, also by WeChat; `TRIES_EXHAUSTED` for today"),
        (status = 503, description = "`UNAVAILABLE`: also when WeChat does not answer"),
    )
)]
#[post("/v1/auth/login/wechat")]
async fn login_wechat(
    identity: web::Data<Identity>,
    caller: Public,
    info: RequestInfo,
    body: Body<WechatLoginRequest>,
) -> Answer {
    let dto = body.into_inner();
    let mut fields = Fields::new();
    let js_code = fields.take("/js_code", parse_code(&dto.js_code));
    let phone_code = dto.phone_code.as_deref().and_then(|code| fields.take("/phone_code", parse_code(code)));
    let device = dto.device.parse(&mut fields);
    parse_consents(&mut fields, &dto.consents);
    let (Some(js_code), Some(device)) = (js_code, &device) else {
        return Err(fields.problem().into());
    };
    fields.finish()?;
    let login = WechatLogin { js_code, phone_code, device, consents: &dto.consents, ip: info.ip };
    let login = login::with_wechat(&identity, &caller.actor, &login).await?;
    Ok(HttpResponse::Ok().json(MemberTokens::from(login)))
}

/// Whether the account has a WeChat user. 微信绑定
#[derive(Debug, Serialize, ToSchema)]
struct MyWechat {
    /// Since when; null without one.
    bound_at: Option<String>,
}

/// My WeChat binding 我的微信绑定
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "Since when, if at all; whose it is is not kept in readable form", body = MyWechat))
)]
#[get("/v1/me/wechat")]
async fn get_my_wechat(identity: web::Data<Identity>, me: Member) -> Answer {
    let mut conn = identity.core.db.read().await?;
    let bound_at = wechat::bound_at(&mut conn, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(MyWechat { bound_at: bound_at.map(wire::instant) }))
}

/// Unbind WeChat 解除微信绑定
///
/// The next login from the mini-program needs the phone again. Sessions go on.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses(
        (status = 204, description = "Unbound"),
        (status = 404, description = "`NOT_FOUND`: nothing is bound"),
    )
)]
#[delete("/v1/me/wechat")]
async fn unbind_my_wechat(identity: web::Data<Identity>, me: Member) -> Answer {
    let (core, account) = (&identity.core, me.principal.account);
    let unbound = core.db.write(async |tx| wechat::unbind(core, tx, &me.actor, account, "own").await).await?;
    if unbound { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found().into()) }
}
