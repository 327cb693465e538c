//! Why the gateway refused or failed, and the same over the wire.
//!
//! Invariants: every variant has one stable code; a refusal says what would have been needed; what is internal stays in
//! `source` and never reaches the wire. Which HTTP status a code gets is the server's decision.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, MandateId, TopUpId},
    money::Currency,
    policy::PolicyRefusal,
    signing::SignatureError,
};
use frameos_store::StoreError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

use crate::wire::{SignedReceipt, SignedRefusal, WireError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failed call of the gateway.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// Amounts are minor units. With the signed refusal, when a mandate was asked for.
    #[error("the wallet has {available} of {currency} available, {needed} are needed")]
    InsufficientFunds { available: i64, needed: i64, currency: Currency, receipt: Option<Box<SignedRefusal>> },
    /// `used` is what a budget window counts already. With the signed refusal, when a mandate was asked for.
    #[error("{refusal}{}", used.map(|used| format!(", {used} already used")).unwrap_or_default())]
    PolicyRefused { refusal: PolicyRefusal, used: Option<i64>, receipt: Option<Box<SignedRefusal>> },
    /// The policy is not the one its owner saw any more.
    #[error("the policy was changed meanwhile: it has revision {revision} now")]
    PolicyChanged { revision: i64 },
    #[error("there is no purchase intent {intent_id}")]
    IntentNotFound { intent_id: IntentId },
    #[error("there is no mandate {mandate_id}")]
    MandateNotFound { mandate_id: MandateId },
    #[error("there is no payment {payment_id}")]
    PaymentNotFound { payment_id: String },
    #[error("there is no payout {payout_id}")]
    PayoutNotFound { payout_id: String },
    /// Why a payment does not go back, or not as much of it.
    #[error("{refusal}")]
    RefundRefused { refusal: RefundRefusal },
    #[error("there is no receipt {receipt_id}")]
    ReceiptNotFound { receipt_id: String },
    /// With the signed refusal, when somebody tried to execute it.
    #[error("mandate {mandate_id} was voided")]
    MandateVoided { mandate_id: MandateId, receipt: Option<Box<SignedReceipt>> },
    /// With the signed refusal, when somebody tried to execute it.
    #[error("mandate {mandate_id} has expired")]
    MandateExpired { mandate_id: MandateId, receipt: Option<Box<SignedReceipt>> },
    #[error("mandate {mandate_id} was executed and cannot be voided")]
    MandateExecuted { mandate_id: MandateId },
    /// The payment of the mandate comes from outside, and it is not known yet whether it was made.
    #[error("the payment of mandate {mandate_id} is not settled")]
    SettlementPending { mandate_id: MandateId },
    #[error("the idempotency key `{key}` was used for a different request")]
    IdempotencyConflict { key: String },
    #[error("{field}: {message}")]
    InvalidRequest { field: String, message: String },
    #[error("the payment provider `{provider}` refused: {reason}")]
    ProviderRefused { provider: String, reason: String },
    #[error("there is no top-up {top_up_id}")]
    TopUpNotFound { top_up_id: TopUpId },
    /// Its sender is told no more; why is in the log.
    #[error("the webhook was not accepted")]
    WebhookRefused,
    /// The gateway does not know its caller: a wrong or missing API key.
    #[error("the payment gateway does not accept the API key")]
    Unauthenticated,
    /// Nobody knows whether it happened: repeat the same call under the same idempotency key.
    #[error("the payment gateway is unavailable")]
    Unavailable {
        #[source]
        source: Source,
    },
    /// A defect, or data that cannot be.
    #[error("the payment gateway failed")]
    Internal {
        #[source]
        source: Source,
    },
}

/// Why money does not go back.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum RefundRefusal {
    #[error("payments can be refunded for 30 days; for this one they were over on {until}")]
    TooLate { until: Timestamp },
    /// Minor units.
    #[error("{left} of the payment are left to refund, {asked} were asked for")]
    TooMuch { left: i64, asked: i64 },
    #[error("this payment came from outside any wallet; refund it where it came from")]
    PaidOutside,
}

/// What a budget or rule refused, on the wire.
#[derive(Serialize, Deserialize)]
struct RefusalDetails {
    rule: String,
    limit: Value,
    asked: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<Box<SignedRefusal>>,
}

#[derive(Serialize, Deserialize)]
struct RevisionDetails {
    revision: i64,
}

#[derive(Serialize, Deserialize)]
struct FundsDetails {
    available: i64,
    needed: i64,
    currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<Box<SignedRefusal>>,
}

#[derive(Serialize, Deserialize)]
struct IntentDetails {
    intent_id: IntentId,
}

#[derive(Serialize, Deserialize)]
struct MandateDetails {
    mandate_id: MandateId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<Box<SignedReceipt>>,
}

/// A name and its value: a field and what is wrong with it, a provider and its reason, …
#[derive(Serialize, Deserialize)]
struct NamedDetails {
    name: String,
    value: String,
}

impl GatewayError {
    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::InvalidRequest { field: field.to_owned(), message: message.into() }
    }

    /// A refusal that has no proof yet.
    pub(crate) const fn policy(refusal: PolicyRefusal, used: Option<i64>) -> Self {
        Self::PolicyRefused { refusal, used, receipt: None }
    }

    pub(crate) fn internal(source: impl Into<Source>) -> Self {
        Self::Internal { source: source.into() }
    }

    pub(crate) fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsufficientFunds { .. } => "INSUFFICIENT_FUNDS",
            Self::PolicyRefused { .. } => "POLICY_REFUSED",
            Self::PolicyChanged { .. } => "POLICY_CHANGED",
            Self::IntentNotFound { .. } => "INTENT_NOT_FOUND",
            Self::MandateNotFound { .. } => "MANDATE_NOT_FOUND",
            Self::PaymentNotFound { .. } => "PAYMENT_NOT_FOUND",
            Self::PayoutNotFound { .. } => "PAYOUT_NOT_FOUND",
            Self::RefundRefused { refusal: RefundRefusal::TooLate { .. } } => "REFUND_TOO_LATE",
            Self::RefundRefused { refusal: RefundRefusal::TooMuch { .. } } => "REFUND_TOO_MUCH",
            Self::RefundRefused { refusal: RefundRefusal::PaidOutside } => "REFUND_NOT_OFFERED",
            Self::ReceiptNotFound { .. } => "RECEIPT_NOT_FOUND",
            Self::MandateVoided { .. } => "MANDATE_VOIDED",
            Self::MandateExpired { .. } => "MANDATE_EXPIRED",
            Self::MandateExecuted { .. } => "MANDATE_EXECUTED",
            Self::SettlementPending { .. } => "SETTLEMENT_PENDING",
            Self::IdempotencyConflict { .. } => "IDEMPOTENCY_CONFLICT",
            Self::InvalidRequest { .. } => "INVALID_REQUEST",
            Self::ProviderRefused { .. } => "PROVIDER_REFUSED",
            Self::TopUpNotFound { .. } => "TOP_UP_NOT_FOUND",
            Self::WebhookRefused => "WEBHOOK_REFUSED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Unavailable { .. } => "UNAVAILABLE",
            Self::Internal { .. } => "INTERNAL",
        }
    }

    /// What a program needs to act on the refusal; enough for [`GatewayError::from_wire`] to rebuild it.
    pub fn details(&self) -> Option<Value> {
        let named = |name: &str, value: &str| {
            serde_json::to_value(NamedDetails { name: name.to_owned(), value: value.to_owned() })
        };
        let details = match self {
            Self::InsufficientFunds { available, needed, currency, receipt } => {
                serde_json::to_value(FundsDetails {
                    available: *available,
                    needed: *needed,
                    currency: *currency,
                    receipt: receipt.clone(),
                })
            }
            Self::PolicyRefused { refusal, used, receipt } => serde_json::to_value(RefusalDetails {
                rule: refusal.rule.clone(),
                limit: refusal.limit.clone(),
                asked: refusal.asked.clone(),
                used: *used,
                receipt: receipt.clone(),
            }),
            Self::PolicyChanged { revision } => serde_json::to_value(RevisionDetails { revision: *revision }),
            Self::IntentNotFound { intent_id } => {
                serde_json::to_value(IntentDetails { intent_id: *intent_id })
            }
            Self::MandateNotFound { mandate_id }
            | Self::MandateExecuted { mandate_id }
            | Self::SettlementPending { mandate_id } => {
                serde_json::to_value(MandateDetails { mandate_id: *mandate_id, receipt: None })
            }
            Self::MandateVoided { mandate_id, receipt } | Self::MandateExpired { mandate_id, receipt } => {
                serde_json::to_value(MandateDetails { mandate_id: *mandate_id, receipt: receipt.clone() })
            }
            Self::PaymentNotFound { payment_id } => named("payment_id", payment_id),
            Self::PayoutNotFound { payout_id } => named("payout_id", payout_id),
            Self::RefundRefused { refusal } => serde_json::to_value(refusal),
            Self::ReceiptNotFound { receipt_id } => named("receipt_id", receipt_id),
            Self::IdempotencyConflict { key } => named("idempotency_key", key),
            Self::InvalidRequest { field, message } => named(field, message),
            Self::ProviderRefused { provider, reason } => named(provider, reason),
            Self::TopUpNotFound { top_up_id } => named("top_up_id", &top_up_id.to_string()),
            Self::WebhookRefused
            | Self::Unauthenticated
            | Self::Unavailable { .. }
            | Self::Internal { .. } => return None,
        };
        details.ok()
    }

    /// The error as the gateway's HTTP interface sends it.
    pub fn to_wire(&self) -> WireError {
        WireError {
            code: self.code().to_owned(),
            message: self.to_string(),
            details: self.details(),
            request_id: None,
        }
    }

    /// The error that a gateway elsewhere sent. A code or details that are not known here give [`GatewayError::Internal`].
    pub fn from_wire(error: WireError) -> Self {
        Self::read(&error)
            .unwrap_or_else(|| Self::internal(UnknownAnswer { code: error.code, message: error.message }))
    }

    fn read(error: &WireError) -> Option<Self> {
        let details = error.details.as_ref();
        Some(match error.code.as_str() {
            "INSUFFICIENT_FUNDS" => {
                let FundsDetails { available, needed, currency, receipt } = parse(details)?;
                Self::InsufficientFunds { available, needed, currency, receipt }
            }
            "POLICY_REFUSED" => {
                let RefusalDetails { rule, limit, asked, used, receipt } = parse(details)?;
                Self::PolicyRefused { refusal: PolicyRefusal { rule, limit, asked }, used, receipt }
            }
            "POLICY_CHANGED" => Self::PolicyChanged { revision: parse::<RevisionDetails>(details)?.revision },
            "INTENT_NOT_FOUND" => {
                Self::IntentNotFound { intent_id: parse::<IntentDetails>(details)?.intent_id }
            }
            "MANDATE_NOT_FOUND" => {
                Self::MandateNotFound { mandate_id: parse::<MandateDetails>(details)?.mandate_id }
            }
            "MANDATE_EXECUTED" => {
                Self::MandateExecuted { mandate_id: parse::<MandateDetails>(details)?.mandate_id }
            }
            "SETTLEMENT_PENDING" => {
                Self::SettlementPending { mandate_id: parse::<MandateDetails>(details)?.mandate_id }
            }
            "MANDATE_VOIDED" => {
                let MandateDetails { mandate_id, receipt } = parse(details)?;
                Self::MandateVoided { mandate_id, receipt }
            }
            "MANDATE_EXPIRED" => {
                let MandateDetails { mandate_id, receipt } = parse(details)?;
                Self::MandateExpired { mandate_id, receipt }
            }
            "PAYMENT_NOT_FOUND" => {
                Self::PaymentNotFound { payment_id: parse::<NamedDetails>(details)?.value }
            }
            "PAYOUT_NOT_FOUND" => Self::PayoutNotFound { payout_id: parse::<NamedDetails>(details)?.value },
            "REFUND_TOO_LATE" | "REFUND_TOO_MUCH" | "REFUND_NOT_OFFERED" => {
                Self::RefundRefused { refusal: parse(details)? }
            }
            "RECEIPT_NOT_FOUND" => {
                Self::ReceiptNotFound { receipt_id: parse::<NamedDetails>(details)?.value }
            }
            "IDEMPOTENCY_CONFLICT" => {
                Self::IdempotencyConflict { key: parse::<NamedDetails>(details)?.value }
            }
            // What a server refuses before the gateway sees it comes with other details or none.
            "INVALID_REQUEST"
            | "INVALID_JSON"
            | "IDEMPOTENCY_KEY_REQUIRED"
            | "VALIDATION_FAILED"
            | "PAYLOAD_TOO_LARGE" => {
                let NamedDetails { name, value } = parse(details)
                    .unwrap_or_else(|| NamedDetails { name: "request".into(), value: error.message.clone() });
                Self::InvalidRequest { field: name, message: value }
            }
            "PROVIDER_REFUSED" => {
                let NamedDetails { name, value } = parse(details)?;
                Self::ProviderRefused { provider: name, reason: value }
            }
            "TOP_UP_NOT_FOUND" => {
                Self::TopUpNotFound { top_up_id: parse::<NamedDetails>(details)?.value.parse().ok()? }
            }
            "WEBHOOK_REFUSED" => Self::WebhookRefused,
            "UNAUTHENTICATED" | "SIGNATURE_REQUIRED" | "SIGNATURE_INVALID" => Self::Unauthenticated,
            "UNAVAILABLE" | "RATE_LIMITED" | "SIGNATURE_REPLAYED" => {
                Self::unavailable(UnknownAnswer { code: error.code.clone(), message: error.message.clone() })
            }
            _ => return None,
        })
    }
}

fn parse<T: DeserializeOwned>(details: Option<&Value>) -> Option<T> {
    details.cloned().and_then(|details| serde_json::from_value(details).ok())
}

/// An error answer this version does not know.
#[derive(Debug, Error)]
#[error("the payment gateway answered {code}: {message}")]
struct UnknownAnswer {
    code: String,
    message: String,
}

impl From<StoreError> for GatewayError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<SignatureError> for GatewayError {
    fn from(error: SignatureError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_survives_the_wire() {
        let at = Timestamp::from_micros(0);
        let mandate_id = MandateId::generate(at);
        let errors = [
            GatewayError::InsufficientFunds {
                available: 1,
                needed: 2,
                currency: Currency::INR,
                receipt: None,
            },
            GatewayError::policy(PolicyRefusal::new("daily_limit", 5, 6), Some(4)),
            GatewayError::policy(PolicyRefusal::new("allowed_agents", vec!["a"], "b"), None),
            GatewayError::PolicyChanged { revision: 3 },
            GatewayError::IntentNotFound { intent_id: IntentId::generate(at) },
            GatewayError::MandateNotFound { mandate_id },
            GatewayError::PaymentNotFound { payment_id: "pay_x".into() },
            GatewayError::PayoutNotFound { payout_id: "pout_x".into() },
            GatewayError::RefundRefused { refusal: RefundRefusal::TooLate { until: at } },
            GatewayError::RefundRefused { refusal: RefundRefusal::TooMuch { left: 1, asked: 2 } },
            GatewayError::RefundRefused { refusal: RefundRefusal::PaidOutside },
            GatewayError::ReceiptNotFound { receipt_id: "rcpt_x".into() },
            GatewayError::MandateVoided { mandate_id, receipt: None },
            GatewayError::MandateExpired { mandate_id, receipt: None },
            GatewayError::MandateExecuted { mandate_id },
            GatewayError::SettlementPending { mandate_id },
            GatewayError::IdempotencyConflict { key: "k".into() },
            GatewayError::invalid("amount", "must be at least 1"),
            GatewayError::ProviderRefused { provider: "sandbox".into(), reason: "no".into() },
            GatewayError::TopUpNotFound { top_up_id: TopUpId::generate(at) },
            GatewayError::WebhookRefused,
            GatewayError::Unauthenticated,
        ];
        for error in errors {
            let text = serde_json::to_string(&error.to_wire()).unwrap();
            let read = GatewayError::from_wire(serde_json::from_str(&text).unwrap());
            assert_eq!((read.code(), read.to_string()), (error.code(), error.to_string()));
        }
        let refused_early =
            WireError { code: "INVALID_JSON".into(), message: "bad".into(), details: None, request_id: None };
        assert_eq!(GatewayError::from_wire(refused_early).to_string(), "request: bad");
        let unknown =
            WireError { code: "NEW".into(), message: String::new(), details: None, request_id: None };
        assert_eq!(GatewayError::from_wire(unknown).code(), "INTERNAL");
    }

    #[test]
    fn internal_text_stays_inside() {
        let error = GatewayError::internal("SELECT secret");
        assert!(!serde_json::to_string(&error.to_wire()).unwrap().contains("SELECT"));
    }
}
