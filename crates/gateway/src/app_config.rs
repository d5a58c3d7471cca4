//! `/v1/public/app-config`: what an app needs before anybody logs in, over all rooms.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::consent::{ConsentDocument, DOCUMENTS};
use unionhall_identity::{Identity, counts, otp};
use unionhall_registry::module::{self, Module};
use unionhall_storage::training;
use unionhall_web::{Answer, App, Public, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// What a training system says of itself.
const BANNER: &str = "培训环境，数据每晚清空";

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(app_config);
}

/// Whose configuration.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConfigQuery {
    /// Whose parts of the platform; those of the province without. 工会
    union_id: Option<Uuid>,
}

/// What an app must know. 应用配置
#[derive(Debug, Serialize, ToSchema)]
struct AppConfig {
    /// Now, as the server has it; apps judge QR steps by it.
    server_time: String,
    /// Minimum version of each client.
    minimum_versions: BTreeMap<String, String>,
    /// Parts of the platform that are open to members of the union today.
    modules: BTreeSet<Module>,
    /// Whether members may log in from the mini-program. 微信登录
    wechat_login: bool,
    /// Documents to agree to.
    consents: Vec<ConsentOffer>,
    /// Limits an app may show.
    limits: LimitsDto,
    /// Whom to call.
    hotlines: Vec<Hotline>,
    /// `production`, `development`, `training`, …
    environment: &'static str,
    /// In a training system, what an app shows at all times; null elsewhere. 培训环境
    training: Option<TrainingDto>,
}

/// A training system. 培训环境
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrainingNotice)]
struct TrainingDto {
    /// What to show above everything. 横幅
    #[schema(example = "培训环境，数据每晚清空")]
    banner: &'static str,
}

/// A document to agree to, and where it can be read. 协议
#[derive(Debug, Serialize, ToSchema)]
struct ConsentOffer {
    /// The document.
    #[serde(flatten)]
    document: ConsentDocument,
    /// Below the platform's own address. 地址
    #[schema(example = "https://unionhall.example/legal/terms-2026-01.html")]
    url: String,
}

impl ConsentOffer {
    fn of(document: &ConsentDocument, platform: &str) -> Self {
        let url = format!("{platform}/legal/{}-{}.html", document.document, document.version);
        Self { document: *document, url }
    }
}

/// Limits. 限制
#[derive(Debug, Serialize, ToSchema)]
struct LimitsDto {
    /// Seconds a code lives.
    otp_expires_in: i64,
    /// Seconds until another code may be asked.
    otp_resend_after: u32,
    /// Real-name tries a day.
    real_name_tries_per_day: i32,
}

/// A number to call. 热线
#[derive(Debug, Serialize, ToSchema)]
struct Hotline {
    /// What for.
    name: &'static str,
    /// The number.
    phone: &'static str,
}

/// App configuration 应用配置
#[utoipa::path(
    tag = "public",
    params(ConfigQuery),
    responses(
        (status = 200, description = "Configuration", body = AppConfig),
        (status = 404, description = "`NOT_FOUND`: no such union"),
    )
)]
#[get("/v1/public/app-config")]
async fn app_config(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    _caller: Public,
    query: Query<ConfigQuery>,
) -> Answer {
    let modules = module::open_to(&mut *app.db.read().await?, query.union_id, app.today()).await?;
    let minimum = app.clients.minimum.iter().map(|(name, v)| (name.clone(), v.to_string()));
    Ok(HttpResponse::Ok().json(AppConfig {
        server_time: wire::instant(app.now()),
        minimum_versions: minimum.collect(),
        modules,
        wechat_login: identity.wechat.is_some(),
        consents: DOCUMENTS.iter().map(|d| ConsentOffer::of(d, identity.tokens.issuer())).collect(),
        limits: LimitsDto {
            otp_expires_in: otp::TTL_SECONDS,
            otp_resend_after: otp::RESEND_SECONDS,
            real_name_tries_per_day: counts::REAL_NAME_TRIES,
        },
        hotlines: vec![Hotline { name: "职工服务热线", phone: "12351" }],
        environment: app.environment,
        training: (app.environment == training::PROFILE).then_some(TrainingDto { banner: BANNER }),
    }))
}
