//! Top-ups: money on its way into a wallet.
//!
//! Invariant: a top-up is stored before any provider is asked, so that a crash leaves something to resume. It is `settled` in
//! the transaction that credits the wallet; one that failed may still settle, when it turns out that somebody paid after all.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::TopUpId,
    money::{Currency, Money},
};

use crate::{Row, StoreError, Tx, params};

/// One top-up; `status` is pending, settled or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUpRow {
    pub id: TopUpId,
    pub owner: String,
    pub amount: i64,
    pub currency: Currency,
    /// The provider that was asked last, or that settled it.
    pub provider: String,
    pub provider_reference: Option<String>,
    pub status: String,
    pub idempotency_key: Option<String>,
    pub created_at: Timestamp,
    /// What it is to be paid with, where the payer comes back to, and what test money is to do.
    pub instrument: Option<String>,
    pub return_url: Option<String>,
    pub scenario: Option<String>,
    /// Why it failed; `expired` when nobody paid.
    pub reason: Option<String>,
}

impl TopUpRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            owner: row.get(1)?,
            amount: row.get(2)?,
            currency: row.get(3)?,
            provider: row.get(4)?,
            provider_reference: row.get(5)?,
            status: row.get(6)?,
            idempotency_key: row.get(7)?,
            created_at: row.get(8)?,
            instrument: row.get(9)?,
            return_url: row.get(10)?,
            scenario: row.get(11)?,
            reason: row.get(12)?,
        })
    }

    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, owner, amount, currency, provider, provider_reference, status, idempotency_key, created_at, \
             instrument, return_url, scenario, reason FROM top_ups ",
            $rest
        )
    };
}

/// Stores a pending top-up. False when its owner already used its idempotency key.
pub async fn top_up_insert(tx: &mut Tx, top_up: &TopUpRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO top_ups (id, owner, amount, currency, provider, provider_reference, status, idempotency_key, \
               created_at, updated_at, instrument, return_url, scenario) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12) ON CONFLICT (owner, idempotency_key) DO NOTHING";
    let params = params![
        top_up.id,
        top_up.owner.as_str(),
        top_up.amount,
        top_up.currency,
        top_up.provider.as_str(),
        top_up.provider_reference.clone(),
        top_up.status.as_str(),
        top_up.idempotency_key.clone(),
        top_up.created_at,
        top_up.instrument.clone(),
        top_up.return_url.clone(),
        top_up.scenario.clone()
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn top_up_get(tx: &mut Tx, owner: &str, id: TopUpId) -> Result<Option<TopUpRow>, StoreError> {
    let sql = select!("WHERE owner = $1 AND id = $2");
    tx.query_opt(sql, &params![owner, id]).await?.as_ref().map(TopUpRow::read).transpose()
}

/// The top-up an owner started under an idempotency key.
pub async fn top_up_get_by_key(tx: &mut Tx, owner: &str, key: &str) -> Result<Option<TopUpRow>, StoreError> {
    let sql = select!("WHERE owner = $1 AND idempotency_key = $2");
    tx.query_opt(sql, &params![owner, key]).await?.as_ref().map(TopUpRow::read).transpose()
}

/// A page of the owner's top-ups, newest first.
pub async fn top_up_list(
    tx: &mut Tx,
    owner: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<TopUpRow>, StoreError> {
    let sql = select!("WHERE owner = $1 ORDER BY id DESC LIMIT $2 OFFSET $3");
    tx.query(sql, &params![owner, limit, offset]).await?.iter().map(TopUpRow::read).collect()
}

pub async fn top_up_count(tx: &mut Tx, owner: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM top_ups WHERE owner = $1";
    tx.query_one(sql, &params![owner]).await?.get(0)
}

/// Gives the caller a pending top-up to itself for `lease`. False when another has it, or it is not pending.
pub async fn top_up_work_begin(
    tx: &mut Tx,
    owner: &str,
    id: TopUpId,
    now: Timestamp,
    lease: Duration,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_ups SET work_until = $4 WHERE owner = $1 AND id = $2 AND status = 'pending' \
               AND (work_until IS NULL OR work_until <= $3)";
    Ok(tx.execute(sql, &params![owner, id, now, now.plus(lease)]).await? == 1)
}

pub async fn top_up_work_end(tx: &mut Tx, owner: &str, id: TopUpId) -> Result<(), StoreError> {
    let sql = "UPDATE top_ups SET work_until = NULL WHERE owner = $1 AND id = $2";
    tx.execute(sql, &params![owner, id]).await.map(drop)
}

/// Notes who is asked now.
pub async fn top_up_provider_set(
    tx: &mut Tx,
    owner: &str,
    id: TopUpId,
    provider: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE top_ups SET provider = $3 WHERE owner = $1 AND id = $2 AND status = 'pending'";
    tx.execute(sql, &params![owner, id, provider]).await.map(drop)
}

/// Marks a top-up settled, in the transaction that credits it. False when it was settled before.
pub async fn top_up_settle(
    tx: &mut Tx,
    owner: &str,
    id: TopUpId,
    by: (&str, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_ups SET status = 'settled', provider = $3, provider_reference = $4, reason = NULL, updated_at = $5 \
               WHERE owner = $1 AND id = $2 AND status <> 'settled'";
    Ok(tx.execute(sql, &params![owner, id, by.0, by.1, now]).await? == 1)
}

/// Marks a pending top-up failed.
pub async fn top_up_fail(
    tx: &mut Tx,
    owner: &str,
    id: TopUpId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_ups SET status = 'failed', reason = $3, updated_at = $4 \
               WHERE owner = $1 AND id = $2 AND status = 'pending'";
    Ok(tx.execute(sql, &params![owner, id, reason, now]).await? == 1)
}

/// Marks a pending top-up failed unless one of its charges may still be paid, or somebody works on it.
pub async fn top_up_fail_if_over(
    tx: &mut Tx,
    owner: &str,
    id: TopUpId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_ups SET status = 'failed', reason = $3, updated_at = $4 WHERE owner = $1 AND id = $2 \
               AND status = 'pending' AND (work_until IS NULL OR work_until <= $4) AND NOT EXISTS (SELECT 1 \
               FROM top_up_charges c WHERE c.top_up_id = top_ups.id AND c.status IN ('new', 'asking', 'lost', 'open'))";
    Ok(tx.execute(sql, &params![owner, id, reason, now]).await? == 1)
}

/// Pending top-ups older than `before` of which no charge may still be paid, with their owners.
pub async fn top_ups_over_unscoped(
    tx: &mut Tx,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<(String, TopUpId)>, StoreError> {
    let sql = "SELECT owner, id FROM top_ups WHERE status = 'pending' AND created_at <= $1 AND NOT EXISTS (SELECT 1 \
               FROM top_up_charges c WHERE c.top_up_id = top_ups.id AND c.status IN ('asking', 'lost', 'open')) \
               ORDER BY id LIMIT $2";
    let rows = tx.query(sql, &params![before, limit]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
