//! A user's webhooks and what was sent to them.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::{
    account::Done,
    webhook::{
        Webhook, WebhookCreated, WebhookDelivery, WebhookDeliveryList, WebhookList, WebhookPatch,
        WebhookRequest, WebhookSecretRotated,
    },
};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Json, Minted, Paging, PathId, PathIds, User},
    reply::{Answer, Begun, Created, begun, created, ok},
};
use crate::view::webhook as view;

/// `POST /webhooks`
pub(crate) async fn create(
    State(api): State<Api>,
    User(user): User,
    Minted(mint): Minted,
    Json(body): Json<WebhookRequest>,
) -> Created<WebhookCreated> {
    let new = view::webhook_new(body);
    let (webhook, secret) = app::webhook_create(&api.app, user, (new, mint)).await?;
    created(&format!("/webhooks/{}", webhook.id), view::created(webhook, &secret))
}

/// `GET /webhooks`
pub(crate) async fn list(State(api): State<Api>, User(user): User) -> Answer<WebhookList> {
    let webhooks: Vec<_> = app::webhook_list(&api.app, user).await?.into_iter().map(view::webhook).collect();
    let total = webhooks.len() as i64;
    ok(WebhookList { webhooks, total })
}

/// `GET /webhooks/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
) -> Answer<Webhook> {
    ok(view::webhook(app::webhook_get(&api.app, user, id).await?))
}

/// `PATCH /webhooks/:id`
pub(crate) async fn update(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
    Json(body): Json<WebhookPatch>,
) -> Answer<Webhook> {
    ok(view::webhook(app::webhook_update(&api.app, user, id, view::change(body)).await?))
}

/// `DELETE /webhooks/:id`
pub(crate) async fn delete(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
) -> Answer<Done> {
    app::webhook_delete(&api.app, user, id).await?;
    ok(Done { message: "The webhook is deleted; nothing more is sent to it.".to_owned() })
}

/// `POST /webhooks/:id/rotate-secret`
pub(crate) async fn rotate_secret(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
) -> Answer<WebhookSecretRotated> {
    ok(view::rotated(&app::webhook_rotate_secret(&api.app, user, id).await?))
}

/// `POST /webhooks/:id/test`
pub(crate) async fn test(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
) -> Begun<WebhookDelivery> {
    begun(view::delivery(app::webhook_test(&api.app, user, id).await?))
}

/// `GET /webhooks/:id/deliveries`
pub(crate) async fn deliveries(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Webhook>,
    Paging(page): Paging,
) -> Answer<WebhookDeliveryList> {
    let listed = app::webhook_deliveries(&api.app, user, id, page).await?;
    let deliveries = listed.items.into_iter().map(view::delivery).collect();
    ok(WebhookDeliveryList { deliveries, total: listed.total, page: page.page, limit: page.limit })
}

/// `POST /webhooks/:id/deliveries/:delivery/replay`
pub(crate) async fn replay(
    State(api): State<Api>,
    User(user): User,
    PathIds(id, delivery): PathIds<kind::Webhook, kind::Delivery>,
) -> Begun<WebhookDelivery> {
    begun(view::delivery(app::webhook_replay(&api.app, user, id, delivery).await?))
}
