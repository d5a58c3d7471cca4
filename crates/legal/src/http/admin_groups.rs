//! `/v1/admin/company-groups`: companies that are one for a conflict of interest.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Fields, Problem};
use unionhall_web::{Answer, App, Body, Cadre, Listing, PageBody, can};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::credit_code;
use crate::{group, wall};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_company_groups).service(set_company_group);
}

/// A company and the head of its group. 集团归属
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompanyGroup {
    /// 统一社会信用代码
    #[schema(min_length = 18, max_length = 64, example = "91410100MA000ABC24")]
    uscc: String,
    /// The head of its group; its own where it belongs to none. 集团信用代码
    #[schema(min_length = 18, max_length = 64, example = "91350100M000100Y43")]
    group_uscc: String,
}

/// Companies of groups 集团归属列表
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "By credit code", body = PageBody<CompanyGroup>))
)]
#[get("/v1/admin/company-groups")]
async fn list_company_groups(app: web::Data<App>, _by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let after: Option<String> = listing.after(&app, "company-groups")?;
    let page = group::list(&mut *app.db.read().await?, after.as_deref(), limit).await?;
    let item = |(uscc, group_uscc)| Ok(CompanyGroup { uscc, group_uscc });
    Ok(HttpResponse::Ok().json(PageBody::of(&app, "company-groups", page, |row| row.0.clone(), item)?))
}

/// Say to which group a company belongs 设置集团归属
///
/// At the province. Whoever acts for one company of a group sees no question about another. Said again it is overruled. Groups of groups
/// are one: where the head belongs to a group, that group's head is entered and answered, and the members of a company that is a
/// head come along.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    request_body = CompanyGroup,
    responses(
        (status = 200, description = "The wall stands; `group_uscc` is the root", body = CompanyGroup),
        (status = 403, description = "`WRONG_LEVEL`: not at the province"),
        (status = 409, description = "`GROUP_CYCLE`: the head belongs to the company's own group"),
    )
)]
#[post("/v1/admin/company-groups")]
async fn set_company_group(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    body: Body<CompanyGroup>,
) -> Answer {
    // The wall stands for all counties, so none of them moves it alone.
    if !by.scope.is_whole_tree() {
        return Err(Problem::new(Code::WrongLevel).into());
    }
    let mut fields = Fields::new();
    let company = credit_code(&mut fields, "/uscc", Some(&body.uscc));
    let head = credit_code(&mut fields, "/group_uscc", Some(&body.group_uscc));
    let (Some(uscc), Some(group_uscc)) = (company, head) else { return Err(fields.problem().into()) };
    let set = app.db.write(async |tx| {
        let root = group::set(&app, tx, (&by.actor, &by.scope), (&uscc, &group_uscc)).await?;
        wall::take_back(&app, tx, &by.actor).await?;
        Ok(root)
    });
    let group_uscc = set.await?;
    Ok(HttpResponse::Ok().json(CompanyGroup { uscc, group_uscc }))
}
