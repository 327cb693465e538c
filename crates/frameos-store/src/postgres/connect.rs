//! Where a PostgreSQL database is and how to reach it safely.
//!
//! Invariants: a database that cannot be reached, or no longer answers, is noticed within seconds; TLS verifies the server against the machine's certificates. Plain text is used when the URL says
//! `sslmode=disable`, or says nothing and the host is this machine.

use std::{net::IpAddr, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// Nine processes, each with one connection more that listens, stay below what PostgreSQL allows by default.
const POOL_SIZE: usize = 10;
/// For a connection of the pool to be free.
const WAIT: Duration = Duration::from_secs(5);
/// For a new connection to be there, logged in.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// A network that swallows packets is noticed about so soon, on a connection that waits for nothing too.
const SILENCE: Duration = Duration::from_secs(10);
const PROBE_AFTER: Duration = Duration::from_secs(5);
const PROBE_EVERY: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
/// A client that stops in the middle of a transaction loses its locks: a paused process must not hold up all others. No statement is worth
/// being compiled, or processes being started for it: of large tables, pages are read. A statement by itself is a transaction as others are.
const OPTIONS: &str = "-c idle_in_transaction_session_timeout=5s -c jit=off -c max_parallel_workers_per_gather=0 \
                       -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off";

/// A parsed URL and its TLS settings.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        // The parser's error may quote the URL, which holds a password.
        let mut config: Config =
            url.parse().map_err(|_| StoreError::Config { what: "not a valid PostgreSQL URL".into() })?;
        if config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().all(is_local) {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(PROBE_AFTER).keepalives_interval(PROBE_EVERY).keepalives_retries(PROBES);
        // What the URL says comes last and wins.
        let options = config.get_options().map(|given| format!("{OPTIONS} {given}"));
        config.options(options.as_deref().unwrap_or(OPTIONS));
        if config.get_application_name().is_none() {
            config.application_name("frameos");
        }
        Ok(Self { config, tls: MakeRustlsConnect::new(tls()?) })
    }

    pub(super) fn pool(&self) -> Result<Pool, StoreError> {
        let manager = Manager::from_config(
            self.config.clone(),
            self.tls.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        Pool::builder(manager)
            .max_size(POOL_SIZE)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT))
            .build()
            .map_err(|error| StoreError::Config { what: format!("no connection pool: {error}") })
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

fn tls() -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    // Broken certificates among the machine's are skipped; with none left, TLS fails and says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Config { what: format!("no TLS: {error}") })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
