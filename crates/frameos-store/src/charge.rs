//! What metered runs counted and were charged for it.
//!
//! Invariants: rows are added once, by whoever holds the run's ticket, for the attempt that gave the run's result, and never
//! changed; so what is charged can be computed again after any crash.

use frameos_domain::{clock::Timestamp, id::ExecutionId, usage::Charge};

use crate::{StoreError, Tx, page::read_all, params};

/// Records an attempt's charges, in the transaction that stores its result.
pub async fn charges_insert(
    tx: &mut Tx,
    id: ExecutionId,
    attempt: i64,
    charges: &[Charge],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO execution_charges (execution_id, attempt, position, event, count, unit_price, amount, at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    for (position, charge) in (0_i64..).zip(charges) {
        let (count, price, amount) = (charge.count, charge.unit_price, charge.amount);
        let params = params![id, attempt, position, &charge.event, count, price, amount, now];
        tx.execute(sql, &params).await?;
    }
    Ok(())
}

/// The charges of a run, as its last attempt counted them. Whose run it is, the caller has checked.
pub async fn charges_list_unscoped(
    tx: &mut Tx,
    id: ExecutionId,
    attempt: i64,
) -> Result<Vec<Charge>, StoreError> {
    let sql = "SELECT event, count, unit_price, amount FROM execution_charges \
               WHERE execution_id = $1 AND attempt = $2 ORDER BY position";
    let rows = tx.query(sql, &params![id, attempt]).await?;
    read_all(&rows, |row| {
        Ok(Charge { event: row.get(0)?, count: row.get(1)?, unit_price: row.get(2)?, amount: row.get(3)? })
    })
}
