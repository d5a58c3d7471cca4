//! Names of unions, employers and merchants.

use serde::Serialize;

use crate::newtype::text_schema;
use crate::problem::Invalid;
use crate::text;

const MIN: usize = 2;
const MAX: usize = 100;
const PATTERN: &str = r"^[^\u0000-\u0008\u000E-\u001F\u007F\uE000-\uF8FF]+$";

/// The name of an organisation as it is registered: 2 to 100 characters, full-width brackets kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OrgName(String);

impl OrgName {
    /// Reads a name; surrounding spaces and invisible characters are dropped.
    ///
    /// # Errors
    /// `ORG_NAME_FORMAT` for a wrong length, control characters and private-use characters.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        const CODE: &str = "ORG_NAME_FORMAT";
        let name = if text::is_within(raw, MIN, MAX) { text::nfc_trimmed(raw) } else { String::new() };
        if !text::is_within(&name, MIN, MAX) {
            return Err(Invalid::new(CODE, "请填写 2 至 100 个字的名称。"));
        }
        if name.chars().any(text::is_private_use) {
            return Err(Invalid::new(CODE, "名称含有无法识别的自造字，请用标准汉字重新输入。"));
        }
        if name.chars().any(char::is_control) {
            return Err(Invalid::new(CODE, "名称含有换行或控制字符，请删除后重新填写。"));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OrgName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

text_schema!(
    OrgName,
    "OrgName",
    MIN,
    MAX,
    PATTERN,
    "郑州市总工会",
    "Name of a union, an employer or a merchant: 2 to 100 characters, no control or private-use characters."
);
