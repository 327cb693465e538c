//! Backups of an installation: made while it works, in a folder of their own, and put back into an empty one.
//!
//! Invariants: a backup is there whole or not at all: it is made in a folder beside its place, and its manifest is written last; every
//! file's hash is in the manifest, and the manifest's hash is sealed with the master key. The master key is in it only if that was asked
//! for. Nothing is put back before every hash has been checked, and never over something that is there (ADR 0029).

mod file;
mod manifest;
mod restore;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use frameos_domain::{clock::Clock, id::EventId};
use frameos_store::{
    Objects, Place, Store, StoreError,
    backup::{DatabaseCopy, database_copy},
    clock::SystemClock,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use thiserror::Error;

use self::{
    file::{Written, folder_make, folder_sync},
    manifest::{FORMAT, MANIFEST, Manifest, OBJECTS, SEAL},
};
use crate::{
    assemble::{database_url, store_config},
    config::Config,
    data_dir::DataDir,
    error::ServeError,
    master_keys::{key_files, master_keys},
};

pub use restore::{RestoreReport, restore};

/// Objects that are read at once.
const TOGETHER: usize = 8;

/// Why there is no backup, or it was not put back. Each message says what to do about it.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error("{} is there already: give a folder that is not", path.display())]
    Exists { path: PathBuf },
    #[error("cannot {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is no finished backup: it has no {MANIFEST}; nothing was done", path.display())]
    Incomplete { path: PathBuf },
    #[error("the backup is damaged: {what}; nothing was done, take another one")]
    Damaged { what: String },
    #[error("the backup is of a {found} database and database.url is of {here}: restore into a {found} one")]
    OtherEngine { found: String, here: &'static str },
    #[error(
        "the backup has schema version {found}, this program knows {known}: restore with a newer version"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the backup needs the master key {ids}, which is neither in it nor here: set FRAMEOS_MASTER_KEY, or put the key's file into {}",
        keys.display()
    )]
    KeyMissing { ids: String, keys: PathBuf },
    #[error("{what} is not empty: restore into an empty one; nothing was done")]
    NotEmpty { what: String },
    #[error("database or objects cannot be copied")]
    Store(#[from] StoreError),
}

/// Told what is being done, for whoever waits.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// A backup that was made.
#[derive(Debug, Clone, Serialize)]
pub struct BackupReport {
    pub folder: PathBuf,
    pub id: String,
    pub engine: String,
    pub schema_version: i64,
    pub rows: u64,
    pub objects: u64,
    pub bytes: u64,
    /// Objects that rows name and the store has not: lost before.
    pub missing_objects: Vec<String>,
    /// The master keys without which nothing of it can be read.
    pub master_key_ids: Vec<String>,
    pub holds_master_key: bool,
}

/// Makes a backup in `target`, beside running processes or without any.
pub async fn backup(
    config: Config,
    target: PathBuf,
    with_keys: bool,
    progress: Progress,
) -> Result<BackupReport, ServeError> {
    if target.exists() {
        return Err(BackupError::Exists { path: target }.into());
    }
    let data = DataDir::existing(&config.data_dir)?;
    let keys = data.path("keys");
    let masters = master_keys(&config, &keys)?;
    let stored = store_config(&config, &data, database_url(&config, &data), &masters)?;
    let store = Store::open_to_read(stored.clone()).await?;
    store.schema_check().await?;
    let making = Making { aside: aside_make(&target)?, progress, written: Vec::new() };
    let database = making.aside.join("database");
    folder_make(&database)?;
    let told = {
        let progress = Arc::clone(&making.progress);
        Arc::new(move |table: &str, rows: u64| progress(&format!("{table}: {rows} rows")))
    };
    let (copy, paths) = database_copy(&store, &stored, &database, told).await.map_err(BackupError::Store)?;
    let objects = Objects::open(&stored.objects, store.cipher().clone()).map_err(BackupError::Store)?;
    let ids = masters.iter().map(|key| key.id()).collect();
    let made = making.finish(&store, &objects, Contents { copy, paths, ids, keys, with_keys, masters }).await;
    let (aside, manifest, bytes) = made?;
    file::place(&aside, &target)?;
    Ok(BackupReport {
        folder: target,
        id: manifest.id,
        engine: manifest.database.engine.clone(),
        schema_version: manifest.database.schema_version,
        rows: manifest.database.rows(),
        objects: manifest.objects,
        bytes,
        missing_objects: manifest.missing_objects,
        master_key_ids: manifest.master_key_ids,
        holds_master_key: with_keys,
    })
}

/// A folder beside `target`, for what is not finished. One that a killed backup left is not touched.
fn aside_make(target: &Path) -> Result<PathBuf, BackupError> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".unfinished-{}", EventId::generate(SystemClock.now())));
    let aside = target.with_file_name(name);
    folder_make(&aside)?;
    Ok(aside)
}

struct Contents {
    copy: DatabaseCopy,
    paths: Vec<String>,
    ids: Vec<String>,
    keys: PathBuf,
    with_keys: bool,
    masters: Vec<frameos_store::MasterKey>,
}

struct Making {
    aside: PathBuf,
    progress: Progress,
    written: Vec<Written>,
}

impl Making {
    async fn finish(
        mut self,
        store: &Store,
        objects: &Objects,
        contents: Contents,
    ) -> Result<(PathBuf, Manifest, u64), ServeError> {
        for name in contents.copy.files() {
            let path = format!("database/{name}");
            self.written.push(file::hash(&self.aside, &path, true)?);
        }
        folder_sync(&self.aside.join("database"))?;
        let (copied, missing_objects) = self.objects_copy(objects, contents.paths).await?;
        let lines: Result<Vec<String>, _> = copied.iter().map(serde_json::to_string).collect();
        let list = lines.unwrap_or_default().join("\n");
        self.written.push(file::write(&self.aside, OBJECTS, list.as_bytes())?);
        self.keys_copy(store, &contents.keys, contents.with_keys.then_some(&contents.masters))?;
        let bytes = copied.iter().chain(&self.written).map(|file| file.bytes).sum();
        let manifest = Manifest {
            format: FORMAT,
            id: EventId::generate(SystemClock.now()).to_string(),
            made_at: SystemClock.now(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            database: contents.copy,
            master_key_ids: contents.ids,
            objects: copied.len() as u64,
            missing_objects,
            files: self.written,
        };
        let text = manifest.text();
        let hash = file::sha256(&text);
        let seal = store.cipher().seal(manifest::place(&hash), b"").map_err(StoreError::from)?;
        file::write(&self.aside, SEAL, hex::encode(seal).as_bytes())?;
        // The last of all: without it a backup counts as unfinished.
        file::write(&self.aside, MANIFEST, &text)?;
        folder_sync(&self.aside)?;
        Ok((self.aside, manifest, bytes))
    }

    /// Objects as they are kept: written before the rows that name them and never changed, they fit the snapshot.
    async fn objects_copy(
        &self,
        objects: &Objects,
        paths: Vec<String>,
    ) -> Result<(Vec<Written>, Vec<String>), BackupError> {
        let (total, folder) = (paths.len(), self.aside.join("objects"));
        folder_make(&folder)?;
        let copies = paths.into_iter().map(|path| {
            let folder = folder.clone();
            async move {
                let Some(sealed) = objects.get_sealed(&path).await? else { return Ok(Err(path)) };
                let copied = tokio::task::spawn_blocking(move || file::write(&folder, &path, &sealed)).await;
                copied.map_err(|_| StoreError::Panicked)?.map(Ok)
            }
        });
        let mut copies = stream::iter(copies).buffer_unordered(TOGETHER);
        let (mut copied, mut missing) = (Vec::with_capacity(total), Vec::new());
        while let Some(copy) = copies.try_next().await? {
            match copy {
                Ok(written) => copied.push(written),
                Err(path) => missing.push(path),
            }
            if copied.len() % 100 == 0 {
                (self.progress)(&format!("{} of {total} objects", copied.len()));
            }
        }
        Ok((copied, missing))
    }

    /// The other keys, which follow from nothing else, sealed; the master keys themselves only if they are given.
    fn keys_copy(
        &mut self,
        store: &Store,
        keys: &Path,
        masters: Option<&Vec<frameos_store::MasterKey>>,
    ) -> Result<(), ServeError> {
        folder_make(&self.aside.join("sealed-keys"))?;
        for (name, key) in key_files(keys)? {
            let sealed = store.cipher().seal(key_place(&name), key.as_slice()).map_err(StoreError::from)?;
            let path = format!("sealed-keys/{name}.key");
            self.written.push(file::write(&self.aside, &path, hex::encode(sealed).as_bytes())?);
        }
        let Some(masters) = masters else { return Ok(()) };
        folder_make(&self.aside.join("keys"))?;
        for (index, key) in masters.iter().enumerate() {
            let name = if index == 0 {
                "keys/master.key".to_owned()
            } else {
                format!("keys/master-{}.key", key.id())
            };
            self.written.push(file::write(&self.aside, &name, key.to_hex().as_bytes())?);
        }
        Ok(())
    }
}

const fn key_place(name: &str) -> Place<'_> {
    Place::new("backup", "key", name)
}
