//! Unified social credit codes (GB 32100-2015) and the organisation codes inside them (GB 11714-1997).

use serde::Serialize;

use crate::newtype::text_schema;
use crate::problem::Invalid;
use crate::text;

const MIN: usize = 18;
const MAX: usize = 40;
const PATTERN: &str = concat!("^[", text::blank_class!(), "0-9A-Za-z０-９Ａ-Ｚａ-ｚ]+$");

/// GB 32100-2015, table 1: a character's value is its place. I, O, S, V and Z are left out.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 3^(i-1) mod 31, the check character's own weight 1 last.
const WEIGHTS: [usize; 18] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];

const FORMAT: Invalid = Invalid::new(
    "USCC_FORMAT",
    "请填写 18 位统一社会信用代码，只含数字和大写字母（不含 I、O、S、V、Z），第 3 至 8 位为数字。",
);

/// The department that registered an organisation (first character).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Department {
    /// 1, 机构编制.
    Establishment,
    /// 2, 外交.
    ForeignAffairs,
    /// 3, 司法行政.
    Justice,
    /// 4, 文化.
    Culture,
    /// 5, 民政.
    CivilAffairs,
    /// 6, 旅游.
    Tourism,
    /// 7, 宗教.
    Religion,
    /// 8, 工会.
    TradeUnion,
    /// 9, 市场监管.
    MarketRegulation,
    /// A, 军委编办.
    Military,
    /// N, 农业.
    Agriculture,
    /// Y, 其他.
    Other,
    /// A character the standard has not given out. Not refused: departments have been added since 2015.
    Unassigned,
}

/// A unified social credit code: department, category, 6-digit division, 9-character organisation code,
/// check character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Uscc(String);

impl Uscc {
    /// Reads a code; lower case, full-width characters and spaces are accepted.
    ///
    /// # Errors
    /// `USCC_FORMAT`, `USCC_CHECK_DIGIT`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let code = Self::parse_unchecked_digit(raw)?;
        if !check_is_valid(&code.0) {
            return Err(Invalid::new(
                "USCC_CHECK_DIGIT",
                "统一社会信用代码校验位不符，请对照证照核对；证照确实如此的，请联系工会人工审核。",
            ));
        }
        Ok(code)
    }

    /// Reads a code without judging its check character. Some codes issued in 2015 (Fujian's trial) fail the
    /// check and are legal, so a reviewer may accept one, with a reason; nobody else may.
    ///
    /// # Errors
    /// `USCC_FORMAT`.
    pub fn parse_unchecked_digit(raw: &str) -> Result<Self, Invalid> {
        if !text::is_within(raw, MIN, MAX) {
            return Err(FORMAT);
        }
        let code = text::compact(raw).to_ascii_uppercase();
        let division_is_digits = code.bytes().skip(2).take(6).all(|b| b.is_ascii_digit());
        if code.len() != 18 || !division_is_digits || !code.chars().all(|c| ALPHABET.contains(c)) {
            return Err(FORMAT);
        }
        Ok(Self(code))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Department and category, `81` for a basic union, `91` for a company.
    pub fn prefix(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The registering department.
    pub fn department(&self) -> Department {
        match self.0.bytes().next() {
            Some(b'1') => Department::Establishment,
            Some(b'2') => Department::ForeignAffairs,
            Some(b'3') => Department::Justice,
            Some(b'4') => Department::Culture,
            Some(b'5') => Department::CivilAffairs,
            Some(b'6') => Department::Tourism,
            Some(b'7') => Department::Religion,
            Some(b'8') => Department::TradeUnion,
            Some(b'9') => Department::MarketRegulation,
            Some(b'A') => Department::Military,
            Some(b'N') => Department::Agriculture,
            Some(b'Y') => Department::Other,
            _ => Department::Unassigned,
        }
    }

    /// What kind of organisation it is within its department, in Chinese; `None` where the standard gives the
    /// second character no meaning.
    pub fn category(&self) -> Option<&'static str> {
        Some(match self.prefix() {
            "11" => "机关",
            "12" => "事业单位",
            "13" => "编办直接管理机构编制的群众团体",
            "31" => "律师执业机构",
            "32" => "公证处",
            "33" => "基层法律服务所",
            "34" => "司法鉴定机构",
            "35" => "仲裁委员会",
            "51" => "社会团体",
            "52" => "民办非企业单位",
            "53" => "基金会",
            "81" => "基层工会",
            "91" => "企业",
            "92" => "个体工商户",
            "93" => "农民专业合作社",
            "N1" => "组级集体经济组织",
            "N2" => "村级集体经济组织",
            "N3" => "乡镇级集体经济组织",
            "19" | "29" | "39" | "49" | "59" | "69" | "79" | "89" | "99" | "A9" | "N9" => "其他",
            _ => return None,
        })
    }

    /// The division of registration (GB/T 2260).
    pub fn division_code(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }

    /// The organisation code (GB 11714), characters 9 to 17.
    pub fn org_code(&self) -> &str {
        self.0.get(8..17).unwrap_or_default()
    }
}

impl std::fmt::Display for Uscc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The weighted sum over all 18 characters is a multiple of 31 exactly when
/// C = (31 − Σ mod 31) mod 31 (GB 32100-2015, annex A).
fn check_is_valid(code: &str) -> bool {
    let values = code.chars().map(|c| ALPHABET.find(c));
    let sum = values.zip(WEIGHTS).try_fold(0, |sum, (value, weight)| Some(sum + value? * weight));
    sum.is_some_and(|sum| sum % 31 == 0)
}

/// Whether a 9-character organisation code, with or without the hyphen before its last character, has the
/// right check character (GB 11714-1997). Here all 36 letters and digits count.
pub fn org_code_is_valid(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let code = text::compact_digits(code).to_ascii_uppercase();
    if code.len() != 9 || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let values = code.chars().filter_map(|c| c.to_digit(36));
    let sum: u32 = values.zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    code.ends_with(check)
}

text_schema!(
    Uscc,
    "Uscc",
    MIN,
    MAX,
    PATTERN,
    "81410000MC00000122",
    "Unified social credit code (GB 32100-2015): 18 digits and capitals without I, O, S, V, Z."
);
