//! Amounts as people type and read them. Minor units with two decimals, as the domain shows them.

use frameos_domain::money::{Currency, Money};

/// `INR 0.50`, or the bare number where the currency is not one.
pub fn show(minor: i64, currency: &str) -> String {
    match currency.parse::<Currency>() {
        Ok(currency) => Money::new(minor, currency).to_string(),
        Err(_) => format!("{currency} {minor} (minor units)"),
    }
}

/// Minor units of an amount typed in major units, such as `500`, `99.5` or `99.50`.
pub fn parse_major(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not an amount such as 500 or 99.50");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let hundredths: i64 = format!("{fraction:0<2}").parse().map_err(|_| wrong())?;
    let minor = whole.checked_mul(100).and_then(|minor| minor.checked_add(hundredths)).ok_or_else(wrong)?;
    if minor > 0 { Ok(minor) } else { Err("the amount must be more than 0".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_without_floats() {
        assert_eq!(parse_major("500"), Ok(50_000));
        assert_eq!(parse_major("99.5"), Ok(9_950));
        assert_eq!(parse_major("0.29"), Ok(29));
        for bad in ["", "0", "0.00", "-1", "1.234", "1.", ".5", "1,000", "1e3", "99999999999999999999"] {
            assert!(parse_major(bad).is_err(), "{bad}");
        }
        assert_eq!(show(50, "INR"), "INR 0.50");
    }
}
