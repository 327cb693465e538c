//! Reversals: what providers took back of payments, by refund or dispute, and what that took from wallets.
//!
//! Invariant: what was taken from the wallet plus what is owed is what the provider took back, at most what was credited; each
//! change of the wallet is a ledger entry of its own. A reversal is kept when its payment is not known yet.

use frameos_domain::clock::Timestamp;

use super::top_up_charge::TopUpChargeRow;
use crate::{StoreError, Tx, params};

/// What one refund or dispute took back by now.
#[derive(Debug, Clone, Copy)]
pub struct Reversal<'a> {
    pub provider: &'a str,
    pub payment_reference: &'a str,
    /// The refund, or the dispute.
    pub source: &'a str,
    /// In all, not in addition.
    pub amount: i64,
    /// Nothing that arrives later changes it.
    pub is_final: bool,
}

/// Notes a reversal. Of several words on one cause the final one counts, else the highest.
pub async fn reversal_note_unscoped(
    tx: &mut Tx,
    reversal: Reversal<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO provider_reversals (provider, payment_reference, source, amount, is_final, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (provider, payment_reference, source) DO UPDATE \
               SET amount = excluded.amount, is_final = excluded.is_final, updated_at = excluded.updated_at \
               WHERE NOT provider_reversals.is_final AND (excluded.is_final OR excluded.amount > provider_reversals.amount)";
    let params = params![
        reversal.provider,
        reversal.payment_reference,
        reversal.source,
        reversal.amount,
        reversal.is_final,
        now
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// Everything taken back of a payment.
pub async fn reversals_sum_unscoped(
    tx: &mut Tx,
    provider: &str,
    payment_reference: &str,
) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM provider_reversals \
               WHERE provider = $1 AND payment_reference = $2";
    tx.query_one(sql, &params![provider, payment_reference]).await?.get(0)
}

/// Locks a paid charge until the transaction ends. False when it is not paid.
pub async fn charge_lock_unscoped(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE top_up_charges SET updated_at = $2 WHERE id = $1 AND status = 'paid'";
    Ok(tx.execute(sql, &params![id, now]).await? == 1)
}

/// Adds to what was taken and to what is owed; negative when the provider gave back.
pub async fn charge_reverse_unscoped(tx: &mut Tx, id: &str, taken: i64, debt: i64) -> Result<(), StoreError> {
    let sql = "UPDATE top_up_charges SET reversed = reversed + $2 + $3, taken = taken + $2, debt = debt + $3 WHERE id = $1";
    tx.execute(sql, &params![id, taken, debt]).await.map(drop)
}

/// Notes a change of the wallet by a reversal and gives the reference of its ledger entry.
pub async fn taking_insert(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    amount: i64,
    now: Timestamp,
) -> Result<String, StoreError> {
    let sql = "SELECT COUNT(*) FROM top_up_takings WHERE charge_id = $1";
    let before: i64 = tx.query_one(sql, &params![charge.id.as_str()]).await?.get(0)?;
    let reference = format!("{}/r{}", charge.id, before + 1);
    let sql = "INSERT INTO top_up_takings (reference, charge_id, amount, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &params![reference.as_str(), charge.id.as_str(), amount, now]).await?;
    Ok(reference)
}

/// Paid charges of which the provider took back another sum than was acted on: provider and id.
pub async fn reversals_outstanding_unscoped(
    tx: &mut Tx,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT c.provider, c.id FROM (SELECT provider, payment_reference, CAST(SUM(amount) AS BIGINT) AS total \
               FROM provider_reversals GROUP BY provider, payment_reference) v JOIN top_up_charges c \
               ON c.provider = v.provider AND c.payment_reference = v.payment_reference WHERE c.status = 'paid' \
               AND c.reversed <> CASE WHEN v.total < c.credited THEN v.total ELSE c.credited END ORDER BY c.id LIMIT $1";
    let rows = tx.query(sql, &params![limit]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
