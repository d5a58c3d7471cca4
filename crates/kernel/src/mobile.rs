//! Mobile numbers of mainland China.

use crate::newtype::{silent_debug, text_schema};
use crate::problem::Invalid;
use crate::{mask, text};

const MIN: usize = 11;
const MAX: usize = 32;
const PATTERN: &str = concat!("^[", text::blank_class!(), r"0-9０-９+＋\-－\u2010-\u2015\u2212]+$");

const REFUSED: Invalid = Invalid::new("MOBILE_FORMAT", "请填写 11 位手机号码。");

/// A mobile number in E.164. No list of number ranges: new ones are opened and numbers move between
/// carriers. It is a way to reach somebody, not an identity: carriers issue numbers again.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mobile(String);

impl Mobile {
    /// Reads a number with or without `+86`, `0086` or `86`, spaces and hyphens.
    ///
    /// # Errors
    /// `MOBILE_FORMAT`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if !text::is_within(raw, MIN, MAX) {
            return Err(REFUSED);
        }
        let digits = text::compact_digits(raw);
        let national = digits
            .strip_prefix("+86")
            .or_else(|| digits.strip_prefix("0086"))
            .or_else(|| digits.strip_prefix("86"))
            .unwrap_or(&digits);
        let mut bytes = national.bytes();
        let is_mobile = national.len() == 11
            && bytes.next() == Some(b'1')
            && bytes.next().is_some_and(|b| (b'3'..=b'9').contains(&b))
            && bytes.all(|b| b.is_ascii_digit());
        if is_mobile { Ok(Self(format!("+86{national}"))) } else { Err(REFUSED) }
    }

    /// `+8613800138000`, the form that is stored.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The same as [`Mobile::e164`].
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 11 digits people dial.
    pub fn national(&self) -> &str {
        self.0.strip_prefix("+86").unwrap_or(&self.0)
    }

    /// `138****8000`.
    pub fn masked(&self) -> String {
        mask::mobile(&self.0)
    }
}

silent_debug!(Mobile);
text_schema!(
    Mobile,
    "Mobile",
    MIN,
    MAX,
    PATTERN,
    "13800138000",
    "Mobile number of mainland China: 11 digits, optionally with +86, spaces or hyphens."
);
