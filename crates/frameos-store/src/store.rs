//! The store: one database, one object store, one cipher.
//!
//! Invariants: [`Store::tx`] and [`Store::read`] are the only ways to the database; dropping the future they return never
//! cuts a transaction in half. A `Store` is cheap to clone and shared by the whole process.

use std::{path::PathBuf, sync::Arc, time::Instant};

use frameos_domain::{
    clock::{Clock, Timestamp},
    id::ExecutionId,
};
use prometheus_client::registry::Registry;
use tokio::sync::{broadcast, futures::Notified, watch};

use crate::{
    cipher::Cipher,
    clock::SystemClock,
    dialect,
    error::StoreError,
    key::MasterKey,
    metrics::StoreMetrics,
    migrate::{self, MIGRATIONS},
    objects::{Objects, ObjectsConfig},
    postgres::Postgres,
    signal::Signals,
    sqlite::{Sqlite, Urgency},
    tx::{BoxFuture, Lane, Mode, Tx},
};

/// What a store needs to open. Holds secrets, so it cannot be printed.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite:/path/to/file.db`, or `postgres://user:password@host:port/database?sslmode=require`.
    pub database_url: String,
    /// Encrypts what is written.
    pub master_key: MasterKey,
    /// Earlier master keys, for reading what they encrypted.
    pub older_master_keys: Vec<MasterKey>,
    pub objects: ObjectsConfig,
}

/// Access to everything that is kept.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    cipher: Cipher,
    objects: Objects,
    signals: Signals,
    metrics: StoreMetrics,
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Work,
    Look,
}

pub(crate) enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the store. A SQLite file and the objects folder are created when missing; the schema is not (see
    /// [`Store::migrate`]). Must be called inside a Tokio runtime.
    pub async fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_for(config, Purpose::Work).await
    }

    /// Opens a store to look at it: nothing is created or changed, on SQLite not even the file's log; writing fails. For a copy
    /// as for a database in use.
    pub async fn open_to_read(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_for(config, Purpose::Look).await
    }

    async fn open_for(config: StoreConfig, purpose: Purpose) -> Result<Self, StoreError> {
        let cipher = Cipher::new(&config.master_key, &config.older_master_keys)?;
        let objects = match purpose {
            Purpose::Work => Objects::open(&config.objects, cipher.clone())?,
            Purpose::Look => Objects::nowhere(cipher.clone()),
        };
        let signals = Signals::new();
        let database = match config.database_url.split_once(':') {
            Some(("sqlite", path)) => {
                let path = sqlite_path(path)?;
                let (cipher, signals) = (cipher.clone(), signals.clone());
                let opened =
                    tokio::task::spawn_blocking(move || Sqlite::open(&path, &cipher, &signals, purpose))
                        .await;
                Database::Sqlite(opened.map_err(|_| StoreError::Panicked)??)
            }
            Some(("postgres" | "postgresql", _)) => {
                Database::Postgres(Postgres::open(&config.database_url, cipher.clone(), signals.clone())?)
            }
            _ => {
                let what = "the database URL must start with `sqlite:` or `postgres:`".into();
                return Err(StoreError::Config { what });
            }
        };
        let metrics = StoreMetrics::new();
        Ok(Self { inner: Arc::new(Inner { database, cipher, objects, signals, metrics }) })
    }

    /// Runs `work` in one writing transaction: `store.tx(move |tx| Box::pin(async move { … })).await`.
    ///
    /// Once polled, the transaction runs to its end even when this future is dropped. `work` must not use the store itself
    /// or wait for anything but `tx`. A statement that failed cannot be survived: prefer `ON CONFLICT`, or handle the error
    /// outside.
    pub async fn tx<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.run(Mode::Write, work).await
    }

    /// As [`Store::tx`], for one statement: PostgreSQL is asked once, and not to begin and to commit as well. What it does is kept, whatever
    /// `work` returns; a second one fails. It is planned as a reader's: it should find no rows but by what a unique index says.
    pub(crate) async fn tx_once<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.run(Mode::WriteOnce, work).await
    }

    /// As [`Store::tx`], for the claims of a worker, which agents wait for: before everything else that waits.
    ///
    /// On SQLite the answer does not mean that the claim survives a power cut. If it does not, it was never made: the worker is gone as
    /// well, and the next claim, which gets the same number, is the only one. PostgreSQL's workers may outlive it.
    pub async fn tx_claim<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.run_as((Mode::Write, Urgency::First), work).await
    }

    /// Runs `work` in one writing transaction that takes the lane's locks first.
    ///
    /// As [`Store::tx`], but it may share its transaction with others of its lane that wait, so that one commit serves them all: `work`
    /// is begun again when another of them cannot be kept, and must do the same then. On PostgreSQL the statements of those who share
    /// are interleaved: what `work` decides on, it decides in conditional statements.
    pub async fn tx_shared<T, F>(&self, lane: Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let begun = Instant::now();
        let result = match &self.inner.database {
            Database::Sqlite(sqlite) => sqlite.run((Mode::Write, Urgency::InTurn), work).await,
            Database::Postgres(postgres) => postgres.run_shared(lane, work).await,
        };
        self.inner.metrics.finished(Mode::Write, begun.elapsed(), &result);
        result
    }

    /// Runs `work` over one consistent snapshot; it cannot write.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.run(Mode::Read, work).await
    }

    /// Whether both are handles on one store, so that what one's transaction does, the other's may join.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub fn cipher(&self) -> &Cipher {
        &self.inner.cipher
    }

    pub fn objects(&self) -> &Objects {
        &self.inner.objects
    }

    /// Has this store's numbers shown with those of `registry`.
    pub fn metrics_register(&self, registry: &mut Registry) {
        self.inner.metrics.register(registry);
    }

    /// Brings the schema up to date. Returns the names of the migrations it applied.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let now = SystemClock.now();
        self.tx(move |tx| Box::pin(migrate::migrate(tx, MIGRATIONS, now))).await
    }

    /// Refuses a database whose schema is not the one this program knows, for processes that must not migrate.
    pub async fn schema_check(&self) -> Result<(), StoreError> {
        self.read(|tx| Box::pin(migrate::check(tx, MIGRATIONS))).await
    }

    /// The database's clock; `None` when it has none of its own.
    pub async fn database_time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let Some(sql) = dialect::database_time(tx.engine()) else { return Ok(None) };
                tx.query_one(sql, &[]).await?.get(0).map(Some)
            })
        })
        .await
    }

    /// Resolves after the queue may have got work. Take it *before* looking at the queue, so that nothing falls in between,
    /// and look from time to time anyway: the signal is a hint.
    pub fn queue_changed(&self) -> Notified<'_> {
        self.inner.signals.queue_changed()
    }

    /// Wakes this process's queue waiters.
    pub fn notify_queue(&self) {
        self.inner.signals.fire(crate::signal::Signal::Queue);
    }

    /// How often the catalogue may have changed since the start, as a hint.
    pub fn catalogue_changes(&self) -> watch::Receiver<u64> {
        self.inner.signals.catalogue_changes()
    }

    /// The ids of runs as they change, as hints. A receiver that lags is told so and must look for itself.
    pub fn execution_events(&self) -> broadcast::Receiver<ExecutionId> {
        self.inner.signals.execution_events()
    }

    /// The runs whose users want them cancelled, as far as one is told: a hint.
    pub fn execution_cancels(&self) -> broadcast::Receiver<ExecutionId> {
        self.inner.signals.execution_cancels()
    }

    async fn run<T, F>(&self, mode: Mode, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.run_as((mode, Urgency::InTurn), work).await
    }

    async fn run_as<T, F>(&self, (mode, urgency): (Mode, Urgency), work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let begun = Instant::now();
        let result = match &self.inner.database {
            Database::Sqlite(sqlite) => sqlite.run((mode, urgency), work).await,
            Database::Postgres(postgres) => postgres.run(mode, work).await,
        };
        self.inner.metrics.finished(mode, begun.elapsed(), &result);
        result
    }
}

pub(crate) fn sqlite_path(text: &str) -> Result<PathBuf, StoreError> {
    match text.strip_prefix("//").unwrap_or(text) {
        // Each connection would have a memory of its own.
        "" | ":memory:" => Err(StoreError::Config { what: "the SQLite URL must name a file".into() }),
        path => Ok(PathBuf::from(path)),
    }
}
