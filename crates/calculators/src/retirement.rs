//! The age of retirement 法定退休年龄 (全国人大常委会关于实施渐进式延迟法定退休年龄的决定, 2024-09-13).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::parameter::{
    PensionMinimum, RetirementFemale50, RetirementFemale55, RetirementMale, RetirementTable,
};
use crate::working::{Article, Steps, Worked};

const LAW: &str = "全国人大常委会关于实施渐进式延迟法定退休年龄的决定";

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: LAW,
        article: "第一条",
        text: "自2025年1月1日起，男职工和原55周岁退休的女职工每四个月延迟一个月，分别逐步延至63周岁、58周岁；原50周岁退休的女职工每二个月延迟一个月，逐步延至55周岁",
    },
    Article {
        law: LAW,
        article: "第二条",
        text: "最低缴费年限自2030年1月1日起由十五年逐步提高至二十年，每年提高六个月",
    },
    Article {
        law: LAW,
        article: "第三条",
        text: "达到最低缴费年限可以自愿弹性提前退休，最长不超过三年且不低于原退休年龄；经协商一致可以弹性延迟，最长不超过三年",
    },
];

/// How many months earlier or later than the age somebody may retire.
const FLEXIBLE: i32 = 36;

/// Whose age it is. 人员类别
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RetirementKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 男职工
    Male,
    /// 原法定退休年龄55周岁的女职工
    #[serde(rename = "female_55")]
    Female55,
    /// 原法定退休年龄50周岁的女职工
    #[serde(rename = "female_50")]
    Female50,
}

/// A month of the calendar, counted from year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(i32);

impl Month {
    /// The month of a date.
    pub fn of(date: NaiveDate) -> Self {
        // A date's month is 1 to 12.
        Self(date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0))
    }

    /// Reads `1965-01`; from 1900 to 2199.
    ///
    /// # Errors
    /// `MONTH_FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let day = (text.len() == 7).then(|| format!("{text}-01").parse::<NaiveDate>().ok()).flatten();
        let day = day.filter(|day| (1900..2200).contains(&day.year()));
        // Written in this one way: the parse also takes blanks.
        day.map(Self::of)
            .filter(|month| month.to_string() == text)
            .ok_or(Invalid::new("MONTH_FORMAT", "年月须写作1965-01的形式。"))
    }

    fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    fn year(self) -> i32 {
        self.0.div_euclid(12)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.0.rem_euclid(12) + 1)
    }
}

/// Somebody who will retire. 出生年月与类别
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RetirementInputs)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// 人员类别
    pub kind: Kind,
    /// Month of birth, 1900 to 2199. 出生年月
    #[schema(min_length = 7, max_length = 7, pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "1965-01")]
    pub born_in: String,
}

/// When somebody retires. 退休年龄
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetirementResult {
    /// Years of the age. 周岁
    #[schema(minimum = 0, example = 60)]
    pub age_years: i32,
    /// Months beside them. 月
    #[schema(minimum = 0, maximum = 11, example = 1)]
    pub age_months: i32,
    /// How much later than before. 延迟月数
    #[schema(minimum = 0, example = 1)]
    pub delay_months: i32,
    /// 法定退休时间
    #[schema(example = "2025-02")]
    pub retires_in: String,
    /// 弹性提前最早时间, where the minimum contributions are reached
    #[schema(example = "2025-01")]
    pub earliest_in: String,
    /// 弹性延迟最晚时间, where both sides agree
    #[schema(example = "2028-02")]
    pub latest_in: String,
    /// Months of contributions that a pension takes in the year of `retires_in`. 最低缴费月数
    #[schema(minimum = 0, example = 180)]
    pub pension_months: u32,
}

/// By how many months somebody born in a month retires later.
pub fn delay(table: &RetirementTable, born: Month) -> u32 {
    let late = u32::try_from(born.0 - Month::of(table.from).0 + 1).unwrap_or(0);
    late.div_ceil(table.step_months.max(1)).min(table.cap_months)
}

/// Months of contributions that a pension takes in a year.
pub fn pension_months(rule: &PensionMinimum, year: i32) -> u32 {
    let steps = u32::try_from(year - rule.from_year + 1).unwrap_or(0);
    rule.months.saturating_add(steps.saturating_mul(rule.step_months)).min(rule.most_months)
}

fn signed(months: u32) -> i32 {
    // Both parts of an age are bounded where they are entered.
    i32::try_from(months).unwrap_or(0)
}

impl Calculation for Retirement {
    type Result = RetirementResult;

    const OF: Calculator = Calculator::Retirement;

    fn work(&self, context: &mut Context) -> Result<Worked<RetirementResult>, Problem> {
        let mut fields = Fields::new();
        let born = fields.take("/born_in", Month::parse(&self.born_in));
        let Some(born) = born else { return Err(fields.problem()) };
        let (book, today) = (&mut context.book, context.today);
        let table = match self.kind {
            Kind::Male => book.need::<RetirementMale>(today, "/kind")?.0,
            Kind::Female55 => book.need::<RetirementFemale55>(today, "/kind")?.0,
            Kind::Female50 => book.need::<RetirementFemale50>(today, "/kind")?.0,
        };
        let rule: PensionMinimum = book.need(today, "/kind")?;
        let delay_months = signed(delay(&table, born));
        let before = signed(table.age_years) * 12;
        let age = before + delay_months;
        let at = born.plus(age);
        let earliest = at.plus(-FLEXIBLE).max(born.plus(before));
        let latest = at.plus(FLEXIBLE);
        let pension_months = pension_months(&rule, at.year());
        let (age_years, age_months) = (age / 12, age % 12);
        let mut steps = Steps::default();
        let first = Month::of(table.from);
        let formula = format!(
            "{first}起出生的每{}个月延迟1个月，最多{}个月；{born}出生",
            table.step_months, table.cap_months
        );
        steps.say("延迟月数", formula, format!("{delay_months}个月"));
        let formula = format!("{}周岁 + {delay_months}个月", table.age_years);
        steps.say("法定退休年龄", formula, format!("{age_years}周岁{age_months}个月"));
        let formula = format!("{born} + {age_years}年{age_months}个月");
        steps.say("法定退休时间", formula, at.to_string());
        let formula = format!("不早于{}周岁，提前不超过3年", table.age_years);
        steps.say("弹性提前最早", formula, earliest.to_string());
        steps.say("弹性延迟最晚", "协商一致，延迟不超过3年".to_owned(), latest.to_string());
        let formula = format!("{}年退休", at.year());
        steps.say("最低缴费年限", formula, format!("{}年{}个月", pension_months / 12, pension_months % 12));
        steps.note("弹性提前退休须达到退休当年的最低缴费年限；特殊工种、因病提前退休另有规定。");
        Ok(steps.done(RetirementResult {
            age_years,
            age_months,
            delay_months,
            retires_in: at.to_string(),
            earliest_in: earliest.to_string(),
            latest_in: latest.to_string(),
            pension_months,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn men() -> RetirementTable {
        let from = NaiveDate::from_ymd_opt(1965, 1, 1).unwrap();
        RetirementTable { age_years: 60, from, step_months: 4, cap_months: 36 }
    }

    #[test]
    fn months_are_written_one_way() {
        assert_eq!(Month::parse("1965-01").unwrap().to_string(), "1965-01");
        assert_eq!(Month::parse("2199-12").unwrap().plus(1).to_string(), "2200-01");
        for bad in [
            "", "1965-1", "1965-13", "1965-00", "1899-12", "2200-01", "196501 ", "1965/01", "1965- 1",
            "+965-01",
        ] {
            assert_eq!(Month::parse(bad).unwrap_err().code, "MONTH_FORMAT", "{bad:?}");
        }
    }

    #[test]
    fn pensions_take_longer_from_2030_to_2039() {
        let rule = PensionMinimum { months: 180, from_year: 2030, step_months: 6, most_months: 240 };
        let months = [2025, 2029, 2030, 2031, 2038, 2039, 2040, 2199].map(|year| pension_months(&rule, year));
        assert_eq!(months, [180, 180, 186, 192, 234, 240, 240, 240]);
    }

    proptest! {
        #[test]
        fn who_is_born_later_retires_later(born in 1900 * 12..2200 * 12) {
            let (earlier, later) = (delay(&men(), Month(born)), delay(&men(), Month(born + 1)));
            prop_assert!(earlier <= later && later <= earlier + 1 && later <= 36);
        }
    }
}
