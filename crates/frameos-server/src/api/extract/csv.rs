//! Whether an answer is wanted as a table for spreadsheets: `Accept: text/csv`, `?format=csv`, or `.csv` after the path's id.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use frameos_domain::id::{Id, Kind};

use super::PathText;
use crate::api::failure::ApiFailure;

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

/// The path's one parameter, an id of kind `K`, with or without `.csv` after it.
pub(crate) struct PathFile<K>(pub Id<K>, pub Format);

impl<S: Send + Sync> FromRequestParts<S> for Format {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        let accepted = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let is_csv = |entry: &str| {
            entry.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
        };
        let is_asked =
            parts.uri.query().is_some_and(|query| query.split('&').any(|part| part == "format=csv"));
        let is_accepted = accepted.flat_map(|value| value.split(',')).any(is_csv);
        Ok(if is_asked || is_accepted { Self::Csv } else { Self::Json })
    }
}

impl<S: Send + Sync, K: Kind> FromRequestParts<S> for PathFile<K> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let asked = Format::from_request_parts(parts, state).await?;
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        let (id, format) = text.strip_suffix(".csv").map_or((text.as_str(), asked), |id| (id, Format::Csv));
        id.parse().map(|id| Self(id, format)).map_err(|_| ApiFailure::not_found())
    }
}
