//! What a run says while it goes on, for whoever follows it.
//!
//! Invariants: events are numbered once, upwards, in the transaction that stores them and under the lock of the run's ticket, so
//! that a reader who has seen one has seen all before it; only the holder of the ticket or of its token adds any; they are
//! encrypted, bound to their place. An attempt's numbers begin anew at a multiple of [`ATTEMPT_IDS`]: what a reader derives
//! from the run's row has its place among them.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{ExecutionId, UserId},
    receipt::Resources,
};
use serde::{Deserialize, Serialize};

use crate::{Place, Row, StoreError, Tx, page::read_all, params, ticket::Ticket};

/// Numbers there are for one attempt.
pub const ATTEMPT_IDS: i64 = 1_000_000;
/// Events one attempt may store.
pub const EVENTS_MAX: i64 = 10_000;
/// Rows read at once.
const ROWS_MAX: i64 = 64;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    pub at: Timestamp,
    #[serde(flatten)]
    pub kind: RunEventKind,
}

/// What was said. All text is cleared of secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEventKind {
    /// A line that was printed, or an entry of `ctx.log`.
    Log {
        stream: LogStream,
        level: Option<String>,
        message: String,
    },
    Progress {
        fraction: f64,
        message: String,
    },
    /// Something the run's price is made of was counted, and what the run costs now.
    Charge {
        event: String,
        count: i64,
        amount: i64,
    },
    /// What was used so far.
    Resources {
        used: Resources,
    },
    /// More was said than is kept here; the logs have it.
    Truncated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    Stdout,
    Stderr,
    /// `ctx.log`.
    Log,
}

/// Adds events of the run's `attempt`. False when the ticket is not this holder's any more.
pub async fn run_events_append(
    tx: &mut Tx,
    ticket: &Ticket,
    owner: &str,
    attempt: i64,
    events: &[RunEvent],
) -> Result<bool, StoreError> {
    let (Ok(count), Some(last)) = (i64::try_from(events.len()), events.last()) else { return Ok(true) };
    let sql = "UPDATE tickets SET events = events + $4 WHERE id = $1 AND attempt = $2 AND lease_owner = $3 \
               RETURNING events";
    let held = tx.query_opt(sql, &params![ticket.id, ticket.attempt, owner, count]).await?;
    let Some(row) = held else { return Ok(false) };
    run_events_insert(tx, ticket.execution_id, attempt * ATTEMPT_IDS + row.get::<i64>(0)?, events, last.at)
        .await?;
    Ok(true)
}

/// Stores events whose last has the number `last_id`, which the caller drew from the ticket.
pub(crate) async fn run_events_insert(
    tx: &mut Tx,
    id: ExecutionId,
    last_id: i64,
    events: &[RunEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    let body = tx.cipher().seal_json(place(&row_name(id, last_id)), events)?;
    let sql =
        "INSERT INTO execution_events (execution_id, last_id, body, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &params![id, last_id, body, now]).await?;
    tx.announce_execution(id);
    Ok(())
}

/// Stored events of one run, in order.
#[derive(Debug, Default, PartialEq)]
pub struct RunEvents {
    pub events: Vec<(i64, RunEvent)>,
    /// There are no more for now.
    pub complete: bool,
}

/// The events of one of the user's runs with numbers above `after`.
pub async fn run_events_list(
    tx: &mut Tx,
    user_id: UserId,
    id: ExecutionId,
    after: i64,
) -> Result<RunEvents, StoreError> {
    let sql = "SELECT v.last_id, v.body FROM execution_events v JOIN agent_executions e ON e.id = v.execution_id \
               WHERE e.user_id = $1 AND v.execution_id = $2 AND v.last_id > $3 ORDER BY v.last_id LIMIT $4";
    let rows = tx.query(sql, &params![user_id, id, after, ROWS_MAX]).await?;
    let mut listed = RunEvents { events: Vec::new(), complete: (rows.len() as i64) < ROWS_MAX };
    for row in &rows {
        let (last_id, sealed): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let events: Vec<RunEvent> = tx.cipher().open_json(place(&row_name(id, last_id)), &sealed)?;
        let first = last_id - events.len() as i64 + 1;
        listed.events.extend((first..).zip(events).filter(|(number, _)| *number > after));
    }
    Ok(listed)
}

/// What a run's states are told from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHistory {
    pub status: RunStatus,
    pub attempt: i64,
    pub failure_reason: Option<FailureReason>,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// In order.
    pub attempts: Vec<RunAttempt>,
}

/// One attempt at a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAttempt {
    pub attempt: i64,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `ended`, `requeued` or `lost`.
    pub outcome: Option<String>,
    pub reason: Option<String>,
}

/// The states one of the user's runs went through, without its contents.
pub async fn run_history_get(
    tx: &mut Tx,
    user_id: UserId,
    id: ExecutionId,
) -> Result<Option<RunHistory>, StoreError> {
    let sql = "SELECT status, attempt, failure_reason, created_at, completed_at FROM agent_executions \
               WHERE user_id = $1 AND id = $2";
    let Some(row) = tx.query_opt(sql, &params![user_id, id]).await? else { return Ok(None) };
    let sql = "SELECT attempt, started_at, ended_at, outcome, reason FROM execution_attempts \
               WHERE execution_id = $1 ORDER BY attempt";
    let attempts = read_all(&tx.query(sql, &params![id]).await?, attempt_read)?;
    Ok(Some(RunHistory {
        status: row.get(0)?,
        attempt: row.get(1)?,
        failure_reason: row.get(2)?,
        created_at: row.get(3)?,
        completed_at: row.get(4)?,
        attempts,
    }))
}

fn attempt_read(row: &Row) -> Result<RunAttempt, StoreError> {
    Ok(RunAttempt {
        attempt: row.get(0)?,
        started_at: row.get(1)?,
        ended_at: row.get(2)?,
        outcome: row.get(3)?,
        reason: row.get(4)?,
    })
}

/// Forgets events stored before `old`. Returns how many rows there were.
pub async fn run_events_purge_unscoped(tx: &mut Tx, old: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM execution_events WHERE created_at < $1", &params![old]).await
}

fn row_name(id: ExecutionId, last_id: i64) -> String {
    format!("{id}/{last_id}")
}

fn place(row: &str) -> Place<'_> {
    Place::new("execution_events", "body", row)
}
