//! What accounts are told in the product, beside or instead of a mail.
//!
//! Invariants: it is written in the transaction that it tells of; an ordinary run tells nothing, so running costs nothing more;
//! what is older than it may be is forgotten.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, EventId},
};
use frameos_store::{
    StoreError, Tx,
    notification::{self, Notification, NotificationNew},
    page::{Page, Paged},
    status::NotificationKind,
};

use crate::{
    app::App,
    error::{AppError, Result},
    token::Principal,
};

/// How long an account is told of something.
pub(crate) const NOTIFICATIONS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How many may be named in one request.
const AT_ONCE: usize = 100;
/// How many users of one version are told of it in its transaction; the rest see it on their deployments.
const DEPLOYERS_TOLD: u32 = 1_000;

/// What there is to tell: about what, in a line, and in more words.
pub(crate) type News = (NotificationKind, String, (String, String));

/// Tells an account something, with the transaction.
pub(crate) async fn notify(
    tx: &mut Tx,
    account: &str,
    news: News,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    notification::notification_insert(tx, account, &new(news), now).await
}

/// Tells those who have a version deployed.
pub(crate) async fn notify_deployers(
    tx: &mut Tx,
    version: (AgentId, &str),
    news: News,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let new = new(news);
    notification::notification_insert_deployers_unscoped(tx, version, &new, DEPLOYERS_TOLD, now).await
}

fn new((kind, subject, (title, text)): News) -> NotificationNew {
    NotificationNew { kind, subject, title, text: text.trim_end().to_owned() }
}

/// What the account was told, newest first; and how much of it was not read.
pub async fn notification_list(
    app: &App,
    who: &Principal,
    unread: bool,
    page: Page,
) -> Result<(Paged<Notification>, i64)> {
    let account = who.subject.clone();
    let listed = app.store().read(move |tx| {
        Box::pin(async move { notification::notification_list(tx, &account, unread, page).await })
    });
    Ok(listed.await?)
}

/// Marks what was named as read, or all. Returns how much is left.
pub async fn notification_read(
    app: &App,
    who: &Principal,
    ids: Option<Vec<String>>,
    all: bool,
) -> Result<i64> {
    let ids = match (ids, all) {
        (None, true) => None,
        (Some(ids), false) if ids.len() <= AT_ONCE => Some(ids_read(&ids)?),
        (Some(_), false) => return Err(AppError::field("ids", format!("must be {AT_ONCE} at most"))),
        _ => return Err(AppError::field("ids", "or `all: true` is required, one of them")),
    };
    let (account, now) = (who.subject.clone(), app.now());
    let left = app.store().tx(move |tx| {
        Box::pin(async move { notification::notification_read(tx, &account, ids.as_deref(), now).await })
    });
    Ok(left.await?)
}

fn ids_read(ids: &[String]) -> Result<Vec<EventId>> {
    let read =
        |id: &String| id.parse().map_err(|_| AppError::field("ids", format!("has `{id}`, which is none")));
    ids.iter().map(read).collect()
}
