//! Commands that use an installation without serving it: migrating its schema, auditing its ledger.

use frameos_gateway::{GatewayKeys, LedgerReport};
use secrecy::ExposeSecret;

use crate::{
    assemble::{database_url, ground_open, store_open},
    config::Config,
    data_dir::DataDir,
    error::ServeError,
    keys::{key_decode, key_load, signing_key_load},
};

/// Brings the schema up to date, as `serve` does by itself, and ends.
pub async fn migrate(config: Config) -> Result<(), ServeError> {
    ground_open(&config).await.map(drop)
}

/// Audits the ledger, beside a running server or without one. Creates and changes nothing.
pub async fn ledger_verify(config: Config) -> Result<LedgerReport, ServeError> {
    let data = DataDir::existing(&config.data_dir)?;
    let keys = data.path("keys");
    let master = match config.master_key.as_ref().and_then(|secret| key_decode(secret.expose_secret())) {
        Some(key) => key,
        None => key_load(&keys, "master")?,
    };
    let url = database_url(&config, &data);
    let store = store_open(&config, &data, url, &master).await?;
    store.schema_check().await?;
    let gateway = GatewayKeys::new(signing_key_load(&keys, "gateway")?);
    Ok(frameos_gateway::ledger_verify(&store, gateway.set()).await?)
}
