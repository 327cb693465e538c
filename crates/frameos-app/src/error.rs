//! What can go wrong in a use case, in terms no transport knows.
//!
//! Invariants: closed (no catch-all with a free text); every public message says what to change; what is internal stays in
//! `source` and is logged once, by whoever answers the client.

use std::time::Duration;

use frameos_gateway::GatewayError;
use frameos_store::StoreError;
use serde_json::Value;
use thiserror::Error;

pub type Result<T> = std::result::Result<T, AppError>;

/// A use case's failure.
#[derive(Debug, Error)]
pub enum AppError {
    /// The request itself is wrong; asking again unchanged will fail again.
    #[error("{message}")]
    Invalid { code: &'static str, message: String, details: Option<Value> },
    /// Nobody known is asking.
    #[error("{message}")]
    Unauthenticated { code: &'static str, message: String },
    /// Somebody known is asking for what they may not have.
    #[error("{message}")]
    Forbidden { code: &'static str, message: String, details: Option<Value> },
    /// There is none, or none that the asker may know of.
    #[error("there is no such {what}")]
    NotFound { what: &'static str },
    /// The state of things forbids it.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// Too much of it; asking again after a while will do.
    #[error("{message}")]
    RateLimited { message: String, retry_after: Duration },
    /// The money is not there.
    #[error("{message}")]
    PaymentRequired { message: String, details: Option<Value> },
    /// It has to be paid for first, otherwise than with money in the wallet alone.
    #[error("{message}")]
    NotPaid { code: &'static str, message: String },
    /// There is too much of it already; later it may do.
    #[error("{message}")]
    TooMany { code: &'static str, message: String },
    /// Something this process depends on does not answer; asking again later may help.
    #[error("{message}")]
    Unavailable {
        message: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A defect of ours.
    #[error("something went wrong on our side")]
    Internal {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AppError {
    /// The stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { code, .. }
            | Self::Unauthenticated { code, .. }
            | Self::Forbidden { code, .. }
            | Self::NotPaid { code, .. }
            | Self::TooMany { code, .. }
            | Self::Conflict { code, .. } => code,
            Self::NotFound { .. } => "NOT_FOUND",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::PaymentRequired { .. } => "INSUFFICIENT_FUNDS",
            Self::Unavailable { .. } => "UNAVAILABLE",
            Self::Internal { .. } => "INTERNAL",
        }
    }

    /// What the asker is told.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The offending fields, findings or limits.
    pub fn details(&self) -> Option<&Value> {
        match self {
            Self::Invalid { details, .. }
            | Self::Forbidden { details, .. }
            | Self::PaymentRequired { details, .. } => details.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { code, message: message.into(), details: None }
    }

    pub(crate) fn invalid_with(code: &'static str, message: impl Into<String>, details: Value) -> Self {
        Self::Invalid { code, message: message.into(), details: Some(details) }
    }

    /// A single field that breaks its rule.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let details = serde_json::json!({"fields": [{"field": field, "message": message}]});
        Self::invalid_with("VALIDATION_FAILED", format!("{field} {message}"), details)
    }

    pub(crate) const fn not_found(what: &'static str) -> Self {
        Self::NotFound { what }
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    pub(crate) fn too_many(code: &'static str, message: impl Into<String>) -> Self {
        Self::TooMany { code, message: message.into() }
    }

    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { source: source.into() }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Unavailable {
                message: "the database does not answer; try again shortly",
                source: Some(Box::new(error)),
            },
            StoreError::ObjectsUnavailable { .. } => Self::Unavailable {
                message: "the object store does not answer; try again shortly",
                source: Some(Box::new(error)),
            },
            other => Self::internal(other),
        }
    }
}

impl From<GatewayError> for AppError {
    fn from(error: GatewayError) -> Self {
        let message = error.to_string();
        match error.code() {
            "INSUFFICIENT_FUNDS" => Self::PaymentRequired { message, details: error.details() },
            code @ "POLICY_REFUSED" => {
                let message = message + &confirm_hint(&error).unwrap_or_default();
                Self::Forbidden { code, message, details: error.details() }
            }
            code @ ("INVALID_REQUEST" | "PROVIDER_REFUSED") => {
                Self::Invalid { code, message, details: error.details() }
            }
            "TOP_UP_NOT_FOUND" => Self::not_found("top-up"),
            code @ "WEBHOOK_REFUSED" => Self::Unauthenticated { code, message },
            code @ ("MANDATE_VOIDED" | "MANDATE_EXPIRED" | "MANDATE_EXECUTED" | "POLICY_CHANGED"
            | "REFUND_TOO_LATE" | "REFUND_TOO_MUCH" | "REFUND_NOT_OFFERED") => {
                Self::Conflict { code, message }
            }
            "IDEMPOTENCY_CONFLICT" => {
                Self::Invalid { code: "IDEMPOTENCY_KEY_REUSED", message, details: None }
            }
            "PAYOUT_NOT_FOUND" => Self::NotFound { what: "payout" },
            "UNAVAILABLE" => Self::Unavailable {
                message: "the payment gateway does not answer; try again shortly",
                source: Some(Box::new(error)),
            },
            // An operator has to look, and until then asking again later is all that anybody can do.
            "UNAUTHENTICATED" => Self::Unavailable {
                message: "the payment gateway does not let this platform in; try again later",
                source: Some(Box::new(error)),
            },
            _ => Self::internal(error),
        }
    }
}

/// How to agree to what a policy wants confirmed.
fn confirm_hint(error: &GatewayError) -> Option<String> {
    let GatewayError::PolicyRefused { refusal, .. } = error else { return None };
    let amount = refusal.asked.as_i64().filter(|_| refusal.rule == "confirm_above")?;
    Some(format!("; to agree, repeat the request with \"confirmed_amount\": {amount}"))
}
