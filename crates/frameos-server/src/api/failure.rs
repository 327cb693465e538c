//! The one way a failure becomes an HTTP answer, for the API and the gateway's interface alike.
//!
//! A failure travels as an empty response that carries it; [`failure_render`] writes the envelope once the request's id is
//! known, and logs what is internal. Invariant: the private source chain is logged exactly once and never sent.

use std::{error::Error, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use frameos_app::AppError;
use frameos_contract::{ApiError, Envelope, ErrorCode};
use frameos_gateway::GatewayError;
use serde_json::Value;

use super::reply::json_response;

/// A failure on its way to the client.
#[derive(Debug, Clone)]
pub struct ApiFailure {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<Value>,
    /// Seconds after which asking again may help.
    retry_after: Option<u64>,
    /// For the log only.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiFailure {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: status_of(code),
            code: code.code,
            message: message.into(),
            details: None,
            retry_after: None,
            source: None,
        }
    }

    pub fn with_details(code: ErrorCode, message: impl Into<String>, details: Value) -> Self {
        Self { details: Some(details), ..Self::new(code, message) }
    }

    /// A defect of ours; `source` is logged, not sent.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source: Box<dyn Error + Send + Sync> = source.into();
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorCode::INTERNAL, "something went wrong on our side")
        }
    }

    pub fn not_found() -> Self {
        Self::new(ErrorCode::NOT_FOUND, "there is nothing here under this name")
    }

    pub fn unauthenticated() -> Self {
        let message = "log in and send `Authorization: Bearer <access_token>`";
        Self::new(ErrorCode::UNAUTHENTICATED, message)
    }

    /// Whether it says that an `Idempotency-Key` cannot be used now, and so is no answer to keep under that key.
    pub(crate) fn is_about_its_key(&self) -> bool {
        [ErrorCode::IDEMPOTENCY_KEY_REUSED, ErrorCode::IDEMPOTENCY_IN_PROGRESS]
            .iter()
            .any(|code| code.code == self.code)
    }

    /// Too many requests; `wait` is when there is room for the next.
    pub(crate) fn rate_limited(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("too many requests; try again in {seconds} s");
        Self { retry_after: Some(seconds.max(1)), ..Self::new(ErrorCode::RATE_LIMITED, message) }
    }

    pub fn forbidden(needed: &str) -> Self {
        Self::new(ErrorCode::FORBIDDEN, format!("this is for {needed} accounts"))
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl From<AppError> for ApiFailure {
    fn from(error: AppError) -> Self {
        let code = ErrorCode::find(error.code()).unwrap_or(ErrorCode::INTERNAL);
        let retry_after = match &error {
            AppError::RateLimited { retry_after, .. } => Some(retry_after.as_secs().max(1)),
            _ => None,
        };
        let details = error.details().cloned();
        let failure = Self { details, retry_after, ..Self::new(code, error.message()) };
        if error.source().is_some() || code == ErrorCode::INTERNAL {
            Self { source: Some(Arc::new(error)), ..failure }
        } else {
            failure
        }
    }
}

impl From<GatewayError> for ApiFailure {
    fn from(error: GatewayError) -> Self {
        let failure = Self {
            status: gateway_status(error.code()),
            code: error.code(),
            message: error.to_string(),
            details: error.details(),
            retry_after: None,
            source: None,
        };
        if error.source().is_some() { Self { source: Some(Arc::new(error)), ..failure } } else { failure }
    }
}

/// The HTTP status of each of the gateway's codes.
fn gateway_status(code: &str) -> StatusCode {
    match code {
        "INVALID_REQUEST" => StatusCode::BAD_REQUEST,
        "UNAUTHENTICATED" | "WEBHOOK_REFUSED" => StatusCode::UNAUTHORIZED,
        "INSUFFICIENT_FUNDS" => StatusCode::PAYMENT_REQUIRED,
        "POLICY_REFUSED" => StatusCode::FORBIDDEN,
        "INTENT_NOT_FOUND" | "MANDATE_NOT_FOUND" | "PAYMENT_NOT_FOUND" | "RECEIPT_NOT_FOUND"
        | "PAYOUT_NOT_FOUND" | "TOP_UP_NOT_FOUND" => StatusCode::NOT_FOUND,
        "MANDATE_VOIDED" | "MANDATE_EXPIRED" | "MANDATE_EXECUTED" | "SETTLEMENT_PENDING" => {
            StatusCode::CONFLICT
        }
        "REFUND_TOO_LATE" | "REFUND_TOO_MUCH" | "REFUND_NOT_OFFERED" | "POLICY_CHANGED" => {
            StatusCode::CONFLICT
        }
        "IDEMPOTENCY_CONFLICT" | "PROVIDER_REFUSED" => StatusCode::UNPROCESSABLE_ENTITY,
        "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the envelope of a failure the response carries, and logs what is internal. Other responses pass unchanged.
pub(crate) fn failure_render(mut response: Response, request_id: &str) -> Response {
    let Some(failure) = response.extensions_mut().remove::<ApiFailure>() else { return response };
    if let Some(source) = &failure.source {
        let error = source.as_ref() as &(dyn Error + 'static);
        tracing::error!(request_id, code = failure.code, error, "request failed");
    }
    let error = ApiError {
        code: failure.code.to_owned(),
        message: failure.message,
        details: failure.details,
        request_id: request_id.to_owned(),
    };
    let mut rendered = json_response(failure.status, &Envelope::<()>::error(error));
    if failure.status == StatusCode::UNAUTHORIZED {
        rendered.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let unavailable = failure.status == StatusCode::SERVICE_UNAVAILABLE;
    if let Some(seconds) = failure.retry_after.or(unavailable.then_some(2)) {
        rendered.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    // What inner layers said about the failed answer (Allow on a 405) stays.
    for (name, value) in response.headers() {
        if !rendered.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    rendered
}
