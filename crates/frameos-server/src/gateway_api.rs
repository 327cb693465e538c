//! The HTTP interface of the C layer, on a listener of its own: the routes and their handlers over [`ClientGateway`].
//!
//! Every route but the key set and the health check asks for an API key (`client.rs`): the configured one acts for the
//! platform's own accounts, a client's for the accounts of that client. Handlers reach the gateway only as the client may.
//!
//! [`ClientGateway`]: frameos_gateway::ClientGateway

mod client;
mod limit;
mod routes;

use std::sync::Arc;

use frameos_domain::{clock::Clock, signing::KeySet};
use frameos_gateway::{
    Gateway, GatewayError,
    wire::{ProviderWebhook, WebhookTaken},
};
use frameos_store::Store;
use secrecy::SecretString;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use client::Client;
use limit::Limits;
pub use routes::{GatewayRoute, gateway_router, gateway_routes};

use crate::metrics::HttpMetrics;

/// What the gateway's handlers can reach.
#[derive(Clone)]
pub struct GatewayApi(Arc<Inner>);

/// What the process hands to the gateway's HTTP interface.
pub struct GatewayApiParts {
    pub gateway: Gateway,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    /// Of the platform's own accounts; without one there are only clients.
    pub api_key: Option<SecretString>,
    /// Requests a second for each client that has no limit of its own; 0 is no limit.
    pub per_second: u32,
    /// Requests that change something and are under way.
    pub writes: TaskTracker,
    pub http: HttpMetrics,
    /// Cancelled once the process is to stop.
    pub stopping: CancellationToken,
}

/// The gateway is in here for `client.rs` alone: handlers are given what their client may do.
struct Inner {
    gateway: Gateway,
    store: Store,
    clock: Arc<dyn Clock>,
    api_key: Option<SecretString>,
    limits: Limits,
    writes: TaskTracker,
    http: HttpMetrics,
    stopping: CancellationToken,
}

impl GatewayApi {
    pub fn new(parts: GatewayApiParts) -> Self {
        Self(Arc::new(Inner {
            gateway: parts.gateway,
            store: parts.store,
            clock: parts.clock,
            api_key: parts.api_key,
            limits: Limits::new(parts.per_second),
            writes: parts.writes,
            http: parts.http,
            stopping: parts.stopping,
        }))
    }

    /// A provider signs its reports itself, and is no client.
    async fn provider_webhook(&self, webhook: ProviderWebhook) -> Result<WebhookTaken, GatewayError> {
        self.0.gateway.provider_webhook(webhook).await
    }

    fn jwks(&self) -> KeySet {
        self.0.gateway.jwks()
    }
}
