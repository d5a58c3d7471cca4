//! Work without a written contract 未签书面劳动合同二倍工资 (劳动合同法 10, 14, 82; 实施条例 6, 7; 法释〔2025〕12号 6).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::day;
use crate::exact::Exact;
use crate::parameter::PaidDays;
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "劳动合同法",
        article: "第十条",
        text: "建立劳动关系应当订立书面劳动合同，最迟自用工之日起一个月内订立",
    },
    Article {
        law: "劳动合同法",
        article: "第八十二条",
        text: "自用工之日起超过一个月不满一年未订立书面劳动合同的，每月支付二倍工资",
    },
    Article {
        law: "劳动合同法实施条例",
        article: "第六条、第七条",
        text: "二倍工资自用工满一个月的次日起算，截至补订前一日；满一年未订立的，视为已订立无固定期限劳动合同",
    },
    Article {
        law: "法释〔2025〕12号", article: "第六条", text: "不满一个月的，按照该月实际工作日计算"
    },
];

/// The months from the second to the twelfth: no more are owed.
const MOST_MONTHS: u32 = 11;

/// Work without a written contract. 用工情况
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NoContractInputs)]
#[serde(deny_unknown_fields)]
pub struct NoContract {
    /// First day at work, 2008-01-03 or later. 用工之日
    #[schema(example = "2025-03-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub hired_on: NaiveDate,
    /// When a contract was signed; null where none was. 签订日期
    #[schema(example = "2025-08-16")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub signed_on: Option<NaiveDate>,
    /// Last day at work where the job ended before; still at work without. 离职日期
    #[schema(example = "2025-12-31")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub ended_on: Option<NaiveDate>,
    /// The wage of a month, fen. 月工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 600_000)]
    pub monthly_wage_fen: i64,
}

/// What is owed for the time without a contract. 二倍工资差额
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoContractResult {
    /// The first day it is owed for; null where it is owed for none. 起算日
    pub first_day: Option<NaiveDate>,
    /// The last one, counted; null where it is owed for none. 截止日
    pub last_day: Option<NaiveDate>,
    /// Whole months, 11 at most. 整月数
    #[schema(minimum = 0, maximum = 11, example = 4)]
    pub months: u32,
    /// Working days of the rest. 不满一月的工作日
    #[schema(minimum = 0, example = 11)]
    pub workdays: u32,
    /// The second wage, beside the one that is paid. 应加付的一倍工资
    pub extra_fen: Fen,
    /// From when on a contract without a term counts as made; null where the year did not pass without one. 视为订立无固定期限合同之日
    pub open_ended_from: Option<NaiveDate>,
}

impl Calculation for NoContract {
    type Result = NoContractResult;

    const OF: Calculator = Calculator::NoContract;

    fn work(&self, context: &mut Context) -> Result<Worked<NoContractResult>, Problem> {
        let mut fields = Fields::new();
        let wage = fields.take("/monthly_wage_fen", working::wage(self.monthly_wage_fen));
        for (pointer, date) in [("/signed_on", self.signed_on), ("/ended_on", self.ended_on)] {
            working::ordered(&mut fields, self.hired_on, date.unwrap_or(self.hired_on), pointer);
        }
        let Some(wage) = wage else { return Err(fields.problem()) };
        fields.finish()?;
        let first = day::months_after(self.hired_on, 1);
        let anniversary = day::months_after(self.hired_on, 12);
        // Without either date it goes on until today.
        let worked_until = self.ended_on.unwrap_or(match self.signed_on {
            Some(signed) => day::eve(signed),
            None => context.today,
        });
        let unsigned_until = self.signed_on.map_or(worked_until, |signed| worked_until.min(day::eve(signed)));
        let last = unsigned_until.min(day::eve(anniversary));
        let mut steps = Steps::default();
        let owed = first <= last;
        let months = if owed { day::full_months(first, last).min(MOST_MONTHS) } else { 0 };
        let rest_from = day::months_after(first, months);
        // A year from the 31st has eleven months and a few days behind the short first one: eleven are owed.
        let counts = owed && months < MOST_MONTHS;
        let rest = day::each(rest_from, last).filter(|day| counts && context.calendar.is_workday(*day));
        let workdays = u32::try_from(rest.count()).unwrap_or(0);
        let paid: PaidDays = context.book.need(last.max(self.hired_on), "/hired_on")?;
        let exact = Exact::from(wage)
            * (Exact::from(i64::from(months))
                + Exact::from(i64::from(workdays)) / Exact::percent(paid.hundredths));
        let extra = exact.fen().map_err(|invalid| Problem::invalid("/monthly_wage_fen", invalid))?;
        let period = if owed {
            format!("{first}至{last}")
        } else {
            "用工一个月内已订立或未超过一个月".to_owned()
        };
        steps.say("应付二倍工资的期间", period, format!("{months}个月零{workdays}个工作日"));
        let days = Exact::percent(paid.hundredths).decimal(2);
        let formula = format!("{wage} × {months} + {wage} ÷ {days} × {workdays}");
        let extra_fen = steps.money("应加付的一倍工资", formula, extra);
        let open_ended_from = (unsigned_until >= anniversary).then_some(anniversary);
        if let Some(from) = open_ended_from {
            steps.note(format!("自{from}起视为已订立无固定期限劳动合同，单位仍应补订书面合同。"));
        }
        if owed {
            steps.note("二倍工资差额适用一年仲裁时效，请同时核对时效期限。");
        }
        steps.note("约定不缴社会保险的协议无效，劳动者可据此解除合同并要求经济补偿。");
        Ok(steps.done(NoContractResult {
            first_day: owed.then_some(first),
            last_day: owed.then_some(last),
            months,
            workdays,
            extra_fen,
            open_ended_from,
        }))
    }
}
