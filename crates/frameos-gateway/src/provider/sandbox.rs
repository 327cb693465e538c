//! Test money: nobody pays, and whoever asks may script what goes wrong.
//!
//! Invariants: what became of a charge follows from its scenario and its age alone, so it is the same in every process and
//! after every crash; money is only said to be paid in states that a real provider would say it in. The one exception is what
//! a signed webhook says: a scenario `pending` waits for it.

use std::time::Duration;

use frameos_domain::{clock::Timestamp, money::Money};
use reqwest::Client;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::{
    Capabilities, Charge, ChargeState, Checkout, Limit, Open, Paid, PaymentProvider, ProviderError,
    ProviderEvent, WebhookError, WebhookHeaders,
    signature::{stamped, stamped_check},
};
use crate::{port::BoxFuture, wire::Instrument};

const NAME: &str = "sandbox";
const TOLERANCE: Duration = Duration::from_secs(300);
const HEADER: &str = "sandbox-signature";

/// What a scenario can be, and what it does.
pub const SCENARIOS: [(&str, &str); 9] = [
    ("settled", "pays at once, the default"),
    ("pending", "waits for a signed webhook, and expires without one"),
    ("declined", "is refused"),
    ("unreachable", "is never reached: nothing happened"),
    ("timeout_paid", "gives no answer, and is found paid later"),
    ("timeout_unpaid", "gives no answer, and nobody pays"),
    ("webhook", "pays, and says so by webhook"),
    ("webhook_twice", "pays, and says so by webhook two times"),
    ("webhook_late", "pays after a while, and the webhook may not come"),
];

/// How test money behaves.
#[derive(Debug, Clone, Default)]
pub struct SandboxConfig {
    /// For top-ups that name no scenario; `None` is `settled`.
    pub scenario: Option<String>,
    /// What its webhooks are signed with; none are accepted without.
    pub webhook_secret: Option<SecretString>,
    /// Where it sends its own webhooks to; `None`: nowhere.
    pub webhook_url: Option<String>,
}

/// The provider of test money.
pub struct Sandbox {
    config: SandboxConfig,
    client: Client,
}

#[derive(Deserialize)]
struct Hook {
    #[serde(rename = "type")]
    kind: String,
    charge_id: String,
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Sandbox {
    pub fn new(config: SandboxConfig) -> Self {
        Self { config, client: Client::new() }
    }

    fn scenario<'a>(&'a self, charge: &'a Charge) -> &'a str {
        charge.scenario.as_deref().or(self.config.scenario.as_deref()).unwrap_or("settled")
    }

    /// Sends `charge.paid` to ourselves, `times` times, as a real provider would from elsewhere.
    fn webhook_send(&self, charge: &Charge, times: usize) {
        let (Some(url), Some(secret)) = (self.config.webhook_url.clone(), self.config.webhook_secret.clone())
        else {
            return;
        };
        let body = json!({"type": "charge.paid", "charge_id": charge.id, "amount": charge.amount.minor,
            "currency": charge.amount.currency})
        .to_string();
        let (client, at) = (self.client.clone(), charge.created_at);
        tokio::spawn(async move {
            for _ in 0..times {
                let request = client.post(&url).header(HEADER, stamped(&secret, body.as_bytes(), at));
                if let Err(error) =
                    request.header("content-type", "application/json").body(body.clone()).send().await
                {
                    tracing::debug!(%error, "a sandbox webhook did not arrive; a lookup will tell");
                }
            }
        });
    }
}

fn reference(charge: &Charge) -> String {
    format!("sandbox_{}", charge.id)
}

fn paid(charge: &Charge) -> Paid {
    Paid { reference: reference(charge), payment_reference: reference(charge), amount: charge.amount }
}

fn open(charge: &Charge) -> Open {
    Open { reference: reference(charge), checkout_url: None, checkout_session: None }
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            limits: vec![Limit { currency: None, min: 1, max: i64::MAX }],
            instruments: Instrument::ALL.to_vec(),
        }
    }

    fn checkout_create(&self, charge: Charge) -> BoxFuture<'_, Result<Checkout, ProviderError>> {
        let answer = match self.scenario(&charge) {
            "declined" => Ok(Checkout::Refused { reason: "the sandbox was asked to decline".to_owned() }),
            "unreachable" => Err(ProviderError::NotReached { provider: NAME, source: None }),
            "timeout_paid" | "timeout_unpaid" => Err(ProviderError::Unknown { provider: NAME, source: None }),
            "pending" | "webhook_late" => Ok(Checkout::Pending(open(&charge))),
            scenario @ ("webhook" | "webhook_twice") => {
                self.webhook_send(&charge, if scenario == "webhook" { 1 } else { 2 });
                Ok(Checkout::Pending(open(&charge)))
            }
            _ => Ok(Checkout::Settled(paid(&charge))),
        };
        Box::pin(async { answer })
    }

    fn charge_lookup(
        &self,
        charge: Charge,
        _reference: Option<String>,
    ) -> BoxFuture<'_, Result<ChargeState, ProviderError>> {
        // Its clock is that of whoever asks: the lookups of a charge come as time goes by.
        let scenario = self.scenario(&charge).to_owned();
        let state = match scenario.as_str() {
            "declined" => ChargeState::Closed { reason: "declined".to_owned() },
            "unreachable" => ChargeState::Missing,
            "timeout_unpaid" | "pending" => ChargeState::Open(open(&charge)),
            _ => ChargeState::Paid(paid(&charge)),
        };
        Box::pin(async { Ok(state) })
    }

    fn webhook_read(
        &self,
        headers: WebhookHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<ProviderEvent>, WebhookError> {
        let secret = self.config.webhook_secret.as_ref().ok_or(WebhookError::NoSecret)?;
        let header = headers.get(HEADER).ok_or(WebhookError::NoSignature)?;
        stamped_check(secret, header, body, (now, TOLERANCE))?;
        let hook: Hook = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
        let Hook { kind, charge_id, amount, currency, reason } = hook;
        let reference = format!("sandbox_{charge_id}");
        Ok(match kind.as_str() {
            "charge.paid" => {
                let currency =
                    currency.as_deref().unwrap_or("INR").parse().map_err(|_| WebhookError::Unreadable)?;
                let minor = amount.filter(|amount| *amount > 0).ok_or(WebhookError::Unreadable)?;
                let paid = Paid {
                    payment_reference: reference.clone(),
                    reference,
                    amount: Money::new(minor, currency),
                };
                vec![ProviderEvent::Paid { charge_id, paid }]
            }
            "charge.failed" => {
                vec![ProviderEvent::Closed {
                    charge_id,
                    reason: reason.unwrap_or_else(|| "declined".to_owned()),
                }]
            }
            "charge.refunded" => {
                let amount = amount.filter(|amount| *amount >= 0).ok_or(WebhookError::Unreadable)?;
                let (payment_reference, source) = (reference, "refund".to_owned());
                vec![ProviderEvent::Reversed { payment_reference, source, amount, is_final: false }]
            }
            _ => Vec::new(),
        })
    }
}
