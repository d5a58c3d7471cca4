//! Administrative divisions (GB/T 2260 and the statistical codes below the county), and the region prefixes
//! of citizen numbers. Origins and licences: `data/NOTICE`.
//!
//! Six digits down to the county, nine for towns and streets. The tables hold the divisions in force; codes
//! retired earlier survive in the list of id prefixes, since a citizen keeps the prefix of the first
//! registration. Functional zones (development zones) have unions and are no legal divisions.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Invalid;

/// One division.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Division {
    /// 6 digits (levels 1 to 3) or 9 (level 4).
    pub code: &'static str,
    /// The name, unique only above level 4.
    pub name: &'static str,
    /// The division it belongs to; none for a province.
    pub parent_code: Option<&'static str>,
    /// 1 province, 2 city, 3 county or zone, 4 town or street.
    pub level: u8,
    /// First day in force, where known.
    pub valid_from: Option<NaiveDate>,
    /// Last day in force; none while it is in force.
    pub valid_to: Option<NaiveDate>,
}

fn read(csv: &'static str) -> Vec<Division> {
    let row = |line: &'static str| {
        let mut cells = line.split(',');
        let (code, name, parent) = (cells.next()?, cells.next()?, cells.next()?);
        let level = cells.next()?.trim().parse().ok()?;
        let parent_code = Some(parent).filter(|code| !code.is_empty());
        Some(Division { code, name, parent_code, level, valid_from: None, valid_to: None })
    };
    // The header's level is no number, so it drops out with anything else that is not a row.
    let mut rows: Vec<_> = csv.lines().filter_map(row).collect();
    rows.sort_unstable_by_key(|division| division.code);
    rows
}

static HENAN: LazyLock<Vec<Division>> = LazyLock::new(|| read(include_str!("../data/henan_divisions.csv")));
static NATIONAL: LazyLock<Vec<Division>> = LazyLock::new(|| read(include_str!("../data/divisions_l3.csv")));

static CHILDREN: LazyLock<HashMap<&'static str, Vec<&'static Division>>> = LazyLock::new(|| {
    let mut children: HashMap<_, Vec<_>> = HashMap::new();
    // Henan is in both tables; its own has the zones and the towns.
    let elsewhere = NATIONAL.iter().filter(|division| !is_in_henan(division.code));
    for division in HENAN.iter().chain(elsewhere) {
        children.entry(division.parent_code.unwrap_or_default()).or_default().push(division);
    }
    for siblings in children.values_mut() {
        siblings.sort_unstable_by_key(|division| division.code);
    }
    children
});

static ID_REGIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut codes: Vec<_> = include_str!("../data/id_region_codes.txt").lines().map(str::trim).collect();
    codes.sort_unstable();
    codes
});

fn is_in_henan(code: &str) -> bool {
    code.starts_with("41")
}

/// Henan down to the towns: 1 province, 17 cities, 181 counties and zones, 2,586 towns and streets, by code.
pub fn henan() -> &'static [Division] {
    &HENAN
}

/// The whole country down to the counties, by code; without functional zones.
pub fn national() -> &'static [Division] {
    &NATIONAL
}

/// The division with this code: in Henan down to the towns, elsewhere down to the counties.
pub fn division(code: &str) -> Option<&'static Division> {
    let table = if is_in_henan(code) { henan() } else { national() };
    table.binary_search_by_key(&code, |division| division.code).ok().and_then(|at| table.get(at))
}

/// The division with this code, as a form gives it.
///
/// # Errors
/// `DIVISION_UNKNOWN`.
pub fn parse(code: &str) -> Result<&'static Division, Invalid> {
    division(code).ok_or(Invalid::new("DIVISION_UNKNOWN", "没有此行政区划代码。"))
}

/// The divisions directly below, by code; of the empty code, the provinces.
pub fn children(code: &str) -> &'static [&'static Division] {
    CHILDREN.get(code).map(Vec::as_slice).unwrap_or_default()
}

/// The divisions above, nearest first, the province last. Empty for an unknown code.
pub fn ancestors(code: &str) -> impl Iterator<Item = &'static Division> + use<> {
    let parent = |of: &'static Division| of.parent_code.and_then(division);
    std::iter::successors(division(code).and_then(parent), move |of| parent(of))
}

/// Whether a county-level code is that of a functional zone: the last two digits are 71 to 79. No county
/// since 1981 has such a code, and no citizen number begins with one.
pub fn is_functional_zone(code: &str) -> bool {
    let last = code.get(4..).and_then(|digits| digits.parse::<u8>().ok());
    code.len() == 6 && last.is_some_and(|last| (71..=79).contains(&last))
}

/// Whether citizen numbers are known to begin with these six digits: every county-level code since 1981 and
/// the cities without counties (441900 Dongguan, 442000 Zhongshan, …).
pub fn is_known_id_region(code: &str) -> bool {
    ID_REGIONS.binary_search(&code).is_ok()
}
