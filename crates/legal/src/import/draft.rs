//! What a row of a lawyers file says, judged by itself, by the same parse functions as an entry by hand.

use chrono::NaiveDate;
use unionhall_kernel::text::{line, paragraphs};
use unionhall_kernel::{Document, Mobile, OrgName, PersonName};
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};
use unionhall_registry::import::draft::{date, document};
use unionhall_registry::import::reason::{
    CONTACT_MOBILE, DIVISION_UNKNOWN, FIRM_LICENCE, Flag, LICENCE_DATES, NAME_REQUIRED, PRACTICE_NUMBER,
    ROW_SHAPE, Reason, USERNAME, VALUE_UNKNOWN,
};
use unionhall_registry::import::union_file::place;

use crate::firm::FirmTerms;
use crate::lawyer::LegalField;

/// A row in its normal form.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub firm: FirmTerms,
    pub name: PersonName,
    pub document: Document,
    pub mobile: Mobile,
    pub username: String,
    pub practice_no: String,
    pub licence_until: NaiveDate,
    pub fields: Vec<LegalField>,
    pub division: String,
    /// What the file says; what is known stays without.
    pub intro: Option<String>,
    pub flags: Vec<Flag>,
}

/// What files call the fields, the registered word first.
const FIELDS: &[(LegalField, &[&str])] = &[
    (LegalField::Wages, &["工资报酬", "劳动报酬", "工资"]),
    (LegalField::WorkInjury, &["工伤", "工伤赔偿"]),
    (LegalField::Contract, &["劳动合同", "劳动争议", "劳动人事争议"]),
    (LegalField::Dismissal, &["解除与补偿", "经济补偿", "解除劳动合同"]),
    (LegalField::SocialInsurance, &["社会保险", "社保"]),
    (LegalField::WorkingTime, &["工时休假", "休息休假"]),
    (LegalField::Women, &["女职工权益", "女职工"]),
    (LegalField::Harassment, &["骚扰与报复", "职场骚扰"]),
    (LegalField::Other, &["其他"]),
];

// What no table knows is asked about as anything else is.
fn fields(told: Option<&str>) -> (Vec<LegalField>, bool) {
    let (mut found, mut strange) = (Vec::new(), false);
    let words = told.unwrap_or_default().split(|c: char| c.is_whitespace() || "、，,;；/".contains(c));
    for word in words.filter(|word| !word.is_empty()) {
        let known = FIELDS.iter().find(|(_, names)| names.contains(&word)).map(|(field, _)| *field);
        strange |= known.is_none();
        let field = known.unwrap_or(LegalField::Other);
        if !found.contains(&field) {
            found.push(field);
        }
    }
    if found.is_empty() {
        found.push(LegalField::Other);
    }
    (found, strange)
}

/// Reads a row; the first fault counts.
pub(super) fn read(columns: &Columns, cells: &[Cell], today: NaiveDate) -> Result<Draft, Reason> {
    let text = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank()).map(Cell::text);
    let field = |key| text(Meaning::Field(key));
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let name = PersonName::parse(text(Meaning::Name).ok_or(NAME_REQUIRED)?).map_err(|e| e.code)?;
    let document = document(columns.cell(cells, Meaning::IdType), columns.cell(cells, Meaning::Id), today)?;
    let mobile = text(Meaning::Mobile).and_then(|told| Mobile::parse(told).ok()).ok_or(CONTACT_MOBILE)?;
    let firm_name = OrgName::parse(field("firm").ok_or(FIRM_LICENCE)?).map_err(|_| FIRM_LICENCE)?;
    let licence_no = field("firm_licence").and_then(|told| line(told, 4, 40).ok()).ok_or(FIRM_LICENCE)?;
    let until = |key| field(key).and_then(date).ok_or(LICENCE_DATES);
    let (firm_until, licence_until) = (until("firm_until")?, until("licence_until")?);
    let practice_no = field("practice_no").and_then(|told| line(told, 6, 30).ok()).ok_or(PRACTICE_NUMBER)?;
    let username = field("username").unwrap_or(&practice_no).trim().to_owned();
    let plain = username.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !plain || !(4..=32).contains(&username.len()) {
        return Err(USERNAME);
    }
    let division = text(Meaning::Division).and_then(place).ok_or(DIVISION_UNKNOWN)?.to_owned();
    if division.len() != 6 {
        return Err(DIVISION_UNKNOWN);
    }
    let (fields, strange) = fields(field("fields"));
    let told = field("intro").map(|told| paragraphs(told, 1, 300));
    let too_long = told.as_ref().is_some_and(Result::is_err);
    let flags = if strange || too_long { vec![VALUE_UNKNOWN] } else { Vec::new() };
    let firm =
        FirmTerms { name: firm_name.as_str().to_owned(), uscc: None, licence_no, licence_until: firm_until };
    Ok(Draft {
        firm,
        name,
        document,
        mobile,
        username,
        practice_no,
        licence_until,
        fields,
        division,
        intro: told.and_then(Result::ok),
        flags,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_files_write_them() {
        use LegalField::{Other, Wages, WorkInjury};
        assert_eq!(fields(Some("工伤、工资 劳动报酬")), (vec![WorkInjury, Wages], false));
        assert_eq!(fields(Some("工伤；婚姻家庭,刑事")), (vec![WorkInjury, Other], true));
        assert_eq!(fields(None), (vec![Other], false));
        let words: Vec<&str> = FIELDS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert!(words.iter().enumerate().all(|(at, word)| words.iter().position(|w| w == word) == Some(at)));
        assert_eq!(FIELDS.len(), LegalField::ALL.len());
    }
}
