//! Users' reviews of agents: one per user and agent, and the rating they add up to.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, ReviewId, UserId},
};

use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
};

/// One review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub id: ReviewId,
    pub agent_id: AgentId,
    pub user_id: UserId,
    /// From 1 to 5.
    pub rating: i64,
    pub title: Option<String>,
    pub body: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A review with its author's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedReview {
    pub review: Review,
    pub user_name: String,
}

/// Stores a user's review, or replaces their earlier one, and updates the agent's rating. Returns its id.
pub async fn review_put(tx: &mut Tx, new: &Review) -> Result<ReviewId, StoreError> {
    // Locks the agent first, so that two reviewers at once count each other.
    tx.execute(
        "UPDATE agent_definitions SET review_count = review_count WHERE id = $1",
        &params![new.agent_id],
    )
    .await?;
    let sql = "INSERT INTO reviews (id, agent_id, user_id, rating, title, body, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (agent_id, user_id) DO UPDATE SET \
               rating = excluded.rating, title = excluded.title, body = excluded.body, updated_at = excluded.updated_at \
               RETURNING id";
    let params = params![
        new.id,
        new.agent_id,
        new.user_id,
        new.rating,
        new.title.clone(),
        new.body.clone(),
        new.created_at,
        new.updated_at
    ];
    let id = tx.query_one(sql, &params).await?.get(0)?;
    let sql = "UPDATE agent_definitions SET \
               rating = (SELECT CAST(SUM(r.rating) AS DOUBLE PRECISION) / COUNT(*) FROM reviews r WHERE r.agent_id = $1), \
               review_count = (SELECT COUNT(*) FROM reviews r WHERE r.agent_id = $1) WHERE id = $1";
    tx.execute(sql, &params![new.agent_id]).await?;
    Ok(id)
}

/// An agent's reviews, newest first.
pub async fn review_list(
    tx: &mut Tx,
    agent_id: AgentId,
    page: Page,
) -> Result<Paged<PublishedReview>, StoreError> {
    let count = "SELECT COUNT(*) FROM reviews WHERE agent_id = $1";
    let total = tx.query_one(count, &params![agent_id]).await?.get(0)?;
    let sql = "SELECT r.id, r.agent_id, r.user_id, r.rating, r.title, r.body, r.created_at, r.updated_at, \
               COALESCE(u.name, '') FROM reviews r LEFT JOIN users u ON u.id = r.user_id WHERE r.agent_id = $1 \
               ORDER BY r.updated_at DESC, r.id DESC LIMIT $2 OFFSET $3";
    let rows = tx.query(sql, &[agent_id.into(), page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        let review = Review {
            id: row.get(0)?,
            agent_id: row.get(1)?,
            user_id: row.get(2)?,
            rating: row.get(3)?,
            title: row.get(4)?,
            body: row.get(5)?,
            created_at: row.get(6)?,
            updated_at: row.get(7)?,
        };
        Ok(PublishedReview { review, user_name: row.get(8)? })
    })?;
    Ok(Paged { items, total })
}
