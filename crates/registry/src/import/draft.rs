//! What a row of a members file says, judged by itself: everything that needs no database. The order of the
//! faults is name, document, mobile; union, duplicate and review follow in [`super::members`].

use chrono::NaiveDate;
use serde_json::{Map, Value};
use unionhall_kernel::text::{compact, nfc_trimmed, nfkc_trimmed};
use unionhall_kernel::{Document, Entry, IdType, Mobile, PersonName, Sex, codes};

use super::cell::Cell;
use super::column::{Columns, Meaning};
use super::reason::{
    BIRTH_DATE_DIFFERS, CONVERTED_FROM_15, Flag, ID_NOT_TEXT, ID_REQUIRED, ID_TYPE, MOBILE_MISSING,
    NAME_REQUIRED, NAME_SHORT, REGION_UNKNOWN, ROW_SHAPE, Reason, SEX_DIFFERS, VALUE_UNKNOWN,
};

/// Longest text kept of an optional column.
const MAX_DETAIL: usize = 100;

/// A row in its normal form.
#[derive(Debug, Clone)]
pub struct Draft {
    /// 姓名
    pub name: PersonName,
    /// 证件
    pub document: Document,
    /// 手机
    pub mobile: Option<Mobile>,
    /// 所属工会, by name or code; the import's own without.
    pub union: Option<String>,
    /// 入会日期, not in the future.
    pub joined: Option<NaiveDate>,
    /// The optional columns.
    pub details: Map<String, Value>,
    /// What the row is marked with.
    pub flags: Vec<Flag>,
}

/// A row, read: the document where it could be read at all (a rejected row still tells whom it is about), and
/// the draft or the first fault.
pub fn read(
    columns: &Columns,
    cells: &[Cell],
    today: NaiveDate,
) -> (Option<Document>, Result<Draft, Reason>) {
    let cell = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank());
    let document = document(cell(Meaning::IdType), cell(Meaning::Id), today);
    let known = document.as_ref().ok().cloned();
    let mut flags = Vec::new();
    let draft = (|| {
        if columns.is_exceeded(cells) {
            return Err(ROW_SHAPE);
        }
        let name = cell(Meaning::Name).ok_or(NAME_REQUIRED)?;
        let name = PersonName::parse(name.text()).map_err(|invalid| invalid.code)?;
        if name.needs_review() {
            flags.push(NAME_SHORT);
        }
        let document = document?;
        if document.flags().converted {
            flags.push(CONVERTED_FROM_15);
        }
        if document.flags().region_unknown {
            flags.push(REGION_UNKNOWN);
        }
        let mobile = match cell(Meaning::Mobile) {
            Some(mobile) => Some(Mobile::parse(mobile.text()).map_err(|invalid| invalid.code)?),
            None => None,
        };
        if mobile.is_none() {
            flags.push(MOBILE_MISSING);
        }
        if cell(Meaning::Sex).is_some_and(|told| differs(told.text(), document.sex())) {
            flags.push(SEX_DIFFERS);
        }
        let born = cell(Meaning::BirthDate).and_then(|told| date(told.text()));
        if born.zip(document.birth_date()).is_some_and(|(told, real)| told != real) {
            flags.push(BIRTH_DATE_DIFFERS);
        }
        let union = cell(Meaning::UnionCode).or(cell(Meaning::Union)).map(|union| union_word(union.text()));
        let mut unknown = false;
        let joined = cell(Meaning::Joined).and_then(|told| {
            let day = date(told.text()).filter(|day| *day <= today);
            unknown |= day.is_none();
            day
        });
        let details = details(columns, cells, &mut unknown);
        if unknown {
            flags.push(VALUE_UNKNOWN);
        }
        Ok(Draft { name, document, mobile, union, joined, details, flags })
    })();
    (known, draft)
}

/// A union's name or code in the form it is looked up by.
pub fn union_word(told: &str) -> String {
    nfc_trimmed(told)
}

/// A document by its kind, a citizen's id without, and its number.
///
/// # Errors
/// `ID_TYPE`, `ID_REQUIRED`, `ID_NOT_TEXT`, and those of [`Document::parse`].
pub fn document(kind: Option<&Cell>, number: Option<&Cell>, today: NaiveDate) -> Result<Document, Reason> {
    let id_type = match kind {
        Some(kind) => id_type(kind.text()).ok_or(ID_TYPE)?,
        None => IdType::CitizenId,
    };
    let Cell::Text(text) = number.ok_or(ID_REQUIRED)? else { return Err(ID_NOT_TEXT) };
    if is_scientific(text) {
        return Err(ID_NOT_TEXT);
    }
    Document::parse(id_type, text, today, Entry::Import).map_err(|invalid| {
        // A right number may end in 000; one that is wrong and does was kept as a number, 15 digits of it.
        let is_rounded = id_type == IdType::CitizenId && {
            let number = compact(text);
            number.len() == 18 && number.ends_with("000") && number.bytes().all(|b| b.is_ascii_digit())
        };
        if is_rounded { ID_NOT_TEXT } else { invalid.code }
    })
}

/// `4.10102E+17`, as a spreadsheet shows a number in a narrow column.
fn is_scientific(text: &str) -> bool {
    let text = compact(text).to_ascii_uppercase();
    let Some((mantissa, power)) = text.split_once("E+") else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits(mantissa) && digits(power)
}

fn id_type(told: &str) -> Option<IdType> {
    Some(match compact(told).as_str() {
        "居民身份证" | "身份证" | "中华人民共和国居民身份证" | "二代身份证" | "111" | "citizen_id" => {
            IdType::CitizenId
        }
        "港澳居民居住证" | "台湾居民居住证" | "港澳台居民居住证" | "P81" | "P83" | "hmt_residence_permit" => {
            IdType::HmtResidencePermit
        }
        "外国人永久居留身份证" | "外国人永久居留证" | "553" | "foreign_permanent_resident_card" => {
            IdType::ForeignPermanentResidentCard
        }
        "港澳居民来往内地通行证" | "港澳通行证" | "回乡证" | "516" | "hk_macau_travel_permit" => {
            IdType::HkMacauTravelPermit
        }
        "台湾居民来往大陆通行证" | "台胞证" | "511" | "taiwan_travel_permit" => {
            IdType::TaiwanTravelPermit
        }
        "普通护照" | "护照" | "外国护照" | "414" | "passport" => IdType::Passport,
        _ => return None,
    })
}

fn differs(told: &str, sex: Option<Sex>) -> bool {
    matches!(
        (compact(told).as_str(), sex),
        ("男" | "男性" | "1", Some(Sex::Female)) | ("女" | "女性" | "2", Some(Sex::Male))
    )
}

/// A day as files write it: 2019-05-01, 2019/5/1, 2019.5.1, 20190501, 2019年5月1日.
pub fn date(told: &str) -> Option<NaiveDate> {
    let told = nfkc_trimmed(told);
    let day = told.split([' ', 'T']).next().unwrap_or_default();
    let numbers: Vec<u32> = day
        .split(['-', '/', '.', '年', '月', '日'])
        .filter(|p| !p.is_empty())
        .map_while(|p| p.parse().ok())
        .collect();
    match numbers.as_slice() {
        [year, month, day] => NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, *month, *day),
        [packed] if day.len() == 8 => {
            let year = i32::try_from(packed / 10_000).ok()?;
            NaiveDate::from_ymd_opt(year, packed / 100 % 100, packed % 100)
        }
        _ => None,
    }
    .filter(|day| *day >= NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default())
}

/// The code tables by which optional columns are kept as codes (docs/RULES.md, imports).
const CODED: &[&str] = &["ethnic", "political", "education", "hukou", "skill_level", "employment_form"];

/// What people write in place of a table's own name.
const ALIASES: &[(&str, &str, &str)] = &[
    ("political", "党员", "01"),
    ("political", "中共党员", "01"),
    ("political", "预备党员", "02"),
    ("political", "中共预备党员", "02"),
    ("political", "团员", "03"),
    ("political", "共青团员", "03"),
    ("education", "研究生", "10"),
    ("education", "博士", "11"),
    ("education", "硕士", "14"),
    ("education", "本科", "20"),
    ("education", "大学", "20"),
    ("education", "大学本科", "20"),
    ("education", "大专", "30"),
    ("education", "专科", "30"),
    ("education", "中专", "40"),
    ("education", "高中", "60"),
    ("education", "初中", "70"),
    ("education", "小学", "80"),
    ("hukou", "非农业", "1"),
    ("hukou", "城镇", "1"),
    ("hukou", "农业", "2"),
    ("hukou", "农村", "2"),
    ("employment_form", "劳务派遣", "03"),
];

fn code(table: &str, told: &str) -> Option<&'static str> {
    let rows = codes::table(table)?;
    let is_named = |name: &str| name == told || (table == "ethnic" && name.strip_suffix('族') == Some(told));
    let found = rows.iter().find(|row| row.code == told || is_named(row.name)).map(|row| row.code);
    let alias = || ALIASES.iter().find(|(of, name, _)| *of == table && *name == told).map(|(.., code)| *code);
    found.or_else(alias)
}

fn details(columns: &Columns, cells: &[Cell], unknown: &mut bool) -> Map<String, Value> {
    let mut details = Map::new();
    for (key, cell) in columns.details(cells).filter(|(_, cell)| !cell.is_blank()) {
        let told = nfc_trimmed(cell.text());
        let value = if CODED.contains(&key) {
            code(key, &told).map(Value::from)
        } else if matches!(key, "migrant" | "dispatched") {
            match told.as_str() {
                "是" | "1" => Some(Value::from(true)),
                "否" | "0" => Some(Value::from(false)),
                _ => None,
            }
        } else {
            (told.chars().count() <= MAX_DETAIL).then(|| Value::from(told))
        };
        match value {
            Some(value) => {
                details.insert(key.to_owned(), value);
            }
            None => *unknown = true,
        }
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Kind;

    fn judge(cells: &[(&str, Cell)]) -> Result<Draft, Reason> {
        let titles = cells.iter().map(|(title, _)| (*title).to_owned()).collect();
        let columns = Columns::read(Kind::Members, titles);
        let cells: Vec<Cell> = cells.iter().map(|(_, cell)| cell.clone()).collect();
        read(&columns, &cells, NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()).1
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn with_id(id: Cell) -> Result<Draft, Reason> {
        judge(&[("姓名", text("王 芳")), ("身份证号", id), ("手机", text("+86 138-0013-8000"))])
    }

    #[test]
    fn a_row_comes_into_its_normal_form() {
        let draft = with_id(text("４１０１０２ 19491231 9982")).unwrap();
        assert_eq!(draft.name.as_str(), "王芳");
        assert_eq!(draft.document.number(), "410102194912319982");
        assert_eq!(draft.mobile.unwrap().e164(), "+8613800138000");
        assert!(draft.flags.is_empty() && draft.union.is_none());
    }

    #[test]
    fn numbers_that_a_spreadsheet_kept_are_told_apart() {
        let code = |id| with_id(id).unwrap_err();
        assert_eq!(code(Cell::number(410_102_194_912_319_982.0)), ID_NOT_TEXT);
        assert_eq!(code(text("4.10102E+17")), ID_NOT_TEXT);
        assert_eq!(code(text("410102194912319000")), ID_NOT_TEXT);
        assert_eq!(code(text("410102194912319983")), "ID_CHECK_DIGIT");
        assert_eq!(code(text("  ")), ID_REQUIRED);
        assert_eq!(with_id(text("410102491231998")).unwrap().flags, [CONVERTED_FROM_15]);
    }

    #[test]
    fn the_first_fault_counts() {
        let row =
            [("姓名", text("　")), ("证件类型", text("饭卡")), ("证件号", text("1")), ("手机", text("无"))];
        assert_eq!(judge(&row).unwrap_err(), NAME_REQUIRED);
        assert_eq!(judge(&[row[1].clone(), row[2].clone(), ("姓名", text("张三"))]).unwrap_err(), ID_TYPE);
    }

    #[test]
    fn optional_columns_become_codes_or_a_flag() {
        let row = |ethnic, joined| {
            judge(&[
                ("姓名", text("张三")),
                ("身份证号", text("410102194912319982")),
                ("手机", text("13800138000")),
                ("民族", text(ethnic)),
                ("性别", text("女")),
                ("入会日期", text(joined)),
            ])
            .unwrap()
        };
        let good = row("回", "2019年5月1日");
        assert_eq!(good.details["ethnic"], "03");
        assert_eq!(good.joined, NaiveDate::from_ymd_opt(2019, 5, 1));
        assert!(good.flags.is_empty());
        let odd = row("火星", "2030-01-01");
        assert!(odd.details.is_empty() && odd.joined.is_none());
        assert_eq!(odd.flags, [VALUE_UNKNOWN]);
    }

    #[test]
    fn days_are_read_as_written() {
        let day = NaiveDate::from_ymd_opt(2019, 5, 1);
        for told in ["2019-05-01", "2019/5/1", "2019.5.1", "20190501", "2019年5月1日", "2019-05-01 00:00:00"]
        {
            assert_eq!(date(told), day, "{told}");
        }
        for told in ["2019-13-01", "2019年", "五月", "1", "0190501"] {
            assert_eq!(date(told), None, "{told}");
        }
    }
}
