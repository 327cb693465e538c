//! Copies of the whole database, made while others work on it, and putting one back.
//!
//! Invariants: a copy is one moment's state of every table; it is put back into an empty database only, whole or not at all. The engine
//! is the copy's: SQLite's is a database file, PostgreSQL's one text file per table (ADR 0029). Objects are copied as they are kept.

mod postgres;
mod sqlite;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use frameos_domain::clock::Clock;
use serde::{Deserialize, Serialize};

use crate::{
    StoreConfig,
    clock::SystemClock,
    error::StoreError,
    migrate::{self, MIGRATIONS},
    params,
    row::Row,
    setting::setting_set,
    store::{Database, Store},
    tx::Tx,
};

/// The database file of a copy of SQLite.
pub const SQLITE_FILE: &str = "frameos.db";
/// Says in a restored database which backup it is.
const RESTORED: &str = "restored_from";

/// What a copy consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCopy {
    /// `sqlite` or `postgres`.
    pub engine: String,
    pub schema_version: i64,
    /// In an order in which they can be filled.
    pub tables: Vec<TableCopy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCopy {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: u64,
}

impl DatabaseCopy {
    /// The files the copy is in.
    pub fn files(&self) -> Vec<String> {
        match self.engine.as_str() {
            "sqlite" => vec![SQLITE_FILE.to_owned()],
            _ => self.tables.iter().map(|table| table_file(&table.name)).collect(),
        }
    }

    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// What a database is before something is put back into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vacancy {
    Empty,
    /// This backup was put back already.
    Restored,
    Taken,
}

/// Told of each table as it is copied, with the rows so far.
pub type Told = Arc<dyn Fn(&str, u64) + Send + Sync>;

fn table_file(table: &str) -> String {
    format!("{table}.copy")
}

/// Copies the database into `folder`, which must be there and empty. Returns what was copied and the paths of the objects its rows name.
pub async fn database_copy(
    store: &Store,
    config: &StoreConfig,
    folder: &Path,
    told: Told,
) -> Result<(DatabaseCopy, Vec<String>), StoreError> {
    let folder = folder.to_owned();
    match store.database() {
        Database::Sqlite(_) => {
            let path = config.sqlite_file()?.ok_or(StoreError::Aborted)?;
            let copy = tokio::task::spawn_blocking(move || sqlite::copy(&path, &folder, &told)).await;
            copy.map_err(|_| StoreError::Panicked)?
        }
        Database::Postgres(_) => {
            store.read(move |tx| Box::pin(async move { postgres::copy(tx, &folder, &told).await })).await
        }
    }
}

/// Whether the database of `config` is empty. A SQLite file is not made.
pub async fn database_vacancy(config: &StoreConfig, backup: &str) -> Result<Vacancy, StoreError> {
    if config.sqlite_file()?.is_some_and(|path| !path.exists()) {
        return Ok(Vacancy::Empty);
    }
    let store = Store::open_to_read(config.clone()).await?;
    let backup = backup.to_owned();
    store
        .read(move |tx| {
            Box::pin(async move {
                if tables(tx).await?.is_empty() {
                    return Ok(Vacancy::Empty);
                }
                let from = match migrate::check(tx, &[]).await {
                    // Any schema of ours is newer than none.
                    Err(StoreError::Migration(_)) => crate::setting::setting_get(tx, RESTORED).await?,
                    _ => None,
                };
                Ok(if from.is_some_and(|from| from == backup) { Vacancy::Restored } else { Vacancy::Taken })
            })
        })
        .await
}

/// Puts a copy back into an empty database. `backup` names it.
pub async fn database_restore(
    config: &StoreConfig,
    copy: &DatabaseCopy,
    folder: &Path,
    backup: &str,
    told: Told,
) -> Result<(), StoreError> {
    let (copy, folder, backup) = (copy.clone(), folder.to_owned(), backup.to_owned());
    if let Some(target) = config.sqlite_file()? {
        let aside = sqlite::aside(&target);
        let (from, to) = (folder.join(SQLITE_FILE), aside.clone());
        let copied = tokio::task::spawn_blocking(move || sqlite::put_aside(&from, &to)).await;
        copied.map_err(|_| StoreError::Panicked)??;
        let aside_config =
            StoreConfig { database_url: format!("sqlite:{}", aside.display()), ..config.clone() };
        let store = Store::open(aside_config).await?;
        store.tx(move |tx| Box::pin(async move { setting_set(tx, RESTORED, &backup).await })).await?;
        drop(store);
        let placed = tokio::task::spawn_blocking(move || sqlite::put_in_place(&aside, &target)).await;
        return placed.map_err(|_| StoreError::Panicked)?;
    }
    let migrations: Vec<_> =
        MIGRATIONS.iter().filter(|migration| migration.version <= copy.schema_version).copied().collect();
    let (store, now) = (Store::open(config.clone()).await?, SystemClock.now());
    store
        .tx(move |tx| {
            Box::pin(async move {
                migrate::migrate(tx, &migrations, now).await?;
                postgres::restore(tx, &copy, &folder, &told).await?;
                setting_set(tx, RESTORED, &backup).await
            })
        })
        .await
}

/// The newest schema version that can be put back.
pub fn schema_known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The objects that rows name.
const OBJECTS: &str = "SELECT code_s3_key FROM agent_versions UNION SELECT log_object FROM agent_executions WHERE log_object IS NOT NULL";

async fn schema_version(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one("SELECT MAX(version) FROM schema_migrations", &[]).await?.get(0)
}

async fn objects(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    tx.query(OBJECTS, &[]).await?.iter().map(|row| row.get(0)).collect()
}

/// The names of all tables of ours.
async fn tables(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(crate::dialect::table_names(tx.engine()), &params![]).await?;
    rows.iter().map(|row: &Row| row.get(0)).collect()
}

impl StoreConfig {
    /// The database file, when the database is SQLite.
    pub fn sqlite_file(&self) -> Result<Option<PathBuf>, StoreError> {
        match self.database_url.split_once(':') {
            Some(("sqlite", path)) => crate::store::sqlite_path(path).map(Some),
            _ => Ok(None),
        }
    }
}
