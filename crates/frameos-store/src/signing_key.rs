//! The keys an installation signs with, one active per purpose, and those it signed with before.
//!
//! Invariants: the database holds at most one active key of a purpose; a retired key has no private half any more and never
//! becomes active again. What the sealed and signed texts mean is the caller's business.

use frameos_domain::clock::Timestamp;

use crate::{Row, StoreError, Tx, params};

/// A key of one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// The public key's thumbprint.
    pub kid: String,
    /// The 32 bytes of the public key, base64url.
    pub public_key: String,
    /// The private half, sealed; none once retired.
    pub sealed: Option<String>,
    /// How the key before it handed over to it; none for the first.
    pub handover: Option<String>,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
}

impl SigningKeyRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            kid: row.get(0)?,
            public_key: row.get(1)?,
            sealed: row.get(2)?,
            handover: row.get(3)?,
            created_at: row.get(4)?,
            retired_at: row.get(5)?,
        })
    }
}

/// The keys of a purpose: the active one first, then the others from new to old.
pub async fn signing_keys(tx: &mut Tx, purpose: &str) -> Result<Vec<SigningKeyRow>, StoreError> {
    let sql = "SELECT kid, public_key, sealed, handover, created_at, retired_at FROM signing_keys WHERE purpose = $1 \
               ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, retired_at DESC, kid";
    tx.query(sql, &params![purpose]).await?.iter().map(SigningKeyRow::read).collect()
}

/// Adds an active key. False when the purpose has one.
pub async fn signing_key_insert(tx: &mut Tx, purpose: &str, key: &SigningKeyRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO signing_keys (purpose, kid, public_key, sealed, handover, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING";
    let params = params![
        purpose,
        key.kid.as_str(),
        key.public_key.as_str(),
        key.sealed.clone(),
        key.handover.clone(),
        key.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Retires the active key and forgets its private half. False when it is not the active one any more.
pub async fn signing_key_retire(
    tx: &mut Tx,
    purpose: &str,
    kid: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE signing_keys SET retired_at = $3, sealed = NULL \
               WHERE purpose = $1 AND kid = $2 AND retired_at IS NULL";
    Ok(tx.execute(sql, &params![purpose, kid, now]).await? == 1)
}
