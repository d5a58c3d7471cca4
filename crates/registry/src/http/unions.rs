//! Unions: searched by anybody who looks for theirs, read and created by cadres in scope.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_identity::Identity;
use unionhall_kernel::{Code, Fields, Invalid, OrgName, Problem, Uscc, codes, division};
use unionhall_storage::audit;
use unionhall_storage::db::constraint;
use unionhall_web::actor::EventExt;
use unionhall_web::{
    Answer, App, Body, Cadre, Id, Listing, MaybeOnce, MaybeOnceHeader, OrgScope, PageBody, Poster, Public,
    Query, can, etag, once,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::org::{self, Filter, NewOrg, Org};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(search_unions)
        .service(list_unions)
        .service(create_union)
        .service(get_union)
        .service(get_join_poster);
}

/// A union as anybody may see it. 工会（公开信息）
#[derive(Debug, Serialize, ToSchema)]
struct PublicUnionDto {
    /// Its id.
    id: Uuid,
    /// 工会名称
    name: String,
    /// 所在区划
    division_code: String,
}

/// Which unions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UnionSearch {
    /// Part of the name, two characters or more; exactly one of this and `code`. 名称
    #[param(min_length = 2, max_length = 50, example = "中原")]
    q: Option<String>,
    /// What a join poster says: the union's code. 工会代码
    #[param(min_length = 1, max_length = 16, pattern = "^[0-9A-Za-z]{1,16}$", example = "E7K2M9PQR")]
    code: Option<String>,
}

/// Find a union 查找工会
#[utoipa::path(
    tag = "public",
    params(UnionSearch, Listing),
    responses((status = 200, description = "In tree order", body = PageBody<PublicUnionDto>))
)]
#[get("/v1/public/unions")]
async fn search_unions(
    app: web::Data<App>,
    _caller: Public,
    query: Query<UnionSearch>,
    listing: Listing,
) -> Answer {
    let item = |o: Org| Ok(PublicUnionDto { id: o.id, name: o.name, division_code: o.division_code });
    let q = match (&query.q, &query.code) {
        (Some(q), None) => q.trim().to_owned(),
        (None, Some(code)) => {
            let found = org::by_code(&mut *app.db.read().await?, code).await?;
            let items = found.filter(|o| o.valid_to.is_none()).map(item).into_iter();
            let items = items.collect::<Result<Vec<PublicUnionDto>, Problem>>()?;
            return Ok(HttpResponse::Ok().json(PageBody::whole(items)));
        }
        _ => return Err(Problem::new(Code::InvalidParameter).with("parameter", "q").into()),
    };
    if !(2..=50).contains(&q.chars().count()) {
        return Err(Problem::new(Code::InvalidParameter).with("parameter", "q").into());
    }
    let limit = listing.limit()?;
    let binding = format!("public-unions|{q}");
    let after: Option<String> = listing.after(&app, &binding)?;
    let filter = Filter { name: Some(q), ..Filter::default() };
    // The names of unions are public, those of holding pools included: that is where to join without one.
    let everywhere = OrgScope::subtree("/");
    let mut conn = app.db.read().await?;
    let page = org::list(&mut conn, &everywhere, &filter, after.as_deref(), limit).await?;
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |o| o.path.clone(), item)?))
}

/// A union. 工会组织
#[derive(Debug, Serialize, ToSchema)]
struct UnionDto {
    /// Its id.
    id: Uuid,
    /// Its immutable short code.
    #[schema(example = "410102")]
    code: String,
    /// The union above.
    parent_id: Option<Uuid>,
    /// 工会名称
    name: String,
    /// `union_org_type` of the code tables.
    #[schema(example = "8")]
    org_type: String,
    /// 所在区划
    division_code: String,
    /// 统一社会信用代码
    uscc: Option<String>,
    /// First day.
    valid_from: chrono::NaiveDate,
    /// Last day.
    valid_to: Option<chrono::NaiveDate>,
}

impl From<Org> for UnionDto {
    fn from(org: Org) -> Self {
        let Org {
            id,
            code,
            parent_id,
            path: _,
            name,
            org_type,
            division_code,
            uscc,
            valid_from,
            valid_to,
            version: _,
        } = org;
        Self { id, code, parent_id, name, org_type, division_code, uscc, valid_from, valid_to }
    }
}

/// Which unions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UnionQuery {
    /// Direct children of this union only. 上级工会
    parent_id: Option<Uuid>,
    /// Part of the name. 名称
    #[param(min_length = 1, max_length = 50)]
    name: Option<String>,
    /// `union_org_type` of the code tables. 类型
    #[param(max_length = 4, example = "1")]
    org_type: Option<String>,
}

/// Unions of the scope 工会列表
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["org.read"])),
    params(UnionQuery, Listing),
    responses((status = 200, description = "In tree order", body = PageBody<UnionDto>))
)]
#[get("/v1/admin/unions")]
async fn list_unions(
    app: web::Data<App>,
    by: Cadre<can::OrgRead>,
    query: Query<UnionQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let filter = Filter {
        parent: query.parent_id,
        name: query.name.clone().filter(|n| !n.is_empty()),
        org_type: query.org_type.clone(),
    };
    let binding = format!("unions|{}|{filter:?}", by.scope.start());
    let after: Option<String> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = org::list(&mut conn, &by.scope, &filter, after.as_deref(), limit).await?;
    let body = PageBody::of(&app, &binding, page, |o| o.path.clone(), |o| Ok(UnionDto::from(o)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// One union 工会
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["org.read"])),
    params(("id" = Uuid, Path, description = "The union")),
    responses((status = 200, description = "The union, with its ETag", body = UnionDto))
)]
#[get("/v1/admin/unions/{id}")]
async fn get_union(app: web::Data<App>, by: Cadre<can::OrgRead>, id: Id) -> Answer {
    let org = org::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(org.version, &UnionDto::from(org)))
}

/// A new union.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUnion {
    /// The union above; in scope.
    parent_id: Uuid,
    /// 工会名称
    #[schema(value_type = OrgName, example = "郑州某某机械有限公司工会")]
    name: String,
    /// `union_org_type` of the code tables; enterprise and joint unions, not federations.
    #[schema(example = "1", max_length = 4)]
    org_type: String,
    /// Where it is: 6 or 9 digits; that of the union above without.
    #[schema(example = "410102", pattern = "^[0-9]{6}([0-9]{3})?$")]
    division_code: Option<String>,
    /// 统一社会信用代码
    #[schema(value_type = Option<Uscc>, example = "81410000MC00000122")]
    uscc: Option<String>,
}

// Federations from the county up are loaded with the divisions, pools with their county.
const CREATABLE: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "11", "12", "13"];

/// Create a union 新建工会
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["org.write"])),
    params(MaybeOnceHeader),
    request_body = NewUnion,
    responses(
        (status = 201, description = "Created", body = UnionDto),
        (status = 404, description = "`NOT_FOUND`: the union above is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: another union has the credit code"),
    )
)]
#[post("/v1/admin/unions")]
async fn create_union(
    app: web::Data<App>,
    by: Cadre<can::OrgWrite>,
    key: MaybeOnce,
    body: Body<NewUnion>,
) -> Answer {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&body.name));
    let uscc = body.uscc.as_deref().and_then(|u| fields.take("/uscc", Uscc::parse(u)));
    let known_type = CREATABLE.contains(&body.org_type.as_str())
        && codes::lookup("union_org_type", &body.org_type).is_some();
    fields.require(known_type, "/org_type", Invalid::new("CODE_UNKNOWN", "不是可新建的工会类型。"));
    if let Some(code) = &body.division_code {
        let known = division::division(code).is_some();
        fields.require(known, "/division_code", Invalid::new("DIVISION_UNKNOWN", "没有此区划。"));
    }
    let Some(name) = name else { return Err(fields.problem().into()) };
    fields.finish()?;
    let core = &app.core;
    let key = key.of(by.principal.account, "create_union", body.raw());
    let stored = unionhall_storage::once::once(&core.db, core.now(), key, async |tx| {
        let parent = org::get(tx, &by.scope, body.parent_id).await?;
        let new = NewOrg {
            code: None,
            parent: &parent,
            name: &name,
            org_type: &body.org_type,
            division_code: body.division_code.as_deref().unwrap_or(&parent.division_code),
            uscc: uscc.as_ref(),
        };
        let made = org::create(core, tx, new).await?;
        let object = ("union", Some(made.id));
        let event = by.actor.event(core.id(), core.now(), Some(&made.path), "union.create", object);
        audit::append(tx, &event.changes(json!({"name": made.name, "parent_id": parent.id}))).await?;
        once::created(format!("/v1/admin/unions/{}", made.id), &UnionDto::from(made))
    })
    .await;
    match stored {
        Err(problem) if constraint(&problem) == Some("org_uscc") => Err(Code::AlreadyExists.into()),
        other => Ok(once::respond(other?)),
    }
}

/// A poster to join by 入会海报
///
/// An A4 page to print and put up. Its code holds a link that ends with the union's code, with which an app finds the union
/// (`GET /v1/public/unions?code=`).
#[utoipa::path(
    tag = "unions",
    security(("admin" = ["org.read"])),
    params(("id" = Uuid, Path, description = "The union")),
    responses((status = 200, description = "The page", body = String, content_type = "image/svg+xml"))
)]
#[get("/v1/admin/unions/{id}/join-poster.svg")]
async fn get_join_poster(identity: web::Data<Identity>, by: Cadre<can::OrgRead>, id: Id) -> Answer {
    let union = org::get(&mut *identity.core.db.read().await?, &by.scope, id.0).await?;
    let poster = Poster {
        title: &union.name,
        subtitle: "欢迎加入工会",
        link: &format!("{}/join/{}", identity.tokens.issuer(), union.code),
        call: "微信或会员App扫码，申请入会",
        foot: &format!("工会代码 {}　咨询电话 12351", union.code),
    };
    Ok(poster.respond()?)
}
