//! Dues 会费 and what employers pay 工会经费 (中国工会章程; 工会法 43).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::exact::Exact;
use crate::parameter::{Dues as DuesRate, UnionFunds};
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "中国工会章程",
        article: "会员义务、工会经费",
        text: "会员按月交纳会费：基本工资的0.5%，尾数不足10元的部分不计，奖金、津贴不计入；保留会籍期间不交会费",
    },
    Article {
        law: "工会法",
        article: "第四十三条",
        text: "建立工会组织的用人单位按每月全部职工工资总额的2%向工会拨缴经费",
    },
];

/// A member's wage, an employer's payroll, or both. 会费与经费
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = DuesInputs)]
#[serde(deny_unknown_fields)]
pub struct Dues {
    /// The basic wage of a month, without bonuses and allowances; fen. 月基本工资
    #[schema(minimum = 0, maximum = 10_000_000_000_i64, example = 345_678)]
    pub basic_wage_fen: Option<i64>,
    /// Whether the membership is retained. 保留会籍
    #[schema(example = false)]
    #[serde(default)]
    pub retained: bool,
    /// What all workers together are paid in a month, fen. 全部职工月工资总额
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 12_345_678)]
    pub payroll_fen: Option<i64>,
    /// The day whose rates hold; today without. 适用日期
    #[schema(example = "2026-11-20")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub on: Option<NaiveDate>,
}

/// Dues and funds of a month. 会费与经费
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DuesResult {
    /// 会费 a month; null without a wage
    pub dues_fen: Option<Fen>,
    /// 工会经费 a month; null without a payroll
    pub funds_fen: Option<Fen>,
    /// Of it what the basic union keeps. 基层留成
    pub kept_fen: Option<Fen>,
    /// Of it what goes to the unions above: the rest. 上解
    pub passed_on_fen: Option<Fen>,
}

/// The most a payroll can be: ten billion yuan.
const MOST_PAYROLL: i64 = 1_000_000_000_000;

fn payroll(fen: i64) -> Result<Fen, Invalid> {
    let range = Invalid::new("AMOUNT_RANGE", "工资总额须不小于零且不超过一百亿元（以分为单位）。");
    if fen <= MOST_PAYROLL { Fen::new(fen).map_err(|_| range) } else { Err(range) }
}

fn points(points: u32) -> Exact {
    Exact::ratio(i64::from(points), 10_000)
}

fn percent(of: u32) -> String {
    // Two places hold every basis point.
    (points(of) * Exact::from(100)).decimal(2)
}

impl Calculation for Dues {
    type Result = DuesResult;

    const OF: Calculator = Calculator::Dues;

    fn work(&self, context: &mut Context) -> Result<Worked<DuesResult>, Problem> {
        let mut fields = Fields::new();
        let wage =
            fields.take("/basic_wage_fen", self.basic_wage_fen.map(working::amount).transpose()).flatten();
        let all = fields.take("/payroll_fen", self.payroll_fen.map(payroll).transpose()).flatten();
        let something = self.basic_wage_fen.is_some() || self.payroll_fen.is_some();
        let nothing = Invalid::new("REQUIRED", "请填写月基本工资或工资总额。");
        fields.require(something, "/basic_wage_fen", nothing);
        fields.finish()?;
        let on = self.on.unwrap_or(context.today);
        let mut steps = Steps::default();
        let mut dues_fen = None;
        if let Some(wage) = wage {
            let refused = |invalid| Problem::invalid("/basic_wage_fen", invalid);
            let rate: DuesRate = context.book.need(on, "/on")?;
            let counted = wage.get() - wage.get() % rate.step_fen.max(1);
            let counted = Fen::new(counted).map_err(refused)?;
            if self.retained {
                dues_fen = Some(steps.money("会费（每月）", "保留会籍期间不交会费".to_owned(), Fen::ZERO));
            } else {
                let step = Fen::new(rate.step_fen).map_err(refused)?;
                steps.money("计费工资", format!("{wage}，不足{step}元的尾数不计"), counted);
                let exact = Exact::from(counted) * points(rate.basis_points);
                let formula = format!("{counted} × {}%", percent(rate.basis_points));
                dues_fen = Some(steps.money("会费（每月）", formula, exact.fen().map_err(refused)?));
            }
        }
        let [mut funds_fen, mut kept_fen, mut passed_on_fen] = [None; 3];
        if let Some(all) = all {
            let refused = |invalid| Problem::invalid("/payroll_fen", invalid);
            let rate: UnionFunds = context.book.need(on, "/on")?;
            let funds = (Exact::from(all) * points(rate.basis_points)).fen().map_err(refused)?;
            let formula = format!("{all} × {}%", percent(rate.basis_points));
            funds_fen = Some(steps.money("拨缴工会经费（每月）", formula, funds));
            let kept = (Exact::from(funds) * points(rate.kept_basis_points)).fen().map_err(refused)?;
            let formula = format!("{funds} × {}%", percent(rate.kept_basis_points));
            kept_fen = Some(steps.money("基层工会留成", formula, kept));
            let rest = funds.checked_sub(kept).unwrap_or(Fen::ZERO);
            passed_on_fen = Some(steps.money("上解上级工会", format!("{funds} − {kept}"), rest));
            steps.note("分成比例由各地规定，以当地总工会文件为准。");
        }
        Ok(steps.done(DuesResult { dues_fen, funds_fen, kept_fen, passed_on_fen }))
    }
}
