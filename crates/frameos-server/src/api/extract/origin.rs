//! Where a request comes from: the network address and what the program calls itself.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use frameos_app::Origin;

use crate::{
    api::{Api, failure::ApiFailure},
    limit::ClientAddress,
};

/// The origin of the request.
pub(crate) struct From(pub Origin);

impl FromRequestParts<Api> for From {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let peer = parts.extensions.get::<ClientAddress>();
        let address = peer.map(|peer| api.proxies.client(peer.0.ip(), &parts.headers));
        let client = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Origin { address, client: client.map(str::to_owned) }))
    }
}
