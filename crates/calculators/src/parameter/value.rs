//! What a parameter says: one shape for each key, checked when it is entered and when it is read.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unionhall_kernel::Invalid;
use utoipa::ToSchema;

use crate::working::MOST_FEN;

const SHAPE: Invalid = Invalid::new("PARAMETER_SHAPE", "参数值的字段或取值不符合该参数的格式。");

/// A key whose values have one shape.
pub trait Parameter: DeserializeOwned {
    /// The key.
    const KEY: Key;

    /// Whether the numbers can be meant.
    fn is_sound(&self) -> bool;
}

fn parsed<P: Parameter>(value: &Value) -> Result<P, Invalid> {
    // serde reads a list as a struct's fields in order.
    let value = Some(value).filter(|value| value.is_object());
    value.and_then(|value| P::deserialize(value).ok()).filter(P::is_sound).ok_or(SHAPE)
}

macro_rules! keys {
    ($($(#[$doc:meta])* $kind:ident = $word:tt, $unit:literal;)*) => {
        /// Which parameter. 参数
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(as = LawParameterKey)]
        pub enum Key { $($(#[$doc])* #[serde(rename = $word)] $kind,)* }

        impl Key {
            /// Every key.
            pub const ALL: &[Key] = &[$(Key::$kind),*];

            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Key::$kind => $word,)* }
            }

            /// In what its numbers are.
            pub const fn unit(self) -> &'static str {
                match self { $(Key::$kind => $unit,)* }
            }

            /// Checks a value of this key.
            ///
            /// # Errors
            /// `PARAMETER_SHAPE` for another shape, or numbers that cannot be meant.
            pub fn check(self, value: &Value) -> Result<(), Invalid> {
                match self { $(Key::$kind => parsed::<$kind>(value).map(|_| ()),)* }
            }
        }

        $(impl $kind {
            /// Reads a value of this key.
            ///
            /// # Errors
            /// `PARAMETER_SHAPE`, as [`Key::check`].
            pub fn read(value: &Value) -> Result<Self, Invalid> {
                parsed(value)
            }
        })*
    };
}

keys! {
    /// 最低工资标准: `{"month_fen": [一类, 二类, 三类], "hour_fen": […]}`
    MinimumWage = "minimum_wage", "分";
    /// 最低工资类区 of a county or city: `{"class": 1}`
    MinimumWageClass = "minimum_wage_class", "类";
    /// 上年度职工月平均工资: `{"month_fen": 700000}`
    LocalAverageWage = "local_average_wage", "分/月";
    /// 上一年度全国城镇居民人均可支配收入: `{"year_fen": 5418800}`
    NationalIncome = "national_income", "分/年";
    /// 月计薪天数: `{"hundredths": 2175}`
    PaidDays = "paid_days", "百分之一天";
    /// 加班工资比例: `{"workday": 150, "rest_day": 200, "holiday": 300}`
    OvertimeRates = "overtime_rates", "%";
    /// 男职工退休年龄: `{"age_years": 60, "from": "1965-01-01", "step_months": 4, "cap_months": 36}`
    RetirementMale = "retirement_male", "月";
    /// 原55周岁退休女职工: as for men
    RetirementFemale55 = "retirement_female_55", "月";
    /// 原50周岁退休女职工: as for men
    RetirementFemale50 = "retirement_female_50", "月";
    /// 最低缴费年限: `{"months": 180, "from_year": 2030, "step_months": 6, "most_months": 240}`
    PensionMinimum = "pension_minimum", "月";
    /// 一次性伤残补助金 by grade 1 to 10: `{"months": [27, 25, 23, 21, 18, 16, 13, 11, 9, 7]}`
    InjuryMonths = "injury_months", "月";
    /// 伤残津贴 by grade 1 to 6: `{"percent": [90, 85, 80, 75, 70, 60]}`
    InjuryAllowance = "injury_allowance", "%";
    /// 生活护理费: `{"full": 50, "most": 40, "part": 30}`
    Nursing = "nursing", "%";
    /// 工亡待遇: `{"funeral_months": 6, "income_years": 20, "spouse": 40, "other": 30, "alone": 10}`
    DeathBenefits = "death_benefits", "月、年、%";
    /// 工会会费: `{"basis_points": 50, "step_fen": 1000}`
    Dues = "dues", "万分之一、分";
    /// 工会经费拨缴: `{"basis_points": 200, "kept_basis_points": 6000}`
    UnionFunds = "union_funds", "万分之一";
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(stored: String) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|key| key.as_str() == stored);
        found.ok_or_else(|| format!("unknown key {stored:?} in the store"))
    }
}

fn is_amount(fen: i64) -> bool {
    (1..=MOST_FEN).contains(&fen)
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $kind:ty,)* } $this:ident => $sound:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name { $($(#[$fdoc])* pub $field: $kind,)* }

            impl Parameter for $name {
                const KEY: Key = Key::$name;

                fn is_sound(&self) -> bool {
                    let $this = self;
                    $sound
                }
            }
        )*
    };
}

shapes! {
    /// Minimum wages of a province by class.
    MinimumWage {
        /// A month, classes 1 to 3, fen.
        month_fen: [i64; 3],
        /// An hour of part-time work, classes 1 to 3, fen.
        hour_fen: [i64; 3],
    } it => it.month_fen.iter().chain(&it.hour_fen).all(|fen| is_amount(*fen))
        && it.month_fen.is_sorted_by(|a, b| a >= b) && it.hour_fen.is_sorted_by(|a, b| a >= b);

    /// Which class of minimum wages holds somewhere.
    MinimumWageClass {
        /// 1 to 3.
        class: u8,
    } it => (1..=3).contains(&it.class);

    /// The average wage of the year before, as published for a city.
    LocalAverageWage {
        /// A month, fen.
        month_fen: i64,
    } it => is_amount(it.month_fen);

    /// What townspeople had on average in the year before.
    NationalIncome {
        /// A year, fen.
        year_fen: i64,
    } it => is_amount(it.year_fen);

    /// Days a monthly wage is for.
    PaidDays {
        /// In hundredths of a day.
        hundredths: u32,
    } it => (100..=3_100).contains(&it.hundredths);

    /// What an hour of overtime is paid, percent of an hour's wage.
    OvertimeRates {
        /// Beyond the hours of a working day.
        workday: u32,
        /// On a day of rest that is not made up for.
        rest_day: u32,
        /// On a statutory holiday.
        holiday: u32,
    } it => [it.workday, it.rest_day, it.holiday].iter().all(|p| (100..=1_000).contains(p));

    /// The minimum years of contributions for a pension.
    PensionMinimum {
        /// Before it grows.
        months: u32,
        /// The first year in which it is longer.
        from_year: i32,
        /// By how much each year.
        step_months: u32,
        /// At most.
        most_months: u32,
    } it => it.months <= it.most_months && it.most_months <= 600 && (2000..2200).contains(&it.from_year) && it.step_months <= 60;

    /// The lump sum for a lasting injury.
    InjuryMonths {
        /// Months of wage for grades 1 to 10.
        months: [u32; 10],
    } it => it.months.is_sorted_by(|a, b| a >= b) && it.months.iter().all(|m| (1..=120).contains(m));

    /// The monthly allowance for a lasting injury.
    InjuryAllowance {
        /// Percent of wage for grades 1 to 6.
        percent: [u32; 6],
    } it => it.percent.is_sorted_by(|a, b| a >= b) && it.percent.iter().all(|p| (1..=100).contains(p));

    /// Nursing, percent of the local average wage.
    Nursing {
        /// 完全不能自理
        full: u32,
        /// 大部分不能自理
        most: u32,
        /// 部分不能自理
        part: u32,
    } it => [100, it.full, it.most, it.part, 1].is_sorted_by(|a, b| a >= b);

    /// What is paid for a death at work.
    DeathBenefits {
        /// Months of the local average wage.
        funeral_months: u32,
        /// Years of the national income.
        income_years: u32,
        /// Percent of wage for a spouse.
        spouse: u32,
        /// Percent for any other dependant.
        other: u32,
        /// Percent more for orphans and the old who are left alone.
        alone: u32,
    } it => (1..=120).contains(&it.funeral_months) && (1..=100).contains(&it.income_years)
        && [it.spouse, it.other, it.alone].iter().all(|p| (1..=100).contains(p));

    /// What a member pays.
    Dues {
        /// Of the wage, in 1/100 of a percent.
        basis_points: u32,
        /// What is less than this at the end of the wage is not counted, fen.
        step_fen: i64,
    } it => (1..=10_000).contains(&it.basis_points) && (1..=1_000_000).contains(&it.step_fen);

    /// What an employer pays.
    UnionFunds {
        /// Of the payroll, in 1/100 of a percent.
        basis_points: u32,
        /// Of that, what the basic union keeps.
        kept_basis_points: u32,
    } it => (1..=10_000).contains(&it.basis_points) && it.kept_basis_points <= 10_000;
}

/// Who retires when: later by a month for every `step_months` of birth, up to a cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetirementTable {
    /// The age before it moves.
    pub age_years: u32,
    /// The first month of birth that is later; a first of month.
    pub from: NaiveDate,
    /// How many months of birth share a delay.
    pub step_months: u32,
    /// The longest delay.
    pub cap_months: u32,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub RetirementTable);

            impl Parameter for $name {
                const KEY: Key = Key::$name;

                fn is_sound(&self) -> bool {
                    let it = &self.0;
                    let within = (40..=80).contains(&it.age_years) && (1..=120).contains(&it.step_months);
                    within && it.cap_months <= 240 && chrono::Datelike::day(&it.from) == 1
                }
            }
        )*
    };
}

tables! {
    /// Men.
    RetirementMale;
    /// Women whose old age was 55.
    RetirementFemale55;
    /// Women whose old age was 50.
    RetirementFemale50;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_key_takes_its_own_shape_alone() {
        let good = [
            (
                Key::MinimumWage,
                json!({"month_fen": [210_000, 200_000, 180_000], "hour_fen": [2060, 1960, 1760]}),
            ),
            (Key::MinimumWageClass, json!({"class": 3})),
            (Key::LocalAverageWage, json!({"month_fen": 700_000})),
            (Key::NationalIncome, json!({"year_fen": 5_418_800})),
            (Key::PaidDays, json!({"hundredths": 2175})),
            (Key::OvertimeRates, json!({"workday": 150, "rest_day": 200, "holiday": 300})),
            (
                Key::RetirementMale,
                json!({"age_years": 60, "from": "1965-01-01", "step_months": 4, "cap_months": 36}),
            ),
            (
                Key::PensionMinimum,
                json!({"months": 180, "from_year": 2030, "step_months": 6, "most_months": 240}),
            ),
            (Key::InjuryMonths, json!({"months": [27, 25, 23, 21, 18, 16, 13, 11, 9, 7]})),
            (Key::InjuryAllowance, json!({"percent": [90, 85, 80, 75, 70, 60]})),
            (Key::Nursing, json!({"full": 50, "most": 40, "part": 30})),
            (
                Key::DeathBenefits,
                json!({"funeral_months": 6, "income_years": 20, "spouse": 40, "other": 30, "alone": 10}),
            ),
            (Key::Dues, json!({"basis_points": 50, "step_fen": 1000})),
            (Key::UnionFunds, json!({"basis_points": 200, "kept_basis_points": 6000})),
        ];
        for (key, value) in &good {
            assert_eq!(key.check(value), Ok(()), "{key:?}");
            let mut more = value.clone();
            more["more"] = json!(1);
            assert!(key.check(&more).is_err(), "{key:?} takes a field more");
            for bad in [json!({}), json!([]), json!([50, 40, 30]), json!(1), json!(null)] {
                assert!(key.check(&bad).is_err(), "{key:?} takes {bad}");
            }
            let others = good.iter().filter(|(other, _)| other != key);
            assert!(
                others.filter(|(_, value)| key.check(value).is_ok()).count() == 0,
                "{key:?} takes another's"
            );
        }
    }

    #[test]
    fn numbers_that_cannot_be_meant_are_refused() {
        for (key, value) in [
            (
                Key::MinimumWage,
                json!({"month_fen": [180_000, 200_000, 210_000], "hour_fen": [2060, 1960, 1760]}),
            ),
            (Key::MinimumWage, json!({"month_fen": [210_000, 200_000], "hour_fen": [2060, 1960, 1760]})),
            (Key::MinimumWageClass, json!({"class": 0})),
            (Key::MinimumWageClass, json!({"class": 4})),
            (Key::LocalAverageWage, json!({"month_fen": 0})),
            (Key::LocalAverageWage, json!({"month_fen": 10_000_000_001_i64})),
            (Key::LocalAverageWage, json!({"month_fen": 7000.5})),
            (Key::PaidDays, json!({"hundredths": 0})),
            (Key::OvertimeRates, json!({"workday": 99, "rest_day": 200, "holiday": 300})),
            (
                Key::RetirementMale,
                json!({"age_years": 60, "from": "1965-01-02", "step_months": 4, "cap_months": 36}),
            ),
            (
                Key::RetirementMale,
                json!({"age_years": 60, "from": "1965-01-01", "step_months": 0, "cap_months": 36}),
            ),
            (Key::Nursing, json!({"full": 30, "most": 40, "part": 50})),
            (Key::Dues, json!({"basis_points": 50, "step_fen": 0})),
        ] {
            assert_eq!(key.check(&value).unwrap_err().code, "PARAMETER_SHAPE", "{key:?} {value}");
        }
    }
}
