//! `/v1/admin/members`.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, Fields, IdType, Invalid, Mobile, Pii, Problem};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, OrgScope, PageBody, Query, ReasonBody,
    can, etag, wire,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::MemberDto;
use crate::member::{self, Exact, Field, Filter, Revealed, Transition};
use crate::membership::{Reason, State};
use crate::org;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_members)
        .service(search_members)
        .service(get_member)
        .service(reveal_member)
        .service(freeze_member)
        .service(unfreeze_member)
        .service(retain_member)
        .service(end_member)
        .service(reinstate_member)
        .service(unbind_member);
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

/// Why a membership is kept without dues or vote. 保留会籍原因
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RetainKind {
    /// 退休
    Retire,
    /// 失业
    Unemployed,
    /// 服兵役
    Military,
}

/// Why a membership ends here. Expulsion and transfer have procedures of their own; quitting is the member's.
/// 终止会籍原因
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EndKind {
    /// 死亡
    Deceased,
    /// 自动退会
    AutoQuit,
}

/// Keep, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberRetention {
    /// The reason.
    kind: RetainKind,
    /// Why, for the audit row: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "办理退休手续")]
    reason: String,
}

/// End, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberEnding {
    /// The reason.
    kind: EndKind,
    /// Why, for the audit row: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "有死亡证明")]
    reason: String,
}

async fn change(
    app: &App,
    by: &Cadre<can::MemberWrite>,
    (id, version): (Id, IfMatch<Uuid>),
    to: State,
    why: Option<Reason>,
    action: &'static str,
    reason: &str,
) -> Answer {
    let mut fields = Fields::new();
    let Some(reason) = fields.take("/reason", wire::parse_reason(reason)) else {
        return Err(fields.problem().into());
    };
    let transition = Transition { to, why, action };
    let named = (id.0, version);
    let changed = app
        .db
        .write(async |tx| member::change(app, tx, &by.actor, &by.scope, named, transition, reason).await);
    let member = changed.await?;
    Ok(etag::tagged(member.membership, &MemberDto::from(member)))
}

/// Freeze a membership 冻结会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Frozen: the card is suspended at once", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/freeze")]
async fn freeze_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    change(&app, &by, (id, version), State::Frozen, None, "membership.freeze", &body.reason).await
}

/// Unfreeze a membership 解除冻结
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Active again", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/unfreeze")]
async fn unfreeze_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    change(&app, &by, (id, version), State::Active, None, "membership.unfreeze", &body.reason).await
}

/// Retain a membership 保留会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = MemberRetention,
    responses(
        (status = 200, description = "Retained: no dues, no vote", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/retain")]
async fn retain_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<MemberRetention>,
) -> Answer {
    let why = match body.kind {
        RetainKind::Retire => Reason::Retire,
        RetainKind::Unemployed => Reason::Unemployed,
        RetainKind::Military => Reason::Military,
    };
    change(&app, &by, (id, version), State::Retained, Some(why), "membership.retain", &body.reason).await
}

/// End a membership 终止会籍
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = MemberEnding,
    responses(
        (status = 200, description = "Ended from today on", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/members/{id}/end")]
async fn end_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<MemberEnding>,
) -> Answer {
    let why = match body.kind {
        EndKind::Deceased => Reason::Deceased,
        EndKind::AutoQuit => Reason::AutoQuit,
    };
    change(&app, &by, (id, version), State::Ended, Some(why), "membership.end", &body.reason).await
}

/// Reinstate a membership 恢复会籍
///
/// For one that was retained or ended by mistake, or whose holder works again: active from today on, in the same union.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Active again, and so is the card", body = MemberDto),
        (status = 409, description = "`INVALID_STATE`: neither retained nor ended"),
    )
)]
#[post("/v1/admin/members/{id}/reinstate")]
async fn reinstate_member(
    app: web::Data<App>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    let found = member::get(&app, &mut *app.db.read().await?, &by.scope, id.0).await?;
    if !matches!(found.state, State::Retained | State::Ended) {
        return Err(Problem::new(Code::InvalidState).into());
    }
    change(&app, &by, (id, version), State::Active, None, "membership.reinstate", &body.reason).await
}

/// Take an account off a member 解除账号绑定
///
/// Where the wrong person was confirmed as this member: the account is at level 0 again and its sessions are over; whoever
/// is the member claims their place. Cards, coupons and matters stay the member's.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["member.write"])),
    params(("id" = Uuid, Path, description = "The member"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Nobody's account is the member's", body = MemberDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: one's own, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: the member has no account"),
    )
)]
#[post("/v1/admin/members/{id}/unbind")]
async fn unbind_member(
    identity: web::Data<Identity>,
    by: Cadre<can::MemberWrite>,
    id: Id,
    version: IfMatch<Uuid>,
    body: Body<ReasonBody>,
) -> Answer {
    let reason = body.parse()?;
    let done = member::unbind(&identity, &by.actor, &by.scope, (id.0, version), reason).await?;
    Ok(etag::tagged(done.membership, &MemberDto::from(done)))
}
