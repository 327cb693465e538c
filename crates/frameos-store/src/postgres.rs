//! PostgreSQL: a pool of connections; each transaction runs in its own task.
//!
//! Invariants: a caller who leaves cannot cut a transaction in half, because the task goes on without it; a connection whose
//! transaction did not end cleanly is closed, never handed on; nobody waits for an answer longer than `PATIENCE`, since a network
//! may swallow it, unless the transaction said that it takes long. Transactions are READ COMMITTED (reads: a REPEATABLE READ
//! snapshot), so whoever decides on what it read does so in the conditional statement itself.

mod connect;
mod encode;
mod lane;
mod listen;

use std::{pin::pin, sync::Arc, task::Poll, time::Duration};

use deadpool_postgres::{Object, Pool};
use futures::{FutureExt, future::try_join_all, join, poll};
use tokio_postgres::{error::SqlState, types::ToSql};

pub(crate) use encode::cell;

use crate::{
    cipher::Cipher,
    error::StoreError,
    postponed::{Column, Write},
    row::Row,
    signal::Signals,
    tx::{BoxFuture, Connection, Lane, Mode, Statement, Tx, transact},
    value::Value,
};

/// How long one statement may go unanswered: far beyond any of ours, waiting for locks included.
const PATIENCE: Duration = Duration::from_secs(8);

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// What is joined to columns is found by indexes. A plan is kept for a statement that was prepared, also one that was made while the tables
/// were so small that reading them whole was quicker, until long after they are not.
const BY_INDEXES: &str =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// A PostgreSQL database.
pub(crate) struct Postgres {
    pool: Pool,
    cipher: Cipher,
    signals: Signals,
    listener: tokio::task::AbortHandle,
    lanes: lane::Lanes,
}

impl Postgres {
    /// Prepares the pool and starts listening for signals. Connects lazily.
    pub(crate) fn open(url: &str, cipher: Cipher, signals: Signals) -> Result<Self, StoreError> {
        let target = connect::Target::parse(url)?;
        let listener = tokio::spawn(listen::listen(target.clone(), signals.clone())).abort_handle();
        let pool = target.pool()?;
        let lanes = lane::Lanes::start(&pool, &cipher, &signals);
        Ok(Self { pool, cipher, signals, listener, lanes })
    }

    /// Runs `work` in a transaction that it may share with others of its lane.
    pub(crate) async fn run_shared<T, F>(&self, lane: Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        self.lanes.of(lane).run(work).await
    }

    pub(crate) async fn run<T, F>(&self, mode: Mode, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (pool, cipher, signals) = (self.pool.clone(), self.cipher.clone(), self.signals.clone());
        let task = tokio::spawn(async move {
            let connection = PostgresConnection::new(checkout(&pool).await?);
            let mut tx = Tx::new(Connection::Postgres(connection), cipher, signals);
            transact(&mut tx, mode, work).await
        });
        match task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => Err(StoreError::Panicked),
            Err(error) => Err(StoreError::unavailable("the runtime is shutting down", error)),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn checkout(pool: &Pool) -> Result<Object, StoreError> {
    pool.get().await.map_err(|error| StoreError::unavailable("no connection to PostgreSQL", error))
}

/// One pooled connection for the length of one transaction.
pub(crate) struct PostgresConnection {
    object: Option<Arc<Object>>,
    /// Whether a transaction may be open, so that the connection must not return to the pool as it is.
    open: bool,
    /// Whether the reading transaction's begin is still to be sent, with its first statement.
    unsent: bool,
    mode: Mode,
    /// Whether the only statement was sent, where there may be one only.
    asked: bool,
    /// Whether an answer is still owed, so that nothing more can be asked.
    stuck: bool,
    patience: Option<Duration>,
}

impl PostgresConnection {
    fn new(object: Object) -> Self {
        Self {
            object: Some(Arc::new(object)),
            open: false,
            unsent: false,
            mode: Mode::Write,
            asked: false,
            stuck: false,
            patience: Some(PATIENCE),
        }
    }

    /// The same connection for another job of the open transaction, which stays this one's to end.
    pub(crate) fn share(&self) -> Self {
        Self { object: self.object.clone(), open: false, unsent: false, ..*self }
    }

    /// The connection itself, for what is no statement.
    pub(crate) fn client(&self) -> Option<Arc<Object>> {
        self.object.clone()
    }

    /// Waits for answers as long as it takes.
    pub(crate) const fn wait_long(&mut self) {
        self.patience = None;
    }

    pub(crate) async fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        (self.open, self.mode) = (true, mode);
        match mode {
            // Were this refused, a statement sent with it would be kept without its transaction. A read harms nobody.
            Mode::Write => self.batch(BEGIN).await,
            Mode::WriteLane => self.batch(&format!("{BEGIN}; {BY_INDEXES}")).await,
            Mode::WriteOnce => Ok(()),
            Mode::Read => {
                self.unsent = true;
                Ok(())
            }
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.unsent) {
            match (self.mode, &self.object) {
                (Mode::WriteOnce, _) => {}
                // Nothing depends on how a read ends, and what is asked next on this connection comes after it.
                (Mode::Read, Some(object)) => drop(object.batch_execute("COMMIT").now_or_never()),
                _ => self.batch("COMMIT").await?,
            }
        }
        self.open = false;
        Ok(())
    }

    /// Writes rows, with a statement that fails unless it writes them all, and commits; all is sent before the first answer is awaited.
    /// Returns what was refused, if something was, so that nothing is kept.
    pub(crate) async fn commit_with(
        &mut self,
        write: Option<&Write>,
    ) -> Result<Option<StoreError>, StoreError> {
        let Some(write) = write else { return self.commit().await.map(|()| None) };
        let (sql, params) = (write.sql(), write.columns.iter().map(array).collect::<Vec<_>>());
        let asked = self.ask(async |object| {
            let statement = object.prepare_cached(&sql).await?;
            let mut written = pin!(object.execute(&statement, &params));
            let done = match poll!(&mut written) {
                // What could not be sent: a commit would keep the rest without it.
                Poll::Ready(Err(error)) if error.as_db_error().is_none() => return Err(error),
                Poll::Ready(answered) => (answered, object.batch_execute("COMMIT").await),
                Poll::Pending => join!(written, object.batch_execute("COMMIT")),
            };
            // After a refusal PostgreSQL takes COMMIT for ROLLBACK, and says so in no error.
            match done {
                (Ok(_), Ok(())) => Ok(None),
                (Err(refused), Ok(())) if refused.as_db_error().is_some() => Ok(Some(refused)),
                (Err(error), Ok(())) | (_, Err(error)) => Err(error),
            }
        });
        let refused = asked.await?;
        self.open = false;
        Ok(refused.map(convert))
    }

    pub(crate) async fn rollback(&mut self) {
        if self.stuck {
            return;
        }
        if std::mem::take(&mut self.unsent) || self.mode == Mode::WriteOnce {
            self.open = false;
            return;
        }
        match self.batch("ROLLBACK").await {
            Ok(()) => self.open = false,
            Err(error) => tracing::warn!(%error, "a PostgreSQL transaction could not be rolled back"),
        }
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.ask(async |object| object.batch_execute(sql).await).await
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.ask(async |object| {
            let statement = object.prepare_cached(sql).await?;
            object.execute(&statement, &references(params)).await
        })
        .await
    }

    pub(crate) async fn execute_all(&mut self, statements: &[Statement]) -> Result<Vec<u64>, StoreError> {
        self.ask(async |object| {
            // All are prepared first, so that they are sent in their order.
            let mut prepared = Vec::with_capacity(statements.len());
            for (sql, params) in statements {
                prepared.push((object.prepare_cached(sql).await?, references(params)));
            }
            try_join_all(prepared.iter().map(|(statement, params)| object.execute(statement, params))).await
        })
        .await
    }

    pub(crate) async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.query_columns(sql, &[], params).await
    }

    pub(crate) async fn query_columns(
        &mut self,
        sql: &str,
        columns: &[Column],
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let values = params.iter().map(|value| value as &(dyn ToSql + Sync));
        let params: Vec<_> = columns.iter().map(array).chain(values).collect();
        let is_joined = !columns.is_empty() && self.mode == Mode::Write;
        let rows = self.ask(async |object| {
            let statement = object.prepare_cached(sql).await?;
            if !is_joined {
                return object.query(&statement, &params).await;
            }
            let (set, rows) = join!(object.batch_execute(BY_INDEXES), object.query(&statement, &params));
            set.and(rows)
        });
        Ok(rows.await?.into_iter().map(Row::from).collect())
    }

    async fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        if self.mode == Mode::WriteOnce && std::mem::replace(&mut self.asked, true) {
            return Err(StoreError::Aborted);
        }
        let unsent = std::mem::take(&mut self.unsent);
        let object = self.object.as_ref().ok_or(StoreError::Aborted)?;
        let answered = async {
            if !unsent {
                return question(object).await;
            }
            let begin = object.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            let (begun, answer) = join!(begin, question(object));
            begun.and(answer)
        };
        let Some(patience) = self.patience else { return answered.await.map_err(convert) };
        match tokio::time::timeout(patience, answered).await {
            Ok(answer) => answer.map_err(convert),
            Err(elapsed) => {
                self.stuck = true;
                Err(StoreError::unavailable("PostgreSQL does not answer", elapsed))
            }
        }
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        if self.open
            && let Some(object) = self.object.take()
        {
            // Taken out of the pool and closed: the server rolls back. Jobs of a batch are gone by now.
            drop(Arc::into_inner(object).map(Object::take));
        }
    }
}

fn references(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn array(column: &Column) -> &(dyn ToSql + Sync) {
    match column {
        Column::Text(texts) => texts,
        Column::BigInt(numbers) => numbers,
        Column::Bytes(bytes) => bytes,
    }
}

/// Puts PostgreSQL's errors in the store's words.
pub(crate) fn convert(error: tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        let cause = std::error::Error::source(&error);
        return if error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>()) {
            StoreError::unavailable("the connection to PostgreSQL was lost", error)
        } else {
            StoreError::Statement(error.into())
        };
    };
    let code = refusal.code();
    let constraint = refusal.constraint().unwrap_or_default().to_owned();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::Conflict { constraint };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return StoreError::Refused { rule: "foreign key".into() };
    }
    if *code == SqlState::INTEGRITY_CONSTRAINT_VIOLATION {
        // What our own triggers raise.
        return StoreError::Refused { rule: refusal.message().to_owned() };
    }
    if *code == SqlState::NOT_NULL_VIOLATION {
        let place = [refusal.table(), refusal.column()].map(Option::unwrap_or_default).join(".");
        return StoreError::Refused { rule: format!("{place} is required") };
    }
    if code.code().starts_with("23") {
        return StoreError::Refused { rule: constraint };
    }
    if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        return StoreError::unavailable("PostgreSQL gave the transaction up", error);
    }
    // Classes of PostgreSQL's appendix A: connection, transaction rollback, resources, operator intervention, system.
    match &code.code()[..2] {
        "08" | "40" | "53" | "55" | "57" | "58" => {
            StoreError::unavailable("PostgreSQL could not do it now", error)
        }
        _ => StoreError::Statement(error.into()),
    }
}
