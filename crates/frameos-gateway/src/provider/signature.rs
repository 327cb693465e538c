//! Signatures under webhooks: HMAC-SHA256 over raw bytes, compared in constant time, within a window of time.

use std::time::Duration;

use aws_lc_rs::hmac;
use frameos_domain::clock::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::WebhookError;

/// What `parts` one after the other are signed with.
pub(super) fn sign(secret: &SecretString, parts: &[&[u8]]) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

pub(super) fn fits(expected: &hmac::Tag, given: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), given).is_ok()
}

/// Whether a signature of `seconds` is of about now.
pub(super) fn time_check(seconds: i64, now: Timestamp, tolerance: Duration) -> Result<(), WebhookError> {
    let apart = now.as_secs().abs_diff(seconds);
    if apart <= tolerance.as_secs() { Ok(()) } else { Err(WebhookError::WrongTime) }
}

/// Checks a header `t=<seconds>,v1=<hex>[,v1=<hex>…]` over `<seconds>.<body>`, as Stripe signs; several `v1` are old and new
/// secrets while one is rolled. Other schemes in the header are not looked at.
pub(super) fn stamped_check(
    secret: &SecretString,
    header: &str,
    body: &[u8],
    window: (Timestamp, Duration),
) -> Result<(), WebhookError> {
    let mut seconds = None;
    let mut given = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) if seconds.is_none() => seconds = Some(value),
            Some(("t", _)) => return Err(WebhookError::NoSignature),
            Some(("v1", value)) => given.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    let stamp = seconds.ok_or(WebhookError::NoSignature)?;
    let seconds: i64 = stamp.parse().map_err(|_| WebhookError::NoSignature)?;
    let expected = sign(secret, &[stamp.as_bytes(), b".", body]);
    // All are compared, so that the time taken does not tell which fits.
    let fitting = given.iter().filter(|given| fits(&expected, given)).count();
    if fitting == 0 {
        return Err(if given.is_empty() { WebhookError::NoSignature } else { WebhookError::WrongSignature });
    }
    time_check(seconds, window.0, window.1)
}

/// The header that [`stamped_check`] takes.
pub(super) fn stamped(secret: &SecretString, body: &[u8], now: Timestamp) -> String {
    let seconds = now.as_secs().to_string();
    let tag = sign(secret, &[seconds.as_bytes(), b".", body]);
    format!("t={seconds},v1={}", hex::encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_the_bytes_and_the_hour_fit() {
        let (secret, other) = (SecretString::from("s"), SecretString::from("o"));
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        let window = (now, Duration::from_secs(300));
        let body = b"{\"a\": 1.00}";
        let good = stamped(&secret, body, now);
        let check = |header: &str, body: &[u8]| stamped_check(&secret, header, body, window);
        assert_eq!(check(&good, body), Ok(()));
        assert_eq!(check(&good, b"{\"a\":1.00}"), Err(WebhookError::WrongSignature));
        assert_eq!(check(&stamped(&other, body, now), body), Err(WebhookError::WrongSignature));
        let (stamp, tag) = good.split_once(',').unwrap();
        let rolled = format!("{stamp},v1={},v0=aa,{tag}", "00".repeat(32));
        assert_eq!(check(&rolled, body), Ok(()), "any of several may fit");
        assert_eq!(check(&format!("t=1,{good}"), body), Err(WebhookError::NoSignature));
        for bad in ["", "t=", "t=x,v1=00", stamp, "v1=00", &format!("{stamp},v0=00")] {
            assert!(check(bad, body).is_err(), "{bad}");
        }
        for seconds in [301, 86_400] {
            let by = Duration::from_secs(seconds);
            for then in [now.minus(by), now.plus(by)] {
                assert_eq!(check(&stamped(&secret, body, then), body), Err(WebhookError::WrongTime));
            }
        }
        assert_eq!(check(&stamped(&secret, body, now.minus(Duration::from_secs(300))), body), Ok(()));
    }
}
