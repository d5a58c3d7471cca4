//! `/v1/public/lawyers`: the directory.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_web::{Answer, App, Listing, PageBody, Public, Query};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::directory::{self, Wanted};
use crate::lawyer::{Lawyer, LegalField};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_public_lawyers);
}

/// A lawyer, as everybody sees them. 律师名录
#[derive(Debug, Serialize, ToSchema)]
struct PublicLawyer {
    /// Give this to `POST /v1/me/consultations` to ask them.
    id: Uuid,
    /// 姓名
    #[schema(example = "李明")]
    name: String,
    /// 律师事务所
    #[schema(example = "河南正义律师事务所")]
    firm_name: String,
    /// 执业证号
    #[schema(example = "14101201510123456")]
    practice_no: String,
    /// 业务领域
    fields: Vec<LegalField>,
    /// 所在地区
    #[schema(example = "410102")]
    division: String,
    /// 简介
    intro: String,
    /// Whether they were there in the last five minutes. 在线
    is_present: bool,
    /// The last day of the licence. 执业证有效期
    licence_until: NaiveDate,
}

/// Which lawyers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LawyerQuery {
    /// Of this division and those in it. 地区
    #[param(pattern = "^[0-9]{6}$", example = "410100")]
    division: Option<String>,
    /// About this. 业务领域
    field: Option<LegalField>,
}

/// The directory of lawyers 律师名录
///
/// Those who take questions and whose own and whose firm's licence runs.
#[utoipa::path(
    tag = "public",
    params(LawyerQuery, Listing),
    responses((status = 200, description = "By id", body = PageBody<PublicLawyer>))
)]
#[get("/v1/public/lawyers")]
async fn list_public_lawyers(
    app: web::Data<App>,
    _caller: Public,
    query: Query<LawyerQuery>,
    listing: Listing,
) -> Answer {
    let (limit, now) = (listing.limit()?, app.now());
    let division = query.division.as_deref().map(|code| prefix(code).to_owned());
    let wanted = Wanted { division, field: query.field };
    let binding = format!("public-lawyers|{wanted:?}");
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = directory::page(&mut *app.db.read().await?, &wanted, app.today(), after, limit).await?;
    let item = |(found, firm_name): (Lawyer, String)| {
        let (fields, is_present) = (found.fields(), found.is_present(now));
        Ok(PublicLawyer {
            id: found.id,
            name: found.name,
            firm_name,
            practice_no: found.practice_no,
            fields,
            division: found.division,
            intro: found.intro,
            is_present,
            licence_until: found.licence_until,
        })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |row| row.0.id, item)?))
}

// A province's and a city's code end in zeroes that stand for everything in it.
fn prefix(code: &str) -> &str {
    code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code)
}
