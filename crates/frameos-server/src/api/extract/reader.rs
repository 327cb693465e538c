//! Who may read the run in the path: the user whose it is, or whoever holds its read token.
//!
//! Invariant: a read token opens the run it names and no other; for any other it is as if there were none.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use frameos_app::{READ_TOKEN_PREFIX, read_token_verify};
use frameos_domain::id::{UserId, kind};

use super::{PathId, User, bearer};
use crate::api::{Api, failure::ApiFailure};

/// The owner of the run, for whom its reader stands.
pub(crate) struct Reader {
    pub user: UserId,
    /// Whether it came by a read token, so the run was paid for by x402.
    pub pays: bool,
}

impl FromRequestParts<Api> for Reader {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        let Some(token) = token.filter(|token| token.starts_with(READ_TOKEN_PREFIX)) else {
            let User(user) = User::from_request_parts(parts, api).await?;
            return Ok(Self { user, pays: false });
        };
        let (run, user) = read_token_verify(&api.app, token)?;
        let PathId(asked) = PathId::<kind::Execution>::from_request_parts(parts, api).await?;
        if run == asked { Ok(Self { user, pays: true }) } else { Err(ApiFailure::not_found()) }
    }
}
