//! The token a running attempt proves itself with, kept as its SHA-256 on the ticket.
//!
//! Invariant: a token is worth something only while the very claim it was given to holds the lease of a `run` ticket, and until its
//! own end: there is no state in which it would have to be taken back, so none can be forgotten.

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, TicketId},
};

use crate::{
    StoreError, Tx,
    live::{Live, Progress, live_seal, said_seal},
    params,
    run_event::{ATTEMPT_IDS, EVENTS_MAX, RunEvent, run_events_insert},
};

/// The longest a token lives; one of a run with a nearer deadline lives until that. Claims give them (`ticket_claim`).
pub const TOKEN_LONGEST_MS: u64 = 5 * 60 * 1_000;

/// Whether the token with this hash is the run's own and worth something now.
pub async fn run_token_check_unscoped(
    tx: &mut Tx,
    id: ExecutionId,
    hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM tickets WHERE execution_id = $1 AND token_hash = $2 AND token_attempt = attempt \
               AND kind = 'run' AND lease_owner IS NOT NULL AND lease_until > $3 AND token_until > $3";
    Ok(tx.query_opt(sql, &params![id, hash, now]).await?.is_some())
}

/// What became of something a run said by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Noted,
    /// The token is worth nothing (any more).
    NoToken,
    /// This attempt has said all that is kept.
    TooMuch,
}

/// Adds an event of the run that holds the token; with `progress`, that is its latest.
pub async fn run_token_say_unscoped(
    tx: &mut Tx,
    id: ExecutionId,
    hash: &str,
    event: &RunEvent,
    progress: Option<&Progress>,
) -> Result<Said, StoreError> {
    let sql = "UPDATE tickets SET events = events + 1 \
               WHERE execution_id = $1 AND token_hash = $2 AND token_attempt = attempt AND kind = 'run' \
               AND lease_owner IS NOT NULL AND lease_until > $3 AND token_until > $3 RETURNING id, events";
    let Some(row) = tx.query_opt(sql, &params![id, hash, event.at]).await? else {
        return Ok(Said::NoToken);
    };
    let (ticket, number): (TicketId, i64) = (row.get(0)?, row.get(1)?);
    if number > EVENTS_MAX {
        tx.set_rollback();
        return Ok(Said::TooMuch);
    }
    if let Some(progress) = progress {
        let said = said_seal(tx, id, progress)?;
        // Nothing is shown of a ticket that was not measured yet.
        let measured = live_seal(tx, &ticket.to_string(), &Live::default())?;
        let sql = "UPDATE tickets SET said = $2, live = COALESCE(live, $3) WHERE id = $1";
        tx.execute(sql, &params![ticket, said, measured]).await?;
    }
    let sql = "SELECT attempt FROM agent_executions WHERE id = $1";
    let attempt: i64 = tx.query_one(sql, &params![id]).await?.get(0)?;
    run_events_insert(tx, id, attempt * ATTEMPT_IDS + number, std::slice::from_ref(event), event.at).await?;
    Ok(Said::Noted)
}
