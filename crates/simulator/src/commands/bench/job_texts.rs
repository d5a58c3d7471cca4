//! Postings as people write them: forty trades, a few of them sought everywhere, and what they say of themselves.

use anyhow::{Context as _, Result};
use unionhall_jobs::posting::pay::{Pay, Period};

const PLACES: [&str; 8] = ["", "急招", "高薪诚聘", "郑州", "厂区直招", "夜班", "长白班", "名企"];
const TRADES: [&str; 40] = [
    "普工",
    "操作工",
    "电焊工",
    "数控车床操作工",
    "仓库管理员",
    "货车司机",
    "叉车司机",
    "保安",
    "保洁员",
    "厨师",
    "服务员",
    "收银员",
    "导购员",
    "快递员",
    "外卖骑手",
    "客服专员",
    "行政文员",
    "会计",
    "出纳",
    "人事专员",
    "电工",
    "钳工",
    "质检员",
    "包装工",
    "缝纫工",
    "装配工",
    "瓦工",
    "木工",
    "水电工",
    "施工员",
    "护士",
    "月嫂",
    "幼儿教师",
    "软件工程师",
    "平面设计师",
    "销售代表",
    "电话销售",
    "网约车司机",
    "空调安装工",
    "家电维修工",
];
const DUTIES: [&str; 12] = [
    "按工艺要求完成当班生产任务，做好设备点检。",
    "负责货物出入库登记，账物相符。",
    "接待来访客户，解答咨询并做好记录。",
    "服从班组安排，遵守安全操作规程。",
    "配合质检人员处理不合格品。",
    "负责区域内卫生清洁与垃圾分类。",
    "完成领导交办的其他工作。",
    "能看懂图纸，独立完成装配调试。",
    "每周单休，法定节假日按国家规定执行。",
    "长期出差者优先安排补贴。",
    "负责车辆日常保养，按时完成配送。",
    "收集市场信息，维护老客户并开发新客户。",
];
const WELFARE: [&str; 6] = [
    "五险一金，包吃住。",
    "缴纳五险，提供工作餐。",
    "包住宿，有全勤奖。",
    "五险一金，带薪年假。",
    "节日福利，年终奖。",
    "提供宿舍，长白班。",
];
const CONDITIONS: [&str; 6] = [
    "身体健康，吃苦耐劳。",
    "有相关工作经验者优先。",
    "持有效证件上岗。",
    "初中以上文化程度。",
    "中专及以上学历，有责任心。",
    "熟练使用办公软件。",
];

// Chance that is the same at every run.
pub(super) fn mix(n: i64, salt: u64) -> u64 {
    let mut x = n.unsigned_abs().wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

pub(super) fn pick<T: Copy>(of: &[T], n: i64, salt: u64) -> Result<T> {
    let at = usize::try_from(mix(n, salt) % u64::try_from(of.len())?)?;
    of.get(at).copied().context("something to pick")
}

/// A posting that nobody wrote.
pub(super) struct Job {
    pub title: String,
    pub content: String,
    pub conditions: &'static str,
    pub division: &'static str,
    pub pay: Pay,
}

/// The `n`-th posting, the same at every run.
pub(super) fn job(n: i64, counties: &[&'static str]) -> Result<Job> {
    // A few trades are sought everywhere.
    let trade = if mix(n, 1).is_multiple_of(12) { "普工" } else { pick(&TRADES, n, 2)? };
    let rare = if mix(n, 3).is_multiple_of(100_000) { "熟悉盾构设备。" } else { "" };
    let (one, two) = (pick(&DUTIES, n, 4)?, pick(&DUTIES, n, 5)?);
    let min = 250_000 + i64::try_from(mix(n, 6) % 60)? * 10_000;
    let max = min + i64::try_from(mix(n, 7) % 40)? * 10_000;
    let pay = match mix(n, 8) % 10 {
        0 => Pay { min: None, max: None, period: Period::Month, months: 12, negotiable: true },
        1 => Pay { min: Some(min), max: None, period: Period::Month, months: 12, negotiable: false },
        _ => Pay { min: Some(min), max: Some(max), period: Period::Month, months: 12, negotiable: false },
    };
    Ok(Job {
        title: format!("{}{trade}", pick(&PLACES, n, 9)?),
        content: format!("{one}{two}{rare}{}", pick(&WELFARE, n, 10)?),
        conditions: pick(&CONDITIONS, n, 11)?,
        division: pick(counties, n, 12)?,
        pay,
    })
}
