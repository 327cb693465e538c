//! What a run uses and how far it is, while it goes on: kept on its ticket.
//!
//! Invariants: only the holder of a `run` ticket's lease writes it, or of its token; each claim, release and result clears it, so
//! it is never that of an older attempt; it is encrypted, bound to its ticket and run. Losing it loses nothing: no state depends
//! on it, and no write of it is announced.

use frameos_domain::{
    id::{ExecutionId, TicketId, UserId},
    receipt::Resources,
};
use serde::{Deserialize, Serialize};

use crate::{Place, StoreError, Tx, params, ticket::Ticket};

/// The latest of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// What was used so far.
    pub resources: Option<Resources>,
    /// In a column of its own, which others write too.
    #[serde(skip)]
    pub progress: Option<Progress>,
}

/// What the agent says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Part done, 0 to 1.
    pub fraction: f64,
    /// The agent's words, cleared of secrets.
    pub message: String,
}

/// Replaces what is known of a running ticket; progress only when there is any. False when it is not this holder's any more, or
/// its run has ended.
pub async fn live_set(tx: &mut Tx, ticket: &Ticket, owner: &str, live: &Live) -> Result<bool, StoreError> {
    let sealed = live_seal(tx, &ticket.id.to_string(), live)?;
    let said = live.progress.as_ref().map(|said| said_seal(tx, ticket.execution_id, said)).transpose()?;
    let sql = "UPDATE tickets SET live = $4, said = COALESCE($5, said) \
               WHERE id = $1 AND attempt = $2 AND lease_owner = $3 AND kind = 'run'";
    Ok(tx.execute(sql, &params![ticket.id, ticket.attempt, owner, sealed, said]).await? == 1)
}

/// The latest of one of the user's runs, once there is something.
pub async fn live_get(
    tx: &mut Tx,
    user_id: UserId,
    execution: ExecutionId,
) -> Result<Option<Live>, StoreError> {
    let sql = "SELECT id, live, said FROM tickets \
               WHERE user_id = $1 AND execution_id = $2 AND kind = 'run' AND live IS NOT NULL";
    let Some(row) = tx.query_opt(sql, &params![user_id, execution]).await? else { return Ok(None) };
    let (id, sealed, said): (TicketId, Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let live: Live = tx.cipher().open_json(Place::new("tickets", "live", &id.to_string()), &sealed)?;
    let run = execution.to_string();
    let progress = said.map(|sealed| tx.cipher().open_json(Place::new("tickets", "said", &run), &sealed));
    Ok(Some(Live { progress: progress.transpose()?, ..live }))
}

pub(crate) fn live_seal(tx: &Tx, ticket: &str, live: &Live) -> Result<Vec<u8>, StoreError> {
    Ok(tx.cipher().seal_json(Place::new("tickets", "live", ticket), live)?)
}

pub(crate) fn said_seal(tx: &Tx, run: ExecutionId, said: &Progress) -> Result<Vec<u8>, StoreError> {
    Ok(tx.cipher().seal_json(Place::new("tickets", "said", &run.to_string()), said)?)
}
