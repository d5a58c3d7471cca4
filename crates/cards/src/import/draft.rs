//! What a row of a cards file says, judged by itself; the card number has left it before ([`super::redact`]).

use chrono::NaiveDate;
use unionhall_kernel::text::{compact, line};
use unionhall_kernel::{Document, PersonName};
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};
use unionhall_registry::import::draft::{date, document};
use unionhall_registry::import::reason::{
    BANK_CARD, BANK_REFERENCE, BANK_UNKNOWN, CARD_DATES, CARD_KIND, CARD_STATUS, NAME_REQUIRED, ROW_SHAPE,
    Reason,
};

use super::redact::WRONG;
use crate::standing::Status;

/// Banks that issue cards with the union in the province, and what files call them.
const BANKS: &[(&str, &[&str])] = &[
    ("ICBC", &["工商银行", "工行"]),
    ("ABC", &["农业银行", "农行"]),
    ("BOC", &["中国银行", "中行"]),
    ("CCB", &["建设银行", "建行"]),
    ("BOCOM", &["交通银行", "交行"]),
    ("PSBC", &["邮政储蓄银行", "邮储银行", "邮储"]),
    ("CMB", &["招商银行", "招行"]),
    ("ZZB", &["郑州银行"]),
    ("ZYB", &["中原银行"]),
    ("HNRCU", &["河南农商银行", "河南农村商业银行", "河南省农村信用社", "农信社"]),
];

/// A row in its normal form.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub document: Document,
    pub name: PersonName,
    pub kind: &'static str,
    pub bank: &'static str,
    pub last4: String,
    pub reference: Option<String>,
    pub status: Status,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

fn bank(told: &str) -> Option<&'static str> {
    let told = compact(told);
    let short = told.trim_start_matches("中国").trim_end_matches("股份有限公司");
    let known = |(code, names): &&(&str, &[&str])| {
        told.eq_ignore_ascii_case(code) || names.iter().any(|name| told == *name || short == *name)
    };
    BANKS.iter().find(known).map(|(code, _)| *code)
}

fn kind(told: &str) -> Option<&'static str> {
    match compact(told).to_lowercase().as_str() {
        "debit" | "借记卡" | "借记" | "储蓄卡" => Some("COBRAND_DEBIT"),
        "credit" | "贷记卡" | "贷记" | "信用卡" => Some("COBRAND_CREDIT"),
        _ => None,
    }
}

fn status(told: &str) -> Option<Status> {
    match compact(told).as_str() {
        "在用" | "正常" | "有效" | "激活" | "已激活" | "ACTIVE" => Some(Status::Active),
        "挂失" | "已挂失" | "LOST" => Some(Status::Lost),
        "注销" | "已注销" | "销户" | "已销户" | "REVOKED" => Some(Status::Revoked),
        _ => None,
    }
}

/// `****0004`, or four digits.
fn last4(told: &str) -> Option<String> {
    let told = compact(told);
    let digits = told.trim_start_matches('*');
    (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.to_owned())
}

/// Reads a row; the first fault counts.
pub(super) fn read(columns: &Columns, cells: &[Cell], today: NaiveDate) -> Result<Draft, Reason> {
    let cell = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank());
    let field = |key| cell(Meaning::Field(key)).map(Cell::text);
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let name = cell(Meaning::Name).ok_or(NAME_REQUIRED)?;
    let name = PersonName::parse(name.text()).map_err(|invalid| invalid.code)?;
    let document = document(cell(Meaning::IdType), cell(Meaning::Id), today)?;
    let number = field("card").filter(|told| !told.starts_with(WRONG));
    let last4 = number.and_then(last4).ok_or(BANK_CARD)?;
    let bank = field("bank").and_then(bank).ok_or(BANK_UNKNOWN)?;
    let kind = field("card_kind").and_then(kind).ok_or(CARD_KIND)?;
    let status = field("status").map_or(Some(Status::Active), status).ok_or(CARD_STATUS)?;
    let reference = field("reference").map(|told| line(told, 1, 64)).transpose();
    let reference = reference.map_err(|_| BANK_REFERENCE)?;
    if reference.as_ref().is_some_and(|told| told.contains('*')) {
        return Err(BANK_REFERENCE);
    }
    let day = |key| field(key).map(|told| date(told).ok_or(CARD_DATES)).transpose();
    let (from, to) = (day("issued")?, day("expires")?);
    if from.is_some_and(|from| from > today) || from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(CARD_DATES);
    }
    Ok(Draft { document, name, kind, bank, last4, reference, status, from, to })
}
