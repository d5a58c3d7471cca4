//! Probation 试用期 (劳动合同法 19, 20, 83).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context, Minimum};
use crate::day;
use crate::exact::Exact;
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "劳动合同法",
        article: "第十九条",
        text: "期限不满三个月或以完成一定任务为期限的不得约定试用期；三个月以上不满一年的不超过一个月，一年以上不满三年的不超过二个月，三年以上和无固定期限的不超过六个月；只能约定一次",
    },
    Article {
        law: "劳动合同法",
        article: "第二十条",
        text: "试用期工资不低于约定工资的80%，并不低于用人单位所在地的最低工资标准",
    },
    Article {
        law: "劳动合同法",
        article: "第八十三条",
        text: "违法约定的试用期已经履行的，按试用期满月工资和超过法定试用期的期间支付赔偿金",
    },
];

/// What kind of contract it is. 合同期限类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractTerm {
    /// 固定期限
    Fixed,
    /// 无固定期限
    OpenEnded,
    /// 以完成一定工作任务为期限
    Task,
}

/// A contract with a probation. 试用期约定
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ProbationInputs)]
#[serde(deny_unknown_fields)]
pub struct Probation {
    /// 合同期限类型
    pub term: ContractTerm,
    /// First day of the contract. 合同起始日
    #[schema(example = "2026-01-01")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub starts_on: NaiveDate,
    /// Last day, counted; of a contract with a fixed term. 合同终止日
    #[schema(example = "2028-12-31")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub ends_on: Option<NaiveDate>,
    /// Months of probation that were agreed. 约定试用月数
    #[schema(minimum = 0, maximum = 36, example = 6)]
    pub agreed_months: u32,
    /// Months of probation that were served already. 已履行月数
    #[schema(minimum = 0, maximum = 36, example = 0)]
    #[serde(default)]
    pub served_months: u32,
    /// The wage that was agreed for after the probation, fen. 转正后月工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 500_000)]
    pub full_wage_fen: i64,
    /// The wage of the probation, fen. 试用期月工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 400_000)]
    pub probation_wage_fen: Option<i64>,
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

/// Whether a probation is as the law has it. 试用期核对
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProbationResult {
    /// The most months. 法定上限月数
    #[schema(minimum = 0, maximum = 6, example = 6)]
    pub max_months: u32,
    /// The last day of the longest probation; null where there may be none. 试用期最迟结束日
    pub last_day: Option<NaiveDate>,
    /// Whether the months agreed are within it. 约定是否合法
    pub months_are_lawful: bool,
    /// The least wage of a month of probation. 试用期最低月工资
    pub least_wage_fen: Fen,
    /// Whether the wage is at least that; null without a wage. 工资是否合法
    pub wage_is_lawful: Option<bool>,
    /// What is missing each month; null without a wage. 每月差额
    pub shortfall_fen: Option<Fen>,
    /// Months served beyond the most. 超期月数
    #[schema(minimum = 0, maximum = 36, example = 0)]
    pub excess_months: u32,
    /// What is owed for them. 赔偿金
    pub compensation_fen: Fen,
}

impl Probation {
    fn minimum(&self) -> Minimum {
        Minimum { given: self.minimum_wage_fen, class: self.wage_class }
    }

    // The most months, and why.
    fn most(&self) -> (u32, String) {
        match (self.term, self.ends_on) {
            (ContractTerm::Fixed, Some(ends)) => {
                let months = day::full_months(self.starts_on, ends);
                let most = match months {
                    0..3 => 0,
                    3..12 => 1,
                    12..36 => 2,
                    _ => 6,
                };
                (most, format!("{}至{ends}，满{months}个月", self.starts_on))
            }
            (ContractTerm::OpenEnded, _) => (6, "无固定期限劳动合同".to_owned()),
            (ContractTerm::Task | ContractTerm::Fixed, _) => (0, "以完成一定工作任务为期限".to_owned()),
        }
    }
}

impl Calculation for Probation {
    type Result = ProbationResult;

    const OF: Calculator = Calculator::Probation;

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn work(&self, context: &mut Context) -> Result<Worked<ProbationResult>, Problem> {
        let mut fields = Fields::new();
        let full = fields.take("/full_wage_fen", working::wage(self.full_wage_fen));
        let paid = self.probation_wage_fen.map(working::wage).transpose();
        let paid = fields.take("/probation_wage_fen", paid).flatten();
        self.minimum().check(&mut fields);
        for (pointer, months) in
            [("/agreed_months", self.agreed_months), ("/served_months", self.served_months)]
        {
            fields.require(months <= 36, pointer, Invalid::new("NUMBER_RANGE", "月数须为0至36。"));
        }
        let is_fixed = self.term == ContractTerm::Fixed;
        let fits = Invalid::new("TERM_END", "固定期限合同须填写终止日，其他合同不填写。");
        fields.require(self.ends_on.is_some() == is_fixed, "/ends_on", fits);
        working::ordered(&mut fields, self.starts_on, self.ends_on.unwrap_or(self.starts_on), "/ends_on");
        let Some(full) = full else { return Err(fields.problem()) };
        fields.finish()?;
        let minimum = self.minimum().month(&mut context.book, self.starts_on)?;
        let refused = |invalid| Problem::invalid("/full_wage_fen", invalid);
        let (max_months, why) = self.most();
        let mut steps = Steps::default();
        steps.say("试用期上限", why, format!("{max_months}个月"));
        let end = day::eve(day::months_after(self.starts_on, max_months));
        let last_day = (max_months > 0).then_some(end);
        if let Some(last) = last_day {
            steps.say(
                "试用期最迟结束日",
                format!("{} + {max_months}个月 − 1天", self.starts_on),
                last.to_string(),
            );
        }
        let least = (Exact::from(full) * Exact::percent(80)).max(Exact::from(minimum));
        let formula = format!("max({full} × 80%, 最低工资{minimum})");
        let least_wage_fen = steps.money("试用期最低月工资", formula, least.fen().map_err(refused)?);
        let mut shortfall_fen = None;
        if let Some(paid) = paid {
            let missing = least_wage_fen.checked_sub(paid).unwrap_or(Fen::ZERO);
            shortfall_fen = Some(steps.money("每月差额", format!("{least_wage_fen} − {paid}"), missing));
        }
        let excess_months = self.served_months.saturating_sub(max_months);
        let owed = Exact::from(full) * Exact::from(i64::from(excess_months));
        let formula = format!("{full} × 超期{excess_months}个月");
        let compensation_fen = steps.money("违法试用期赔偿金", formula, owed.fen().map_err(refused)?);
        steps.note("同一用人单位与同一劳动者只能约定一次试用期；仅约定试用期的，该期限即为劳动合同期限。");
        Ok(steps.done(ProbationResult {
            max_months,
            last_day,
            months_are_lawful: self.agreed_months <= max_months,
            least_wage_fen,
            wage_is_lawful: paid.map(|paid| paid >= least_wage_fen),
            shortfall_fen,
            excess_months,
            compensation_fen,
        }))
    }
}
