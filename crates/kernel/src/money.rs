//! Money in fen (1/100 yuan). Integers only: no rounding happens that nobody decided.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Invalid;

/// An amount of money, never negative. What would go below zero or past the range is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount.
    ///
    /// # Errors
    /// `AMOUNT_RANGE` below zero.
    pub const fn new(fen: i64) -> Result<Self, Invalid> {
        if fen < 0 {
            Err(Invalid::new("AMOUNT_RANGE", "金额不能为负数，请重新填写。"))
        } else {
            Ok(Self(fen))
        }
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless `other` is more.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|fen| *fen >= 0).map(Self)
    }

    /// The amount `times` over.
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(times)).map(Self)
    }

    /// The sum of many, unless it leaves the range.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The part that `rate` stands for, floored to the fen.
    pub fn share(self, rate: BasisPoints) -> Self {
        let part = i128::from(self.0) * i128::from(rate.0) / i128::from(BasisPoints::WHOLE.0);
        // A rate is at most the whole, so the part fits where the amount did.
        Self(i64::try_from(part).unwrap_or(self.0))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl<'de> Deserialize<'de> for Fen {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(d)?).map_err(|invalid| D::Error::custom(invalid.detail))
    }
}

impl PartialSchema for Fen {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .examples([1234])
            .description(Some("Amount of money in fen (1/100 yuan)."))
            .into()
    }
}

impl ToSchema for Fen {}

/// A rate in 1/100 of a percent, from nothing to the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct BasisPoints(u32);

impl BasisPoints {
    /// 100 %.
    pub const WHOLE: Self = Self(10_000);

    /// A rate.
    ///
    /// # Errors
    /// `BASIS_POINTS_RANGE` above 10,000.
    pub const fn new(points: u32) -> Result<Self, Invalid> {
        if points > Self::WHOLE.0 {
            return Err(Invalid::new("BASIS_POINTS_RANGE", "比例应在 0 至 10000（万分之）之间。"));
        }
        Ok(Self(points))
    }

    /// The number of basis points.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for BasisPoints {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(d)?).map_err(|invalid| D::Error::custom(invalid.detail))
    }
}

impl PartialSchema for BasisPoints {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(0))
            .maximum(Some(Self::WHOLE.0))
            .examples([850])
            .description(Some("Rate in basis points: 10000 is the whole."))
            .into()
    }
}

impl ToSchema for BasisPoints {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_stay_at_or_above_zero_and_print_as_yuan() {
        let ten = Fen::new(1_000).unwrap();
        assert_eq!(Fen::new(-1).unwrap_err().code, "AMOUNT_RANGE");
        assert_eq!(Fen::ZERO.checked_sub(ten), None);
        assert_eq!(Fen::new(i64::MAX).unwrap().checked_add(ten), None);
        assert_eq!(Fen::checked_sum([ten, ten]), ten.checked_mul(2));
        assert_eq!(Fen::new(1_234).unwrap().to_string(), "12.34");
        assert_eq!(Fen::new(5).unwrap().to_string(), "0.05");
    }

    #[test]
    fn a_share_is_floored() {
        let share = |fen, bp| Fen::new(fen).unwrap().share(BasisPoints::new(bp).unwrap()).get();
        assert_eq!(share(999, 850), 84);
        assert_eq!(share(1, 9_999), 0);
        assert_eq!(share(i64::MAX, 10_000), i64::MAX);
        assert_eq!(BasisPoints::new(10_001).unwrap_err().code, "BASIS_POINTS_RANGE");
    }

    #[test]
    fn on_the_wire_money_is_an_integer() {
        assert_eq!(serde_json::to_string(&Fen::new(1_234).unwrap()).unwrap(), "1234");
        assert_eq!(serde_json::from_str::<Fen>("1234").unwrap().get(), 1_234);
        for bad in ["-1", "12.5", "\"12\"", "9223372036854775808"] {
            assert!(serde_json::from_str::<Fen>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<BasisPoints>("10001").is_err());
    }

    proptest! {
        #[test]
        fn a_share_and_its_rest_make_the_amount(fen in 0..=i64::MAX, bp in 0u32..=10_000) {
            let amount = Fen::new(fen).unwrap();
            let share = amount.share(BasisPoints::new(bp).unwrap());
            let rest = amount.checked_sub(share).unwrap();
            prop_assert_eq!(share.checked_add(rest), Some(amount));
        }
    }
}
