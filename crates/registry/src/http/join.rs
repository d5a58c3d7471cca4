//! Join applications as the applicant meets them: `/v1/me/join-applications`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{
    Code, Document, Fields, IdType, Invalid, PersonName, Pii, Problem, codes, division, mask,
};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{Answer, App, Body, Empty, Id, Member, Once, OnceHeader, PageBody, once};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::join::{self, Application, State, Statement, Target};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(create_join_application)
        .service(list_my_join_applications)
        .service(get_my_join_application)
        .service(withdraw_join_application)
        .service(resubmit_join_application);
}

/// What an applicant states. 入会申请内容
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatementDto {
    /// 姓名
    #[schema(value_type = PersonName, example = "王小明")]
    name: Pii<String>,
    /// 证件类型
    id_type: IdType,
    /// 证件号码
    #[schema(value_type = Document, example = "410102194912319982")]
    id_number: Pii<String>,
    /// 就业形态: `employment_form` of the code tables.
    #[schema(max_length = 4, example = "13")]
    employment_form: Option<String>,
    /// 工作地: a county division.
    #[schema(max_length = 9, example = "410102")]
    work_division: Option<String>,
}

impl StatementDto {
    fn parse(&self, today: chrono::NaiveDate, at: &str, fields: &mut Fields) -> Option<Statement> {
        let name = fields.take(&format!("{at}/name"), PersonName::parse(self.name.expose()));
        let document = Document::parse(self.id_type, self.id_number.expose(), today, Entry::Person);
        let document = fields.take(&format!("{at}/id_number"), document);
        if let Some(form) = &self.employment_form {
            let known = codes::lookup("employment_form", form).is_some();
            let unknown = Invalid::new("CODE_UNKNOWN", "没有此就业形态。");
            fields.require(known, &format!("{at}/employment_form"), unknown);
        }
        if let Some(code) = &self.work_division {
            let known = division::division(code).is_some();
            let unknown = Invalid::new("DIVISION_UNKNOWN", "没有此区划。");
            fields.require(known, &format!("{at}/work_division"), unknown);
        }
        Some(Statement {
            name: name?,
            document: document?,
            employment_form: self.employment_form.clone(),
            work_division: self.work_division.clone(),
        })
    }
}

/// An application: to a union, or to a county's holding pool.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApplication {
    /// My union; exactly one of this and `pool_division`.
    union_id: Option<Uuid>,
    /// I have none: the county whose pool takes me.
    #[schema(max_length = 6, example = "410102")]
    pool_division: Option<String>,
    /// What I state.
    statement: StatementDto,
}

/// An application, as the applicant sees it. 入会申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApplicationDto {
    /// Its id.
    id: Uuid,
    /// 申请加入的工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// 姓名, masked.
    name: String,
    /// 证件类型
    id_type: IdType,
    /// 证件号码, masked.
    id_number: String,
    /// When it was handed in.
    submitted_at: String,
    /// 状态
    state: State,
    /// Why it was returned or rejected.
    reason: Option<String>,
    /// 办理进度
    progress: Progress,
}

impl From<Application> for ApplicationDto {
    fn from(a: Application) -> Self {
        Self {
            progress: a.progress(),
            id: a.id,
            union_id: a.org,
            union_name: a.org_name,
            name: mask::name(&a.name),
            id_type: a.id_type,
            id_number: mask::document_number(&a.id_number),
            submitted_at: wire::instant(a.submitted_at),
            state: a.state,
            reason: a.reason,
        }
    }
}

/// Apply to join 申请入会
#[utoipa::path(
    tag = "join",
    security(("member" = [])),
    params(OnceHeader),
    request_body = NewApplication,
    responses(
        (status = 201, description = "Handed in", body = ApplicationDto),
        (status = 404, description = "`NOT_FOUND`: no such union or county"),
        (status = 409, description = "`APPLICATION_OPEN`, `INVALID_STATE`: a member already; `MODULE_CLOSED`: the union takes no applications here; `IN_PROGRESS`"),
    )
)]
#[post("/v1/me/join-applications")]
async fn create_join_application(
    app: web::Data<App>,
    me: Member,
    once_: Once,
    body: Body<NewApplication>,
) -> Answer {
    let mut fields = Fields::new();
    let target = match (body.union_id, &body.pool_division) {
        (Some(union), None) => Some(Target::Union(union)),
        (None, Some(division)) => Some(Target::Pool(division.clone())),
        _ => {
            fields.refuse("/union_id", Invalid::new("ONE_OF", "请选择工会，或选择所在县区。"));
            None
        }
    };
    let statement = body.statement.parse(app.today(), "/statement", &mut fields);
    let (Some(target), Some(statement)) = (target, statement) else {
        return Err(fields.problem().into());
    };
    fields.finish()?;
    let core = &app.core;
    let key = once_.of(me.principal.account, "create_join_application", body.raw());
    let stored = unionhall_storage::once::once(&core.db, core.now(), Some(key), async |tx| {
        let made = join::submit(core, tx, &me.actor, &me.principal, &target, &statement).await?;
        once::created(format!("/v1/me/join-applications/{}", made.id), &ApplicationDto::from(made))
    })
    .await;
    match stored {
        // Two different applications at the same moment: one stands.
        Err(problem) if unionhall_storage::db::constraint(&problem) == Some("member_application_open") => {
            Err(Problem::new(Code::ApplicationOpen).into())
        }
        other => Ok(once::respond(other?)),
    }
}

/// My applications 我的入会申请
#[utoipa::path(
    tag = "join",
    security(("member" = [])),
    responses((status = 200, description = "Newest first", body = PageBody<ApplicationDto>))
)]
#[get("/v1/me/join-applications")]
async fn list_my_join_applications(app: web::Data<App>, me: Member) -> Answer {
    let found = join::list_own(&app, &mut *app.db.read().await?, me.principal.account, 50).await?;
    let items: Vec<ApplicationDto> = found.into_iter().map(ApplicationDto::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// One of my applications 我的入会申请
#[utoipa::path(
    tag = "join",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application", body = ApplicationDto))
)]
#[get("/v1/me/join-applications/{id}")]
async fn get_my_join_application(app: web::Data<App>, me: Member, id: Id) -> Answer {
    let found = join::own(&app, &mut *app.db.read().await?, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(ApplicationDto::from(found)))
}

/// Withdraw my application 撤回申请
#[utoipa::path(
    tag = "join",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Withdrawn", body = ApplicationDto),
        (status = 409, description = "`INVALID_STATE`: decided already"),
    )
)]
#[post("/v1/me/join-applications/{id}/withdraw")]
async fn withdraw_join_application(app: web::Data<App>, me: Member, id: Id, _body: Empty) -> Answer {
    let done = join::withdraw(&app, &me.actor, me.principal.account, id.0).await?;
    Ok(HttpResponse::Ok().json(ApplicationDto::from(done)))
}

/// Hand a returned application in again 补正后重新提交
#[utoipa::path(
    tag = "join",
    security(("member" = [])),
    params(("id" = Uuid, Path, description = "The application")),
    request_body = StatementDto,
    responses(
        (status = 200, description = "Under review again", body = ApplicationDto),
        (status = 409, description = "`INVALID_STATE`: it was not returned"),
    )
)]
#[post("/v1/me/join-applications/{id}/resubmit")]
async fn resubmit_join_application(
    app: web::Data<App>,
    me: Member,
    id: Id,
    body: Body<StatementDto>,
) -> Answer {
    let mut fields = Fields::new();
    let statement = body.parse(app.today(), "", &mut fields);
    let Some(statement) = statement else { return Err(fields.problem().into()) };
    fields.finish()?;
    let done = join::resubmit(&app, &me.actor, me.principal.account, id.0, &statement).await?;
    Ok(HttpResponse::Ok().json(ApplicationDto::from(done)))
}
