//! How one payment is shared between developer, platform and orchestrator.
//!
//! Rule (specification, "Revenue Split"): 70/20/10. Developer and orchestrator are rounded down to the minor unit and the
//! platform takes the remainder, so the parts always sum to the whole.

use crate::money::{Money, MoneyError};

const DEVELOPER_BASIS_POINTS: u32 = 7_000;
const ORCHESTRATOR_BASIS_POINTS: u32 = 1_000;

/// The three parts of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevenueSplit {
    pub developer: Money,
    pub platform: Money,
    pub orchestrator: Money,
}

impl RevenueSplit {
    /// Splits a non-negative amount.
    pub fn of(total: Money) -> Result<Self, MoneyError> {
        let developer = total.basis_points_floor(DEVELOPER_BASIS_POINTS)?;
        let orchestrator = total.basis_points_floor(ORCHESTRATOR_BASIS_POINTS)?;
        let platform = total.checked_sub(developer)?.checked_sub(orchestrator)?;
        Ok(Self { developer, platform, orchestrator })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Currency;

    #[test]
    fn one_rupee_splits_as_the_specification_says() {
        let split = RevenueSplit::of(Money::new(100, Currency::INR)).unwrap();
        assert_eq!((split.developer.minor, split.platform.minor, split.orchestrator.minor), (70, 20, 10));
        let odd = RevenueSplit::of(Money::new(3, Currency::INR)).unwrap();
        assert_eq!((odd.developer.minor, odd.platform.minor, odd.orchestrator.minor), (2, 1, 0));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_nobody_pays(minor in 0..=i64::MAX) {
            let split = RevenueSplit::of(Money::new(minor, Currency::INR)).unwrap();
            prop_assert_eq!(i128::from(split.developer.minor) + i128::from(split.platform.minor) + i128::from(split.orchestrator.minor), i128::from(minor));
            prop_assert!(split.developer.minor >= 0 && split.orchestrator.minor >= 0 && split.platform.minor >= split.orchestrator.minor);
        }
    }
}
