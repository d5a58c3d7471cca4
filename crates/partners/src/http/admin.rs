//! `/v1/admin/partners`: registered by one person, approved by another.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;
use unionhall_identity::Identity;
use unionhall_kernel::{Fields, Problem};
use unionhall_storage::Conn;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::query::words;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader,
    PageBody, Query, ReasonBody, can, etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::dto::{NewPartner, PartnerDto, PartnerHead, parse_key};
use crate::key::{self, KeyForm};
use crate::partner::{self, By, Partner};
use crate::state::State;
use crate::step::{self, Step};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_partners)
        .service(register_partner)
        .service(get_partner)
        .service(approve_partner)
        .service(suspend_partner)
        .service(resume_partner)
        .service(close_partner)
        .service(add_partner_key)
        .service(remove_partner_key);
}

fn who<A>(by: &Cadre<A>) -> Result<By<'_>, Problem> {
    Ok(By { person: by.person()?, actor: &by.actor, scope: &by.scope })
}

/// Which partners.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PartnerQuery {
    /// States, comma-separated; all without. 状态
    #[param(max_length = 64, example = "REGISTERED,ACTIVE")]
    state: Option<String>,
}

/// Partners of the scope 合作系统列表
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.read"])),
    params(PartnerQuery, Listing),
    responses((status = 200, description = "In tree order, oldest first", body = PageBody<PartnerHead>))
)]
#[get("/v1/admin/partners")]
async fn list_partners(
    app: web::Data<App>,
    by: Cadre<can::PartnerRead>,
    query: Query<PartnerQuery>,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let states: Vec<State> = words("state", query.state.as_deref())?;
    let binding = format!("partners|{}|{states:?}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = partner::list(&mut conn, &by.scope, &states, after.as_ref(), limit).await?;
    let key = |partner: &Partner| (partner.path.clone(), partner.id);
    let item = |partner| Ok(PartnerHead::from(&partner));
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, item)?))
}

/// Register a partner 登记合作系统
///
/// By a city's or the province's federation. Nothing works until another person approved it; its id is its client_id.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(MaybeOnceHeader),
    request_body = NewPartner,
    responses(
        (status = 201, description = "Waits for another person", body = PartnerDto,
            headers(("Location" = String, description = "The partner"))),
        (status = 404, description = "`NOT_FOUND`: the union is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS`: a partner has, or had, the `public_key`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `PARTNER_LEVEL` at `/union_id`, `ORIGIN_FORMAT` at `/redirect_origins/0`, `KEY_FORMAT` at `/public_key`"),
    )
)]
#[post("/v1/admin/partners")]
async fn register_partner(
    app: web::Data<App>,
    by: Cadre<can::PartnerWrite>,
    key: MaybeOnce,
    body: Body<NewPartner>,
) -> Answer {
    let (details, first) = body.parse()?;
    let union = body.union_id.unwrap_or(by.union);
    let who = who(&by)?;
    let key = key.of(by.principal.account, "register_partner", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = partner::register(&app, tx, who, union, &details, &first).await?;
        created(format!("/v1/admin/partners/{}", made.id), &PartnerDto::of(&app, tx, &made).await?)
    })
    .await?;
    Ok(respond(stored))
}

/// One partner 合作系统
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.read"])),
    params(("id" = Uuid, Path, description = "The partner")),
    responses((status = 200, description = "The partner with its live keys, with its ETag", body = PartnerDto))
)]
#[get("/v1/admin/partners/{id}")]
async fn get_partner(app: web::Data<App>, by: Cadre<can::PartnerRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = partner::get(&mut conn, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &PartnerDto::of(&app, &mut conn, &found).await?))
}

// A change of the partner that the caller has read.
async fn changed<A>(
    app: &App,
    identity: &Identity,
    by: &Cadre<A>,
    (id, version): (Id, IfMatch),
    change: impl AsyncFn(&mut Conn, By<'_>, Partner) -> Result<Partner, Problem>,
) -> Answer {
    let who = who(by)?;
    let (partner, dto) = app
        .db
        .write(async |tx| {
            let before = partner::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            let after = change(tx, who, before).await?;
            let dto = PartnerDto::of(app, tx, &after).await?;
            Ok((after, dto))
        })
        .await?;
    identity.states.forget(partner.id);
    Ok(etag::tagged(partner.version, &dto))
}

/// Approve a partner another person registered 审核通过
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.approve"])),
    params(("id" = Uuid, Path, description = "The partner"), IfMatchHeader),
    responses(
        (status = 200, description = "Active", body = PartnerDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: who entered any of it, a key too, cannot approve it; `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: it does not wait for approval"),
    )
)]
#[post("/v1/admin/partners/{id}/approve")]
async fn approve_partner(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerApprove>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    let change = async |tx: &mut Conn, who: By<'_>, before: Partner| {
        step::take(&app, tx, who, &before, Step::Approve).await
    };
    changed(&app, &identity, &by, (id, version), change).await
}

/// Suspend a partner 暂停合作系统
///
/// Its tokens and the tickets for it are dead at once; consents stay.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(("id" = Uuid, Path, description = "The partner"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Suspended", body = PartnerDto),
        (status = 409, description = "`INVALID_STATE`: it is not active"),
    )
)]
#[post("/v1/admin/partners/{id}/suspend")]
async fn suspend_partner(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let change = async |tx: &mut Conn, who: By<'_>, before: Partner| {
        step::take(&app, tx, who, &before, Step::Suspend(reason)).await
    };
    changed(&app, &identity, &by, (id, version), change).await
}

/// Resume a suspended partner 恢复合作系统
///
/// Tokens from before the suspension stay dead.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(("id" = Uuid, Path, description = "The partner"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Active again", body = PartnerDto),
        (status = 409, description = "`INVALID_STATE`: it is not suspended"),
    )
)]
#[post("/v1/admin/partners/{id}/resume")]
async fn resume_partner(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let change = async |tx: &mut Conn, who: By<'_>, before: Partner| {
        step::take(&app, tx, who, &before, Step::Resume(reason)).await
    };
    changed(&app, &identity, &by, (id, version), change).await
}

/// Close a partner for good 关闭合作系统
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(("id" = Uuid, Path, description = "The partner"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Closed", body = PartnerDto),
        (status = 409, description = "`INVALID_STATE`: it is closed already"),
    )
)]
#[post("/v1/admin/partners/{id}/close")]
async fn close_partner(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let change = async |tx: &mut Conn, who: By<'_>, before: Partner| {
        step::take(&app, tx, who, &before, Step::Close(reason)).await
    };
    changed(&app, &identity, &by, (id, version), change).await
}

/// A key to add. 新增公钥
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPartnerKey {
    /// The key. 公钥
    public_key: KeyForm,
}

/// Add a key 新增公钥
///
/// Two live ones at most, so that a partner can go over from one to the next: add the new one, sign with it, remove the old
/// one. A key that was removed is never taken again.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(("id" = Uuid, Path, description = "The partner"), IfMatchHeader),
    request_body = NewPartnerKey,
    responses(
        (status = 200, description = "Both keys serve", body = PartnerDto),
        (status = 409, description = "`INVALID_STATE`: it has two live keys, or is closed; `ALREADY_EXISTS`: a partner has, or had, the `public_key`"),
    )
)]
#[post("/v1/admin/partners/{id}/keys")]
async fn add_partner_key(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerWrite>,
    id: Id,
    version: IfMatch,
    body: Body<NewPartnerKey>,
) -> Answer {
    let mut fields = Fields::new();
    let Some(public) = parse_key(&mut fields, "/public_key", &body.public_key) else {
        return Err(fields.problem().into());
    };
    let change =
        async |tx: &mut Conn, who: By<'_>, before: Partner| key::add(&app, tx, who, &before, &public).await;
    changed(&app, &identity, &by, (id, version), change).await
}

/// Remove a key 移除公钥
///
/// Tokens that were had with it are dead at once. The last one, too: the partner cannot log in then.
#[utoipa::path(
    tag = "partners",
    security(("admin" = ["partner.write"])),
    params(
        ("id" = Uuid, Path, description = "The partner"),
        ("key_id" = Uuid, Path, description = "The key"),
        IfMatchHeader,
    ),
    responses((status = 200, description = "Removed", body = PartnerDto))
)]
#[delete("/v1/admin/partners/{id}/keys/{key_id}")]
async fn remove_partner_key(
    app: web::Data<App>,
    identity: web::Data<Identity>,
    by: Cadre<can::PartnerWrite>,
    id: Id,
    version: IfMatch,
    path: web::Path<(String, String)>,
) -> Answer {
    let named = Uuid::parse_str(&path.1).map_err(|_| Problem::not_found())?;
    let change =
        async |tx: &mut Conn, who: By<'_>, before: Partner| key::remove(&app, tx, who, &before, named).await;
    changed(&app, &identity, &by, (id, version), change).await
}
