//! `/v1/public/jobs`: whoever looks for work.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem, shanghai_date};
use unionhall_registry::membership;
use unionhall_registry::module::{self, Module};
use unionhall_storage::Conn;
use unionhall_web::{Answer, App, Id, Listing, PageBody, Public, Query};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::division_code;
use super::json_ld::JobPostingLd;
use super::terms::PayDto;
use crate::listing::grams::Sought;
use crate::listing::{self, Filter, Found, Key, Order};
use crate::posting::{self, EmploymentType, Posting, Source, State, Terms};
use crate::recruiter;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(search_jobs).service(get_job);
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct JobQuery {
    /// Up to five words with spaces between them, all of which are sought; a single character is sought in titles. 关键词
    #[param(min_length = 1, max_length = 40, example = "普工")]
    q: Option<String>,
    /// A division, with all below it. 工作地行政区划代码
    #[param(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410100")]
    division: Option<String>,
    /// Fen a month: jobs that pay less at most are left out; those whose highest pay is open stay. 期望月薪
    #[param(minimum = 0, maximum = 100_000_000, example = 400_000)]
    salary_min: Option<i64>,
    /// With `salary_min`, whether jobs that do not say what they pay stay. 含面议
    #[param(example = true)]
    undisclosed: Option<bool>,
    /// 用工类型
    employment_type: Option<EmploymentType>,
    /// `relevance`: what has the words in its title first; without words, and in each half, the newest first. 排序
    #[param(inline)]
    order: Option<Order>,
}

fn refused(parameter: &str) -> Problem {
    Problem::new(Code::InvalidParameter).with("parameter", parameter)
}

impl JobQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        let sought = self.q.as_deref().map(|q| Sought::parse(q).ok_or_else(|| refused("q"))).transpose()?;
        let division = self.division.as_deref().map(division_code).transpose();
        let pay_from = self.salary_min.map(|fen| match fen {
            0..=100_000_000 => Ok(fen),
            _ => Err(refused("salary_min")),
        });
        Ok(Filter {
            sought,
            division_code: division.map_err(|_| refused("division"))?,
            employment: self.employment_type,
            pay_from: pay_from.transpose()?,
            undisclosed: self.undisclosed.unwrap_or(false),
            order: self.order.unwrap_or(Order::Relevance),
            newer_than: 0,
        })
    }
}

/// A job in a line. 职位
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobItem {
    /// Its id.
    id: Uuid,
    /// 职位名称
    #[schema(example = "数控车床操作工")]
    title: String,
    /// 招聘单位
    recruiter_name: String,
    /// 用工类型
    employment_type: EmploymentType,
    /// 招聘人数
    headcount: i32,
    /// 工作地行政区划代码
    division_code: String,
    /// 工作地点
    address: String,
    /// 劳动报酬
    pay: PayDto,
    /// What it pays, in words. 薪酬说明
    #[schema(example = "4500-6000元/月")]
    pay_text: String,
    /// When it was first published, Shanghai. 发布日期
    published_on: Option<NaiveDate>,
    /// Its last day, Shanghai. 招聘截止日
    valid_through: Option<NaiveDate>,
}

impl JobItem {
    pub(super) fn of(posting: &Posting, recruiter_name: String) -> Result<Self, Problem> {
        let terms = posting.terms()?;
        Ok(Self {
            id: posting.id,
            title: terms.title,
            recruiter_name,
            employment_type: terms.employment_type,
            headcount: terms.headcount,
            division_code: terms.division_code,
            address: terms.address,
            pay_text: terms.pay.text(),
            pay: terms.pay.into(),
            published_on: posting.published_at.map(shanghai_date),
            valid_through: posting.valid_through,
        })
    }
}

/// Whether the part is open to whoever calls: to the members of a member's own union, and of the province for anybody else.
pub(super) async fn is_open(
    conn: &mut Conn,
    person: Option<Uuid>,
    today: NaiveDate,
) -> Result<bool, Problem> {
    let standing = match person {
        Some(person) => membership::standing(conn, person).await?,
        None => None,
    };
    let open = match standing {
        Some(standing) => module::open_at(conn, &standing.path, today).await?,
        None => module::open_to(conn, None, today).await?,
    };
    Ok(open.contains(&Module::Jobs))
}

/// Search jobs 职位检索
///
/// Jobs that can be applied for today. Nothing where the union has closed the part.
#[utoipa::path(
    tag = "jobs",
    params(JobQuery, Listing),
    responses((status = 200, description = "In the order asked for", body = PageBody<JobItem>))
)]
#[get("/v1/public/jobs")]
async fn search_jobs(
    app: web::Data<App>,
    caller: Public,
    query: Query<JobQuery>,
    listing: Listing,
) -> Answer {
    let (limit, filter, today) = (listing.limit()?, query.filter()?, app.today());
    let binding = format!("jobs|{filter:?}");
    let after: Option<Key> = listing.after(&app, &binding)?;
    let mut conn = app.db.read().await?;
    let person = caller.principal.and_then(|principal| principal.person);
    if !is_open(&mut conn, person, today).await? {
        return Ok(HttpResponse::Ok().json(PageBody::<JobItem>::whole(Vec::new())));
    }
    let page = listing::search(&mut conn, &filter, today, after, limit).await?;
    let next = match page.items.last() {
        Some(last) if page.more => Some(app.cursors.seal(&binding, app.now(), &(last.stream, last.no))?),
        _ => None,
    };
    let described = listing::describe(&mut conn, &page.items).await?;
    let item = |(_, posting, name): (Found, Posting, String)| JobItem::of(&posting, name);
    let items = described.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(PageBody { items, next }))
}

/// A public employment service that published a job: one applies there. 公共就业服务机构
#[derive(Debug, Serialize, ToSchema)]
struct JobSource {
    /// 发布机构
    #[schema(example = "中原区人才服务中心")]
    name: String,
    /// Its own number of the job. 岗位编号
    #[schema(example = "ZY-2026-1")]
    number: String,
    /// Whom to call. 联系电话
    #[schema(example = "0371-12345678")]
    contact: String,
}

impl From<Source> for JobSource {
    fn from(source: Source) -> Self {
        let Source { name, number, contact } = source;
        Self { name, number, contact }
    }
}

/// A job. 职位详情
#[derive(Debug, Serialize, ToSchema)]
struct JobDto {
    /// As in lists.
    #[serde(flatten)]
    job: JobItem,
    /// `LIVE`, `EXPIRED` or `CLOSED`: only a live one can be applied for. 状态
    state: State,
    /// 状态说明
    state_text: &'static str,
    /// 工作内容
    content: String,
    /// 招聘条件
    conditions: String,
    /// 已录用人数
    filled: i32,
    /// 单位基本情况
    recruiter_about: String,
    /// Where it was posted first. 信息来源
    source_url: Option<String>,
    /// Who published it, where one does not apply here but there; null of a recruiter's own. 信息来源
    source: Option<JobSource>,
    /// The posting for search engines (schema.org JobPosting); null once it is closed.
    json_ld: Option<JobPostingLd>,
}

/// One job 职位详情
///
/// A direct link to one that has closed or expired still opens and says so; one that was taken down or is being looked at, or
/// whose recruiter is not verified now, is not found.
#[utoipa::path(
    tag = "jobs",
    params(("id" = Uuid, Path, description = "The posting")),
    responses((status = 200, description = "The job", body = JobDto))
)]
#[get("/v1/public/jobs/{id}")]
async fn get_job(app: web::Data<App>, _caller: Public, id: Id) -> Answer {
    let today = app.today();
    let mut conn = app.db.read().await?;
    let found = posting::shown(&mut conn, id.0).await?;
    let of = recruiter::own(&mut conn, found.recruiter_id).await?;
    if of.state(today) != recruiter::State::Verified {
        return Err(Problem::not_found().into());
    }
    let source = posting::source(&mut conn, found.id).await?;
    let state = found.state(today);
    let terms: Terms = found.terms()?;
    let is_live = state == State::Live;
    let job = JobDto {
        json_ld: is_live.then(|| JobPostingLd::of(&found, &terms, &of.name)),
        job: JobItem::of(&found, of.name)?,
        state,
        state_text: state.text(),
        content: terms.content,
        conditions: terms.conditions,
        filled: found.filled,
        recruiter_about: of.about,
        source_url: terms.source_url,
        source: source.map(JobSource::from),
    };
    Ok(HttpResponse::Ok().json(job))
}
