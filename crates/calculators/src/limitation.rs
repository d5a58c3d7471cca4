//! Limitation and other periods 时效与期限 (劳动争议调解仲裁法 14, 27, 29, 43, 47 to 50; 工伤保险条例 17, 20; 民法典 201 to 203).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unionhall_casework::calendar::Calendar;
use unionhall_kernel::{Fields, Invalid, Problem};
use utoipa::ToSchema;

use crate::calculation::{Calculation, Calculator, Context};
use crate::day;
use crate::working::{self, Article, Steps, Worked};

const DISPUTES: &str = "劳动争议调解仲裁法";

/// What it follows.
pub const ARTICLES: &[Article] = &[
    Article {
        law: DISPUTES,
        article: "第二十七条",
        text: "申请仲裁的时效为一年，自知道或者应当知道权利被侵害之日起算；主张权利等中断，不可抗力等中止；劳动关系存续期间拖欠报酬的不受一年限制，但终止后应在一年内提出",
    },
    Article {
        law: DISPUTES,
        article: "第十四条",
        text: "调解组织收到申请之日起十五日内未达成协议的，可以依法申请仲裁",
    },
    Article {
        law: DISPUTES,
        article: "第二十九条、第四十三条",
        text: "五日内决定是否受理；受理之日起四十五日内裁决，案情复杂的延长不超过十五日；逾期可以起诉",
    },
    Article {
        law: DISPUTES,
        article: "第四十七条至第五十条",
        text: "不服裁决的，收到裁决书之日起十五日内起诉；终局裁决用人单位只能在三十日内申请撤销",
    },
    Article {
        law: "工伤保险条例",
        article: "第十七条、第二十条",
        text: "单位三十日内申请工伤认定，职工、近亲属、工会一年内可以直接申请；受理后六十日内决定，事实清楚的十五日内决定",
    },
    Article {
        law: "民法典",
        article: "第二百零一条至第二百零三条",
        text: "开始当日不计入；按月、年计算的，到期月的对应日为最后一日，没有对应日的为月末日；最后一日是法定休假日的，以休假日结束的次日为最后一日",
    },
];

/// What happened. 起算事件
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitationEvent {
    /// 知道或应当知道权利被侵害: until when arbitration can be asked for
    KnewOfBreach,
    /// 调解组织收到调解申请
    MediationRequested,
    /// 仲裁委收到仲裁申请
    ArbitrationFiled,
    /// 仲裁委受理
    ArbitrationAccepted,
    /// 收到裁决书
    AwardReceived,
    /// 事故伤害发生或诊断为职业病
    Injured,
    /// 工伤认定申请受理
    InjuryFilingAccepted,
}

/// Something happened from which a period runs. 时效起算
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = LimitationInputs)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// 起算事件
    pub event: LimitationEvent,
    /// On which day, which is not counted. 发生日期
    #[schema(example = "2026-03-02")]
    #[serde(deserialize_with = "unionhall_web::wire::dated")]
    pub on: NaiveDate,
    /// For a breach: whether it is about wages owed. 拖欠劳动报酬
    #[schema(example = false)]
    #[serde(default)]
    pub wage_arrears: bool,
    /// For wages owed: the end of the job; null while it lasts. 劳动关系终止日期
    #[schema(example = "2026-06-30")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub employment_ended_on: Option<NaiveDate>,
    /// For a breach: the last day on which it was claimed, complained of or admitted; the year begins anew. 时效中断日期
    #[schema(example = "2026-05-20")]
    #[serde(default, deserialize_with = "unionhall_web::wire::dated")]
    pub interrupted_on: Option<NaiveDate>,
    /// For a breach: days on which nobody could claim, for force majeure and the like; 3,650 at most. 中止天数
    #[schema(minimum = 0, maximum = 3650, example = 0)]
    #[serde(default)]
    pub suspended_days: u32,
}

/// A period that ends. 期限
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LegalDeadline)]
pub struct Deadline {
    /// Until when what has to be done. 事项
    #[schema(example = "一般情形作出裁决")]
    pub label: &'static str,
    /// Where the period ends by its count. 期间届满日
    pub computed_on: NaiveDate,
    /// The last day: the same, or the next working day where that one is off. 最后一日
    pub last_day: NaiveDate,
    /// Whether it is over today. 是否已过
    pub passed: bool,
}

/// Which periods run. 期限计算结果
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LimitationResult {
    /// In the order of their ends; none where nothing limits the claim yet. 期限
    pub deadlines: Vec<Deadline>,
}

/// How long a period is.
#[derive(Debug, Clone, Copy)]
enum Period {
    Days(u32),
    Years(u32),
}

impl Period {
    fn after(self, from: NaiveDate) -> NaiveDate {
        match self {
            Self::Days(days) => day::days_after(from, days),
            Self::Years(years) => day::months_after(from, years * 12),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Days(days) => format!("{days}日"),
            Self::Years(years) => format!("{years}年"),
        }
    }
}

impl LimitationEvent {
    /// The periods that run from it.
    const fn periods(self) -> &'static [(&'static str, Period)] {
        match self {
            Self::KnewOfBreach => &[("申请劳动仲裁", Period::Years(1))],
            Self::MediationRequested => &[("未达成调解协议可申请仲裁", Period::Days(15))],
            Self::ArbitrationFiled => &[("仲裁委决定是否受理", Period::Days(5))],
            Self::ArbitrationAccepted => {
                &[("一般情形作出裁决", Period::Days(45)), ("案情复杂经批准延期作出裁决", Period::Days(60))]
            }
            Self::AwardReceived => {
                &[("不服裁决向法院起诉", Period::Days(15)), ("用人单位申请撤销终局裁决", Period::Days(30))]
            }
            Self::Injured => &[
                ("用人单位申请工伤认定", Period::Days(30)),
                ("职工、近亲属或工会申请工伤认定", Period::Years(1)),
            ],
            Self::InjuryFilingAccepted => {
                &[("事实清楚的作出工伤认定", Period::Days(15)), ("作出工伤认定", Period::Days(60))]
            }
        }
    }
}

/// Where a period ends that would end on a day: on the next that is worked (民法典 203).
fn ends(calendar: &Calendar, on: NaiveDate) -> NaiveDate {
    calendar.next_workday(on)
}

impl Limitation {
    fn check(&self) -> Result<(), Problem> {
        let mut fields = Fields::new();
        let of_breach = self.event == LimitationEvent::KnewOfBreach;
        let only = || Invalid::new("BREACH_ONLY", "仅在计算申请仲裁的时效时填写。");
        fields.require(of_breach || !self.wage_arrears, "/wage_arrears", only());
        fields.require(of_breach || self.interrupted_on.is_none(), "/interrupted_on", only());
        fields.require(of_breach || self.suspended_days == 0, "/suspended_days", only());
        let of_arrears = Invalid::new("ARREARS_ONLY", "仅在拖欠劳动报酬时填写。");
        fields.require(
            self.wage_arrears || self.employment_ended_on.is_none(),
            "/employment_ended_on",
            of_arrears,
        );
        let days = Invalid::new("NUMBER_RANGE", "中止天数须为0至3650。");
        fields.require(self.suspended_days <= 3_650, "/suspended_days", days);
        working::ordered(&mut fields, self.on, self.interrupted_on.unwrap_or(self.on), "/interrupted_on");
        fields.finish()
    }

    // From which day a breach's year runs.
    fn start(&self, calendar: &Calendar, steps: &mut Steps) -> NaiveDate {
        let start = self.employment_ended_on.unwrap_or(self.on);
        let Some(interrupted) = self.interrupted_on.filter(|at| *at > start) else { return start };
        let over = ends(calendar, self.count(start));
        if interrupted > over {
            steps.note(format!("主张权利时（{interrupted}）一年时效已于{over}届满，不发生中断。"));
            start
        } else {
            steps.note(format!("时效因{interrupted}主张权利等中断，自该日起重新计算一年。"));
            interrupted
        }
    }

    fn count(&self, from: NaiveDate) -> NaiveDate {
        day::days_after(day::months_after(from, 12), self.suspended_days)
    }
}

/// The last day to ask for arbitration of a breach known on a day (劳动争议调解仲裁法 27); `None` for wages owed while the job lasts.
pub fn arbitration_until(
    calendar: &Calendar,
    known_on: NaiveDate,
    wage_arrears: bool,
    employment_ended_on: Option<NaiveDate>,
) -> Option<NaiveDate> {
    if wage_arrears && employment_ended_on.is_none() {
        return None;
    }
    let start = employment_ended_on.filter(|_| wage_arrears).unwrap_or(known_on);
    Some(ends(calendar, day::months_after(start, 12)))
}

impl Calculation for Limitation {
    type Result = LimitationResult;

    const OF: Calculator = Calculator::Limitation;

    fn work(&self, context: &mut Context) -> Result<Worked<LimitationResult>, Problem> {
        self.check()?;
        let mut steps = Steps::default();
        let (calendar, today) = (&context.calendar, context.today);
        let of_breach = self.event == LimitationEvent::KnewOfBreach;
        let lasts = self.wage_arrears && self.employment_ended_on.is_none();
        let start = if of_breach { self.start(calendar, &mut steps) } else { self.on };
        let mut deadlines = Vec::new();
        for (label, period) in self.event.periods().iter().filter(|_| !lasts) {
            let (computed_on, mut formula) = match of_breach {
                true => (self.count(start), format!("{start} + {}", period.text())),
                false => (period.after(start), format!("{start} + {}（当日不计）", period.text())),
            };
            if of_breach && self.suspended_days > 0 {
                formula.push_str(&format!(" + 中止{}日", self.suspended_days));
            }
            let last_day = ends(calendar, computed_on);
            if last_day != computed_on {
                formula.push_str(&format!(" = {computed_on}，为休假日，顺延至其后第一个工作日"));
            }
            steps.say(*label, formula, last_day.to_string());
            deadlines.push(Deadline { label, computed_on, last_day, passed: today > last_day });
        }
        if lasts {
            steps.note("劳动关系存续期间拖欠劳动报酬的，不受一年时效限制；劳动关系终止后应当在一年内提出。");
        }
        if deadlines.iter().any(|deadline| deadline.last_day.year() > today.year()) {
            steps.note("放假安排逐年公布；尚未公布的年度按法定节假日和周末推算，公布后请复核最后一日。");
        }
        match self.event {
            LimitationEvent::KnewOfBreach => {
                steps.note("向单位主张、向劳动监察或工会投诉、对方同意履行，均可使时效中断，请保留证据。")
            }
            LimitationEvent::AwardReceived => {
                steps.note("劳动者对终局裁决不服的可以在十五日内起诉，用人单位只能申请撤销。")
            }
            LimitationEvent::ArbitrationAccepted => {
                steps.note("逾期未作出裁决的，可以就该争议向人民法院起诉。")
            }
            _ => {}
        }
        Ok(steps.done(LimitationResult { deadlines }))
    }
}
