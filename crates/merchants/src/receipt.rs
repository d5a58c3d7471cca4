//! Receipt numbers: what a cashier reads over the phone. Six digits of the Shanghai day, eleven random ones so
//! that nobody guesses another's, and a Luhn digit against slips.

use chrono::NaiveDate;
use unionhall_kernel::{IdGen, luhn_digit};

/// A new receipt number.
pub fn new(ids: &dyn IdGen, day: NaiveDate) -> String {
    let mut number = format!("{}{}", day.format("%y%m%d"), ids.digits(11));
    let check = luhn_digit(&number);
    number.push(check);
    number
}

#[cfg(test)]
mod tests {
    use unionhall_kernel::clock::RandomIds;
    use unionhall_kernel::luhn_is_valid;

    #[test]
    fn a_receipt_number_is_dated_and_checked() {
        let number = super::new(&RandomIds::default(), "2026-11-20".parse().unwrap());
        assert!(number.starts_with("261120") && number.len() == 18 && luhn_is_valid(&number));
    }
}
