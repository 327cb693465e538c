//! Reviews that somebody objects to, and hiding them.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, ReviewId},
};

use super::{PublishedReview, columns, rating_changed, read};
use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
};

/// A review with what is held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedReview {
    pub published: PublishedReview,
    pub agent_slug: String,
    pub reports: i64,
    pub first_reported_at: Timestamp,
    /// Of the latest report.
    pub reason: String,
}

/// Notes what an account has against a review; once, the last reason counts.
pub async fn review_report(
    tx: &mut Tx,
    reporter: &str,
    id: ReviewId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO review_reports (review_id, reporter, reason, created_at) VALUES ($2, $1, $3, $4) \
               ON CONFLICT (review_id, reporter) DO UPDATE SET reason = excluded.reason";
    tx.execute(sql, &params![reporter, id, reason, now]).await.map(drop)
}

/// Reviews with reports that nobody has decided on, the longest waiting first.
pub async fn review_list_reported_unscoped(
    tx: &mut Tx,
    page: Page,
) -> Result<Paged<ReportedReview>, StoreError> {
    let count = "SELECT COUNT(DISTINCT review_id) FROM review_reports";
    let total = tx.query_one(count, &[]).await?.get(0)?;
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", a.slug, p.reports, p.since, (SELECT l.reason FROM review_reports l WHERE l.review_id = r.id \
         ORDER BY l.created_at DESC, l.reporter LIMIT 1) \
         FROM (SELECT review_id, COUNT(*) AS reports, MIN(created_at) AS since FROM review_reports GROUP BY review_id) AS p \
         JOIN reviews r ON r.id = p.review_id JOIN agent_definitions a ON a.id = r.agent_id \
         LEFT JOIN users u ON u.id = r.user_id ORDER BY p.since, r.id LIMIT $1 OFFSET $2"
    );
    let rows = tx.query(sql, &[page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        Ok(ReportedReview {
            published: read(row)?,
            agent_slug: row.get(14)?,
            reports: row.get(15)?,
            first_reported_at: row.get(16)?,
            reason: row.get(17)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// Hides a review from readers and ends its reports. False when there is none.
pub async fn review_hide_unscoped(
    tx: &mut Tx,
    id: ReviewId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE reviews SET hidden_at = $2, hidden_reason = $3 WHERE id = $1 RETURNING agent_id";
    let row = tx.query_opt(sql, &params![id, now, reason]).await?;
    decided(tx, id, row.map(|row| row.get(0)).transpose()?, now).await
}

/// Shows a review to readers again, or lets it stand, and ends its reports. False when there is none.
pub async fn review_show_unscoped(tx: &mut Tx, id: ReviewId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE reviews SET hidden_at = NULL, hidden_reason = NULL WHERE id = $1 RETURNING agent_id";
    let row = tx.query_opt(sql, &params![id]).await?;
    decided(tx, id, row.map(|row| row.get(0)).transpose()?, now).await
}

async fn decided(
    tx: &mut Tx,
    id: ReviewId,
    agent_id: Option<AgentId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(agent_id) = agent_id else { return Ok(false) };
    tx.execute("DELETE FROM review_reports WHERE review_id = $1", &params![id]).await?;
    rating_changed(tx, agent_id, now).await?;
    Ok(true)
}
