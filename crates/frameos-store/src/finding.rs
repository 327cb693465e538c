//! Acceptances of flagged findings, each for one version and with its reason.
//!
//! Invariants: a finding of a version is accepted once; an acceptance is never changed, only withdrawn. Whether it may be given
//! is decided elsewhere.

use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, VersionId},
};

use crate::{Row, StoreError, Tx, page::read_all, params};

/// A reviewer's word that a flagged finding is no reason to hold a version back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    pub version_id: VersionId,
    pub fingerprint: String,
    pub by: AdminId,
    pub at: Timestamp,
    pub reason: String,
    /// The version it was given for, when this one only repeats it.
    pub carried_from: Option<VersionId>,
}

fn read(row: &Row) -> Result<Acceptance, StoreError> {
    Ok(Acceptance {
        version_id: row.get(0)?,
        fingerprint: row.get(1)?,
        by: row.get(2)?,
        at: row.get(3)?,
        reason: row.get(4)?,
        carried_from: row.get(5)?,
    })
}

/// Stores an acceptance. False when the finding is accepted already.
pub async fn acceptance_insert_unscoped(tx: &mut Tx, new: &Acceptance) -> Result<bool, StoreError> {
    let sql = "INSERT INTO finding_acceptances (version_id, fingerprint, accepted_by, accepted_at, reason, carried_from) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (version_id, fingerprint) DO NOTHING";
    let params = params![new.version_id, &new.fingerprint, new.by, new.at, &new.reason, new.carried_from];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Withdraws an acceptance. False when there is none.
pub async fn acceptance_delete_unscoped(
    tx: &mut Tx,
    version: VersionId,
    fingerprint: &str,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM finding_acceptances WHERE version_id = $1 AND fingerprint = $2";
    Ok(tx.execute(sql, &params![version, fingerprint]).await? == 1)
}

/// A version's acceptances, oldest first.
pub async fn acceptance_list_unscoped(
    tx: &mut Tx,
    version: VersionId,
) -> Result<Vec<Acceptance>, StoreError> {
    let sql = "SELECT version_id, fingerprint, accepted_by, accepted_at, reason, carried_from FROM finding_acceptances \
               WHERE version_id = $1 ORDER BY accepted_at, fingerprint";
    read_all(&tx.query(sql, &params![version]).await?, read)
}
