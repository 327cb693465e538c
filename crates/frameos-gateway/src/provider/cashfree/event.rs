//! Cashfree's webhooks: checked, and read as far as they say something of money.

use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_domain::clock::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CashfreeConfig, Payment, text_or_number};
use crate::provider::{
    ProviderEvent, WebhookError, WebhookHeaders,
    decimal::Hundredths,
    signature::{fits, sign, time_check},
};

#[derive(Deserialize)]
struct Hook {
    #[serde(rename = "type")]
    kind: String,
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct Tried {
    order: OrderNamed,
    payment: Payment,
}

#[derive(Deserialize)]
struct OrderNamed {
    order_id: String,
}

/// A payer who left has no payment worth reading.
#[derive(Deserialize)]
struct Left {
    order: OrderNamed,
}

#[derive(Deserialize)]
struct RefundData {
    refund: Refund,
}

#[derive(Deserialize)]
struct Refund {
    #[serde(deserialize_with = "text_or_number")]
    cf_payment_id: String,
    #[serde(deserialize_with = "text_or_number")]
    cf_refund_id: String,
    refund_amount: Hundredths,
    refund_status: String,
}

#[derive(Deserialize)]
struct DisputeData {
    dispute: Dispute,
    order_details: Disputed,
}

#[derive(Deserialize)]
struct Dispute {
    #[serde(deserialize_with = "text_or_number")]
    dispute_id: String,
    #[serde(default)]
    dispute_type: String,
    dispute_amount: Hundredths,
    dispute_status: String,
}

#[derive(Deserialize)]
struct Disputed {
    #[serde(deserialize_with = "text_or_number")]
    cf_payment_id: String,
}

pub(super) fn read(
    config: &CashfreeConfig,
    headers: WebhookHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<ProviderEvent>, WebhookError> {
    signature_check(config, headers, body, now)?;
    let hook: Hook = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
    let event = match hook.kind.as_str() {
        "PAYMENT_SUCCESS_WEBHOOK" => Some(succeeded(parse(&hook.data)?)),
        "PAYMENT_FAILED_WEBHOOK" | "PAYMENT_USER_DROPPED_WEBHOOK" => {
            let Left { order } = parse(&hook.data)?;
            Some(ProviderEvent::Changed { charge_id: order.order_id })
        }
        "REFUND_STATUS_WEBHOOK" | "AUTO_REFUND_STATUS_WEBHOOK" => refunded(parse(&hook.data)?),
        "DISPUTE_CREATED" | "DISPUTE_UPDATED" | "DISPUTE_CLOSED" => disputed(parse(&hook.data)?),
        _ => None,
    };
    Ok(event.into_iter().collect())
}

/// `base64(HMAC-SHA256(timestamp + body))`, nothing between the two.
fn signature_check(
    config: &CashfreeConfig,
    headers: WebhookHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), WebhookError> {
    let given = headers.get("x-webhook-signature").ok_or(WebhookError::NoSignature)?;
    let stamp = headers.get("x-webhook-timestamp").ok_or(WebhookError::NoSignature)?;
    let given = STANDARD.decode(given).map_err(|_| WebhookError::NoSignature)?;
    if !fits(&sign(&config.client_secret, &[stamp.as_bytes(), body]), &given) {
        return Err(WebhookError::WrongSignature);
    }
    let number: i64 = stamp.parse().map_err(|_| WebhookError::NoSignature)?;
    // Milliseconds since 2023-08-01, seconds before.
    let seconds = if number >= 100_000_000_000 { number / 1000 } else { number };
    time_check(seconds, now, config.tolerance)
}

fn succeeded(tried: Tried) -> ProviderEvent {
    let charge_id = tried.order.order_id;
    if tried.payment.payment_status == "SUCCESS" {
        let paid = tried.payment.paid(&charge_id);
        ProviderEvent::Paid { charge_id, paid }
    } else {
        ProviderEvent::Changed { charge_id }
    }
}

fn refunded(RefundData { refund }: RefundData) -> Option<ProviderEvent> {
    (refund.refund_status == "SUCCESS").then(|| ProviderEvent::Reversed {
        payment_reference: refund.cf_payment_id,
        source: format!("refund {}", refund.cf_refund_id),
        amount: refund.refund_amount.0,
        is_final: false,
    })
}

fn disputed(DisputeData { dispute, order_details }: DisputeData) -> Option<ProviderEvent> {
    // A retrieval asks for papers and takes no money.
    if dispute.dispute_type.eq_ignore_ascii_case("retrieval") {
        return None;
    }
    let status = dispute.dispute_status.as_str();
    let (amount, is_final) = if status.ends_with("MERCHANT_WON") {
        (0, true)
    } else {
        (dispute.dispute_amount.0, status.ends_with("MERCHANT_LOST") || status.ends_with("MERCHANT_ACCEPTED"))
    };
    Some(ProviderEvent::Reversed {
        payment_reference: order_details.cf_payment_id,
        source: format!("dispute {}", dispute.dispute_id),
        amount,
        is_final,
    })
}

fn parse<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Result<T, WebhookError> {
    serde_json::from_str(data.get()).map_err(|_| WebhookError::Unreadable)
}
