//! SQLite: one writer thread and a few reader threads, each with its own connection and a queue of whole transactions.
//!
//! Invariants: a transaction runs to its end on one thread, so a caller who leaves cannot cut it in half and writers never
//! meet SQLITE_BUSY among themselves; what a writer was told is on disk (`sqlite/writer.rs`); readers cannot write.
//! Statements are written with `$1` and rewritten once to SQLite's `?1`.

mod checkpoint;
mod waiting;
mod writer;

use std::{
    collections::HashMap,
    ffi::c_int,
    path::Path,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use rusqlite::{
    Connection as Rusqlite, ErrorCode, OpenFlags, ToSql,
    config::DbConfig,
    ffi,
    hooks::Wal,
    params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use tokio::sync::oneshot;

use crate::{
    cipher::Cipher,
    error::StoreError,
    row::{Packed, Row},
    signal::Signals,
    store::Purpose,
    tx::{BoxFuture, Connection, Mode, Tx, transact},
    value::{Cell, Value},
};

use checkpoint::{Checkpoints, LogPages};
pub(crate) use waiting::Urgency;
use waiting::Waiting;

const READERS: usize = 4;
const STATEMENT_CACHE: usize = 256;
/// How long a writer waits for another process (a backup, a second server) before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A reader's job: a whole transaction, its answer included.
type Read = Box<dyn FnOnce(&mut Tx) + Send>;

/// A SQLite database with its threads. They end when this is dropped.
pub(crate) struct Sqlite {
    writes: Arc<Waiting<writer::Write>>,
    reads: Arc<Waiting<Read>>,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        cipher: &Cipher,
        signals: &Signals,
        purpose: Purpose,
    ) -> Result<Self, StoreError> {
        let opened = Self { writes: Arc::default(), reads: Arc::default() };
        if purpose == Purpose::Work {
            let connection = SqliteConnection::open(path, Mode::Write, purpose)?;
            let checkpoints = Checkpoints::start(path, Arc::clone(&connection.log))?;
            let tx = Tx::new(Connection::Sqlite(connection), cipher.clone(), signals.clone());
            let writes = Arc::clone(&opened.writes);
            start("store-writer", move || writer::serve(tx, checkpoints, &writes))?;
        } else {
            opened.writes.close();
        }
        for _ in 0..READERS {
            let connection = Connection::Sqlite(SqliteConnection::open(path, Mode::Read, purpose)?);
            let mut tx = Tx::new(connection, cipher.clone(), signals.clone());
            let reads = Arc::clone(&opened.reads);
            start("store-reader", move || {
                while let Some((read, _)) = reads.next() {
                    read(&mut tx);
                }
            })?;
        }
        Ok(opened)
    }

    /// Runs `work` in a transaction. One that writes and is urgent goes before the others that wait; that it is answered does not mean
    /// yet that it survives a power cut.
    pub(crate) async fn run<T, F>(&self, (mode, urgency): (Mode, Urgency), work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let stopped = || StoreError::Unavailable { what: "the database thread has stopped", source: None };
        let (reply, result) = oneshot::channel();
        match mode {
            Mode::Read => {
                let job: Read = Box::new(move |tx| {
                    // A caller who has left is told nothing.
                    drop(reply.send(block_on(transact(tx, Mode::Read, work))));
                });
                self.reads.push(job, urgency);
            }
            Mode::Write | Mode::WriteLane | Mode::WriteOnce => {
                self.writes.push(writer::job(work, reply), urgency);
            }
        }
        result.await.map_err(|_| stopped())?
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| StoreError::unavailable("no thread for the database", error))
}

struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls to completion on this thread. Statements are ready at once, so it hardly ever parks.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// One connection, owned by one thread.
pub(crate) struct SqliteConnection {
    connection: Rusqlite,
    rewritten: HashMap<String, Arc<str>>,
    log: LogPages,
}

impl SqliteConnection {
    fn open(path: &Path, mode: Mode, purpose: Purpose) -> Result<Self, StoreError> {
        if purpose == Purpose::Look {
            return Self::open_to_read(path);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Rusqlite::open_with_flags(path, flags).map_err(convert)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(convert)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // Otherwise a statement whose plan might depend on its parameters is prepared anew whenever they change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(convert)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192; \
                 PRAGMA temp_store = MEMORY;",
            )
            .map_err(convert)?;
        let log = LogPages::default();
        let pages = Arc::clone(&log);
        let hook = move |_: &mut Wal, now: c_int| {
            pages.store(usize::try_from(now).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        };
        // In the place of checkpoints within commits.
        connection.wal_hook(Some(hook)).map_err(convert)?;
        if mode == Mode::Read {
            // The system keeps the file's pages anyway, once for all connections.
            connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512").map_err(convert)?;
        }
        Ok(Self { connection, rewritten: HashMap::new(), log })
    }

    /// A file without a log is whole as it is and has no writer, who would keep one: then no file beside it is made either.
    fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let is_still = !Path::new(&log).exists();
        let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{name}?{}", if is_still { "immutable=1" } else { "mode=ro" });
        let connection = Rusqlite::open_with_flags(uri, flags).map_err(convert)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(convert)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        connection
            .execute_batch(
                "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
            )
            .map_err(convert)?;
        Ok(Self { connection, rewritten: HashMap::new(), log: LogPages::default() })
    }

    pub(crate) fn begin(&mut self, mode: Mode) -> Result<(), StoreError> {
        self.step(match mode {
            Mode::Read => "BEGIN DEFERRED",
            Mode::Write | Mode::WriteLane | Mode::WriteOnce => "BEGIN IMMEDIATE",
        })
    }

    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        self.step("COMMIT")
    }

    /// Whether the next commits wait for the disk. What one that did not wait has written is on disk with the next that does.
    pub(crate) fn wait_for_disk(&mut self, wait: bool) -> Result<(), StoreError> {
        self.batch(if wait { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })
    }

    /// Begins one job of a batch.
    pub(crate) fn job_begin(&mut self) -> Result<(), StoreError> {
        self.step("SAVEPOINT job")
    }

    /// Keeps what the job did, if the batch is committed.
    pub(crate) fn job_keep(&mut self) -> Result<(), StoreError> {
        self.step("RELEASE job")
    }

    /// Undoes what the job did. An error means that the whole batch cannot be kept.
    pub(crate) fn job_undo(&mut self) -> Result<(), StoreError> {
        self.step("ROLLBACK TO job")?;
        self.step("RELEASE job")
    }

    /// Whether a transaction is open. Some errors (a full disk) end it by themselves.
    pub(crate) fn is_open(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(crate) fn rollback(&mut self) {
        if self.is_open()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a SQLite transaction could not be rolled back");
        }
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(convert)
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let sql = self.rewrite(sql);
        let mut statement = self.connection.prepare_cached(&sql).map_err(convert)?;
        let changed = statement.execute(params_from_iter(params)).map_err(convert)?;
        Ok(changed as u64)
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let sql = self.rewrite(sql);
        let mut statement = self.connection.prepare_cached(&sql).map_err(convert)?;
        let width = statement.column_count();
        let mut rows = statement.query(params_from_iter(params)).map_err(convert)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(convert)? {
            let mut packed = Packed::new(width);
            for index in 0..width {
                packed.push(cell(row.get_ref(index).map_err(convert)?)?);
            }
            found.push(packed.into());
        }
        Ok(found)
    }

    /// Runs a statement of a transaction's life, prepared once.
    fn step(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql).and_then(|mut step| step.execute([])).map(drop).map_err(convert)
    }

    fn rewrite(&mut self, sql: &str) -> Arc<str> {
        if let Some(known) = self.rewritten.get(sql) {
            return Arc::clone(known);
        }
        let rewritten: Arc<str> = crate::dialect::sqlite_parameters(sql).into();
        // Statements composed at run time are few; this bound is against the one that turns out not to be.
        if self.rewritten.len() < 4 * STATEMENT_CACHE {
            self.rewritten.insert(sql.to_owned(), Arc::clone(&rewritten));
        }
        rewritten
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Real(number) => ValueRef::Real(*number),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell<'_>, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => {
            Cell::Text(std::str::from_utf8(bytes).map_err(|_| StoreError::corrupt("text is not UTF-8"))?)
        }
        ValueRef::Blob(bytes) => Cell::Blob(bytes),
    })
}

/// Puts SQLite's errors in the store's words.
pub(crate) fn convert(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return StoreError::Statement(error.into());
    };
    let message = message.clone().unwrap_or_default();
    let what = match failure.code {
        ErrorCode::ConstraintViolation => return constraint(failure.extended_code, &message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            "another process holds its lock"
        }
        ErrorCode::DiskFull => "the disk is full",
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => "the file cannot be read or written",
        ErrorCode::OutOfMemory => "out of memory",
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            return StoreError::corrupt("the file is not an intact SQLite database");
        }
        _ => return StoreError::Statement(error.into()),
    };
    StoreError::unavailable(what, error)
}

/// `UNIQUE constraint failed: t.a, t.b` is what PostgreSQL calls `t_a_b_key`.
fn constraint(extended_code: i32, message: &str) -> StoreError {
    let detail = message.split_once(": ").map_or(message, |(_, detail)| detail);
    let table = detail.split('.').next().unwrap_or_default();
    match extended_code {
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            StoreError::Conflict { constraint: format!("{table}_pkey") }
        }
        ffi::SQLITE_CONSTRAINT_UNIQUE => {
            let columns: Vec<&str> = detail
                .split(", ")
                .filter_map(|column| column.split_once('.').map(|(_, name)| name))
                .collect();
            StoreError::Conflict { constraint: format!("{table}_{}_key", columns.join("_")) }
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => StoreError::Refused { rule: format!("{detail} is required") },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::Refused { rule: "foreign key".into() },
        _ => StoreError::Refused { rule: detail.to_owned() },
    }
}
