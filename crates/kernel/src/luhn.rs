//! The Luhn check digit (mod 10) of bank cards (JR/T 0008-2000) and union card numbers.

/// The sum of the digits with every second one doubled; `doubled_first` says whether the rightmost is.
/// Characters other than ASCII digits are passed over.
fn sum(digits: &str, doubled_first: bool) -> u32 {
    let mut doubled = doubled_first;
    let mut total = 0;
    for digit in digits.chars().rev().filter_map(|c| c.to_digit(10)) {
        // Nine at most comes out of a doubled digit: 2 × 9 = 18, 1 + 8 = 9.
        let value = if doubled { digit * 2 % 10 + digit / 5 } else { digit };
        total = (total + value) % 10;
        doubled = !doubled;
    }
    total
}

/// Whether the last digit is the Luhn digit of those before it. Anything but two or more ASCII digits is not
/// valid.
///
/// Finds every single wrong digit and every swap of neighbours except 09 with 90.
pub fn luhn_is_valid(number: &str) -> bool {
    number.len() >= 2 && number.bytes().all(|b| b.is_ascii_digit()) && sum(number, false) == 0
}

/// The Luhn digit to append to `payload`. Characters other than ASCII digits are passed over.
pub fn luhn_digit(payload: &str) -> char {
    char::from_digit((10 - sum(payload, true)) % 10, 10).unwrap_or('0')
}
