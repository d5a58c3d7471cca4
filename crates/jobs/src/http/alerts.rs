//! `/v1/me/job-alerts`.

use actix_web::{HttpResponse, delete, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Fields, Invalid, Problem, text};
use unionhall_storage::once::once;
use unionhall_web::once::{created, respond};
use unionhall_web::{Answer, App, Body, Id, Member, Once, OnceHeader, PageBody, wire};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::division_code;
use super::public::is_open;
use crate::alert::{self, Alert, Wanted};
use crate::listing::grams::Sought;
use crate::posting::EmploymentType;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(create_job_alert).service(list_job_alerts).service(delete_job_alert);
}

/// A search to be kept: what `GET /v1/public/jobs` takes, with a name. 职位订阅
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJobAlert {
    /// What its owner calls it: 1 to 30 characters. 订阅名称
    #[schema(min_length = 1, max_length = 30, example = "中原区车工")]
    name: String,
    /// Up to five words with spaces between them. 关键词
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "车工")]
    q: Option<String>,
    /// A division, with all below it. 工作地行政区划代码
    #[serde(default)]
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division: Option<String>,
    /// Fen a month. 期望月薪
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000, example = 400_000)]
    salary_min: Option<i64>,
    /// With `salary_min`, whether jobs that do not say what they pay stay. 含面议
    #[serde(default)]
    #[schema(example = true)]
    undisclosed: bool,
    /// 用工类型
    #[serde(default)]
    employment_type: Option<EmploymentType>,
}

fn words(raw: &str) -> Result<String, Invalid> {
    let refused = || Invalid::new("TEXT_FORMAT", "关键词为1至40个字，最多5个词，以空格分隔。");
    let q = text::line(raw, 1, 40).map_err(|_| refused())?;
    if Sought::parse(&q).is_some() { Ok(q) } else { Err(refused()) }
}

impl NewJobAlert {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", text::line(&self.name, 1, 30));
        let q = self.q.as_deref().map(|q| fields.take("/q", words(q)));
        let division = self.division.as_deref().map(|code| fields.take("/division", division_code(code)));
        let is_pay = self.salary_min.is_none_or(|fen| (0..=100_000_000).contains(&fen));
        fields.require(is_pay, "/salary_min", Invalid::new("PAY_RANGE", "期望月薪须为0至100万元。"));
        let Some(name) = name else { return Err(fields.problem()) };
        fields.finish()?;
        Ok(Wanted {
            name,
            q: q.flatten(),
            division_code: division.flatten(),
            salary_min: self.salary_min,
            undisclosed: self.undisclosed,
            employment: self.employment_type,
        })
    }
}

/// A search that is kept. 职位订阅
#[derive(Debug, Serialize, ToSchema)]
struct JobAlert {
    /// Its id.
    id: Uuid,
    /// 订阅名称
    name: String,
    /// 关键词
    #[schema(example = "车工")]
    q: Option<String>,
    /// 工作地行政区划代码
    #[schema(example = "410102")]
    division: Option<String>,
    /// Fen a month. 期望月薪
    #[schema(example = 400_000)]
    salary_min: Option<i64>,
    /// 含面议
    undisclosed: bool,
    /// 用工类型
    employment_type: Option<EmploymentType>,
    /// Its last day, unless it finds something before: then it is 180 days from there on. 有效期至
    ends_on: NaiveDate,
    /// When it was written.
    created_at: String,
}

impl JobAlert {
    fn of(found: &Alert) -> Result<Self, Problem> {
        let Wanted { name, q, division_code, salary_min, undisclosed, employment } = found.wanted()?;
        Ok(Self {
            id: found.id,
            name,
            q,
            division: division_code,
            salary_min,
            undisclosed,
            employment_type: employment,
            ends_on: found.ends_on,
            created_at: wire::instant(found.created_at),
        })
    }
}

/// Keep a search 订阅职位
///
/// Every morning at eight (Shanghai) the inbox tells of jobs that were shown for the first time since: one message an alert, with
/// how many and the first titles. Jobs of one's own employer and of those one blocked are left out. At most 10.
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(OnceHeader),
    request_body = NewJobAlert,
    responses(
        (status = 201, description = "Kept", body = JobAlert),
        (status = 409, description = "`ALREADY_HAVE`: there are ten; `MODULE_CLOSED`; `IN_PROGRESS`"),
        (status = 422, description = "`VALIDATION_FAILED`: `TEXT_FORMAT` at `/q`, `DIVISION_UNKNOWN` at `/division`, `PAY_RANGE` at `/salary_min`, …"),
    )
)]
#[post("/v1/me/job-alerts")]
async fn create_job_alert(app: web::Data<App>, me: Member<1>, key: Once, body: Body<NewJobAlert>) -> Answer {
    let (person, wanted) = (me.person()?, body.wanted()?);
    let key = key.of(me.principal.account, "create_job_alert", body.raw());
    let stored = once(&app.db, app.now(), Some(key), async |tx| {
        if !is_open(tx, Some(person), app.today()).await? {
            return Err(Problem::new(Code::ModuleClosed));
        }
        let made = alert::create(&app, tx, &me.actor, person, &wanted).await?;
        created("/v1/me/job-alerts".to_owned(), &JobAlert::of(&made)?)
    })
    .await?;
    Ok(respond(stored))
}

/// Searches I keep 我的职位订阅
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    responses((status = 200, description = "The oldest first, at most 10", body = PageBody<JobAlert>))
)]
#[get("/v1/me/job-alerts")]
async fn list_job_alerts(app: web::Data<App>, me: Member<1>) -> Answer {
    let found = alert::list(&mut *app.db.read().await?, me.person()?).await?;
    let items = found.iter().map(JobAlert::of).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// Forget a search 取消职位订阅
#[utoipa::path(
    tag = "jobs",
    security(("member" = ["level:1"])),
    params(("id" = Uuid, Path, description = "The alert")),
    responses((status = 204, description = "It is run no more"))
)]
#[delete("/v1/me/job-alerts/{id}")]
async fn delete_job_alert(app: web::Data<App>, me: Member<1>, id: Id) -> Answer {
    alert::delete(&app, &me.actor, me.person()?, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
