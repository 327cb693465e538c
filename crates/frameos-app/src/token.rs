//! Access tokens: short-lived EdDSA JWTs (RFC 7519, RFC 8037) that name an account and its session.
//!
//! Invariants: algorithm, issuer and audience are fixed; a token of one purpose is not accepted for another; every token
//! belongs to a session, so that logging out ends it at once. A signature that was found good is remembered by the token's
//! hash: what may change (expiry, session, account) is looked at every time.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{AdminId, DeveloperId, Id, SessionId, UserId},
};
use frameos_store::status::Role;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    error::{AppError, Result},
    personal_token::Scope,
};

/// How long an access token is valid.
pub(crate) const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);

/// Tokens remembered as verified, of some 200 bytes each.
const MOST_VERIFIED: usize = 10_000;
pub(crate) const ISSUER: &str = "frameos";
const ACCESS: &str = "frameos-api";
const VERIFY_EMAIL: &str = "frameos-verify-email";

/// Who is asking, as a token proved it.
#[derive(Debug, Clone)]
pub struct Principal {
    pub role: Role,
    /// The account's id: `dev_…`, `agt_user_…` or `adm_…`.
    pub subject: String,
    /// Whether the account's e-mail address is proved.
    pub is_verified: bool,
    pub(crate) via: Via,
}

/// By what.
#[derive(Debug, Clone)]
pub(crate) enum Via {
    /// A log-in, which may do whatever the account may.
    Session(SessionId),
    /// A personal access token, which may what it was made for.
    PersonalToken(Vec<Scope>),
}

impl Principal {
    /// Whether what needs `scope` is allowed; without one it takes a log-in.
    pub fn may(&self, scope: Option<Scope>) -> bool {
        match &self.via {
            Via::Session(_) => true,
            Via::PersonalToken(scopes) => scope.is_some_and(|scope| scopes.contains(&scope)),
        }
    }

    pub(crate) const fn session(&self) -> Option<SessionId> {
        match self.via {
            Via::Session(session) => Some(session),
            Via::PersonalToken(_) => None,
        }
    }

    pub fn developer(&self) -> Option<DeveloperId> {
        self.as_role(Role::Developer)
    }

    pub fn user(&self) -> Option<UserId> {
        self.as_role(Role::User)
    }

    pub fn admin(&self) -> Option<AdminId> {
        self.as_role(Role::Admin)
    }

    fn as_role<K: frameos_domain::id::Kind>(&self, role: Role) -> Option<Id<K>> {
        (self.role == role).then(|| self.subject.parse().ok()).flatten()
    }
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    role: Role,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct EmailClaims {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
}

/// Signs an access token for an account's session.
pub(crate) fn access_token_sign(app: &App, subject: &str, role: Role, session: SessionId) -> Result<String> {
    let now = app.now();
    sign(
        app,
        &AccessClaims {
            iss: ISSUER.into(),
            aud: ACCESS.into(),
            sub: subject.to_owned(),
            role,
            sid: session,
            iat: now.as_secs(),
            exp: now.plus(ACCESS_TTL).as_secs(),
        },
    )
}

/// Access tokens whose signature was verified. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct TokenCache(Arc<RwLock<HashMap<String, Verified>>>);

/// What a genuine access token says.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) role: Role,
    pub(crate) subject: String,
    pub(crate) session: SessionId,
    exp: i64,
}

impl TokenCache {
    fn get(&self, hash: &str) -> Option<Verified> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn put(&self, hash: String, verified: Verified, now: Timestamp) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_VERIFIED {
            kept.retain(|_, known| known.exp > now.as_secs());
        }
        // Full of tokens in use: this one is verified again next time.
        if kept.len() < MOST_VERIFIED && verified.exp > now.as_secs() {
            kept.insert(hash, verified);
        }
    }
}

/// Reads an access token that is genuine and not expired.
pub(crate) fn access_token_verify(app: &App, token: &str) -> Result<Verified> {
    let (hash, now) = (canonical::sha256_hex(token.as_bytes()), app.now());
    let verified = match app.tokens.get(&hash) {
        Some(known) => known,
        None => {
            let claims: AccessClaims = verify(app, token, ACCESS)?;
            let AccessClaims { role, sub: subject, sid: session, exp, .. } = claims;
            let verified = Verified { role, subject, session, exp };
            app.tokens.put(hash, verified.clone(), now);
            verified
        }
    };
    expired_check(verified.exp, now)?;
    Ok(verified)
}

/// Signs the token of a "verify your e-mail" link, valid for three days.
pub(crate) fn email_token_sign(app: &App, email: &str) -> Result<String> {
    let exp = app.now().plus(Duration::from_secs(3 * 24 * 3600)).as_secs();
    sign(app, &EmailClaims { iss: ISSUER.into(), aud: VERIFY_EMAIL.into(), sub: email.to_owned(), exp })
}

/// The e-mail address a verification token proves.
pub(crate) fn email_token_verify(app: &App, token: &str) -> Result<String> {
    let claims: EmailClaims = verify(app, token, VERIFY_EMAIL)?;
    expired_check(claims.exp, app.now())?;
    Ok(claims.sub)
}

pub(crate) fn sign<T: Serialize>(app: &App, claims: &T) -> Result<String> {
    let der = app.keys.tokens.to_pkcs8().map_err(AppError::internal)?;
    let key = EncodingKey::from_ed_der(&der);
    jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key).map_err(AppError::internal)
}

pub(crate) fn verify<T: DeserializeOwned>(app: &App, token: &str, audience: &str) -> Result<T> {
    let bytes = app.keys.tokens.public().bytes().map_err(AppError::internal)?;
    let key = DecodingKey::from_ed_der(&bytes);
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Expiry is checked against the injected clock instead of the library's own.
    validation.validate_exp = false;
    jsonwebtoken::decode::<T>(token, &key, &validation).map(|data| data.claims).map_err(|_| refused())
}

pub(crate) fn expired_check(exp: i64, now: Timestamp) -> Result<()> {
    if exp > now.as_secs() { Ok(()) } else { Err(refused()) }
}

pub(crate) fn refused() -> AppError {
    AppError::Unauthenticated {
        code: "UNAUTHENTICATED",
        message: "the token is missing, expired or not ours; log in and send `Authorization: Bearer <access_token>`".into(),
    }
}
