//! Top-ups: money on its way into a wallet.
//!
//! Invariant: a top-up leaves `pending` once, in the transaction that credits the wallet. It is stored before its provider is
//! called, so that a crash leaves something to resume and the provider always sees the same id.

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
    pub provider: String,
    pub provider_reference: Option<String>,
    pub status: String,
    pub idempotency_key: Option<String>,
    pub created_at: Timestamp,
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
        })
    }

    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }
}

/// Stores a pending top-up. False when its owner already used its idempotency key.
pub async fn top_up_insert(tx: &mut Tx, top_up: &TopUpRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO top_ups (id, owner, amount, currency, provider, provider_reference, status, idempotency_key, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) \
               ON CONFLICT (owner, idempotency_key) DO NOTHING";
    let params = params![
        top_up.id,
        top_up.owner.as_str(),
        top_up.amount,
        top_up.currency,
        top_up.provider.as_str(),
        top_up.provider_reference.clone(),
        top_up.status.as_str(),
        top_up.idempotency_key.clone(),
        top_up.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn top_up_get(tx: &mut Tx, owner: &str, id: TopUpId) -> Result<Option<TopUpRow>, StoreError> {
    let sql = "SELECT id, owner, amount, currency, provider, provider_reference, status, idempotency_key, created_at \
               FROM top_ups WHERE owner = $1 AND id = $2";
    tx.query_opt(sql, &params![owner, id]).await?.as_ref().map(TopUpRow::read).transpose()
}

/// The top-up an owner started under an idempotency key.
pub async fn top_up_get_by_key(tx: &mut Tx, owner: &str, key: &str) -> Result<Option<TopUpRow>, StoreError> {
    let sql = "SELECT id, owner, amount, currency, provider, provider_reference, status, idempotency_key, created_at \
               FROM top_ups WHERE owner = $1 AND idempotency_key = $2";
    tx.query_opt(sql, &params![owner, key]).await?.as_ref().map(TopUpRow::read).transpose()
}

/// Moves a pending top-up to `status` (settled or failed). False when it is not pending any more.
pub async fn top_up_close(
    tx: &mut Tx,
    id: TopUpId,
    status: &str,
    provider_reference: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE top_ups SET status = $2, provider_reference = $3, updated_at = $4 \
               WHERE id = $1 AND status = 'pending'";
    Ok(tx.execute(sql, &params![id, status, provider_reference, now]).await? == 1)
}
