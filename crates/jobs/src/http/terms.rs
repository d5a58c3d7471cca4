//! What a posting says, on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unionhall_kernel::text::paragraphs;
use unionhall_kernel::{Fields, Invalid, Problem, text};
use unionhall_web::wire::Progress;
use utoipa::ToSchema;
use uuid::Uuid;

use super::division_code;
use crate::posting::pay::{MAX_FEN, Pay, Period};
use crate::posting::{EmploymentType, Owner, Posting, State, Terms, lint};

/// The most days a posting stands at a time.
pub(super) const MAX_DAYS: i32 = 90;
const DEFAULT_DAYS: i32 = 30;

/// What is offered. 劳动报酬
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobPay)]
pub(super) struct PayDto {
    /// At least, fen; without only where pay is negotiable. 最低
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000_000, example = 450_000)]
    min_fen: Option<i64>,
    /// At most, fen; open without. 最高
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000_000, example = 600_000)]
    max_fen: Option<i64>,
    /// 计薪周期
    period: Period,
    /// Months that are paid a year, of a monthly pay; 12 without. 年薪月数
    #[serde(default = "twelve")]
    #[schema(minimum = 12, maximum = 24, example = 12)]
    months: i16,
    /// 面议
    #[serde(default)]
    negotiable: bool,
}

const fn twelve() -> i16 {
    12
}

impl From<Pay> for PayDto {
    fn from(pay: Pay) -> Self {
        let Pay { min, max, period, months, negotiable } = pay;
        Self { min_fen: min, max_fen: max, period, months, negotiable }
    }
}

/// A posting to be written. 发布职位
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPosting {
    /// 职位名称: 2 to 60 characters.
    #[schema(min_length = 2, max_length = 60, example = "数控车床操作工")]
    title: String,
    /// 用工类型
    employment_type: EmploymentType,
    /// 招聘人数
    #[schema(minimum = 1, maximum = 9999, example = 5)]
    headcount: i32,
    /// 工作内容: 2 to 5,000 characters.
    #[schema(min_length = 2, max_length = 5000, example = "操作数控车床，按图纸加工零件。")]
    content: String,
    /// 招聘条件: 2 to 2,000 characters.
    #[schema(min_length = 2, max_length = 2000, example = "能看懂机械图纸，有一年以上经验。")]
    conditions: String,
    /// 工作地行政区划代码
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: String,
    /// 工作地点: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200, example = "郑州市中原区建设路1号")]
    address: String,
    /// 劳动报酬
    pay: PayDto,
    /// How many days it is to stand from its approval on; 30 without. 有效天数
    #[serde(default = "thirty")]
    #[schema(minimum = 1, maximum = 90, example = 30)]
    valid_days: i32,
    /// Where it was posted first, for a repost. 信息来源
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, pattern = "^https?://", example = "https://hrss.example.gov.cn/jobs/1")]
    source_url: Option<String>,
    /// For the reviewer alone: a lawful exception, say. 审核说明
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "国家规定女职工禁忌从事的井下作业。")]
    note: Option<String>,
}

const fn thirty() -> i32 {
    DEFAULT_DAYS
}

fn source(raw: &str) -> Result<String, Invalid> {
    let refused = Invalid::new("SOURCE_URL", "请填写以http://或https://开头的网址。");
    let url = text::line(raw, 8, 300).map_err(|_| refused.clone())?;
    let is_url = url.starts_with("http://") || url.starts_with("https://");
    if is_url && !url.contains(char::is_whitespace) { Ok(url) } else { Err(refused) }
}

impl NewPosting {
    pub(super) fn terms(&self) -> Result<Terms, Problem> {
        let mut fields = Fields::new();
        let title = fields.take("/title", text::line(&self.title, 2, 60));
        let content = fields.take("/content", paragraphs(&self.content, 2, 5000));
        let conditions = fields.take("/conditions", paragraphs(&self.conditions, 2, 2000));
        let division = fields.take("/division_code", division_code(&self.division_code));
        let address = fields.take("/address", text::line(&self.address, 2, 200));
        let source_url = self.source_url.as_deref().map(|url| fields.take("/source_url", source(url)));
        let note = self.note.as_deref().map(|note| fields.take("/note", text::line(note, 1, 200)));
        let count = Invalid::new("COUNT", "招聘人数须为1至9999。");
        fields.require((1..=9999).contains(&self.headcount), "/headcount", count);
        let days = Invalid::new("VALID_DAYS", "有效天数须为1至90。");
        fields.require((1..=MAX_DAYS).contains(&self.valid_days), "/valid_days", days);
        let PayDto { min_fen, max_fen, period, months, negotiable } = self.pay;
        let pay = Pay { min: min_fen, max: max_fen, period, months, negotiable };
        if let Err((pointer, invalid)) = pay.check() {
            fields.refuse(pointer, invalid);
        }
        let (Some(title), Some(content), Some(conditions), Some(division_code), Some(address)) =
            (title, content, conditions, division, address)
        else {
            return Err(fields.problem());
        };
        fields.finish()?;
        Ok(Terms {
            title,
            employment_type: self.employment_type,
            headcount: self.headcount,
            content,
            conditions,
            division_code,
            address,
            pay,
            valid_days: self.valid_days,
            source_url: source_url.flatten(),
            note: note.flatten(),
        })
    }

    /// What a posting says now, for a patch to be applied to.
    pub(super) fn of(posting: &Posting) -> Result<Self, Problem> {
        let Terms {
            title,
            employment_type,
            headcount,
            content,
            conditions,
            division_code,
            address,
            pay,
            valid_days,
            source_url,
            note,
        } = posting.terms()?;
        let pay = pay.into();
        Ok(Self {
            title,
            employment_type,
            headcount,
            content,
            conditions,
            division_code,
            address,
            pay,
            valid_days,
            source_url,
            note,
        })
    }
}

/// Fields to change; absent ones stay. 职位变更
#[derive(ToSchema)]
#[allow(dead_code)] // documentation of the merge patch
pub(super) struct PostingPatch {
    /// 职位名称
    #[schema(min_length = 2, max_length = 60, example = "数控车床操作工")]
    title: Option<String>,
    /// 用工类型
    employment_type: Option<EmploymentType>,
    /// 招聘人数
    #[schema(minimum = 1, maximum = 9999, example = 5)]
    headcount: Option<i32>,
    /// 工作内容
    #[schema(min_length = 2, max_length = 5000, example = "操作数控车床，按图纸加工零件。")]
    content: Option<String>,
    /// 招聘条件
    #[schema(min_length = 2, max_length = 2000, example = "能看懂机械图纸，有一年以上经验。")]
    conditions: Option<String>,
    /// 工作地行政区划代码
    #[schema(pattern = "^[0-9]{6}([0-9]{3})?$", example = "410102")]
    division_code: Option<String>,
    /// 工作地点
    #[schema(min_length = 2, max_length = 200, example = "郑州市中原区建设路1号")]
    address: Option<String>,
    /// 劳动报酬, as a whole
    pay: Option<PayDto>,
    /// 有效天数
    #[schema(minimum = 1, maximum = 90, example = 30)]
    valid_days: Option<i32>,
    /// 信息来源
    #[schema(max_length = 300, pattern = "^https?://", example = "https://hrss.example.gov.cn/jobs/1")]
    source_url: Option<String>,
    /// 审核说明
    #[schema(min_length = 1, max_length = 200, example = "国家规定女职工禁忌从事的井下作业。")]
    note: Option<String>,
}

/// A posting. 职位
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostingDto {
    /// Its id.
    id: Uuid,
    /// The union that looks at it. 审核工会
    union_id: Uuid,
    /// 职位名称
    title: String,
    /// 用工类型
    employment_type: EmploymentType,
    /// 招聘人数
    headcount: i32,
    /// 工作内容
    content: String,
    /// 招聘条件
    conditions: String,
    /// 工作地行政区划代码
    #[schema(example = "410102")]
    division_code: String,
    /// 工作地点
    address: String,
    /// 劳动报酬
    pay: PayDto,
    /// How many days it is to stand from its approval on. 有效天数
    valid_days: i32,
    /// Where it was posted first. 信息来源
    source_url: Option<String>,
    /// For the reviewer alone. 审核说明
    note: Option<String>,
    /// What it pays, in words. 薪酬说明
    #[schema(example = "4500-6000元/月")]
    pay_text: String,
    /// 已录用人数
    filled: i32,
    /// 状态
    state: State,
    /// Its last day in Shanghai, once it was published. 招聘截止日
    valid_through: Option<NaiveDate>,
    /// Why it was returned or taken down. 原因
    reason: Option<String>,
    /// What the reviewer will look at. 用语提示
    hits: Vec<lint::Hit>,
    /// 办理进度
    progress: Progress,
}

fn progress(posting: &Posting, today: NaiveDate) -> Progress {
    let state = posting.state(today);
    let next_step = match state {
        State::Draft => "提交审核",
        State::Review => "县级总工会审核",
        State::Live => "到期前可延长、修改或关闭",
        State::Expired => "可延长或关闭",
        State::Hidden => "县级总工会核查举报",
        State::Closed => "已结束，可重新发布",
        State::Removed => "已下架，如有疑问请联系工会",
    };
    let waiting_for = state.owner().map(|owner| match owner {
        Owner::Recruiter => "recruiter",
        Owner::County => "county",
    });
    Progress {
        state: state.as_str().to_owned(),
        state_text: state.text(),
        waiting_for,
        next_step,
        due_on: posting.due_on(today),
        missing: Vec::new(),
        contact_phone: Some("12351"),
    }
}

impl PostingDto {
    pub(super) fn of(posting: &Posting, today: NaiveDate) -> Result<Self, Problem> {
        let NewPosting {
            title,
            employment_type,
            headcount,
            content,
            conditions,
            division_code,
            address,
            pay,
            valid_days,
            source_url,
            note,
        } = NewPosting::of(posting)?;
        Ok(Self {
            id: posting.id,
            union_id: posting.org_id,
            pay_text: posting.terms()?.pay.text(),
            title,
            employment_type,
            headcount,
            content,
            conditions,
            division_code,
            address,
            pay,
            valid_days,
            source_url,
            note,
            filled: posting.filled,
            state: posting.state(today),
            valid_through: posting.valid_through,
            reason: posting.reason.clone(),
            hits: posting.hits()?,
            progress: progress(posting, today),
        })
    }
}

const _: () = assert!(MAX_FEN == 100_000_000, "the limits above are published");
