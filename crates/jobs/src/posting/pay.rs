//! Pay 薪酬: integer fen for a period, brought to a month so that it can be compared.

use serde::{Deserialize, Serialize};
use unionhall_kernel::Invalid;
use utoipa::ToSchema;

/// The most that is taken for a slip of a key: a million yuan.
pub const MAX_FEN: i64 = 100_000_000;
/// Paid days of a month, in quarters (21.75, 劳社部发〔2008〕3号).
const QUARTER_DAYS: i64 = 87;
/// Paid hours of a month.
const HOURS: i64 = 174;

/// What pay is for. 计薪周期
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PayPeriod)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// 时薪
    Hour,
    /// 日薪
    Day,
    /// 月薪
    Month,
    /// 年薪
    Year,
    /// 计件
    Piece,
}

impl Period {
    /// Every period.
    pub const ALL: &[Period] = &[Self::Hour, Self::Day, Self::Month, Self::Year, Self::Piece];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
            Self::Piece => "piece",
        }
    }

    // What a person reads after an amount.
    const fn per(self) -> &'static str {
        match self {
            Self::Hour => "小时",
            Self::Day => "天",
            Self::Month => "月",
            Self::Year => "年",
            Self::Piece => "件",
        }
    }

    /// An amount of this period as fen a month, floored; none for pieces.
    const fn monthly(self, fen: i64) -> Option<i64> {
        match self {
            Self::Hour => Some(fen.saturating_mul(HOURS)),
            Self::Day => Some(fen.saturating_mul(QUARTER_DAYS) / 4),
            Self::Month => Some(fen),
            Self::Year => Some(fen / 12),
            Self::Piece => None,
        }
    }
}

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pay {
    /// At least, fen; none where it is not disclosed.
    pub min: Option<i64>,
    /// At most, fen; none is open.
    pub max: Option<i64>,
    /// For which time.
    pub period: Period,
    /// Months that are paid a year, of a monthly pay: 12 to 24.
    pub months: i16,
    /// Whether it can be negotiated; only then it may be left undisclosed.
    pub negotiable: bool,
}

/// Fen a month, as searches compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monthly {
    /// Not disclosed, or by the piece.
    Undisclosed,
    /// At least, and at most; none is open.
    Range(i64, Option<i64>),
}

impl Pay {
    /// Checks amounts and months.
    ///
    /// # Errors
    /// `PAY_REQUIRED` (基本劳动报酬), `PAY_RANGE`, `PAY_MONTHS`.
    pub fn check(&self) -> Result<(), (&'static str, Invalid)> {
        let within = |fen: i64| (1..=MAX_FEN).contains(&fen);
        if self.min.is_none() && (!self.negotiable || self.max.is_some()) {
            let required = Invalid::new("PAY_REQUIRED", "请填写基本劳动报酬的最低金额；面议的可不填。");
            return Err(("/pay/min_fen", required));
        }
        if self.min.is_some_and(|min| !within(min)) {
            return Err(("/pay/min_fen", Invalid::new("PAY_RANGE", "金额须为1分至100万元。")));
        }
        if self.max.is_some_and(|max| !within(max) || self.min > Some(max)) {
            let range = Invalid::new("PAY_RANGE", "最高金额不能低于最低金额，且不超过100万元。");
            return Err(("/pay/max_fen", range));
        }
        if !(12..=24).contains(&self.months) || (self.months != 12 && self.period != Period::Month) {
            let months = Invalid::new("PAY_MONTHS", "年薪月数为12至24，只用于月薪。");
            return Err(("/pay/months", months));
        }
        Ok(())
    }

    /// Fen a month over the year: a thirteenth salary counts a twelfth each month.
    pub fn monthly(&self) -> Monthly {
        let year = |fen: i64| fen.saturating_mul(i64::from(self.months)) / 12;
        let month = |fen: i64| self.period.monthly(fen).map(year);
        match self.min.and_then(month) {
            Some(min) => Monthly::Range(min, self.max.and_then(month)),
            None => Monthly::Undisclosed,
        }
    }

    /// What a person reads.
    pub fn text(&self) -> String {
        let yuan = |fen: i64| match fen % 100 {
            0 => (fen / 100).to_string(),
            rest => format!("{}.{rest:02}", fen / 100),
        };
        let amount = match (self.min, self.max) {
            (None, _) => return "面议".to_owned(),
            (Some(min), Some(max)) if min == max => yuan(min),
            (Some(min), Some(max)) => format!("{}-{}", yuan(min), yuan(max)),
            (Some(min), None) => format!("{}起", yuan(min)),
        };
        let months = if self.months == 12 { String::new() } else { format!("·{}薪", self.months) };
        format!("{amount}元/{}{months}", self.period.per())
    }
}

/// A region's minimum wage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumWage {
    /// Fen a month, of full time.
    pub month: i64,
    /// Fen an hour, of part time.
    pub hour: i64,
}

/// Whether what is offered at least is below the minimum wage. Part time is judged by the hour, full time by the month
/// without a thirteenth salary; pieces and what is not disclosed cannot be judged here, and a part-timer's month neither.
pub fn is_below(pay: &Pay, minimum: MinimumWage, is_part_time: bool) -> bool {
    let Some(min) = pay.min else { return false };
    match (pay.period, is_part_time) {
        (Period::Hour, true) => min < minimum.hour,
        (_, true) => false,
        (period, false) => period.monthly(min).is_some_and(|month| month < minimum.month),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pay(min: Option<i64>, max: Option<i64>, period: Period, months: i16) -> Pay {
        Pay { min, max, period, months, negotiable: min.is_none() }
    }

    #[test]
    fn each_period_comes_to_a_month() {
        let range = |min, max| Monthly::Range(min, max);
        assert_eq!(pay(Some(2_000), None, Period::Hour, 12).monthly(), range(348_000, None));
        assert_eq!(pay(Some(20_001), None, Period::Day, 12).monthly(), range(435_021, None));
        assert_eq!(
            pay(Some(450_000), Some(600_000), Period::Month, 12).monthly(),
            range(450_000, Some(600_000))
        );
        assert_eq!(pay(Some(600_000), None, Period::Month, 13).monthly(), range(650_000, None));
        assert_eq!(pay(Some(12_000_001), None, Period::Year, 12).monthly(), range(1_000_000, None));
        assert_eq!(pay(Some(5), Some(9), Period::Piece, 12).monthly(), Monthly::Undisclosed);
        assert_eq!(pay(None, None, Period::Month, 12).monthly(), Monthly::Undisclosed);
    }

    #[test]
    fn pay_reads_as_people_say_it() {
        assert_eq!(pay(Some(450_000), Some(600_000), Period::Month, 12).text(), "4500-6000元/月");
        assert_eq!(pay(Some(1_960), None, Period::Hour, 12).text(), "19.60起元/小时");
        assert_eq!(pay(Some(500_000), Some(500_000), Period::Month, 13).text(), "5000元/月·13薪");
        assert_eq!(pay(None, None, Period::Month, 12).text(), "面议");
    }

    #[test]
    fn basic_pay_is_stated_or_negotiable() {
        let code = |pay: Pay| pay.check().err().map(|(_, invalid)| invalid.code);
        assert_eq!(code(pay(Some(1), None, Period::Month, 12)), None);
        assert_eq!(code(pay(None, None, Period::Month, 12)), None);
        let silent = Pay { negotiable: false, ..pay(None, None, Period::Month, 12) };
        assert_eq!(code(silent), Some("PAY_REQUIRED"));
        assert_eq!(code(pay(None, Some(5), Period::Month, 12)), Some("PAY_REQUIRED"));
        assert_eq!(code(pay(Some(5), Some(4), Period::Month, 12)), Some("PAY_RANGE"));
        assert_eq!(code(pay(Some(0), None, Period::Month, 12)), Some("PAY_RANGE"));
        assert_eq!(code(pay(Some(MAX_FEN + 1), None, Period::Year, 12)), Some("PAY_RANGE"));
        assert_eq!(code(pay(Some(5), None, Period::Day, 13)), Some("PAY_MONTHS"));
        assert_eq!(code(pay(Some(5), None, Period::Month, 25)), Some("PAY_MONTHS"));
    }

    #[test]
    fn the_minimum_wage_is_judged_by_month_or_hour() {
        let class_one = MinimumWage { month: 210_000, hour: 2_060 };
        let below = |min, period, part| is_below(&pay(Some(min), None, period, 12), class_one, part);
        assert!(below(150_000, Period::Month, false));
        assert!(!below(210_000, Period::Month, false));
        assert!(below(209_999, Period::Month, false));
        assert!(below(2_059, Period::Hour, true) && !below(2_060, Period::Hour, true));
        assert!(below(1_000, Period::Hour, false), "174 hours of 10 yuan are 1,740 yuan");
        assert!(!below(100_000, Period::Month, true));
        assert!(!is_below(&pay(None, None, Period::Month, 12), class_one, false));
        let thirteen = pay(Some(200_000), None, Period::Month, 13);
        assert!(is_below(&thirteen, class_one, false), "a thirteenth salary makes no month lawful");
    }

    proptest! {
        #[test]
        fn a_month_keeps_the_order(
            min in 1..=MAX_FEN, more in 0..=MAX_FEN, period in 0usize..4, months in 12i16..=24,
        ) {
            let period = Period::ALL[period];
            let months = if period == Period::Month { months } else { 12 };
            let Monthly::Range(least, most) = pay(Some(min), Some(min + more), period, months).monthly()
            else { panic!("disclosed") };
            prop_assert!(Some(least) <= most);
        }
    }
}
