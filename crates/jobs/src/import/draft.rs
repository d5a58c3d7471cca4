//! What a row of a file of postings says, judged by itself, by the same parse functions as an entry by hand.

use chrono::NaiveDate;
use unionhall_kernel::text::{compact, line, nfkc_trimmed, paragraphs};
use unionhall_kernel::{OrgName, Uscc, division};
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};
use unionhall_registry::import::draft::date;
use unionhall_registry::import::reason::{
    DIVISION_UNKNOWN, NAME_REQUIRED, POSTING_COUNT, POSTING_DATES, POSTING_PAY, POSTING_SOURCE, POSTING_TEXT,
    POSTING_TYPE, ROW_SHAPE, Reason,
};
use unionhall_registry::import::union_file::place;

use crate::posting::pay::{Pay, Period};
use crate::posting::{EmploymentType, Source, Terms};

/// The most days from the upload to a posting's last day.
const MAX_DAYS: i64 = 90;

/// A row in its normal form.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The employer.
    pub name: String,
    /// Its credit code.
    pub uscc: String,
    pub terms: Terms,
    pub valid_through: NaiveDate,
    pub source: Source,
}

fn employment(told: &str) -> Option<EmploymentType> {
    match compact(told).as_str() {
        "全职" | "全日制" | "full_time" => Some(EmploymentType::FullTime),
        "兼职" | "非全日制" | "part_time" => Some(EmploymentType::PartTime),
        "临时" | "临时工" | "短期" | "temporary" => Some(EmploymentType::Temporary),
        "实习" | "见习" | "internship" => Some(EmploymentType::Internship),
        _ => None,
    }
}

fn period(told: &str) -> Option<Period> {
    match compact(told).as_str() {
        "月" | "月薪" | "元/月" | "month" => Some(Period::Month),
        "时" | "小时" | "时薪" | "元/小时" | "hour" => Some(Period::Hour),
        "日" | "天" | "日薪" | "元/天" | "day" => Some(Period::Day),
        "年" | "年薪" | "元/年" | "year" => Some(Period::Year),
        "件" | "计件" | "元/件" | "piece" => Some(Period::Piece),
        _ => None,
    }
}

/// `4500`, `4,500.50`, `4500元` in fen.
fn fen(told: &str) -> Option<i64> {
    let plain: String = nfkc_trimmed(told).chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    let plain = plain.trim_end_matches('元');
    let (yuan, rest) = plain.split_once('.').unwrap_or((plain, ""));
    let is_number = !yuan.is_empty() && yuan.len() <= 9 && yuan.bytes().all(|b| b.is_ascii_digit());
    if !is_number || rest.len() > 2 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let cents: i64 = format!("{rest:0<2}").parse().ok()?;
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

fn pay(min: Option<&str>, max: Option<&str>, per: Option<&str>, months: Option<&str>) -> Option<Pay> {
    let is_negotiable = min.is_some_and(|told| compact(told) == "面议");
    let min = min.filter(|_| !is_negotiable);
    let pay = Pay {
        min: min.map(fen).map_or(Some(None), |fen| fen.map(Some))?,
        max: max.map(fen).map_or(Some(None), |fen| fen.map(Some))?,
        period: per.map_or(Some(Period::Month), period)?,
        months: months.map_or(Ok(12), |told| nfkc_trimmed(told).parse()).ok()?,
        negotiable: is_negotiable,
    };
    pay.check().ok().map(|()| pay)
}

/// Reads a row; the first fault counts.
pub(super) fn read(columns: &Columns, cells: &[Cell], today: NaiveDate) -> Result<Draft, Reason> {
    let text = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank()).map(Cell::text);
    let field = |key| text(Meaning::Field(key));
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let name = OrgName::parse(text(Meaning::OrgName).ok_or(NAME_REQUIRED)?).map_err(|e| e.code)?;
    let uscc = Uscc::parse(text(Meaning::Uscc).unwrap_or_default()).map_err(|e| e.code)?;
    let told =
        |key, least, most| field(key).and_then(|told| paragraphs(told, least, most).ok()).ok_or(POSTING_TEXT);
    let title = field("title").and_then(|told| line(told, 2, 60).ok()).ok_or(POSTING_TEXT)?;
    let content = told("content", 2, 5000)?;
    let conditions = match field("conditions") {
        Some(_) => told("conditions", 2, 2000)?,
        None => "详见工作内容。".to_owned(),
    };
    let division_code = text(Meaning::Division).and_then(place).ok_or(DIVISION_UNKNOWN)?;
    let address = match field("address") {
        Some(told) => line(told, 2, 200).map_err(|_| POSTING_TEXT)?,
        None => division::division(division_code).map_or_else(String::new, |known| known.name.to_owned()),
    };
    let employment_type = field("employment_type").map_or(Some(EmploymentType::FullTime), employment);
    let headcount: Option<i32> = field("headcount").and_then(|told| nfkc_trimmed(told).parse().ok());
    let headcount = headcount.filter(|n| (1..=9999).contains(n)).ok_or(POSTING_COUNT)?;
    let pay = pay(field("pay_min"), field("pay_max"), field("pay_period"), field("pay_months"));
    let valid_through = field("valid_through").and_then(date).ok_or(POSTING_DATES)?;
    let days = (valid_through - today).num_days();
    if !(0..=MAX_DAYS).contains(&days) {
        return Err(POSTING_DATES);
    }
    let of_source = |key, most| field(key).and_then(|told| line(told, 1, most).ok()).ok_or(POSTING_SOURCE);
    let source = Source {
        name: of_source("source", 60)?,
        number: of_source("source_no", 64)?,
        contact: of_source("contact", 40)?,
    };
    let terms = Terms {
        title,
        employment_type: employment_type.ok_or(POSTING_TYPE)?,
        headcount,
        content,
        conditions,
        division_code: division_code.to_owned(),
        address,
        pay: pay.ok_or(POSTING_PAY)?,
        valid_days: i32::try_from(days.max(1)).map_err(|_| POSTING_DATES)?,
        source_url: None,
        note: None,
    };
    Ok(Draft { name: name.as_str().to_owned(), uscc: uscc.as_str().to_owned(), terms, valid_through, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_registry::import::Kind;

    fn judge(changed: &[(&str, &str)]) -> Result<Draft, Reason> {
        let mut row = vec![
            ("单位名称", "郑州某某机械有限公司"),
            ("统一社会信用代码", "91410100ma000abc24"),
            ("职位名称", "数控车床操作工"),
            ("工作内容", "操作数控车床。"),
            ("招聘条件", ""),
            ("工作地区划", "410102"),
            ("用工类型", "全职"),
            ("招聘人数", "5"),
            ("最低薪酬", "4,500.5元"),
            ("最高薪酬", "6000"),
            ("计薪周期", "元/月"),
            ("年薪月数", "13"),
            ("截止日期", "2026年12月20日"),
            ("发布机构", "中原区人才服务中心"),
            ("岗位编号", "ZY-1"),
            ("联系电话", "0371-12345678"),
        ];
        for (title, told) in changed {
            for cell in row.iter_mut().filter(|(of, _)| of == title) {
                cell.1 = told;
            }
        }
        let columns = Columns::read(Kind::JobPostings, row.iter().map(|(t, _)| (*t).to_owned()).collect());
        assert!(columns.missing(Kind::JobPostings).is_empty());
        let cells: Vec<Cell> = row.iter().map(|(_, told)| Cell::Text((*told).to_owned())).collect();
        read(&columns, &cells, NaiveDate::from_ymd_opt(2026, 11, 20).unwrap())
    }

    #[test]
    fn a_row_comes_into_its_normal_form() {
        let draft = judge(&[]).unwrap();
        assert_eq!(draft.uscc, "91410100MA000ABC24");
        assert_eq!((draft.terms.pay.min, draft.terms.pay.max), (Some(450_050), Some(600_000)));
        assert_eq!((draft.terms.pay.months, draft.terms.valid_days), (13, 30));
        assert_eq!(
            (draft.terms.conditions.as_str(), draft.terms.address.as_str()),
            ("详见工作内容。", "中原区")
        );
        let negotiable = judge(&[("最低薪酬", "面议"), ("最高薪酬", ""), ("年薪月数", "")]).unwrap();
        assert!(negotiable.terms.pay.negotiable && negotiable.terms.pay.min.is_none());
        let today = judge(&[("截止日期", "2026-11-20")]).unwrap();
        assert_eq!(today.terms.valid_days, 1);
        judge(&[("截止日期", "2027-02-18")]).unwrap();
    }

    #[test]
    fn each_fault_has_its_code() {
        for (changed, code) in [
            (&[("单位名称", "")][..], NAME_REQUIRED),
            (&[("统一社会信用代码", "91410100MA000ABC25")], "USCC_CHECK_DIGIT"),
            (&[("职位名称", "工")], POSTING_TEXT),
            (&[("工作内容", "")], POSTING_TEXT),
            (&[("工作地区划", "999999")], DIVISION_UNKNOWN),
            (&[("用工类型", "外包")], POSTING_TYPE),
            (&[("招聘人数", "0")], POSTING_COUNT),
            (&[("招聘人数", "若干")], POSTING_COUNT),
            (&[("最低薪酬", "")], POSTING_PAY),
            (&[("最低薪酬", "4500左右")], POSTING_PAY),
            (&[("最高薪酬", "4000")], POSTING_PAY),
            (&[("计薪周期", "世纪")], POSTING_PAY),
            (&[("年薪月数", "25")], POSTING_PAY),
            (&[("截止日期", "2026-11-19")], POSTING_DATES),
            (&[("截止日期", "2027-02-19")], POSTING_DATES),
            (&[("截止日期", "长期")], POSTING_DATES),
            (&[("发布机构", "")], POSTING_SOURCE),
            (&[("岗位编号", "")], POSTING_SOURCE),
            (&[("联系电话", "")], POSTING_SOURCE),
        ] {
            assert_eq!(judge(changed).unwrap_err(), code, "{changed:?}");
        }
    }
}
