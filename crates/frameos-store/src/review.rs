//! Users' reviews of agents: one per user and agent, with what became of them, and the ratings they add up to.
//!
//! Invariants: a change of a review leaves an event and touches no shared row; a roll-up adds an agent's rating up from its
//! reviews, so counting an event twice changes nothing; hidden reviews and those of barred users count nowhere.

mod developer;
mod moderation;
mod rating;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, EventId, ReviewId, UserId},
    rating::Stars,
};

use crate::{
    Row, StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
};

pub use developer::{DeveloperReview, review_list_by_developer};
pub use moderation::{
    ReportedReview, review_hide_unscoped, review_list_reported_unscoped, review_report, review_show_unscoped,
};
pub use rating::{rating_events_wait_unscoped, ratings_rollup_unscoped};

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
    /// The one its author had run last.
    pub version: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A review as readers see it: with its author's name and its agent's developer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedReview {
    pub review: Review,
    pub user_name: String,
    pub reply: Option<String>,
    pub replied_at: Option<Timestamp>,
    pub hidden_at: Option<Timestamp>,
    pub hidden_reason: Option<String>,
}

/// In which order. Ties: latest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReviewSort {
    #[default]
    Newest,
    Oldest,
    Highest,
    Lowest,
}

macro_rules! columns {
    () => {
        "r.id, r.agent_id, r.user_id, r.rating, r.title, r.body, r.version, r.created_at, r.updated_at, \
         COALESCE(u.name, ''), r.reply, r.replied_at, r.hidden_at, r.hidden_reason"
    };
}
macro_rules! shown {
    () => {
        "FROM reviews r LEFT JOIN users u ON u.id = r.user_id \
         WHERE r.agent_id = $1 AND r.hidden_at IS NULL AND COALESCE(u.status, 'active') = 'active'"
    };
}
use columns;

fn read(row: &Row) -> Result<PublishedReview, StoreError> {
    let review = Review {
        id: row.get(0)?,
        agent_id: row.get(1)?,
        user_id: row.get(2)?,
        rating: row.get(3)?,
        title: row.get(4)?,
        body: row.get(5)?,
        version: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    };
    Ok(PublishedReview {
        review,
        user_name: row.get(9)?,
        reply: row.get(10)?,
        replied_at: row.get(11)?,
        hidden_at: row.get(12)?,
        hidden_reason: row.get(13)?,
    })
}

/// The version of a user's last successful run of an agent: what a review needs. A run still being settled is none.
pub async fn review_run_version(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT v.version FROM agent_executions e JOIN agent_versions v ON v.id = e.version_id \
               WHERE e.user_id = $1 AND e.agent_id = $2 AND e.status = 'success' \
               ORDER BY e.created_at DESC, e.id DESC LIMIT 1";
    tx.query_opt(sql, &params![user_id, agent_id]).await?.map(|row| row.get(0)).transpose()
}

/// Stores a user's review, or replaces their earlier one: its id, its reply and whether it is hidden stay.
pub async fn review_put(tx: &mut Tx, new: &Review) -> Result<(), StoreError> {
    let sql = "INSERT INTO reviews (id, agent_id, user_id, rating, title, body, version, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (agent_id, user_id) DO UPDATE SET \
               rating = excluded.rating, title = excluded.title, body = excluded.body, version = excluded.version, \
               updated_at = excluded.updated_at";
    let params = params![
        new.id,
        new.agent_id,
        new.user_id,
        new.rating,
        new.title.clone(),
        new.body.clone(),
        new.version.clone(),
        new.created_at,
        new.updated_at
    ];
    tx.execute(sql, &params).await?;
    rating_changed(tx, new.agent_id, new.updated_at).await
}

/// Removes a user's review of an agent. False when there is none.
pub async fn review_delete(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM reviews WHERE user_id = $1 AND agent_id = $2";
    let found = tx.execute(sql, &params![user_id, agent_id]).await? == 1;
    if found {
        rating_changed(tx, agent_id, now).await?;
    }
    Ok(found)
}

/// A user's own review of an agent, hidden or not.
pub async fn review_get(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
) -> Result<Option<PublishedReview>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM reviews r LEFT JOIN users u ON u.id = r.user_id WHERE r.user_id = $1 AND r.agent_id = $2"
    );
    tx.query_opt(sql, &params![user_id, agent_id]).await?.as_ref().map(read).transpose()
}

/// One of an agent's reviews that readers see.
pub async fn review_find(
    tx: &mut Tx,
    agent_id: AgentId,
    id: ReviewId,
) -> Result<Option<PublishedReview>, StoreError> {
    let sql = concat!("SELECT ", columns!(), " ", shown!(), " AND r.id = $2");
    tx.query_opt(sql, &params![agent_id, id]).await?.as_ref().map(read).transpose()
}

/// Sets, changes or removes what an agent's developer answers. False when readers see no such review.
pub async fn review_reply(
    tx: &mut Tx,
    agent_id: AgentId,
    id: ReviewId,
    reply: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE reviews SET reply = $3, replied_at = $4 WHERE agent_id = $1 AND id = $2 AND hidden_at IS NULL";
    let at = reply.is_some().then_some(now);
    Ok(tx.execute(sql, &params![agent_id, id, reply, at]).await? == 1)
}

/// An agent's reviews that readers see.
pub async fn review_list(
    tx: &mut Tx,
    agent_id: AgentId,
    sort: ReviewSort,
    page: Page,
) -> Result<Paged<PublishedReview>, StoreError> {
    let count = concat!("SELECT COUNT(*) ", shown!());
    let total = tx.query_one(count, &params![agent_id]).await?.get(0)?;
    macro_rules! listed {
        ($order:literal) => {
            concat!("SELECT ", columns!(), " ", shown!(), " ORDER BY ", $order, " LIMIT $2 OFFSET $3")
        };
    }
    let sql = match sort {
        ReviewSort::Newest => listed!("r.updated_at DESC, r.id DESC"),
        ReviewSort::Oldest => listed!("r.updated_at, r.id"),
        ReviewSort::Highest => listed!("r.rating DESC, r.updated_at DESC, r.id DESC"),
        ReviewSort::Lowest => listed!("r.rating, r.updated_at DESC, r.id DESC"),
    };
    let rows = tx.query(sql, &[agent_id.into(), page.limit_value(), page.offset_value()]).await?;
    Ok(Paged { items: read_all(&rows, read)?, total })
}

/// How many of an agent's reviews that readers see gave how many stars.
pub async fn review_stars(tx: &mut Tx, agent_id: AgentId) -> Result<Stars, StoreError> {
    let sql = concat!("SELECT r.rating, COUNT(*) ", shown!(), " GROUP BY r.rating");
    let mut stars = Stars::default();
    for row in tx.query(sql, &params![agent_id]).await? {
        stars.add(row.get(0)?, row.get(1)?);
    }
    Ok(stars)
}

/// Has the agent's rating added up again.
async fn rating_changed(tx: &mut Tx, agent_id: AgentId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO rating_events (id, agent_id) VALUES ($1, $2)";
    tx.execute(sql, &params![EventId::generate(now), agent_id]).await.map(drop)
}
