//! Why a row is rejected and what an accepted one is marked with: stable codes, and what the person who mends
//! the file reads.

/// The code of a rejection. Those of names, documents, mobiles and credit codes are kernel's.
pub type Reason = &'static str;

/// The name is empty or blank.
pub const NAME_REQUIRED: Reason = "NAME_REQUIRED";
/// The number of the document is empty or blank.
pub const ID_REQUIRED: Reason = "ID_REQUIRED";
/// A spreadsheet stored the number of the document as a number, and its last digits are gone.
pub const ID_NOT_TEXT: Reason = "ID_NOT_TEXT";
/// The kind of document is none the platform knows.
pub const ID_TYPE: Reason = "ID_TYPE";
/// The union does not exist, or not within the importer's scope: which of the two is not told.
pub const UNION_UNKNOWN: Reason = "UNION_UNKNOWN";
/// Several unions of the scope have the name.
pub const UNION_AMBIGUOUS: Reason = "UNION_AMBIGUOUS";
/// The document (or union) stands in an accepted row above.
pub const DUPLICATE_IN_FILE: Reason = "DUPLICATE_IN_FILE";
/// Somebody has to look at it. Never says why: an open membership elsewhere is nobody's business here.
pub const NEEDS_REVIEW: Reason = "NEEDS_REVIEW";
/// More cells than titles: a separator inside a cell, most likely.
pub const ROW_SHAPE: Reason = "ROW_SHAPE";
/// A type of union that a file cannot create.
pub const UNION_TYPE: Reason = "UNION_TYPE";
/// A division that does not exist.
pub const DIVISION_UNKNOWN: Reason = "DIVISION_UNKNOWN";

/// What a merchant sells is missing or too long.
pub const CATEGORY_FORMAT: Reason = "CATEGORY_FORMAT";
/// A day of the contract is none, or it ends before it begins.
pub const CONTRACT_DATES: Reason = "CONTRACT_DATES";
/// Whom the union calls at a merchant cannot be reached by this number.
pub const CONTACT_MOBILE: Reason = "CONTACT_MOBILE";
/// A branch without its name, or without its address.
pub const BRANCH_INCOMPLETE: Reason = "BRANCH_INCOMPLETE";
/// Coordinates are given in part, or are none.
pub const PLACE: Reason = "PLACE";
/// A row further up says something else of the same merchant.
pub const MERCHANT_DIFFERS: Reason = "MERCHANT_DIFFERS";

/// Nobody with the document is a member within the importer's scope: which of the two is not told.
pub const MEMBER_UNKNOWN: Reason = "MEMBER_UNKNOWN";
/// The roster has another name for the document.
pub const NAME_DIFFERS: Reason = "NAME_DIFFERS";
/// No card number, nor its last four digits.
pub const BANK_CARD: Reason = "BANK_CARD";
/// A bank that issues no such cards.
pub const BANK_UNKNOWN: Reason = "BANK_UNKNOWN";
/// The bank's reference is too long, or was the card number, which is never kept.
pub const BANK_REFERENCE: Reason = "BANK_REFERENCE";
/// Neither a debit nor a credit card.
pub const CARD_KIND: Reason = "CARD_KIND";
/// A state of a card that is none.
pub const CARD_STATUS: Reason = "CARD_STATUS";
/// A day of a card is none, not yet, or out of order.
pub const CARD_DATES: Reason = "CARD_DATES";

/// A title, a content, conditions or an address that is missing or too long.
pub const POSTING_TEXT: Reason = "POSTING_TEXT";
/// A kind of employment that is none.
pub const POSTING_TYPE: Reason = "POSTING_TYPE";
/// How many are sought is missing, or no number of 1 to 9999.
pub const POSTING_COUNT: Reason = "POSTING_COUNT";
/// The pay cannot be read, or is out of order.
pub const POSTING_PAY: Reason = "POSTING_PAY";
/// The last day is none, past, or more than 90 days away.
pub const POSTING_DATES: Reason = "POSTING_DATES";
/// Who publishes it, their number or whom to call is missing.
pub const POSTING_SOURCE: Reason = "POSTING_SOURCE";
/// The employer is suspended or banned on the platform.
pub const EMPLOYER_REFUSED: Reason = "EMPLOYER_REFUSED";
/// The lexicon refuses what it says.
pub const LEXICON_BLOCKED: Reason = "LEXICON_BLOCKED";
/// It pays less than the minimum wage of its place.
pub const BELOW_MINIMUM_WAGE: Reason = "BELOW_MINIMUM_WAGE";

/// A firm without its name, or without the number of its licence.
pub const FIRM_LICENCE: Reason = "FIRM_LICENCE";
/// The firm with this licence is called otherwise.
pub const FIRM_DIFFERS: Reason = "FIRM_DIFFERS";
/// No number of a lawyer's licence.
pub const PRACTICE_NUMBER: Reason = "PRACTICE_NUMBER";
/// The last day of a licence is none.
pub const LICENCE_DATES: Reason = "LICENCE_DATES";
/// A login name that is none.
pub const USERNAME: Reason = "USERNAME_FORMAT";
/// The mobile or the login name is another lawyer's.
pub const ACCOUNT_TAKEN: Reason = "ACCOUNT_TAKEN";

/// The day of a row of duty is none or past, or a shift is longer than a day.
pub const DUTY_DATE: Reason = "DUTY_DATE";
/// Nobody of the union's lawyers is called so, or a day has nobody at all.
pub const DUTY_LAWYER: Reason = "DUTY_LAWYER";
/// Several of the union's lawyers are called so.
pub const DUTY_LAWYERS: Reason = "DUTY_LAWYER_AMBIGUOUS";
/// The lawyer has another shift then.
pub const DUTY_TAKEN: Reason = "SHIFT_OVERLAPS";
/// The lawyer is on leave then.
pub const ON_LEAVE: Reason = "LAWYER_ON_LEAVE";

/// Every code with the sentence for the column 错误原因.
const TEXTS: &[(Reason, &str)] = &[
    (NAME_REQUIRED, "姓名（名称）为空，请补填。"),
    ("NAME_FORMAT", "姓名只能含汉字、间隔号“·”或拉丁字母，请按证件更正。"),
    ("NAME_LENGTH", "姓名过长，请按证件更正。"),
    ("NAME_PRIVATE_USE", "姓名含无法识别的自造字，请用标准生僻字重新输入。"),
    (ID_REQUIRED, "证件号码为空，请补填。"),
    (ID_NOT_TEXT, "证件号码被存成了数字，末几位已丢失：请把该列设为文本格式后重新填写完整号码。"),
    (ID_TYPE, "证件类型无法识别，请填写：居民身份证、港澳台居民居住证等。"),
    ("ID_FORMAT", "证件号码的位数或字符与证件类型不符，请核对。"),
    ("ID_CHECK_DIGIT", "证件号码校验位不符，请对照证件核对。"),
    ("ID_BIRTH_DATE", "证件号码中的出生日期不存在或晚于今天，请核对。"),
    ("ID_AGE", "按证件号码计算年龄超过130岁，请核对。"),
    ("MOBILE_FORMAT", "手机号码不是11位手机号，请核对；没有手机可留空。"),
    (UNION_UNKNOWN, "所属工会不存在或不在您的管理范围内，请核对名称或工会代码。"),
    (UNION_AMBIGUOUS, "管理范围内有多个同名工会，请改填工会代码。"),
    (DUPLICATE_IN_FILE, "与文件中前面的行重复，以先出现的行为准。"),
    (NEEDS_REVIEW, "需要人工核实，请联系上级工会处理。"),
    (ROW_SHAPE, "本行的列数多于表头，请检查单元格内的分隔符。"),
    (UNION_TYPE, "工会类型无法识别或不能通过导入建立。"),
    (DIVISION_UNKNOWN, "所在区划不存在，请填写区划代码或全称。"),
    ("ORG_NAME_FORMAT", "工会名称须为2至100个字，不含控制字符和自造字。"),
    ("USCC_FORMAT", "统一社会信用代码须为18位数字和大写字母。"),
    ("USCC_CHECK_DIGIT", "统一社会信用代码校验位不符，请核对。"),
    (CATEGORY_FORMAT, "类别为空或超过40个字，请更正。"),
    (CONTRACT_DATES, "合同起止日期为空、无法识别，或截止日早于起始日。"),
    (CONTACT_MOBILE, "联系手机为空或不是11位手机号，请核对。"),
    (BRANCH_INCOMPLETE, "门店名称（2至100字）和门店地址（2至200字）须同时填写。"),
    (PLACE, "经度、纬度和坐标系须同时填写且有效，或者都不填。"),
    (MEMBER_UNKNOWN, "您的管理范围内没有持此证件的在会会员，请先导入会员。"),
    (NAME_DIFFERS, "姓名与会员名册不一致，请核对。"),
    (BANK_CARD, "卡号有误：请以文本格式填写完整卡号或后四位。"),
    (BANK_UNKNOWN, "银行无法识别，请填写发卡银行全称。"),
    (BANK_REFERENCE, "银行参考号不得填写卡号，且不超过64个字。"),
    (CARD_KIND, "卡种无法识别，请填写借记卡或信用卡。"),
    (CARD_STATUS, "状态无法识别，请填写在用、挂失或注销。"),
    (CARD_DATES, "发卡日期或有效期无法识别、晚于今天或前后颠倒。"),
    (POSTING_TEXT, "职位名称、工作内容、招聘条件或工作地点为空或过长，请更正。"),
    (POSTING_TYPE, "用工类型无法识别，请填写全职、兼职、临时或实习。"),
    (POSTING_COUNT, "招聘人数须为1至9999的整数。"),
    (POSTING_PAY, "薪酬无法识别：请以元填写最低、最高薪酬，面议的最低薪酬填面议。"),
    (POSTING_DATES, "截止日期无法识别、已过或超过90天，请更正。"),
    (POSTING_SOURCE, "发布机构、岗位编号和联系电话须填写。"),
    (EMPLOYER_REFUSED, "该单位在平台上已被暂停或禁止招聘。"),
    (LEXICON_BLOCKED, "含有招聘信息中不得出现的内容（如限制性别、籍贯或收取押金），请删除。"),
    (BELOW_MINIMUM_WAGE, "薪酬低于工作地最低工资标准，请核对。"),
    (FIRM_LICENCE, "律师事务所名称（2至100字）和律所许可证号（4至40字）须同时填写。"),
    (FIRM_DIFFERS, "该许可证号对应的律师事务所名称不同，请核对。"),
    (PRACTICE_NUMBER, "执业证号为空或不是6至30个字，请以文本格式填写。"),
    (LICENCE_DATES, "执业证或律所许可证的有效期为空或无法识别。"),
    (USERNAME, "登录名须为4至32位字母、数字、点或横线；不填则用执业证号。"),
    (ACCOUNT_TAKEN, "手机号或登录名已被其他律师使用，请核对。"),
    (DUTY_DATE, "日期为空、无法识别或已过，或班次超过24小时。"),
    (DUTY_LAWYER, "本级没有该姓名或执业证号的在岗律师，或当天无人值班。"),
    (DUTY_LAWYERS, "本级有多名同名律师，请改填执业证号。"),
    (DUTY_TAKEN, "律师在此时段已有班次。"),
    (ON_LEAVE, "律师在此时段请假。"),
    (MERCHANT_DIFFERS, "与前面同一信用代码的行的商户信息不一致，请统一。"),
];

/// What the person who mends the file reads.
pub fn text(code: &str) -> &'static str {
    TEXTS.iter().find(|(known, _)| *known == code).map_or("请核对本行内容。", |(_, text)| text)
}

/// The static form of a stored code.
pub fn known(code: &str) -> Option<Reason> {
    TEXTS.iter().find(|(known, _)| *known == code).map(|(known, _)| *known)
}

/// A mark on an accepted row.
pub type Flag = &'static str;

/// The number had 15 digits.
pub const CONVERTED_FROM_15: Flag = "converted_from_15";
/// The number begins with a region in no list.
pub const REGION_UNKNOWN: Flag = "region_unknown";
/// There is no mobile, so nobody can claim the membership without the union.
pub const MOBILE_MISSING: Flag = "mobile_missing";
/// A name of one character: lawful, but more often a slip.
pub const NAME_SHORT: Flag = "name_short";
/// The column 性别 says otherwise than the number.
pub const SEX_DIFFERS: Flag = "sex_differs";
/// The column 出生日期 says otherwise than the number.
pub const BIRTH_DATE_DIFFERS: Flag = "birth_date_differs";
/// An optional column holds what no code table knows; it was left out.
pub const VALUE_UNKNOWN: Flag = "value_unknown";
/// A shift of the day has nobody.
pub const DUTY_GAP: Flag = "duty_gap";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_sentence() {
        for (at, (code, sentence)) in TEXTS.iter().enumerate() {
            assert!(sentence.chars().count() <= 60, "{code}");
            assert_eq!(TEXTS.iter().position(|(other, _)| other == code), Some(at), "{code} twice");
        }
        assert_eq!(known("NEEDS_REVIEW"), Some(NEEDS_REVIEW));
        assert_eq!(known("x"), None);
    }
}
