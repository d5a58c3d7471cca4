//! Benefits after an injury or a death at work 工伤保险待遇 (工伤保险条例 33 to 39, 64).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Fen, Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::exact::Exact;
use crate::parameter::{
    DeathBenefits, InjuryAllowance, InjuryMonths, LocalAverageWage, NationalIncome, Nursing as NursingRates,
};
use crate::working::{self, Article, Steps, Worked};

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: "工伤保险条例",
        article: "第三十三条",
        text: "停工留薪期一般不超过12个月，经确认可延长不超过12个月，原工资福利待遇不变",
    },
    Article {
        law: "工伤保险条例",
        article: "第三十四条",
        text: "生活护理费为统筹地区上年度职工月平均工资的50%、40%或30%",
    },
    Article {
        law: "工伤保险条例",
        article: "第三十五条至第三十七条",
        text: "一次性伤残补助金按伤残等级为7至27个月本人工资；一级至四级按月享受伤残津贴，五级、六级难以安排工作的由单位按月发给",
    },
    Article {
        law: "工伤保险条例",
        article: "第三十九条",
        text: "丧葬补助金为6个月统筹地区上年度职工月平均工资；供养亲属抚恤金配偶40%、其他亲属30%，孤寡老人或孤儿加发10%；一次性工亡补助金为上一年度全国城镇居民人均可支配收入的20倍",
    },
    Article {
        law: "工伤保险条例",
        article: "第六十四条",
        text: "本人工资按前12个月平均月缴费工资，不高于统筹地区职工平均工资的300%、不低于60%",
    },
];

/// How much nursing somebody needs. 生活自理障碍
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NursingLevel)]
#[serde(rename_all = "snake_case")]
pub enum Nursing {
    /// 生活完全不能自理
    Full,
    /// 生活大部分不能自理
    Most,
    /// 生活部分不能自理
    Part,
}

/// Who lived on the wage of somebody who died. 供养亲属
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DependantRelation)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 配偶
    Spouse,
    /// 其他亲属
    Other,
}

/// One of the dependants. 供养亲属
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dependant {
    /// 关系
    relation: Relation,
    /// An orphan, or old and alone. 孤儿或孤寡老人
    #[schema(example = false)]
    #[serde(default)]
    alone: bool,
}

/// An injury or a death at work: `grade` or `died`. 工伤情况
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = WorkInjuryInputs)]
#[serde(deny_unknown_fields)]
pub struct WorkInjury {
    /// The day whose law and figures hold: of the assessment, or of the death. 鉴定或死亡日期
    #[schema(example = "2025-06-30")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub on: NaiveDate,
    /// Grade of the lasting injury, 1 (worst) to 10. 伤残等级
    #[schema(minimum = 1, maximum = 10, example = 9)]
    pub grade: Option<u8>,
    /// Whether somebody died. 因工死亡
    #[schema(example = false)]
    #[serde(default)]
    pub died: bool,
    /// The wage contributions were paid on, on average of the twelve months before; fen. 前12个月平均月缴费工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 600_000)]
    pub own_wage_fen: i64,
    /// The average monthly wage of the insured area in the year before; that on record without. 统筹地区上年度职工月平均工资
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 700_000)]
    pub local_average_wage_fen: Option<i64>,
    /// For grades 5 and 6: whether the employer cannot find suitable work. 难以安排工作
    #[schema(example = false)]
    #[serde(default)]
    pub no_suitable_work: bool,
    /// 生活护理等级; none without
    pub nursing: Option<Nursing>,
    /// Months of treatment with full pay, 24 at most. 停工留薪月数
    #[schema(minimum = 0, maximum = 24, example = 0)]
    #[serde(default)]
    pub leave_months: u32,
    /// For a death: who lived on the wage; twenty at most. 供养亲属
    #[schema(max_items = 20)]
    #[serde(default)]
    pub dependants: Vec<Dependant>,
    /// For a death: the national income of townspeople in the year before, fen; that on record without. 上一年度全国城镇居民人均可支配收入
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 5_418_800)]
    pub national_income_fen: Option<i64>,
    /// The division of the insured area; the province without. 统筹地区
    #[schema(max_length = 9, example = "410100")]
    pub region: Option<String>,
}

/// What is due after an injury or a death at work. 工伤待遇
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkInjuryResult {
    /// The wage it is reckoned with, within 60% and 300% of the local average. 本人工资
    pub wage_fen: Fen,
    /// Pay of the months of treatment. 停工留薪期工资
    pub leave_fen: Option<Fen>,
    /// 一次性伤残补助金
    pub lump_sum_fen: Option<Fen>,
    /// 伤残津贴 a month
    pub allowance_fen: Option<Fen>,
    /// 生活护理费 a month
    pub nursing_fen: Option<Fen>,
    /// 丧葬补助金
    pub funeral_fen: Option<Fen>,
    /// 供养亲属抚恤金 a month, of all together, no more than the wage
    pub dependants_fen: Option<Fen>,
    /// 一次性工亡补助金
    pub death_fen: Option<Fen>,
}

fn refused(invalid: Invalid) -> Problem {
    Problem::invalid("/own_wage_fen", invalid)
}

/// Wages and what is due for them, while it is reckoned.
struct Case<'a> {
    asked: &'a WorkInjury,
    /// Between the bounds.
    wage: Exact,
    local: Exact,
    steps: Steps,
}

impl Case<'_> {
    fn due(&mut self, label: &'static str, formula: String, amount: Exact) -> Result<Option<Fen>, Problem> {
        Ok(Some(self.steps.money(label, formula, amount.fen().map_err(refused)?)))
    }

    fn text(of: Exact) -> String {
        (of / Exact::from(100)).decimal(2)
    }

    fn lump_sum(&mut self, context: &mut Context) -> Result<Option<Fen>, Problem> {
        let Some(grade) = self.asked.grade else { return Ok(None) };
        let months: InjuryMonths = context.book.need(self.asked.on, "/on")?;
        let months =
            usize::from(grade).checked_sub(1).and_then(|at| months.months.get(at)).copied().unwrap_or(0);
        let formula = format!("{} × {months}个月（{grade}级）", Self::text(self.wage));
        self.due("一次性伤残补助金", formula, self.wage * Exact::from(i64::from(months)))
    }

    fn allowance(&mut self, context: &mut Context) -> Result<Option<Fen>, Problem> {
        let Some(grade) = self.asked.grade.filter(|g| *g <= 4 || (*g <= 6 && self.asked.no_suitable_work))
        else {
            return Ok(None);
        };
        let rates: InjuryAllowance = context.book.need(self.asked.on, "/on")?;
        let at = usize::from(grade).checked_sub(1);
        let percent = at.and_then(|at| rates.percent.get(at)).copied().unwrap_or(0);
        let formula = format!("{} × {percent}%（{grade}级）", Self::text(self.wage));
        self.steps
            .note("伤残津贴实际金额低于当地最低工资标准的，由工伤保险基金（五级、六级由用人单位）补足差额。");
        self.due("伤残津贴（每月）", formula, self.wage * Exact::percent(percent))
    }

    fn nursing(&mut self, context: &mut Context) -> Result<Option<Fen>, Problem> {
        let Some(level) = self.asked.nursing else { return Ok(None) };
        let rates: NursingRates = context.book.need(self.asked.on, "/on")?;
        let percent = match level {
            Nursing::Full => rates.full,
            Nursing::Most => rates.most,
            Nursing::Part => rates.part,
        };
        let formula = format!("当地月平均工资{} × {percent}%", Self::text(self.local));
        self.due("生活护理费（每月）", formula, self.local * Exact::percent(percent))
    }

    fn leave(&mut self) -> Result<Option<Fen>, Problem> {
        let months = self.asked.leave_months;
        if months == 0 {
            return Ok(None);
        }
        if months > 12 {
            self.steps.note("停工留薪期超过12个月的，须经设区的市级劳动能力鉴定委员会确认。");
        }
        let own = Exact::from(self.asked.own_wage_fen);
        let formula = format!("{} × {months}个月", Self::text(own));
        self.due("停工留薪期工资", formula, own * Exact::from(i64::from(months)))
    }

    fn death(&mut self, context: &mut Context) -> Result<[Option<Fen>; 3], Problem> {
        if !self.asked.died {
            return Ok([None; 3]);
        }
        let rates: DeathBenefits = context.book.need(self.asked.on, "/on")?;
        let income = match self.asked.national_income_fen {
            Some(given) => given,
            None => context.book.need::<NationalIncome>(self.asked.on, "/national_income_fen")?.year_fen,
        };
        let DeathBenefits { funeral_months, income_years, spouse, other, alone } = rates;
        let formula = format!("当地月平均工资{} × {funeral_months}个月", Self::text(self.local));
        let funeral = self.due("丧葬补助金", formula, self.local * Exact::from(i64::from(funeral_months)))?;
        let shares = self.asked.dependants.iter().map(|dependant| {
            let share = if dependant.relation == Relation::Spouse { spouse } else { other };
            share + if dependant.alone { alone } else { 0 }
        });
        let percent: u32 = shares.sum();
        let dependants = if percent == 0 {
            None
        } else {
            let wage = Self::text(self.wage);
            let formula = if percent > 100 {
                format!("{wage} × {percent}%，各亲属之和不高于本人工资")
            } else {
                format!("{wage} × {percent}%")
            };
            self.due("供养亲属抚恤金（每月合计）", formula, self.wage * Exact::percent(percent.min(100)))?
        };
        let formula = format!("{} × {income_years}", Self::text(Exact::from(income)));
        let sum = Exact::from(income) * Exact::from(i64::from(income_years));
        Ok([funeral, dependants, self.due("一次性工亡补助金", formula, sum)?])
    }
}

impl WorkInjury {
    fn check(&self) -> Result<(), Problem> {
        let mut fields = Fields::new();
        fields.take("/own_wage_fen", working::wage(self.own_wage_fen));
        for (pointer, given) in [
            ("/local_average_wage_fen", self.local_average_wage_fen),
            ("/national_income_fen", self.national_income_fen),
        ] {
            fields.take(pointer, given.map(working::wage).transpose());
        }
        let grade = Invalid::new("INJURY_GRADE", "伤残等级须为1至10级。");
        fields.require(self.grade.is_none_or(|grade| (1..=10).contains(&grade)), "/grade", grade);
        let one = Invalid::new("GRADE_OR_DEATH", "请填写伤残等级或因工死亡，二者择一。");
        fields.require(self.grade.is_some() != self.died, "/grade", one);
        let months = Invalid::new("NUMBER_RANGE", "停工留薪期须为0至24个月。");
        fields.require(self.leave_months <= 24, "/leave_months", months);
        let count = Invalid::new("COUNT", "供养亲属最多填写20人。");
        fields.require(self.dependants.len() <= 20, "/dependants", count);
        let of_death = Invalid::new("DEATH_ONLY", "供养亲属仅在因工死亡时填写。");
        fields.require(self.died || self.dependants.is_empty(), "/dependants", of_death);
        let of_life = Invalid::new("INJURY_ONLY", "护理等级仅在伤残时填写。");
        fields.require(!self.died || self.nursing.is_none(), "/nursing", of_life);
        fields.finish()
    }
}

impl Calculation for WorkInjury {
    type Result = WorkInjuryResult;

    const OF: Calculator = Calculator::WorkInjury;

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn work(&self, context: &mut Context) -> Result<Worked<WorkInjuryResult>, Problem> {
        self.check()?;
        let local = match self.local_average_wage_fen {
            Some(given) => given,
            None => context.book.need::<LocalAverageWage>(self.on, "/local_average_wage_fen")?.month_fen,
        };
        let local = Exact::from(local);
        let (least, most) = (local * Exact::percent(60), local * Exact::percent(300));
        let own = Exact::from(self.own_wage_fen);
        let wage = own.max(least).min(most);
        let mut case = Case { asked: self, wage, local, steps: Steps::default() };
        let [own, least, most] = [own, least, most].map(Case::text);
        let formula = format!("{own}，不低于{least}（60%）、不高于{most}（300%）");
        let wage_fen = case.steps.money("本人工资", formula, wage.fen().map_err(refused)?);
        let leave_fen = case.leave()?;
        let lump_sum_fen = case.lump_sum(context)?;
        let allowance_fen = case.allowance(context)?;
        let nursing_fen = case.nursing(context)?;
        let [funeral_fen, dependants_fen, death_fen] = case.death(context)?;
        let mut steps = case.steps;
        if self.grade.is_some_and(|grade| grade >= 5) {
            steps
                .note("五级至十级解除劳动关系时的一次性工伤医疗补助金、伤残就业补助金由省规定，不在此计算。");
        }
        steps.note("故意犯罪、醉酒或者吸毒、自残或者自杀的，不认定为工伤（第十六条）。");
        Ok(steps.done(WorkInjuryResult {
            wage_fen,
            leave_fen,
            lump_sum_fen,
            allowance_fen,
            nursing_fen,
            funeral_fen,
            dependants_fen,
            death_fen,
        }))
    }
}
