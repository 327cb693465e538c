//! Amounts in decimal major units, as some providers write them, to and from minor units without a float.

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

/// `minor` hundredths as `12.05`.
pub(super) fn two_decimals(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// Reads a non-negative decimal number, or a text with one, as hundredths. More than two decimals must be zeros.
pub(super) fn hundredths(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches('"');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let (cents, rest) = fraction.split_at(fraction.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// An amount in a JSON document, as hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hundredths(pub(super) i64);

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        hundredths(raw.get())
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected an amount with two decimals"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        let good = [
            ("1", 100),
            ("1.5", 150),
            ("0.07", 7),
            ("1.00", 100),
            ("\"12.340\"", 1234),
            ("90071992547409.91", 9_007_199_254_740_991),
        ];
        for (text, minor) in good {
            assert_eq!(hundredths(text), Some(minor), "{text}");
        }
        for bad in ["", ".5", "-1", "1e3", "1.234", "1,00", "NaN", "null", "99999999999999999999", "1.0.0"] {
            assert_eq!(hundredths(bad), None, "{bad}");
        }
        assert_eq!((two_decimals(5), two_decimals(123_456)), ("0.05".to_owned(), "1234.56".to_owned()));
    }
}
