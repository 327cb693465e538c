//! Stripe's events: checked, and read as far as they say something of money.

use frameos_domain::clock::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Session, StripeConfig, amount::from_stripe};
use crate::provider::{ProviderEvent, WebhookError, WebhookHeaders, signature::stamped_check};

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// A payment, of which some or all was given back.
#[derive(Deserialize)]
struct Refunded {
    id: String,
    #[serde(default)]
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: String,
}

#[derive(Deserialize)]
struct Dispute {
    id: String,
    charge: String,
    #[serde(default)]
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    status: String,
}

pub(super) fn read(
    config: &StripeConfig,
    headers: WebhookHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<ProviderEvent>, WebhookError> {
    let header = headers.get("stripe-signature").ok_or(WebhookError::NoSignature)?;
    stamped_check(&config.webhook_secret, header, body, (now, config.tolerance))?;
    let Event { kind, data } = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
    let event = match kind.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => session_event(&kind, parse(data.object)?),
        "charge.refunded" => Some(refunded(parse(data.object)?)?),
        kind if kind.starts_with("charge.dispute.") => disputed(parse(data.object)?)?,
        _ => None,
    };
    Ok(event.into_iter().collect())
}

/// None for a session that is not ours: an account may serve others beside us.
fn session_event(kind: &str, session: Session) -> Option<ProviderEvent> {
    let charge_id = session.client_reference_id.clone()?;
    Some(match (kind, session.paid()) {
        (_, Some(paid)) => ProviderEvent::Paid { charge_id, paid },
        ("checkout.session.expired", None) => {
            ProviderEvent::Closed { charge_id, reason: "expired".to_owned() }
        }
        ("checkout.session.async_payment_failed", None) => {
            ProviderEvent::Closed { charge_id, reason: "the payment failed".to_owned() }
        }
        _ => ProviderEvent::Changed { charge_id },
    })
}

fn refunded(refunded: Refunded) -> Result<ProviderEvent, WebhookError> {
    let amount =
        from_stripe(refunded.amount_refunded, &refunded.currency).ok_or(WebhookError::Unreadable)?.minor;
    let payment_reference = refunded.payment_intent.unwrap_or(refunded.id);
    // The sum of all refunds so far: of two words the higher one is the later.
    Ok(ProviderEvent::Reversed { payment_reference, source: "refunds".to_owned(), amount, is_final: false })
}

fn disputed(dispute: Dispute) -> Result<Option<ProviderEvent>, WebhookError> {
    let amount = from_stripe(dispute.amount, &dispute.currency).ok_or(WebhookError::Unreadable)?.minor;
    let (amount, is_final) = match dispute.status.as_str() {
        "won" | "warning_closed" => (0, true),
        "lost" => (amount, true),
        // An enquiry takes no money yet.
        status if status.starts_with("warning_") => return Ok(None),
        _ => (amount, false),
    };
    let payment_reference = dispute.payment_intent.unwrap_or(dispute.charge);
    let source = format!("dispute {}", dispute.id);
    Ok(Some(ProviderEvent::Reversed { payment_reference, source, amount, is_final }))
}

fn parse<T: serde::de::DeserializeOwned>(object: Value) -> Result<T, WebhookError> {
    serde_json::from_value(object).map_err(|_| WebhookError::Unreadable)
}
