//! Webhooks: where a user wants to be told of the ends of runs. What is on its way there is in `webhook/delivery.rs`.
//!
//! Invariants: URL and secrets are encrypted; a webhook is enabled unless `disabled` says why not; after a rotation the old
//! secret stays usable until its time is over.

mod delivery;

use std::sync::LazyLock;

use frameos_domain::{
    clock::Timestamp,
    id::{UserId, WebhookId},
    webhook::{WebhookEvent, WebhookSecret},
};

use crate::{
    Place, Row, StoreError, Tx,
    gathered::{Gathered, gathered},
    params,
    status::WebhookDisabled,
};

pub use delivery::{
    Attempt, Delivery, DeliveryNew, Tried, delivery_get, delivery_get_unscoped, delivery_insert,
    delivery_list, delivery_purge_unscoped, delivery_replay, delivery_tried_unscoped,
};

/// A webhook as stored, decrypted.
#[derive(Clone)]
pub struct Webhook {
    pub id: WebhookId,
    pub user_id: UserId,
    pub url: String,
    pub description: String,
    pub events: Vec<WebhookEvent>,
    pub secret: WebhookSecret,
    /// The secret before the last rotation, and until when it signs too.
    pub old_secret: Option<(WebhookSecret, Timestamp)>,
    pub disabled: Option<WebhookDisabled>,
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Leaves the URL out: it may be its receiver's password.
impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// What to change. Absent parts stay.
#[derive(Clone, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<WebhookEvent>>,
    /// Switching on forgets why it was off, and its failures.
    pub enabled: Option<bool>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, url, description, events, secret, old_secret, old_secret_until, disabled, failing_since, \
             created_at, updated_at FROM webhooks ",
            $rest
        )
    };
}

fn read(tx: &Tx, row: &Row) -> Result<Webhook, StoreError> {
    let id: WebhookId = row.get(0)?;
    let old: Option<Vec<u8>> = row.get(6)?;
    let old = old.map(|sealed| secret_open(tx, id, &sealed)).transpose()?;
    Ok(Webhook {
        id,
        user_id: row.get(1)?,
        url: tx.cipher().open_json(place("url", &id.to_string()), &row.get::<Vec<u8>>(2)?)?,
        description: row.get(3)?,
        events: row.json(4)?,
        secret: secret_open(tx, id, &row.get::<Vec<u8>>(5)?)?,
        old_secret: old.zip(row.get(7)?),
        disabled: row.get(8)?,
        failing_since: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}

const fn place<'a>(column: &'a str, id: &'a str) -> Place<'a> {
    Place::new("webhooks", column, id)
}

/// Both secrets have the place of the newer one, so that rotating can move it in one statement.
fn secret_open(tx: &Tx, id: WebhookId, sealed: &[u8]) -> Result<WebhookSecret, StoreError> {
    let text: String = tx.cipher().open_json(place("secret", &id.to_string()), sealed)?;
    WebhookSecret::parse(&text).ok_or_else(|| StoreError::corrupt("not a webhook secret"))
}

fn secret_seal(tx: &Tx, id: WebhookId, secret: &WebhookSecret) -> Result<Vec<u8>, StoreError> {
    Ok(tx.cipher().seal_json(place("secret", &id.to_string()), &secret.expose())?)
}

fn url_seal(tx: &Tx, id: WebhookId, url: &str) -> Result<Vec<u8>, StoreError> {
    Ok(tx.cipher().seal_json(place("url", &id.to_string()), url)?)
}

fn events_text(events: &[WebhookEvent]) -> String {
    serde_json::Value::from_iter(events.iter().map(|event| event.as_str())).to_string()
}

/// Records a webhook, unless its user has `most` already. False when that is so.
pub async fn webhook_insert(tx: &mut Tx, new: &Webhook, most: u32) -> Result<bool, StoreError> {
    let (url, secret) = (url_seal(tx, new.id, &new.url)?, secret_seal(tx, new.id, &new.secret)?);
    // Holds the user's row, so that two requests at once do not both find room for one more.
    tx.execute("UPDATE users SET name = name WHERE id = $1", &params![new.user_id]).await?;
    let sql = "INSERT INTO webhooks (id, user_id, url, description, events, secret, created_at, updated_at) \
               SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), $3, CAST($4 AS TEXT), CAST($5 AS TEXT), $6, \
               CAST($7 AS BIGINT), CAST($7 AS BIGINT) \
               WHERE (SELECT COUNT(*) FROM webhooks WHERE user_id = $2) < CAST($8 AS BIGINT)";
    let params = params![
        new.id,
        new.user_id,
        url,
        &new.description,
        events_text(&new.events),
        secret,
        new.created_at,
        most
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// One of the user's webhooks.
pub async fn webhook_get(tx: &mut Tx, user_id: UserId, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let found = tx.query_opt(select!("WHERE user_id = $1 AND id = $2"), &params![user_id, id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// A user's webhooks, oldest first.
pub async fn webhook_list(tx: &mut Tx, user_id: UserId) -> Result<Vec<Webhook>, StoreError> {
    let rows = tx.query(select!("WHERE user_id = $1 ORDER BY id"), &params![user_id]).await?;
    rows.iter().map(|row| read(tx, row)).collect()
}

/// Ids of the user's enabled webhooks, each with the events it is for. Decrypts nothing: every end of a run asks.
pub async fn webhook_list_enabled(
    tx: &mut Tx,
    user_id: UserId,
) -> Result<Vec<(WebhookId, Vec<WebhookEvent>)>, StoreError> {
    static ENABLED: LazyLock<Gathered> = gathered!(
        "SELECT id, events{n} FROM webhooks{join} WHERE user_id = $1 AND disabled IS NULL ORDER BY id",
        (Text)
    );
    let rows = tx.gather(&ENABLED, &params![user_id]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.json(1)?))).collect()
}

/// Changes one of the user's webhooks. False when there is none.
pub async fn webhook_update(
    tx: &mut Tx,
    user_id: UserId,
    id: WebhookId,
    change: &WebhookChange,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let url = change.url.as_deref().map(|url| url_seal(tx, id, url)).transpose()?;
    let sql = "UPDATE webhooks SET url = COALESCE($3, url), description = COALESCE($4, description), \
               events = COALESCE($5, events), updated_at = $6 WHERE user_id = $1 AND id = $2";
    let events = change.events.as_deref().map(events_text);
    let params = params![user_id, id, url, change.description.clone(), events, now];
    if tx.execute(sql, &params).await? == 0 {
        return Ok(false);
    }
    let sql = match change.enabled {
        None => return Ok(true),
        Some(true) => {
            "UPDATE webhooks SET disabled = NULL, failing_since = NULL WHERE user_id = $1 AND id = $2"
        }
        Some(false) => {
            "UPDATE webhooks SET disabled = COALESCE(disabled, 'owner') WHERE user_id = $1 AND id = $2"
        }
    };
    tx.execute(sql, &params![user_id, id]).await?;
    Ok(true)
}

/// Gives a webhook a new secret; the one it had signs too until `old_until`. False when there is no such webhook.
pub async fn webhook_rotate(
    tx: &mut Tx,
    user_id: UserId,
    id: WebhookId,
    secret: &WebhookSecret,
    (now, old_until): (Timestamp, Timestamp),
) -> Result<bool, StoreError> {
    let secret = secret_seal(tx, id, secret)?;
    let sql = "UPDATE webhooks SET old_secret = secret, old_secret_until = $4, secret = $3, updated_at = $5 \
               WHERE user_id = $1 AND id = $2";
    Ok(tx.execute(sql, &params![user_id, id, secret, old_until, now]).await? == 1)
}

/// Removes a webhook and what is on its way to it. False when there is none.
pub async fn webhook_delete(tx: &mut Tx, user_id: UserId, id: WebhookId) -> Result<bool, StoreError> {
    let sql = "DELETE FROM webhooks WHERE user_id = $1 AND id = $2";
    Ok(tx.execute(sql, &params![user_id, id]).await? == 1)
}

/// The webhook behind a delivery; for workers.
pub async fn webhook_get_unscoped(tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let found = tx.query_opt(select!("WHERE id = $1"), &params![id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// Notes that a delivery came through.
pub async fn webhook_works_unscoped(tx: &mut Tx, id: WebhookId) -> Result<(), StoreError> {
    let sql = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    tx.execute(sql, &params![id]).await.map(drop)
}

/// Notes that a delivery did not come through. Returns since when none has.
pub async fn webhook_fails_unscoped(
    tx: &mut Tx,
    id: WebhookId,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let sql = "UPDATE webhooks SET failing_since = COALESCE(failing_since, $2) WHERE id = $1 RETURNING failing_since";
    tx.query_opt(sql, &params![id, now]).await?.map_or(Ok(now), |row| row.get(0))
}

/// Switches a webhook off, unless it is.
pub async fn webhook_disable_unscoped(
    tx: &mut Tx,
    id: WebhookId,
    why: WebhookDisabled,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhooks SET disabled = $2, updated_at = $3 WHERE id = $1 AND disabled IS NULL";
    tx.execute(sql, &params![id, why, now]).await.map(drop)
}
