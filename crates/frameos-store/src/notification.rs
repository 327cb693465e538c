//! What accounts are told in the product.
//!
//! Invariant: a notification is written in the transaction that it tells of, and is no longer the truth than that.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, EventId},
};

use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    status::NotificationKind,
};

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: EventId,
    pub kind: NotificationKind,
    /// The id or slug of what it is about.
    pub subject: String,
    pub title: String,
    pub text: String,
    pub read_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationNew {
    pub kind: NotificationKind,
    pub subject: String,
    pub title: String,
    pub text: String,
}

/// Tells an account something.
pub async fn notification_insert(
    tx: &mut Tx,
    account: &str,
    new: &NotificationNew,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO notifications (id, account_id, kind, subject, title, text, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![EventId::generate(now), account, new.kind, &new.subject, &new.title, &new.text, now];
    tx.execute(sql, &params).await.map(drop)
}

/// Tells everybody who has a version deployed, up to `most` of them.
pub async fn notification_insert_deployers_unscoped(
    tx: &mut Tx,
    (agent_id, version): (AgentId, &str),
    new: &NotificationNew,
    most: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT user_id FROM agent_deployments \
               WHERE agent_id = $1 AND version = $2 AND status <> 'deleted' ORDER BY user_id LIMIT $3";
    for row in tx.query(sql, &params![agent_id, version, most]).await? {
        notification_insert(tx, &row.get::<String>(0)?, new, now).await?;
    }
    Ok(())
}

/// A page of what an account was told, newest first, with `unread` only what it has not read; and how much that is.
pub async fn notification_list(
    tx: &mut Tx,
    account: &str,
    unread: bool,
    page: Page,
) -> Result<(Paged<Notification>, i64), StoreError> {
    let open = tx.query_one(UNREAD, &params![account]).await?.get(0)?;
    let all = "SELECT COUNT(*) FROM notifications WHERE account_id = $1";
    let total = if unread { open } else { tx.query_one(all, &params![account]).await?.get(0)? };
    let sql = "SELECT id, kind, subject, title, text, read_at, created_at FROM notifications \
               WHERE account_id = $1 AND (NOT $2 OR read_at IS NULL) ORDER BY id DESC LIMIT $3 OFFSET $4";
    let params = [account.into(), unread.into(), page.limit_value(), page.offset_value()];
    let items = read_all(&tx.query(sql, &params).await?, |row| {
        Ok(Notification {
            id: row.get(0)?,
            kind: row.get(1)?,
            subject: row.get(2)?,
            title: row.get(3)?,
            text: row.get(4)?,
            read_at: row.get(5)?,
            created_at: row.get(6)?,
        })
    })?;
    Ok((Paged { items, total }, open))
}

const UNREAD: &str = "SELECT COUNT(*) FROM notifications WHERE account_id = $1 AND read_at IS NULL";

/// Marks these, or all when there is no list, as read. Returns how many are not.
pub async fn notification_read(
    tx: &mut Tx,
    account: &str,
    ids: Option<&[EventId]>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    match ids {
        None => {
            let sql = "UPDATE notifications SET read_at = $2 WHERE account_id = $1 AND read_at IS NULL";
            tx.execute(sql, &params![account, now]).await?;
        }
        Some(ids) => {
            let sql =
                "UPDATE notifications SET read_at = $2 WHERE account_id = $1 AND read_at IS NULL AND id = $3";
            for id in ids {
                tx.execute(sql, &params![account, now, *id]).await?;
            }
        }
    }
    tx.query_one(UNREAD, &params![account]).await?.get(0)
}

/// Forgets what was told before `before`. Returns how much.
pub async fn notifications_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM notifications WHERE created_at < $1", &params![before]).await
}
