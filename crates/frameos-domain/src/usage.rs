//! From what a metered run counted to what it costs.
//!
//! Invariant: whatever an agent counts, the charges sum to the start fee and all counts at their unit prices, and to the
//! maximum when that is more. Only events that were declared count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pricing::{START_FEE, Usage};

/// What one event, or the start fee, adds to the price of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Charge {
    pub event: String,
    pub count: i64,
    /// Minor units.
    pub unit_price: i64,
    /// Minor units; less than count × unit price where the maximum was reached.
    pub amount: i64,
}

/// The charges of a run that may cost `most`, in the order start fee, then events by name.
pub fn usage_charges(usage: &Usage, most: i64, counts: &BTreeMap<String, u64>) -> Vec<Charge> {
    let mut left = most.max(0);
    let mut charges = Vec::new();
    let mut add = |event: &str, count: i64, unit_price: i64| {
        if count > 0 && unit_price > 0 {
            let amount = count.saturating_mul(unit_price).min(left);
            left -= amount;
            charges.push(Charge { event: event.to_owned(), count, unit_price, amount });
        }
    };
    add(START_FEE, 1, usage.start_fee);
    for (name, event) in &usage.events {
        let count = counts.get(name).copied().unwrap_or(0);
        add(name, i64::try_from(count).unwrap_or(i64::MAX), event.unit_price);
    }
    charges
}

/// What charges come to.
pub fn charges_total(charges: &[Charge]) -> i64 {
    charges.iter().fold(0, |sum, charge| sum.saturating_add(charge.amount))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pricing::UsageEvent;

    fn usage(start_fee: i64, prices: &BTreeMap<String, i64>) -> Usage {
        let event =
            |(name, price): (&String, &i64)| (name.clone(), UsageEvent { unit_price: *price, title: None });
        Usage { start_fee, events: prices.iter().map(event).collect() }
    }

    proptest! {
        /// Any sequence of reports, declared or not, however large.
        #[test]
        fn the_charge_is_the_sum_up_to_the_maximum(
            most in 1_i64..=10_000_000,
            start_fee in 0_i64..10_000,
            prices in proptest::collection::btree_map("[a-d]", 1_i64..10_000_000, 0..4),
            reports in proptest::collection::vec(("[a-f]", prop_oneof![0_u64..1_000, Just(u64::MAX)]), 0..60),
        ) {
            let usage = usage(start_fee.min(most), &prices);
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let mut expected = i128::from(usage.start_fee);
            for (event, count) in &reports {
                let sum = counts.entry(event.clone()).or_default();
                *sum = sum.saturating_add(*count);
                expected += i128::from(prices.get(event).copied().unwrap_or(0)) * i128::from(*count);
            }
            let charges = usage_charges(&usage, most, &counts);
            prop_assert_eq!(i128::from(charges_total(&charges)), expected.min(i128::from(most)));
            prop_assert!(charges.iter().all(|charge| charge.amount >= 0 && charge.count > 0));
            prop_assert!(charges.iter().all(|charge| charge.event == START_FEE || prices.contains_key(&charge.event)));
        }
    }
}
