//! The audit log: who did what to whom, and why. The database refuses to change or delete its rows.

use frameos_domain::{clock::Timestamp, id::EventId};

use crate::{
    Row, StoreError, Tx,
    filter::Filter,
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

/// What of the log to list. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this one.
    pub to: Option<Timestamp>,
}

/// What fits of the log, newest first.
pub async fn audit_search_unscoped(
    tx: &mut Tx,
    filter: AuditFilter,
    page: Page,
) -> Result<Paged<AuditEntry>, StoreError> {
    // Ids follow time, and every index ends with them.
    let first = |at: Timestamp| EventId::new(at, [0; 10]);
    let filter = Filter::default()
        .and("actor = ?", filter.actor)
        .and("action = ?", filter.action)
        .and("subject = ?", filter.subject)
        .and("id >= ?", filter.from.map(first))
        .and("id < ?", filter.to.map(first));
    let count = format!("SELECT COUNT(*) FROM audit_log{}", filter.sql());
    let total = match tx.query_dynamic(count, filter.params()).await?.first() {
        Some(row) => row.get(0)?,
        None => 0,
    };
    let chosen = filter.sql().to_owned();
    let (limit, params) = filter.paged(page);
    let sql = format!(
        "SELECT id, at, actor, action, subject, detail FROM audit_log{chosen} ORDER BY id DESC{limit}"
    );
    Ok(Paged { items: read_all(&tx.query_dynamic(sql, &params).await?, read)?, total })
}

fn read(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
    })
}

/// The whole log, newest first.
pub async fn audit_list_unscoped(tx: &mut Tx, page: Page) -> Result<Paged<AuditEntry>, StoreError> {
    let total = tx.query_one("SELECT COUNT(*) FROM audit_log", &[]).await?.get(0)?;
    let sql =
        "SELECT id, at, actor, action, subject, detail FROM audit_log ORDER BY id DESC LIMIT $1 OFFSET $2";
    let rows = tx.query(sql, &[page.limit_value(), page.offset_value()]).await?;
    Ok(Paged { items: read_all(&rows, read)?, total })
}
