//! Exact numbers: fractions of integers. Nothing is rounded before a line of a calculation ends.

use std::ops::{Add, Div, Mul, Sub};

use unionhall_kernel::{Fen, Invalid};

/// A fraction in lowest terms with a positive denominator; nothing once an operation left the range of `i128` or
/// divided by zero, which is told when the number is read. Inputs are bounded so far below that it does not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(Option<(i128, i128)>);

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn reduced(over: i128, under: i128) -> Option<(i128, i128)> {
    let common = i128::try_from(gcd(over.unsigned_abs(), under.unsigned_abs())).ok().filter(|c| *c != 0)?;
    let sign = under.signum();
    Some((over.checked_div(common)?.checked_mul(sign)?, under.checked_div(common)?.checked_mul(sign)?))
        .filter(|(_, under)| *under > 0)
}

impl Exact {
    /// `over / under`.
    pub fn ratio(over: i64, under: i64) -> Self {
        Self(reduced(i128::from(over), i128::from(under)))
    }

    /// So many hundredths.
    pub fn percent(percent: u32) -> Self {
        Self::ratio(i64::from(percent), 100)
    }

    /// The larger of two.
    pub fn max(self, other: Self) -> Self {
        if (self - other).is_negative() { other } else { self }
    }

    /// The smaller of two.
    pub fn min(self, other: Self) -> Self {
        if (self - other).is_negative() { self } else { other }
    }

    // Times a fraction that need not be in lowest terms, nor have a positive denominator.
    fn times(self, by: Option<(i128, i128)>) -> Self {
        let product =
            |(a, b): (i128, i128), (c, d): (i128, i128)| reduced(a.checked_mul(c)?, b.checked_mul(d)?);
        Self(self.0.zip(by).and_then(|(left, right)| product(left, right)))
    }

    fn is_negative(self) -> bool {
        self.0.is_some_and(|(over, _)| over < 0)
    }

    // Rounded half up to a multiple of 1/scale, in such multiples.
    fn scaled(self, scale: i128) -> Option<i128> {
        let (over, under) = self.0?;
        let twice = over.checked_mul(scale)?.checked_mul(2)?.checked_add(under)?;
        Some(twice.div_euclid(under.checked_mul(2)?))
    }

    /// As an amount in fen, of which this is a number: rounded half up (四舍五入到分).
    ///
    /// # Errors
    /// `AMOUNT_RANGE` below zero or beyond what an amount holds.
    pub fn fen(self) -> Result<Fen, Invalid> {
        let whole = self.scaled(1).and_then(|fen| i64::try_from(fen).ok());
        whole.map_or(Err(Invalid::new("AMOUNT_RANGE", "金额超出可计算的范围。")), Fen::new)
    }

    /// As a decimal with so many places, rounded half up; of no use below zero.
    pub fn decimal(self, places: u32) -> String {
        let scale = 10i128.pow(places.min(9));
        match self.scaled(scale) {
            Some(n) if n >= 0 && places > 0 => {
                format!("{}.{:0width$}", n / scale, n % scale, width = places as usize)
            }
            Some(n) => n.to_string(),
            None => String::new(),
        }
    }
}

impl From<i64> for Exact {
    fn from(n: i64) -> Self {
        Self::ratio(n, 1)
    }
}

impl From<Fen> for Exact {
    fn from(fen: Fen) -> Self {
        Self::from(fen.get())
    }
}

impl Add for Exact {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = |(a, b): (i128, i128), (c, d): (i128, i128)| {
            reduced(a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?)
        };
        Self(self.0.zip(other.0).and_then(|(left, right)| sum(left, right)))
    }
}

impl Sub for Exact {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other * Self::from(-1)
    }
}

impl Mul for Exact {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.times(other.0)
    }
}

impl Div for Exact {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        self.times(other.0.map(|(over, under)| (under, over)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_up_and_only_at_the_end() {
        let fen = |over, under| Exact::ratio(over, under).fen().unwrap().get();
        assert_eq!((fen(1, 2), fen(3, 2), fen(149, 100), fen(0, 7)), (1, 2, 1, 0));
        assert_eq!((Exact::ratio(1, 3) * Exact::from(3)).fen().unwrap().get(), 1);
        assert_eq!(Exact::ratio(522_000, 17_400).decimal(4), "30.0000");
        assert_eq!((Exact::ratio(4000, 1) / Exact::ratio(174, 1)).decimal(4), "22.9885");
        assert_eq!(Exact::ratio(17, 2).decimal(1), "8.5");
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_never_wrong() {
        assert!(Exact::ratio(1, 0).fen().is_err());
        assert!((Exact::from(1) / Exact::from(0)).fen().is_err());
        assert!((Exact::from(0) - Exact::from(1)).fen().is_err());
        let huge = Exact::from(i64::MAX) * Exact::from(i64::MAX);
        assert!(huge.fen().is_err());
        assert!((huge * huge).fen().is_err());
    }

    proptest! {
        #[test]
        fn sums_and_products_are_those_of_fractions(a in -1000i64..1000, b in 1i64..1000, c in -1000i64..1000, d in 1i64..1000) {
            let (x, y) = (Exact::ratio(a, b), Exact::ratio(c, d));
            prop_assert_eq!(x + y, Exact::ratio(a * d + c * b, b * d));
            prop_assert_eq!(x * y, Exact::ratio(a * c, b * d));
            prop_assert_eq!(x - y, Exact::ratio(a * d - c * b, b * d));
            prop_assert_eq!(x.max(y), if a * d >= c * b { x } else { y });
            prop_assert_eq!(x.min(y), if a * d < c * b { x } else { y });
        }
    }
}
