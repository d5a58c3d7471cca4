//! `/v1/recruiter`: an employer or agency applies, and sees how it stands.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, OrgName, PersonName, Pii, Problem, Uscc, mask, text};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{
    Answer, App, Body, Empty, Id, Once, OnceHeader, PageBody, Recruiter as ByRecruiter, RecruiterAccount, can,
};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::division_code;
use crate::recruiter::{self, Application, ApplicationState, NewApplication, Recruiter, State};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_recruiter_application)
        .service(list_own_recruiter_applications)
        .service(get_own_recruiter_application)
        .service(withdraw_recruiter_application)
        .service(get_own_recruiter);
}

/// An agency's licence. 人力资源服务许可证
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AgencyLicence {
    /// 许可证编号: 4 to 40 characters.
    #[schema(min_length = 4, max_length = 40, example = "（豫）人服证字〔2024〕第0100012345号")]
    number: String,
    /// Its last day. 有效期至
    #[schema(example = "2028-06-30")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    valid_until: NaiveDate,
}

/// An employer or agency that applies. 招聘单位申请
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRecruiterApplication {
    /// 单位名称
    #[schema(value_type = OrgName, example = "郑州某某机械有限公司")]
    name: String,
    /// 统一社会信用代码
    #[schema(value_type = Uscc, example = "91410100MA000ABC24")]
    uscc: String,
    /// 行政区划代码: 6 or 9 digits; the union of this county decides.
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: String,
    /// 单位基本情况: 2 to 500 characters.
    #[schema(min_length = 2, max_length = 500, example = "机械加工企业，职工200人。")]
    about: String,
    /// Whoever recruits for others says so. 人力资源服务许可证
    agency: Option<AgencyLicence>,
    /// 招聘经办人
    #[schema(value_type = PersonName, example = "王小明")]
    contact_name: Pii<String>,
    /// 营业执照或批准文件: a file of one's own, uploaded for `recruiter_licence`.
    licence_file_id: Uuid,
    /// 授权委托书: a file of one's own, uploaded for `recruiter_authorisation`.
    authorisation_file_id: Uuid,
}

fn stated(dto: &NewRecruiterApplication, today: NaiveDate) -> Result<NewApplication, Problem> {
    let mut fields = Fields::new();
    let name = fields.take("/name", OrgName::parse(&dto.name));
    let uscc = fields.take("/uscc", Uscc::parse(&dto.uscc));
    let division = fields.take("/division_code", division_code(&dto.division_code));
    let about = fields.take("/about", paragraphs(&dto.about, 2, 500));
    let contact = fields.take("/contact_name", PersonName::parse(dto.contact_name.expose()));
    let agency = dto.agency.as_ref().and_then(|licence| {
        let ended = Invalid::new("LICENCE_ENDED", "人力资源服务许可证已到期。");
        fields.require(licence.valid_until >= today, "/agency/valid_until", ended);
        let number = fields.take("/agency/number", text::line(&licence.number, 4, 40))?;
        Some((number, licence.valid_until))
    });
    let (Some(name), Some(uscc), Some(division_code), Some(about), Some(contact_name)) =
        (name, uscc, division, about, contact)
    else {
        return Err(fields.problem());
    };
    fields.finish()?;
    let papers = (dto.licence_file_id, dto.authorisation_file_id);
    let name = name.as_str().to_owned();
    Ok(NewApplication { name, uscc, division_code, about, agency, contact_name, papers })
}

fn agency(number: Option<&str>, until: Option<NaiveDate>) -> Option<AgencyLicence> {
    number.zip(until).map(|(number, valid_until)| AgencyLicence { number: number.to_owned(), valid_until })
}

/// An application. 招聘单位申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecruiterApplicationDto {
    /// Its id.
    id: Uuid,
    /// The union that decides. 受理工会
    union_id: Uuid,
    /// The recruiter that is verified again, or that it became.
    recruiter_id: Option<Uuid>,
    /// 单位名称
    name: String,
    /// 统一社会信用代码
    uscc: String,
    /// 行政区划代码
    division_code: String,
    /// 单位基本情况
    about: String,
    /// 人力资源服务许可证; null for an employer
    agency: Option<AgencyLicence>,
    /// 招聘经办人, masked
    contact_name: String,
    /// 状态
    state: ApplicationState,
    /// Why it was rejected. 未通过原因
    reason: Option<String>,
    /// When it was handed in.
    submitted_at: String,
    /// 办理进度
    progress: Progress,
}

fn progress(a: &Application) -> Progress {
    let state = a.state();
    let (waiting_for, next_step) = match state {
        ApplicationState::Applied => (Some("county"), "县级总工会核验营业执照和授权"),
        ApplicationState::Verified => (None, "已核验，可发布职位"),
        ApplicationState::Rejected => (None, "可补充材料后重新申请"),
        ApplicationState::Withdrawn => (None, "可重新申请"),
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: (state == ApplicationState::Applied).then_some(a.due_on),
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

impl From<&Application> for RecruiterApplicationDto {
    fn from(a: &Application) -> Self {
        Self {
            id: a.id,
            union_id: a.org_id,
            recruiter_id: a.recruiter_id,
            name: a.name.clone(),
            uscc: a.uscc.clone(),
            division_code: a.division_code.clone(),
            about: a.about.clone(),
            agency: agency(a.agency_licence_no.as_deref(), a.agency_licence_until),
            contact_name: mask::name(&a.contact_name),
            state: a.state(),
            reason: a.reason.clone(),
            submitted_at: wire::instant(a.created_at),
            progress: progress(a),
        }
    }
}

/// A recruiter. 招聘单位
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecruiterDto {
    /// Its id.
    id: Uuid,
    /// The union that verified it. 核验工会
    union_id: Uuid,
    /// 单位名称
    name: String,
    /// 统一社会信用代码
    uscc: String,
    /// 行政区划代码
    division_code: String,
    /// 单位基本情况
    about: String,
    /// 人力资源服务许可证; null for an employer
    agency: Option<AgencyLicence>,
    /// 招聘经办人, masked
    contact_name: String,
    /// 联系手机, masked
    contact_mobile: String,
    /// 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// Last day of the verification, inclusive; past it postings are hidden. 核验有效期至
    verified_until: NaiveDate,
    /// By when the county ends a suspension. 暂停处理期限
    decide_by: Option<NaiveDate>,
    /// Why it was suspended or banned. 原因
    reason: Option<String>,
}

pub(super) fn recruiter_dto(app: &App, r: &Recruiter) -> Result<RecruiterDto, Problem> {
    let state = r.state(app.today());
    Ok(RecruiterDto {
        id: r.id,
        union_id: r.org_id,
        name: r.name.clone(),
        uscc: r.uscc.clone(),
        division_code: r.division_code.clone(),
        about: r.about.clone(),
        agency: agency(r.agency_licence_no.as_deref(), r.agency_licence_until),
        contact_name: mask::name(&r.contact_name),
        contact_mobile: r.mobile(&app.sealer)?.masked(),
        state,
        state_text: state.text(),
        verified_until: r.verified_until,
        decide_by: r.decide_by,
        reason: r.reason.clone(),
    })
}

/// Apply as a recruiter, or to be verified again 提交招聘单位申请
///
/// With the tokens of `POST /v1/public/recruiter-applications`. Whoever acts for a recruiter hands its papers in again: a
/// verification holds six months, an agency's no longer than its licence.
#[utoipa::path(
    tag = "recruiter",
    security(("recruiter" = [])),
    params(OnceHeader),
    request_body = NewRecruiterApplication,
    responses(
        (status = 201, description = "Handed in", body = RecruiterApplicationDto),
        (status = 409, description = "`APPLICATION_OPEN`; `ALREADY_EXISTS`: another recruiter has the credit code; `INVALID_STATE`: one's own is suspended; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: among others `FILE_UNKNOWN` at `/licence_file_id` and `/authorisation_file_id`, `DIVISION_UNKNOWN` at `/division_code`, `LICENCE_ENDED` at `/agency/valid_until`, `USCC_OF_ANOTHER` at `/uscc`"),
    )
)]
#[post("/v1/recruiter/applications")]
async fn create_recruiter_application(
    app: web::Data<App>,
    me: RecruiterAccount,
    key: Once,
    body: Body<NewRecruiterApplication>,
) -> Answer {
    let new = stated(&body, app.today())?;
    let account = me.principal.account;
    let key = key.of(account, "create_recruiter_application", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = recruiter::submit(&app, tx, &me.actor, account, &new).await?;
        created(format!("/v1/recruiter/applications/{}", made.id), &RecruiterApplicationDto::from(&made))
    })
    .await?;
    Ok(respond(stored))
}

/// My applications 我的招聘单位申请
#[utoipa::path(
    tag = "recruiter",
    security(("recruiter" = [])),
    responses((status = 200, description = "Newest first", body = PageBody<RecruiterApplicationDto>))
)]
#[get("/v1/recruiter/applications")]
async fn list_own_recruiter_applications(app: web::Data<App>, me: RecruiterAccount) -> Answer {
    let found = recruiter::own_applications(&mut *app.db.read().await?, me.principal.account).await?;
    let items: Vec<RecruiterApplicationDto> = found.iter().map(RecruiterApplicationDto::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// One of my applications 我的招聘单位申请
#[utoipa::path(
    tag = "recruiter",
    security(("recruiter" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application", body = RecruiterApplicationDto))
)]
#[get("/v1/recruiter/applications/{id}")]
async fn get_own_recruiter_application(app: web::Data<App>, me: RecruiterAccount, id: Id) -> Answer {
    let found = recruiter::own_application(&mut *app.db.read().await?, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(RecruiterApplicationDto::from(&found)))
}

/// Withdraw my application 撤回招聘单位申请
#[utoipa::path(
    tag = "recruiter",
    security(("recruiter" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Withdrawn", body = RecruiterApplicationDto),
        (status = 409, description = "`INVALID_STATE`: it was decided or withdrawn"),
    )
)]
#[post("/v1/recruiter/applications/{id}/withdraw")]
async fn withdraw_recruiter_application(
    app: web::Data<App>,
    me: RecruiterAccount,
    id: Id,
    _body: Empty,
) -> Answer {
    let done = recruiter::withdraw(&app, &me.actor, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(RecruiterApplicationDto::from(&done)))
}

/// The recruiter I act for 本单位
#[utoipa::path(
    tag = "recruiter",
    security(("recruiter" = ["recruit"])),
    responses((status = 200, description = "How it stands", body = RecruiterDto))
)]
#[get("/v1/recruiter/profile")]
async fn get_own_recruiter(app: web::Data<App>, by: ByRecruiter<can::Recruit>) -> Answer {
    let found = recruiter::own(&mut *app.db.read().await?, by.recruiter).await?;
    Ok(HttpResponse::Ok().json(recruiter_dto(&app, &found)?))
}
