//! The template 导入模板: Chinese titles, an example row that an import passes over, and columns formatted as
//! text, so that a spreadsheet does not take an id for a number.

use rust_xlsxwriter::{Color, Format, FormatAlign, Workbook, XlsxError};

use super::Kind;

/// A cell that begins so makes its row an example.
pub const EXAMPLE_MARK: &str = "【示例】";

/// The columns of a template: title, example, whether they must be filled.
const fn columns(kind: Kind) -> &'static [(&'static str, &'static str, bool)] {
    match kind {
        Kind::Members => &[
            ("姓名", "【示例】王小明（导入时自动跳过本行）", true),
            ("证件类型", "居民身份证", false),
            ("证件号码", "410102194912319982", true),
            ("手机", "13800138000", true),
            ("所属工会", "填写工会全称或工会代码", false),
            ("性别", "女", false),
            ("民族", "汉族", false),
            ("政治面貌", "群众", false),
            ("学历", "大学本科毕业", false),
            ("岗位", "操作工", false),
            ("就业形态", "全日制劳动合同", false),
            ("是否农民工", "否", false),
            ("入会日期", "2026-01-01", false),
        ],
        Kind::Unions => &[
            ("工会名称", "【示例】某某纺织有限公司工会委员会（导入时自动跳过本行）", true),
            ("上级工会", "填写工会全称或工会代码；不填为上传时所选的工会", false),
            ("类型", "单一(独立)基层工会委员会", false),
            ("所在区划", "410102", false),
            ("统一社会信用代码", "81410000MC00000122", false),
        ],
        Kind::Cards => &[
            ("姓名", "【示例】王小明（导入时自动跳过本行）", true),
            ("证件类型", "居民身份证", false),
            ("证件号码", "410102194912319982", true),
            ("卡号", "****0004；系统只保存后四位", true),
            ("银行", "郑州银行", true),
            ("卡种", "借记卡或信用卡", true),
            ("状态", "在用、挂失或注销", false),
            ("发卡日期", "2020-05-01", false),
            ("有效期", "2030-05-31", false),
            ("银行参考号", "不得填写卡号", false),
        ],
        Kind::JobPostings => &[
            ("单位名称", "【示例】某某机械有限公司（导入时自动跳过本行）", true),
            ("统一社会信用代码", "91410100MA000ABC24", true),
            ("职位名称", "数控车床操作工", true),
            ("工作内容", "操作数控车床，按图纸加工零件。", true),
            ("招聘条件", "能看懂机械图纸", false),
            ("工作地区划", "410102", true),
            ("工作地点", "郑州市中原区建设路1号", false),
            ("用工类型", "全职、兼职、临时或实习；不填为全职", false),
            ("招聘人数", "5", true),
            ("最低薪酬", "4500；面议的填面议", true),
            ("最高薪酬", "6000", false),
            ("计薪周期", "月、日、小时、年或件；不填为月", false),
            ("年薪月数", "12", false),
            ("截止日期", "2026-12-31", true),
            ("发布机构", "中原区人才服务中心", true),
            ("岗位编号", "发布机构自己的编号", true),
            ("联系电话", "0371-12345678", true),
        ],
        Kind::DutyRoster => &[
            ("日期", "【示例】2026-12-01（导入时自动跳过本行）", true),
            ("早班(8:00-16:00)", "填写律师姓名或执业证号", false),
            ("晚班(16:00-24:00)", "李明", false),
            ("夜班(0:00-8:00)", "不设的班次请删除该列", false),
            ("备班", "王芳", false),
        ],
        Kind::Lawyers => &[
            ("姓名", "【示例】李明（导入时自动跳过本行）", true),
            ("证件类型", "居民身份证", false),
            ("证件号码", "410102194912319982", true),
            ("手机", "13800138000", true),
            ("律师事务所", "河南某某律师事务所", true),
            ("律所许可证号", "31410000MD00000001", true),
            ("律所许可证有效期", "2028-05-31", true),
            ("执业证号", "14101201510123456", true),
            ("执业证有效期", "2028-05-31", true),
            ("业务领域", "工伤、劳动合同", false),
            ("所在区划", "410102", true),
            ("登录名", "不填则用执业证号", false),
            ("简介", "擅长劳动报酬与工伤案件", false),
        ],
        Kind::Merchants => &[
            ("商户名称", "【示例】某某餐饮有限公司（导入时自动跳过本行）", true),
            ("统一社会信用代码", "91410100MA000ABC24", true),
            ("类别", "餐饮", true),
            ("所在区划", "410102", true),
            ("合同起", "2026-01-01", true),
            ("合同止", "2027-12-31", true),
            ("联系人", "王小明", true),
            ("联系手机", "13800138000", true),
            ("门店名称", "顺河路店；有多个门店的，每店一行", false),
            ("门店地址", "郑州市中原区顺河路1号", false),
            ("经度", "113.62", false),
            ("纬度", "34.75", false),
            ("坐标系", "gcj02、wgs84或bd09", false),
        ],
    }
}

/// The template as xlsx.
///
/// # Errors
/// When the workbook cannot be written.
pub fn xlsx(kind: Kind) -> Result<Vec<u8>, XlsxError> {
    let text = Format::new().set_num_format("@");
    let title = Format::new().set_bold().set_align(FormatAlign::Center).set_num_format("@");
    let required = title.clone().set_font_color(Color::Red);
    let example = text.clone().set_font_color(Color::Gray);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(match kind {
        Kind::Members => "会员花名册",
        Kind::Unions => "工会清单",
        Kind::Merchants => "商户清单",
        Kind::Cards => "联名卡清单",
        Kind::JobPostings => "公共就业岗位",
        Kind::Lawyers => "律师名册",
        Kind::DutyRoster => "值班表",
    })?;
    for (at, (name, sample, is_required)) in (0u16..).zip(columns(kind)) {
        sheet.set_column_format(at, &text)?;
        sheet.set_column_width(at, 24)?;
        sheet.write_string_with_format(0, at, *name, if *is_required { &required } else { &title })?;
        sheet.write_string_with_format(1, at, *sample, &example)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}
