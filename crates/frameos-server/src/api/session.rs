//! Sessions: logging in, staying in, and ending them.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::account::{Done, LoginRequest, RefreshRequest, SessionList, TokenPair};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Authenticated, From, Json, PathId, Public},
    reply::{Answer, done, ok},
};
use crate::view::account as view;

/// `POST /auth/login`
pub(crate) async fn login(
    State(api): State<Api>,
    _: Public,
    From(origin): From,
    Json(body): Json<LoginRequest>,
) -> Answer<TokenPair> {
    let otp = body.otp.as_deref();
    let tokens = app::account_login(&api.app, &origin, &body.email, body.password.into(), otp).await?;
    ok(view::token_pair(tokens))
}

/// `POST /auth/refresh`
pub(crate) async fn refresh(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<RefreshRequest>,
) -> Answer<TokenPair> {
    ok(view::token_pair(app::session_refresh(&api.app, &body.refresh_token).await?))
}

/// `POST /auth/logout`
pub(crate) async fn logout(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<RefreshRequest>,
) -> Answer<Done> {
    app::session_logout(&api.app, &body.refresh_token).await?;
    done("Logged out.")
}

/// `POST /auth/logout-everywhere`
pub(crate) async fn logout_everywhere(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Answer<Done> {
    let ended = app::session_end_all(&api.app, &principal).await?;
    done(&format!("{ended} sessions were ended, this one too."))
}

/// `GET /me/sessions`
pub(crate) async fn list(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Answer<SessionList> {
    let sessions = app::session_list(&api.app, &principal).await?;
    ok(SessionList { sessions: sessions.into_iter().map(view::session).collect() })
}

/// `DELETE /me/sessions/{session}`
pub(crate) async fn end(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    PathId(id): PathId<kind::Session>,
) -> Answer<Done> {
    app::session_end(&api.app, &principal, id).await?;
    done("The session was ended.")
}
