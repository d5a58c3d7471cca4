//! A new mobile without the old phone: `/v1/public/mobile-changes` for the member, `/v1/admin/mobile-changes` for the
//! county.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::{Identity, otp};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, Fields, IdType, Mobile, PersonName, Pii, Problem};
use unionhall_web::wire;
use unionhall_web::{
    Answer, App, Body, Cadre, Empty, Id, IfMatch, IfMatchHeader, Listing, PageBody, Public, Query,
    ReasonBody, can, etag,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::MemberDto;
use super::members::narrowed;
use crate::mobile_change::{self, Claim, Decision, Desk, Evidence, NewMobile, Request, RosterMobile, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(request_mobile_change)
        .service(list_mobile_changes)
        .service(get_mobile_change)
        .service(approve_mobile_change)
        .service(reject_mobile_change);
}

/// What somebody states who lost their phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMobileChange {
    /// The mobile they have now; 11 digits.
    #[schema(value_type = Mobile, example = "13900139000")]
    mobile: String,
    /// A code to it (purpose `apply`, realm `member`).
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
    /// 姓名
    #[schema(value_type = PersonName, example = "王小明")]
    name: Pii<String>,
    /// 证件类型
    id_type: IdType,
    /// 证件号码
    #[schema(value_type = Document, example = "410102194912319982")]
    id_number: Pii<String>,
}

/// Taken, whoever it is. 已受理
#[derive(Debug, Serialize, ToSchema)]
struct MobileChangeTaken {
    /// What comes next, in words; the same for everybody.
    next_step: &'static str,
    /// Whom to call.
    #[schema(example = "12351")]
    contact_phone: &'static str,
}

/// Ask for a new mobile without the old phone 更换手机号（原手机不可用）
///
/// If name and document are those of a member, their county decides within five working days and the new mobile is told;
/// nothing is told of a rejection. Who still has the old phone changes it by `POST /v1/me/mobile`.
#[utoipa::path(
    tag = "auth",
    request_body = NewMobileChange,
    responses(
        (status = 202, description = "Taken; the same answer whether or not there is such a member", body = MobileChangeTaken),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 429, description = "`TRIES_EXHAUSTED`: five a day by mobile and by document; `RATE_LIMITED`"),
    )
)]
#[post("/v1/public/mobile-changes")]
async fn request_mobile_change(
    identity: web::Data<Identity>,
    caller: Public,
    body: Body<NewMobileChange>,
) -> Answer {
    let mut fields = Fields::new();
    let today = identity.core.today();
    let mobile = fields.take("/mobile", Mobile::parse(&body.mobile));
    let code = fields.take("/code", otp::parse_code(&body.code));
    let name = fields.take("/name", PersonName::parse(body.name.expose()));
    let document = Document::parse(body.id_type, body.id_number.expose(), today, Entry::Person);
    let document = fields.take("/id_number", document);
    let (Some(mobile), Some(code), Some(name), Some(document)) = (&mobile, code, &name, &document) else {
        return Err(fields.problem().into());
    };
    let claim = Claim { mobile, code, name, document };
    mobile_change::request(&identity, &caller.actor, &claim).await?;
    let next_step = "信息与会员名册一致的，县级总工会将在5个工作日内核实，办结后以短信通知新手机号";
    Ok(HttpResponse::Accepted().json(MobileChangeTaken { next_step, contact_phone: "12351" }))
}

/// What the county goes by. 核实依据
#[derive(Debug, Serialize, ToSchema)]
struct MobileChangeEvidence {
    /// What the roster says of the new mobile.
    roster: RosterMobile,
    /// Who has the new mobile now.
    new_mobile: NewMobile,
    /// 原手机, of the member's account; null where they have none.
    #[schema(example = "138****8000")]
    old_mobile: Option<String>,
    /// Whether the account still has the mobile it had when this was asked for; if not, this cannot be approved.
    unchanged: bool,
}

impl From<Evidence> for MobileChangeEvidence {
    fn from(found: Evidence) -> Self {
        let Evidence { roster, new_mobile, old_mobile, unchanged } = found;
        Self { roster, new_mobile, old_mobile: old_mobile.map(|m| m.masked()), unchanged }
    }
}

/// A request for a new mobile, as the county sees it. 换号申请（审核）
#[derive(Debug, Serialize, ToSchema)]
struct MobileChangeDto {
    /// Its id.
    id: Uuid,
    /// The member, as their union knows them.
    member: MemberDto,
    /// 新手机, proved; masked.
    #[schema(example = "139****9000")]
    new_mobile: String,
    /// 状态
    state: State,
    /// When it was asked for.
    created_at: String,
    /// By when it is to be decided, Shanghai.
    due_on: chrono::NaiveDate,
    /// When it was decided.
    decided_at: Option<String>,
    /// Why it was rejected.
    reason: Option<String>,
    /// What the county goes by; null in lists and once it is decided.
    evidence: Option<MobileChangeEvidence>,
}

impl MobileChangeDto {
    fn of(a: Request, found: Option<Evidence>) -> Self {
        Self {
            id: a.id,
            new_mobile: a.mobile.masked(),
            member: a.member.into(),
            state: a.state,
            created_at: wire::instant(a.created_at),
            due_on: a.due_on,
            decided_at: a.decided_at.map(wire::instant),
            reason: a.reason,
            evidence: found.map(MobileChangeEvidence::from),
        }
    }
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MobileChangeQuery {
    /// A union with its subtree; the caller's own without. 工会
    union_id: Option<Uuid>,
    /// States, comma-separated; `REVIEW` without. 状态
    #[param(max_length = 100, example = "REVIEW")]
    state: Option<String>,
}

/// Requests for a new mobile 换号申请列表
///
/// A county and the unions above it see those of all their members, other unions those of the unions below them.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.read"])),
    params(MobileChangeQuery, Listing),
    responses((status = 200, description = "Oldest first, masked", body = PageBody<MobileChangeDto>))
)]
#[get("/v1/admin/mobile-changes")]
async fn list_mobile_changes(
    app: web::Data<App>,
    by: Cadre<can::ApplicationRead>,
    query: Query<MobileChangeQuery>,
    listing: Listing,
) -> Answer {
    let words = query.state.as_deref().unwrap_or(State::Review.as_str());
    let states: Option<Vec<State>> = words.split(',').map(State::parse).collect();
    let states = states.ok_or_else(|| Problem::new(Code::InvalidParameter).with("parameter", "state"))?;
    let limit = listing.limit()?;
    let Some(scope) = narrowed(&app, &by.scope, query.union_id).await? else {
        return Ok(HttpResponse::Ok().json(PageBody::<MobileChangeDto>::whole(Vec::new())));
    };
    let mut conn = app.db.read().await?;
    let desk = Desk::of(&mut conn, by.union, &by.scope).await?.within(scope);
    let binding = format!("mobile-changes|{}|{}|{states:?}", by.union, desk.start());
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = mobile_change::list(&app, &mut conn, &desk, &states, after, limit).await?;
    let body = PageBody::of(&app, &binding, page, |a| a.id, |a| Ok(MobileChangeDto::of(a, None)))?;
    Ok(HttpResponse::Ok().json(body))
}

/// One request for a new mobile 换号申请
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.read"])),
    params(("id" = Uuid, Path, description = "The request")),
    responses((status = 200, description = "The request with its ETag, and what the roster says", body = MobileChangeDto))
)]
#[get("/v1/admin/mobile-changes/{id}")]
async fn get_mobile_change(app: web::Data<App>, by: Cadre<can::ApplicationRead>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let desk = Desk::of(&mut conn, by.union, &by.scope).await?;
    let found = mobile_change::get(&app, &mut conn, &desk, id.0).await?;
    let compared = match found.state {
        State::Review => Some(mobile_change::evidence(&app, &mut conn, &found).await?),
        State::Approved | State::Rejected | State::Superseded => None,
    };
    Ok(etag::tagged(found.version, &MobileChangeDto::of(found, compared)))
}

async fn decide(
    identity: &Identity,
    by: &Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    decision: Decision,
) -> Answer {
    let desk = Desk::of(&mut *identity.core.db.read().await?, by.union, &by.scope).await?;
    let check = |current| version.check(current);
    let done = mobile_change::decide(identity, &by.actor, &desk, id.0, check, &decision).await?;
    Ok(etag::tagged(done.version, &MobileChangeDto::of(done, None)))
}

/// Approve a new mobile 同意换号
///
/// The member's account has the new mobile from now on, and every session of it is over. Who has no account gets one at
/// level 1; an account without a name that has the new mobile is closed. Old and new number are told.
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The request"), IfMatchHeader),
    responses(
        (status = 200, description = "Approved; what else waits for the member is `SUPERSEDED`", body = MobileChangeDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`: decided already, no member any more, or the account's mobile was changed since; `ALREADY_EXISTS`: the new mobile is another's, or the member has proved another one elsewhere"),
    )
)]
#[post("/v1/admin/mobile-changes/{id}/approve")]
async fn approve_mobile_change(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    _body: Empty,
) -> Answer {
    decide(&identity, &by, id, version, Decision::Approve).await
}

/// Reject a new mobile 不同意换号
#[utoipa::path(
    tag = "members",
    security(("admin" = ["application.review"])),
    params(("id" = Uuid, Path, description = "The request"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected; nobody is told by SMS", body = MobileChangeDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`, `FORBIDDEN`"),
        (status = 409, description = "`INVALID_STATE`"),
    )
)]
#[post("/v1/admin/mobile-changes/{id}/reject")]
async fn reject_mobile_change(
    identity: web::Data<Identity>,
    by: Cadre<can::ApplicationReview>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    decide(&identity, &by, id, version, Decision::Reject(body.parse()?.to_owned())).await
}
