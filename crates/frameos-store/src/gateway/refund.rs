//! Refunds: money of payments that went back to their payers. Append-only.
//!
//! Invariants: of one payment never more goes back than was paid, by one conditional statement that the database checks again;
//! refunds of one payment happen one after the other, because each locks the payment's total first.

use frameos_domain::{
    clock::Timestamp,
    id::{PaymentId, RefundId},
    money::Currency,
};

use crate::{Row, StoreError, Tx, params};

/// One refund with what each party gave back, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRow {
    pub id: RefundId,
    pub payment_id: PaymentId,
    /// Whose wallet was credited.
    pub agent_id: String,
    pub amount: i64,
    /// As asked for: none for all that was left.
    pub requested_amount: Option<i64>,
    /// Of the payment, this refund included.
    pub refunded_total: i64,
    pub currency: Currency,
    pub developer: String,
    pub developer_amount: i64,
    pub platform_amount: i64,
    pub orchestrator_amount: i64,
    pub reason: String,
    pub idempotency_key: String,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    pub jws: String,
    /// SHA-256 of `jws`.
    pub hash: String,
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, payment_id, agent_id, amount, requested_amount, refunded_total, currency, developer, \
             developer_amount, platform_amount, orchestrator_amount, reason, idempotency_key, ledger_transaction_id, \
             ledger_hash, jws, hash, created_at FROM refunds ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<RefundRow, StoreError> {
    Ok(RefundRow {
        id: row.get(0)?,
        payment_id: row.get(1)?,
        agent_id: row.get(2)?,
        amount: row.get(3)?,
        requested_amount: row.get(4)?,
        refunded_total: row.get(5)?,
        currency: row.get(6)?,
        developer: row.get(7)?,
        developer_amount: row.get(8)?,
        platform_amount: row.get(9)?,
        orchestrator_amount: row.get(10)?,
        reason: row.get(11)?,
        idempotency_key: row.get(12)?,
        ledger_transaction_id: row.get(13)?,
        ledger_hash: row.get(14)?,
        jws: row.get(15)?,
        hash: row.get(16)?,
        created_at: row.get(17)?,
    })
}

/// Locks a payment's refunds until the transaction ends. Returns what was given back so far.
pub async fn refund_lock_unscoped(tx: &mut Tx, id: PaymentId, paid: i64) -> Result<i64, StoreError> {
    let sql = "INSERT INTO refund_totals (payment_id, amount, refunded) VALUES ($1, $2, 0) \
               ON CONFLICT (payment_id) DO UPDATE SET refunded = refund_totals.refunded RETURNING refunded";
    tx.query_one(sql, &params![id, paid]).await?.get(0)
}

/// What the refunds of a payment, which nobody can change, sum to.
pub async fn refunds_sum_unscoped(tx: &mut Tx, id: PaymentId) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM refunds WHERE payment_id = $1";
    tx.query_one(sql, &params![id]).await?.get(0)
}

/// Counts `amount` as given back. False when that would be more than was paid.
pub async fn refund_count_unscoped(tx: &mut Tx, id: PaymentId, amount: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE refund_totals SET refunded = refunded + $2 \
               WHERE payment_id = $1 AND refunded + $2 <= amount";
    Ok(tx.execute(sql, &params![id, amount]).await? == 1)
}

pub async fn refund_insert(tx: &mut Tx, refund: &RefundRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO refunds (id, payment_id, agent_id, amount, requested_amount, refunded_total, currency, \
               developer, developer_amount, platform_amount, orchestrator_amount, reason, idempotency_key, \
               ledger_transaction_id, ledger_hash, jws, hash, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let params = params![
        refund.id,
        refund.payment_id,
        refund.agent_id.as_str(),
        refund.amount,
        refund.requested_amount,
        refund.refunded_total,
        refund.currency,
        refund.developer.as_str(),
        refund.developer_amount,
        refund.platform_amount,
        refund.orchestrator_amount,
        refund.reason.as_str(),
        refund.idempotency_key.as_str(),
        refund.ledger_transaction_id.as_str(),
        refund.ledger_hash.as_str(),
        refund.jws.as_str(),
        refund.hash.as_str(),
        refund.created_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// The refund of a payment that was asked for under a key.
pub async fn refund_get_by_key_unscoped(
    tx: &mut Tx,
    id: PaymentId,
    key: &str,
) -> Result<Option<RefundRow>, StoreError> {
    let sql = select!("WHERE payment_id = $1 AND idempotency_key = $2");
    tx.query_opt(sql, &params![id, key]).await?.as_ref().map(read).transpose()
}

/// Where a payment's money was taken from and went to, as the ledger tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRoute {
    /// `capture`, or `direct_sale` for one that came from no wallet.
    pub kind: String,
    /// Who got the orchestrator's share; none when it was zero.
    pub orchestrator: Option<String>,
}

pub async fn payment_route_unscoped(
    tx: &mut Tx,
    ledger_transaction_id: &str,
) -> Result<Option<PaymentRoute>, StoreError> {
    let sql = "SELECT t.kind, p.owner FROM ledger_transactions t LEFT JOIN ledger_postings p \
               ON p.sequence = t.sequence AND p.account_kind = 'orchestrator_payable' WHERE t.id = $1";
    let row = tx.query_opt(sql, &params![ledger_transaction_id]).await?;
    row.map(|row| Ok(PaymentRoute { kind: row.get(0)?, orchestrator: row.get(1)? })).transpose()
}

/// A refund's signed statement beside its row, for the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundText {
    pub id: String,
    pub payment_id: String,
    pub agent_id: String,
    pub amount: i64,
    pub refunded_total: i64,
    pub ledger_hash: String,
    pub jws: String,
    pub hash: String,
}

/// Up to `limit` refunds after `after`, by id.
pub async fn refunds_page_unscoped(
    tx: &mut Tx,
    after: &str,
    limit: i64,
) -> Result<Vec<RefundText>, StoreError> {
    let sql = "SELECT id, payment_id, agent_id, amount, refunded_total, ledger_hash, jws, hash FROM refunds \
               WHERE id > $1 ORDER BY id LIMIT $2";
    let read = |row: &Row| {
        Ok(RefundText {
            id: row.get(0)?,
            payment_id: row.get(1)?,
            agent_id: row.get(2)?,
            amount: row.get(3)?,
            refunded_total: row.get(4)?,
            ledger_hash: row.get(5)?,
            jws: row.get(6)?,
            hash: row.get(7)?,
        })
    };
    tx.query(sql, &params![after, limit]).await?.iter().map(read).collect()
}
