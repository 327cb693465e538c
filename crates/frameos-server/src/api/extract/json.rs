//! JSON bodies, typed, with errors that say what is wrong.
//!
//! 408 when it comes too slowly, 413 over the route's limit, 415 for a content type that is not JSON (a missing one is taken for JSON), 400 `INVALID_JSON`
//! for what is not JSON, 400 `INVALID_REQUEST` for JSON of the wrong shape or with the character U+0000 in it, which
//! PostgreSQL cannot store.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use frameos_contract::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::api::{failure::ApiFailure, layers::is_slow};

/// The body as `T`.
pub(crate) struct Json<T>(pub T);

/// The body as `T`, or `T`'s default when there is no body.
pub(crate) struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Serialize> FromRequest<S> for Json<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        content_type_check(request.headers())?;
        parse(&body_bytes(request, state).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Serialize + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        let typed = content_type_check(request.headers());
        let bytes = body_bytes(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        parse(&bytes).map(Self)
    }
}

/// The whole body, within the route's limit.
pub(crate) async fn body_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiFailure> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiFailure::new(ErrorCode::PAYLOAD_TOO_LARGE, "the body is larger than this request may be")
        } else if is_slow(&rejection) {
            ApiFailure::new(ErrorCode::REQUEST_TIMEOUT, "the body came too slowly; send it again")
        } else {
            ApiFailure::new(ErrorCode::INVALID_REQUEST, "the body could not be read to its end")
        }
    })
}

fn content_type_check(headers: &HeaderMap) -> Result<(), ApiFailure> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let media = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let json = media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"));
    if json {
        return Ok(());
    }
    Err(ApiFailure::new(ErrorCode::UNSUPPORTED_MEDIA_TYPE, "send JSON with `Content-Type: application/json`"))
}

fn parse<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, ApiFailure> {
    let parsed: T = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => {
            ApiFailure::new(ErrorCode::INVALID_REQUEST, format!("the body does not fit: {error}"))
        }
        _ => ApiFailure::new(ErrorCode::INVALID_JSON, format!("the body is not JSON: {error}")),
    })?;
    // In a field that nobody reads it does no harm.
    if has_nul(bytes) && serde_json::to_vec(&parsed).is_ok_and(|read| has_nul(&read)) {
        return Err(ApiFailure::new(
            ErrorCode::INVALID_REQUEST,
            "the body has the character U+0000 (`\\u0000`) in a text; leave it out",
        ));
    }
    Ok(parsed)
}

/// Whether a text in this valid JSON has the character U+0000, which can only be there as an escape.
fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if rest.starts_with(b"u0000") {
            return true;
        }
        // What was escaped may be a backslash, which then escapes nothing.
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_nul;

    #[test]
    fn only_an_escape_that_is_one_counts() {
        for with in [r#""\u0000""#, r#"{"a\u0000": 1}"#, r#"["\\\u0000"]"#, r#""\n\u0000x""#] {
            assert!(has_nul(with.as_bytes()), "{with}");
        }
        for without in [r#""u0000""#, r#""\\u0000""#, r#""\u0001 \" \\""#, "1", ""] {
            assert!(!has_nul(without.as_bytes()), "{without}");
        }
    }
}
