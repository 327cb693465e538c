//! Commands that use an installation without serving it: migrating its schema, auditing its ledger, looking at its workers.

use frameos_app::overview_read;
use frameos_contract::admin::Overview;
use frameos_domain::clock::Clock;
use frameos_gateway::{GatewayKeys, LedgerReport};
use frameos_store::{Store, clock::SystemClock};
use secrecy::ExposeSecret;

use crate::{
    assemble::{database_url, ground_open, store_open},
    config::Config,
    data_dir::DataDir,
    error::ServeError,
    keys::{key_decode, key_load, signing_key_load},
    view,
};

/// Brings the schema up to date, as `serve` does by itself, and ends.
pub async fn migrate(config: Config) -> Result<(), ServeError> {
    ground_open(&config).await.map(drop)
}

/// Audits the ledger, beside a running server or without one. Creates and changes nothing.
pub async fn ledger_verify(config: Config) -> Result<LedgerReport, ServeError> {
    let (data, store) = store_visit(&config).await?;
    let gateway = GatewayKeys::new(signing_key_load(&data.path("keys"), "gateway")?);
    Ok(frameos_gateway::ledger_verify(&store, gateway.set()).await?)
}

/// What waits, who works and what became of runs, beside running workers or without any. Changes nothing.
pub async fn worker_status(config: Config) -> Result<Overview, ServeError> {
    let (_, store) = store_visit(&config).await?;
    let view = overview_read(&store, SystemClock.now()).await.map_err(ServeError::Status)?;
    Ok(view::admin::overview(view))
}

/// The store of an installation that is there and has this program's schema.
pub(crate) async fn store_visit(config: &Config) -> Result<(DataDir, Store), ServeError> {
    let data = DataDir::existing(&config.data_dir)?;
    let master = match config.master_key.as_ref().and_then(|secret| key_decode(secret.expose_secret())) {
        Some(key) => key,
        None => key_load(&data.path("keys"), "master")?,
    };
    let url = database_url(config, &data);
    let store = store_open(config, &data, url, &master).await?;
    store.schema_check().await?;
    Ok((data, store))
}
