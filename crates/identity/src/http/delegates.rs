//! `/v1/me/delegates` and `/v1/me/delegations`: relatives who act for a member, from either side.

use actix_web::{HttpResponse, get, post, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Mobile, Problem};
use unionhall_storage::Core;
use unionhall_web::assist::Scope;
use unionhall_web::{Answer, Body, Empty, Id, Member, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::delegate::{self, Delegation, MOST_DAYS, Offer, Relation, State, Step};
use crate::{Identity, otp};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_delegate)
        .service(list_delegates)
        .service(revoke_delegate)
        .service(list_delegations)
        .service(accept_delegation)
        .service(decline_delegation)
        .service(open_delegated_session);
}

/// Whom a member trusts, with what and until when. 委托
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDelegate {
    /// The relative's mobile.
    #[schema(value_type = Mobile, example = "13800138000")]
    mobile: String,
    /// 与会员关系
    relation: Relation,
    /// What they may do.
    #[schema(min_items = 1, max_items = 3)]
    scopes: Vec<Scope>,
    /// The last day, Shanghai, at most a year from now.
    #[schema(example = "2027-06-30")]
    #[serde(deserialize_with = "wire::dated")]
    expires_on: NaiveDate,
    /// A code sent to the member's mobile (purpose `confirm`); left out on their behalf, where the signed form takes its place.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: Option<String>,
}

/// A delegation, from either side. 委托关系
#[derive(Debug, Serialize, ToSchema)]
struct DelegationDto {
    /// Its id.
    id: Uuid,
    /// The member, masked; null in the member's own list.
    #[schema(example = "王*明")]
    member_name: Option<String>,
    /// The relative's mobile, masked.
    #[schema(example = "138****8000")]
    mobile: String,
    /// 与会员关系
    relation: Relation,
    /// What may be done.
    scopes: Vec<Scope>,
    /// 状态
    state: State,
    /// The last day.
    expires_on: NaiveDate,
    /// When it was offered.
    created_at: String,
}

impl DelegationDto {
    fn of(core: &Core, delegation: &Delegation, member_name: Option<String>) -> Result<Self, Problem> {
        Ok(Self {
            id: delegation.id,
            member_name,
            mobile: delegation.mobile(core)?,
            relation: delegation.relation(),
            scopes: delegation.scopes(),
            state: delegation.state(core.today()),
            expires_on: delegation.expires_on,
            created_at: wire::instant(delegation.created_at),
        })
    }
}

/// Name a delegate 委托家属
///
/// They are told by SMS and accept in their own account; until then they can do nothing.
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    request_body = NewDelegate,
    responses(
        (status = 201, description = "Offered", body = DelegationDto,
            headers(("Location" = String, description = "Whom one has named"))),
        (status = 401, description = "`OTP_INVALID`"),
        (status = 409, description = "`APPLICATION_OPEN`: named already; `INVALID_STATE`: oneself, or five are named"),
    )
)]
#[post("/v1/me/delegates")]
async fn create_delegate(identity: web::Data<Identity>, me: Member<1>, body: Body<NewDelegate>) -> Answer {
    let today = identity.core.today();
    let mut fields = Fields::new();
    let mobile = fields.take("/mobile", Mobile::parse(&body.mobile));
    let code = body.code.as_deref().and_then(|code| fields.take("/code", otp::parse_code(code)));
    let scopes: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| body.scopes.contains(scope)).collect();
    let some = Invalid::new("REQUIRED", "请至少选择一类事项。");
    fields.require((1..=Scope::ALL.len()).contains(&body.scopes.len()), "/scopes", some);
    let last = today.checked_add_days(Days::new(MOST_DAYS)).unwrap_or(today);
    let range = Invalid::new("DATE_RANGE", "有效期最早今天，最长一年。");
    fields.require((today..=last).contains(&body.expires_on), "/expires_on", range);
    let Some(mobile) = mobile else { return Err(fields.problem().into()) };
    fields.finish()?;
    let offer = Offer { mobile, relation: body.relation, scopes, expires_on: body.expires_on };
    let made = delegate::offer(&identity, &me.actor, (&me.principal, me.person()?), code, &offer).await?;
    let body = DelegationDto::of(&identity.core, &made, None)?;
    Ok(HttpResponse::Created().insert_header(("location", "/v1/me/delegates")).json(body))
}

/// Whom I have named 我的受托人
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    responses((status = 200, description = "The newest first, those that ended too", body = PageBody<DelegationDto>))
)]
#[get("/v1/me/delegates")]
async fn list_delegates(identity: web::Data<Identity>, me: Member<1>) -> Answer {
    let core = &identity.core;
    let given = delegate::given(&mut *core.db.read().await?, me.principal.account).await?;
    let items: Vec<_> = given.iter().map(|d| DelegationDto::of(core, d, None)).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

async fn take(identity: &Identity, me: &Member<1>, id: Id, step: Step) -> Answer {
    let done = delegate::step(identity, &me.actor, &me.principal, id.0, step).await?;
    Ok(HttpResponse::Ok().json(DelegationDto::of(&identity.core, &done, None)?))
}

/// Take a delegation back 解除委托
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The delegation")),
    responses(
        (status = 200, description = "Over; what the relative has open is over too", body = DelegationDto),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/me/delegates/{id}/revoke")]
async fn revoke_delegate(identity: web::Data<Identity>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    take(&identity, &me, id, Step::Revoke).await
}

/// For whom I may act 委托给我的
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    responses((status = 200, description = "Offered to my mobile, or accepted; the newest first", body = PageBody<DelegationDto>))
)]
#[get("/v1/me/delegations")]
async fn list_delegations(identity: web::Data<Identity>, me: Member<1>) -> Answer {
    let core = &identity.core;
    let received = delegate::received(core, &mut *core.db.read().await?, me.principal.account).await?;
    let dto = |(d, name): &(Delegation, String)| DelegationDto::of(core, d, Some(name.clone()));
    let items: Vec<_> = received.iter().map(dto).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// Accept a delegation 接受委托
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The delegation")),
    responses(
        (status = 200, description = "In force", body = DelegationDto),
        (status = 403, description = "`NOT_ANOTHER_PERSON`: one's own"),
        (status = 409, description = "`INVALID_STATE`: it was decided or has ended"),
    )
)]
#[post("/v1/me/delegations/{id}/accept")]
async fn accept_delegation(identity: web::Data<Identity>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    take(&identity, &me, id, Step::Accept).await
}

/// Decline a delegation, or give it up 谢绝或退出委托
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The delegation")),
    responses(
        (status = 200, description = "Over", body = DelegationDto),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/me/delegations/{id}/decline")]
async fn decline_delegation(identity: web::Data<Identity>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    take(&identity, &me, id, Step::Decline).await
}

/// A session of the member's in which a relative acts. 代办会话
#[derive(Debug, Serialize, ToSchema)]
struct DelegatedSession {
    /// Its id.
    id: Uuid,
    /// A token of the member's, for what was delegated. Not refreshed.
    access_token: String,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Until when: fifteen minutes, or the end of the last day.
    expires_at: String,
}

/// Act for the member 以受托人身份办理
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The delegation")),
    responses(
        (status = 200, description = "The token", body = DelegatedSession),
        (status = 409, description = "`INVALID_STATE`: it does not hold today, or the member's account is blocked"),
    )
)]
#[post("/v1/me/delegations/{id}/session")]
async fn open_delegated_session(
    identity: web::Data<Identity>,
    me: Member<1>,
    id: Id,
    _body: Empty,
) -> Answer {
    let by = (&me.principal, me.person()?);
    let (session, access_token, expires_at) = delegate::open(&identity, &me.actor, by, id.0).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(DelegatedSession {
        id: session,
        access_token,
        token_type: "Bearer",
        expires_at: wire::instant(expires_at),
    }))
}
