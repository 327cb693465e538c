//! The audit log: who did what to whom, and why. The database refuses to change or delete its rows.

use frameos_domain::{clock::Timestamp, id::EventId};

use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: EventId,
    pub at: Timestamp,
    /// An account's id, or `platform`.
    pub actor: String,
    /// `noun.verb`, e.g. `version.approve`.
    pub action: String,
    /// The id of what was acted on.
    pub subject: String,
    /// The reason given; empty when none was.
    pub detail: String,
}

pub async fn audit_insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO audit_log (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    let params = params![entry.id, entry.at, &entry.actor, &entry.action, &entry.subject, &entry.detail];
    tx.execute(sql, &params).await.map(drop)
}

/// The whole log, newest first.
pub async fn audit_list_unscoped(tx: &mut Tx, page: Page) -> Result<Paged<AuditEntry>, StoreError> {
    let total = tx.query_one("SELECT COUNT(*) FROM audit_log", &[]).await?.get(0)?;
    let sql =
        "SELECT id, at, actor, action, subject, detail FROM audit_log ORDER BY id DESC LIMIT $1 OFFSET $2";
    let rows = tx.query(sql, &[page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        Ok(AuditEntry {
            id: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            subject: row.get(4)?,
            detail: row.get(5)?,
        })
    })?;
    Ok(Paged { items, total })
}
