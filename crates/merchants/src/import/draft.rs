//! What a row of a merchants file says, judged by itself, by the same parse functions as an entry by hand.

use unionhall_kernel::geo::Point;
use unionhall_kernel::text::{line, nfkc_trimmed};
use unionhall_kernel::{Mobile, OrgName, PersonName, Uscc};
use unionhall_registry::import::cell::Cell;
use unionhall_registry::import::column::{Columns, Meaning};
use unionhall_registry::import::draft::date;
use unionhall_registry::import::reason::{
    BRANCH_INCOMPLETE, CATEGORY_FORMAT, CONTACT_MOBILE, CONTRACT_DATES, DIVISION_UNKNOWN, NAME_REQUIRED,
    PLACE, ROW_SHAPE, Reason,
};
use unionhall_registry::import::union_file::place as division;

use super::datum;
use crate::branch::BranchDetails;
use crate::merchant::Details;

/// A row in its normal form.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub merchant: Details,
    pub branch: Option<BranchDetails>,
}

/// Reads a row; the first fault counts.
pub(super) fn read(columns: &Columns, cells: &[Cell]) -> Result<Draft, Reason> {
    let text = |meaning| columns.cell(cells, meaning).filter(|cell| !cell.is_blank()).map(Cell::text);
    if columns.is_exceeded(cells) {
        return Err(ROW_SHAPE);
    }
    let name = OrgName::parse(text(Meaning::OrgName).ok_or(NAME_REQUIRED)?).map_err(|e| e.code)?;
    let uscc = Uscc::parse(text(Meaning::Uscc).unwrap_or_default()).map_err(|e| e.code)?;
    let category = text(Meaning::Field("category")).and_then(|told| line(told, 1, 40).ok());
    let category = category.ok_or(CATEGORY_FORMAT)?;
    let division_code = text(Meaning::Division).and_then(division).ok_or(DIVISION_UNKNOWN)?.to_owned();
    let day = |key| text(Meaning::Field(key)).and_then(date).ok_or(CONTRACT_DATES);
    let (contract_from, contract_to) = (day("contract_from")?, day("contract_to")?);
    if contract_to < contract_from {
        return Err(CONTRACT_DATES);
    }
    let contact = text(Meaning::Field("contact")).ok_or(NAME_REQUIRED)?;
    let contact = PersonName::parse(contact).map_err(|e| e.code)?;
    let mobile = text(Meaning::Mobile).and_then(|told| Mobile::parse(told).ok()).ok_or(CONTACT_MOBILE)?;
    let field = |key| text(Meaning::Field(key));
    let place = place(field("lat"), field("lng"), field("datum"))?;
    let branch = match (field("branch"), field("address")) {
        (None, None) if place.is_none() => None,
        (Some(name), Some(address)) => {
            let name = OrgName::parse(name).map_err(|_| BRANCH_INCOMPLETE)?.as_str().to_owned();
            let address = line(address, 2, 200).map_err(|_| BRANCH_INCOMPLETE)?;
            Some(BranchDetails { name, address, division_code: division_code.clone(), place })
        }
        _ => return Err(BRANCH_INCOMPLETE),
    };
    let merchant = Details {
        name: name.as_str().to_owned(),
        uscc: uscc.as_str().to_owned(),
        category,
        division_code,
        contract_from,
        contract_to,
        contact_name: contact.as_str().to_owned(),
        contact_mobile: mobile,
    };
    Ok(Draft { merchant, branch })
}

type Place = (f64, f64, unionhall_kernel::geo::Datum);

fn place(lat: Option<&str>, lng: Option<&str>, told: Option<&str>) -> Result<Option<Place>, Reason> {
    let number = |told: &str| nfkc_trimmed(told).parse::<f64>().ok();
    match (lat, lng, told) {
        (None, None, None) => Ok(None),
        (Some(lat), Some(lng), Some(told)) => {
            let (lat, lng) = number(lat).zip(number(lng)).ok_or(PLACE)?;
            let datum = datum(told).ok_or(PLACE)?;
            Point::new(lat, lng).map(|_| Some((lat, lng, datum))).ok_or(PLACE)
        }
        _ => Err(PLACE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_registry::import::Kind;

    fn judge(changed: &[(&str, &str)]) -> Result<Draft, Reason> {
        let mut row = vec![
            ("商户名称", "某某餐饮有限公司"),
            ("统一社会信用代码", "91410100ma000abc24"),
            ("类别", "餐饮"),
            ("所在区划", "410102"),
            ("合同起", "2026年1月1日"),
            ("合同止", "2027/12/31"),
            ("联系人", "王小明"),
            ("联系手机", "138 0013 8000"),
            ("门店名称", "顺河路店"),
            ("门店地址", "顺河路1号"),
            ("经度", "113.62"),
            ("纬度", "34.75"),
            ("坐标系", "高德"),
        ];
        for (title, told) in changed {
            for cell in row.iter_mut().filter(|(of, _)| of == title) {
                cell.1 = told;
            }
        }
        let columns = Columns::read(Kind::Merchants, row.iter().map(|(t, _)| (*t).to_owned()).collect());
        let cells: Vec<Cell> = row.iter().map(|(_, told)| Cell::Text((*told).to_owned())).collect();
        read(&columns, &cells)
    }

    #[test]
    fn a_row_comes_into_its_normal_form() {
        let draft = judge(&[]).unwrap();
        assert_eq!(draft.merchant.uscc, "91410100MA000ABC24");
        assert_eq!(draft.merchant.contract_to.to_string(), "2027-12-31");
        let branch = draft.branch.unwrap();
        assert_eq!(
            branch.place.map(|(lat, lng, datum)| (lat, lng, datum.as_str())),
            Some((34.75, 113.62, "gcj02"))
        );
        let bare: Vec<(&str, &str)> =
            ["门店名称", "门店地址", "经度", "纬度", "坐标系"].map(|t| (t, " ")).to_vec();
        assert!(judge(&bare).unwrap().branch.is_none());
    }

    #[test]
    fn each_fault_has_its_code() {
        for (changed, code) in [
            (&[("商户名称", "")][..], NAME_REQUIRED),
            (&[("商户名称", "x")], "ORG_NAME_FORMAT"),
            (&[("统一社会信用代码", "")], "USCC_FORMAT"),
            (&[("统一社会信用代码", "91410100MA000ABC25")], "USCC_CHECK_DIGIT"),
            (&[("类别", " ")], CATEGORY_FORMAT),
            (&[("所在区划", "999999")], DIVISION_UNKNOWN),
            (&[("合同起", "明天")], CONTRACT_DATES),
            (&[("合同止", "2025-12-31")], CONTRACT_DATES),
            (&[("联系人", "")], NAME_REQUIRED),
            (&[("联系手机", "")], CONTACT_MOBILE),
            (&[("门店地址", "")], BRANCH_INCOMPLETE),
            (&[("门店名称", ""), ("门店地址", "")], BRANCH_INCOMPLETE),
            (&[("坐标系", "")], PLACE),
            (&[("坐标系", "北京54")], PLACE),
            (&[("纬度", "91")], PLACE),
            (&[("纬度", "NaN")], PLACE),
        ] {
            assert_eq!(judge(changed).unwrap_err(), code, "{changed:?}");
        }
    }
}
