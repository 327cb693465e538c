//! Personal access tokens.

use axum::extract::State;
use frameos_app::{self as app, PersonalTokenNew};
use frameos_contract::account::Done;
use frameos_contract::personal_token::{PersonalTokenCreated, PersonalTokenList, PersonalTokenRequest};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Authenticated, Json, PathId},
    reply::{Answer, Created, created, done, ok},
};
use crate::view::account as view;

/// `GET /me/tokens`
pub(crate) async fn list(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Answer<PersonalTokenList> {
    let tokens = app::personal_token_list(&api.app, &principal).await?;
    ok(PersonalTokenList { tokens: tokens.into_iter().map(view::personal_token).collect() })
}

/// `POST /me/tokens`
pub(crate) async fn create(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<PersonalTokenRequest>,
) -> Created<PersonalTokenCreated> {
    let PersonalTokenRequest { name, scopes, expires_at, expires_in_days } = body;
    let new = PersonalTokenNew { name, scopes, expires_at, expires_in_days };
    let (token, kept) = app::personal_token_create(&api.app, &principal, new).await?;
    created("/me/tokens", PersonalTokenCreated { token, kept: view::personal_token(kept) })
}

/// `DELETE /me/tokens/{token}`
pub(crate) async fn revoke(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    PathId(id): PathId<kind::PersonalToken>,
) -> Answer<Done> {
    app::personal_token_revoke(&api.app, &principal, id).await?;
    done("The token is revoked.")
}
