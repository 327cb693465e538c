//! Sessions: what a log-in opens, refreshed by tokens that work once each.
//!
//! Invariants: a refresh token works once and its reuse ends the session; an access token dies with its session, at once,
//! because the session is looked at with every request.

use std::time::Duration;

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frameos_domain::id::SessionId;
use frameos_store::{
    profile,
    session::{self, Session, SessionRefresh},
};

use crate::{
    account::secret_hash,
    app::App,
    error::{AppError, Result},
    login::{Tokens, status_check, tokens},
    personal_token::{PERSONAL_TOKEN_PREFIX, personal_token_authenticate},
    token::{self, Principal, Via},
};

pub(crate) const REFRESH_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// One of the account's open sessions.
#[derive(Debug, Clone)]
pub struct SessionView {
    pub session: Session,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// Trades a refresh token for a new pair. Using one twice ends its session.
pub async fn session_refresh(app: &App, refresh_token: &str) -> Result<Tokens> {
    let now = app.now();
    let old_hash = secret_hash(refresh_token);
    let (new_token, new_hash) = refresh_token_create()?;
    let refreshed = app.store().tx(move |tx| {
        Box::pin(async move {
            session::session_refresh(tx, &old_hash, &new_hash, now, now.plus(REFRESH_TTL)).await
        })
    });
    match refreshed.await? {
        SessionRefresh::Refreshed(session) => {
            tokens(app, (&session.subject_id, session.role, session.id), new_token)
        }
        SessionRefresh::Reused(session) => {
            tracing::warn!(session = %session.id, "a refresh token was used twice; its session is closed");
            Err(token::refused())
        }
        SessionRefresh::Invalid => Err(token::refused()),
    }
}

/// Ends the session a refresh token belongs to. An unknown token is no error: the session is gone either way.
pub async fn session_logout(app: &App, refresh_token: &str) -> Result<()> {
    let now = app.now();
    let hash = secret_hash(refresh_token);
    app.store()
        .tx(move |tx| Box::pin(async move { session::session_revoke_by_hash(tx, &hash, now).await }))
        .await?;
    Ok(())
}

/// Who a bearer token stands for, if it is genuine, its session is open and its account in good standing.
pub async fn principal_authenticate(app: &App, bearer: &str) -> Result<Principal> {
    if bearer.starts_with(PERSONAL_TOKEN_PREFIX) {
        return personal_token_authenticate(app, bearer).await;
    }
    let verified = token::access_token_verify(app, bearer)?;
    let now = app.now();
    let (session, role, subject) = (verified.session, verified.role, verified.subject.clone());
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let session = session::session_get(tx, &subject, session).await?;
            let open =
                session.is_some_and(|session| session.revoked_at.is_none() && session.expires_at > now);
            if open { profile::profile_get(tx, role, &subject).await } else { Ok(None) }
        })
    });
    let profile = found.await?.ok_or_else(token::refused)?;
    status_check(&profile)?;
    Ok(Principal {
        role,
        subject: verified.subject,
        is_verified: profile.verified_email,
        via: Via::Session(session),
    })
}

/// The account's open sessions, the one used last first.
pub async fn session_list(app: &App, principal: &Principal) -> Result<Vec<SessionView>> {
    let (subject, now) = (principal.subject.clone(), app.now());
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { session::session_list(tx, &subject, now).await }))
        .await?;
    let is_current = |session: &Session| principal.session() == Some(session.id);
    Ok(found.into_iter().map(|session| SessionView { is_current: is_current(&session), session }).collect())
}

/// Ends one of the account's sessions.
pub async fn session_end(app: &App, principal: &Principal, id: SessionId) -> Result<()> {
    let (subject, now) = (principal.subject.clone(), app.now());
    let ended = app
        .store()
        .tx(move |tx| Box::pin(async move { session::session_revoke(tx, &subject, id, now).await }));
    if ended.await? { Ok(()) } else { Err(AppError::not_found("session")) }
}

/// Ends all of the account's sessions, the one that asks too. Returns how many there were.
pub async fn session_end_all(app: &App, principal: &Principal) -> Result<u64> {
    let (subject, now) = (principal.subject.clone(), app.now());
    Ok(app
        .store()
        .tx(move |tx| Box::pin(async move { session::session_revoke_all(tx, &subject, now).await }))
        .await?)
}

/// A refresh token and its hash.
pub(crate) fn refresh_token_create() -> Result<(String, String)> {
    secret_create("fosr_")
}

/// A secret of 256 random bits after `prefix`, and its hash.
pub(crate) fn secret_create(prefix: &str) -> Result<(String, String)> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| AppError::internal("the system random source failed"))?;
    let token = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = secret_hash(&token);
    Ok((token, hash))
}
