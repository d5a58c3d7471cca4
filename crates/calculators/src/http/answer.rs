//! What every calculator answers.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};
use unionhall_casework::calendar::Calendar;
use unionhall_kernel::Problem;
use unionhall_web::{Answer, App};
use utoipa::ToSchema;

use crate::annual_leave::{AnnualLeave, AnnualLeaveResult};
use crate::calculation::{Calculation, Calculator, Context};
use crate::dues::{Dues, DuesResult};
use crate::limitation::{Limitation, LimitationResult};
use crate::no_contract::{NoContract, NoContractResult};
use crate::overtime::{Overtime, OvertimeResult};
use crate::parameter::{self, Key, Used};
use crate::probation::{Probation, ProbationResult};
use crate::retirement::{Retirement, RetirementResult};
use crate::severance::{Severance, SeveranceResult};
use crate::work_injury::{WorkInjury, WorkInjuryResult};
use crate::working::{Article, Line, Worked};

const DISCLAIMER: &str = "计算结果仅供参考，不作为仲裁、诉讼或支付的依据；以法律法规、当地规定和有关机构的认定为准。本次填写的内容不予保存。";

/// A parameter that a calculation used. 所用参数
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsedParameter {
    /// 参数
    key: Key,
    /// The division it was published for; 000000 for the country. 适用地区
    #[schema(example = "410000")]
    region: String,
    /// The version of that key and region. 版本
    #[schema(minimum = 1, example = 2)]
    version: i32,
    /// From when it holds. 生效日期
    valid_from: NaiveDate,
    /// What it says, in the shape of its key. 参数值
    #[schema(value_type = Object)]
    value: Map<String, Value>,
    /// In what its numbers are. 单位
    #[schema(example = "分")]
    unit: &'static str,
    /// Where it was published. 依据文件
    #[schema(example = "人社部发〔2025〕2号")]
    source: String,
}

impl From<Used> for UsedParameter {
    fn from(used: Used) -> Self {
        let Used { key, region, number, valid_from, value, source } = used;
        let value = value.as_object().cloned().unwrap_or_default();
        Self { key, region, version: number, valid_from, value, unit: key.unit(), source }
    }
}

/// What stands beside every result. 计算说明
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CalculationFrame {
    /// 计算器
    calculator: Calculator,
    /// 名称
    #[schema(example = "加班工资计算")]
    title: &'static str,
    /// When it was reckoned. 计算日期
    calculated_on: NaiveDate,
    /// The way to the result. 计算步骤
    lines: Vec<Line>,
    /// 法律依据
    articles: Vec<Article>,
    /// The versions that were in force. 所用参数
    parameters: Vec<UsedParameter>,
    /// What is to be watched. 提示
    notes: Vec<String>,
    /// 声明: to be shown beside every result
    #[schema(example = "计算结果仅供参考，不作为仲裁、诉讼或支付的依据。")]
    disclaimer: &'static str,
}

macro_rules! answers {
    ($($(#[$doc:meta])* $answer:ident: $inputs:ident => $result:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Serialize, ToSchema)]
            pub(super) struct $answer {
                /// The way to the result and what it rests on. 计算说明
                #[serde(flatten)]
                frame: CalculationFrame,
                /// What was asked. 所填内容
                inputs: $inputs,
                /// 计算结果
                result: $result,
            }

            impl Answered for $inputs {
                type Body = $answer;

                fn body(self, frame: CalculationFrame, result: $result) -> $answer {
                    $answer { frame, inputs: self, result }
                }
            }
        )*
    };
}

/// A calculation with the body of its answer.
pub(super) trait Answered: Calculation + Sized {
    /// The body.
    type Body: Serialize;

    /// Puts it together.
    fn body(self, frame: CalculationFrame, result: Self::Result) -> Self::Body;
}

answers! {
    /// Overtime, reckoned. 加班工资计算结果
    OvertimeAnswer: Overtime => OvertimeResult;
    /// The end of a job, reckoned. 经济补偿计算结果
    SeveranceAnswer: Severance => SeveranceResult;
    /// Work without a contract, reckoned. 二倍工资计算结果
    NoContractAnswer: NoContract => NoContractResult;
    /// Annual leave, reckoned. 年休假计算结果
    AnnualLeaveAnswer: AnnualLeave => AnnualLeaveResult;
    /// A work injury, reckoned. 工伤待遇计算结果
    WorkInjuryAnswer: WorkInjury => WorkInjuryResult;
    /// A probation, checked. 试用期核对结果
    ProbationAnswer: Probation => ProbationResult;
    /// Retirement, reckoned. 退休年龄计算结果
    RetirementAnswer: Retirement => RetirementResult;
    /// Periods, reckoned. 时效计算结果
    LimitationAnswer: Limitation => LimitationResult;
    /// Dues, reckoned. 会费计算结果
    DuesAnswer: Dues => DuesResult;
}

/// Reckons with the parameters of the request's region, and answers.
pub(super) async fn answer<C: Answered>(app: &App, asked: C) -> Answer {
    let region = asked.region().unwrap_or(parameter::PROVINCE);
    let regions = parameter::chain(region).map_err(|invalid| Problem::invalid("/region", invalid))?;
    let mut conn = app.db.read().await?;
    let book = parameter::load(&mut conn, regions).await?;
    let calendar = Calendar::load(&mut conn).await?;
    drop(conn);
    let mut context = Context { book, calendar, today: app.today() };
    let Worked { result, lines, notes } = asked.work(&mut context)?;
    let frame = CalculationFrame {
        calculator: C::OF,
        title: C::OF.title(),
        calculated_on: context.today,
        lines,
        articles: C::OF.articles().to_vec(),
        parameters: context.book.used().into_iter().map(UsedParameter::from).collect(),
        notes,
        disclaimer: DISCLAIMER,
    };
    Ok(HttpResponse::Ok().json(asked.body(frame, result)))
}
