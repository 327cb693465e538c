//! Subscriptions: begun, looked at, paid, ended with their month and taken up again.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::subscription::{SubscribeRequest, Subscription, SubscriptionList};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{KeyedMint, OptionalJson, Paging, PathId, PathText, User},
    reply::{Answer, Created, created, ok},
};
use crate::view::subscription as view;

/// `POST /agents/:id/subscribe`
pub(crate) async fn create(
    State(api): State<Api>,
    User(user): User,
    KeyedMint(mint): KeyedMint,
    PathText(agent): PathText,
    OptionalJson(body): OptionalJson<SubscribeRequest>,
) -> Created<Subscription> {
    let begun = app::subscription_create(&api.app, user, &agent, (body.confirm, mint)).await?;
    created(&format!("/subscriptions/{}", begun.subscription.id), view::subscription(begun))
}

/// `GET /subscriptions`
pub(crate) async fn list(
    State(api): State<Api>,
    User(user): User,
    Paging(page): Paging,
) -> Answer<SubscriptionList> {
    let listed = app::subscription_list(&api.app, user, page).await?;
    let subscriptions = listed.items.into_iter().map(view::subscription).collect();
    ok(SubscriptionList { subscriptions, total: listed.total, page: page.page, limit: page.limit })
}

/// `GET /subscriptions/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Subscription>,
) -> Answer<Subscription> {
    ok(view::subscription(app::subscription_get(&api.app, user, id).await?))
}

/// `POST /subscriptions/:id/cancel`
pub(crate) async fn cancel(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Subscription>,
) -> Answer<Subscription> {
    ok(view::subscription(app::subscription_cancel(&api.app, user, id).await?))
}

/// `POST /subscriptions/:id/resume`
pub(crate) async fn resume(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Subscription>,
) -> Answer<Subscription> {
    ok(view::subscription(app::subscription_resume(&api.app, user, id).await?))
}

/// `POST /subscriptions/:id/pay`
pub(crate) async fn pay(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Subscription>,
    OptionalJson(body): OptionalJson<SubscribeRequest>,
) -> Answer<Subscription> {
    ok(view::subscription(app::subscription_pay(&api.app, user, id, body.confirm).await?))
}
