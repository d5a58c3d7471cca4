//! Sex codes (GB/T 2261.1-2003).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sex as GB/T 2261.1-2003 codes it. A citizen's document gives only the middle two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 0, not known.
    Unknown,
    /// 1.
    Male,
    /// 2.
    Female,
    /// 9, asked and not stated.
    Unstated,
}

impl Sex {
    /// The code of the standard.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "0",
            Self::Male => "1",
            Self::Female => "2",
            Self::Unstated => "9",
        }
    }

    /// The value of a code of the standard.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Unknown, Self::Male, Self::Female, Self::Unstated].into_iter().find(|sex| sex.code() == code)
    }
}
