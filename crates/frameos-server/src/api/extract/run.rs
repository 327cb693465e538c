//! A run that asks for itself: its execution token, and its id in the path.
//!
//! Invariant: the token proves that one run and nothing else; accounts' tokens prove no run.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use frameos_app::{RUN_TOKEN_PREFIX, RunIdentity, run_authenticate};
use frameos_domain::id::kind;

use super::{PathId, bearer};
use crate::api::{Api, failure::ApiFailure};

/// The run in the path, which proved itself.
pub(crate) struct Run(pub RunIdentity);

impl FromRequestParts<Api> for Run {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let PathId(id) = PathId::<kind::Execution>::from_request_parts(parts, api).await?;
        // An empty token is none's.
        let token = token_in(parts).unwrap_or_default();
        Ok(Self(run_authenticate(&api.app, id, token).await?))
    }
}

/// Whether the request comes with an execution token, good or not.
pub(crate) fn is_run_token(parts: &Parts) -> bool {
    token_in(parts).is_some_and(|token| token.starts_with(RUN_TOKEN_PREFIX))
}

fn token_in(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()))
}
