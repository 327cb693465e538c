//! Headers by which a client says what it has already: `If-None-Match`, and `Last-Event-ID` of an event stream.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

/// The request's headers, for an answer that may be 304 and that comes in the form `Accept` asks for.
pub(crate) struct Conditional(pub HeaderMap);

/// The number of the event a client has seen last; 0, the beginning, when it says none of ours.
pub(crate) struct LastEventId(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Conditional {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.clone()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        Ok(Self(text.and_then(|text| text.trim().parse().ok()).unwrap_or(0).max(0)))
    }
}
