//! Commands that use an installation without serving it: migrating its schema, auditing its ledger, looking at its workers.

use frameos_app::overview_read;
use frameos_contract::admin::Overview;
use frameos_domain::clock::Clock;
use frameos_gateway::{GatewayKeys, LedgerAudit, LedgerReport};
use frameos_store::{Store, clock::SystemClock};
use secrecy::ExposeSecret;

use crate::{
    assemble::{database_url, ground_open, store_look},
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

/// Audits the ledger, beside a running server or without one, with this installation's keys. Creates and changes nothing.
pub async fn ledger_verify(config: Config, how: LedgerAudit) -> Result<LedgerReport, ServeError> {
    let (data, store) = store_visit(&config).await?;
    let keys = GatewayKeys::new(signing_key_load(&data.path("keys"), "gateway")?).set();
    Ok(frameos_gateway::ledger_verify(&store, LedgerAudit { keys, ..how }).await?)
}

/// What waits, who works and what became of runs, beside running workers or without any. Changes nothing.
pub async fn worker_status(config: Config) -> Result<Overview, ServeError> {
    let (_, store) = store_visit(&config).await?;
    let view = overview_read(&store, SystemClock.now()).await.map_err(ServeError::Status)?;
    Ok(view::admin::overview(view))
}

/// The store of an installation that is there and has this program's schema.
async fn store_visit(config: &Config) -> Result<(DataDir, Store), ServeError> {
    let data = DataDir::existing(&config.data_dir)?;
    let master = match config.master_key.as_ref().and_then(|secret| key_decode(secret.expose_secret())) {
        Some(key) => key,
        None => key_load(&data.path("keys"), "master")?,
    };
    let url = database_url(config, &data);
    let store = store_look(config, &data, url, &master).await?;
    store.schema_check().await?;
    Ok((data, store))
}
