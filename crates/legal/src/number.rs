//! The numbers that people read over the phone.

use unionhall_kernel::luhn_digit;
use unionhall_storage::Core;

/// The day, eight digits of chance and a check digit: 15 digits.
pub(crate) fn new(core: &Core) -> String {
    let mut number = format!("{}{}", core.today().format("%y%m%d"), core.ids.digits(8));
    number.push(luhn_digit(&number));
    number
}
