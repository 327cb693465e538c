//! Query strings, typed: 400 `INVALID_REQUEST` that names the parameter's problem. The character U+0000 is one in any.

use axum::{
    extract::{FromRequestParts, Query as AxumQuery, rejection::QueryRejection},
    http::request::Parts,
};
use frameos_contract::ErrorCode;
use serde::de::DeserializeOwned;

use crate::api::failure::ApiFailure;

/// The query string as `T`.
pub(crate) struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let what = "the query has the character U+0000 (`%00`) in it; leave it out";
            return Err(ApiFailure::new(ErrorCode::INVALID_REQUEST, what));
        }
        let AxumQuery(query) = AxumQuery::<T>::from_request_parts(parts, state).await.map_err(refused)?;
        Ok(Self(query))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn refused(rejection: QueryRejection) -> ApiFailure {
    let text = rejection.body_text();
    let what = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, what)| what);
    ApiFailure::new(ErrorCode::INVALID_REQUEST, format!("the query does not fit: {what}"))
}
