//! The processes: all of FrameOS in one, a worker alone, the payment gateway alone.
//!
//! A process starts whole or not at all, says so in one line on stderr, and ends when its token is cancelled: it takes no new
//! requests and runs, and lets those under way finish for up to 30 seconds.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use frameos_app::{App, catalogue_follow, jobs_run, worker_recover, worker_run};
use frameos_domain::clock::Clock;
use frameos_gateway::{
    Gateway,
    client::{client_nonces_forget, clients_list},
};
use frameos_store::Store;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{Api, ApiParts, layers::RequestLimits, routes::router},
    assemble::{Assembly, Ground, ground_open},
    config::{Config, Role},
    error::ServeError,
    footprint::footprint_keep,
    gateway_api::{GatewayApi, GatewayApiParts, gateway_router},
    keyring::keyring_newer,
    limit::{Limits, Proxies, Shared},
    listener::{Connections, Tls, listener_bind, listener_serve},
    master_rotation::master_key_follow,
    metrics::{Exposition, HttpMetrics, metrics_router},
    notice::notice,
    readiness::Readiness,
    seeding::seed_if_new,
    telemetry::Telemetry,
};

/// How often holds that nobody captured or gave back are looked for.
const EXPIRY_EVERY: Duration = Duration::from_secs(30);
/// How long the proof of a refusal can be fetched.
const REFUSALS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How often a rotated key is looked for, and so how long the one before may still sign.
const KEYS_EVERY: Duration = Duration::from_secs(5);
/// How often top-ups are looked for that a provider is to be asked about.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Runs the roles of `config` until `shutdown`, and then tells what there is left to tell.
pub async fn serve(
    config: Config,
    telemetry: Telemetry,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let served = Box::pin(roles_serve(config, &telemetry, shutdown)).await;
    telemetry.flush().await;
    served
}

async fn roles_serve(
    config: Config,
    telemetry: &Telemetry,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let config_tls = config.server.tls_cert.is_some();
    let server = Server { telemetry: telemetry.clone(), ..Server::start(&config).await? };
    if let Some(gateway) = &server.gateway {
        // Worded so that a script waiting for the line below does not take this one for it.
        notice(&format!("payment gateway at {}", gateway.url()));
    }
    if let Some(address) = server.address() {
        let scheme = if config_tls { "https" } else { "http" };
        notice(&format!("listening on {scheme}://{address}"));
    }
    server.run(shutdown).await
}

/// Runs agents only.
pub async fn worker(
    config: Config,
    telemetry: Telemetry,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    serve(Config { roles: vec![Role::Worker], ..config }, telemetry, shutdown).await
}

/// The C layer alone, on `gateway.listen`, or `listen` when that is not set.
pub async fn gateway(
    config: Config,
    telemetry: Telemetry,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let served = Box::pin(gateway_serve(config, &telemetry, shutdown)).await;
    telemetry.flush().await;
    served
}

async fn gateway_serve(
    config: Config,
    telemetry: &Telemetry,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let ground = ground_open(&config).await?;
    let metrics = metrics_bind(&config).await?;
    let exposition = Exposition::new(&ground.store, None, config.metrics.token.clone(), telemetry);
    let listening = gateway_listen(&config, &ground, config.gateway.listen.unwrap_or(config.listen)).await?;
    let gateway = ground.gateway(&config, Some(listening.address)).await?;
    notice(&format!("listening on {}", listening.url()));
    let mut tasks = JoinSet::new();
    tasks.spawn(done(footprint_keep(shutdown.clone())));
    tasks.spawn(done(master_key_follow(ground.store.clone(), shutdown.clone())));
    let (store, followed) = (ground.store.clone(), Some(gateway.clone()));
    tasks.spawn(done(keys_follow(store, None, followed, shutdown.clone())));
    gateway_spawn(&mut tasks, &ground, gateway, Some((listening, exposition.http())), &shutdown);
    metrics_spawn(&mut tasks, &ground, metrics, exposition, &shutdown);
    tasks_join(tasks, &shutdown).await
}

/// A process that is ready: bound, migrated, seeded.
pub struct Server {
    config: Config,
    ground: Ground,
    assembly: Assembly,
    api: Option<Listening>,
    tls: Option<Tls>,
    gateway: Option<GatewayListening>,
    metrics: Option<Listening>,
    telemetry: Telemetry,
}

type Listening = (TcpListener, SocketAddr);

struct GatewayListening {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    api_key: Option<secrecy::SecretString>,
    per_second: u32,
}

impl GatewayListening {
    fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}

impl Server {
    /// Does everything but accept connections and start runs.
    pub async fn start(config: &Config) -> Result<Self, ServeError> {
        open_files_raise();
        let tls = tls_open("server", (&config.server.tls_cert, &config.server.tls_key))?;
        let ground = ground_open(config).await?;
        let api = if config.has_role(Role::Api) { Some(listener_bind(config.listen).await?) } else { None };
        let address = api.as_ref().map_or(config.listen, |(_, address)| *address);
        let assembly = ground.assemble(config, address).await?;
        if ground.is_alone() {
            let runs = worker_recover(&assembly.app).await.map_err(ServeError::Recover)?;
            if runs > 0 {
                tracing::info!(runs, "the last process left runs behind; they go on");
            }
        }
        let gateway = match config.gateway.listen {
            Some(address) if config.has_role(Role::Gateway) && assembly.gateway.is_some() => {
                Some(gateway_listen(config, &ground, address).await?)
            }
            _ => None,
        };
        let metrics = metrics_bind(config).await?;
        if config.has_role(Role::Api) {
            seed_if_new(config, &ground.data, &assembly.app).await?;
        }
        let (config, telemetry) = (config.clone(), Telemetry::default());
        Ok(Self { config, ground, assembly, api, tls, gateway, metrics, telemetry })
    }

    /// Where the API listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.api.as_ref().map(|(_, address)| *address)
    }

    /// Where the gateway's own interface listens.
    pub fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(|listening| listening.address)
    }

    /// Where `metrics.listen` is.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// Works until `shutdown`, or until a part fails.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        let Self { config, ground, assembly, api, tls, gateway, metrics, telemetry } = self;
        let token = config.metrics.token.clone();
        let exposition = Exposition::new(&ground.store, Some(assembly.app.clone()), token, &telemetry);
        let mut tasks = JoinSet::new();
        if let Some((listener, _)) = api {
            let writes = TaskTracker::new();
            let closing = closing_spawn(&mut tasks, &config, &shutdown);
            if let Some(tls) = tls.clone() {
                tasks.spawn(done(tls.follow(shutdown.clone())));
            }
            let limits = limits_open(&config)?;
            if let Some(shared) = limits.as_ref().and_then(|limits| limits.limits.shared()) {
                tasks.spawn(done(shared.clone().follow(shutdown.clone())));
            }
            let redis = limits.as_ref().and_then(|limits| limits.limits.shared().cloned());
            let readiness = Readiness::new(assembly.app.clone(), redis);
            let api = Api::new(ApiParts {
                readiness,
                app: assembly.app.clone(),
                clock: Arc::clone(&ground.clock),
                https: tls.is_some()
                    || config.public_url.as_deref().is_some_and(|url| url.starts_with("https://")),
                writes: writes.clone(),
                shutdown: closing.clone(),
                stopping: shutdown.clone(),
                cors_origins: config.server.cors_origins.clone(),
                exposition: exposition.clone(),
                limits,
                proxies: Proxies {
                    networks: config.server.trusted_proxies.clone(),
                    header: config.server.forwarded_header,
                },
            });
            let connections = Connections { tls, most: Some(config.server.max_connections) };
            tasks.spawn(listener_serve(listener, router(api), writes, closing, connections));
            tasks.spawn(done(catalogue_follow(assembly.app.clone(), shutdown.clone())));
        }
        tasks.spawn(done(footprint_keep(shutdown.clone())));
        tasks.spawn(done(master_key_follow(ground.store.clone(), shutdown.clone())));
        tasks.spawn(done(jobs_run(assembly.app.clone(), shutdown.clone())));
        let (app, in_process) = (Some(assembly.app.clone()), assembly.gateway.clone());
        tasks.spawn(done(keys_follow(ground.store.clone(), app, in_process, shutdown.clone())));
        if config.has_role(Role::Worker) {
            tasks.spawn(done(worker_run(assembly.app, shutdown.clone())));
        }
        if let Some(in_process) = assembly.gateway.filter(|_| config.has_role(Role::Gateway)) {
            let listening = gateway.map(|listening| (listening, exposition.http()));
            gateway_spawn(&mut tasks, &ground, in_process, listening, &shutdown);
        }
        metrics_spawn(&mut tasks, &ground, metrics, exposition, &shutdown);
        tasks_join(tasks, &shutdown).await
    }
}

/// A token that is cancelled some time after `shutdown`: until then the API goes on, says that it is not ready, and asks its
/// clients to come by other connections.
fn closing_spawn(
    tasks: &mut JoinSet<Result<(), ServeError>>,
    config: &Config,
    shutdown: &CancellationToken,
) -> CancellationToken {
    let delay = Duration::from_secs(config.server.shutdown_delay_seconds.into());
    if delay.is_zero() {
        return shutdown.clone();
    }
    let (closing, shutdown) = (CancellationToken::new(), shutdown.clone());
    let close = closing.clone();
    tasks.spawn(done(async move {
        shutdown.cancelled().await;
        tokio::time::sleep(delay).await;
        close.cancel();
    }));
    closing
}

/// Allows this process as many open files as it may have. Agents have a limit of their own.
fn open_files_raise() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(error = &error as &dyn std::error::Error, soft, "not more files can be open at once");
    }
}

type Pem = Option<std::path::PathBuf>;

fn tls_open(section: &'static str, (certificate, key): (&Pem, &Pem)) -> Result<Option<Tls>, ServeError> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(Tls::open(certificate, key)?)),
        (None, None) => Ok(None),
        _ => Err(ServeError::TlsIncomplete { section }),
    }
}

/// The counters of requests, if they are to be counted.
fn limits_open(config: &Config) -> Result<Option<RequestLimits>, ServeError> {
    if !config.limits.enabled {
        return Ok(None);
    }
    let shared = config.redis_url.as_ref().map(Shared::new).transpose().map_err(ServeError::Redis)?;
    Ok(Some(RequestLimits { config: config.limits.clone(), limits: Limits::new(shared) }))
}

async fn gateway_listen(
    config: &Config,
    ground: &Ground,
    address: SocketAddr,
) -> Result<GatewayListening, ServeError> {
    let because = "a gateway that listens";
    let api_key = config.gateway.api_key.clone();
    if api_key.is_none() && clients_list(&ground.store, ground.clock.now()).await?.is_empty() {
        return Err(ServeError::ApiKeyMissing { because });
    }
    let tls = tls_open("gateway", (&config.gateway.tls_cert, &config.gateway.tls_key))?;
    let (listener, address) = listener_bind(address).await?;
    let per_second = if config.limits.enabled { config.gateway.requests_per_second } else { 0 };
    Ok(GatewayListening { listener, address, tls, api_key, per_second })
}

/// Binds `metrics.listen`, if it is set, and says where.
async fn metrics_bind(config: &Config) -> Result<Option<Listening>, ServeError> {
    let Some(address) = config.metrics.listen else { return Ok(None) };
    let bound = listener_bind(address).await?;
    notice(&format!("metrics at http://{}/metrics", bound.1));
    Ok(Some(bound))
}

fn metrics_spawn(
    tasks: &mut JoinSet<Result<(), ServeError>>,
    ground: &Ground,
    bound: Option<Listening>,
    exposition: Exposition,
    shutdown: &CancellationToken,
) {
    if let Some((listener, _)) = bound {
        let router = metrics_router(exposition, Arc::clone(&ground.clock), shutdown.clone());
        let (writes, connections) = (TaskTracker::new(), Connections::default());
        tasks.spawn(listener_serve(listener, router, writes, shutdown.clone(), connections));
    }
}

fn gateway_spawn(
    tasks: &mut JoinSet<Result<(), ServeError>>,
    ground: &Ground,
    gateway: Gateway,
    listening: Option<(GatewayListening, HttpMetrics)>,
    shutdown: &CancellationToken,
) {
    let clock = Arc::clone(&ground.clock);
    if let Some((GatewayListening { listener, tls, api_key, per_second, .. }, http)) = listening {
        let writes = TaskTracker::new();
        let api = GatewayApi::new(GatewayApiParts {
            gateway: gateway.clone(),
            store: ground.store.clone(),
            clock: Arc::clone(&clock),
            api_key,
            per_second,
            writes: writes.clone(),
            http,
            stopping: shutdown.clone(),
        });
        if let Some(tls) = tls.clone() {
            tasks.spawn(done(tls.follow(shutdown.clone())));
        }
        let connections = Connections { tls, most: None };
        tasks.spawn(listener_serve(listener, gateway_router(api), writes, shutdown.clone(), connections));
    }
    tasks.spawn(done(top_ups_reconcile(gateway.clone(), Arc::clone(&clock), shutdown.clone())));
    let (shutdown, store) = (shutdown.clone(), ground.store.clone());
    tasks.spawn(done(async move {
        loop {
            if let Err(error) = client_nonces_forget(&store, clock.now()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "used nonces were not forgotten");
            }
            match gateway.mandates_expire(clock.now()).await {
                Ok(0) => {}
                Ok(expired) => tracing::info!(expired, "holds were given back"),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "holds were not looked at");
                }
            }
            if let Err(error) = gateway.checkpoint_issue().await {
                tracing::error!(error = &error as &dyn std::error::Error, "the ledger got no checkpoint");
            }
            if let Err(error) = gateway.refusals_prune(clock.now().minus(REFUSALS_KEPT)).await {
                tracing::error!(error = &error as &dyn std::error::Error, "old refusals were not removed");
            }
            tokio::select! {
                () = tokio::time::sleep(EXPIRY_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }));
}

/// Has the parts of this process sign with the newest keys, and keeps what is published of a gateway elsewhere fresh.
async fn keys_follow(store: Store, app: Option<App>, gateway: Option<Gateway>, shutdown: CancellationToken) {
    loop {
        if let Some(gateway) = &gateway {
            match keyring_newer(&store, "gateway", &gateway.key_id()).await {
                Ok(newer) => newer.into_iter().for_each(|keys| gateway.keys_replace(keys)),
                Err(error) => keys_unknown(&error),
            }
        }
        if let Some(app) = &app {
            match keyring_newer(&store, "receipts", &app.receipt_key_id()).await {
                Ok(newer) => newer.into_iter().for_each(|keys| app.receipt_keys_replace(keys)),
                Err(error) => keys_unknown(&error),
            }
            if let Err(error) = app.gateway_keys_refresh().await {
                keys_unknown(&error);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(KEYS_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Asks providers how top-ups stand whose end nobody reported.
async fn top_ups_reconcile(gateway: Gateway, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    loop {
        match gateway.top_ups_reconcile(clock.now()).await {
            Ok(done) if done.paid + done.ended > 0 => {
                tracing::info!(paid = done.paid, ended = done.ended, "top-ups were looked up");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "top-ups were not looked up");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

fn keys_unknown(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "it is not known whether a key was rotated");
}

async fn done(work: impl Future<Output = ()>) -> Result<(), ServeError> {
    work.await;
    Ok(())
}

/// Waits for every part. The first that fails, or ends without being asked to, stops the others.
async fn tasks_join(
    mut tasks: JoinSet<Result<(), ServeError>>,
    shutdown: &CancellationToken,
) -> Result<(), ServeError> {
    let mut outcome = Ok(());
    while let Some(joined) = tasks.join_next().await {
        let ended = joined.map_err(ServeError::Ended).and_then(|ended| ended);
        if outcome.is_ok() {
            outcome = ended;
        }
        shutdown.cancel();
    }
    outcome
}
