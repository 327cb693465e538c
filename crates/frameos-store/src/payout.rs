//! What the marketplace remembers of payouts: which periods were begun, and what was done about each payout's state. The money
//! is in the gateway's tables.

use frameos_domain::{clock::Timestamp, id::PayoutId};

use crate::{StoreError, Tx, params};

/// Notes that a period's payouts begin. False when they had begun.
pub async fn payout_period_begin(tx: &mut Tx, period: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "INSERT INTO payout_periods (period, started_at) VALUES ($1, $2) ON CONFLICT (period) DO NOTHING";
    Ok(tx.execute(sql, &params![period, now]).await? == 1)
}

/// Notes that all there is to do about a payout's state was done. False when it was before.
pub async fn payout_note_unscoped(
    tx: &mut Tx,
    id: PayoutId,
    status: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO payout_notes (payout_id, status, noted_at) VALUES ($1, $2, $3) \
               ON CONFLICT (payout_id, status) DO NOTHING";
    Ok(tx.execute(sql, &params![id, status, now]).await? == 1)
}

/// Whether it was done.
pub async fn payout_is_noted_unscoped(tx: &mut Tx, id: PayoutId, status: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM payout_notes WHERE payout_id = $1 AND status = $2";
    Ok(tx.query_opt(sql, &params![id, status]).await?.is_some())
}
