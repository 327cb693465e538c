//! Where a request comes from: the network address and what the program calls itself.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header, request::Parts},
};
use frameos_app::Origin;

use crate::api::failure::ApiFailure;

/// The origin of the request.
pub(crate) struct From(pub Origin);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let client = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Origin { address: peer.map(|peer| peer.0.ip()), client: client.map(str::to_owned) }))
    }
}
