//! Which web pages of other origins may read answers: those the operator lists, none by default.
//!
//! Credentials are bearer tokens that a page has to hold itself, so cookies are never allowed to come along.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What a page may send beside what every page may.
const SENT: [&str; 6] =
    ["authorization", "content-type", "idempotency-key", "prefer", "x-request-id", "last-event-id"];

/// What a page may read of an answer's head.
const READ: [&str; 10] = [
    "location",
    "retry-after",
    "x-request-id",
    "idempotency-replayed",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "ratelimit-policy",
    "content-disposition",
    "www-authenticate",
];

/// `None` when no other origin may.
pub(crate) fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    // The configuration has checked that they are visible ASCII.
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods(methods)
            .allow_headers(SENT.map(HeaderName::from_static))
            .expose_headers(READ.map(HeaderName::from_static))
            .vary([header::ORIGIN])
            .max_age(Duration::from_secs(600)),
    )
}
