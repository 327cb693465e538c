//! Why a process could not start or go on. Each message says what to do about it.

use std::net::SocketAddr;

use frameos_app::AppError;
use frameos_gateway::{GatewayError, client::ClientError};
use frameos_sandbox::SandboxError;
use frameos_store::StoreError;
use thiserror::Error;

use crate::{
    backup::BackupError, data_dir::DataDirError, keys::KeyError, listener::TlsError, mailer::SmtpError,
};

/// A process that did not start, or ended otherwise than it was told to.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("the database or object store cannot be used")]
    Store(#[from] StoreError),
    #[error("agents cannot be isolated on this machine; without role `worker` this process would run none")]
    Sandbox(#[source] SandboxError),
    #[error("the runtime for {language} agents cannot be built")]
    Runtime { language: &'static str, source: SandboxError },
    #[error(
        "`gateway.api_key` is needed together with {because}; set FRAMEOS_GATEWAY__API_KEY, or add clients with `frameos gateway client add`"
    )]
    ApiKeyMissing { because: &'static str },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(
        "`payouts.provider` is \"cashfree\", which needs `payouts.cashfree_client_id` and `payouts.cashfree_client_secret`"
    )]
    PayoutKeysMissing,
    #[error("x402 is on, so `{missing}` is needed too; set it, or unset `x402.facilitator_url`")]
    X402Incomplete { missing: &'static str },
    #[error("x402 needs the payment gateway in this process; unset `gateway.url` or `x402.facilitator_url`")]
    X402Elsewhere,
    #[error("TLS cannot be used")]
    Tls(#[from] TlsError),
    #[error("`{section}.tls.cert` and `{section}.tls.key` belong together; set both or none")]
    TlsIncomplete { section: &'static str },
    #[error("`redis.url` cannot be used")]
    Redis(#[source] redis::RedisError),
    #[error("the payment gateway cannot be used")]
    Gateway(#[from] GatewayError),
    #[error("`{key}` is needed by a provider in `gateway.providers`")]
    ProviderKeyMissing { key: &'static str },
    #[error("objects cannot be kept where `objects.url` says: {what}")]
    Objects { what: &'static str },
    #[error(
        "these books hold money from `{provider}`, and no test money may come into them: set `gateway.providers` to real ones"
    )]
    TestMoneyBesideReal { provider: String },
    #[error("mails cannot be sent with `mail.url` and `mail.from` as they are")]
    Mail(#[source] SmtpError),
    #[error("the system random source failed")]
    Random,
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("what the last process left behind could not be taken over")]
    Recover(#[source] AppError),
    #[error("the workers' state cannot be read")]
    Status(#[source] AppError),
    #[error("a new installation could not be filled")]
    Seed(#[source] AppError),
    #[error("{path} is there but does not hold the credentials of a first run; move it away and start again")]
    FirstRunFile { path: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("a part of the process ended unexpectedly")]
    Ended(#[source] tokio::task::JoinError),
    #[error("traces or errors cannot be told")]
    Telemetry(#[from] crate::telemetry::TelemetryError),
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}
