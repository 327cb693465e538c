//! A transaction, the same on both engines, and the life around it: begin, the caller's work, commit or undo.
//!
//! Invariants: what the closure did is kept whole or not at all; an error, a panic, a failed statement or
//! [`Tx::set_rollback`] undoes everything; signals fire only after a commit. A closure never waits for anything but its own
//! statements: on SQLite it holds the only writer. It must not use the [`crate::Store`] it runs in.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin};

use frameos_domain::id::ExecutionId;
use futures::FutureExt;

use crate::{
    chain::{heads_at_once, heads_write},
    cipher::Cipher,
    error::StoreError,
    gathered::{Gathered, Gathering},
    heads::{Head, Heads},
    postgres::PostgresConnection,
    postponed::{Column, Postponed, Rows},
    row::Row,
    signal::{Signal, Signals},
    sqlite::SqliteConnection,
    value::Value,
};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A statement that returns no rows, and its parameters.
pub type Statement = (&'static str, Vec<Value>);

/// Where what may wait for the rest of a batch does: rows for its end, statements for their like, if the batch is worth that.
pub(crate) type Batched = (Postponed, Option<Gathering>);

/// One open transaction.
pub struct Tx {
    connection: Connection,
    cipher: Cipher,
    signals: Signals,
    pending: Vec<Signal>,
    heads: Heads,
    /// Where rows wait for the rest of their batch, if they may.
    postponed: Option<Postponed>,
    /// Where statements wait for those of the rest of their batch.
    gathering: Option<Gathering>,
    undo: bool,
    failed: bool,
}

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PostgresConnection),
}

/// The database engine under a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
    /// Write what the jobs of a lane do, whose statements are joined to columns.
    WriteLane,
    /// Write with one statement, which PostgreSQL commits by itself: it cannot be taken back.
    WriteOnce,
}

/// What transactions that may share a commit have in common. On PostgreSQL each lane has one writer in a process; SQLite's single
/// writer serves them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What somebody wants to pay for: moves nothing yet, and need not wait for what does.
    Intents,
    /// What moves money: takes the locks on the ledger's and the payment receipts' heads first.
    Books,
    /// What runs gave.
    Results,
    /// What publishes runs and signs their receipts: takes the lock on the head of the run receipts first.
    Settlements,
}

impl Tx {
    pub(crate) fn new(connection: Connection, cipher: Cipher, signals: Signals) -> Self {
        Self {
            connection,
            cipher,
            signals,
            pending: Vec::new(),
            heads: Heads::default(),
            postponed: None,
            gathering: None,
            undo: false,
            failed: false,
        }
    }

    /// Another job's part of this transaction, on the same connection and with the same heads. PostgreSQL only.
    pub(crate) fn share(&self) -> Result<Self, StoreError> {
        let Connection::Postgres(connection) = &self.connection else { return Err(StoreError::Aborted) };
        let connection = Connection::Postgres(connection.share());
        Ok(Self {
            heads: self.heads.clone(),
            ..Self::new(connection, self.cipher.clone(), self.signals.clone())
        })
    }

    /// Another job's part, whose rows may wait for those of the others, and which asks with them.
    pub(crate) fn share_batched(&self, (postponed, gathering): &Batched) -> Result<Self, StoreError> {
        Ok(Self { postponed: Some(postponed.clone()), gathering: gathering.clone(), ..self.share()? })
    }

    /// Runs a statement that returns rows, with others of the batch who ask the same.
    pub(crate) async fn gather(
        &mut self,
        statement: &'static Gathered,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let Some(gathering) = self.gathering.clone() else { return self.query(&statement.one, values).await };
        self.refuse_after_failure()?;
        let result = gathering.ask(statement, values).await;
        self.note(result)
    }

    /// Runs a statement for each row of values, on PostgreSQL at once. What each returned, in their order.
    pub(crate) async fn query_each<const N: usize>(
        &mut self,
        statement: &'static Gathered,
        rows: &[[Value; N]],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        if self.engine() == Engine::Postgres && rows.len() > 1 {
            let result = statement.ask_rows(self, rows).await;
            return self.note(result);
        }
        let mut found = Vec::with_capacity(rows.len());
        for values in rows {
            found.push(self.query(&statement.one, values).await?);
        }
        Ok(found)
    }

    /// Leaves a row for the end of the batch. False when it has to be written now: no batch may be waited for.
    pub(crate) fn postpone(&self, rows: &'static Rows, values: &[Value]) -> Result<bool, StoreError> {
        let Some(postponed) = &self.postponed else { return Ok(false) };
        postponed.push(rows, values).map(|()| true)
    }

    /// Writes what was postponed and the heads that moved, and commits. Returns why the database refused a row, if it did, for one
    /// because it is there already: then nothing was kept. PostgreSQL only.
    pub(crate) async fn commit_postponed(
        &mut self,
        postponed: &Postponed,
    ) -> Result<Option<StoreError>, StoreError> {
        let Connection::Postgres(connection) = &mut self.connection else { return Err(StoreError::Aborted) };
        let write = postponed.take(|first| heads_at_once(&self.heads, first));
        connection.commit_with(write.as_ref()).await
    }

    /// The heads of the chains this transaction has locked.
    pub(crate) const fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Runs a statement that returns no rows. Returns how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.refuse_after_failure()?;
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => connection.execute(sql, params),
            Connection::Postgres(connection) => connection.execute(sql, params).await,
        };
        self.note(result)
    }

    /// Runs statements one after the other, without waiting for one's answer before the next is sent. Returns how many rows each
    /// changed. For statements of which none depends on another's answer.
    pub async fn execute_all(&mut self, statements: &[Statement]) -> Result<Vec<u64>, StoreError> {
        self.refuse_after_failure()?;
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => {
                statements.iter().map(|(sql, params)| connection.execute(sql, params)).collect()
            }
            Connection::Postgres(connection) => connection.execute_all(statements).await,
        };
        self.note(result)
    }

    /// Runs a statement that returns rows: a SELECT, or a change with RETURNING.
    pub async fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.query_text(sql, params).await
    }

    /// Like [`Tx::query`] with whole columns for the first parameters. PostgreSQL only.
    pub(crate) async fn query_columns(
        &mut self,
        sql: &'static str,
        columns: &[Column],
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.refuse_after_failure()?;
        let result = match &mut self.connection {
            Connection::Sqlite(_) => Err(StoreError::Aborted),
            Connection::Postgres(connection) => connection.query_columns(sql, columns, params).await,
        };
        self.note(result)
    }

    /// Like [`Tx::query`] for at most one row; more than one is an error.
    pub async fn query_opt(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query_text(sql, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(StoreError::RowCount { expected: "at most one", found }),
        }
    }

    /// Like [`Tx::query`] for exactly one row, such as a count.
    pub async fn query_one(&mut self, sql: &'static str, params: &[Value]) -> Result<Row, StoreError> {
        self.query_opt(sql, params).await?.ok_or(StoreError::RowCount { expected: "one", found: 0 })
    }

    /// Has everything undone when the closure returns, even if it returns `Ok`.
    ///
    /// For an outcome that is no store error (say, insufficient funds): mark, then return `Ok(Err(refusal))`.
    pub fn set_rollback(&mut self) {
        self.undo = true;
    }

    /// For a transaction whose statements may take minutes, such as an audit. Any other is given up when the database does not answer.
    pub fn take_long(&mut self) {
        if let Connection::Postgres(connection) = &mut self.connection {
            connection.wait_long();
        }
    }

    /// The installation's cipher, for columns that are encrypted.
    pub fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// Tells waiting workers, after the commit, that the queue may have work.
    pub fn wake_queue(&mut self) {
        self.signal(Signal::Queue);
    }

    /// Tells whoever keeps a copy of the catalogue, after the commit, that an agent changed.
    pub fn announce_catalogue(&mut self) {
        self.signal(Signal::Catalogue);
    }

    /// Tells whoever follows this run, after the commit, that it changed.
    pub fn announce_execution(&mut self, id: ExecutionId) {
        self.signal(Signal::Execution(id));
    }

    /// Tells whoever works on this run, after the commit, that its user wants it cancelled.
    pub(crate) fn announce_cancel(&mut self, id: ExecutionId) {
        self.signal(Signal::Cancel(id));
    }

    /// Runs a statement composed at run time (list filters). Values still travel as parameters only.
    pub(crate) async fn query_dynamic(
        &mut self,
        sql: String,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.query_text(&sql, params).await
    }

    /// Runs several statements without parameters: a migration.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.refuse_after_failure()?;
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => connection.batch(sql),
            Connection::Postgres(connection) => connection.batch(sql).await,
        };
        self.note(result)
    }

    /// The connection of an open transaction, for COPY. PostgreSQL only, and after a first statement.
    pub(crate) fn postgres_client(&self) -> Result<std::sync::Arc<deadpool_postgres::Object>, StoreError> {
        match &self.connection {
            Connection::Postgres(connection) => connection.client().ok_or(StoreError::Aborted),
            Connection::Sqlite(_) => Err(StoreError::Aborted),
        }
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    async fn query_text(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.refuse_after_failure()?;
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => connection.query(sql, params),
            Connection::Postgres(connection) => connection.query(sql, params).await,
        };
        self.note(result)
    }

    fn signal(&mut self, signal: Signal) {
        if !self.pending.contains(&signal) {
            self.pending.push(signal);
        }
    }

    /// PostgreSQL refuses everything after a failed statement; SQLite would go on. Both shall behave alike.
    const fn refuse_after_failure(&self) -> Result<(), StoreError> {
        if self.failed { Err(StoreError::Aborted) } else { Ok(()) }
    }

    fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed |= result.is_err();
        result
    }

    pub(crate) fn forget(&mut self) {
        self.undo = false;
        self.failed = false;
        self.pending.clear();
    }

    pub(crate) async fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        self.forget();
        self.heads.restore(Vec::new());
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.begin(mode),
            Connection::Postgres(connection) => connection.begin(mode).await,
        }
    }

    /// Writes what was kept in memory, and commits.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        heads_write(self).await?;
        self.commit_only().await
    }

    async fn commit_only(&mut self) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.commit(),
            Connection::Postgres(connection) => connection.commit().await,
        }
    }

    pub(crate) async fn rollback(&mut self) {
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.rollback(),
            Connection::Postgres(connection) => connection.rollback().await,
        }
    }

    async fn finish<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if !self.is_kept(&result) {
            self.rollback().await;
            return self.undone(result);
        }
        if let Err(error) = self.commit().await {
            self.rollback().await;
            return Err(error);
        }
        let pending = self.pending_take();
        self.fire(pending);
        result
    }

    pub(crate) fn pending_take(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.pending)
    }

    /// Tells of what was committed: here, and over PostgreSQL in other processes too.
    pub(crate) fn fire(&self, signals: Vec<Signal>) {
        let is_shared = self.engine() == Engine::Postgres;
        for signal in signals {
            self.signals.fire(signal);
            if is_shared {
                self.signals.post(signal);
            }
        }
    }

    pub(crate) const fn is_kept<T>(&self, result: &Result<T, StoreError>) -> bool {
        result.is_ok() && !self.undo && !self.failed
    }

    /// What the caller hears of work that was undone.
    pub(crate) fn undone<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_ok() && !self.undo { Err(StoreError::Aborted) } else { result }
    }

    pub(crate) async fn attempt<T, F>(&mut self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        let result = AssertUnwindSafe(async { work(&mut *self).await }).catch_unwind().await;
        result.unwrap_or(Err(StoreError::Panicked))
    }
}

/// Runs one whole transaction on a connection.
pub(crate) async fn transact<T, F>(tx: &mut Tx, mode: Mode, work: F) -> Result<T, StoreError>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>>,
{
    tx.begin(mode).await?;
    let result = tx.attempt(work).await;
    tx.finish(result).await
}

/// The steps of a batch: several jobs in one SQLite transaction, each kept or undone by itself.
impl Tx {
    /// Begins a batch, whose commit waits for the disk or does not.
    pub(crate) fn batch_begin(&mut self, wait_for_disk: bool) -> Result<(), StoreError> {
        self.heads.restore(Vec::new());
        let connection = self.sqlite()?;
        connection.wait_for_disk(wait_for_disk)?;
        connection.begin(Mode::Write)
    }

    /// Runs one job. Its signals, if it is kept, go to `signals`: they must not fire before the batch's commit.
    ///
    /// The batch may be broken afterwards: see [`Tx::batch_is_open`].
    pub(crate) async fn batch_job<T, F>(
        &mut self,
        work: F,
        signals: &mut Vec<Signal>,
    ) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        self.forget();
        self.sqlite()?.job_begin()?;
        let heads = self.heads.copy();
        let result = self.attempt(work).await;
        if self.is_kept(&result) {
            match self.sqlite()?.job_keep() {
                Ok(()) => {
                    signals.append(&mut self.pending);
                    return result;
                }
                Err(error) => {
                    self.batch_job_undo(heads);
                    return Err(error);
                }
            }
        }
        self.batch_job_undo(heads);
        self.undone(result)
    }

    pub(crate) fn batch_is_open(&self) -> bool {
        matches!(&self.connection, Connection::Sqlite(connection) if connection.is_open())
    }

    /// Commits, or undoes everything.
    pub(crate) async fn batch_commit(&mut self) -> Result<(), StoreError> {
        self.forget();
        let written = heads_write(self).await;
        let connection = self.sqlite()?;
        written.and_then(|()| connection.commit()).inspect_err(|_| connection.rollback())
    }

    /// What cannot be undone alone takes the batch with it.
    fn batch_job_undo(&mut self, heads: Vec<Head>) {
        self.heads.restore(heads);
        if let Ok(connection) = self.sqlite()
            && connection.is_open()
            && let Err(error) = connection.job_undo()
        {
            tracing::error!(%error, "a job's changes could not be undone; its batch is rolled back");
            connection.rollback();
        }
    }

    pub(crate) const fn sqlite(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => Ok(connection),
            Connection::Postgres(_) => Err(StoreError::Aborted),
        }
    }
}
