//! `/v1/me/settings`: what a member chose for all their devices.

use actix_web::{HttpResponse, get, put, web};
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Body, Member};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::settings::{self, UiMode};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_settings).service(put_settings);
}

/// Settings of a member. 个人设置
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// 界面模式
    ui_mode: UiMode,
}

/// My settings 个人设置
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "The same on every device", body = Settings))
)]
#[get("/v1/me/settings")]
async fn get_settings(app: web::Data<App>, me: Member) -> Answer {
    let ui_mode = settings::ui_mode(&mut *app.db.read().await?, me.principal.account).await?;
    Ok(HttpResponse::Ok().json(Settings { ui_mode }))
}

/// Change my settings 修改个人设置
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = Settings,
    responses((status = 200, description = "As chosen", body = Settings))
)]
#[put("/v1/me/settings")]
async fn put_settings(app: web::Data<App>, me: Member, body: Body<Settings>) -> Answer {
    settings::set_ui_mode(&app, &me.actor, me.principal.account, body.ui_mode).await?;
    Ok(HttpResponse::Ok().json(*body))
}
