//! `/v1/me/job-reports`.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_kernel::text::paragraphs;
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{Answer, App, Body, Member, Once, OnceHeader, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::posting::{self, NewReport, ReportKind};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(create_job_report);
}

/// What is wrong with a posting. 举报职位
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJobReport {
    /// The posting.
    posting_id: Uuid,
    /// 类型
    kind: ReportKind,
    /// 说明: 2 to 500 characters.
    #[schema(min_length = 2, max_length = 500, example = "面试时要求交300元押金。")]
    statement: String,
}

/// A report that was taken. 举报
#[derive(Debug, Serialize, ToSchema)]
struct JobReportDto {
    /// Its id.
    id: Uuid,
    /// The posting.
    posting_id: Uuid,
    /// When it came.
    reported_at: String,
}

/// Report a posting 举报职位
///
/// Neither the recruiter nor the public learns whose it is. With the third person's report the posting is hidden at once, until the county has looked.
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = NewJobReport,
    responses(
        (status = 201, description = "Taken", body = JobReportDto),
        (status = 404, description = "`NOT_FOUND`: no such posting is shown"),
        (status = 409, description = "`ALREADY_EXISTS`: one has reported it; `IN_PROGRESS`"),
    )
)]
#[post("/v1/me/job-reports")]
async fn create_job_report(
    app: web::Data<App>,
    me: Member<1>,
    key: Once,
    body: Body<NewJobReport>,
) -> Answer {
    let statement = paragraphs(&body.statement, 2, 500).map_err(|e| Problem::invalid("/statement", e))?;
    let (person, posting) = (me.person()?, body.posting_id);
    let new = NewReport { posting, kind: body.kind, statement };
    let key = key.of(me.principal.account, "create_job_report", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        let made = posting::report(&app, tx, &me.actor, person, &new).await?;
        let dto =
            JobReportDto { id: made.id, posting_id: posting, reported_at: wire::instant(made.created_at) };
        created(format!("/v1/public/jobs/{posting}"), &dto)
    })
    .await?;
    Ok(respond(stored))
}
