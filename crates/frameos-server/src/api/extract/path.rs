//! Path parameters, typed. What is not an id of the right kind names nothing: 404, never 400. Nor does a text with U+0000,
//! which must not reach the database.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use frameos_domain::id::{Id, Kind};

use crate::api::failure::ApiFailure;

/// The path's one parameter, an id of kind `K`.
pub(crate) struct PathId<K>(pub Id<K>);

/// The path's one parameter, a slug or an id.
pub(crate) struct PathText(pub String);

/// The path's two parameters.
pub(crate) struct PathTexts(pub String, pub String);

/// The path's two parameters, ids of kind `K` and `L`.
pub(crate) struct PathIds<K, L>(pub Id<K>, pub Id<L>);

impl<S: Send + Sync, K: Kind> FromRequestParts<S> for PathId<K> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| ApiFailure::not_found())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiFailure::not_found())?;
        if text.contains('\0') { Err(ApiFailure::not_found()) } else { Ok(Self(text)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathTexts {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiFailure::not_found())?;
        if first.contains('\0') || second.contains('\0') {
            return Err(ApiFailure::not_found());
        }
        Ok(Self(first, second))
    }
}

impl<S: Send + Sync, K: Kind, L: Kind> FromRequestParts<S> for PathIds<K, L> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let PathTexts(first, second) = PathTexts::from_request_parts(parts, state).await?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(ApiFailure::not_found()),
        }
    }
}
