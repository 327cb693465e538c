//! Cashfree: Orders, and the webhooks about their payments.
//!
//! Invariants: the order's id is the charge's id, so an order is found whether or not the answer to its making came; amounts
//! are rupees with two decimals, written and read without a float; a payer who failed or left may try again, so only the
//! order's own end is one.

mod event;

use std::{fmt, time::Duration};

use frameos_domain::{
    canonical,
    clock::Timestamp,
    money::{Currency, Money},
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{
    Capabilities, Charge, ChargeState, Checkout, Limit, Open, Paid, PaymentProvider, ProviderError,
    ProviderEvent, WebhookError, WebhookHeaders,
    decimal::{Hundredths, two_decimals},
    http,
};
use crate::{error::GatewayError, port::BoxFuture, wire::Instrument};

const NAME: &str = "cashfree";
/// The version of the API whose answers are read here.
const VERSION: &str = "2025-01-01";

/// How Cashfree is reached.
#[derive(Clone)]
pub struct CashfreeConfig {
    /// Up to and with `/pg`.
    pub base_url: String,
    pub client_id: String,
    /// Also signs webhooks.
    pub client_secret: SecretString,
    /// Sent for every payer: Cashfree wants one, and FrameOS does not know it.
    pub customer_phone: String,
    pub tolerance: Duration,
    pub timeout: Duration,
    /// Where payers come back to when a top-up does not say; `None`: Cashfree's own page.
    pub return_url: Option<String>,
}

impl CashfreeConfig {
    pub fn new(client_id: String, client_secret: SecretString, timeout: Duration) -> Self {
        Self {
            base_url: "https://api.cashfree.com/pg".to_owned(),
            client_id,
            client_secret,
            customer_phone: "9999999999".to_owned(),
            // Whether a repeated delivery is signed anew is not documented; a replay changes nothing.
            tolerance: Duration::from_secs(24 * 3600),
            timeout,
            return_url: None,
        }
    }
}

/// Cashfree as a provider.
pub struct Cashfree {
    config: CashfreeConfig,
    base: Url,
    client: Client,
}

impl fmt::Debug for Cashfree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cashfree({})", self.base)
    }
}

#[derive(Deserialize)]
struct Order {
    order_id: String,
    #[serde(default)]
    order_status: String,
    #[serde(default)]
    payment_session_id: Option<String>,
}

/// One try to pay an order.
#[derive(Deserialize)]
struct Payment {
    #[serde(deserialize_with = "text_or_number")]
    cf_payment_id: String,
    payment_status: String,
    payment_amount: Hundredths,
    #[serde(default = "rupee")]
    payment_currency: Currency,
}

#[derive(Deserialize, Default)]
struct Failure {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: String,
    #[serde(default, rename = "type")]
    kind: String,
}

const fn rupee() -> Currency {
    Currency::INR
}

/// Ids were numbers before API version 2023-08-01.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("expected a text or a number")),
    }
}

impl Cashfree {
    pub fn new(config: CashfreeConfig) -> Result<Self, GatewayError> {
        let base = Url::parse(&config.base_url).map_err(GatewayError::internal)?;
        let client = http::client(config.timeout)?;
        Ok(Self { config, base, client })
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.client
            .request(method, url)
            .header("x-client-id", &self.config.client_id)
            .header("x-client-secret", self.config.client_secret.expose_secret())
            .header("x-api-version", VERSION)
            .header("accept", "application/json")
    }

    async fn order_create(&self, charge: &Charge) -> Result<Checkout, ProviderError> {
        if charge.amount.currency != Currency::INR {
            return Ok(Checkout::Refused { reason: "Cashfree takes rupees only".to_owned() });
        }
        let request = self
            .request(Method::POST, &["orders"])
            .header("x-idempotency-key", &charge.id)
            .header("x-request-id", &charge.id)
            .header("content-type", "application/json")
            .body(order_body(charge, &self.config));
        let reply = http::send(NAME, request).await?;
        if reply.status.is_success() {
            return Ok(Checkout::Pending(reply.read::<Order>(NAME)?.open()));
        }
        let failure: Failure = serde_json::from_slice(&reply.body).unwrap_or_default();
        match reply.status {
            // It was made before, and the answer lost.
            StatusCode::CONFLICT if failure.code == "order_already_exists" => {
                match self.order_get(&charge.id).await? {
                    ChargeState::Paid(paid) => Ok(Checkout::Settled(paid)),
                    ChargeState::Open(open) => Ok(Checkout::Pending(open)),
                    ChargeState::Closed { reason } => Ok(Checkout::Refused { reason }),
                    ChargeState::Missing => Err(reply.failure(NAME)),
                }
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
                if !failure.message.is_empty()
                    && !matches!(&*failure.kind, "idempotency_error" | "api_error") =>
            {
                Ok(Checkout::Refused { reason: failure.message.chars().take(200).collect() })
            }
            _ => Err(reply.failure(NAME)),
        }
    }

    async fn order_get(&self, id: &str) -> Result<ChargeState, ProviderError> {
        let reply = http::send(NAME, self.request(Method::GET, &["orders", id])).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(ChargeState::Missing);
        }
        if !reply.status.is_success() {
            return Err(reply.failure(NAME));
        }
        let order: Order = reply.read(NAME)?;
        if order.order_status == "ACTIVE" {
            return Ok(ChargeState::Open(order.open()));
        }
        // Only the payment says how much was paid. An order that ended otherwise may have been paid in its last moment.
        let reply = http::send(NAME, self.request(Method::GET, &["orders", id, "payments"])).await?;
        if !reply.status.is_success() {
            return Err(reply.failure(NAME));
        }
        let payments: Vec<Payment> = reply.read(NAME)?;
        match payments.into_iter().find(|payment| payment.payment_status == "SUCCESS") {
            Some(payment) => Ok(ChargeState::Paid(payment.paid(&order.order_id))),
            None if order.order_status == "PAID" => {
                Err(ProviderError::Unknown { provider: NAME, source: None })
            }
            None if order.order_status == "EXPIRED" => {
                Ok(ChargeState::Closed { reason: "expired".to_owned() })
            }
            None if order.order_status == "TERMINATED" => {
                Ok(ChargeState::Closed { reason: "terminated".to_owned() })
            }
            None => Ok(ChargeState::Open(order.open())),
        }
    }
}

impl Order {
    fn open(self) -> Open {
        Open { reference: self.order_id, checkout_url: None, checkout_session: self.payment_session_id }
    }
}

impl Payment {
    fn paid(self, order_id: &str) -> Paid {
        let amount = Money::new(self.payment_amount.0, self.payment_currency);
        Paid { reference: order_id.to_owned(), payment_reference: self.cf_payment_id, amount }
    }
}

/// The request's body. Made of nothing but the charge, so that a repeat is the same to the byte.
fn order_body(charge: &Charge, config: &CashfreeConfig) -> String {
    let methods = charge.instrument.map(|instrument| match instrument {
        Instrument::Card => "cc,dc",
        Instrument::Upi => "upi",
        Instrument::Netbanking => "nb",
        Instrument::Wallet => "app",
    });
    let rest = json!({
        "order_id": charge.id,
        "order_currency": charge.amount.currency,
        "order_note": "Wallet top-up",
        "order_expiry_time": whole_seconds(charge.expires_at),
        "customer_details": {"customer_id": customer_id(&charge.owner), "customer_phone": config.customer_phone},
        "order_meta": {"return_url": charge.return_url.as_ref().or(config.return_url.as_ref()), "payment_methods": methods},
    })
    .to_string();
    // The amount is written here: in JSON a number may have two decimals, in Rust only a float would.
    format!("{{\"order_amount\":{},{}", two_decimals(charge.amount.minor), &rest[1..])
}

/// RFC 3339 without a fraction.
fn whole_seconds(at: Timestamp) -> String {
    Timestamp::from_micros(at.as_secs() * 1_000_000).to_string().replace(".000000", "")
}

/// Cashfree takes 3 to 50 letters, digits, `_` and `-`.
fn customer_id(owner: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (3..=50).contains(&owner.len()) && owner.bytes().all(fits) {
        owner.to_owned()
    } else {
        canonical::sha256_hex(owner.as_bytes()).chars().take(40).collect()
    }
}

impl PaymentProvider for Cashfree {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        let rupees = Limit { currency: Some(Currency::INR), min: 100, max: 1_000_000_000_000 };
        Capabilities { limits: vec![rupees], instruments: Instrument::ALL.to_vec() }
    }

    fn checkout_create(&self, charge: Charge) -> BoxFuture<'_, Result<Checkout, ProviderError>> {
        Box::pin(async move { self.order_create(&charge).await })
    }

    fn charge_lookup(
        &self,
        charge: Charge,
        _reference: Option<String>,
    ) -> BoxFuture<'_, Result<ChargeState, ProviderError>> {
        Box::pin(async move { self.order_get(&charge.id).await })
    }

    fn webhook_read(
        &self,
        headers: WebhookHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<ProviderEvent>, WebhookError> {
        event::read(&self.config, headers, body, now)
    }
}

#[cfg(test)]
mod tests {
    use frameos_domain::id::TopUpId;

    use super::*;

    #[test]
    fn the_request_has_rupees_with_two_decimals() {
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        let top_up_id = TopUpId::new(at, [7; 10]);
        let charge = Charge {
            id: top_up_id.to_string(),
            top_up_id,
            owner: "u:1".to_owned(),
            amount: Money::new(100_050, Currency::INR),
            instrument: Some(Instrument::Upi),
            return_url: None,
            scenario: None,
            created_at: at,
            expires_at: at.plus(Duration::from_secs(3600)),
        };
        let secret = "secret".to_owned().into();
        let config = CashfreeConfig::new("id".to_owned(), secret, Duration::from_secs(1));
        let body = order_body(&charge, &config);
        assert!(body.starts_with("{\"order_amount\":1000.50,"), "{body}");
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(read["order_id"], charge.id.as_str());
        assert_eq!(read["order_expiry_time"], "2026-11-18T12:06:40Z");
        assert_eq!(read["order_meta"]["payment_methods"], "upi");
        assert_eq!(read["customer_details"]["customer_id"].as_str().unwrap().len(), 40);
        assert!(charge.id.len() + 3 <= 45, "an order id has at most 45 characters");
    }
}
