//! `/v1/public`: what an app needs before anybody logs in.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::division::{self, Division};
use unionhall_kernel::{Problem, codes};
use unionhall_web::{Answer, App, PageBody, Public, Query, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::Identity;
use crate::consent::{ConsentDocument, DOCUMENTS};
use crate::otp;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(app_config).service(list_code_tables).service(get_code_table).service(list_divisions);
}

/// What an app must know. 应用配置
#[derive(Debug, Serialize, ToSchema)]
struct AppConfig {
    /// Now, as the server has it; apps judge QR steps by it.
    server_time: String,
    /// Minimum version of each client.
    minimum_versions: BTreeMap<String, String>,
    /// Switched-on modules of the province.
    modules: Vec<&'static str>,
    /// Documents to agree to.
    consents: Vec<ConsentOffer>,
    /// Limits an app may show.
    limits: LimitsDto,
    /// Whom to call.
    hotlines: Vec<Hotline>,
    /// `production`, `development`, …
    environment: &'static str,
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
    responses((status = 200, description = "Configuration", body = AppConfig))
)]
#[get("/v1/public/app-config")]
async fn app_config(app: web::Data<App>, identity: web::Data<Identity>, _caller: Public) -> Answer {
    let minimum = app.clients.minimum.iter().map(|(name, v)| (name.clone(), v.to_string()));
    Ok(HttpResponse::Ok().json(AppConfig {
        server_time: wire::instant(app.now()),
        minimum_versions: minimum.collect(),
        modules: ["registry", "cards", "merchants"]
            .into_iter()
            .chain(identity.wechat.as_ref().map(|_| "wechat_login"))
            .collect(),
        consents: DOCUMENTS.iter().map(|d| ConsentOffer::of(d, identity.tokens.issuer())).collect(),
        limits: LimitsDto {
            otp_expires_in: otp::TTL_SECONDS,
            otp_resend_after: otp::RESEND_SECONDS,
            real_name_tries_per_day: crate::counts::REAL_NAME_TRIES,
        },
        hotlines: vec![Hotline { name: "职工服务热线", phone: "12351" }],
        environment: app.environment,
    }))
}

/// A code table's name and size. 代码表
#[derive(Debug, Serialize, ToSchema)]
struct CodeTable {
    /// Its name.
    name: &'static str,
    /// The standard it comes from.
    standard: &'static str,
    /// How many codes.
    rows: usize,
}

/// Code tables 代码表目录
#[utoipa::path(
    tag = "public",
    responses((status = 200, description = "All tables", body = PageBody<CodeTable>))
)]
#[get("/v1/public/code-tables")]
async fn list_code_tables(_caller: Public) -> Answer {
    let items = codes::tables().filter_map(|rows| {
        let first = rows.first()?;
        Some(CodeTable { name: first.table, standard: first.standard, rows: rows.len() })
    });
    Ok(HttpResponse::Ok().json(PageBody::whole(items.collect::<Vec<_>>())))
}

/// One code table 代码表
#[utoipa::path(
    tag = "public",
    params(("name" = String, Path, description = "The table", max_length = 64, example = "ethnic")),
    responses(
        (status = 200, description = "Its codes", body = PageBody<codes::CodeRow>),
        (status = 404, description = "`NOT_FOUND`"),
    )
)]
#[get("/v1/public/code-tables/{name}")]
async fn get_code_table(_caller: Public, name: web::Path<String>) -> Answer {
    let rows = codes::table(&name).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(PageBody::whole(rows.to_vec())))
}

/// Which divisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DivisionQuery {
    /// The division whose children are wanted; the provinces without. 上级区划代码
    #[param(max_length = 12, example = "410000")]
    parent: Option<String>,
}

/// A division. 行政区划
#[derive(Debug, Serialize, ToSchema)]
struct DivisionDto {
    /// 6 digits, or 9 for towns.
    code: &'static str,
    /// Its name.
    name: &'static str,
    /// The division above; null for provinces.
    parent_code: Option<&'static str>,
    /// 1 province, 2 city, 3 county, 4 town.
    level: u8,
}

impl From<&'static Division> for DivisionDto {
    fn from(d: &'static Division) -> Self {
        Self { code: d.code, name: d.name, parent_code: d.parent_code, level: d.level }
    }
}

/// Divisions 行政区划
#[utoipa::path(
    tag = "public",
    params(DivisionQuery),
    responses((status = 200, description = "The children; empty for an unknown parent", body = PageBody<DivisionDto>))
)]
#[get("/v1/public/divisions")]
async fn list_divisions(_caller: Public, query: Query<DivisionQuery>) -> Answer {
    let parent = query.parent.as_deref().unwrap_or("");
    let items: Vec<DivisionDto> = division::children(parent).iter().copied().map(DivisionDto::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}
