//! The one configuration tree of every process, and where its values come from.
//!
//! Invariants: built-in defaults < file < environment < flags; an unknown key or a value that does not fit is an error that
//! names the key, its source and what is allowed; secrets are types that cannot be printed. The environment is read nowhere else.

mod key;
mod limits;
mod load;
mod network;
mod objects;
mod providers;
mod read;
mod server;
mod show;
mod telemetry;
mod x402;

use std::{net::SocketAddr, path::PathBuf};

use secrecy::SecretString;
use thiserror::Error;

pub use key::{KEYS, Key};
pub use limits::{LimitClass, LimitsConfig, Rate};
pub use load::environment;
pub(crate) use network::address_block;
pub use network::{ForwardedHeader, Network};
pub use objects::{Bucket, ObjectsConfig, ObjectsPlace};
pub use providers::{CashfreeKeys, ProviderName, ProvidersConfig, StripeKeys};
pub use server::ServerConfig;
pub use telemetry::{LogConfig, TelemetryConfig};
pub use x402::X402Config;

/// The file that documents every key, with the built-in defaults.
pub const DEFAULT_FILE: &str = include_str!("../frameos.default.toml");

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Api,
    Worker,
    Gateway,
}

/// How agents are isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// `Linux`, or `Docker` where the machine does not support it and an engine answers.
    Auto,
    Linux,
    Docker,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// What an empty data directory is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// The bundled agents and three accounts.
    Demo,
    /// The admin account only.
    None,
}

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub roles: Vec<Role>,
    /// Where clients reach the API, without a trailing slash; `None`: `http://` or, with TLS, `https://`, and `listen`.
    pub public_url: Option<String>,
    /// `None`: SQLite in the data directory. May hold a password.
    pub database_url: Option<SecretString>,
    pub objects: ObjectsConfig,
    pub gateway: GatewayConfig,
    pub providers: ProvidersConfig,
    pub sandbox: SandboxConfig,
    pub worker: WorkerConfig,
    pub queue: QueueConfig,
    pub metrics: MetricsConfig,
    /// 32 bytes in hex or base64; `None`: generated into the data directory.
    pub master_key: Option<SecretString>,
    pub mail: MailConfig,
    /// `None`: where mail goes to a mail server.
    pub require_verified_email: Option<bool>,
    /// Registering tells nobody whether an address has an account.
    pub hide_accounts: bool,
    /// Lets webhooks lead to private addresses, any port and plain HTTP.
    pub webhooks_allow_private: bool,
    pub x402: X402Config,
    pub server: ServerConfig,
    pub limits: LimitsConfig,
    /// Where processes count together. May hold a password.
    pub redis_url: Option<SecretString>,
    pub payouts: PayoutConfig,
    pub log: LogConfig,
    pub telemetry: TelemetryConfig,
    pub seed: Seed,
}

/// The C layer: where it is, or where it listens.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// A C layer reached by HTTP instead of the one in this process.
    pub url: Option<String>,
    /// The bearer secret between the platform and the C layer.
    pub api_key: Option<SecretString>,
    /// Signs requests to the C layer at `url`.
    pub signing_key: Option<SecretString>,
    /// How long a call of the C layer at `url` may take, its repetitions included.
    pub timeout_ms: u32,
    /// Serves the C layer's own HTTP interface here.
    pub listen: Option<SocketAddr>,
    /// PEM files; both or none.
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Of each client that has no limit of its own; 0 is no limit.
    pub requests_per_second: u32,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            url: None,
            api_key: None,
            signing_key: None,
            timeout_ms: 8_000,
            listen: None,
            tls_cert: None,
            tls_key: None,
            requests_per_second: 500,
        }
    }
}

#[derive(Debug, Clone)]
pub struct SandboxConfig {
    pub backend: Backend,
    /// `None`: `frameos-jail` beside the running binary.
    pub jail_path: Option<PathBuf>,
    /// Interpreters of each runtime that wait for a run, booted; 0 is none.
    pub warm: usize,
    /// What all that wait may hold in memory, MiB.
    pub warm_memory_mb: u32,
    /// After so many seconds one that waits is replaced.
    pub warm_idle_seconds: u32,
    /// Where a Docker Engine listens.
    pub docker_socket: PathBuf,
    /// `None`: the engine's own choice.
    pub oci_runtime: Option<String>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            jail_path: None,
            warm: 2,
            warm_memory_mb: 512,
            warm_idle_seconds: 600,
            docker_socket: PathBuf::from("/var/run/docker.sock"),
            oci_runtime: None,
        }
    }
}

/// What the queue allows each user and agent. To be the same in every process.
#[derive(Debug, Clone, Copy)]
pub struct QueueConfig {
    pub user_concurrency: u32,
    pub agent_concurrency: u32,
    pub user_depth: u32,
    pub free_patience_seconds: u32,
}

#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Runs at the same time.
    pub slots: usize,
    /// New runs per second; 0 is no limit.
    pub starts_per_second: u32,
    /// How long a worker may be silent before its runs are given to another.
    pub lease_seconds: u32,
}

/// Who sends developers' money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutProviderKind {
    /// Nobody: test money.
    Sandbox,
    Cashfree,
}

/// When, how much and by whom developers are paid. To be the same in every process.
#[derive(Debug, Clone)]
pub struct PayoutConfig {
    pub provider: PayoutProviderKind,
    /// Minor units.
    pub minimum: u32,
    /// Minutes that the clocks Mondays begin by are ahead of UTC.
    pub offset_minutes: i32,
    pub account_hold_hours: u32,
    pub cashfree_url: String,
    pub cashfree_client_id: Option<String>,
    pub cashfree_client_secret: Option<SecretString>,
}

impl Default for PayoutConfig {
    fn default() -> Self {
        Self {
            provider: PayoutProviderKind::Sandbox,
            minimum: 50_000,
            offset_minutes: 330,
            account_hold_hours: 72,
            cashfree_url: "https://api.cashfree.com/payout".to_owned(),
            cashfree_client_id: None,
            cashfree_client_secret: None,
        }
    }
}

/// Where mail goes.
#[derive(Debug, Clone, Default)]
pub struct MailConfig {
    /// `None`: the data directory's `mail` folder, or `smtp`.
    pub folder: Option<PathBuf>,
    /// The mail server's URL, with its password.
    pub smtp: Option<SecretString>,
    /// Who mails are from; `None`: `no-reply@` and the host of the public URL.
    pub from: Option<String>,
}

/// Who may read what a process counts.
#[derive(Debug, Clone, Default)]
pub struct MetricsConfig {
    /// Serves `/metrics` and `/healthz` here, in any process.
    pub listen: Option<SocketAddr>,
    /// The bearer secret that `/metrics` asks for.
    pub token: Option<SecretString>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("./data"),
            roles: vec![Role::Api, Role::Worker, Role::Gateway],
            public_url: None,
            database_url: None,
            objects: ObjectsConfig::default(),
            gateway: GatewayConfig::default(),
            providers: ProvidersConfig::default(),
            sandbox: SandboxConfig::default(),
            worker: WorkerConfig { slots: 10, starts_per_second: 10, lease_seconds: 30 },
            queue: QueueConfig {
                user_concurrency: 100,
                agent_concurrency: 0,
                user_depth: 10_000,
                free_patience_seconds: 60,
            },
            metrics: MetricsConfig::default(),
            master_key: None,
            mail: MailConfig::default(),
            require_verified_email: None,
            hide_accounts: false,
            webhooks_allow_private: false,
            x402: X402Config::default(),
            server: ServerConfig::default(),
            limits: LimitsConfig::default(),
            redis_url: None,
            payouts: PayoutConfig::default(),
            log: LogConfig { format: LogFormat::Text, level: "info".to_owned() },
            telemetry: TelemetryConfig::default(),
            seed: Seed::Demo,
        }
    }
}

impl Config {
    /// Whether this process plays `role`.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Where clients reach the API when the listener got `address`.
    pub fn public_url_at(&self, address: SocketAddr) -> String {
        let scheme = if self.server.tls_cert.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"))
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// The variable's name.
    Environment(String),
    /// The flag's name.
    Flag(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// Why a configuration was not accepted.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {} is not TOML", path.display())]
    NotToml { path: PathBuf, source: Box<toml::de::Error> },
    #[error("unknown configuration key `{key}` from {from}; known keys: {known}")]
    UnknownKey { key: String, from: Source, known: String },
    #[error("configuration key `{key}` from {from}: {found} is not allowed; allowed: {allowed}")]
    BadValue { key: &'static str, from: Source, found: String, allowed: &'static str },
}
