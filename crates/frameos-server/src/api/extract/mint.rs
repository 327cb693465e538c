//! The ids that what a request makes is to have: those its `Idempotency-Key` gives, or new ones.

use axum::{extract::FromRequestParts, http::request::Parts};
use frameos_app::Mint;

use super::IdempotencyKey;
use crate::api::{Api, failure::ApiFailure};

/// See [`Mint`].
pub(crate) struct Minted(pub Mint);

/// The same where the key is required.
pub(crate) struct KeyedMint(pub Mint);

impl FromRequestParts<Api> for KeyedMint {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        IdempotencyKey::from_request_parts(parts, api).await?;
        let Minted(mint) = Minted::from_request_parts(parts, api).await?;
        Ok(Self(mint))
    }
}

impl FromRequestParts<Api> for Minted {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let minted = parts.extensions.get::<Mint>().copied();
        Ok(Self(minted.unwrap_or_else(|| Mint::fresh(api.clock.now()))))
    }
}
