//! Idempotency keys: a repeated request gets the first one's answer.
//!
//! Invariants: a key belongs to one account and one request (its fingerprint covers method, path and body); two requests with
//! one key never run at once; a request that died unanswered may run again when its lock ends. Answers are encrypted.
//! A trigger's record is its run (`execution.rs`): here only its refusals are kept.

use frameos_domain::clock::Timestamp;

use crate::{Place, StoreError, Tx, params};

/// What a key says about a request.
#[derive(Debug, Clone, PartialEq)]
pub enum IdempotencyState {
    /// Go on, then [`idempotency_finish`]. Its first use was then: earlier than now if that one died unanswered.
    Fresh(Timestamp),
    /// The same request is being answered right now.
    Running,
    /// Answered before: this was it.
    Done { status: u32, body: Vec<u8> },
    /// The key was used for another request.
    Mismatch,
}

/// One request under a key.
#[derive(Debug, Clone, Copy)]
pub struct IdempotentRequest<'a> {
    pub account_id: &'a str,
    pub key: &'a str,
    /// SHA-256, hex, over method, path and body.
    pub fingerprint: &'a str,
}

/// Takes the key until `locked_until`, or says why not.
pub async fn idempotency_begin(
    tx: &mut Tx,
    request: IdempotentRequest<'_>,
    now: Timestamp,
    locked_until: Timestamp,
) -> Result<IdempotencyState, StoreError> {
    let IdempotentRequest { account_id, key, fingerprint } = request;
    let run = "SELECT 1 FROM agent_executions WHERE user_id = $1 AND idempotency_key = $2";
    if tx.query_opt(run, &params![account_id, key]).await?.is_some() {
        return Ok(IdempotencyState::Mismatch);
    }
    let sql = "INSERT INTO idempotency_keys (account_id, idempotency_key, fingerprint, created_at, locked_until) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, idempotency_key) DO UPDATE \
               SET locked_until = excluded.locked_until WHERE idempotency_keys.status IS NULL \
               AND idempotency_keys.fingerprint = excluded.fingerprint AND idempotency_keys.locked_until <= $4 \
               RETURNING created_at";
    if let Some(row) = tx.query_opt(sql, &params![account_id, key, fingerprint, now, locked_until]).await? {
        return Ok(IdempotencyState::Fresh(row.get(0)?));
    }
    idempotency_get(tx, request)
        .await?
        .ok_or_else(|| StoreError::corrupt("a key that conflicts but cannot be found"))
}

/// What is known of a key, without taking it. None when nothing is.
pub async fn idempotency_get(
    tx: &mut Tx,
    request: IdempotentRequest<'_>,
) -> Result<Option<IdempotencyState>, StoreError> {
    let IdempotentRequest { account_id, key, fingerprint } = request;
    let sql = "SELECT fingerprint, status, body FROM idempotency_keys WHERE account_id = $1 AND idempotency_key = $2";
    let Some(row) = tx.query_opt(sql, &params![account_id, key]).await? else { return Ok(None) };
    if row.get::<String>(0)? != fingerprint {
        return Ok(Some(IdempotencyState::Mismatch));
    }
    let (Some(status), Some(sealed)) = (row.get::<Option<u32>>(1)?, row.get::<Option<Vec<u8>>>(2)?) else {
        return Ok(Some(IdempotencyState::Running));
    };
    let body = tx.cipher().open(place(&row_name(account_id, key)), &sealed)?;
    Ok(Some(IdempotencyState::Done { status, body }))
}

/// Keeps the answer to a request that had not taken its key. What is known of the key already stands.
pub async fn idempotency_keep(
    tx: &mut Tx,
    request: IdempotentRequest<'_>,
    (status, body): (u32, &[u8]),
    now: Timestamp,
) -> Result<(), StoreError> {
    let IdempotentRequest { account_id, key, fingerprint } = request;
    let sealed = tx.cipher().seal(place(&row_name(account_id, key)), body)?;
    let sql = "INSERT INTO idempotency_keys (account_id, idempotency_key, fingerprint, status, body, created_at, locked_until) \
               VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (account_id, idempotency_key) DO NOTHING";
    tx.execute(sql, &params![account_id, key, fingerprint, status, sealed, now]).await.map(drop)
}

/// Keeps the answer. Best in the transaction that makes it true.
pub async fn idempotency_finish(
    tx: &mut Tx,
    account_id: &str,
    key: &str,
    status: u32,
    body: &[u8],
) -> Result<(), StoreError> {
    let sealed = tx.cipher().seal(place(&row_name(account_id, key)), body)?;
    let sql = "UPDATE idempotency_keys SET status = $3, body = $4 \
               WHERE account_id = $1 AND idempotency_key = $2 AND status IS NULL";
    tx.execute(sql, &params![account_id, key, status, sealed]).await.map(drop)
}

/// Keeps the key locked for a request that is still being answered.
pub async fn idempotency_renew(
    tx: &mut Tx,
    account_id: &str,
    key: &str,
    locked_until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE idempotency_keys SET locked_until = $3 \
               WHERE account_id = $1 AND idempotency_key = $2 AND status IS NULL";
    tx.execute(sql, &params![account_id, key, locked_until]).await.map(drop)
}

/// Lets the same request be tried again at once, as the same: after a failure that may have had its effect.
pub async fn idempotency_unlock(tx: &mut Tx, account_id: &str, key: &str) -> Result<(), StoreError> {
    idempotency_renew(tx, account_id, key, Timestamp::from_micros(0)).await
}

/// Gives an unanswered key back, so that the client may try again: after a refusal that did nothing.
pub async fn idempotency_abandon(tx: &mut Tx, account_id: &str, key: &str) -> Result<(), StoreError> {
    let sql =
        "DELETE FROM idempotency_keys WHERE account_id = $1 AND idempotency_key = $2 AND status IS NULL";
    tx.execute(sql, &params![account_id, key]).await.map(drop)
}

/// Frees every key whose request was never answered: for the start of a process that is its database's only one.
pub async fn idempotency_unlock_all_unscoped(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.execute("UPDATE idempotency_keys SET locked_until = 0 WHERE status IS NULL", &[]).await
}

/// Forgets keys first used before `before`. Returns how many.
pub async fn idempotency_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM idempotency_keys WHERE created_at < $1", &params![before]).await
}

fn row_name(account_id: &str, key: &str) -> String {
    format!("{account_id}/{key}")
}

const fn place(row: &str) -> Place<'_> {
    Place::new("idempotency_keys", "body", row)
}
