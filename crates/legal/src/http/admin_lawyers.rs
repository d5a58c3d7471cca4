//! `/v1/admin/lawyers`.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_identity::Identity;
use unionhall_identity::sms::{Message, Template};
use unionhall_kernel::document::Entry;
use unionhall_kernel::text::{line, paragraphs};
use unionhall_kernel::{Document, Fields, IdType, Invalid, Mobile, PersonName, Problem};
use unionhall_registry::org;
use unionhall_web::body::{Patch, patched};
use unionhall_web::{
    Answer, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, PageBody, ReasonBody, can, etag, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::division_code;
use crate::lawyer::{self, Lawyer, LawyerTerms, LegalField, NewLawyer, State};
use crate::{firm, wall};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_lawyers)
        .service(create_lawyer)
        .service(get_lawyer)
        .service(change_lawyer)
        .service(suspend_lawyer)
        .service(resume_lawyer);
}

/// A lawyer, as cadres see them. 律师（管理）
#[derive(Debug, Serialize, ToSchema)]
struct LawyerDto {
    /// Their id.
    id: Uuid,
    /// 律师事务所
    firm_id: Uuid,
    /// The union that looks after them. 工会
    union_id: Uuid,
    /// 姓名, which the directory shows
    #[schema(example = "李明")]
    name: String,
    /// 执业证号
    #[schema(example = "14101201510123456")]
    practice_no: String,
    /// Its last day; afterwards they get no questions. 执业证有效期
    licence_until: NaiveDate,
    /// 业务领域
    fields: Vec<LegalField>,
    /// 所在地区
    #[schema(example = "410102")]
    division: String,
    /// 简介
    intro: String,
    /// 状态
    state: State,
    /// The last heartbeat. 最近在线
    seen_at: Option<String>,
}

impl From<&Lawyer> for LawyerDto {
    fn from(of: &Lawyer) -> Self {
        Self {
            id: of.id,
            firm_id: of.firm_id,
            union_id: of.org_id,
            name: of.name.clone(),
            practice_no: of.practice_no.clone(),
            licence_until: of.licence_until,
            fields: of.fields(),
            division: of.division.clone(),
            intro: of.intro.clone(),
            state: of.state(),
            seen_at: of.seen_at.map(wire::instant),
        }
    }
}

/// What is said of a lawyer. 律师信息
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LawyerTermsDto {
    /// 律师事务所
    firm_id: Uuid,
    /// 执业证号: 6 to 30 characters.
    #[schema(min_length = 6, max_length = 30, example = "14101201510123456")]
    practice_no: String,
    /// Its last day. 执业证有效期
    #[serde(deserialize_with = "wire::dated")]
    licence_until: NaiveDate,
    /// At least one. 业务领域
    #[schema(min_items = 1, max_items = 9)]
    fields: Vec<LegalField>,
    /// Six digits. 所在地区
    #[schema(pattern = "^[0-9]{6}$", example = "410102")]
    division: String,
    /// For the directory: up to 300 characters. 简介
    #[serde(default)]
    #[schema(max_length = 300, example = "擅长劳动报酬与工伤案件")]
    intro: String,
}

impl LawyerTermsDto {
    fn parse(&self, fields: &mut Fields, at: &str) -> Option<LawyerTerms> {
        let practice_no = fields.take(&format!("{at}/practice_no"), line(&self.practice_no, 6, 30));
        let division = fields.take(&format!("{at}/division"), division_code(&self.division));
        let some = (1..=LegalField::ALL.len()).contains(&self.fields.len());
        fields.require(some, &format!("{at}/fields"), Invalid::new("REQUIRED", "请至少选择一个业务领域。"));
        let intro = match self.intro.trim().is_empty() {
            true => Some(String::new()),
            false => fields.take(&format!("{at}/intro"), paragraphs(&self.intro, 1, 300)),
        };
        let Self { firm_id: firm, licence_until, fields: about, .. } = self;
        Some(LawyerTerms {
            firm: *firm,
            practice_no: practice_no?,
            licence_until: *licence_until,
            fields: about.clone(),
            division: division?,
            intro: intro?,
        })
    }
}

/// A change of what is said of a lawyer; what is absent stays. 修改律师
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // documentation: the patch is applied to the terms
struct LawyerPatch {
    /// Another firm: what they knew at the last one they know. 律师事务所
    firm_id: Option<Uuid>,
    /// 执业证号
    #[schema(min_length = 6, max_length = 30, example = "14101201510123456")]
    practice_no: Option<String>,
    /// 执业证有效期
    licence_until: Option<NaiveDate>,
    /// 业务领域
    #[schema(min_items = 1, max_items = 9)]
    fields: Option<Vec<LegalField>>,
    /// 所在地区
    #[schema(pattern = "^[0-9]{6}$", example = "410102")]
    division: Option<String>,
    /// 简介
    #[schema(max_length = 300, example = "擅长劳动报酬与工伤案件")]
    intro: Option<String>,
}

/// A new lawyer. 新增律师
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LawyerInvitation {
    /// 姓名
    #[schema(min_length = 1, max_length = 64, example = "李明")]
    name: String,
    /// 证件类型
    id_type: IdType,
    /// 证件号码
    #[schema(min_length = 1, max_length = 64, example = "410102194912319982")]
    id_number: String,
    /// The invitation goes there. 手机号
    #[schema(min_length = 11, max_length = 20, example = "13800138000")]
    mobile: String,
    /// 登录名: 4 to 32 letters, digits, dots, dashes.
    #[schema(min_length = 4, max_length = 32, pattern = "^[A-Za-z0-9._-]{4,32}$", example = "liming.lawyer")]
    username: String,
    /// 律师信息
    terms: LawyerTermsDto,
}

impl LawyerInvitation {
    fn parse(&self, today: NaiveDate) -> Result<NewLawyer, Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", PersonName::parse(&self.name));
        let document = Document::parse(self.id_type, &self.id_number, today, Entry::Person);
        let document = fields.take("/id_number", document);
        let mobile = fields.take("/mobile", Mobile::parse(&self.mobile));
        let username = self.username.trim();
        let plain = (4..=32).contains(&username.len())
            && username.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let invalid = Invalid::new("USERNAME_FORMAT", "登录名为4至32位字母、数字、点或横线。");
        fields.require(plain, "/username", invalid);
        let terms = self.terms.parse(&mut fields, "/terms");
        let (Some(name), Some(document), Some(mobile), Some(terms)) = (name, document, mobile, terms) else {
            return Err(fields.problem());
        };
        fields.finish()?;
        Ok(NewLawyer { name, document, mobile, username: username.to_owned(), terms })
    }
}

/// Lawyers 律师列表
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "In tree order", body = PageBody<LawyerDto>))
)]
#[get("/v1/admin/lawyers")]
async fn list_lawyers(identity: web::Data<Identity>, by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let (core, limit) = (&identity.core, listing.limit()?);
    let binding = format!("lawyers|{}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(core, &binding)?;
    let page = lawyer::list(&mut *core.db.read().await?, &by.scope, after.as_ref(), limit).await?;
    let key = |of: &Lawyer| (of.path.clone(), of.id);
    Ok(HttpResponse::Ok().json(PageBody::of(core, &binding, page, key, |of| Ok(LawyerDto::from(&of)))?))
}

/// Enter a lawyer 录入律师
///
/// They are invited by SMS and activate their account with a code (`POST /v1/auth/activate`, realm `lawyer`).
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    request_body = LawyerInvitation,
    responses(
        (status = 201, description = "Invited", body = LawyerDto,
            headers(("Location" = String, description = "The lawyer"))),
        (status = 404, description = "`NOT_FOUND`: the firm is absent or out of scope"),
        (status = 409, description = "`ALREADY_EXISTS` with `field`"),
    )
)]
#[post("/v1/admin/lawyers")]
async fn create_lawyer(
    identity: web::Data<Identity>,
    by: Cadre<can::LegalWrite>,
    body: Body<LawyerInvitation>,
) -> Answer {
    let core = &identity.core;
    let new = body.parse(core.today())?;
    let (made, union) = core
        .db
        .write(async |tx| {
            let of = firm::get(tx, &by.scope, new.terms.firm).await?;
            let made = lawyer::create(core, tx, &by.actor, &of, &new).await?;
            // Their own name, and the firm they come to, may stand behind the wall.
            wall::take_back(core, tx, &by.actor).await?;
            Ok((made, org::name_of(tx, of.org_id).await?))
        })
        .await?;
    let template = Template::Invitation { union, username: new.username.clone() };
    identity.sms.send(&Message { mobile: new.mobile.clone(), template })?;
    let location = format!("/v1/admin/lawyers/{}", made.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(LawyerDto::from(&made)))
}

/// One lawyer 律师
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The lawyer")),
    responses((status = 200, description = "With their ETag", body = LawyerDto))
)]
#[get("/v1/admin/lawyers/{id}")]
async fn get_lawyer(identity: web::Data<Identity>, by: Cadre<can::LegalRead>, id: Id) -> Answer {
    let found = lawyer::get(&mut *identity.core.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &LawyerDto::from(&found)))
}

/// Change a lawyer 修改律师
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The lawyer"), IfMatchHeader),
    request_body(content = LawyerPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "With their new ETag", body = LawyerDto),
        (status = 409, description = "`ALREADY_EXISTS` with `field`"),
    )
)]
#[patch("/v1/admin/lawyers/{id}")]
async fn change_lawyer(
    identity: web::Data<Identity>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch>,
) -> Answer {
    let core = &identity.core;
    let changed = core
        .db
        .write(async |tx| {
            let before = lawyer::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            let present = LawyerTermsDto {
                firm_id: before.firm_id,
                practice_no: before.practice_no.clone(),
                licence_until: before.licence_until,
                fields: before.fields(),
                division: before.division.clone(),
                intro: before.intro.clone(),
            };
            let dto: LawyerTermsDto = patched(&present, &body)?;
            let mut fields = Fields::new();
            let Some(terms) = dto.parse(&mut fields, "") else { return Err(fields.problem()) };
            fields.finish()?;
            let of = firm::get(tx, &by.scope, terms.firm).await?;
            let changed = lawyer::change(core, tx, &by.actor, &before, (&of, &terms)).await?;
            // Another firm brings its clients along.
            wall::take_back(core, tx, &by.actor).await?;
            Ok(changed)
        })
        .await?;
    identity.states.forget(changed.account_id);
    Ok(etag::tagged(changed.version, &LawyerDto::from(&changed)))
}

async fn set(
    identity: &Identity,
    by: &Cadre<can::LegalWrite>,
    (id, version): (Id, IfMatch),
    (to, reason): (State, &str),
) -> Answer {
    let core = &identity.core;
    let changed = core.db.write(async |tx| {
        let before = lawyer::get(tx, &by.scope, id.0).await?;
        version.check(before.version)?;
        lawyer::set_state(core, tx, &by.actor, &before, (to, reason)).await
    });
    let changed = changed.await?;
    Ok(etag::tagged(changed.version, &LawyerDto::from(&changed)))
}

/// Suspend a lawyer's service 暂停律师服务
///
/// They stand in no directory and get no questions; those they have are answered, or go back when their time is over.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The lawyer"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Suspended", body = LawyerDto),
        (status = 409, description = "`INVALID_STATE`: suspended already"),
    )
)]
#[post("/v1/admin/lawyers/{id}/suspend")]
async fn suspend_lawyer(
    identity: web::Data<Identity>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    set(&identity, &by, (id, version), (State::Suspended, body.parse()?)).await
}

/// Resume a lawyer's service 恢复律师服务
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The lawyer"), IfMatchHeader),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "In the directory again", body = LawyerDto),
        (status = 409, description = "`INVALID_STATE`: not suspended"),
    )
)]
#[post("/v1/admin/lawyers/{id}/resume")]
async fn resume_lawyer(
    identity: web::Data<Identity>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<ReasonBody>,
) -> Answer {
    set(&identity, &by, (id, version), (State::Active, body.parse()?)).await
}
