//! The `Idempotency-Key` header: 1 to 255 visible ASCII characters.
//!
//! A handler that takes the extractor requires the header. That a repeat gets the first answer is the business of
//! `layers::idempotency`, for every POST that carries the header.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use frameos_contract::ErrorCode;

use crate::api::failure::ApiFailure;

const NAME: &str = "idempotency-key";

/// The key, required.
pub(crate) struct IdempotencyKey(pub String);

/// The key, if one was sent.
pub(crate) struct OptionalKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        key_in(&parts.headers).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        key_in(&parts.headers)?.map(Self).ok_or_else(|| {
            let message = "send an `Idempotency-Key` header, new for each thing you want done, the same when you repeat";
            ApiFailure::new(ErrorCode::IDEMPOTENCY_KEY_REQUIRED, message)
        })
    }
}

/// The key among `headers`; an unusable one is an error even where none is needed.
pub(crate) fn key_in(headers: &HeaderMap) -> Result<Option<String>, ApiFailure> {
    let refused = || {
        let message = "an `Idempotency-Key` is one header of 1 to 255 visible ASCII characters";
        ApiFailure::new(ErrorCode::IDEMPOTENCY_KEY_REQUIRED, message)
    };
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| refused())?;
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && values.next().is_none() { Ok(Some(text.to_owned())) } else { Err(refused()) }
}
