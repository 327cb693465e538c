//! A user's wallet and spending policy.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::wallet::{TopUp, TopUpList, TopUpRequest, TransactionList, Wallet};
use frameos_domain::{id::kind, policy::Policy};

use super::{
    Api,
    extract::{Json, OptionalKey, Paging, PathId, User},
    reply::{Answer, Created, created, ok},
};
use crate::view::wallet as view;

/// `GET /wallet`
pub(crate) async fn get(State(api): State<Api>, User(user): User) -> Answer<Wallet> {
    ok(view::wallet(&app::wallet_get(&api.app, user).await?))
}

/// `POST /wallet/top-ups`
pub(crate) async fn top_up(
    State(api): State<Api>,
    User(user): User,
    OptionalKey(key): OptionalKey,
    Json(body): Json<TopUpRequest>,
) -> Created<TopUp> {
    let TopUpRequest { amount, currency, instrument, return_url, scenario } = body;
    let asked = app::TopUpAsked { amount, currency, instrument, return_url, scenario, idempotency_key: key };
    let top_up = app::wallet_top_up(&api.app, user, asked).await?;
    created(&format!("/wallet/top-ups/{}", top_up.top_up_id), view::top_up(top_up))
}

/// `GET /wallet/top-ups`
pub(crate) async fn top_ups(
    State(api): State<Api>,
    User(user): User,
    Paging(page): Paging,
) -> Answer<TopUpList> {
    ok(view::top_ups(app::wallet_top_up_list(&api.app, user, page.page, page.limit).await?))
}

/// `GET /wallet/top-ups/:top_up`
pub(crate) async fn top_up_get(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::TopUp>,
) -> Answer<TopUp> {
    ok(view::top_up(app::wallet_top_up_get(&api.app, user, id).await?))
}

/// `GET /wallet/transactions`
pub(crate) async fn transactions(
    State(api): State<Api>,
    User(user): User,
    Paging(page): Paging,
) -> Answer<TransactionList> {
    let transactions = app::wallet_transactions(&api.app, user, page.page, page.limit).await?;
    ok(view::transactions(transactions))
}

/// `GET /policy`
pub(crate) async fn policy_get(State(api): State<Api>, User(user): User) -> Answer<Policy> {
    ok(app::policy_get(&api.app, user).await?)
}

/// `PUT /policy`
pub(crate) async fn policy_put(
    State(api): State<Api>,
    User(user): User,
    Json(body): Json<Policy>,
) -> Answer<Policy> {
    ok(app::policy_put(&api.app, user, body).await?)
}
