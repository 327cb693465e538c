//! The HTTP interface of the marketplace: routes, extractors, one handler file per noun.
//!
//! A handler extracts, makes one call of `frameos-app` and turns its result into a response. No SQL, no business decision.

mod account;
mod admin;
mod agent;
mod deployment;
mod description;
mod developer;
mod execution;
mod export;
pub(crate) mod extract;
pub(crate) mod failure;
pub(crate) mod layers;
mod needs;
pub mod openapi;
mod operations;
mod password;
mod payout;
mod personal_token;
pub(crate) mod provider;
mod refund;
pub(crate) mod reply;
pub mod routes;
mod run_event;
mod second_factor;
mod session;
mod subscription;
mod user_review;
mod wallet;
mod webhook;
mod x402;

use std::sync::Arc;

use frameos_app::App;
use frameos_domain::clock::Clock;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{description::Description, layers::RequestLimits};
use crate::{limit::Proxies, metrics::Exposition, readiness::Readiness};

/// What every handler can reach; clones share everything.
#[derive(Clone)]
pub struct Api(Arc<(ApiParts, Description)>);

/// What the process hands to the HTTP interface.
pub struct ApiParts {
    pub app: App,
    pub clock: Arc<dyn Clock>,
    /// Whether clients come by HTTPS, so that they may be told to stay with it.
    pub https: bool,
    /// Requests that change something and are under way.
    pub writes: TaskTracker,
    /// Ends waiting requests when the listener closes.
    pub shutdown: CancellationToken,
    /// Cancelled once the process is to stop, before `shutdown`.
    pub stopping: CancellationToken,
    /// Origins whose pages may read answers.
    pub cors_origins: Vec<String>,
    pub exposition: Exposition,
    pub(crate) readiness: Readiness,
    /// `None`: requests are not counted.
    pub(crate) limits: Option<RequestLimits>,
    pub(crate) proxies: Proxies,
}

impl Api {
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new((parts, Description::default())))
    }

    pub(crate) fn description(&self) -> &Description {
        &self.0.1
    }
}

impl std::ops::Deref for Api {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0.0
    }
}
