//! Which column is which. Unions call their columns what they like; a title counts by its synonyms.

use unionhall_kernel::text::{is_blank, nfkc_trimmed};

use super::Kind;
use super::cell::Cell;

/// A column's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// 姓名
    Name,
    /// 证件类型
    IdType,
    /// 证件号码
    Id,
    /// 手机
    Mobile,
    /// 所属工会, by name or code
    Union,
    /// 工会代码
    UnionCode,
    /// 性别; the number tells it, so it is only compared
    Sex,
    /// 出生日期; likewise
    BirthDate,
    /// 入会日期
    Joined,
    /// 民族, 政治面貌, …: kept in the profile under this key.
    Detail(&'static str),
    /// 工会名称 (of a file of unions)
    OrgName,
    /// 上级工会
    Parent,
    /// 类型
    OrgType,
    /// 所在区划
    Division,
    /// 统一社会信用代码
    Uscc,
    /// Of a room above, under this key.
    Field(&'static str),
    /// What errors.csv added; dropped when the mended file comes back.
    Error,
}

/// The title of the column that errors.csv adds.
pub const ERROR_TITLE: &str = "错误原因";

use Meaning::{
    BirthDate, Detail, Division, Error, Field, Id, IdType, Joined, Mobile, Name, OrgName, OrgType, Parent,
    Sex, Union, UnionCode, Uscc,
};

/// docs/RULES.md, imports: the items of the real-name register and what files call them.
const MEMBERS: &[(Meaning, &[&str])] = &[
    (Name, &["姓名", "职工姓名", "会员姓名", "名字", "员工姓名", "本人姓名"]),
    (IdType, &["证件类型", "证件种类", "证件名称", "有效证件类型"]),
    (
        Id,
        &[
            "身份证号",
            "身份证号码",
            "证件号码",
            "证件号",
            "身份证",
            "居民身份证号",
            "居民身份证号码",
            "公民身份号码",
            "有效证件号码",
        ],
    ),
    (
        Mobile,
        &[
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "移动电话",
            "电话",
            "联系方式",
            "联系手机",
            "电话号码",
            "联系号码",
        ],
    ),
    (
        Union,
        &[
            "所属工会",
            "工会名称",
            "工会",
            "所在工会",
            "所属工会名称",
            "基层工会",
            "基层工会名称",
            "所属基层工会",
        ],
    ),
    (UnionCode, &["工会代码", "所属工会代码", "工会编码", "工会编号"]),
    (Sex, &["性别"]),
    (BirthDate, &["出生日期", "出生年月", "出生年月日", "生日"]),
    (Joined, &["入会日期", "入会时间", "加入工会日期", "加入工会时间"]),
    (Detail("ethnic"), &["民族"]),
    (Detail("political"), &["政治面貌"]),
    (Detail("education"), &["学历", "文化程度", "最高学历"]),
    (Detail("hukou"), &["户籍类型", "户口类型", "户口性质"]),
    (Detail("hukou_place"), &["户籍地", "户籍所在地", "籍贯"]),
    (Detail("address"), &["现住址", "住址", "家庭住址", "居住地址"]),
    (Detail("employer"), &["工作单位", "单位名称", "所在单位", "单位"]),
    (Detail("job"), &["岗位", "职业", "工种", "职务", "工作岗位"]),
    (Detail("skill_level"), &["技能等级", "职业技能等级"]),
    (Detail("title"), &["职称", "专业技术职务"]),
    (Detail("employment_form"), &["就业形态", "用工形式", "就业形式"]),
    (Detail("migrant"), &["是否农民工", "农民工"]),
    (Detail("dispatched"), &["是否劳务派遣", "劳务派遣"]),
    (Detail("union_post"), &["工会职务"]),
    (Detail("model_worker"), &["劳模类型", "劳模"]),
    (Error, &[ERROR_TITLE]),
];

const UNIONS: &[(Meaning, &[&str])] = &[
    (OrgName, &["工会名称", "工会全称", "名称", "基层工会名称"]),
    (Parent, &["上级工会", "上级工会名称", "上级工会代码", "所属上级工会", "主管工会"]),
    (OrgType, &["类型", "工会类型", "组织类型"]),
    (Division, &["所在区划", "行政区划", "区划", "区划代码", "所在地区", "行政区划代码"]),
    (Uscc, &["统一社会信用代码", "工会统一社会信用代码", "社会信用代码", "信用代码"]),
    (Error, &[ERROR_TITLE]),
];

const MERCHANTS: &[(Meaning, &[&str])] = &[
    (OrgName, &["商户名称", "商家名称", "企业名称", "名称"]),
    (Uscc, &["统一社会信用代码", "社会信用代码", "信用代码"]),
    (Field("category"), &["类别", "商户类别", "行业类别", "行业"]),
    (Division, &["所在区划", "行政区划", "区划", "区划代码", "所在地区", "行政区划代码"]),
    (Field("contract_from"), &["合同起", "合同起始日", "合同起始日期", "合同开始日期"]),
    (Field("contract_to"), &["合同止", "合同截止日", "合同截止日期", "合同结束日期", "合同到期日"]),
    (Field("contact"), &["联系人", "联系人姓名"]),
    (Mobile, &["联系手机", "手机", "手机号", "手机号码", "联系电话", "联系人手机"]),
    (Field("branch"), &["门店名称", "门店", "分店名称"]),
    (Field("address"), &["门店地址", "地址", "详细地址"]),
    (Field("lng"), &["经度"]),
    (Field("lat"), &["纬度"]),
    (Field("datum"), &["坐标系", "坐标系统"]),
    (Error, &[ERROR_TITLE]),
];

const CARDS: &[(Meaning, &[&str])] = &[
    (Name, &["姓名", "持卡人", "持卡人姓名", "会员姓名", "客户姓名"]),
    (IdType, &["证件类型", "证件种类"]),
    (Id, &["证件号码", "证件号", "身份证号", "身份证号码", "身份证"]),
    (Field("card"), &["卡号", "银行卡号", "卡号后四位", "会员卡号", "联名卡号"]),
    (Field("bank"), &["银行", "发卡银行", "开户银行", "发卡行"]),
    (Field("card_kind"), &["卡种", "卡类型", "卡片类型", "卡类别"]),
    (Field("status"), &["状态", "卡状态", "卡片状态"]),
    (Field("issued"), &["发卡日期", "开卡日期", "制卡日期"]),
    (Field("expires"), &["有效期", "有效期至", "到期日", "到期日期"]),
    (Field("reference"), &["银行参考号", "银行流水号", "客户号", "银行客户号"]),
    (Error, &[ERROR_TITLE]),
];

const JOB_POSTINGS: &[(Meaning, &[&str])] = &[
    (OrgName, &["单位名称", "招聘单位", "用人单位", "企业名称"]),
    (Uscc, &["统一社会信用代码", "社会信用代码", "信用代码"]),
    (Field("title"), &["职位名称", "岗位名称", "招聘岗位", "职位"]),
    (Field("content"), &["工作内容", "岗位职责", "职位描述", "岗位描述"]),
    (Field("conditions"), &["招聘条件", "任职要求", "岗位要求"]),
    (Division, &["工作地区划", "工作地区划代码", "所在区划", "行政区划", "行政区划代码", "区划代码"]),
    (Field("address"), &["工作地点", "工作地址", "详细地址"]),
    (Field("employment_type"), &["用工类型", "用工形式", "工作性质"]),
    (Field("headcount"), &["招聘人数", "需求人数", "人数"]),
    (Field("pay_min"), &["最低薪酬", "最低薪资", "最低工资", "薪酬下限"]),
    (Field("pay_max"), &["最高薪酬", "最高薪资", "最高工资", "薪酬上限"]),
    (Field("pay_period"), &["计薪周期", "计薪方式", "薪酬单位"]),
    (Field("pay_months"), &["年薪月数", "薪资月数"]),
    (Field("valid_through"), &["截止日期", "招聘截止日", "招聘截止日期", "有效期至"]),
    (Field("source"), &["发布机构", "信息来源", "来源", "发布单位"]),
    (Field("source_no"), &["岗位编号", "职位编号", "来源编号"]),
    (Field("contact"), &["联系电话", "联系方式", "咨询电话"]),
    (Error, &[ERROR_TITLE]),
];

const LAWYERS: &[(Meaning, &[&str])] = &[
    (Name, &["姓名", "律师姓名"]),
    (IdType, &["证件类型", "证件种类"]),
    (Id, &["证件号码", "证件号", "身份证号", "身份证号码", "身份证"]),
    (Mobile, &["手机", "手机号", "手机号码", "联系电话", "联系手机"]),
    (Field("firm"), &["律师事务所", "律所名称", "律所", "执业机构", "律师事务所名称"]),
    (Field("firm_licence"), &["律所许可证号", "律所执业许可证号", "律师事务所执业许可证号", "许可证号"]),
    (Field("firm_until"), &["律所许可证有效期", "许可证有效期", "律所执业许可证有效期"]),
    (Field("practice_no"), &["执业证号", "律师执业证号", "执业证号码"]),
    (Field("licence_until"), &["执业证有效期", "律师执业证有效期", "执业证到期日"]),
    (Field("fields"), &["业务领域", "擅长领域", "专业领域"]),
    (Division, &["所在区划", "行政区划", "区划", "区划代码", "所在地区", "行政区划代码"]),
    (Field("username"), &["登录名", "用户名"]),
    (Field("intro"), &["简介", "律师简介"]),
    (Error, &[ERROR_TITLE]),
];

const DUTY_ROSTER: &[(Meaning, &[&str])] = &[
    (Field("date"), &["日期", "值班日期"]),
    (Field("duty"), &["值班", "值班律师", "全天班"]),
    (Field("day"), &["白班"]),
    (Field("early"), &["早班"]),
    (Field("middle"), &["中班"]),
    (Field("late"), &["晚班"]),
    (Field("night"), &["夜班"]),
    (Field("backup"), &["备班", "备勤", "备勤律师", "备班律师"]),
    (Error, &[ERROR_TITLE]),
];

const fn table(kind: Kind) -> &'static [(Meaning, &'static [&'static str])] {
    match kind {
        Kind::Members => MEMBERS,
        Kind::Unions => UNIONS,
        Kind::Merchants => MERCHANTS,
        Kind::Cards => CARDS,
        Kind::JobPostings => JOB_POSTINGS,
        Kind::Lawyers => LAWYERS,
        Kind::DutyRoster => DUTY_ROSTER,
    }
}

/// The columns that must be there, with the title a message names them by.
const fn required(kind: Kind) -> &'static [(Meaning, &'static str)] {
    match kind {
        Kind::Members => &[(Name, "姓名"), (Id, "身份证号"), (Mobile, "手机")],
        Kind::Unions => &[(OrgName, "工会名称")],
        Kind::Cards => &[
            (Name, "姓名"),
            (Id, "证件号码"),
            (Field("card"), "卡号"),
            (Field("bank"), "银行"),
            (Field("card_kind"), "卡种"),
        ],
        Kind::JobPostings => &[
            (OrgName, "单位名称"),
            (Uscc, "统一社会信用代码"),
            (Field("title"), "职位名称"),
            (Field("content"), "工作内容"),
            (Division, "工作地区划"),
            (Field("headcount"), "招聘人数"),
            (Field("pay_min"), "最低薪酬"),
            (Field("valid_through"), "截止日期"),
            (Field("source"), "发布机构"),
            (Field("source_no"), "岗位编号"),
            (Field("contact"), "联系电话"),
        ],
        Kind::DutyRoster => &[(Field("date"), "日期")],
        Kind::Lawyers => &[
            (Name, "姓名"),
            (Id, "证件号码"),
            (Mobile, "手机"),
            (Field("firm"), "律师事务所"),
            (Field("firm_licence"), "律所许可证号"),
            (Field("firm_until"), "律所许可证有效期"),
            (Field("practice_no"), "执业证号"),
            (Field("licence_until"), "执业证有效期"),
            (Division, "所在区划"),
        ],
        Kind::Merchants => &[
            (OrgName, "商户名称"),
            (Uscc, "统一社会信用代码"),
            (Field("category"), "类别"),
            (Division, "所在区划"),
            (Field("contract_from"), "合同起"),
            (Field("contract_to"), "合同止"),
            (Field("contact"), "联系人"),
            (Mobile, "联系手机"),
        ],
    }
}

// `*姓名（必填）:` is 姓名.
fn plain(title: &str) -> String {
    let title = nfkc_trimmed(title);
    let title = title.split('(').next().unwrap_or_default();
    title.chars().filter(|c| !is_blank(*c) && !matches!(c, '*' | ':' | '·' | '.')).collect()
}

/// The columns of a file.
#[derive(Debug, Clone)]
pub struct Columns {
    titles: Vec<String>,
    meanings: Vec<Option<Meaning>>,
}

impl Columns {
    /// Reads a row of titles. Of two columns with one meaning the first counts.
    pub fn read(kind: Kind, titles: Vec<String>) -> Self {
        let mut meanings: Vec<Option<Meaning>> = Vec::with_capacity(titles.len());
        for title in &titles {
            let plain = plain(title);
            let found = table(kind).iter().find(|(_, names)| names.contains(&plain.as_str()));
            let found = found.map(|(meaning, _)| *meaning);
            meanings.push(found.filter(|meaning| !meanings.contains(&Some(*meaning))));
        }
        Self { titles, meanings }
    }

    /// The titles of required columns that are not there.
    pub fn missing(&self, kind: Kind) -> Vec<&'static str> {
        let absent = required(kind).iter().filter(|(meaning, _)| !self.meanings.contains(&Some(*meaning)));
        absent.map(|(_, title)| *title).collect()
    }

    /// The titles nobody here has a use for, in the order of the file.
    pub fn ignored(&self) -> Vec<&str> {
        let named = self.titles.iter().zip(&self.meanings);
        let unused = named.filter(|(title, meaning)| meaning.is_none() && !title.is_empty());
        unused.map(|(title, _)| title.as_str()).collect()
    }

    /// The titles as they stand.
    pub fn titles(&self) -> &[String] {
        &self.titles
    }

    /// Whether a column is what errors.csv added.
    pub fn is_error(&self, at: usize) -> bool {
        self.meanings.get(at) == Some(&Some(Error))
    }

    /// Where the column of a meaning stands.
    pub fn position(&self, meaning: Meaning) -> Option<usize> {
        self.meanings.iter().position(|m| *m == Some(meaning))
    }

    /// A row's cell of this meaning.
    pub fn cell<'a>(&self, cells: &'a [Cell], meaning: Meaning) -> Option<&'a Cell> {
        cells.get(self.position(meaning)?)
    }

    /// A row's details with their keys.
    pub fn details<'a>(&'a self, cells: &'a [Cell]) -> impl Iterator<Item = (&'static str, &'a Cell)> {
        self.meanings.iter().zip(cells).filter_map(|(meaning, cell)| match meaning {
            Some(Detail(key)) => Some((*key, cell)),
            _ => None,
        })
    }

    /// Whether a row has something beyond the last title.
    pub fn is_exceeded(&self, cells: &[Cell]) -> bool {
        cells.iter().skip(self.titles.len()).any(|cell| !cell.is_blank())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(titles: &[&str]) -> Columns {
        Columns::read(Kind::Members, titles.iter().map(|t| (*t).to_owned()).collect())
    }

    #[test]
    fn titles_count_by_their_synonyms() {
        let read = columns(&["序号", "*职工 姓名（必填）", "证件号码：", "联系电话", "备注", "错误原因"]);
        assert!(read.missing(Kind::Members).is_empty());
        assert_eq!(read.ignored(), ["序号", "备注"]);
        assert!(read.is_error(5));
        let cells: Vec<Cell> = ["1", "张三", "x", "y"].map(|t| Cell::Text(t.to_owned())).to_vec();
        assert_eq!(read.cell(&cells, Name).unwrap().text(), "张三");
        assert_eq!(read.cell(&cells, Union), None);
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_double_is_ignored() {
        let read = columns(&["姓名", "会员姓名"]);
        assert_eq!(read.missing(Kind::Members), ["身份证号", "手机"]);
        assert_eq!(read.ignored(), ["会员姓名"]);
    }

    #[test]
    fn no_title_means_two_things() {
        for kind in Kind::ALL.iter().copied() {
            let all: Vec<&str> = table(kind).iter().flat_map(|(_, names)| names.iter().copied()).collect();
            for (at, title) in all.iter().enumerate() {
                assert_eq!(all.iter().position(|other| other == title), Some(at), "{title}");
                assert_eq!(plain(title), *title);
            }
        }
    }
}
