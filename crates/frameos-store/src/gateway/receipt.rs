//! The gateway's receipts: one per mandate somebody tried to execute, in one hash chain.
//!
//! Append-only. The signed document is the JWS; the other columns repeat what finding and verifying it needs.

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId, ReceiptId},
};

use crate::{
    Row, StoreError, Tx, params,
    postponed::{Rows, rows},
};

/// A signed receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Position in the chain, from 1.
    pub sequence: i64,
    pub id: ReceiptId,
    pub mandate_id: MandateId,
    /// None for a refusal.
    pub payment_id: Option<PaymentId>,
    /// `success` or `refused`.
    pub status: String,
    pub jws: String,
    pub previous_hash: String,
    /// SHA-256 of `jws`.
    pub hash: String,
    pub created_at: Timestamp,
}

impl ReceiptRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.get(0)?,
            id: row.get(1)?,
            mandate_id: row.get(2)?,
            payment_id: row.get(3)?,
            status: row.get(4)?,
            jws: row.get(5)?,
            previous_hash: row.get(6)?,
            hash: row.get(7)?,
            created_at: row.get(8)?,
        })
    }
}

const RECEIPTS: Rows = rows!(
    "payment_receipts",
    (
        sequence BigInt, id Text, mandate_id Text, payment_id Text, status Text, jws Text, previous_hash Text, hash Text,
        created_at BigInt
    )
);

/// Stores a receipt. False when its mandate already has one.
pub async fn receipt_insert(tx: &mut Tx, receipt: &ReceiptRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO payment_receipts (sequence, id, mandate_id, payment_id, status, jws, previous_hash, hash, \
               created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (mandate_id) DO NOTHING";
    let params = params![
        receipt.sequence,
        receipt.id,
        receipt.mandate_id,
        receipt.payment_id,
        receipt.status.as_str(),
        receipt.jws.as_str(),
        receipt.previous_hash.as_str(),
        receipt.hash.as_str(),
        receipt.created_at
    ];
    Ok(tx.postpone(&RECEIPTS, &params)? || tx.execute(sql, &params).await? == 1)
}

pub async fn receipt_get_unscoped(tx: &mut Tx, id: ReceiptId) -> Result<Option<ReceiptRow>, StoreError> {
    let sql = "SELECT sequence, id, mandate_id, payment_id, status, jws, previous_hash, hash, created_at \
               FROM payment_receipts WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(ReceiptRow::read).transpose()
}

pub async fn receipt_get_by_mandate_unscoped(
    tx: &mut Tx,
    mandate: MandateId,
) -> Result<Option<ReceiptRow>, StoreError> {
    let sql = "SELECT sequence, id, mandate_id, payment_id, status, jws, previous_hash, hash, created_at \
               FROM payment_receipts WHERE mandate_id = $1";
    tx.query_opt(sql, &params![mandate]).await?.as_ref().map(ReceiptRow::read).transpose()
}
