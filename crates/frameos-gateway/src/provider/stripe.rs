//! Stripe: Checkout Sessions, and the events about them.
//!
//! Invariants: a session is created under the charge's id as idempotency key and names it in its metadata, so that webhooks
//! find the charge before the answer did; what Stripe keeps under a key includes a 500, so an answer that never comes is not
//! the end. Amounts are Stripe's smallest units, which are not everywhere those of ISO 4217.

mod amount;
mod event;

use std::{fmt, time::Duration};

use frameos_domain::clock::Timestamp;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    Capabilities, Charge, ChargeState, Checkout, Limit, Open, Paid, PaymentProvider, ProviderError,
    ProviderEvent, WebhookError, WebhookHeaders, http,
};
use crate::{error::GatewayError, port::BoxFuture, wire::Instrument};

const NAME: &str = "stripe";
/// The version of the API whose answers are read here.
const VERSION: &str = "2024-06-20";
/// Where the charge's id stands in metadata.
const CHARGE: &str = "frameos_charge";

/// How Stripe is reached.
#[derive(Clone)]
pub struct StripeConfig {
    pub base_url: String,
    pub secret_key: SecretString,
    pub webhook_secret: SecretString,
    /// How old a webhook's signature may be.
    pub tolerance: Duration,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Where payers come back to when a top-up does not say.
    pub return_url: String,
}

impl StripeConfig {
    pub fn new(secret_key: SecretString, webhook_secret: SecretString, timeout: Duration) -> Self {
        Self {
            base_url: "https://api.stripe.com".to_owned(),
            secret_key,
            webhook_secret,
            tolerance: Duration::from_secs(300),
            timeout,
            return_url: "http://127.0.0.1:8080/".to_owned(),
        }
    }
}

/// Stripe as a provider.
pub struct Stripe {
    config: StripeConfig,
    base: Url,
    client: Client,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stripe({})", self.base)
    }
}

/// A Checkout Session, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    payment_status: Option<String>,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    amount_total: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    client_reference_id: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureDetail,
}

#[derive(Deserialize)]
struct FailureDetail {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

impl Stripe {
    pub fn new(config: StripeConfig) -> Result<Self, GatewayError> {
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
            .bearer_auth(self.config.secret_key.expose_secret())
            .header("Stripe-Version", VERSION)
    }

    async fn session_create(&self, charge: &Charge) -> Result<Checkout, ProviderError> {
        let Some(amount) = amount::to_stripe(charge.amount) else {
            return Ok(Checkout::Refused {
                reason: format!("{} has no such amount at Stripe", charge.amount),
            });
        };
        let request = self
            .request(Method::POST, &["v1", "checkout", "sessions"])
            .header("Idempotency-Key", &charge.id)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form(charge, amount, &self.config.return_url));
        let reply = http::send(NAME, request).await?;
        if reply.status.is_success() {
            let session: Session = reply.read(NAME)?;
            return Ok(Checkout::Pending(session.open()));
        }
        let failure = serde_json::from_slice::<Failure>(&reply.body).map(|failure| failure.error);
        match (reply.status, failure) {
            // What is refused by name was not done: Stripe answers a repeat of what was done with what it said then.
            (StatusCode::BAD_REQUEST | StatusCode::PAYMENT_REQUIRED | StatusCode::NOT_FOUND, Ok(failure))
                if failure.kind != "idempotency_error" && failure.kind != "api_error" =>
            {
                Ok(Checkout::Refused { reason: failure.message.chars().take(200).collect() })
            }
            _ => Err(reply.failure(NAME)),
        }
    }

    async fn session_get(&self, id: &str) -> Result<ChargeState, ProviderError> {
        let reply = http::send(NAME, self.request(Method::GET, &["v1", "checkout", "sessions", id])).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Ok(ChargeState::Missing);
        }
        if !reply.status.is_success() {
            return Err(reply.failure(NAME));
        }
        let session: Session = reply.read(NAME)?;
        match session.status.as_deref() {
            Some("expired") => Ok(ChargeState::Closed { reason: "expired".to_owned() }),
            Some("complete") => match session.paid() {
                Some(paid) => Ok(ChargeState::Paid(paid)),
                // Complete and unpaid: the bank takes its time.
                None => Ok(ChargeState::Open(session.open())),
            },
            _ => Ok(ChargeState::Open(session.open())),
        }
    }
}

impl Session {
    fn open(self) -> Open {
        Open { reference: self.id, checkout_url: self.url, checkout_session: None }
    }

    /// What was paid, once it was.
    fn paid(&self) -> Option<Paid> {
        if self.payment_status.as_deref() != Some("paid") {
            return None;
        }
        let amount = amount::from_stripe(self.amount_total?, self.currency.as_deref()?)?;
        let payment_reference = self.payment_intent.clone().unwrap_or_else(|| self.id.clone());
        Some(Paid { reference: self.id.clone(), payment_reference, amount })
    }
}

/// The request's body. Made of nothing but the charge, so that a repeat is the same to the byte.
fn form(charge: &Charge, amount: i64, default_return: &str) -> String {
    let back = charge.return_url.as_deref().unwrap_or(default_return);
    let back = match Url::parse(back) {
        Ok(mut url) => {
            url.query_pairs_mut().append_pair("top_up_id", &charge.top_up_id.to_string());
            url.to_string()
        }
        Err(_) => back.to_owned(),
    };
    let currency = charge.amount.currency.as_str().to_ascii_lowercase();
    let (amount, expires) = (amount.to_string(), charge.expires_at.as_secs().to_string());
    let in_session = format!("metadata[{CHARGE}]");
    let in_payment = format!("payment_intent_data[metadata][{CHARGE}]");
    let mut pairs = vec![
        ("mode", "payment"),
        ("client_reference_id", &charge.id),
        (&in_session, &charge.id),
        (&in_payment, &charge.id),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", &currency),
        ("line_items[0][price_data][unit_amount]", &amount),
        ("line_items[0][price_data][product_data][name]", "Wallet top-up"),
        ("success_url", &back),
        ("cancel_url", &back),
        ("expires_at", &expires),
    ];
    if let Some(instrument) = charge.instrument {
        pairs.push(("payment_method_types[0]", instrument.as_str()));
    }
    let mut body = String::new();
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push('&');
        }
        encode(name, &mut body);
        body.push('=');
        encode(value, &mut body);
    }
    body
}

/// `application/x-www-form-urlencoded`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte.into()),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        // Minimums differ by currency and are worth about half a US dollar; Stripe itself refuses what is below.
        Capabilities {
            limits: vec![Limit { currency: None, min: 50, max: 99_999_999 }],
            instruments: vec![Instrument::Card],
        }
    }

    fn checkout_create(&self, charge: Charge) -> BoxFuture<'_, Result<Checkout, ProviderError>> {
        Box::pin(async move { self.session_create(&charge).await })
    }

    fn charge_lookup(
        &self,
        charge: Charge,
        reference: Option<String>,
    ) -> BoxFuture<'_, Result<ChargeState, ProviderError>> {
        Box::pin(async move {
            if let Some(id) = reference {
                return self.session_get(&id).await;
            }
            // Stripe finds a session by its own name only; asking again under the same key tells the name. Once the key is
            // forgotten, the expiry in the request is long past, which Stripe refuses.
            match self.session_create(&charge).await? {
                Checkout::Pending(open) => match self.session_get(&open.reference).await? {
                    ChargeState::Missing => Ok(ChargeState::Open(open)),
                    state => Ok(state),
                },
                Checkout::Refused { reason } => Ok(ChargeState::Closed { reason }),
                Checkout::Settled(paid) => Ok(ChargeState::Paid(paid)),
            }
        })
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
    use frameos_domain::{
        id::TopUpId,
        money::{Currency, Money},
    };

    use super::*;

    #[test]
    fn the_request_is_a_form_made_of_the_charge() {
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        let top_up_id = TopUpId::new(at, [7; 10]);
        let charge = Charge {
            id: top_up_id.to_string(),
            top_up_id,
            owner: "u1".to_owned(),
            amount: Money::new(12_345, Currency::INR),
            instrument: Some(Instrument::Card),
            return_url: Some("https://shop.example/back?a=b c&d".to_owned()),
            scenario: None,
            created_at: at,
            expires_at: at.plus(Duration::from_secs(3600)),
        };
        let body = form(&charge, 12_345, "https://x.example/");
        let id = charge.id.as_str();
        for part in [
            format!("client_reference_id={id}&metadata%5Bframeos_charge%5D={id}&"),
            "line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=12345&".to_owned(),
            "line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=inr&".to_owned(),
            format!("success_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3Db%2520c%26d%26top_up_id%3D{id}&"),
            "expires_at=1795003600&payment_method_types%5B0%5D=card".to_owned(),
        ] {
            assert!(body.contains(&part), "{part} in {body}");
        }
        assert_eq!(body, form(&charge, 12_345, "https://x.example/"));
    }
}
