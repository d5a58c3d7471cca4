//! `/v1/admin/firms`: law firms and whom they act for.

use actix_web::{HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::line;
use unionhall_kernel::{Fields, Problem};
use unionhall_storage::once::once;
use unionhall_web::body::{Patch, patched};
use unionhall_web::once::{created, respond};
use unionhall_web::{
    Answer, App, Body, Cadre, Id, IfMatch, IfMatchHeader, Listing, MaybeOnce, MaybeOnceHeader, PageBody, can,
    etag, wire,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::credit_code;
use crate::engagement::{self, Engagement, NewEngagement, PartyKind};
use crate::firm::{self, Firm, FirmTerms};
use crate::wall;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_firms)
        .service(create_firm)
        .service(get_firm)
        .service(change_firm)
        .service(list_engagements)
        .service(create_engagement)
        .service(get_engagement)
        .service(end_engagement);
}

/// A law firm. 律师事务所
#[derive(Debug, Serialize, ToSchema)]
struct LawFirm {
    /// Its id.
    id: Uuid,
    /// The union that looks after it. 工会
    union_id: Uuid,
    /// 名称
    #[schema(example = "河南正义律师事务所")]
    name: String,
    /// 统一社会信用代码
    uscc: Option<String>,
    /// 执业许可证号
    #[schema(example = "24101201010123456")]
    licence_no: String,
    /// Its last day; afterwards its lawyers get no questions. 许可证有效期
    licence_until: NaiveDate,
}

impl From<&Firm> for LawFirm {
    fn from(firm: &Firm) -> Self {
        Self {
            id: firm.id,
            union_id: firm.org_id,
            name: firm.name.clone(),
            uscc: firm.uscc.clone(),
            licence_no: firm.licence_no.clone(),
            licence_until: firm.licence_until,
        }
    }
}

/// What is said of a law firm. 律所信息
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LawFirmTerms {
    /// 名称: 4 to 80 characters.
    #[schema(min_length = 4, max_length = 80, example = "河南正义律师事务所")]
    name: String,
    /// 统一社会信用代码
    #[schema(min_length = 18, max_length = 64, example = "91410100MA000ABC24")]
    uscc: Option<String>,
    /// 执业许可证号: 6 to 30 characters.
    #[schema(min_length = 6, max_length = 30, example = "24101201010123456")]
    licence_no: String,
    /// Its last day. 许可证有效期
    #[serde(deserialize_with = "wire::dated")]
    licence_until: NaiveDate,
}

impl LawFirmTerms {
    fn parse(&self) -> Result<FirmTerms, Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", line(&self.name, 4, 80));
        let uscc = credit_code(&mut fields, "/uscc", self.uscc.as_deref());
        let licence_no = fields.take("/licence_no", line(&self.licence_no, 6, 30));
        let (Some(name), Some(licence_no)) = (name, licence_no) else { return Err(fields.problem()) };
        fields.finish()?;
        Ok(FirmTerms { name, uscc, licence_no, licence_until: self.licence_until })
    }
}

/// A change of what is said of a law firm; what is absent stays. 修改律所
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // documentation: the patch is applied to the terms
struct LawFirmPatch {
    /// 名称
    #[schema(min_length = 4, max_length = 80, example = "河南正义律师事务所")]
    name: Option<String>,
    /// 统一社会信用代码
    #[schema(min_length = 18, max_length = 64, example = "91410100MA000ABC24")]
    uscc: Option<String>,
    /// 执业许可证号
    #[schema(min_length = 6, max_length = 30, example = "24101201010123456")]
    licence_no: Option<String>,
    /// 许可证有效期
    licence_until: Option<NaiveDate>,
}

/// Law firms 律所列表
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(Listing),
    responses((status = 200, description = "In tree order", body = PageBody<LawFirm>))
)]
#[get("/v1/admin/firms")]
async fn list_firms(app: web::Data<App>, by: Cadre<can::LegalRead>, listing: Listing) -> Answer {
    let limit = listing.limit()?;
    let binding = format!("firms|{}", by.scope.start());
    let after: Option<(String, Uuid)> = listing.after(&app, &binding)?;
    let page = firm::list(&mut *app.db.read().await?, &by.scope, after.as_ref(), limit).await?;
    let key = |firm: &Firm| (firm.path.clone(), firm.id);
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, |f| Ok(LawFirm::from(&f)))?))
}

/// Enter a law firm 录入律所
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(MaybeOnceHeader),
    request_body = LawFirmTerms,
    responses(
        (status = 201, description = "Entered under the acting union", body = LawFirm,
            headers(("Location" = String, description = "The firm"))),
        (status = 409, description = "`ALREADY_EXISTS` with `field`"),
    )
)]
#[post("/v1/admin/firms")]
async fn create_firm(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    key: MaybeOnce,
    body: Body<LawFirmTerms>,
) -> Answer {
    let terms = body.parse()?;
    let key = key.of(by.principal.account, "create_firm", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let made = firm::create(&app, tx, (&by.actor, &by.scope), by.union, &terms).await?;
        created(format!("/v1/admin/firms/{}", made.id), &LawFirm::from(&made))
    })
    .await?;
    Ok(respond(stored))
}

/// One law firm 律所
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The firm")),
    responses((status = 200, description = "With its ETag", body = LawFirm))
)]
#[get("/v1/admin/firms/{id}")]
async fn get_firm(app: web::Data<App>, by: Cadre<can::LegalRead>, id: Id) -> Answer {
    let found = firm::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &LawFirm::from(&found)))
}

/// Change a law firm 修改律所
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The firm"), IfMatchHeader),
    request_body(content = LawFirmPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "With its new ETag", body = LawFirm),
        (status = 409, description = "`ALREADY_EXISTS` with `field`"),
    )
)]
#[patch("/v1/admin/firms/{id}")]
async fn change_firm(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<Patch>,
) -> Answer {
    let changed = app
        .db
        .write(async |tx| {
            let before = firm::get(tx, &by.scope, id.0).await?;
            version.check(before.version)?;
            let Firm { name, uscc, licence_no, licence_until, .. } = before.clone();
            let dto: LawFirmTerms = patched(&LawFirmTerms { name, uscc, licence_no, licence_until }, &body)?;
            let changed = firm::change(&app, tx, &by.actor, &before, &dto.parse()?).await?;
            // Another name may stand behind the wall.
            wall::take_back(&app, tx, &by.actor).await?;
            Ok(changed)
        })
        .await?;
    Ok(etag::tagged(changed.version, &LawFirm::from(&changed)))
}

/// Whom a firm acts for. 服务关系
#[derive(Debug, Serialize, ToSchema)]
struct FirmEngagement {
    /// Its id.
    id: Uuid,
    /// The lawyer whose own it is, wherever they go. 律师
    lawyer_id: Option<Uuid>,
    /// 主体类型
    kind: PartyKind,
    /// 委托人
    #[schema(example = "郑州宏达机械有限公司")]
    name: String,
    /// 统一社会信用代码
    uscc: Option<String>,
    /// 服务身份
    #[schema(example = "常年法律顾问")]
    role: String,
    /// 开始日期
    from_date: NaiveDate,
    /// 结束日期
    to_date: Option<NaiveDate>,
}

impl From<&Engagement> for FirmEngagement {
    fn from(of: &Engagement) -> Self {
        Self {
            id: of.id,
            lawyer_id: of.lawyer_id,
            kind: of.kind(),
            name: of.name.clone(),
            uscc: of.uscc.clone(),
            role: of.role.clone(),
            from_date: of.from_date,
            to_date: of.to_date,
        }
    }
}

/// A new engagement. 新增服务关系
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFirmEngagement {
    /// The lawyer whose own it is. 律师
    lawyer_id: Option<Uuid>,
    /// 主体类型
    kind: PartyKind,
    /// 委托人: 2 to 100 characters.
    #[schema(min_length = 2, max_length = 100, example = "郑州宏达机械有限公司")]
    name: String,
    /// 统一社会信用代码
    #[schema(min_length = 18, max_length = 64, example = "91410100MA000ABC24")]
    uscc: Option<String>,
    /// As what, in the firm's words: 2 to 40 characters; no role makes it less of a conflict. 服务身份
    #[schema(min_length = 2, max_length = 40, example = "常年法律顾问")]
    role: String,
    /// 开始日期
    #[serde(deserialize_with = "wire::dated")]
    from_date: NaiveDate,
    /// Where it has ended already. 结束日期
    to_date: Option<NaiveDate>,
}

impl NewFirmEngagement {
    fn parse(&self) -> Result<NewEngagement, Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", line(&self.name, 2, 100));
        let role = fields.take("/role", line(&self.role, 2, 40));
        let uscc = credit_code(&mut fields, "/uscc", self.uscc.as_deref());
        let order = self.to_date.is_none_or(|to| to >= self.from_date);
        let late = unionhall_kernel::Invalid::new("OUT_OF_RANGE", "结束日期不能早于开始日期。");
        fields.require(order, "/to_date", late);
        let (Some(name), Some(role)) = (name, role) else { return Err(fields.problem()) };
        fields.finish()?;
        let Self { lawyer_id: lawyer, kind, from_date: from, to_date: to, .. } = *self;
        Ok(NewEngagement { lawyer, kind, name, uscc, role, from, to })
    }
}

/// Whom a firm acts or acted for 律所服务关系
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The firm"), Listing),
    responses((status = 200, description = "By id", body = PageBody<FirmEngagement>))
)]
#[get("/v1/admin/firms/{id}/engagements")]
async fn list_engagements(
    app: web::Data<App>,
    by: Cadre<can::LegalRead>,
    id: Id,
    listing: Listing,
) -> Answer {
    let limit = listing.limit()?;
    let mut conn = app.db.read().await?;
    let of = firm::get(&mut conn, &by.scope, id.0).await?;
    let binding = format!("engagements|{}", of.id);
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let page = engagement::list(&mut conn, of.id, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageBody::of(
        &app,
        &binding,
        page,
        |e| e.id,
        |e| Ok(FirmEngagement::from(&e)),
    )?))
}

/// Enter an engagement 录入服务关系
///
/// From this moment on no lawyer who is or was with the firm sees a question about that client; questions they have go to others.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The firm"), MaybeOnceHeader),
    request_body = NewFirmEngagement,
    responses(
        (status = 201, description = "The wall stands", body = FirmEngagement),
        (status = 422, description = "`VALIDATION_FAILED`: among others `LAWYER_UNKNOWN` at `/lawyer_id`"),
    )
)]
#[post("/v1/admin/firms/{id}/engagements")]
async fn create_engagement(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    key: MaybeOnce,
    body: Body<NewFirmEngagement>,
) -> Answer {
    let new = body.parse()?;
    let key = key.of(by.principal.account, "create_engagement", body.raw());
    let stored = once(&app.db, app.now(), key, async |tx| {
        let of = firm::get(tx, &by.scope, id.0).await?;
        let made = engagement::create(&app, tx, &by.actor, &of, &new).await?;
        wall::take_back(&app, tx, &by.actor).await?;
        created(format!("/v1/admin/firms/{}/engagements", of.id), &FirmEngagement::from(&made))
    })
    .await?;
    Ok(respond(stored))
}

/// When an engagement ends. 结束服务关系
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EngagementEnd {
    /// Its last day. 结束日期
    #[serde(deserialize_with = "wire::dated")]
    to_date: NaiveDate,
}

/// One engagement 服务关系
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.read"])),
    params(("id" = Uuid, Path, description = "The engagement")),
    responses((status = 200, description = "With its ETag", body = FirmEngagement))
)]
#[get("/v1/admin/engagements/{id}")]
async fn get_engagement(app: web::Data<App>, by: Cadre<can::LegalRead>, id: Id) -> Answer {
    let found = engagement::get(&mut *app.db.read().await?, &by.scope, id.0).await?;
    Ok(etag::tagged(found.version, &FirmEngagement::from(&found)))
}

/// End an engagement 结束服务关系
///
/// The wall stays: a firm that knew a client's matters still knows them.
#[utoipa::path(
    tag = "legal",
    security(("admin" = ["legal.write"])),
    params(("id" = Uuid, Path, description = "The engagement"), IfMatchHeader),
    request_body = EngagementEnd,
    responses(
        (status = 200, description = "Ended", body = FirmEngagement),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/admin/engagements/{id}/end")]
async fn end_engagement(
    app: web::Data<App>,
    by: Cadre<can::LegalWrite>,
    id: Id,
    version: IfMatch,
    body: Body<EngagementEnd>,
) -> Answer {
    let ended = app.db.write(async |tx| {
        let before = engagement::get(tx, &by.scope, id.0).await?;
        version.check(before.version)?;
        engagement::end(&app, tx, &by.actor, &before, body.to_date).await
    });
    let ended = ended.await?;
    Ok(etag::tagged(ended.version, &FirmEngagement::from(&ended)))
}
