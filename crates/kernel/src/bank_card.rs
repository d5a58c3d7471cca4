//! Bank card numbers (JR/T 0008-2000).

use crate::luhn::luhn_is_valid;
use crate::newtype::{silent_debug, text_schema};
use crate::problem::Invalid;
use crate::{mask, text};

const MIN: usize = 13;
const MAX: usize = 40;
const PATTERN: &str = concat!("^[", text::blank_class!(), r"0-9０-９\-－\u2010-\u2015\u2212]+$");

/// A bank card number: 13 to 19 digits with a Luhn digit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BankCard(String);

impl BankCard {
    /// Reads a card number, with or without spaces and hyphens between the groups.
    ///
    /// # Errors
    /// `BANK_CARD_FORMAT`, `BANK_CARD_CHECK_DIGIT`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        const FORMAT: Invalid = Invalid::new("BANK_CARD_FORMAT", "请填写 13 至 19 位银行卡号。");
        if !text::is_within(raw, MIN, MAX) {
            return Err(FORMAT);
        }
        let number = text::compact_digits(raw);
        if !(13..=19).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(FORMAT);
        }
        if !luhn_is_valid(&number) {
            return Err(Invalid::new("BANK_CARD_CHECK_DIGIT", "银行卡号有误，请对照卡面核对后重新填写。"));
        }
        Ok(Self(number))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits, which may be stored in the clear.
    pub fn last4(&self) -> &str {
        self.0.len().checked_sub(4).and_then(|at| self.0.get(at..)).unwrap_or_default()
    }

    /// `****0004`.
    pub fn masked(&self) -> String {
        mask::bank_card(&self.0)
    }
}

silent_debug!(BankCard);
text_schema!(
    BankCard,
    "BankCard",
    MIN,
    MAX,
    PATTERN,
    "6217000000000000004",
    "Bank card number: 13 to 19 digits with a Luhn check digit, optionally with spaces or hyphens."
);
