//! Notifications, as the contract shows them.

use frameos_contract::notification::{Notification, NotificationList};
use frameos_store::{Page, Paged, notification::Notification as Stored};

pub(crate) fn entry(told: Stored) -> Notification {
    Notification {
        id: told.id.to_string(),
        kind: told.kind.to_string(),
        subject: told.subject,
        title: told.title,
        text: told.text,
        read_at: told.read_at,
        created_at: told.created_at,
    }
}

pub(crate) fn list((found, unread): (Paged<Stored>, i64), Page { page, limit }: Page) -> NotificationList {
    let notifications = found.items.into_iter().map(entry).collect();
    NotificationList { notifications, total: found.total, page, limit, unread }
}
