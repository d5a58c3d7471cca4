//! What this room holds about somebody, for their own copy of it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core};
use unionhall_web::wire::{COPIED, Copied, instant};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::alert;
use crate::application::{self, Application};
use crate::posting::EmploymentType;
use crate::resume::{self, Content};
use crate::schema::{job_posting, job_report};

/// An application with what was handed in. 求职申请
#[derive(Debug, Serialize, ToSchema)]
struct JobApplicationCopy {
    title: String,
    recruiter_name: String,
    #[schema(example = "VIEWED")]
    state: String,
    submitted_at: String,
    handed_in: Content,
}

/// A report of a posting. 举报
#[derive(Debug, Serialize, ToSchema)]
struct JobReportCopy {
    title: String,
    #[schema(example = "fee")]
    kind: String,
    statement: String,
    reported_at: String,
}

/// A search that is kept. 职位订阅
#[derive(Debug, Serialize, ToSchema)]
struct JobAlertCopy {
    name: String,
    q: Option<String>,
    division: Option<String>,
    salary_min: Option<i64>,
    undisclosed: bool,
    employment_type: Option<&'static str>,
    created_at: String,
}

/// What looking for work left behind. 求职记录
#[derive(Debug, Serialize, ToSchema)]
pub struct JobsCopy {
    /// 简历; null without one
    resume: Option<Content>,
    /// 屏蔽单位
    blocked_employers: Vec<String>,
    applications: Copied<JobApplicationCopy>,
    reports: Copied<JobReportCopy>,
    /// 职位订阅, at most ten
    alerts: Vec<JobAlertCopy>,
}

/// Copies a person's resume, applications, reports and alerts.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn copy(core: &Core, conn: &mut Conn, person: Uuid) -> Result<JobsCopy, Problem> {
    let (resume, blocked_employers) = match resume::get(&core.sealer, conn, person).await {
        Ok(found) => (Some(found.content), found.blocked),
        Err(problem) if problem.code == Code::NotFound => (None, Vec::new()),
        Err(problem) => return Err(problem),
    };
    let page = application::list_own(conn, person, None, COPIED).await?;
    let more = page.more;
    let copied = |(a, posting, recruiter_name): application::Detail| {
        let a: Application = a;
        Ok(JobApplicationCopy {
            title: posting.title().to_owned(),
            recruiter_name,
            state: a.state().as_str().to_owned(),
            submitted_at: instant(a.created_at),
            handed_in: a.snapshot(&core.sealer)?.content,
        })
    };
    let items = page.items.into_iter().map(copied).collect::<Result<Vec<_>, Problem>>()?;
    let reports: Vec<(String, String, String, chrono::DateTime<chrono::Utc>)> = job_report::table
        .inner_join(job_posting::table.on(job_posting::id.eq(job_report::posting_id)))
        .filter(job_report::person_id.eq(person))
        .order(job_report::id.desc())
        .limit(COPIED + 1)
        .select((job_posting::title, job_report::kind, job_report::statement, job_report::created_at))
        .load(conn)
        .await?;
    let reports = Copied::cut(reports, |(title, kind, statement, at)| JobReportCopy {
        title,
        kind,
        statement,
        reported_at: instant(at),
    });
    let kept = alert::list(conn, person).await?;
    let copied = |kept: &alert::Alert| {
        let alert::Wanted { name, q, division_code, salary_min, undisclosed, employment } = kept.wanted()?;
        let employment_type = employment.map(EmploymentType::as_str);
        let created_at = instant(kept.created_at);
        Ok(JobAlertCopy {
            name,
            q,
            division: division_code,
            salary_min,
            undisclosed,
            employment_type,
            created_at,
        })
    };
    let alerts = kept.iter().map(copied).collect::<Result<Vec<_>, Problem>>()?;
    Ok(JobsCopy { resume, blocked_employers, applications: Copied { items, more }, reports, alerts })
}
