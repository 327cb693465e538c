//! The application: everything the use cases need, in one cheap handle.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use frameos_domain::{
    clock::{Clock, Timestamp},
    signing::{CurrentKeys, KeySet, Keyring, SigningKey},
};
use frameos_gateway::PaymentGateway;
use frameos_store::{Store, job::JobQueue};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    catalogue::Catalogue, error::Result, mail::Mailer, manifest_cache::ManifestCache, metrics::Metrics,
    run_event::Watchers, run_token::Paces, runner::Runner, token::TokenCache, turns::Turns, webhook::Room,
};

/// What the process hands in.
pub struct Parts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub payments: Arc<dyn PaymentGateway>,
    /// Absent in a process that runs no agents.
    pub runner: Option<Arc<dyn Runner>>,
    pub keys: PlatformKeys,
    pub mailer: Arc<dyn Mailer>,
    pub settings: Settings,
}

/// The platform's own signing keys; the gateway has another.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Signs access tokens and mail links.
    pub tokens: SigningKey,
    /// Sign run receipts.
    pub receipts: CurrentKeys,
}

/// What an operator may set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Runs at the same time in one worker.
    pub slots: usize,
    /// Runs started per second by one worker; 0 switches the limit off.
    pub starts_per_second: u32,
    /// Unpacked bundles.
    pub cache_dir: PathBuf,
    /// The base URL people reach this installation at.
    pub public_url: String,
    /// How long a worker may be silent before its runs are given to another.
    pub lease: Duration,
    /// Runs of one user at the same time, in all workers; 0 for no bound.
    pub user_concurrency: u32,
    /// Runs of one agent at the same time, in all workers; 0 for no bound.
    pub agent_concurrency: u32,
    /// Runs that one user may have waiting and going on.
    pub user_depth: u32,
    /// After how long a free run gets a turn before paid ones.
    pub free_patience: Duration,
    /// Names this worker in leases.
    pub worker_name: String,
    /// Lets webhooks lead to private addresses, any port and plain HTTP.
    pub webhooks_allow_private: bool,
    /// Whether publishing and paying take a proved e-mail address.
    pub require_verified_email: bool,
    /// Whether nobody learns who has an account by registering; accounts are of use once their address is proved.
    pub hide_accounts: bool,
    /// The machine's name, for operators.
    pub host: String,
    pub payouts: PayoutSettings,
}

/// When and how much developers are paid. The same in every process.
#[derive(Debug, Clone, Copy)]
pub struct PayoutSettings {
    /// Minor units; less is kept for the next period.
    pub minimum: i64,
    /// How far the clocks that Mondays begin by are ahead of UTC.
    pub offset_minutes: i32,
    /// How long nothing is paid to an account that was just set.
    pub account_hold: Duration,
}

/// A handle on the application; clones share everything.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Arc<dyn Clock>,
    payments: Arc<dyn PaymentGateway>,
    pub(crate) runner: Option<Arc<dyn Runner>>,
    pub(crate) keys: Arc<PlatformKeys>,
    /// What a gateway elsewhere signs with.
    gateway_keys: Arc<RwLock<KeySet>>,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) settings: Arc<Settings>,
    metrics: Metrics,
    /// Password hashing takes a core and 19 MB each; two at a time keep a flood of log-ins from starving the rest.
    pub(crate) hashing: Arc<Semaphore>,
    /// Made at the first delivery: it reads the system's certificates, which not every machine has or needs.
    pub(crate) webhook_client: Arc<OnceCell<reqwest::Client>>,
    pub(crate) webhook_room: Room,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) manifests: ManifestCache,
    /// Bundles that are being fetched, by their hash.
    pub(crate) fetches: Turns,
    /// Clearing logs of all inputs can take tens of megabytes; one at a time.
    pub(crate) clearing: Arc<Semaphore>,
    /// Checks of bundles that are not submitted: a scan takes a core for seconds, and one is had for the asking.
    pub(crate) checking: Arc<Semaphore>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) paces: Arc<Paces>,
    pub(crate) tokens: TokenCache,
    pub(crate) jobs: JobQueue,
}

impl App {
    /// Must be called inside a Tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let jobs = JobQueue::open(parts.store.clone());
        Self {
            store: parts.store,
            clock: parts.clock,
            payments: parts.payments,
            runner: parts.runner,
            keys: Arc::new(parts.keys),
            gateway_keys: Arc::default(),
            mailer: parts.mailer,
            settings: Arc::new(parts.settings),
            metrics: Metrics::default(),
            hashing: Arc::new(Semaphore::new(2)),
            webhook_client: Arc::default(),
            webhook_room: Room::default(),
            catalogue: Arc::default(),
            manifests: ManifestCache::default(),
            fetches: Turns::default(),
            clearing: Arc::new(Semaphore::new(1)),
            checking: Arc::new(Semaphore::new(1)),
            watchers: Arc::default(),
            paces: Arc::default(),
            tokens: TokenCache::default(),
            jobs,
        }
    }

    /// The public keys of run receipts and of the gateway's mandates and receipts. Those of a gateway elsewhere are as
    /// [`App::gateway_keys_refresh`] last found them.
    pub fn public_keys(&self) -> KeySet {
        let mut set = self.keys.receipts.get().set();
        let gateway = match self.payments.in_store(&self.store) {
            Some(gateway) => gateway.jwks(),
            None => self.gateway_keys.read().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        set.keys.extend(gateway.keys);
        set
    }

    /// Asks a gateway elsewhere which keys it signs with.
    pub async fn gateway_keys_refresh(&self) -> Result<()> {
        if self.payments.in_store(&self.store).is_none() {
            let found = self.payments.jwks().await?;
            *self.gateway_keys.write().unwrap_or_else(PoisonError::into_inner) = found;
        }
        Ok(())
    }

    /// The id of the key that signs run receipts.
    pub fn receipt_key_id(&self) -> String {
        self.keys.receipts.get().active.public().kid()
    }

    /// Signs run receipts with another key from now on, here and in every clone.
    pub fn receipt_keys_replace(&self, keys: Keyring) {
        self.keys.receipts.replace(keys);
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn payments(&self) -> &dyn PaymentGateway {
        self.payments.as_ref()
    }

    /// Where people and their programs find this installation, without a `/` at its end.
    pub fn public_url(&self) -> &str {
        self.settings.public_url.trim_end_matches('/')
    }

    /// Whether publishing and paying take a proved e-mail address.
    pub fn requires_verified_email(&self) -> bool {
        self.settings.require_verified_email
    }

    /// The isolation agents run under in this process; `None` when it runs none.
    pub fn isolation(&self) -> Option<String> {
        self.runner.as_ref().map(|runner| runner.tier())
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
