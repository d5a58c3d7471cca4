//! What an offer is worth (docs/RULES.md, redemption): a fixed amount, or a rate floored to the fen with a cap, above a
//! minimum spend. Integers only.
//!
//! The redemption statement computes the same in SQL; a test holds the two together.

use unionhall_kernel::{BasisPoints, Fen};

/// How a benefit is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// So much off, never more than was spent.
    Amount(Fen),
    /// Such a part off, floored to the fen, at most the cap.
    Percent(BasisPoints, Option<Fen>),
}

/// A benefit with its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benefit {
    /// How much.
    pub rate: Rate,
    /// From which spend on.
    pub min_spend: Fen,
}

impl Benefit {
    /// Whether the cashier must type the amount: a rate of it is taken, or it must reach a minimum.
    pub fn needs_amount(&self) -> bool {
        matches!(self.rate, Rate::Percent(..)) || !self.min_spend.is_zero()
    }

    /// What is taken off `amount`; `None` below the minimum spend, or without an amount that is needed.
    pub fn of(&self, amount: Option<Fen>) -> Option<Fen> {
        let Some(amount) = amount else {
            return match self.rate {
                Rate::Amount(fen) if self.min_spend.is_zero() => Some(fen),
                _ => None,
            };
        };
        if amount < self.min_spend {
            return None;
        }
        Some(match self.rate {
            Rate::Amount(fen) => fen.min(amount),
            Rate::Percent(rate, cap) => amount.share(rate).min(cap.unwrap_or(amount)),
        })
    }

    /// The most one use can cost, where that is known: what a coupon reserves of a budget.
    pub fn most(&self) -> Option<Fen> {
        match self.rate {
            Rate::Amount(fen) => Some(fen),
            Rate::Percent(_, cap) => cap,
        }
    }

    /// The rule as a cashier reads it: 满30元减5元; 9折，最高优惠20元.
    pub fn text(&self) -> String {
        let above =
            if self.min_spend.is_zero() { String::new() } else { format!("满{}元", yuan(self.min_spend)) };
        match self.rate {
            Rate::Amount(fen) if above.is_empty() => format!("立减{}元", yuan(fen)),
            Rate::Amount(fen) => format!("{above}减{}元", yuan(fen)),
            Rate::Percent(rate, cap) => {
                let left = BasisPoints::WHOLE.get().saturating_sub(rate.get());
                let cap = cap.map(|fen| format!("，最高优惠{}元", yuan(fen))).unwrap_or_default();
                if left == 0 {
                    format!("{above}免单{cap}")
                } else {
                    format!("{above}{}折{cap}", tenths(left))
                }
            }
        }
    }
}

// 20, 12.5, 0.05
fn yuan(fen: Fen) -> String {
    let text = fen.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

// 9000 basis points are 9 折, 8850 are 8.85 折.
fn tenths(points: u32) -> String {
    let text = format!("{}.{:03}", points / 1_000, points % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fen(n: i64) -> Fen {
        Fen::new(n).unwrap()
    }

    fn percent(bp: u32, cap: Option<i64>, min: i64) -> Benefit {
        Benefit { rate: Rate::Percent(BasisPoints::new(bp).unwrap(), cap.map(fen)), min_spend: fen(min) }
    }

    #[test]
    fn a_rate_is_floored_and_capped_above_the_minimum() {
        assert_eq!(percent(1_000, None, 0).of(Some(fen(999))), Some(fen(99)));
        assert_eq!(percent(1_000, Some(50), 0).of(Some(fen(999))), Some(fen(50)));
        assert_eq!(percent(1_000, None, 1_000).of(Some(fen(999))), None);
        assert_eq!(percent(1_000, None, 1_000).of(Some(fen(1_000))), Some(fen(100)));
        assert_eq!(percent(1_000, None, 0).of(None), None);
        let off = Benefit { rate: Rate::Amount(fen(500)), min_spend: Fen::ZERO };
        assert_eq!((off.of(None), off.of(Some(fen(300)))), (Some(fen(500)), Some(fen(300))));
    }

    #[test]
    fn rules_read_as_shops_write_them() {
        let off = |n, min| Benefit { rate: Rate::Amount(fen(n)), min_spend: fen(min) }.text();
        assert_eq!(off(500, 3_000), "满30元减5元");
        assert_eq!(off(1_250, 0), "立减12.5元");
        assert_eq!(percent(1_000, Some(2_000), 0).text(), "9折，最高优惠20元");
        assert_eq!(percent(1_150, None, 10_000).text(), "满100元8.85折");
        assert_eq!(percent(10_000, None, 0).text(), "免单");
    }

    proptest! {
        #[test]
        fn a_benefit_is_never_more_than_the_spend_or_the_cap(
            amount in 0..10_000_000i64, bp in 1u32..=10_000, cap in 1..1_000_000i64, min in 0..1_000_000i64,
        ) {
            let benefit = percent(bp, Some(cap), min);
            match benefit.of(Some(fen(amount))) {
                None => prop_assert!(amount < min),
                Some(off) => {
                    prop_assert!(amount >= min);
                    prop_assert!(off.get() <= cap && off.get() <= amount);
                    // Floored: one fen more would be more than the rate.
                    let exact = i128::from(amount) * i128::from(bp);
                    prop_assert!(i128::from(off.get()) * 10_000 <= exact);
                    if off.get() < cap {
                        prop_assert!(i128::from(off.get() + 1) * 10_000 > exact);
                    }
                }
            }
        }

        #[test]
        fn a_fixed_benefit_is_whole_or_the_spend(amount in 0..1_000_000i64, off in 1..1_000_000i64) {
            let benefit = Benefit { rate: Rate::Amount(fen(off)), min_spend: Fen::ZERO };
            prop_assert_eq!(benefit.of(Some(fen(amount))), Some(fen(off.min(amount))));
        }
    }
}
