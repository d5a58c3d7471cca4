//! Annual leave 带薪年休假 (职工带薪年休假条例 2, 3, 4, 5; 企业职工带薪年休假实施办法 3, 5, 10, 11, 12).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::day;
use crate::exact::Exact;
use crate::parameter::PaidDays;
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "职工带薪年休假条例",
        article: "第三条",
        text: "累计工作满1年不满10年的5天，满10年不满20年的10天，满20年的15天",
    },
    Article {
        law: "职工带薪年休假条例",
        article: "第四条",
        text: "寒暑假多于年休假、事假累计20天以上且不扣工资、病假累计2个月（3个月、4个月）以上的，不享受当年年休假",
    },
    Article {
        law: "职工带薪年休假条例",
        article: "第五条",
        text: "不能安排年休假的，按日工资收入的300%支付",
    },
    Article {
        law: "企业职工带薪年休假实施办法",
        article: "第三条、第五条",
        text: "连续工作满12个月以上享受；新进单位当年按剩余日历天数折算，不足1整天的部分不享受",
    },
    Article {
        law: "企业职工带薪年休假实施办法",
        article: "第十条至第十二条",
        text: "未休天数按300%支付（含正常工资）；日工资按剔除加班工资后的前12个月平均工资÷21.75；离职当年按已过日历天数折算，多休的不再扣回",
    },
];

/// Somebody's leave of a year. 年休假情况
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = AnnualLeaveInputs)]
#[serde(deny_unknown_fields)]
pub struct AnnualLeave {
    /// Whole years of work, for all employers. 累计工作年限
    #[schema(minimum = 0, maximum = 80, example = 12)]
    pub worked_years: u32,
    /// Whether twelve months were worked without a break; yes without. 连续工作满12个月
    #[schema(example = true)]
    pub worked_twelve_months: Option<bool>,
    /// The first day with the employer, where it was in the year that is asked about. 入职日期
    #[schema(example = "2026-07-01")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub joined_on: Option<NaiveDate>,
    /// The last day with the employer, counted. 离职日期
    #[schema(example = "2026-09-30")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub left_on: Option<NaiveDate>,
    /// The year that is asked about, where neither date tells it; this year without. 年度
    #[schema(minimum = 2008, maximum = 2199, example = 2026)]
    pub year: Option<i32>,
    /// Days taken in that year. 已休天数
    #[schema(minimum = 0, maximum = 366, example = 3)]
    #[serde(default)]
    pub taken_days: u32,
    /// Average wage of the last twelve months without overtime pay, fen; for the pay of days not taken. 剔除加班费的月平均工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 522_000)]
    pub monthly_wage_fen: Option<i64>,
    /// Whether school holidays are longer than the leave. 寒暑假多于年休假
    #[schema(example = false)]
    #[serde(default)]
    pub longer_school_holidays: bool,
    /// Days of personal leave in the year that were paid. 带薪事假天数
    #[schema(minimum = 0, maximum = 366, example = 0)]
    #[serde(default)]
    pub paid_personal_days: u32,
    /// Whole months of sick leave in the year. 病假月数
    #[schema(minimum = 0, maximum = 12, example = 0)]
    #[serde(default)]
    pub sick_months: u32,
}

/// Leave and its pay. 年休假
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnualLeaveResult {
    /// 年度
    #[schema(example = 2026)]
    pub year: i32,
    /// Of a whole year: 0, 5, 10 or 15. 全年天数
    #[schema(minimum = 0, maximum = 15, example = 10)]
    pub entitled_days: u32,
    /// Days of the year with the employer; null where the whole year counts. 折算日历天数
    #[schema(minimum = 0, maximum = 366, example = 273)]
    pub calendar_days: Option<u32>,
    /// What is due for them. 应休天数
    #[schema(minimum = 0, maximum = 15, example = 7)]
    pub due_days: u32,
    /// Due and not taken; what was taken too much is not given back. 未休天数
    #[schema(minimum = 0, maximum = 15, example = 4)]
    pub unused_days: u32,
    /// The pay for these, at 300%; null without a wage. 未休年休假工资报酬
    pub total_fen: Option<Fen>,
    /// Of it what comes on top of the wage that was paid, 200%. 另行加付
    pub extra_fen: Option<Fen>,
}

/// Days a year for years of work.
pub const fn entitlement(years: u32) -> u32 {
    match years {
        0 => 0,
        1..10 => 5,
        10..20 => 10,
        _ => 15,
    }
}

impl AnnualLeave {
    // Why there is none this year.
    fn excluded(&self) -> Option<&'static str> {
        let sick = match self.worked_years {
            0..10 => 2,
            10..20 => 3,
            _ => 4,
        };
        if self.worked_twelve_months == Some(false) {
            Some("未连续工作满12个月")
        } else if self.longer_school_holidays {
            Some("寒暑假天数多于年休假天数")
        } else if self.paid_personal_days >= 20 {
            Some("带薪事假累计20天以上")
        } else if self.sick_months >= sick {
            Some("病假累计达到规定月数")
        } else {
            None
        }
    }

    fn year(&self, today: NaiveDate) -> i32 {
        let told = self.left_on.or(self.joined_on).map(|date| date.year());
        told.or(self.year).unwrap_or(today.year())
    }

    // The days of the year with the employer, where it was not all of it.
    fn calendar_days(&self, year: i32) -> Option<u32> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let last = NaiveDate::from_ymd_opt(year, 12, 31)?;
        let joined = self.joined_on.filter(|date| date.year() == year);
        let left = self.left_on;
        (joined.is_some() || left.is_some())
            .then(|| day::days_from(joined.unwrap_or(first), left.unwrap_or(last)))
    }

    fn check(&self) -> Result<(), Problem> {
        let mut fields = Fields::new();
        let range = |what| Invalid::new("NUMBER_RANGE", what);
        fields.require(self.worked_years <= 80, "/worked_years", range("工作年限须为0至80年。"));
        fields.require(self.taken_days <= 366, "/taken_days", range("天数须为0至366。"));
        fields.require(self.paid_personal_days <= 366, "/paid_personal_days", range("天数须为0至366。"));
        fields.require(self.sick_months <= 12, "/sick_months", range("月数须为0至12。"));
        let year = self.year.is_none_or(|year| (2008..2200).contains(&year));
        fields.require(year, "/year", range("年度须为2008至2199。"));
        if let (Some(joined), Some(left)) = (self.joined_on, self.left_on) {
            working::ordered(&mut fields, joined, left, "/left_on");
        }
        if let (Some(date), Some(year)) = (self.left_on.or(self.joined_on), self.year) {
            let other = Invalid::new("YEAR_DIFFERS", "年度与入职或离职日期不一致。");
            fields.require(date.year() == year, "/year", other);
        }
        fields.take("/monthly_wage_fen", self.monthly_wage_fen.map(working::wage).transpose());
        fields.finish()
    }
}

impl Calculation for AnnualLeave {
    type Result = AnnualLeaveResult;

    const OF: Calculator = Calculator::AnnualLeave;

    fn work(&self, context: &mut Context) -> Result<Worked<AnnualLeaveResult>, Problem> {
        self.check()?;
        let year = self.year(context.today);
        let mut steps = Steps::default();
        let by_years = entitlement(self.worked_years);
        let excluded = self.excluded().filter(|_| by_years > 0);
        let entitled_days = if excluded.is_some() { 0 } else { by_years };
        steps.say("全年年休假", format!("累计工作满{}年", self.worked_years), format!("{entitled_days}天"));
        if let Some(why) = excluded {
            steps.note(format!("{why}，不享受当年的年休假。"));
        }
        let calendar_days = self.calendar_days(year);
        // At most 15 × 366 / 365, which is 15 and a part that is not counted.
        let due_days = calendar_days.map_or(entitled_days, |days| days * entitled_days / 365);
        if let Some(days) = calendar_days {
            let formula = format!("⌊{days} ÷ 365 × {entitled_days}⌋");
            steps.say("折算应休天数", formula, format!("{due_days}天"));
        }
        let unused_days = due_days.saturating_sub(self.taken_days);
        steps.say("未休天数", format!("{due_days} − 已休{}", self.taken_days), format!("{unused_days}天"));
        if self.taken_days > due_days {
            steps.note("多休的天数不再扣回。");
        }
        let (mut total_fen, mut extra_fen) = (None, None);
        if let Some(wage) = self.monthly_wage_fen {
            let refused = |invalid| Problem::invalid("/monthly_wage_fen", invalid);
            let wage = working::wage(wage).map_err(refused)?;
            let on = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(context.today);
            let told = [(self.left_on, "/left_on"), (self.joined_on, "/joined_on")];
            let pointer =
                told.iter().find(|(date, _)| date.is_some()).map_or("/year", |(_, pointer)| pointer);
            let paid: PaidDays = context.book.need(self.left_on.unwrap_or(on), pointer)?;
            let days = Exact::percent(paid.hundredths).decimal(2);
            let daily = Exact::from(wage) / Exact::percent(paid.hundredths);
            for (label, percent, due) in
                [("未休年休假工资报酬", 300, &mut total_fen), ("其中另行加付", 200, &mut extra_fen)]
            {
                let exact = daily * Exact::from(i64::from(unused_days)) * Exact::percent(percent);
                let formula = format!("{wage} ÷ {days} × {unused_days}天 × {percent}%");
                *due = Some(steps.money(label, formula, exact.fen().map_err(refused)?));
            }
            steps.note("300%中包含正常工作期间已支付的工资；职工本人书面提出不休的，只支付正常工资。");
        }
        Ok(steps.done(AnnualLeaveResult {
            year,
            entitled_days,
            calendar_days,
            due_days,
            unused_days,
            total_fen,
            extra_fen,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::entitlement;

    #[test]
    fn years_of_work_make_days() {
        let days = [0, 1, 9, 10, 19, 20, 80].map(entitlement);
        assert_eq!(days, [0, 5, 5, 10, 10, 15, 15]);
    }
}
