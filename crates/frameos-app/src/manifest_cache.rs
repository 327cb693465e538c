//! Versions that runs are asked of: their manifests, read and compiled once, and where their code is.
//!
//! Invariant: a version's manifest and code never change, so what is kept needs no freshness; how much is kept is bounded.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use frameos_domain::{id::VersionId, manifest::Manifest, schema::Schema};
use frameos_store::version;

use crate::{
    app::App,
    error::{AppError, Result},
};

/// Versions kept. Forgetting one costs its next run a millisecond.
const MOST: usize = 512;

/// A manifest with the schema of its inputs, ready to check.
pub(crate) struct Compiled {
    pub(crate) manifest: Manifest,
    pub(crate) inputs: Schema,
    /// The packed bundle's object, and its SHA-256.
    pub(crate) code_key: String,
    pub(crate) code_hash: String,
}

/// What is kept; clones share it.
#[derive(Clone, Default)]
pub(crate) struct ManifestCache(Arc<RwLock<HashMap<VersionId, Arc<Compiled>>>>);

/// A version's manifest.
pub(crate) async fn manifest_load(app: &App, id: VersionId) -> Result<Arc<Compiled>> {
    if let Some(known) = app.manifests.0.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return Ok(Arc::clone(known));
    }
    let version = app
        .store()
        .read(move |tx| Box::pin(async move { version::version_get_unscoped(tx, id).await }))
        .await?
        .ok_or_else(|| AppError::internal("a version that was found is missing"))?;
    let manifest = Manifest::parse(&version.manifest).map_err(AppError::internal)?;
    let inputs = Schema::compile(&manifest.inputs_schema()).map_err(AppError::internal)?;
    let compiled =
        Arc::new(Compiled { manifest, inputs, code_key: version.code_s3_key, code_hash: version.code_hash });
    let mut kept = app.manifests.0.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST
        && let Some(any) = kept.keys().next().copied()
    {
        kept.remove(&any);
    }
    kept.insert(id, Arc::clone(&compiled));
    Ok(compiled)
}
