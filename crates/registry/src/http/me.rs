//! `/v1/me`: a member about themself, and proving who they are.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_identity::{Identity, account, person};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Code, Document, Fields, IdType, PersonName, Pii, Problem, mask};
use unionhall_web::{Answer, App, Body, Listing, Member, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::membership::{self, Reason, Standing, State};
use crate::real_name::{self, Outcome};
use crate::{looks, org};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(get_me).service(verify_real_name).service(list_data_accesses);
}

/// Where a member belongs. 会籍
#[derive(Debug, Serialize, ToSchema)]
pub struct MembershipDto {
    /// 所属工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// 会籍状态
    state: State,
    /// The state in words.
    state_text: &'static str,
    /// 原因
    reason: Option<Reason>,
    /// Since when, Shanghai.
    since: chrono::NaiveDate,
}

impl MembershipDto {
    /// Of where somebody stands, in a union of this name.
    pub fn of(standing: &Standing, union_name: String) -> Self {
        Self {
            union_id: standing.org,
            union_name,
            state: standing.state,
            state_text: standing.state.text(),
            reason: standing.reason,
            since: standing.since,
        }
    }
}

/// The caller, masked. 我的信息（脱敏）
#[derive(Debug, Serialize, ToSchema)]
struct MeDto {
    /// The account.
    id: Uuid,
    /// 姓名; null at level 0.
    #[schema(example = "王*明")]
    name: Option<String>,
    /// 手机
    #[schema(example = "138****8000")]
    mobile: Option<String>,
    /// 证件类型; null at level 0.
    id_type: Option<IdType>,
    /// 证件号码; null at level 0.
    #[schema(example = "4101**********9982")]
    id_number: Option<String>,
    /// 实名等级: 0 phone, 1 matched, 2 face or bank.
    #[schema(minimum = 0, maximum = 2)]
    real_name_level: u8,
    /// 会籍; null for somebody who is no member.
    membership: Option<MembershipDto>,
}

/// Who I am 我的信息
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    responses((status = 200, description = "Masked", body = MeDto))
)]
#[get("/v1/me")]
async fn get_me(app: web::Data<App>, me: Member) -> Answer {
    let mut conn = app.db.read().await?;
    let account = account::get(&mut conn, me.principal.account).await?;
    let account = account.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let mobile = account.mobile(&app.sealer)?.map(|m| m.masked());
    let mut dto = MeDto {
        id: account.id,
        name: None,
        mobile,
        id_type: None,
        id_number: None,
        real_name_level: account.level,
        membership: None,
    };
    if let Some(person) = account.person {
        let view = person::view(&app.sealer, &mut conn, person).await?;
        dto.name = Some(mask::name(&view.name));
        dto.id_type = Some(view.id_type);
        dto.id_number = Some(mask::document_number(&view.id_number));
        if let Some(s) = membership::standing(&mut conn, person).await? {
            let union_name = org::name_of(&mut conn, s.org).await?;
            dto.membership = Some(MembershipDto::of(&s, union_name));
        }
    }
    Ok(HttpResponse::Ok().json(dto))
}

/// A claim to be somebody on a roster.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RealNameClaim)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// Full name; spaces between characters do not matter.
    #[schema(value_type = PersonName, example = "王小明")]
    name: Pii<String>,
    /// Type of document.
    id_type: IdType,
    /// Its number.
    #[schema(value_type = Document, example = "410102194912319982")]
    id_number: Pii<String>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
struct ClaimResult {
    /// `matched`: name, number and the proved mobile agree with the roster, level 1 from now on, with the token held.
    /// `name_differs`: number and mobile agree; offer a correction of the name by the union. `already_claimed`: all agree and
    /// another account holds the person; offer `POST /v1/public/mobile-changes`. `unconfirmed`: whatever else, the same for who is on
    /// no roster and for the right person on another phone than the roster's; offer both a new mobile
    /// (`POST /v1/public/mobile-changes`) and a join application. More may come.
    outcome: Outcome,
    /// What the member reads. 提示
    message: &'static str,
}

/// Prove who I am 实名认证
#[utoipa::path(
    tag = "me",
    security(("member" = [])),
    request_body = Claim,
    responses(
        (status = 200, description = "`matched` raises the account to level 1; the card is there when cards or home are read next", body = ClaimResult),
        (status = 409, description = "`INVALID_STATE`: the account is somebody else already"),
        (status = 429, description = "`TRIES_EXHAUSTED`: five a day by account and by document; `RATE_LIMITED`"),
    )
)]
#[post("/v1/me/real-name")]
async fn verify_real_name(identity: web::Data<Identity>, me: Member, body: Body<Claim>) -> Answer {
    let mut fields = Fields::new();
    let today = identity.core.today();
    let name = fields.take("/name", PersonName::parse(body.name.expose()));
    let document = Document::parse(body.id_type, body.id_number.expose(), today, Entry::Person);
    let document = fields.take("/id_number", document);
    let (Some(name), Some(document)) = (name, document) else {
        return Err(fields.problem().into());
    };
    let outcome = real_name::claim(&identity, &me.actor, &me.principal, &name, &document).await?;
    Ok(HttpResponse::Ok().json(ClaimResult { outcome, message: outcome.message() }))
}

/// Somebody looked at my file. 谁看过我的资料
#[derive(Debug, Serialize, ToSchema)]
struct AccessDto {
    /// When.
    at: String,
    /// What was done.
    #[schema(example = "member.reveal")]
    action: String,
    /// The union that looked.
    union_name: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// Who looked at my file 查看记录
#[utoipa::path(
    tag = "me",
    security(("member" = ["level:1"])),
    params(Listing),
    responses((status = 200, description = "Newest first", body = PageBody<AccessDto>))
)]
#[get("/v1/me/data-accesses")]
async fn list_data_accesses(app: web::Data<App>, me: Member<1>, listing: Listing) -> Answer {
    let person = me.person()?;
    let limit = listing.limit()?;
    let binding = format!("data-accesses|{person}");
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = looks::at(&mut *app.db.read().await?, person, after, limit).await?;
    let item = |l: looks::Look| {
        let looks::Look { id: _, at, action, union_name, reason } = l;
        Ok(AccessDto { at: wire::instant(at), action, union_name, reason })
    };
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, |l| l.id, item)?))
}
