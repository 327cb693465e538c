//! The HTTP interface of the C layer, on a listener of its own: the routes and their handlers over [`Gateway`].
//!
//! Every route but the key set and the health check asks for the API key, compared in constant time; whoever holds it may
//! act for every account, so this listener belongs in a private network.

mod routes;

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use frameos_contract::ErrorCode;
use frameos_domain::clock::Clock;
use frameos_gateway::Gateway;
use secrecy::SecretString;
use tokio_util::task::TaskTracker;

pub use routes::{GatewayRoute, gateway_router, gateway_routes};

use crate::{
    api::{extract::bearer_is, failure::ApiFailure},
    metrics::HttpMetrics,
};

/// What the gateway's handlers can reach.
#[derive(Clone)]
pub struct GatewayApi(Arc<GatewayApiParts>);

/// What the process hands to the gateway's HTTP interface.
pub struct GatewayApiParts {
    pub gateway: Gateway,
    pub clock: Arc<dyn Clock>,
    pub api_key: SecretString,
    /// Requests that change something and are under way.
    pub writes: TaskTracker,
    pub http: HttpMetrics,
}

impl GatewayApi {
    pub fn new(parts: GatewayApiParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for GatewayApi {
    type Target = GatewayApiParts;

    fn deref(&self) -> &GatewayApiParts {
        &self.0
    }
}

/// A caller that holds the API key.
pub struct Platform;

impl FromRequestParts<GatewayApi> for Platform {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &GatewayApi) -> Result<Self, ApiFailure> {
        if bearer_is(&parts.headers, &api.api_key) {
            return Ok(Self);
        }
        Err(ApiFailure::new(ErrorCode::UNAUTHENTICATED, "send `Authorization: Bearer <gateway API key>`"))
    }
}
