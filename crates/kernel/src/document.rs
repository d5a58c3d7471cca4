//! Numbers of identity documents: GB 11643-1999 citizen numbers and the documents of residents from Hong
//! Kong, Macau, Taiwan and abroad.
//!
//! A citizen's number is judged in this order: length and characters, check character, birth date, age, then
//! the region, which is a flag only: prefixes that local offices once used are in no list.

use chrono::NaiveDate;

use crate::division::is_known_id_region;
use crate::id_type::IdType;
use crate::newtype::{silent_debug, text_schema};
use crate::problem::Invalid;
use crate::sex::Sex;
use crate::{mask, text};

const MIN: usize = 5;
const MAX: usize = 40;
const PATTERN: &str = concat!("^[", text::blank_class!(), "0-9A-Za-z０-９Ａ-Ｚａ-ｚ]+$");

/// Nobody older is alive.
const MAX_AGE: u32 = 130;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A person types it from the document.
    Person,
    /// A file of an old system, where 15-digit citizen numbers (void since 2013) still occur.
    Import,
}

/// What somebody should look at, though the number is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DocumentFlags {
    /// The region prefix is in no list of codes since 1981.
    pub region_unknown: bool,
    /// Made from a 15-digit number; show it as converted.
    pub converted: bool,
}

/// A checked identity document. Two are equal when kind and number are.
#[derive(Clone)]
pub struct Document {
    id_type: IdType,
    number: String,
    birth_date: Option<NaiveDate>,
    flags: DocumentFlags,
}

impl Document {
    /// Reads a number of the given kind; spaces, lower case and full-width characters are accepted.
    ///
    /// # Errors
    /// `ID_FORMAT`, `ID_CHECK_DIGIT`, `ID_BIRTH_DATE` (no such day, or in the future), `ID_AGE`.
    pub fn parse(id_type: IdType, raw: &str, today: NaiveDate, entry: Entry) -> Result<Self, Invalid> {
        if !text::is_within(raw, MIN, MAX) {
            return Err(format(id_type));
        }
        let mut number = text::compact(raw).to_ascii_uppercase();
        let mut flags = DocumentFlags::default();
        if id_type == IdType::CitizenId && number.len() == 15 && is_digits(&number) {
            if entry == Entry::Person {
                return Err(Invalid::new("ID_FORMAT", "15 位身份证号码已停用，请填写 18 位号码。"));
            }
            number = upgrade(&number).ok_or_else(|| format(id_type))?;
            flags.converted = true;
        }
        if !has_form(id_type, &number) {
            return Err(format(id_type));
        }
        let birth_date = match id_type {
            IdType::CitizenId => {
                if let Some(other) = belongs_elsewhere(&number) {
                    return Err(other);
                }
                let born = checked_birth_date(&number, today)?;
                flags.region_unknown = !number.get(..6).is_some_and(is_known_id_region);
                Some(born)
            }
            IdType::HmtResidencePermit => Some(checked_birth_date(&number, today)?),
            // The 15-character card has a two-digit year, which does not tell the century.
            IdType::ForeignPermanentResidentCard if number.len() == 18 => {
                Some(checked_birth_date(&number, today)?)
            }
            _ => None,
        };
        Ok(Self { id_type, number, birth_date, flags })
    }

    /// The kind of document.
    pub const fn id_type(&self) -> IdType {
        self.id_type
    }

    /// The normalised number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The same as [`Document::number`].
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The birth date, where the number carries a full one.
    pub const fn birth_date(&self) -> Option<NaiveDate> {
        self.birth_date
    }

    /// The sex, from the parity of the sequence number (odd = male) of documents numbered by GB 11643. No
    /// published rule says so for foreigners' cards, so those give none.
    pub fn sex(&self) -> Option<Sex> {
        match self.id_type {
            IdType::CitizenId | IdType::HmtResidencePermit => {
                let odd = self.number.as_bytes().get(16)? % 2 == 1;
                Some(if odd { Sex::Male } else { Sex::Female })
            }
            _ => None,
        }
    }

    /// The division at first registration, often a retired code; not the holder's residence.
    pub fn region_code(&self) -> Option<&str> {
        match self.id_type {
            IdType::CitizenId | IdType::HmtResidencePermit => self.number.get(..6),
            _ => None,
        }
    }

    /// What somebody should look at.
    pub const fn flags(&self) -> DocumentFlags {
        self.flags
    }

    /// `4101**********9982`, `H******78`.
    pub fn masked(&self) -> String {
        mask::document_number(&self.number)
    }

    /// What the blind index is computed over: `type|number`, unique for a person. The last two digits of a
    /// Hong Kong or Macau permit count its reissues, so they are no part of who holds it.
    pub fn index_key(&self) -> String {
        let number = match self.id_type {
            IdType::HkMacauTravelPermit => self.number.get(..9).unwrap_or(&self.number),
            _ => &self.number,
        };
        format!("{}|{number}", self.id_type)
    }
}

// DocumentFlags tell how the number arrived, not whose it is.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.id_type == other.id_type && self.number == other.number
    }
}

impl Eq for Document {}

impl std::hash::Hash for Document {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.id_type, &self.number).hash(state);
    }
}

const fn format(id_type: IdType) -> Invalid {
    let detail = match id_type {
        IdType::CitizenId => "请填写 18 位身份证号码，末位可为 X。",
        IdType::HmtResidencePermit => {
            "请填写 18 位居住证号码：香港以 810000、澳门以 820000、台湾以 830000 开头。"
        }
        IdType::ForeignPermanentResidentCard => {
            "请填写以 9 开头的 18 位号码，或旧版证件的 3 个字母加 12 位数字。"
        }
        IdType::HkMacauTravelPermit => "请填写 H 或 M 开头，后接 8 位或 10 位数字的证件号码。",
        IdType::TaiwanTravelPermit => "请填写 8 位数字，或旧版 10 位数字（可再接 1 个字母）的证件号码。",
        IdType::Passport => "请填写 5 至 17 位护照号码，只含字母和数字。",
    };
    Invalid::new("ID_FORMAT", detail)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// 17 digits and a digit or X.
fn is_eighteen(number: &str) -> bool {
    let (Some(body), Some(check)) = (number.get(..17), number.get(17..)) else { return false };
    is_digits(body) && check.len() == 1 && (is_digits(check) || check == "X")
}

/// `letters` characters, then digits whose number is one of `lengths`.
fn letters_then_digits(number: &str, letters: usize, lengths: &[usize]) -> bool {
    let (Some(head), Some(tail)) = (number.get(..letters), number.get(letters..)) else { return false };
    head.bytes().all(|b| b.is_ascii_uppercase()) && is_digits(tail) && lengths.contains(&tail.len())
}

fn has_hmt_prefix(number: &str) -> bool {
    ["810000", "820000", "830000"].iter().any(|prefix| number.starts_with(prefix))
}

fn has_form(id_type: IdType, number: &str) -> bool {
    match id_type {
        IdType::CitizenId => is_eighteen(number),
        IdType::HmtResidencePermit => is_eighteen(number) && has_hmt_prefix(number),
        IdType::ForeignPermanentResidentCard => {
            (number.starts_with('9') && is_eighteen(number)) || letters_then_digits(number, 3, &[12])
        }
        IdType::HkMacauTravelPermit => {
            number.starts_with(['H', 'M']) && letters_then_digits(number, 1, &[8, 10])
        }
        IdType::TaiwanTravelPermit => {
            let old = number.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(number);
            (number.len() == 8 && is_digits(number)) || (old.len() == 10 && is_digits(old))
        }
        IdType::Passport => {
            (5..=17).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }
    }
}

/// Numbers of the same shape that belong to another kind of document.
fn belongs_elsewhere(number: &str) -> Option<Invalid> {
    if has_hmt_prefix(number) {
        return Some(Invalid::new(
            "ID_FORMAT",
            "这是港澳台居民居住证号码，请将证件类型改为港澳台居民居住证。",
        ));
    }
    number.starts_with('9').then_some(Invalid::new(
        "ID_FORMAT",
        "这是外国人永久居留身份证号码，请将证件类型改为外国人永久居留身份证。",
    ))
}

/// The MOD 11-2 check character of 17 digits (ISO 7064, GB 11643-1999).
fn check_char(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let values = body.chars().map(|c| c.to_digit(10));
    let sum = values.zip(WEIGHTS).try_fold(0, |sum, (value, weight)| Some(sum + value? * weight))?;
    "10X98765432".chars().nth(usize::try_from(sum % 11).ok()?)
}

/// Judges check character, date and age of an 18-character number.
fn checked_birth_date(number: &str, today: NaiveDate) -> Result<NaiveDate, Invalid> {
    if number.get(..17).and_then(check_char) != number.chars().next_back() {
        return Err(Invalid::new("ID_CHECK_DIGIT", "证件号码校验位不符，请对照证件核对后重新填写。"));
    }
    let part = |range| number.get(range).and_then(|digits: &str| digits.parse::<u32>().ok());
    let born = (|| {
        let year = i32::try_from(part(6..10)?).ok()?;
        NaiveDate::from_ymd_opt(year, part(10..12)?, part(12..14)?)
    })();
    let born = born
        .filter(|day| *day <= today)
        .ok_or(Invalid::new("ID_BIRTH_DATE", "证件号码中的出生日期不存在或晚于今天，请核对后重新填写。"))?;
    match today.years_since(born) {
        Some(age) if age <= MAX_AGE => Ok(born),
        _ => Err(Invalid::new("ID_AGE", "按证件号码计算年龄超过 130 岁，请核对后重新填写。")),
    }
}

/// 15 digits to 18: the century goes in after the region, the check character at the end.
fn upgrade(old: &str) -> Option<String> {
    let body = format!("{}19{}", old.get(..6)?, old.get(6..)?);
    let check = check_char(&body)?;
    Some(format!("{body}{check}"))
}

silent_debug!(Document);
text_schema!(
    Document,
    "DocumentNumber",
    MIN,
    MAX,
    PATTERN,
    "410102194912319982",
    "Number of an identity document, judged by the rule of its id_type; spaces are ignored."
);
