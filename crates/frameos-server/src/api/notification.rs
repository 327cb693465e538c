//! What an account is told in the product.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::notification::{
    NotificationList, NotificationQuery, NotificationReadRequest, NotificationsRead,
};

use super::{
    Api,
    extract::{Authenticated, Json, Query, page_check},
    reply::{Answer, ok},
};
use crate::view::notification as view;

/// `GET /me/notifications`
pub(crate) async fn list(
    State(api): State<Api>,
    Authenticated(who): Authenticated,
    Query(query): Query<NotificationQuery>,
) -> Answer<NotificationList> {
    let page = page_check(query.page, query.limit)?;
    let unread = query.unread.unwrap_or(false);
    ok(view::list(app::notification_list(&api.app, &who, unread, page).await?, page))
}

/// `POST /me/notifications/read`
pub(crate) async fn read(
    State(api): State<Api>,
    Authenticated(who): Authenticated,
    Json(body): Json<NotificationReadRequest>,
) -> Answer<NotificationsRead> {
    ok(NotificationsRead { unread: app::notification_read(&api.app, &who, body.ids, body.all).await? })
}
