//! What all calculators have in common: a request that says what is asked, and a pure function over it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_casework::calendar::Calendar;
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::parameter::{Book, MinimumWage, MinimumWageClass};
use crate::working::{self, Article, Worked};

/// A calculator. 计算器
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calculator {
    /// 加班工资
    Overtime,
    /// 经济补偿金、代通知金、赔偿金
    Severance,
    /// 未签书面劳动合同二倍工资
    NoContract,
    /// 带薪年休假
    AnnualLeave,
    /// 工伤保险待遇
    WorkInjury,
    /// 试用期
    Probation,
    /// 法定退休年龄
    Retirement,
    /// 时效与期限
    Limitation,
    /// 工会会费与经费
    Dues,
}

impl Calculator {
    /// Every calculator.
    pub const ALL: &[Calculator] = &[
        Self::Overtime,
        Self::Severance,
        Self::NoContract,
        Self::AnnualLeave,
        Self::WorkInjury,
        Self::Probation,
        Self::Retirement,
        Self::Limitation,
        Self::Dues,
    ];

    /// What a person reads.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overtime => "加班工资计算",
            Self::Severance => "经济补偿与赔偿金计算",
            Self::NoContract => "未签劳动合同二倍工资计算",
            Self::AnnualLeave => "带薪年休假计算",
            Self::WorkInjury => "工伤待遇计算",
            Self::Probation => "试用期核对",
            Self::Retirement => "退休年龄计算",
            Self::Limitation => "时效与期限计算",
            Self::Dues => "工会会费与经费计算",
        }
    }

    /// Where it is asked.
    pub const fn href(self) -> &'static str {
        match self {
            Self::Overtime => "/v1/public/calculators/overtime",
            Self::Severance => "/v1/public/calculators/severance",
            Self::NoContract => "/v1/public/calculators/no-contract",
            Self::AnnualLeave => "/v1/public/calculators/annual-leave",
            Self::WorkInjury => "/v1/public/calculators/work-injury",
            Self::Probation => "/v1/public/calculators/probation",
            Self::Retirement => "/v1/public/calculators/retirement",
            Self::Limitation => "/v1/public/calculators/limitation",
            Self::Dues => "/v1/public/calculators/dues",
        }
    }

    /// The articles it follows.
    pub const fn articles(self) -> &'static [Article] {
        match self {
            Self::Overtime => crate::overtime::ARTICLES,
            Self::Severance => crate::severance::ARTICLES,
            Self::NoContract => crate::no_contract::ARTICLES,
            Self::AnnualLeave => crate::annual_leave::ARTICLES,
            Self::WorkInjury => crate::work_injury::ARTICLES,
            Self::Probation => crate::probation::ARTICLES,
            Self::Retirement => crate::retirement::ARTICLES,
            Self::Limitation => crate::limitation::ARTICLES,
            Self::Dues => crate::dues::ARTICLES,
        }
    }
}

/// What a calculation may look at beside its request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The parameters of the request's region.
    pub book: Book,
    /// Which days are worked.
    pub calendar: Calendar,
    /// Today in Shanghai.
    pub today: NaiveDate,
}

/// A request that can be reckoned.
pub trait Calculation {
    /// What comes out.
    type Result: Serialize;

    /// Which calculator it is for.
    const OF: Calculator;

    /// The division whose parameters hold; the province's without.
    fn region(&self) -> Option<&str> {
        None
    }

    /// Reckons.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with every refused field.
    fn work(&self, context: &mut Context) -> Result<Worked<Self::Result>, Problem>;
}

/// The minimum wage that a request may tell, or leave to the class it names, or to what is on record for its region.
#[derive(Debug, Clone, Copy)]
pub struct Minimum {
    /// `minimum_wage_fen`
    pub given: Option<i64>,
    /// `wage_class`
    pub class: Option<u8>,
}

impl Minimum {
    /// Notes what is wrong with it.
    pub fn check(self, fields: &mut Fields) {
        fields.take("/minimum_wage_fen", self.given.map(working::wage).transpose());
        let class = Invalid::new("WAGE_CLASS", "最低工资类区须为1、2或3。");
        fields.require(self.class.is_none_or(|class| (1..=3).contains(&class)), "/wage_class", class);
    }

    /// The minimum wage of a month: as given, or of the class that is given or on record for the region.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with `NO_PARAMETER` where neither is known.
    pub fn month(self, book: &mut Book, on: NaiveDate) -> Result<Fen, Problem> {
        if let Some(given) = self.given {
            return working::wage(given).map_err(|invalid| Problem::invalid("/minimum_wage_fen", invalid));
        }
        let class = match self.class {
            Some(class) => class,
            None => book.need::<MinimumWageClass>(on, "/wage_class")?.class,
        };
        let wages: MinimumWage = book.need(on, "/minimum_wage_fen")?;
        let class = usize::from(class).checked_sub(1);
        let found = class.and_then(|class| wages.month_fen.get(class)).copied().unwrap_or_default();
        working::wage(found).map_err(|invalid| Problem::invalid("/wage_class", invalid))
    }
}
