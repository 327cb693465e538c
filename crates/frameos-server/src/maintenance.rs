//! Commands that use an installation without serving it: migrating its schema, auditing its ledger, looking at its workers.

use frameos_app::overview_read;
use frameos_contract::admin::Overview;
use frameos_domain::clock::{Clock, Timestamp};
use frameos_gateway::{LedgerAudit, LedgerReport};
use frameos_store::{MasterKey, Store, clock::SystemClock};
use serde::Serialize;

use crate::{
    assemble::{database_url, ground_open, store_look, store_open},
    config::Config,
    data_dir::DataDir,
    error::ServeError,
    keyring::{PURPOSES, keyring_rotate, keyring_rows, keyring_trusted},
    keys::signing_key_load,
    master_keys::master_keys,
    master_rotation::master_key_agree,
    view,
};

/// Brings the schema up to date, as `serve` does by itself, and ends.
pub async fn migrate(config: Config) -> Result<(), ServeError> {
    ground_open(&config).await.map(drop)
}

/// Audits the ledger, beside a running server or without one, with this installation's keys. Creates and changes nothing.
pub async fn ledger_verify(config: Config, how: LedgerAudit) -> Result<LedgerReport, ServeError> {
    let (data, store) = store_visit(&config).await?;
    // The file is what an operator can vouch for; later keys count as far as it, or one it leads to, handed over to them.
    let anchor = signing_key_load(&data.path("keys"), "gateway")?;
    let trusted = keyring_trusted(&store, "gateway", anchor.public()).await?;
    Ok(frameos_gateway::ledger_verify(&store, LedgerAudit { keys: trusted, ..how }).await?)
}

/// A key of the installation.
#[derive(Debug, Clone, Serialize)]
pub struct KeyListed {
    pub purpose: &'static str,
    pub key_id: String,
    pub created_at: Timestamp,
    /// None for the one that signs.
    pub retired_at: Option<Timestamp>,
}

/// A rotation that happened.
#[derive(Debug, Clone, Serialize)]
pub struct KeyRotated {
    pub purpose: &'static str,
    pub retired_key_id: String,
    pub active_key_id: String,
}

/// The keys that sign and signed, by purpose.
pub async fn keys_list(config: Config) -> Result<Vec<KeyListed>, ServeError> {
    let (_, store) = store_visit(&config).await?;
    let mut listed = Vec::new();
    for purpose in PURPOSES {
        let rows = keyring_rows(&store, purpose).await?.into_iter();
        listed.extend(rows.map(|row| KeyListed {
            purpose,
            key_id: row.kid,
            created_at: row.created_at,
            retired_at: row.retired_at,
        }));
    }
    Ok(listed)
}

/// Rotates the key of `purpose`, beside running processes or without any. None when there is no such purpose.
pub async fn key_rotate(config: Config, purpose: &str) -> Result<Option<KeyRotated>, ServeError> {
    let Some(purpose) = PURPOSES.into_iter().find(|known| *known == purpose) else { return Ok(None) };
    let store = store_change(&config).await?;
    let (retired_key_id, active_key_id) = keyring_rotate(&store, purpose, SystemClock.now()).await?;
    Ok(Some(KeyRotated { purpose, retired_key_id, active_key_id }))
}

/// What waits, who works and what became of runs, beside running workers or without any. Changes nothing.
pub async fn worker_status(config: Config) -> Result<Overview, ServeError> {
    let (_, store) = store_visit(&config).await?;
    let view = overview_read(&store, SystemClock.now()).await.map_err(ServeError::Status)?;
    Ok(view::admin::overview(view))
}

/// The store of an installation that is there and has this program's schema, to be looked at.
pub(crate) async fn store_visit(config: &Config) -> Result<(DataDir, Store), ServeError> {
    let (data, masters) = installation(config)?;
    let store = store_look(config, &data, database_url(config, &data), &masters).await?;
    store.schema_check().await?;
    Ok((data, store))
}

/// The same, to be changed beside running processes.
pub(crate) async fn store_change(config: &Config) -> Result<Store, ServeError> {
    let (data, masters) = installation(config)?;
    let store = store_open(config, &data, database_url(config, &data), &masters).await?;
    store.schema_check().await?;
    master_key_agree(config, data.path("keys"), &store).await?;
    Ok(store)
}

/// The store of an installation with its objects, to be looked at.
pub(crate) async fn store_visit_objects(config: &Config) -> Result<(DataDir, Store), ServeError> {
    let (data, masters) = installation(config)?;
    let store = store_open(config, &data, database_url(config, &data), &masters).await?;
    store.schema_check().await?;
    Ok((data, store))
}

/// The store of an installation beside whoever uses it, whatever its schema.
pub(crate) async fn store_beside(config: &Config, data: &DataDir) -> Result<Store, ServeError> {
    let (_, masters) = installation(config)?;
    store_open(config, data, database_url(config, data), &masters).await
}

/// An installation's folder and the keys of what it keeps.
fn installation(config: &Config) -> Result<(DataDir, Vec<MasterKey>), ServeError> {
    let data = DataDir::existing(&config.data_dir)?;
    let masters = master_keys(config, &data.path("keys"))?;
    Ok((data, masters))
}
