//! Payments: captured mandates, one payment each.

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId, ReceiptId},
    money::Currency,
};

use crate::{
    Row, StoreError, Tx, params,
    postponed::{Rows, rows},
};

/// A payment with its split, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    pub id: PaymentId,
    pub mandate_id: MandateId,
    /// The paying account.
    pub agent_id: String,
    pub amount: i64,
    pub currency: Currency,
    /// Whose payable account was credited.
    pub developer: String,
    pub developer_amount: i64,
    pub platform_amount: i64,
    pub orchestrator_amount: i64,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    pub receipt_id: ReceiptId,
    pub idempotency_key: Option<String>,
    pub created_at: Timestamp,
}

impl PaymentRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            mandate_id: row.get(1)?,
            agent_id: row.get(2)?,
            amount: row.get(3)?,
            currency: row.get(4)?,
            developer: row.get(5)?,
            developer_amount: row.get(6)?,
            platform_amount: row.get(7)?,
            orchestrator_amount: row.get(8)?,
            ledger_transaction_id: row.get(9)?,
            ledger_hash: row.get(10)?,
            receipt_id: row.get(11)?,
            idempotency_key: row.get(12)?,
            created_at: row.get(13)?,
        })
    }
}

const PAYMENTS: Rows = rows!(
    "payments",
    (
        id Text, mandate_id Text, agent_id Text, amount BigInt, currency Text, developer Text, developer_amount BigInt,
        platform_amount BigInt, orchestrator_amount BigInt, ledger_transaction_id Text, ledger_hash Text,
        receipt_id Text, idempotency_key Text, created_at BigInt
    )
);

/// Stores a payment. False when its payer already used its idempotency key, for whatever mandate.
pub async fn payment_insert(tx: &mut Tx, payment: &PaymentRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO payments (id, mandate_id, agent_id, amount, currency, developer, developer_amount, \
               platform_amount, orchestrator_amount, ledger_transaction_id, ledger_hash, receipt_id, idempotency_key, \
               created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
               ON CONFLICT (agent_id, idempotency_key) DO NOTHING";
    let params = params![
        payment.id,
        payment.mandate_id,
        payment.agent_id.as_str(),
        payment.amount,
        payment.currency,
        payment.developer.as_str(),
        payment.developer_amount,
        payment.platform_amount,
        payment.orchestrator_amount,
        payment.ledger_transaction_id.as_str(),
        payment.ledger_hash.as_str(),
        payment.receipt_id,
        payment.idempotency_key.clone(),
        payment.created_at
    ];
    Ok(tx.postpone(&PAYMENTS, &params)? || tx.execute(sql, &params).await? == 1)
}

pub async fn payment_get_unscoped(tx: &mut Tx, id: PaymentId) -> Result<Option<PaymentRow>, StoreError> {
    let sql = "SELECT id, mandate_id, agent_id, amount, currency, developer, developer_amount, platform_amount, \
               orchestrator_amount, ledger_transaction_id, ledger_hash, receipt_id, idempotency_key, created_at \
               FROM payments WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(PaymentRow::read).transpose()
}

pub async fn payment_get_by_mandate_unscoped(
    tx: &mut Tx,
    mandate: MandateId,
) -> Result<Option<PaymentRow>, StoreError> {
    let sql = "SELECT id, mandate_id, agent_id, amount, currency, developer, developer_amount, platform_amount, \
               orchestrator_amount, ledger_transaction_id, ledger_hash, receipt_id, idempotency_key, created_at \
               FROM payments WHERE mandate_id = $1";
    tx.query_opt(sql, &params![mandate]).await?.as_ref().map(PaymentRow::read).transpose()
}

/// The payment `agent_id` made under an idempotency key.
pub async fn payment_get_by_key(
    tx: &mut Tx,
    agent_id: &str,
    key: &str,
) -> Result<Option<PaymentRow>, StoreError> {
    let sql = "SELECT id, mandate_id, agent_id, amount, currency, developer, developer_amount, platform_amount, \
               orchestrator_amount, ledger_transaction_id, ledger_hash, receipt_id, idempotency_key, created_at \
               FROM payments WHERE agent_id = $1 AND idempotency_key = $2";
    tx.query_opt(sql, &params![agent_id, key]).await?.as_ref().map(PaymentRow::read).transpose()
}
