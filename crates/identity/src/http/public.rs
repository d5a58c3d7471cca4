//! `/v1/public`: code tables and divisions.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::division::{self, Division};
use unionhall_kernel::{Problem, codes};
use unionhall_web::{Answer, PageBody, Public, Query};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_code_tables).service(get_code_table).service(list_divisions);
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
