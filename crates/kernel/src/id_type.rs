//! Kinds of identity documents the platform accepts.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Invalid;

/// A kind of identity document. A person's key is (kind, number), and a person may hold several over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdType {
    /// 居民身份证 (GB 11643-1999).
    CitizenId,
    /// 港澳居民居住证 and 台湾居民居住证, told apart by the prefix.
    HmtResidencePermit,
    /// 外国人永久居留身份证, the 18-digit version of 2023 and the 15-character one before it.
    ForeignPermanentResidentCard,
    /// 港澳居民来往内地通行证.
    HkMacauTravelPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanTravelPermit,
    /// 普通护照.
    Passport,
}

impl IdType {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::CitizenId,
        Self::HmtResidencePermit,
        Self::ForeignPermanentResidentCard,
        Self::HkMacauTravelPermit,
        Self::TaiwanTravelPermit,
        Self::Passport,
    ];

    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CitizenId => "citizen_id",
            Self::HmtResidencePermit => "hmt_residence_permit",
            Self::ForeignPermanentResidentCard => "foreign_permanent_resident_card",
            Self::HkMacauTravelPermit => "hk_macau_travel_permit",
            Self::TaiwanTravelPermit => "taiwan_travel_permit",
            Self::Passport => "passport",
        }
    }

    /// The code of GA/T 517-2004, or the project's P81 and P83 for the residence permits it does not have.
    pub fn ga_code(self, number: &str) -> &'static str {
        match self {
            Self::CitizenId => "111",
            Self::HmtResidencePermit if number.starts_with("83") => "P83",
            Self::HmtResidencePermit => "P81",
            Self::ForeignPermanentResidentCard => "553",
            Self::HkMacauTravelPermit => "516",
            Self::TaiwanTravelPermit => "511",
            Self::Passport => "414",
        }
    }
}

impl std::fmt::Display for IdType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IdType {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or(Invalid::new("ID_TYPE", "请选择列表中的证件类型。"))
    }
}
