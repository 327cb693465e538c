//! The worker processes of an installation, as they report themselves.
//!
//! Invariants: a worker writes its own row only, under a name that no other process ever has; nothing is decided by these rows,
//! they are what an operator sees. Whether a silent worker is lost is up to the reader.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, page::read_all, params};

/// One worker process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub name: String,
    pub host: String,
    pub pid: i64,
    /// Of the program.
    pub version: String,
    /// How its agents are isolated.
    pub isolation: Option<String>,
    pub slots: i64,
    pub busy: i64,
    /// It takes no more runs and lets its own finish.
    pub draining: bool,
    pub started_at: Timestamp,
    pub last_seen: Timestamp,
}

/// Writes what a worker says of itself.
pub async fn worker_report(tx: &mut Tx, worker: &Worker) -> Result<(), StoreError> {
    let sql = "INSERT INTO workers (name, host, pid, version, isolation, slots, busy, draining, started_at, last_seen) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO UPDATE SET \
               busy = excluded.busy, draining = excluded.draining, last_seen = excluded.last_seen";
    let params = params![
        &worker.name,
        &worker.host,
        worker.pid,
        &worker.version,
        worker.isolation.clone(),
        worker.slots,
        worker.busy,
        worker.draining,
        worker.started_at,
        worker.last_seen
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// Strikes a worker that has ended off the list.
pub async fn worker_delete(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM workers WHERE name = $1", &params![name]).await.map(drop)
}

/// Forgets the workers that have been silent since before `seen`.
pub async fn worker_purge_unscoped(tx: &mut Tx, seen: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM workers WHERE last_seen < $1", &params![seen]).await
}

/// Every worker there is a row of, in the order they were started.
pub async fn worker_list_unscoped(tx: &mut Tx) -> Result<Vec<Worker>, StoreError> {
    let sql = "SELECT name, host, pid, version, isolation, slots, busy, draining, started_at, last_seen \
               FROM workers ORDER BY started_at, name";
    let rows = tx.query(sql, &[]).await?;
    read_all(&rows, |row| {
        Ok(Worker {
            name: row.get(0)?,
            host: row.get(1)?,
            pid: row.get(2)?,
            version: row.get(3)?,
            isolation: row.get(4)?,
            slots: row.get(5)?,
            busy: row.get(6)?,
            draining: row.get(7)?,
            started_at: row.get(8)?,
            last_seen: row.get(9)?,
        })
    })
}
