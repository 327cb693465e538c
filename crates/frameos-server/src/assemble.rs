//! Makes the parts of a process from its configuration: data directory, keys, store, gateway, sandbox, application.
//!
//! Order matters: the directory is made and owned before a key is made in it, and the schema is right before anything reads.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use frameos_app::{App, HttpGateway, Mailer, Parts, PayoutSettings, PlatformKeys, Runner, Settings, Signer};
use frameos_domain::{
    client_key::client_signing_key_read,
    clock::Clock,
    es256::Es256Key,
    id::EventId,
    signing::{CurrentKeys, Keyring, SigningKey},
};
use frameos_gateway::{CashfreePayouts, Gateway, PaymentGateway, PayoutProvider, SandboxPayouts, x402};
use frameos_sandbox::{DockerConfig, Language, Sandbox, SandboxConfig, WarmConfig, runtime};
use frameos_store::{MasterKey, ObjectsConfig, Store, StoreConfig, clock::SystemClock};
use secrecy::ExposeSecret;

use crate::{
    config::{Backend, Config, ObjectsPlace, PayoutProviderKind, Role},
    data_dir::{DataDir, DataDirLock},
    error::ServeError,
    keyring::keyring_open,
    keys::{
        KeyError, es256_key_load_or_create, es256_key_shared, signing_key_load_or_create, signing_key_shared,
    },
    mailer::{FileMailer, SmtpMailer},
    master_keys::master_keys_or_create,
    master_rotation::master_key_agree,
    notice::notice,
    payment_providers::providers_build,
};

/// The directory, the store and the keys' folder: what every kind of process stands on.
pub(crate) struct Ground {
    pub data: DataDir,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub keys: std::path::PathBuf,
    /// Held while the process lives.
    lock: Option<DataDirLock>,
}

impl Ground {
    /// Whether no other process can be working on this database.
    pub(crate) const fn is_alone(&self) -> bool {
        self.lock.is_some()
    }
}

/// A process's parts, together.
pub(crate) struct Assembly {
    pub app: App,
    /// The gateway of this process, if payments stay in it.
    pub gateway: Option<Gateway>,
}

/// Opens the data directory and the store, and brings the schema up to date.
pub(crate) async fn ground_open(config: &Config) -> Result<Ground, ServeError> {
    let data = DataDir::open(&config.data_dir)?;
    data.whole()?;
    let url = database_url(config, &data);
    // PostgreSQL is made for several processes; a SQLite file is ours alone.
    let lock = if url.starts_with("sqlite:") { Some(data.lock()?) } else { None };
    let keys = data.folder("keys")?;
    let store = store_open(config, &data, url, &master_keys_or_create(config, &keys)?).await?;
    for name in store.migrate().await? {
        tracing::info!(migration = name, "schema changed");
    }
    master_key_agree(config, keys.clone(), &store).await?;
    Ok(Ground { data, store, clock: Arc::new(SystemClock), keys, lock })
}

/// The database's address; holds its password.
pub(crate) fn database_url(config: &Config, data: &DataDir) -> String {
    match &config.database_url {
        Some(url) => url.expose_secret().to_owned(),
        None => format!("sqlite:{}", data.path("frameos.db").display()),
    }
}

pub(crate) async fn store_open(
    config: &Config,
    data: &DataDir,
    database_url: String,
    master_keys: &[MasterKey],
) -> Result<Store, ServeError> {
    Ok(Store::open(store_config(config, data, database_url, master_keys)?).await?)
}

/// Opens the store of an installation without changing anything of it.
pub(crate) async fn store_look(
    config: &Config,
    data: &DataDir,
    database_url: String,
    master_keys: &[MasterKey],
) -> Result<Store, ServeError> {
    Ok(Store::open_to_read(store_config(config, data, database_url, master_keys)?).await?)
}

/// How the store is opened with the keys that are given, of which there is one at least.
pub(crate) fn store_config(
    config: &Config,
    data: &DataDir,
    database_url: String,
    master_keys: &[MasterKey],
) -> Result<StoreConfig, ServeError> {
    let (first, others) =
        master_keys.split_first().ok_or_else(|| KeyError::Missing { path: data.path("keys") })?;
    Ok(StoreConfig {
        database_url,
        master_key: first.clone(),
        older_master_keys: others.to_vec(),
        objects: objects_config(config, data)?,
    })
}

/// Where objects are.
pub(crate) fn objects_config(config: &Config, data: &DataDir) -> Result<ObjectsConfig, ServeError> {
    match (config.objects.s3(), &config.objects.place) {
        (Some(s3), _) => Ok(ObjectsConfig::S3(s3.map_err(|what| ServeError::Objects { what })?)),
        (None, Some(ObjectsPlace::Folder(folder))) => Ok(ObjectsConfig::Folder(folder.clone())),
        (None, _) => Ok(ObjectsConfig::Folder(data.path("objects"))),
    }
}

impl Ground {
    /// The gateway in this process.
    ///
    /// `address` is where webhooks of providers arrive, if anything listens.
    pub(crate) async fn gateway(
        &self,
        config: &Config,
        address: Option<SocketAddr>,
    ) -> Result<Gateway, ServeError> {
        let keys = self.keyring("gateway").await?;
        let providers = providers_build(config, &self.store, address).await?;
        let gateway = Gateway::with_providers(self.store.clone(), Arc::clone(&self.clock), keys, providers);
        let gateway = gateway.with_payouts(payout_provider(config)?).with_es256(self.es256_key().await?);
        Ok(match x402_offer(config)? {
            Some(x402) => gateway.with_x402(x402)?,
            None => gateway,
        })
    }

    /// The key for AP2's form.
    async fn es256_key(&self) -> Result<Es256Key, ServeError> {
        let name = "gateway-es256";
        Ok(if self.is_alone() {
            es256_key_load_or_create(&self.keys, name)?
        } else {
            es256_key_shared(&self.store, &self.keys, name).await?
        })
    }

    async fn keyring(&self, purpose: &'static str) -> Result<Keyring, ServeError> {
        Ok(keyring_open(&self.store, &self.keys, self.is_alone(), purpose, self.clock.now()).await?)
    }

    async fn signing_key(&self, name: &str) -> Result<SigningKey, ServeError> {
        Ok(if self.is_alone() {
            signing_key_load_or_create(&self.keys, name)?
        } else {
            signing_key_shared(&self.store, &self.keys, name).await?
        })
    }

    /// The application, reached at `address`.
    pub(crate) async fn assemble(
        &self,
        config: &Config,
        address: SocketAddr,
    ) -> Result<Assembly, ServeError> {
        let runner: Option<Arc<dyn Runner>> = if config.has_role(Role::Worker) {
            Some(Arc::new(sandbox_open(config, &self.data).await?))
        } else {
            None
        };
        let listens = config.has_role(Role::Api).then_some(address);
        let gateway =
            if config.gateway.url.is_none() { Some(self.gateway(config, listens).await?) } else { None };
        if gateway.is_none() && config.x402.facilitator_url.is_some() {
            return Err(ServeError::X402Elsewhere);
        }
        let payments = payments(config, gateway.as_ref(), Arc::clone(&self.clock))?;
        let keys = PlatformKeys {
            tokens: self.signing_key("tokens").await?,
            receipts: CurrentKeys::new(self.keyring("receipts").await?),
        };
        let app = App::new(Parts {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            payments,
            runner,
            keys,
            mailer: self.mailer(config, address)?,
            settings: self.settings(config, address)?,
        });
        Ok(Assembly { app, gateway })
    }

    fn mailer(&self, config: &Config, address: SocketAddr) -> Result<Arc<dyn Mailer>, ServeError> {
        if let Some(url) = &config.mail.smtp {
            let from = config.mail.from.as_deref();
            let mailer = SmtpMailer::new(url, from, &config.public_url_at(address));
            return Ok(Arc::new(mailer.map_err(ServeError::Mail)?));
        }
        let folder = match &config.mail.folder {
            Some(folder) => folder.clone(),
            None => self.data.folder("mail")?,
        };
        Ok(Arc::new(FileMailer::new(folder, Arc::clone(&self.clock))))
    }

    fn settings(&self, config: &Config, address: SocketAddr) -> Result<Settings, ServeError> {
        Ok(Settings {
            slots: config.worker.slots,
            starts_per_second: config.worker.starts_per_second,
            user_concurrency: config.queue.user_concurrency,
            agent_concurrency: config.queue.agent_concurrency,
            user_depth: config.queue.user_depth,
            free_patience: Duration::from_secs(config.queue.free_patience_seconds.into()),
            cache_dir: self.data.folder("cache")?,
            public_url: config.public_url_at(address),
            lease: Duration::from_secs(config.worker.lease_seconds.into()),
            // A process that died must not be taken for the one that follows it, not even under the same pid.
            host: host_name(),
            worker_name: format!("{}-{}", std::process::id(), EventId::generate(self.clock.now())),
            webhooks_allow_private: config.webhooks_allow_private,
            require_verified_email: config.require_verified_email.unwrap_or(config.mail.smtp.is_some()),
            hide_accounts: config.hide_accounts,
            payouts: PayoutSettings {
                minimum: config.payouts.minimum.into(),
                offset_minutes: config.payouts.offset_minutes,
                account_hold: Duration::from_secs(u64::from(config.payouts.account_hold_hours) * 3600),
            },
        })
    }
}

/// What is offered by x402, if it is on; all of it or nothing.
fn x402_offer(config: &Config) -> Result<Option<x402::X402Config>, ServeError> {
    let given = &config.x402;
    let Some(facilitator_url) = given.facilitator_url.clone() else { return Ok(None) };
    let needed =
        |value: &Option<String>, missing| value.clone().ok_or(ServeError::X402Incomplete { missing });
    if given.rates.is_empty() {
        return Err(ServeError::X402Incomplete { missing: "x402.rates" });
    }
    Ok(Some(x402::X402Config {
        facilitator_url,
        facilitator_token: given.facilitator_token.clone(),
        network: needed(&given.network, "x402.network")?,
        asset: needed(&given.asset, "x402.asset")?,
        asset_name: given.asset_name.clone(),
        asset_version: given.asset_version.clone(),
        pay_to: needed(&given.pay_to, "x402.pay_to")?,
        rates: given.rates.clone(),
        answer_timeout: Duration::from_secs(given.answer_seconds.into()),
        payer_runs: given.payer_runs,
        rpc_url: given.rpc_url.clone(),
    }))
}

/// The machine's name, as an operator knows it.
pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "unknown".to_owned() } else { name.trim().to_owned() }
}

fn payout_provider(config: &Config) -> Result<Arc<dyn PayoutProvider>, ServeError> {
    let payouts = &config.payouts;
    match (payouts.provider, &payouts.cashfree_client_id, &payouts.cashfree_client_secret) {
        (PayoutProviderKind::Sandbox, ..) => Ok(Arc::new(SandboxPayouts)),
        (PayoutProviderKind::Cashfree, Some(id), Some(secret)) => {
            Ok(Arc::new(CashfreePayouts::new(&payouts.cashfree_url, id.clone(), secret.clone())?))
        }
        (PayoutProviderKind::Cashfree, ..) => Err(ServeError::PayoutKeysMissing),
    }
}

fn payments(
    config: &Config,
    gateway: Option<&Gateway>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn PaymentGateway>, ServeError> {
    match (gateway, &config.gateway.url) {
        (Some(gateway), _) => Ok(Arc::new(gateway.clone())),
        (None, url) => {
            let url = url.as_deref().unwrap_or_default();
            let because = "`gateway.url`";
            let key = config.gateway.api_key.as_ref().ok_or(ServeError::ApiKeyMissing { because })?;
            let time_limit = Duration::from_millis(config.gateway.timeout_ms.into());
            let gateway = HttpGateway::new(url, key.clone())?.within(time_limit);
            // The configuration has checked that a given key can be read.
            let signing_key = config.gateway.signing_key.as_ref();
            let key = signing_key.and_then(|key| client_signing_key_read(key.expose_secret()).ok());
            Ok(match key {
                Some(key) => Arc::new(gateway.signing(Signer { key, clock })),
                None => Arc::new(gateway),
            })
        }
    }
}

/// Builds the runtimes that are missing and opens the sandbox, which proves that this machine can isolate.
async fn sandbox_open(config: &Config, data: &DataDir) -> Result<Sandbox, ServeError> {
    let state_dir = data.folder("sandbox")?;
    let runtimes_dir = data.folder("runtimes")?;
    let jail_path = config.sandbox.jail_path.clone();
    let folder = runtimes_dir.clone();
    let built = tokio::task::spawn_blocking(move || {
        for (language, name) in [(Language::Nodejs, "nodejs"), (Language::Python, "python")] {
            let mut progress = |line: &str| notice(&format!("runtime {name}: {line}"));
            runtime::ensure(&folder, language, None, &mut progress)
                .map_err(|source| ServeError::Runtime { language: name, source })?;
        }
        Ok::<(), ServeError>(())
    });
    built.await.map_err(ServeError::Ended)??;
    let warm = WarmConfig {
        per_runtime: config.sandbox.warm,
        memory_bytes: u64::from(config.sandbox.warm_memory_mb) << 20,
        idle: Duration::from_secs(config.sandbox.warm_idle_seconds.into()),
    };
    let docker = DockerConfig {
        socket: config.sandbox.docker_socket.clone(),
        oci_runtime: config.sandbox.oci_runtime.clone(),
    };
    let linux = SandboxConfig { jail_path, warm, ..SandboxConfig::new(state_dir, runtimes_dir) };
    let opened = match config.sandbox.backend {
        Backend::Auto => Sandbox::open_or_docker(linux, docker).await,
        Backend::Linux => Sandbox::open(linux).await,
        Backend::Docker => {
            let backend = frameos_sandbox::Backend::Docker(docker);
            Sandbox::open(SandboxConfig { backend, ..linux }).await
        }
    };
    let sandbox = opened.map_err(ServeError::Sandbox)?;
    tracing::info!(isolation = %sandbox.tier(), "agents run isolated");
    Ok(sandbox)
}
