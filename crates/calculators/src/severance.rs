//! Compensation at the end of a job 经济补偿 N, N+1, 2N (劳动合同法 40, 46, 47, 87; 实施条例 20, 25, 27).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context, Minimum};
use crate::day;
use crate::exact::Exact;
use crate::parameter::LocalAverageWage;
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "劳动合同法",
        article: "第四十七条",
        text: "每满一年支付一个月工资，六个月以上不满一年按一年计，不满六个月支付半个月；高于当地月平均工资三倍的，按三倍计且不超过十二年",
    },
    Article {
        law: "劳动合同法",
        article: "第四十六条",
        text: "劳动者因单位过错解除、单位提出协商解除、第四十条解除、裁员、期满不续订等情形应支付经济补偿",
    },
    Article {
        law: "劳动合同法",
        article: "第四十条",
        text: "未提前三十日书面通知的，额外支付一个月工资后可以解除",
    },
    Article {
        law: "劳动合同法",
        article: "第八十七条",
        text: "违法解除或终止的，按经济补偿标准的二倍支付赔偿金",
    },
    Article {
        law: "劳动合同法实施条例",
        article: "第二十条、第二十五条、第二十七条",
        text: "代通知金按上一个月工资；支付赔偿金的不再支付经济补偿；月工资按前十二个月应得工资平均，低于最低工资的按最低工资",
    },
];

/// The longest service that is paid for where the wage is capped, in half years.
const CAPPED_HALVES: u32 = 24;

/// A job that ended. 解除或终止情况
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SeveranceInputs)]
#[serde(deny_unknown_fields)]
pub struct Severance {
    /// First day at work. 入职日期
    #[schema(example = "2018-03-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub hired_on: NaiveDate,
    /// Last day at work, counted. 离职日期
    #[schema(example = "2026-08-31")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub ended_on: NaiveDate,
    /// What was due on average in the last twelve months (or in all, where there are fewer), before tax, with bonuses and allowances; fen. 前十二个月平均应得工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 800_000)]
    pub average_wage_fen: i64,
    /// The wage of the last month, for N+1; fen. 上月工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 850_000)]
    pub last_month_wage_fen: Option<i64>,
    /// The average monthly wage of the city in the year before, as published; that on record without. 当地上年度职工月平均工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 700_000)]
    pub local_average_wage_fen: Option<i64>,
    /// The minimum wage of the place; that on record for `wage_class` without. 当地月最低工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 210_000)]
    pub minimum_wage_fen: Option<i64>,
    /// The class of minimum wages of the place, 1 to 3; that on record for `region` without. 最低工资类区
    #[schema(minimum = 1, maximum = 3, example = 1)]
    pub wage_class: Option<u8>,
    /// The division of the workplace; the province without. 工作地区划
    #[schema(max_length = 9, example = "410102")]
    pub region: Option<String>,
}

/// What is due at the end of a job. 经济补偿
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeveranceResult {
    /// For how many months of wage the service counts, in halves; at most 12 where the wage is capped. 补偿月数
    #[schema(example = "9")]
    pub months: String,
    /// The wage it is reckoned with. 计算基数
    pub base_fen: Fen,
    /// Whether that was capped. 是否封顶
    pub capped: bool,
    /// N: 经济补偿
    pub n_fen: Fen,
    /// N+1: with the wage of the last month in place of the notice; null where that was not told. 经济补偿加代通知金
    pub n_plus_one_fen: Option<Fen>,
    /// 2N: 违法解除赔偿金, in place of N and not beside it
    pub double_fen: Fen,
    /// Whether somebody has to look at it: the job began before 2008-01-01. 需人工复核
    pub needs_review: bool,
}

/// Half years of service, both ends counted: a rest of six months or more is a year, a shorter one half a year.
pub fn half_years(hired: NaiveDate, ended: NaiveDate) -> u32 {
    let months = day::full_months(hired, ended);
    let (years, rest) = (months / 12, months % 12);
    let is_whole = day::months_after(hired, years * 12) > ended;
    years * 2
        + match rest {
            6.. => 2,
            _ if is_whole => 0,
            _ => 1,
        }
}

/// Months as people write them: `9`, `8.5`.
fn halves(halves: u32) -> String {
    let half = if halves.is_multiple_of(2) { "" } else { ".5" };
    format!("{}{half}", halves / 2)
}

impl Severance {
    fn minimum(&self) -> Minimum {
        Minimum { given: self.minimum_wage_fen, class: self.wage_class }
    }
}

impl Calculation for Severance {
    type Result = SeveranceResult;

    const OF: Calculator = Calculator::Severance;

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn work(&self, context: &mut Context) -> Result<Worked<SeveranceResult>, Problem> {
        let mut fields = Fields::new();
        let average = fields.take("/average_wage_fen", working::wage(self.average_wage_fen));
        let last = self.last_month_wage_fen.map(working::wage).transpose();
        let last = fields.take("/last_month_wage_fen", last).flatten();
        let local = self.local_average_wage_fen.map(working::wage).transpose();
        let local = fields.take("/local_average_wage_fen", local).flatten();
        self.minimum().check(&mut fields);
        working::ordered(&mut fields, self.hired_on, self.ended_on, "/ended_on");
        let Some(average) = average else { return Err(fields.problem()) };
        fields.finish()?;
        let on = self.ended_on;
        let minimum = self.minimum().month(&mut context.book, on)?;
        let local = match local {
            Some(local) => local,
            None => {
                let found: LocalAverageWage = context.book.need(on, "/local_average_wage_fen")?;
                working::wage(found.month_fen)
                    .map_err(|invalid| Problem::invalid("/local_average_wage_fen", invalid))?
            }
        };
        let range = |invalid| Problem::invalid("/average_wage_fen", invalid);
        let full = half_years(self.hired_on, self.ended_on);
        let ceiling = (Exact::from(local) * Exact::from(3)).fen().map_err(range)?;
        let raised = average.max(minimum);
        let capped = raised > ceiling;
        let (base, count) = if capped { (ceiling, full.min(CAPPED_HALVES)) } else { (raised, full) };
        let months = halves(count);
        let mut steps = Steps::default();
        let service = format!("{}至{}（首尾均计）", self.hired_on, self.ended_on);
        steps.say("补偿月数", service, format!("{}个月", halves(full)));
        if capped {
            steps.money("计算基数", format!("平均工资{raised}高于{local} × 3，按三倍封顶"), base);
            steps.say(
                "封顶后补偿月数",
                format!("不超过12个月：min({}, 12)", halves(full)),
                format!("{months}个月"),
            );
        } else if average < minimum {
            steps.money("计算基数", format!("平均工资{average}低于最低工资{minimum}，按最低工资"), base);
        } else {
            steps.money("计算基数", format!("平均工资{average}，不超过{local} × 3"), base);
        }
        let exact = Exact::from(base) * Exact::ratio(i64::from(count), 2);
        let n_fen = steps.money("经济补偿（N）", format!("{base} × {months}"), exact.fen().map_err(range)?);
        let n_plus_one_fen = match last {
            None => None,
            Some(last) => {
                let sum = n_fen.checked_add(last).ok_or_else(|| Problem::internal("bounded sums fit"))?;
                Some(steps.money("经济补偿加代通知金（N+1）", format!("{n_fen} + 上月工资{last}"), sum))
            }
        };
        let double = (exact * Exact::from(2)).fen().map_err(range)?;
        let double_fen = steps.money("违法解除赔偿金（2N）", format!("{base} × {months} × 2"), double);
        steps.note("N+1仅适用于劳动合同法第四十条（医疗期满、不能胜任、客观情况重大变化）且未提前三十日通知的情形，加付的是上月工资。");
        steps.note("违法解除或终止的支付2N，不与N并付；本人主动辞职且单位无过错的，一般没有经济补偿。");
        let needs_review = self.hired_on.year() < 2008;
        if needs_review {
            steps.note("入职早于2008年1月1日：分段计算，人工复核。");
        }
        Ok(steps.done(SeveranceResult {
            months,
            base_fen: base,
            capped,
            n_fen,
            n_plus_one_fen,
            double_fen,
            needs_review,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(hired: &str, ended: &str) -> String {
        halves(half_years(hired.parse().unwrap(), ended.parse().unwrap()))
    }

    #[test]
    fn a_day_decides_between_half_a_year_and_a_whole_one() {
        for (hired, ended, months) in [
            ("2026-01-01", "2026-01-01", "0.5"),
            ("2026-01-01", "2026-06-29", "0.5"),
            ("2026-01-01", "2026-06-30", "1"),
            ("2026-01-01", "2026-12-31", "1"),
            ("2026-01-01", "2027-01-01", "1.5"),
            ("2024-02-29", "2025-02-27", "1"),
            ("2024-02-29", "2025-02-28", "1.5"),
            ("2025-08-31", "2026-02-26", "0.5"),
            ("2025-08-31", "2026-02-27", "1"),
            ("2012-01-01", "2026-06-29", "14.5"),
            ("2012-01-01", "2026-06-30", "15"),
        ] {
            assert_eq!(of(hired, ended), months, "{hired} to {ended}");
        }
    }

    proptest! {
        #[test]
        fn longer_service_never_counts_for_less(start in 0u32..10_000, length in 0u32..15_000) {
            let hired = day::days_after(NaiveDate::from_ymd_opt(1990, 1, 1).unwrap(), start);
            let ended = day::days_after(hired, length);
            let (shorter, longer) = (half_years(hired, ended), half_years(hired, day::days_after(ended, 1)));
            prop_assert!((1..=40_000).contains(&shorter));
            prop_assert!(shorter <= longer && longer <= shorter + 1, "{} then {}", shorter, longer);
        }
    }
}
