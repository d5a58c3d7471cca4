//! `/v1/admin/members`.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use unionhall_identity::{account, person};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, Fields, IdType, Invalid, Mobile, Pii, Problem};
use unionhall_web::{Answer, App, Body, Cadre, Id, Listing, OrgScope, PageBody, Query, can, etag, wire};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::MemberDto;
use crate::member::{self, Exact, Field, Filter, Revealed};
use crate::membership::State;
use crate::org;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_members).service(search_members).service(get_member).service(reveal_member);
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MemberQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// States, comma-separated; all but ENDED without. 会籍状态
    #[param(max_length = 64, example = "ACTIVE,RETAINED")]
    state: Option<String>,
    /// Part of the name, one character or more. 姓名
    #[param(min_length = 1, max_length = 50, example = "王")]
    name: Option<String>,
}

fn parse_states(text: Option<&str>) -> Result<Vec<State>, Problem> {
    let words = text.unwrap_or("").split(',').map(str::trim).filter(|w| !w.is_empty());
    words
        .map(|w| State::parse(w).map_err(|_| Problem::new(Code::InvalidParameter).with("parameter", "state")))
        .collect()
}

/// The scope of a list: the caller's, or the part of it under a union. `None`: nothing of it is theirs.
pub(super) async fn narrowed(
    core: &unionhall_storage::Core,
    scope: &OrgScope,
    union: Option<Uuid>,
) -> Result<Option<OrgScope>, Problem> {
    let Some(union) = union else { return Ok(Some(scope.clone())) };
    match org::get(&mut *core.db.read().await?, scope, union).await {
        Ok(org) => Ok(scope.narrow(&org.path)),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Members of a union and its subtree 会员列表
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.read"])),
    params(MemberQuery, Listing),
    responses((status = 200, description = "In tree order, masked; empty for a union out of scope", body = PageBody<MemberDto>))
)]
#[get("/v1/admin/members")]
async fn list_members(
    app: web::Data<App>,
    by: Cadre<can::MemberRead>,
    query: Query<MemberQuery>,
    listing: Listing,
) -> Answer {
    let name = query.name.clone().filter(|n| !n.is_empty());
    let filter = Filter { states: parse_states(query.state.as_deref())?, name };
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<MemberDto>::whole(Vec::new())));
    };
    let binding = format!("members|{}|{:?}|{:?}", scope.start(), filter.states, filter.name);
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = member::list(&app, &mut conn, &scope, &filter, after.as_ref(), limit).await?;
    let key = |m: &member::Member| (m.path.clone(), m.membership);
    let body = PageBody::of(&app, &binding, page, key, |m| Ok(MemberDto::from(m)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// By exactly one of document and mobile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberSearch {
    /// With `id_number`.
    id_type: Option<IdType>,
    /// The full number.
    #[schema(value_type = Option<String>, max_length = 64, example = "410102194912319982")]
    id_number: Option<Pii<String>>,
    /// The full mobile.
    #[schema(value_type = Option<String>, max_length = 32, example = "13800138000")]
    mobile: Option<Pii<String>>,
}

/// Find a member by the full number or mobile 精确查找会员
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.search"])),
    request_body = MemberSearch,
    responses((status = 200, description = "Masked; empty for nobody and for somebody out of scope", body = PageBody<MemberDto>))
)]
#[post("/v1/admin/members/search")]
async fn search_members(
    app: web::Data<App>,
    by: Cadre<can::MemberSearch>,
    body: Body<MemberSearch>,
) -> Answer {
    let mut fields = Fields::new();
    let exact = match (&body.id_type, &body.id_number, &body.mobile) {
        (Some(id_type), Some(number), None) => {
            let document = Document::parse(*id_type, number.expose(), app.today(), Entry::Import);
            fields
                .take("/id_number", document)
                .map(|d| Exact::Document(person::document_index(&app.sealer, &d)))
        }
        (None, None, Some(mobile)) => fields
            .take("/mobile", Mobile::parse(mobile.expose()))
            .map(|m| Exact::Mobile(account::mobile_index(&app.sealer, &m))),
        _ => {
            let either = Invalid::new("ONE_OF", "请提供证件类型和号码，或者手机号。");
            fields.refuse("", either);
            None
        }
    };
    let Some(exact) = exact else { return Err(fields.problem().into()) };
    let found = member::search(&app, &mut *app.db.read().await?, &by.scope, &exact).await?;
    let items: Vec<MemberDto> = found.into_iter().map(MemberDto::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// One member 会员
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.read"])),
    params(("id" = Uuid, Path, description = "The member")),
    responses((status = 200, description = "Masked, with its ETag", body = MemberDto))
)]
#[get("/v1/admin/members/{id}")]
async fn get_member(app: web::Data<App>, by: Cadre<can::MemberRead>, id: Id) -> Answer {
    let found = member::get(&app, &mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.membership, &MemberDto::from(found)))
}

/// Which values, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reveal {
    /// The fields wanted.
    #[schema(min_items = 1, max_items = 4)]
    fields: Vec<Field>,
    /// Why: 2 to 200 characters; the member can read it.
    #[schema(min_length = 2, max_length = 200, example = "核对领取慰问品本人")]
    reason: String,
}

/// Show full values 查看明文
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.reveal"])),
    params(("id" = Uuid, Path, description = "The member")),
    request_body = Reveal,
    responses((status = 200, description = "The fields asked for; who looked, when and why is on record and the member can see it", body = Revealed))
)]
#[post("/v1/admin/members/{id}/reveal")]
async fn reveal_member(
    app: web::Data<App>,
    by: Cadre<can::MemberReveal>,
    id: Id,
    body: Body<Reveal>,
) -> Answer {
    let mut fields = Fields::new();
    let some = Invalid::new("REQUIRED", "请至少选择一个字段。");
    fields.require((1..=4).contains(&body.fields.len()), "/fields", some);
    let reason = fields.take("/reason", wire::parse_reason(&body.reason)).map(ToOwned::to_owned);
    let Some(reason) = reason else { return Err(fields.problem().into()) };
    fields.finish()?;
    let revealed = member::reveal(&app, &by.actor, &by.scope, id.0, &body.fields, &reason).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(revealed))
}
