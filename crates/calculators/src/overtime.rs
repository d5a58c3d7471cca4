//! Overtime 加班工资 (劳动法 41, 44; 工资支付暂行规定 13; 人社部发〔2025〕2号).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_casework::calendar::Calendar;
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::exact::Exact;
use crate::parameter::{OvertimeRates, PaidDays};
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "劳动法",
        article: "第四十四条",
        text: "平日延长工时不低于150%，休息日工作又不能补休的不低于200%，法定休假日工作不低于300%",
    },
    Article {
        law: "劳动法",
        article: "第四十一条",
        text: "延长工时一般每日不超过1小时，特殊情况不超过3小时，每月不超过36小时",
    },
    Article {
        law: "工资支付暂行规定",
        article: "第十三条",
        text: "综合计算工时的，超过总工时部分按150%支付；不定时工作制不适用",
    },
    Article {
        law: "人社部发〔2025〕2号",
        article: "第二条",
        text: "月计薪天数21.75天，日工资=月工资÷21.75，小时工资=日工资÷8",
    },
];

/// How hours are reckoned. 工时制度
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkingTime {
    /// 标准工时
    #[default]
    Standard,
    /// 综合计算工时: what is over the total is paid as on a working day, holidays as such
    Comprehensive,
    /// 不定时工作制: no overtime pay
    Flexible,
}

/// Hours worked on a day. 某日加班
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OvertimeDay {
    /// 日期
    #[schema(example = "2026-10-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    date: NaiveDate,
    /// Hours of overtime, with up to two places; 24 at most. 小时
    #[schema(example = "2.5", max_length = 6)]
    hours: String,
}

/// What was worked beyond the ordinary. 加班情况
///
/// Hours by kind, or by date for the calendar to tell the kind, or both: they add up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = OvertimeInputs)]
#[serde(deny_unknown_fields)]
pub struct Overtime {
    /// The wage of a full month, fen. 月工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 522_000)]
    pub monthly_wage_fen: i64,
    /// 工时制度; standard without
    #[serde(default)]
    pub working_time: WorkingTime,
    /// Hours beyond the day's on working days, with up to two places; 744 at most. 平日延时小时
    #[schema(example = "10", max_length = 6)]
    pub workday_hours: Option<String>,
    /// Hours on days of rest that were not made up for. 休息日小时
    #[schema(example = "16", max_length = 6)]
    pub rest_day_hours: Option<String>,
    /// Hours on statutory holidays. 法定休假日小时
    #[schema(example = "8", max_length = 6)]
    pub holiday_hours: Option<String>,
    /// Hours by date. 按日期
    #[schema(max_items = 62)]
    #[serde(default)]
    pub days: Vec<OvertimeDay>,
    /// The day whose law holds; today without. 适用日期
    #[schema(example = "2026-11-20")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub on: Option<NaiveDate>,
}

/// What is due for overtime. 加班工资
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OvertimeResult {
    /// 日工资
    pub daily_wage_fen: Fen,
    /// 小时工资 in yuan, with four places
    #[schema(example = "30.0000")]
    pub hourly_wage: String,
    /// 平日延时
    pub workday_fen: Fen,
    /// 休息日
    pub rest_day_fen: Fen,
    /// 法定休假日
    pub holiday_fen: Fen,
    /// The sum of the three. 合计
    pub total_fen: Fen,
}

const HOURS: Invalid = Invalid::new("HOURS_FORMAT", "小时数须为不超过上限的非负数，最多两位小数。");

/// Reads hours with up to two places, in hundredths.
fn hundredths(text: &str, most: u32) -> Result<u32, Invalid> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if !are_digits(whole, 3) || !are_digits(part, 2) {
        return Err(HOURS);
    }
    let places = if part.len() == 1 { 10 } else { 1 };
    let hours =
        whole.parse::<u32>().map_err(|_| HOURS)? * 100 + part.parse::<u32>().map_err(|_| HOURS)? * places;
    if hours <= most * 100 { Ok(hours) } else { Err(HOURS) }
}

/// Hours of each kind, in hundredths: on working days, days of rest, holidays.
type Hours = [u32; 3];

impl Overtime {
    fn hours(&self, calendar: &Calendar, fields: &mut Fields) -> Hours {
        let named = [
            ("/workday_hours", &self.workday_hours),
            ("/rest_day_hours", &self.rest_day_hours),
            ("/holiday_hours", &self.holiday_hours),
        ];
        let mut something = !self.days.is_empty() || self.working_time == WorkingTime::Flexible;
        let [mut workday, mut rest, mut holiday] = named.map(|(pointer, hours)| {
            let read = hours.as_deref().map_or(Ok(0), |text| hundredths(text, 744));
            something |= read != Ok(0);
            fields.take(pointer, read).unwrap_or(0)
        });
        fields.require(self.days.len() <= 62, "/days", Invalid::new("COUNT", "最多填写62天。"));
        for (n, day) in self.days.iter().enumerate() {
            let hours = fields.take(&format!("/days/{n}/hours"), hundredths(&day.hours, 24)).unwrap_or(0);
            let kind = if calendar.is_statutory(day.date) {
                &mut holiday
            } else if calendar.is_workday(day.date) {
                &mut workday
            } else {
                &mut rest
            };
            *kind += hours;
        }
        let nothing = Invalid::new("REQUIRED", "请至少填写一项加班小时数。");
        fields.require(something, "/workday_hours", nothing);
        [workday, rest, holiday]
    }
}

fn text(hundredths: u32) -> String {
    Exact::ratio(i64::from(hundredths), 100).decimal(2)
}

impl Calculation for Overtime {
    type Result = OvertimeResult;

    const OF: Calculator = Calculator::Overtime;

    fn work(&self, context: &mut Context) -> Result<Worked<OvertimeResult>, Problem> {
        let mut fields = Fields::new();
        let wage = fields.take("/monthly_wage_fen", working::wage(self.monthly_wage_fen));
        let hours = self.hours(&context.calendar, &mut fields);
        let Some(wage) = wage else { return Err(fields.problem()) };
        fields.finish()?;
        let on = self.on.unwrap_or(context.today);
        let paid: PaidDays = context.book.need(on, "/on")?;
        let rates: OvertimeRates = context.book.need(on, "/on")?;
        let range = |invalid| Problem::invalid("/monthly_wage_fen", invalid);
        let days = text(paid.hundredths);
        let daily = Exact::from(wage) / Exact::percent(paid.hundredths);
        let hourly = daily / Exact::from(8);
        let mut steps = Steps::default();
        let daily_wage_fen = steps.money("日工资", format!("{wage} ÷ {days}"), daily.fen().map_err(range)?);
        let hourly_wage = (hourly / Exact::from(100)).decimal(4);
        steps.say("小时工资", format!("{wage} ÷ {days} ÷ 8"), format!("{hourly_wage}元"));
        let percent = match self.working_time {
            WorkingTime::Standard => [rates.workday, rates.rest_day, rates.holiday],
            WorkingTime::Comprehensive => [rates.workday, rates.workday, rates.holiday],
            WorkingTime::Flexible => [0; 3],
        };
        let labels = ["平日延时加班费", "休息日加班费", "法定休假日加班费"];
        let mut due = [Fen::ZERO; 3];
        for (((label, hours), percent), due) in labels.into_iter().zip(hours).zip(percent).zip(&mut due) {
            let exact = hourly * Exact::percent(hours) * Exact::percent(percent);
            let formula = format!("{wage} ÷ {days} ÷ 8 × {}小时 × {percent}%", text(hours));
            *due = steps.money(label, formula, exact.fen().map_err(range)?);
        }
        let [workday_fen, rest_day_fen, holiday_fen] = due;
        let total = Fen::checked_sum(due).ok_or_else(|| Problem::internal("bounded sums fit"))?;
        let total_fen = steps.money("合计", format!("{workday_fen} + {rest_day_fen} + {holiday_fen}"), total);
        match self.working_time {
            WorkingTime::Standard => {
                steps.note("休息日加班已安排补休的，不再支付休息日加班费；法定休假日不能以补休代替。")
            }
            WorkingTime::Comprehensive => {
                steps.note("综合计算工时的，仅超过周期总工时的部分计为加班，休息日正常排班不按200%计。");
            }
            WorkingTime::Flexible => steps.note("经批准实行不定时工作制的，不执行加班工资规定。"),
        }
        if hours.iter().sum::<u32>() > 3_600 {
            steps.note("加班小时数超过每月36小时的上限（劳动法第四十一条），可向工会或劳动监察反映。");
        }
        Ok(steps.done(OvertimeResult {
            daily_wage_fen,
            hourly_wage,
            workday_fen,
            rest_day_fen,
            holiday_fen,
            total_fen,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_have_two_places_at_most_and_a_limit() {
        for (text, value) in
            [("0", 0), ("10", 1000), ("0.5", 50), ("0.05", 5), ("744", 74_400), ("743.99", 74_399)]
        {
            assert_eq!(hundredths(text, 744), Ok(value), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1.234", "744.01", "1e2", " 1", "１", "9999"] {
            assert_eq!(hundredths(bad, 744).unwrap_err().code, "HOURS_FORMAT", "{bad:?}");
        }
    }
}
