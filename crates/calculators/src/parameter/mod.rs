//! The parameters of the law 法律参数: amounts and rates that are published for a region and a time, entered by one person of
//! the legal department of the province and approved by another.
//!
//! Versions are only ever added. One counts from its approval on, for calculations whose date lies from `valid_from` to
//! `valid_to` (both counted); of several, the one that began last. A correction is a version with the same first day: its
//! approval supersedes the one that stood for it. What is not known for a county is looked up for its city, its province
//! and the country, in that order, for each parameter on its own.

mod book;
mod enter;
mod state;
mod store;
mod value;

use unionhall_kernel::{Invalid, division};

pub use book::{Book, Used};
pub use enter::{By, NewVersion, approve, enter, reject};
pub use state::State;
pub use store::{Version, get, list, load};
pub use value::{
    DeathBenefits, Dues, InjuryAllowance, InjuryMonths, Key, LocalAverageWage, MinimumWage, MinimumWageClass,
    NationalIncome, Nursing, OvertimeRates, PaidDays, Parameter, PensionMinimum, RetirementFemale50,
    RetirementFemale55, RetirementMale, RetirementTable, UnionFunds,
};

/// The region of what holds in the whole country.
pub const COUNTRY: &str = "000000";
/// The region of a calculation that names none.
pub const PROVINCE: &str = "410000";

/// A region and all above it, nearest first, the country last.
///
/// # Errors
/// `DIVISION_UNKNOWN` for what is neither a division nor the country.
pub fn chain(region: &str) -> Result<Vec<&'static str>, Invalid> {
    if region == COUNTRY {
        return Ok(vec![COUNTRY]);
    }
    let found = division::parse(region)?;
    let above = division::ancestors(region).map(|of| of.code);
    Ok(std::iter::once(found.code).chain(above).chain([COUNTRY]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_falls_back_to_its_city_its_province_and_the_country() {
        assert_eq!(chain("410102").unwrap(), ["410102", "410100", "410000", "000000"]);
        assert_eq!(chain("419001").unwrap(), ["419001", "410000", "000000"]);
        assert_eq!(chain("410102001").unwrap(), ["410102001", "410102", "410100", "410000", "000000"]);
        assert_eq!(chain("000000").unwrap(), ["000000"]);
        for bad in ["", "41", "419000", "999999", "410102x"] {
            assert_eq!(chain(bad).unwrap_err().code, "DIVISION_UNKNOWN", "{bad:?}");
        }
    }
}
