//! Deliveries: one event on its way to one webhook.
//!
//! Invariants: a delivery is inserted in the transaction that makes its event true; its payload never changes; what a try came
//! to is written only if nothing else was since it began, told by the series and its number of tries.

use frameos_domain::{
    clock::Timestamp,
    id::{DeliveryId, EventId, ExecutionId, UserId, WebhookId},
    webhook::WebhookEvent,
};
use serde::{Deserialize, Serialize};

use crate::{
    Row, StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    status::{DeliveryError, DeliveryStatus},
};

/// How many tries are kept with a delivery: those of six series.
const ATTEMPTS_KEPT: usize = 48;

/// An event for one webhook.
#[derive(Debug, Clone)]
pub struct DeliveryNew {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub user_id: UserId,
    pub event_id: EventId,
    pub event: WebhookEvent,
    pub execution_id: Option<ExecutionId>,
    pub payload: String,
    pub created_at: Timestamp,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    pub duration_ms: i64,
    /// What the receiver answered, if it did.
    pub http_status: Option<u16>,
    /// None when the event was delivered.
    pub error: Option<DeliveryError>,
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub event_id: EventId,
    pub event: WebhookEvent,
    pub execution_id: Option<ExecutionId>,
    pub payload: String,
    pub status: DeliveryStatus,
    /// 1, and one more for each replay.
    pub series: i64,
    /// Of this series.
    pub tries: i64,
    /// Of all series, oldest first.
    pub attempts: Vec<Attempt>,
    /// While pending.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// What a try came to.
#[derive(Debug, Clone)]
pub struct Tried {
    pub attempt: Attempt,
    pub status: DeliveryStatus,
    /// When to try again, if it is still pending.
    pub next_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook_id, event_id, event, execution_id, payload, status, series, tries, attempts, next_at, created_at \
             FROM webhook_deliveries ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.get(0)?,
        webhook_id: row.get(1)?,
        event_id: row.get(2)?,
        event: row.get(3)?,
        execution_id: row.get(4)?,
        payload: row.get(5)?,
        status: row.get(6)?,
        series: row.get(7)?,
        tries: row.get(8)?,
        attempts: row.json(9)?,
        next_at: row.get(10)?,
        created_at: row.get(11)?,
    })
}

/// Records an event that is to be delivered at once. Enqueue its job in the same transaction.
pub async fn delivery_insert(tx: &mut Tx, new: &DeliveryNew) -> Result<(), StoreError> {
    let sql = "INSERT INTO webhook_deliveries \
               (id, webhook_id, user_id, event_id, event, execution_id, payload, next_at, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    let params = params![
        new.id,
        new.webhook_id,
        new.user_id,
        new.event_id,
        new.event,
        new.execution_id,
        &new.payload,
        new.created_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// One delivery to one of the user's webhooks.
pub async fn delivery_get(
    tx: &mut Tx,
    user_id: UserId,
    webhook_id: WebhookId,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let sql = select!("WHERE user_id = $1 AND webhook_id = $2 AND id = $3");
    tx.query_opt(sql, &params![user_id, webhook_id, id]).await?.as_ref().map(read).transpose()
}

/// What was and is to be delivered to one of the user's webhooks, newest first.
pub async fn delivery_list(
    tx: &mut Tx,
    user_id: UserId,
    webhook_id: WebhookId,
    page: Page,
) -> Result<Paged<Delivery>, StoreError> {
    let count = "SELECT COUNT(*) FROM webhook_deliveries WHERE user_id = $1 AND webhook_id = $2";
    let total = tx.query_one(count, &params![user_id, webhook_id]).await?.get(0)?;
    let sql = select!("WHERE user_id = $1 AND webhook_id = $2 ORDER BY event_id DESC LIMIT $3 OFFSET $4");
    let params = [user_id.into(), webhook_id.into(), page.limit_value(), page.offset_value()];
    Ok(Paged { items: read_all(&tx.query(sql, &params).await?, read)?, total })
}

/// Begins a new series of tries, whatever became of the ones before. None when there is no such delivery.
pub async fn delivery_replay(
    tx: &mut Tx,
    user_id: UserId,
    webhook_id: WebhookId,
    id: DeliveryId,
    now: Timestamp,
) -> Result<Option<Delivery>, StoreError> {
    let sql = "UPDATE webhook_deliveries SET status = 'pending', series = series + 1, tries = 0, next_at = $4 \
               WHERE user_id = $1 AND webhook_id = $2 AND id = $3";
    tx.execute(sql, &params![user_id, webhook_id, id, now]).await?;
    delivery_get(tx, user_id, webhook_id, id).await
}

/// Any delivery; for workers.
pub async fn delivery_get_unscoped(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    tx.query_opt(select!("WHERE id = $1"), &params![id]).await?.as_ref().map(read).transpose()
}

/// Notes what a try came to that began when the delivery was as in `before`. False when it has changed since.
pub async fn delivery_tried_unscoped(
    tx: &mut Tx,
    before: &Delivery,
    tried: &Tried,
) -> Result<bool, StoreError> {
    let mut attempts = before.attempts.clone();
    attempts.push(tried.attempt.clone());
    let first = attempts.len().saturating_sub(ATTEMPTS_KEPT);
    let attempts = serde_json::to_string(&attempts[first..]).map_err(|_| StoreError::corrupt("attempts"))?;
    let sql = "UPDATE webhook_deliveries SET status = $4, tries = tries + 1, attempts = $5, next_at = $6 \
               WHERE id = $1 AND series = $2 AND tries = $3 AND status = 'pending'";
    let params = params![before.id, before.series, before.tries, tried.status, attempts, tried.next_at];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Forgets deliveries older than `before` that wait for nothing. Returns how many.
pub async fn delivery_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM webhook_deliveries WHERE created_at < $1 AND status <> 'pending'";
    tx.execute(sql, &params![before]).await
}
