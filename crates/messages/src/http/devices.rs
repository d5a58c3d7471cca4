//! `/v1/me/devices`: where pushes to a member go.

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use unionhall_storage::once::once;
use unionhall_web::once::{ok, respond};
use unionhall_web::{Answer, App, Body, Member, Once, OnceHeader, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::push::{self, Channel, Credits, Device, NewDevice, Platform, Template};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_push_devices)
        .service(register_push_device)
        .service(remove_push_device)
        .service(add_push_subscription);
}

/// Longest token, characters.
const MAX_TOKEN: usize = 512;

/// A device that registers for pushes. 登记推送
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"platform": "android", "channel": "huawei", "push_token": "IQAAAACy0PbkAAB7w"}))]
struct NewPushDevice {
    /// What it runs.
    platform: Platform,
    /// Which service brings pushes to it, one of the platform's.
    channel: Channel,
    /// What that service knows it by: 1 to 512 visible ASCII characters; with `wechat_subscribe` the OpenID, which
    /// a mini-program learns from its own server: this one keeps none of it and answers none.
    #[schema(min_length = 1, max_length = 512, pattern = "^[!-~]{1,512}$", example = "IQAAAACy0PbkAAB7w")]
    push_token: String,
}

impl NewPushDevice {
    fn parse(self, id: String) -> Result<NewDevice, Problem> {
        let Self { platform, channel, push_token: token } = self;
        let mut fields = Fields::new();
        let visible = (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        let format = Invalid::new("TOKEN_FORMAT", "推送令牌须为1至512个可见ASCII字符。");
        fields.require(visible, "/push_token", format);
        let fits = Invalid::new("CHANNEL_PLATFORM", "推送通道与设备平台不符。");
        fields.require(channel.platform() == platform, "/channel", fits);
        fields.finish()?;
        Ok(NewDevice { id, platform, channel, token })
    }
}

/// Subscriptions left. 剩余订阅次数
#[derive(Debug, Serialize, ToSchema)]
struct PushSubscriptions {
    /// To 新消息提醒.
    #[schema(minimum = 0, maximum = 100, example = 3)]
    new_message: i16,
    /// To 优惠券到期提醒.
    #[schema(minimum = 0, maximum = 100, example = 0)]
    benefits: i16,
}

/// A device that pushes go to. 推送设备
#[derive(Debug, Serialize, ToSchema)]
struct PushDevice {
    /// As in `GET /v1/auth/sessions`.
    #[schema(example = "d-5f0c2a")]
    device_id: String,
    /// What it runs.
    #[schema(example = "android")]
    platform: String,
    /// Which service brings pushes to it.
    channel: Channel,
    /// When it was registered last.
    registered_at: String,
    /// With `wechat_subscribe`: how many messages it still lets out; null otherwise.
    subscriptions: Option<PushSubscriptions>,
}

impl From<Device> for PushDevice {
    fn from(device: Device) -> Self {
        let Device { id, platform, channel, registered_at, credits } = device;
        let Credits { new_message, benefits } = credits;
        let subscriptions = PushSubscriptions { new_message, benefits };
        Self {
            device_id: id,
            platform,
            channel,
            registered_at: wire::instant(registered_at),
            subscriptions: (channel == Channel::WechatSubscribe).then_some(subscriptions),
        }
    }
}

/// A device's name in a path. What can be none is absent, like one that nobody has.
fn named(id: &str) -> Result<&str, Problem> {
    let is_one = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if is_one { Ok(id) } else { Err(Problem::not_found()) }
}

/// Devices that pushes go to 推送设备
///
/// Those on which the account is logged in: a device that logs out gets no pushes.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "The newest registration first, at most ten", body = PageBody<PushDevice>))
)]
#[get("/v1/me/devices")]
async fn list_push_devices(app: web::Data<App>, me: Member) -> Answer {
    let devices = push::list(&mut *app.db.read().await?, me.principal.account, app.now()).await?;
    let items: Vec<PushDevice> = devices.into_iter().map(PushDevice::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// Register this device for pushes 登记推送
///
/// The device of the caller's session, as often as the service gives it a token. A token that another account registered
/// before is taken from it. Of ten devices the oldest registration gives way to one more.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = String, Path, description = "The device that the session began with", min_length = 1, max_length = 64)),
    request_body = NewPushDevice,
    responses(
        (status = 200, description = "Registered", body = PushDevice),
        (status = 404, description = "`NOT_FOUND`: not the device of this session"),
        (status = 422, description = "`VALIDATION_FAILED`: `TOKEN_FORMAT`, `CHANNEL_PLATFORM`"),
    )
)]
#[put("/v1/me/devices/{id}")]
async fn register_push_device(
    app: web::Data<App>,
    me: Member,
    id: web::Path<String>,
    body: Body<NewPushDevice>,
) -> Answer {
    let new = body.into_inner().parse(named(&id)?.to_owned())?;
    let device = push::register(&app, &me.actor, &me.principal, &new).await?;
    Ok(HttpResponse::Ok().json(PushDevice::from(device)))
}

/// End pushes to a device 取消推送
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(("id" = String, Path, description = "The device", min_length = 1, max_length = 64)),
    responses(
        (status = 204, description = "Nothing is pushed to it any more; its session goes on"),
        (status = 404, description = "`NOT_FOUND`: not registered"),
    )
)]
#[delete("/v1/me/devices/{id}")]
async fn remove_push_device(app: web::Data<App>, me: Member, id: web::Path<String>) -> Answer {
    push::remove(&app, &me.actor, &me.principal, named(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A one-time subscription. 一次性订阅
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPushSubscription {
    /// To which template the member agreed.
    template: Template,
}

/// Agree to one more message 增加一次订阅
///
/// WeChat lets a message out for each time that a member agreed to its template; more than a hundred are not counted.
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    params(
        ("id" = String, Path, description = "The device", min_length = 1, max_length = 64),
        OnceHeader
    ),
    request_body = NewPushSubscription,
    responses(
        (status = 200, description = "Counted", body = PushDevice),
        (status = 404, description = "`NOT_FOUND`: not registered"),
        (status = 409, description = "`INVALID_STATE`: its channel takes no subscriptions"),
    )
)]
#[post("/v1/me/devices/{id}/subscriptions")]
async fn add_push_subscription(
    app: web::Data<App>,
    me: Member,
    id: web::Path<String>,
    key: Once,
    body: Body<NewPushSubscription>,
) -> Answer {
    let key = key.of(me.principal.account, "add_push_subscription", body.raw());
    let id = named(&id)?;
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let device = push::add_credit(&app, tx, &me.actor, &me.principal, id, body.template).await?;
        ok(&PushDevice::from(device))
    })
    .await?;
    Ok(respond(stored))
}
