//! Putting a backup back into an installation that is empty.
//!
//! Invariants: all is checked before anything is written; the database comes last and at once. While it is under way a file in the data
//! directory says so, and no process starts there; the same restore can be begun again, however it was stopped.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use frameos_gateway::LedgerAudit;
use frameos_store::{
    Cipher, MasterKey, Objects, StoreError,
    backup::{Vacancy, database_restore, database_vacancy, schema_known},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{
    BackupError, Progress, TOGETHER,
    file::{self, Written},
    key_place,
    manifest::Manifest,
};
use crate::{
    assemble::{database_url, store_config},
    config::Config,
    data_dir::{DataDir, RESTORING},
    error::ServeError,
    keys::key_decode,
    maintenance::ledger_verify,
    master_keys::{key_place_file, master_keys_found},
};

/// What may be in a data directory that counts as empty: nothing that is anybody's.
/// Whether objects are anybody's, the object store is asked itself.
const NOBODYS: &[&str] = &["lock", "runtimes", "cache", "keys", "objects", "restoring.fresh", RESTORING];

/// A backup that was put back.
#[derive(Debug, Clone, Serialize)]
pub struct RestoreReport {
    pub id: String,
    pub made_at: frameos_domain::clock::Timestamp,
    pub rows: u64,
    pub objects: u64,
    pub missing_objects: Vec<String>,
    pub ledger_transactions: u64,
    /// What is wrong with the ledger, if anything is.
    pub ledger_first_bad: Option<String>,
}

/// Puts the backup in `from` back.
pub async fn restore(config: Config, from: PathBuf, progress: Progress) -> Result<RestoreReport, ServeError> {
    let (manifest, hash) = Manifest::read(&from)?;
    let known = schema_known();
    if manifest.database.schema_version > known {
        return Err(BackupError::Newer { found: manifest.database.schema_version, known }.into());
    }
    // Made only now that it is known to be needed; whoever has it keeps others out.
    let data = DataDir::open(&config.data_dir)?;
    let url = database_url(&config, &data);
    let here = if url.starts_with("sqlite:") { "sqlite" } else { "postgres" };
    if manifest.database.engine != here {
        return Err(BackupError::OtherEngine { found: manifest.database.engine, here }.into());
    }
    let _lock = data.lock()?;
    let masters = keys_needed(&config, &data.path("keys"), &from, &manifest)?;
    let cipher = Cipher::new(&masters[0], &masters[1..]).map_err(StoreError::from)?;
    let listed = manifest.check(&from, &hash, &cipher, &progress)?;
    let stored = store_config(&config, &data, url, &masters)?;
    let is_begun = is_begun(&data, &manifest)?;
    let vacancy = database_vacancy(&stored, &manifest.id).await?;
    if vacancy == Vacancy::Taken || (vacancy == Vacancy::Restored && !is_begun) {
        return Err(BackupError::NotEmpty { what: "the database".into() }.into());
    }
    let objects = Objects::open(&stored.objects, cipher.clone())?;
    if !is_begun && !objects.is_empty().await? {
        return Err(BackupError::NotEmpty { what: "the object store".into() }.into());
    }
    data.file_put(RESTORING, manifest.id.as_bytes())?;
    keys_put(&config, &data, &from, &manifest, &cipher)?;
    objects_put(&objects, &from, &listed, &progress).await?;
    if vacancy == Vacancy::Empty {
        let told = {
            let progress = Arc::clone(&progress);
            Arc::new(move |table: &str, rows: u64| progress(&format!("{table}: {rows} rows")))
        };
        database_restore(&stored, &manifest.database, &from.join("database"), &manifest.id, told).await?;
    }
    data.file_remove(RESTORING)?;
    drop(_lock);
    progress("checking the ledger");
    let report = ledger_verify(config, LedgerAudit::default()).await?;
    Ok(RestoreReport {
        id: manifest.id,
        made_at: manifest.made_at,
        rows: manifest.database.rows(),
        objects: manifest.objects,
        missing_objects: manifest.missing_objects,
        ledger_transactions: report.transactions,
        ledger_first_bad: report.first_bad.map(|bad| format!("{}: {}", bad.entry, bad.reason)),
    })
}

/// Whether this very restore was begun before. Refuses a directory in which something else is.
fn is_begun(data: &DataDir, manifest: &Manifest) -> Result<bool, BackupError> {
    let root = data.path("");
    let failed = |source| BackupError::File { action: "read", path: root.clone(), source };
    let begun = std::fs::read_to_string(data.path(RESTORING)).is_ok_and(|id| id == manifest.id);
    if begun {
        return Ok(true);
    }
    for entry in std::fs::read_dir(&root).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !NOBODYS.iter().any(|known| name == *known) || name == RESTORING {
            let what = format!("{} (it has {})", root.display(), name.display());
            return Err(BackupError::NotEmpty { what });
        }
    }
    Ok(false)
}

/// The master keys the backup needs, from where this installation keeps them or else from the backup, newest first.
fn keys_needed(
    config: &Config,
    keys: &Path,
    from: &Path,
    manifest: &Manifest,
) -> Result<Vec<MasterKey>, ServeError> {
    let mut found = master_keys_found(config, keys)?;
    for path in manifest.files.iter().map(|file| &file.path).filter(|path| path.starts_with("keys/master")) {
        let text = zeroize::Zeroizing::new(String::from_utf8_lossy(&file::read(from, path)?).into_owned());
        found.extend(key_decode(&text).map(|key| MasterKey::from_bytes(*key)));
    }
    let mut needed = Vec::new();
    for id in &manifest.master_key_ids {
        match found.iter().find(|key| key.id() == *id) {
            Some(key) => needed.push(key.clone()),
            None => {
                let ids = manifest.master_key_ids.join(", ");
                return Err(BackupError::KeyMissing { ids, keys: keys.to_owned() }.into());
            }
        }
    }
    if needed.is_empty() {
        return Err(BackupError::Damaged { what: "it names no master key".into() }.into());
    }
    Ok(needed)
}

fn keys_put(
    config: &Config,
    data: &DataDir,
    from: &Path,
    manifest: &Manifest,
    cipher: &Cipher,
) -> Result<(), ServeError> {
    let keys = data.folder("keys")?;
    for path in manifest.files.iter().map(|file| &file.path) {
        if let Some(name) = path.strip_prefix("sealed-keys/").and_then(|name| name.strip_suffix(".key")) {
            let damaged = || BackupError::Damaged { what: format!("{path} cannot be opened") };
            let sealed = hex::decode(file::read(from, path)?).map_err(|_| damaged())?;
            let key = cipher.open(key_place(name), &sealed).map_err(|_| damaged())?;
            key_place_file(&keys, name, &zeroize::Zeroizing::new(key))?;
        }
        // Where the configuration gives the key, no file does.
        if let Some(name) = path.strip_prefix("keys/").and_then(|name| name.strip_suffix(".key"))
            && config.master_key.is_none()
        {
            let text = zeroize::Zeroizing::new(file::read(from, path)?);
            let key = hex::decode(text.trim_ascii()).unwrap_or_default();
            key_place_file(&keys, name, &zeroize::Zeroizing::new(key))?;
        }
    }
    Ok(())
}

async fn objects_put(
    objects: &Objects,
    from: &Path,
    listed: &[Written],
    progress: &Progress,
) -> Result<(), BackupError> {
    let folder = from.join("objects");
    let puts = listed.iter().map(|object| {
        let folder = folder.clone();
        async move {
            let path = object.path.clone();
            let read = tokio::task::spawn_blocking(move || file::read(&folder, &path)).await;
            let sealed = read.map_err(|_| StoreError::Panicked)??;
            // It was checked a while ago.
            if file::sha256(&sealed) != object.sha256 {
                return Err(BackupError::Damaged { what: format!("objects/{} was changed", object.path) });
            }
            Ok(objects.put_sealed(&object.path, sealed).await?)
        }
    });
    let mut puts = stream::iter(puts).buffer_unordered(TOGETHER);
    let mut done = 0_u64;
    while puts.try_next().await?.is_some() {
        done += 1;
        if done.is_multiple_of(100) {
            progress(&format!("{done} of {} objects", listed.len()));
        }
    }
    Ok(())
}
