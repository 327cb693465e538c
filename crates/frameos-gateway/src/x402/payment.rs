//! A proof of payment as it comes with a request: read strictly, and held against what is owed before anybody else is asked.
//!
//! Pure. That the signature is the payer's and the money is there is the facilitator's to say.

use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_domain::clock::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::terms::{Requirements, Terms, network_v1};

/// The largest header, in base64.
const MAX_HEADER: usize = 16 * 1024;
/// Hexadecimal digits of a signature: 65 bytes for a key, more for a contract's.
const SIGNATURE_DIGITS: std::ops::RangeInclusive<usize> = 130..=8_192;
const MAX_QUOTE: usize = 64;

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolVersion {
    /// `X-PAYMENT`.
    One,
    /// `PAYMENT-SIGNATURE`.
    Two,
}

impl ProtocolVersion {
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    pub const fn is_first(self) -> bool {
        matches!(self, Self::One)
    }

    /// The version of a request that is kept for the facilitator.
    pub(super) fn of_request(request: &Value) -> Self {
        if request["x402Version"] == 1 { Self::One } else { Self::Two }
    }

    /// What this version calls a network.
    pub(super) fn network_name(self, network: &str) -> String {
        let name = if self.is_first() { network_v1(network) } else { None };
        name.unwrap_or(network).to_owned()
    }
}

/// Why a header is no proof of payment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PaymentError {
    #[error("the payment is longer than {MAX_HEADER} characters")]
    TooLong,
    #[error("the payment is not base64")]
    NotBase64,
    #[error("the payment does not read as the JSON of this version: {0}")]
    NotJson(String),
    #[error("the payment's `{field}` must be {expected}")]
    Field { field: &'static str, expected: &'static str },
}

/// A proof of payment.
#[derive(Clone)]
pub struct Payment {
    pub version: ProtocolVersion,
    /// Lower case, like the nonce.
    pub payer: String,
    pub nonce: String,
    scheme: String,
    network: String,
    /// What the payer says it agreed to; version 1 does not say.
    accepted: Option<Requirements>,
    to: String,
    value: u128,
    valid_after: i64,
    pub(super) valid_before: i64,
    pub(super) quote: Option<String>,
    /// All of it, as it came.
    pub(super) raw: Value,
}

/// Leaves the proof out: whoever has it can have the money moved.
impl std::fmt::Debug for Payment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payment").field("payer", &self.payer).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "x402Version")]
    version: u8,
    /// Version 1 says these at the top, version 2 in `accepted`.
    scheme: Option<String>,
    network: Option<String>,
    accepted: Option<Requirements>,
    payload: Exact,
}

#[derive(Deserialize)]
struct Exact {
    signature: String,
    authorization: Authorization,
}

/// EIP-3009.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    from: String,
    to: String,
    value: String,
    valid_after: String,
    valid_before: String,
    nonce: String,
}

impl Payment {
    /// Reads the value of `PAYMENT-SIGNATURE` or, for version 1, of `X-PAYMENT`.
    pub fn read(version: ProtocolVersion, header: &[u8]) -> Result<Self, PaymentError> {
        if header.len() > MAX_HEADER {
            return Err(PaymentError::TooLong);
        }
        let bytes = STANDARD.decode(header).map_err(|_| PaymentError::NotBase64)?;
        let not_json = |error: serde_json::Error| PaymentError::NotJson(error.to_string());
        let wire: Wire = serde_json::from_slice(&bytes).map_err(not_json)?;
        let raw: Value = serde_json::from_slice(&bytes).map_err(not_json)?;
        if wire.version != version.number() {
            let expected = if version.is_first() { "1 in `X-PAYMENT`" } else { "2 in `PAYMENT-SIGNATURE`" };
            return Err(PaymentError::Field { field: "x402Version", expected });
        }
        let (scheme, network, accepted) = match (version, wire.accepted) {
            (ProtocolVersion::Two, Some(accepted)) => {
                (accepted.scheme.clone(), accepted.network.clone(), Some(accepted))
            }
            (ProtocolVersion::Two, None) => {
                return Err(PaymentError::Field { field: "accepted", expected: "what was agreed to" });
            }
            (ProtocolVersion::One, _) => {
                let said = |field, text: Option<String>| {
                    text.ok_or(PaymentError::Field { field, expected: "a text" })
                };
                (said("scheme", wire.scheme)?, said("network", wire.network)?, None)
            }
        };
        let quote = accepted.as_ref().and_then(|accepted| accepted.extra.quote.clone());
        if quote.as_ref().is_some_and(|quote| quote.len() > MAX_QUOTE) {
            return Err(PaymentError::Field { field: "accepted.extra.quote", expected: "as it was given" });
        }
        let signature = hex_digits(&wire.payload.signature)
            .filter(|digits| SIGNATURE_DIGITS.contains(&digits.len()) && digits.len().is_multiple_of(2));
        if signature.is_none() {
            return Err(PaymentError::Field {
                field: "payload.signature",
                expected: "0x and at least 130 hexadecimal digits",
            });
        }
        let authorization = wire.payload.authorization;
        Ok(Self {
            version,
            payer: fixed_hex("authorization.from", &authorization.from, 40)?,
            nonce: fixed_hex("authorization.nonce", &authorization.nonce, 64)?,
            to: fixed_hex("authorization.to", &authorization.to, 40)?,
            value: decimal("authorization.value", &authorization.value)?,
            valid_after: seconds("authorization.validAfter", &authorization.valid_after)?,
            valid_before: seconds("authorization.validBefore", &authorization.valid_before)?,
            scheme,
            network,
            accepted,
            quote,
            raw,
        })
    }

    /// Holds the payment against what is owed. The error says what is wrong with it.
    pub fn check(&self, terms: &Terms, now: Timestamp) -> Result<(), String> {
        let owed = &terms.requirements;
        let network = self.version.network_name(&owed.network);
        let same = |given: &str, owed: &str| given.eq_ignore_ascii_case(owed);
        if self.scheme != owed.scheme {
            return Err(format!("the scheme must be {}", owed.scheme));
        }
        if self.network != network {
            return Err(format!("the network must be {network}"));
        }
        if let Some(accepted) = &self.accepted
            && !(accepted.amount == owed.amount
                && same(&accepted.asset, &owed.asset)
                && same(&accepted.pay_to, &owed.pay_to)
                && accepted.extra.name == owed.extra.name
                && accepted.extra.version == owed.extra.version)
        {
            return Err("it was signed for other requirements than those of this request".into());
        }
        if !same(&self.to, &owed.pay_to) {
            return Err(format!("it must be paid to {}", owed.pay_to));
        }
        if self.value.to_string() != owed.amount {
            return Err(format!("the amount must be {}", owed.amount));
        }
        if self.valid_after > now.as_secs() {
            return Err("it is not valid yet".into());
        }
        if self.valid_before < now.as_secs().saturating_add(terms.needed_seconds) {
            return Err(format!(
                "it must be valid for another {} seconds: the run's time limit and what it takes to settle",
                terms.needed_seconds
            ));
        }
        Ok(())
    }

    /// Whether it carries the word that only its payer was told.
    pub const fn has_quote(&self) -> bool {
        self.quote.is_some()
    }

    /// All that was said, for a fingerprint.
    pub const fn document(&self) -> &Value {
        &self.raw
    }
}

fn hex_digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)
}

fn fixed_hex(field: &'static str, text: &str, digits: usize) -> Result<String, PaymentError> {
    let expected = if digits == 40 { "0x and 40 hexadecimal digits" } else { "0x and 64 hexadecimal digits" };
    match hex_digits(text) {
        Some(found) if found.len() == digits => Ok(text.to_ascii_lowercase()),
        _ => Err(PaymentError::Field { field, expected }),
    }
}

fn decimal(field: &'static str, text: &str) -> Result<u128, PaymentError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (text == "0" || !text.starts_with('0'));
    let number = canonical.then(|| text.parse().ok()).flatten();
    number.ok_or(PaymentError::Field { field, expected: "a decimal number in a text" })
}

/// A time far off is as good as the end of time.
fn seconds(field: &'static str, text: &str) -> Result<i64, PaymentError> {
    let plain = (1..=78).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return Err(PaymentError::Field { field, expected: "seconds since 1970 in a text" });
    }
    // Timestamps are microseconds.
    let latest = i64::MAX / 1_000_000;
    Ok(text.parse::<i64>().unwrap_or(latest).min(latest))
}

#[cfg(test)]
mod tests;
