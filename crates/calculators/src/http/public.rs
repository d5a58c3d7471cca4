//! `/v1/public/calculators`: for everybody, without logging in. They are POSTs because what is told is about a person and must
//! not stand in URLs and logs; nothing is kept.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;
use unionhall_web::{Answer, App, Body, PageBody, Public};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::answer::{
    AnnualLeaveAnswer, DuesAnswer, LimitationAnswer, NoContractAnswer, OvertimeAnswer, ProbationAnswer,
    RetirementAnswer, SeveranceAnswer, WorkInjuryAnswer, answer,
};
use crate::annual_leave::AnnualLeave;
use crate::calculation::Calculator;
use crate::dues::Dues;
use crate::limitation::Limitation;
use crate::no_contract::NoContract;
use crate::overtime::Overtime;
use crate::probation::Probation;
use crate::retirement::Retirement;
use crate::severance::Severance;
use crate::work_injury::WorkInjury;
use crate::working::Article;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_calculators)
        .service(calculate_overtime)
        .service(calculate_severance)
        .service(calculate_no_contract)
        .service(calculate_annual_leave)
        .service(calculate_work_injury)
        .service(calculate_probation)
        .service(calculate_retirement)
        .service(calculate_limitation)
        .service(calculate_dues);
}

/// A calculator that can be asked. 计算器
#[derive(Debug, Serialize, ToSchema)]
struct CalculatorItem {
    /// 计算器
    calculator: Calculator,
    /// 名称
    #[schema(example = "加班工资计算")]
    title: &'static str,
    /// Where it is asked. 地址
    #[schema(example = "/v1/public/calculators/overtime")]
    href: &'static str,
    /// 法律依据
    articles: Vec<Article>,
}

impl From<Calculator> for CalculatorItem {
    fn from(of: Calculator) -> Self {
        Self { calculator: of, title: of.title(), href: of.href(), articles: of.articles().to_vec() }
    }
}

/// The calculators 权益计算器
#[utoipa::path(
    tag = "calculators",
    responses((status = 200, description = "All of them on one page", body = PageBody<CalculatorItem>))
)]
#[get("/v1/public/calculators")]
async fn list_calculators(_caller: Public) -> Answer {
    let items: Vec<CalculatorItem> = Calculator::ALL.iter().copied().map(CalculatorItem::from).collect();
    Ok(HttpResponse::Ok().json(PageBody::whole(items)))
}

/// Reckon overtime pay 计算加班工资
///
/// Hours by kind, or by date for the calendar to tell the kind. Hours are decimals as text with up to two places, amounts fen.
/// Each line is rounded half up to the fen at its end. Nothing that is told is kept.
#[utoipa::path(
    tag = "calculators",
    request_body = Overtime,
    responses(
        (status = 200, description = "Reckoned", body = OvertimeAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `HOURS_FORMAT`, `REQUIRED` at `/workday_hours` without any hours, `NO_PARAMETER` at `/on`"),
    )
)]
#[post("/v1/public/calculators/overtime")]
async fn calculate_overtime(app: web::Data<App>, _caller: Public, body: Body<Overtime>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon compensation for the end of a job 计算经济补偿和赔偿金
///
/// N, N+1 and 2N. Both ends of the service are counted. A job that began before 2008 is marked `needs_review`.
#[utoipa::path(
    tag = "calculators",
    request_body = Severance,
    responses(
        (status = 200, description = "Reckoned", body = SeveranceAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `DATE_ORDER` at `/ended_on`, `WAGE_CLASS`, `DIVISION_UNKNOWN` at `/region`, `NO_PARAMETER` at `/wage_class`, `/minimum_wage_fen` or `/local_average_wage_fen` where nothing is on record: the caller then tells it"),
    )
)]
#[post("/v1/public/calculators/severance")]
async fn calculate_severance(app: web::Data<App>, _caller: Public, body: Body<Severance>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon the second wage for work without a contract 计算未签合同二倍工资
///
/// From the second month to the day before the signature, eleven months at most; working days of a rest by the calendar.
/// Without `signed_on` and `ended_on` it goes on until today.
#[utoipa::path(
    tag = "calculators",
    request_body = NoContract,
    responses(
        (status = 200, description = "Reckoned", body = NoContractAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `DATE_ORDER` at `/signed_on` or `/ended_on`, `NO_PARAMETER` at `/hired_on` before 2008"),
    )
)]
#[post("/v1/public/calculators/no-contract")]
async fn calculate_no_contract(app: web::Data<App>, _caller: Public, body: Body<NoContract>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon annual leave and its pay 计算年休假
///
/// Of a whole year, or in proportion for whoever joined or left in it. With a wage, also the pay of days not taken.
#[utoipa::path(
    tag = "calculators",
    request_body = AnnualLeave,
    responses(
        (status = 200, description = "Reckoned", body = AnnualLeaveAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `NUMBER_RANGE`, `DATE_ORDER` at `/left_on`, `YEAR_DIFFERS` at `/year`, `NO_PARAMETER`"),
    )
)]
#[post("/v1/public/calculators/annual-leave")]
async fn calculate_annual_leave(app: web::Data<App>, _caller: Public, body: Body<AnnualLeave>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon benefits after a work injury 计算工伤待遇
///
/// Lump sum, allowances and nursing for a grade, or what is paid for a death.
#[utoipa::path(
    tag = "calculators",
    request_body = WorkInjury,
    responses(
        (status = 200, description = "Reckoned", body = WorkInjuryAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `INJURY_GRADE` and `GRADE_OR_DEATH` at `/grade`, `DEATH_ONLY`, `INJURY_ONLY`, `COUNT`, `NUMBER_RANGE`, `DIVISION_UNKNOWN` at `/region`, `NO_PARAMETER` at `/on`, `/local_average_wage_fen` or `/national_income_fen`"),
    )
)]
#[post("/v1/public/calculators/work-injury")]
async fn calculate_work_injury(app: web::Data<App>, _caller: Public, body: Body<WorkInjury>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Check a probation 核对试用期
#[utoipa::path(
    tag = "calculators",
    request_body = Probation,
    responses(
        (status = 200, description = "Checked", body = ProbationAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `NUMBER_RANGE`, `TERM_END` and `DATE_ORDER` at `/ends_on`, `WAGE_CLASS`, `DIVISION_UNKNOWN` at `/region`, `NO_PARAMETER` at `/wage_class` or `/minimum_wage_fen`"),
    )
)]
#[post("/v1/public/calculators/probation")]
async fn calculate_probation(app: web::Data<App>, _caller: Public, body: Body<Probation>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon the age of retirement 计算退休年龄
#[utoipa::path(
    tag = "calculators",
    request_body = Retirement,
    responses(
        (status = 200, description = "Reckoned", body = RetirementAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `MONTH_FORMAT` at `/born_in`"),
    )
)]
#[post("/v1/public/calculators/retirement")]
async fn calculate_retirement(app: web::Data<App>, _caller: Public, body: Body<Retirement>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon limitation and other periods 计算时效与期限
///
/// The first day is not counted; a last day that is off moves to the next working day. Wages owed while the job lasts are
/// under no limitation: the list is empty then.
#[utoipa::path(
    tag = "calculators",
    request_body = Limitation,
    responses(
        (status = 200, description = "Reckoned", body = LimitationAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `BREACH_ONLY`, `ARREARS_ONLY`, `NUMBER_RANGE`, `DATE_ORDER` at `/interrupted_on`"),
    )
)]
#[post("/v1/public/calculators/limitation")]
async fn calculate_limitation(app: web::Data<App>, _caller: Public, body: Body<Limitation>) -> Answer {
    answer(&app, body.into_inner()).await
}

/// Reckon dues and funds 计算会费与经费
#[utoipa::path(
    tag = "calculators",
    request_body = Dues,
    responses(
        (status = 200, description = "Reckoned", body = DuesAnswer),
        (status = 422, description = "`VALIDATION_FAILED`: among others `AMOUNT_RANGE`, `REQUIRED` at `/basic_wage_fen` where neither amount is told, `NO_PARAMETER` at `/on`"),
    )
)]
#[post("/v1/public/calculators/dues")]
async fn calculate_dues(app: web::Data<App>, _caller: Public, body: Body<Dues>) -> Answer {
    answer(&app, body.into_inner()).await
}
