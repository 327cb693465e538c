//! The run queue: one ticket per run, whose kind moves with the run's stage (`authorize`, `run`, `settle`).
//!
//! Invariants: a ticket is enqueued in the transaction that makes it necessary; delivery is at least once; every claim raises
//! `attempt`, and every later write names it, so that a holder whose lease ran out changes nothing any more. Order: settlements
//! first, then paid before free, and inside a class fair between users: a user's tickets are spaced along a virtual time, and a
//! newcomer starts level with what is being served, so one user's thousand tickets delay nobody else's first.

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, TicketId, UserId},
};
use serde_json::Value as Json;

use crate::{Row, StoreError, Tx, dialect, page::read_all, params};

/// Goes before every class of waiting runs: settling is short, and somebody waits for its outcome.
const CLASS_SETTLE: i64 = -1;

/// A ticket to put into the queue.
#[derive(Debug, Clone)]
pub struct TicketNew {
    pub id: TicketId,
    pub kind: &'static str,
    pub execution_id: ExecutionId,
    /// 0 paid, 1 free.
    pub class: i64,
    pub user_id: UserId,
    /// Not before this time.
    pub run_at: Timestamp,
}

/// A claimed ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: TicketId,
    pub kind: String,
    pub execution_id: ExecutionId,
    pub payload: Json,
    /// The claim's number, from 1: the fencing token.
    pub attempt: i64,
}

fn read(row: &Row) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.get(0)?,
        kind: row.get(1)?,
        execution_id: row.get(2)?,
        payload: row.json(3)?,
        attempt: row.get(4)?,
    })
}

/// Puts a ticket into the queue and wakes workers after the commit.
pub async fn ticket_enqueue(tx: &mut Tx, new: &TicketNew, now: Timestamp) -> Result<(), StoreError> {
    let user = new.user_id.to_string();
    let clock = "INSERT INTO queue_clocks (class, user_id, vtime) VALUES ($1, $2, 1 + COALESCE( \
                 (SELECT MIN(t.vtime) FROM tickets t WHERE t.class = $1), \
                 (SELECT MAX(c.vtime) FROM queue_clocks c WHERE c.class = $1), 0)) \
                 ON CONFLICT (class, user_id) DO UPDATE SET vtime = \
                 CASE WHEN queue_clocks.vtime >= excluded.vtime THEN queue_clocks.vtime + 1 ELSE excluded.vtime END \
                 RETURNING vtime";
    let vtime: i64 = tx.query_one(clock, &params![new.class, &user]).await?.get(0)?;
    let sql = "INSERT INTO tickets (id, kind, execution_id, payload, class, user_id, vtime, run_at, created_at) \
               VALUES ($1, $2, $3, '{}', $4, $5, $6, $7, $8)";
    let params = params![new.id, new.kind, new.execution_id, new.class, user, vtime, new.run_at, now];
    tx.execute(sql, &params).await?;
    tx.wake_queue();
    Ok(())
}

/// Leases up to `most` due tickets to `owner`: new ones, and those whose lease ran out.
pub async fn ticket_claim(
    tx: &mut Tx,
    owner: &str,
    now: Timestamp,
    lease_until: Timestamp,
    most: u32,
) -> Result<Vec<Ticket>, StoreError> {
    let rows = tx.query(dialect::ticket_claim(tx.engine()), &params![owner, now, lease_until, most]).await?;
    read_all(&rows, read)
}

/// Leases the run's ticket of this kind, if it is there and nobody has it. `lease` is now and the lease's end.
pub async fn ticket_take_unleased(
    tx: &mut Tx,
    execution: ExecutionId,
    kind: &str,
    owner: &str,
    lease: (Timestamp, Timestamp),
) -> Result<Option<Ticket>, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = $3, lease_until = $5, attempt = attempt + 1, live = NULL \
               WHERE execution_id = $1 AND kind = $2 AND (lease_until IS NULL OR lease_until <= $4) \
               RETURNING id, kind, execution_id, payload, attempt";
    let row = tx.query_opt(sql, &params![execution, kind, owner, lease.0, lease.1]).await?;
    row.as_ref().map(read).transpose()
}

/// Prolongs a lease. False when it is not this holder's any more: stop the work.
pub async fn ticket_renew(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    lease_until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET lease_until = $4 WHERE id = $1 AND attempt = $2 AND lease_owner = $3";
    Ok(tx.execute(sql, &params![id, attempt, owner, lease_until]).await? == 1)
}

/// Moves a held ticket on to settling, keeping its lease. False when it is not this holder's any more.
pub async fn ticket_to_settle(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    payload: &Json,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET kind = 'settle', payload = $4, class = $5, live = NULL \
               WHERE id = $1 AND attempt = $2 AND lease_owner = $3";
    Ok(tx.execute(sql, &params![id, attempt, owner, payload.to_string(), CLASS_SETTLE]).await? == 1)
}

/// Turns a run's `authorize` ticket into a `run` ticket that is due now. False when there is none.
pub async fn ticket_authorized(
    tx: &mut Tx,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET kind = 'run', run_at = $2, lease_owner = NULL, lease_until = NULL \
               WHERE execution_id = $1 AND kind = 'authorize'";
    let changed = tx.execute(sql, &params![execution, now]).await? == 1;
    tx.wake_queue();
    Ok(changed)
}

/// Gives a ticket back to the queue, not before `run_at`. False when it is not this holder's any more.
pub async fn ticket_release(
    tx: &mut Tx,
    id: TicketId,
    attempt: i64,
    owner: &str,
    run_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = NULL, lease_until = NULL, run_at = $4, live = NULL \
               WHERE id = $1 AND attempt = $2 AND lease_owner = $3";
    Ok(tx.execute(sql, &params![id, attempt, owner, run_at]).await? == 1)
}

/// Removes a ticket whose work is done. False when it is not this claim's any more.
pub async fn ticket_delete(tx: &mut Tx, id: TicketId, attempt: i64) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM tickets WHERE id = $1 AND attempt = $2", &params![id, attempt]).await? == 1)
}

/// Ends every lease: for the start of a process that is its database's only one.
pub async fn ticket_release_all_unscoped(tx: &mut Tx) -> Result<u64, StoreError> {
    let sql = "UPDATE tickets SET lease_owner = NULL, lease_until = NULL, live = NULL WHERE lease_until IS NOT NULL";
    tx.execute(sql, &[]).await
}

/// How many waiting runs go before this one: 0 is next. None when it does not wait.
pub async fn ticket_position(tx: &mut Tx, execution: ExecutionId) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT (SELECT COUNT(*) FROM tickets o WHERE o.kind = 'run' AND o.lease_owner IS NULL AND (o.class < t.class \
               OR (o.class = t.class AND (o.vtime < t.vtime OR (o.vtime = t.vtime AND o.id < t.id))))) \
               FROM tickets t WHERE t.kind = 'run' AND t.execution_id = $1 AND t.lease_owner IS NULL";
    tx.query_opt(sql, &params![execution]).await?.map(|row| row.get(0)).transpose()
}
