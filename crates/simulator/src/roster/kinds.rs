//! What a roster may have planted in it, and how often.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unionhall_kernel::IdType;

/// Declares an enum whose variants carry a default rate, with the list of all of them.
macro_rules! rated {
    ($(#[$doc:meta])* $name:ident { $($(#[$what:meta])* $variant:ident $rate:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$what])* $variant,)* }

        impl $name {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The share of rows that have it unless the roster says otherwise.
            pub const fn default_rate(self) -> f64 {
                match self { $(Self::$variant => $rate,)* }
            }
        }
    };
}

rated! {
    /// Something for which the importer must reject the row.
    Fault {
        /// No name, or blanks only.
        NameEmpty 0.002,
        /// A name with digits in it: 张3.
        NameDigits 0.002,
        /// A digit too few or too many, a letter O, a residence permit declared a citizen's card.
        IdFormat 0.003,
        /// A wrong check character.
        IdCheckDigit 0.008,
        /// 30 February, month 13, or a day to come; the check character is right.
        IdBirthDate 0.002,
        /// Born in the nineteenth century.
        IdAge 0.001,
        /// CSV: the number as a spreadsheet shows it, `4.10102E+17`.
        IdScientific 0.003,
        /// CSV: the number as a spreadsheet keeps it, its last three digits 000.
        IdRounded 0.003,
        /// XLSX: a numeric cell.
        IdNumber 0.006,
        /// A digit too few or too many, a landline, a word.
        MobileMalformed 0.004,
        /// A union that does not exist.
        UnionUnknown 0.003,
        /// A union of a sibling county.
        UnionForeign 0.003,
        /// A document of an accepted row further up, often spelt in another way.
        Duplicate 0.006,
        /// Somebody with an open membership elsewhere.
        Elsewhere 0.002,
    }
}

rated! {
    /// Something that the importer must put right, or accept with a flag.
    Quirk {
        /// Spaces inside a name: 王 芳.
        NameSpaced 0.02,
        /// A middle dot of another alphabet.
        NameOddDot 0.005,
        /// A middle dot as it should be.
        NameDotted 0.005,
        /// Characters beyond the basic plane.
        NameRare 0.003,
        /// A number of 15 digits.
        #[serde(rename = "id_15")]
        Id15 0.004,
        /// A trailing lower-case x.
        IdLowerX 0.02,
        /// Full-width digits.
        IdFullWidth 0.01,
        /// Spaces in groups, or a tab that keeps a spreadsheet from reading a number.
        IdSpaced 0.01,
        /// A region code that has been retired.
        RegionRetired 0.02,
        /// A region code in no list.
        RegionUnknown 0.002,
        /// A residence permit of Hong Kong, Macau or Taiwan.
        HmtResidencePermit 0.001,
        /// A foreigner's permanent residence card.
        ForeignPermanentResidentCard 0.0005,
        /// A travel permit of Hong Kong or Macau.
        HkMacauTravelPermit 0.0005,
        /// A travel permit of Taiwan.
        TaiwanTravelPermit 0.0005,
        /// A passport.
        Passport 0.0005,
        /// `+86`, `0086` or `86` before the mobile.
        MobilePrefix 0.02,
        /// Spaces or hyphens inside the mobile.
        MobileSpaced 0.03,
        /// Full-width digits.
        MobileFullWidth 0.005,
        /// XLSX: a numeric cell, which loses nothing at eleven digits.
        MobileNumber 0.05,
        /// No mobile.
        MobileMissing 0.01,
    }
}

/// The code the importer must give for a rejected row. A row with several faults counts under the first in
/// the order of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The name is empty or blank.
    NameRequired,
    /// The name holds what no name has.
    NameFormat,
    /// A spreadsheet stored the number of the document as a number.
    IdNotText,
    /// The number has not the form of its document.
    IdFormat,
    /// The check character is wrong.
    IdCheckDigit,
    /// There is no such day, or it is still to come.
    IdBirthDate,
    /// Nobody is that old.
    IdAge,
    /// The mobile is not one.
    MobileFormat,
    /// The union does not exist or is not the importer's.
    UnionUnknown,
    /// The document stands in a row above.
    DuplicateInFile,
    /// There is an open membership elsewhere.
    NeedsReview,
}

/// What an accepted row is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The number had 15 digits.
    #[serde(rename = "converted_from_15")]
    ConvertedFrom15,
    /// The number begins with a region in no list.
    RegionUnknown,
    /// There is no mobile.
    MobileMissing,
}

/// The column a fault or quirk sits in. A row has at most one quirk in a column, and none beside a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Name,
    Id,
    Mobile,
    Union,
    Row,
}

impl Fault {
    /// The code the importer must give.
    pub const fn reason(self) -> Reason {
        match self {
            Self::NameEmpty => Reason::NameRequired,
            Self::NameDigits => Reason::NameFormat,
            Self::IdFormat => Reason::IdFormat,
            Self::IdCheckDigit => Reason::IdCheckDigit,
            Self::IdBirthDate => Reason::IdBirthDate,
            Self::IdAge => Reason::IdAge,
            Self::IdScientific | Self::IdRounded | Self::IdNumber => Reason::IdNotText,
            Self::MobileMalformed => Reason::MobileFormat,
            Self::UnionUnknown | Self::UnionForeign => Reason::UnionUnknown,
            Self::Duplicate => Reason::DuplicateInFile,
            Self::Elsewhere => Reason::NeedsReview,
        }
    }

    pub(super) const fn field(self) -> Field {
        match self {
            Self::NameEmpty | Self::NameDigits => Field::Name,
            Self::IdFormat | Self::IdCheckDigit | Self::IdBirthDate | Self::IdAge => Field::Id,
            Self::IdScientific | Self::IdRounded | Self::IdNumber => Field::Id,
            Self::MobileMalformed => Field::Mobile,
            Self::UnionUnknown | Self::UnionForeign => Field::Union,
            Self::Duplicate | Self::Elsewhere => Field::Row,
        }
    }
}

impl Quirk {
    pub(super) const fn field(self) -> Field {
        match self {
            Self::NameSpaced | Self::NameOddDot | Self::NameDotted | Self::NameRare => Field::Name,
            Self::MobilePrefix | Self::MobileSpaced | Self::MobileFullWidth => Field::Mobile,
            Self::MobileNumber | Self::MobileMissing => Field::Mobile,
            _ => Field::Id,
        }
    }

    /// The document it is about, when that is not the citizen's.
    pub(super) const fn document(self) -> Option<IdType> {
        match self {
            Self::HmtResidencePermit => Some(IdType::HmtResidencePermit),
            Self::ForeignPermanentResidentCard => Some(IdType::ForeignPermanentResidentCard),
            Self::HkMacauTravelPermit => Some(IdType::HkMacauTravelPermit),
            Self::TaiwanTravelPermit => Some(IdType::TaiwanTravelPermit),
            Self::Passport => Some(IdType::Passport),
            _ => None,
        }
    }
}

/// The share of rows that have each fault and quirk. What is not named keeps its default; 0 plants nothing.
/// The faults, and the quirks of one column, add up to 1 at most.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Faults.
    pub faults: BTreeMap<Fault, f64>,
    /// Quirks.
    pub quirks: BTreeMap<Quirk, f64>,
}

impl Rates {
    /// Nothing planted: every row is accepted.
    pub fn clean() -> Self {
        Self {
            faults: Fault::ALL.iter().map(|fault| (*fault, 0.0)).collect(),
            quirks: Quirk::ALL.iter().map(|quirk| (*quirk, 0.0)).collect(),
        }
    }

    /// The rate of a fault.
    pub fn fault(&self, fault: Fault) -> f64 {
        self.faults.get(&fault).copied().unwrap_or(fault.default_rate())
    }

    /// The rate of a quirk.
    pub fn quirk(&self, quirk: Quirk) -> f64 {
        self.quirks.get(&quirk).copied().unwrap_or(quirk.default_rate())
    }

    /// Whether a row can be drawn: it has one fault at most, and in each column one quirk at most.
    pub(super) fn are_shares(&self) -> bool {
        let is_share =
            |rates: Vec<f64>| rates.iter().all(|rate| *rate >= 0.0) && rates.iter().sum::<f64>() <= 1.0;
        let quirks_of = |field| {
            let here = Quirk::ALL.iter().filter(|quirk| quirk.field() == field);
            here.map(|quirk| self.quirk(*quirk)).collect()
        };
        is_share(Fault::ALL.iter().map(|fault| self.fault(*fault)).collect())
            && [Field::Name, Field::Id, Field::Mobile].into_iter().map(quirks_of).all(is_share)
    }
}
