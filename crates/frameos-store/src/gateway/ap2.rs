//! Mandates in AP2's form, as they were first given out.
//!
//! Append-only: signatures differ each time they are made, and receipts name what was given out by its hash.

use frameos_domain::{clock::Timestamp, id::MandateId};

use crate::{StoreError, Tx, params};

/// The texts of one mandate's pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ap2Row {
    pub mandate_id: MandateId,
    pub checkout_jwt: String,
    pub checkout_mandate: String,
    pub payment_mandate: String,
    pub created_at: Timestamp,
}

/// Stores a pair. False when its mandate has one.
pub async fn ap2_insert(tx: &mut Tx, row: &Ap2Row) -> Result<bool, StoreError> {
    let sql = "INSERT INTO ap2_mandates (mandate_id, checkout_jwt, checkout_mandate, payment_mandate, created_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (mandate_id) DO NOTHING";
    let params = params![
        row.mandate_id,
        row.checkout_jwt.as_str(),
        row.checkout_mandate.as_str(),
        row.payment_mandate.as_str(),
        row.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn ap2_get_unscoped(tx: &mut Tx, mandate_id: MandateId) -> Result<Option<Ap2Row>, StoreError> {
    let sql = "SELECT mandate_id, checkout_jwt, checkout_mandate, payment_mandate, created_at FROM ap2_mandates \
               WHERE mandate_id = $1";
    let row = tx.query_opt(sql, &params![mandate_id]).await?;
    row.map(|row| {
        Ok(Ap2Row {
            mandate_id: row.get(0)?,
            checkout_jwt: row.get(1)?,
            checkout_mandate: row.get(2)?,
            payment_mandate: row.get(3)?,
            created_at: row.get(4)?,
        })
    })
    .transpose()
}
