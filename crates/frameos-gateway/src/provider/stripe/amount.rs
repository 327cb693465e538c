//! Stripe's smallest units: where they differ from the minor units of ISO 4217.

use frameos_domain::money::{Currency, Money};

/// How many of ours make how many of theirs: `(ours, theirs)`.
fn ratio(currency: Currency) -> (i64, i64) {
    match currency.as_str() {
        // No decimals in ISO 4217, two at Stripe, which must be zeros.
        "ISK" | "UGX" => (1, 100),
        // The ariary has two decimals in ISO 4217 and none at Stripe.
        "MGA" => (100, 1),
        _ => (1, 1),
    }
}

/// Three decimals, of which Stripe wants the last to be zero.
fn has_three_decimals(currency: Currency) -> bool {
    matches!(currency.as_str(), "BHD" | "JOD" | "KWD" | "OMR" | "TND")
}

/// None when Stripe has no such amount.
pub(super) fn to_stripe(money: Money) -> Option<i64> {
    let (ours, theirs) = ratio(money.currency);
    if money.minor % ours != 0 || (has_three_decimals(money.currency) && money.minor % 10 != 0) {
        return None;
    }
    (money.minor / ours).checked_mul(theirs)
}

/// None when there is no such currency, or not that amount of it.
pub(super) fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.to_ascii_uppercase().parse().ok()?;
    let (ours, theirs) = ratio(currency);
    if amount < 0 || amount % theirs != 0 {
        return None;
    }
    (amount / theirs).checked_mul(ours).map(|minor| Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_there_and_back() {
        for (minor, currency, theirs) in [
            (1_234, "INR", 1_234),
            (500, "JPY", 500),
            (500, "UGX", 50_000),
            (500, "MGA", 5),
            (1_230, "KWD", 1_230),
        ] {
            let money = Money::new(minor, currency.parse().unwrap());
            assert_eq!(to_stripe(money), Some(theirs), "{currency}");
            assert_eq!(from_stripe(theirs, &currency.to_lowercase()), Some(money));
        }
        assert_eq!(to_stripe(Money::new(1_234, "KWD".parse().unwrap())), None);
        assert_eq!(to_stripe(Money::new(501, "MGA".parse().unwrap())), None);
        assert_eq!(
            (from_stripe(50, "ugx"), from_stripe(-1, "inr"), from_stripe(1, "rupee")),
            (None, None, None)
        );
    }
}
