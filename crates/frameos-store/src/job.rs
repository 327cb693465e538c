//! Jobs that are no runs, on the queue of the runs: enqueued in the transaction that makes them necessary, leased, and fenced
//! by the number of their claim.
//!
//! Invariants: of one kind and key at most one job exists; it is delivered at least once, so its work must bear repetition; one
//! that is enqueued while it runs is the one that runs.

mod queue;

use std::collections::BTreeSet;

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, TicketId},
};
use serde_json::Value as Json;

use crate::{
    StoreError, Tx, dialect, params,
    postponed::Column,
    ticket::{self, CLASS_MONEY, Lease, Ticket},
    tx::Engine,
};

pub use queue::JobQueue;

/// After everything that a user waits for.
const CLASS_JOB: i64 = 2;

/// A job to put into the queue.
#[derive(Debug, Clone)]
pub struct JobNew {
    pub kind: &'static str,
    /// Tells it from others of its kind.
    pub key: String,
    pub payload: Json,
    /// Not before this time.
    pub run_at: Timestamp,
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobTicket {
    pub id: TicketId,
    pub kind: String,
    pub payload: Json,
    /// The claim's number, from 1: the fencing token.
    pub attempt: i64,
}

/// What is to be done besides running agents.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A run's `authorize` or `settle`.
    Money(Ticket),
    Job(JobTicket),
}

/// Puts a job into the queue and wakes workers after the commit. False when there is one of this kind and key.
pub async fn job_enqueue(tx: &mut Tx, new: &JobNew, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO tickets (id, kind, job_key, payload, class, vtime, run_at, created_at) \
               VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (kind, job_key) DO NOTHING";
    let id = TicketId::generate(now);
    let params = params![id, new.kind, &new.key, new.payload.to_string(), CLASS_JOB, new.run_at, now];
    let enqueued = tx.execute(sql, &params).await? == 1;
    if enqueued {
        tx.wake_queue();
    }
    Ok(enqueued)
}

/// Puts several jobs into the queue, as [`job_enqueue`] does one: for each, whether there was none of its kind and key.
pub async fn jobs_enqueue(tx: &mut Tx, new: &[&JobNew], now: Timestamp) -> Result<Vec<bool>, StoreError> {
    if tx.engine() == Engine::Sqlite {
        let mut enqueued = Vec::with_capacity(new.len());
        for job in new {
            enqueued.push(job_enqueue(tx, job, now).await?);
        }
        return Ok(enqueued);
    }
    let ids: Vec<TicketId> = new.iter().map(|_| TicketId::generate(now)).collect();
    let columns = [
        Column::texts(&ids),
        Column::texts(new.iter().map(|job| job.kind)),
        Column::texts(new.iter().map(|job| &job.key)),
        Column::texts(new.iter().map(|job| &job.payload)),
        Column::numbers(new.iter().map(|job| job.run_at.as_micros())),
    ];
    let rows = tx.query_columns(dialect::PG_JOBS_ENQUEUE, &columns, &params![CLASS_JOB, now]).await?;
    let enqueued: BTreeSet<TicketId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    if !enqueued.is_empty() {
        tx.wake_queue();
    }
    Ok(ids.iter().map(|id| enqueued.contains(id)).collect())
}

/// Removes jobs that are done, as [`job_delete`] does one: for each, whether it was this claim's still.
pub async fn jobs_delete(tx: &mut Tx, jobs: &[&JobTicket]) -> Result<Vec<bool>, StoreError> {
    ticket::tickets_delete(tx, jobs.iter().map(|job| (job.id, job.attempt))).await
}

/// Leases up to `most` due pieces of work, those with money first: new ones, and those whose lease ran out.
pub async fn work_claim(tx: &mut Tx, lease: &Lease, most: u32) -> Result<Vec<Work>, StoreError> {
    let mut claimed = Vec::new();
    for class in [CLASS_MONEY, CLASS_JOB] {
        let left = most.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let params = params![class, lease.now, left, &lease.owner, lease.until];
        for row in &tx.query(dialect::work_claim(tx.engine()), &params).await? {
            claimed.push(match row.get::<Option<ExecutionId>>(2)? {
                Some(_) => Work::Money(ticket::read(row)?),
                None => Work::Job(JobTicket {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    payload: row.json(3)?,
                    attempt: row.get(4)?,
                }),
            });
        }
    }
    Ok(claimed)
}

/// Gives a job back to the queue, not before `run_at`. False when it is not this claim's any more.
pub async fn job_release(tx: &mut Tx, job: &JobTicket, run_at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = NULL, lease_until = NULL, run_at = $3 WHERE id = $1 AND attempt = $2";
    Ok(tx.execute(sql, &params![job.id, job.attempt, run_at]).await? == 1)
}

/// Removes a job that is done. False when it is not this claim's any more.
pub async fn job_delete(tx: &mut Tx, job: &JobTicket) -> Result<bool, StoreError> {
    ticket::ticket_delete(tx, job.id, job.attempt).await
}

/// Takes back a job that nobody has claimed yet. False when there is none.
pub async fn job_withdraw(tx: &mut Tx, kind: &str, key: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM tickets WHERE kind = $1 AND job_key = $2 AND attempt = 0";
    Ok(tx.execute(sql, &params![kind, key]).await? == 1)
}
