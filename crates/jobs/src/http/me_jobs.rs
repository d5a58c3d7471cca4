//! `/v1/me/resume` and `/v1/me/job-applications`.

use actix_web::{HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, Problem, Uscc, text};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::wire::{self, Progress};
use unionhall_web::{Answer, App, Body, Empty, Id, Listing, Member, Once, OnceHeader, PageBody};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::public::JobItem;
use crate::application::{self, Application, Detail, Reason, State};
use crate::posting::Posting;
use crate::resume::{self, Content, Experience, Resume};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(get_resume)
        .service(put_resume)
        .service(create_job_application)
        .service(list_my_job_applications)
        .service(get_my_job_application)
        .service(withdraw_job_application)
        .service(accept_job_offer);
}

/// A resume, as its owner writes and reads it. 我的简历
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResumeBody {
    /// What it says.
    content: Content,
    /// Credit codes of employers who are not to see it; one's own employer never does. 屏蔽单位
    #[schema(max_items = 20, example = json!(["91410100MA000ABC24"]))]
    blocked_employers: Vec<String>,
}

/// A resume. 简历
#[derive(Debug, Serialize, ToSchema)]
struct ResumeDto {
    /// What it says.
    content: Content,
    /// Credit codes of employers who are not to see it. 屏蔽单位
    blocked_employers: Vec<String>,
    /// When it was written last.
    changed_at: String,
}

impl From<Resume> for ResumeDto {
    fn from(resume: Resume) -> Self {
        let Resume { content, blocked, changed_at } = resume;
        Self { content, blocked_employers: blocked, changed_at: wire::instant(changed_at) }
    }
}

// May be left empty.
fn some(raw: &str, max: usize) -> Result<String, Invalid> {
    if raw.is_empty() { Ok(String::new()) } else { paragraphs(raw, 1, max) }
}

fn stated(dto: &ResumeBody) -> Result<(Content, Vec<String>), Problem> {
    let mut fields = Fields::new();
    let Content { headline, education, skills, about, experiences } = &dto.content;
    let headline = fields.take("/content/headline", text::line(headline, 2, 60));
    let education = fields.take("/content/education", some(education, 60));
    let skills = fields.take("/content/skills", some(skills, 500));
    let about = fields.take("/content/about", some(about, 1000));
    let many = |what: &'static str| Invalid::new("COUNT", what);
    fields.require(experiences.len() <= 20, "/content/experiences", many("工作经历不超过20条。"));
    fields.require(dto.blocked_employers.len() <= 20, "/blocked_employers", many("屏蔽单位不超过20个。"));
    let experiences: Vec<Experience> = experiences
        .iter()
        .enumerate()
        .filter_map(|(n, e)| {
            let at = format!("/content/experiences/{n}");
            let employer = fields.take(&format!("{at}/employer"), text::line(&e.employer, 1, 60));
            let title = fields.take(&format!("{at}/title"), text::line(&e.title, 1, 60));
            let description = fields.take(&format!("{at}/description"), some(&e.description, 500));
            Some(Experience { employer: employer?, title: title?, description: description? })
        })
        .collect();
    let blocked: Vec<String> = dto
        .blocked_employers
        .iter()
        .enumerate()
        .filter_map(|(n, code)| fields.take(&format!("/blocked_employers/{n}"), Uscc::parse(code)))
        .map(|code| code.as_str().to_owned())
        .collect();
    let (Some(headline), Some(education), Some(skills), Some(about)) = (headline, education, skills, about)
    else {
        return Err(fields.problem());
    };
    fields.finish()?;
    Ok((Content { headline, education, skills, about, experiences }, blocked))
}

/// My resume 我的简历
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    responses(
        (status = 200, description = "The resume", body = ResumeDto),
        (status = 404, description = "`NOT_FOUND`: none was written"),
    )
)]
#[get("/v1/me/resume")]
async fn get_resume(app: web::Data<App>, me: Member<1>) -> Answer {
    let person = me.person()?;
    let found = resume::get(&app.sealer, &mut *app.db.read().await?, person).await?;
    Ok(HttpResponse::Ok().json(ResumeDto::from(found)))
}

/// Write my resume 填写简历
///
/// As a whole. What was handed in with an application stays what it was.
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    request_body = ResumeBody,
    responses(
        (status = 200, description = "The resume", body = ResumeDto),
        (status = 422, description = "`VALIDATION_FAILED`: `TEXT_FORMAT`, `COUNT`, `USCC_CHECK_DIGIT` at `/blocked_employers/0`, …"),
    )
)]
#[put("/v1/me/resume")]
async fn put_resume(app: web::Data<App>, me: Member<1>, body: Body<ResumeBody>) -> Answer {
    let (content, blocked) = stated(&body)?;
    let written = resume::put(&app, &me.actor, me.person()?, &content, &blocked).await?;
    Ok(HttpResponse::Ok().json(ResumeDto::from(written)))
}

/// An application to be handed in. 投递
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJobApplication {
    /// For which posting.
    posting_id: Uuid,
}

/// An application of mine. 我的求职申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobApplicationDto {
    /// Its id.
    id: Uuid,
    /// The job, as it stands now.
    job: JobItem,
    /// 状态
    state: State,
    /// Why not, of a rejected one. 不合适原因
    reason: Option<Reason>,
    /// In words. 原因说明
    reason_text: Option<&'static str>,
    /// Whether the recruiter knows who I am. 是否已公开联系方式
    revealed: bool,
    /// When it was handed in.
    submitted_at: String,
    /// When it moved last.
    changed_at: String,
    /// 办理进度
    progress: Progress,
}

/// Where an application stands, in words.
pub(crate) fn progress(a: &Application, posting: &Posting) -> Progress {
    let state = a.state();
    let next_step = match state {
        State::Submitted => "招聘单位查看简历",
        State::Viewed => "等待招聘单位邀约",
        State::Invited => "与招聘单位面谈",
        State::Offered => "请确认是否接受录用",
        State::Hired => "祝贺入职",
        State::Rejected => "可投递其他职位",
        State::Withdrawn => "职位仍在招聘时可再次投递",
        State::Lapsed => "招聘已结束，可投递其他职位",
    };
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for: state.waits_for(),
        next_step,
        due_on: a.due_on(posting.valid_through),
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

impl JobApplicationDto {
    fn of((a, posting, recruiter_name): Detail) -> Result<Self, Problem> {
        Ok(Self {
            id: a.id,
            state: a.state(),
            reason: a.reason(),
            reason_text: a.reason().map(Reason::text),
            revealed: a.state().reveals(),
            submitted_at: wire::instant(a.created_at),
            changed_at: wire::instant(a.changed_at),
            progress: progress(&a, &posting),
            job: JobItem::of(&posting, recruiter_name)?,
        })
    }
}

/// Apply for a job 投递简历
///
/// With the resume as it is now. The recruiter sees what it says, and the name, the mobile and contacts in the text only once they
/// invite. At most 3 to one posting ever, 20 that are open, and 30 a day (Shanghai).
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = NewJobApplication,
    responses(
        (status = 201, description = "Handed in", body = JobApplicationDto),
        (status = 404, description = "`NOT_FOUND`: no such posting is shown"),
        (status = 409, description = "`POSTING_CLOSED`; `ALREADY_EXISTS`: one has applied for it, or for the same text posted before; `NOT_ELIGIBLE`: `rule` = `own_employer`, `blocked_employer`, or `public_service`: `detail` says whom to call; `INVALID_STATE`: there is no resume or no mobile; `ALREADY_HAVE`: three to this posting or twenty open ones; `MODULE_CLOSED`; `IN_PROGRESS`"),
        (status = 429, description = "`TRIES_EXHAUSTED`: thirty today; `Retry-After` leads to midnight"),
    )
)]
#[post("/v1/me/job-applications")]
async fn create_job_application(
    app: web::Data<App>,
    me: Member<1>,
    key: Once,
    body: Body<NewJobApplication>,
) -> Answer {
    let (person, account) = (me.person()?, me.principal.account);
    let posting = body.posting_id;
    let key = key.of(account, "create_job_application", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = application::apply(&app, tx, &me.actor, (person, account), posting).await?;
        let detail = application::of_recruiter(tx, made.id).await?;
        created(format!("/v1/me/job-applications/{}", made.id), &JobApplicationDto::of(detail)?)
    })
    .await?;
    Ok(respond(stored))
}

/// My applications 我的求职申请
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(Listing),
    responses((status = 200, description = "In the order of their ids, which says nothing about time", body = PageBody<JobApplicationDto>))
)]
#[get("/v1/me/job-applications")]
async fn list_my_job_applications(app: web::Data<App>, me: Member<1>, listing: Listing) -> Answer {
    let (limit, person) = (listing.limit()?, me.person()?);
    let binding = format!("my-job-applications|{person}");
    let after: Option<Uuid> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let page = application::list_own(&mut conn, person, after, limit).await?;
    let key = |(a, ..): &Detail| a.id;
    Ok(HttpResponse::Ok().json(PageBody::of(&app, &binding, page, key, JobApplicationDto::of)?))
}

/// One of my applications 我的求职申请
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, description = "The application", body = JobApplicationDto))
)]
#[get("/v1/me/job-applications/{id}")]
async fn get_my_job_application(app: web::Data<App>, me: Member<1>, id: Id) -> Answer {
    let mut conn = app.db.read().await?;
    let found = application::own(&mut conn, me.person()?, id.0).await?;
    let detail = application::of_recruiter(&mut conn, found.id).await?;
    Ok(HttpResponse::Ok().json(JobApplicationDto::of(detail)?))
}

async fn told(app: &App, moved: Application) -> Answer {
    let detail = application::of_recruiter(&mut *app.db.read().await?, moved.id).await?;
    Ok(HttpResponse::Ok().json(JobApplicationDto::of(detail)?))
}

/// Withdraw my application 撤回投递
///
/// The recruiter sees the resume no more. While the posting is live one may apply again.
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Withdrawn", body = JobApplicationDto),
        (status = 409, description = "`INVALID_STATE`: it has ended"),
    )
)]
#[post("/v1/me/job-applications/{id}/withdraw")]
async fn withdraw_job_application(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let moved = application::withdraw(&app, &me.actor, me.person()?, id.0).await?;
    told(&app, moved).await
}

/// Take the place that is offered 接受录用
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The application")),
    responses(
        (status = 200, description = "Hired", body = JobApplicationDto),
        (status = 409, description = "`INVALID_STATE`: nothing is offered; `POSTING_CLOSED`: the last place is taken"),
    )
)]
#[post("/v1/me/job-applications/{id}/accept")]
async fn accept_job_offer(app: web::Data<App>, me: Member<1>, id: Id, _body: Empty) -> Answer {
    let moved = application::accept(&app, &me.actor, me.person()?, id.0).await?;
    told(&app, moved).await
}
