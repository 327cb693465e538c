//! What is owed for one run: a price in our currency as an amount of the token, and the ways of saying so on the wire.
//!
//! Invariant: the amount is rounded up to the token's smallest unit, without floating point; the same price gives the same amount.

use std::str::FromStr;

use frameos_domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::{X402, payment::Payment};

/// What a proof must still be good for beyond the run itself: its wait in the queue and the settlement.
const SETTLE_SECONDS: u64 = 60;
/// What a payer has for signing.
const SIGN_SECONDS: u64 = 120;
/// Digits after the point of a rate.
const RATE_DIGITS: usize = 12;

/// How many of the token's smallest units one minor unit of a currency is worth: `INR=117.95`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub currency: Currency,
    numerator: u128,
    /// Digits after the point.
    digits: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a currency and a positive decimal number, such as INR=117.95")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (currency, number) = text.split_once('=').ok_or(RateError)?;
        let currency = currency.trim().parse().map_err(|_| RateError)?;
        let number = number.trim();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > RATE_DIGITS {
            return Err(RateError);
        }
        let numerator: u128 = format!("{whole}{part}").parse().map_err(|_| RateError)?;
        if numerator == 0 { Err(RateError) } else { Ok(Self { currency, numerator, digits: part.len() }) }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = 10_u128.pow(u32::try_from(self.digits).unwrap_or(0));
        let (whole, part) = (self.numerator / scale, self.numerator % scale);
        write!(f, "{}={whole}.{part:0width$}", self.currency, width = self.digits)
    }
}

impl Rate {
    /// The token amount for a price, rounded up.
    fn amount(&self, price: Money) -> Option<u128> {
        let minor = u128::try_from(price.minor).ok().filter(|minor| *minor > 0)?;
        let scale = 10_u128.pow(u32::try_from(self.digits).ok()?);
        Some(minor.checked_mul(self.numerator)?.div_ceil(scale))
    }
}

/// What is bought, as the protocol names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub url: String,
    pub description: String,
    pub mime_type: String,
}

/// The token's signing domain, and a word of ours that comes back with the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    pub name: String,
    pub version: String,
    /// Random. What is settled is public, this is not: it tells the payer from whoever reads the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// One way to pay, version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirements {
    pub scheme: String,
    pub network: String,
    pub amount: String,
    pub asset: String,
    pub pay_to: String,
    pub max_timeout_seconds: u64,
    pub extra: Extra,
}

/// The same, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementsV1 {
    pub scheme: String,
    pub network: String,
    pub max_amount_required: String,
    pub resource: String,
    pub description: String,
    pub mime_type: String,
    pub pay_to: String,
    pub max_timeout_seconds: u64,
    pub asset: String,
    pub extra: Extra,
}

/// What the header `PAYMENT-REQUIRED` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequired {
    #[serde(rename = "x402Version")]
    pub x402_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub resource: Resource,
    pub accepts: Vec<Requirements>,
}

/// A demand for payment, in both versions of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub required: PaymentRequired,
    /// None when the network has no name in version 1.
    pub accepts_v1: Option<Vec<RequirementsV1>>,
}

/// What is owed for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub(super) resource: Resource,
    pub(super) requirements: Requirements,
    /// How long a proof must still be good.
    pub(super) needed_seconds: i64,
}

impl X402 {
    /// What is owed for a run of `price` that may take so long. None when the currency has no rate.
    pub fn terms(&self, price: Money, timeout_ms: u64, resource: Resource) -> Option<Terms> {
        let config = &self.config;
        let rate = config.rates.iter().find(|rate| rate.currency == price.currency)?;
        let needed = timeout_ms.div_ceil(1_000) + SETTLE_SECONDS;
        let requirements = Requirements {
            scheme: "exact".into(),
            network: config.network.clone(),
            amount: rate.amount(price)?.to_string(),
            asset: config.asset.clone(),
            pay_to: config.pay_to.clone(),
            max_timeout_seconds: needed + SIGN_SECONDS,
            extra: Extra {
                name: config.asset_name.clone(),
                version: config.asset_version.clone(),
                quote: None,
            },
        };
        Some(Terms { resource, requirements, needed_seconds: i64::try_from(needed).ok()? })
    }
}

impl Terms {
    /// CAIP-2.
    pub fn network(&self) -> &str {
        &self.requirements.network
    }

    /// The demand, with a fresh `quote`; `error` says why an earlier payment would not do.
    pub fn offer(&self, quote: String, error: Option<String>) -> Offer {
        let requirements = self.quoted(Some(quote));
        let accepts_v1 = self.requirements_v1(&requirements).map(|requirements| vec![requirements]);
        let required = PaymentRequired {
            x402_version: 2,
            error,
            resource: self.resource.clone(),
            accepts: vec![requirements],
        };
        Offer { required, accepts_v1 }
    }

    /// The requirements as a payer with this quote was told them.
    fn quoted(&self, quote: Option<String>) -> Requirements {
        let mut requirements = self.requirements.clone();
        requirements.extra.quote = quote;
        requirements
    }

    fn requirements_v1(&self, of: &Requirements) -> Option<RequirementsV1> {
        Some(RequirementsV1 {
            scheme: of.scheme.clone(),
            network: network_v1(&of.network)?.to_owned(),
            max_amount_required: of.amount.clone(),
            resource: self.resource.url.clone(),
            description: self.resource.description.clone(),
            mime_type: self.resource.mime_type.clone(),
            pay_to: of.pay_to.clone(),
            max_timeout_seconds: of.max_timeout_seconds,
            asset: of.asset.clone(),
            extra: of.extra.clone(),
        })
    }

    /// What the facilitator is sent for a payment of these terms.
    pub(super) fn request(&self, payment: &Payment) -> Value {
        let requirements = self.quoted(payment.quote.clone());
        let requirements = if payment.version.is_first() {
            json!(self.requirements_v1(&requirements))
        } else {
            json!(requirements)
        };
        json!({
            "x402Version": payment.version.number(),
            "paymentPayload": payment.raw,
            "paymentRequirements": requirements,
        })
    }
}

/// Names of version 1 for the networks it knew, by their CAIP-2 names.
const NETWORKS_V1: [(&str, &str); 10] = [
    ("eip155:8453", "base"),
    ("eip155:84532", "base-sepolia"),
    ("eip155:43114", "avalanche"),
    ("eip155:43113", "avalanche-fuji"),
    ("eip155:137", "polygon"),
    ("eip155:80002", "polygon-amoy"),
    ("eip155:1329", "sei"),
    ("eip155:1328", "sei-testnet"),
    ("eip155:4689", "iotex"),
    ("eip155:2741", "abstract"),
];

/// The name version 1 has for a network.
pub(super) fn network_v1(network: &str) -> Option<&'static str> {
    NETWORKS_V1.iter().find(|(caip, _)| *caip == network).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(rate: &str, minor: i64) -> Option<u128> {
        rate.parse::<Rate>().unwrap().amount(Money::new(minor, Currency::INR))
    }

    #[test]
    fn an_amount_is_exact_and_rounded_up() {
        assert_eq!(amount("INR=117", 50), Some(5_850));
        assert_eq!(amount("INR=117.95", 50), Some(5_898), "5897.5 rounded up");
        assert_eq!(amount("INR=0.000000000001", 1), Some(1));
        assert_eq!(amount("INR=120.0", 1), Some(120));
        assert_eq!(amount("INR=1", 0), None);
        assert_eq!(amount("INR=999999999999999999.999999999999", i64::MAX), None, "no wrap");
    }

    #[test]
    fn a_rate_reads_back_as_it_is_shown() {
        for text in ["INR=117.95", "USD=10000.0", "INR=0.000000000001"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "INR",
            "INR=",
            "INR=0",
            "INR=0.0",
            "INR=-1",
            "INR=1e5",
            "INR=1.",
            "inr=1",
            "INR=1.0000000000001",
        ] {
            assert_eq!(bad.parse::<Rate>(), Err(RateError), "{bad}");
        }
    }
}
