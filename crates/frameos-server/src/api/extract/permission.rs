//! Permissions as values: a handler that holds one has been allowed, one without takes [`Public`].
//!
//! Invariants: a missing or bad token is 401, a good token of the wrong role, or without
//! the scope, is 403; a token that was sent but is bad is
//! refused even where none is needed, so that a client notices.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use frameos_app::{Principal, principal_authenticate};
use frameos_contract::ErrorCode;
use frameos_domain::id::{AdminId, DeveloperId, UserId};
use secrecy::{ExposeSecret, SecretString};

use crate::api::{Api, failure::ApiFailure, needs::Needs};

/// Anyone may: no token is looked at.
pub(crate) struct Public;

/// Anyone with an account.
pub(crate) struct Authenticated(pub Principal);

/// Anyone; with an account when a token was sent.
pub(crate) struct OptionalPrincipal(pub Option<Principal>);

pub(crate) struct Developer(pub DeveloperId);

pub(crate) struct User(pub UserId);

pub(crate) struct Admin(pub AdminId);

impl<S: Send + Sync> FromRequestParts<S> for Public {
    type Rejection = ApiFailure;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        Ok(Self)
    }
}

impl FromRequestParts<Api> for Authenticated {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let principal = principal_in(parts, api).await?.ok_or_else(ApiFailure::unauthenticated)?;
        needs_check(parts, api, &principal)?;
        Ok(Self(principal))
    }
}

impl FromRequestParts<Api> for OptionalPrincipal {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let principal = principal_in(parts, api).await?;
        principal.iter().try_for_each(|principal| needs_check(parts, api, principal))?;
        Ok(Self(principal))
    }
}

impl FromRequestParts<Api> for Developer {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, api).await?;
        principal.developer().map(Self).ok_or_else(|| ApiFailure::forbidden("developer"))
    }
}

impl FromRequestParts<Api> for User {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, api).await?;
        principal.user().map(Self).ok_or_else(|| ApiFailure::forbidden("user"))
    }
}

impl FromRequestParts<Api> for Admin {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiFailure> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, api).await?;
        principal.admin().map(Self).ok_or_else(|| ApiFailure::forbidden("admin"))
    }
}

/// Refuses a token without the route's scope, and an account without a proved address where that is needed.
fn needs_check(parts: &Parts, api: &Api, principal: &Principal) -> Result<(), ApiFailure> {
    // A route that says nothing of its needs takes a log-in.
    let needs = parts.extensions.get::<Needs>().copied();
    let scope = needs.and_then(|needs| needs.scope);
    if !principal.may(scope) {
        let message = match scope {
            Some(scope) => format!("this needs a token with the scope `{}`", scope.as_str()),
            None => "personal access tokens cannot do this; log in".to_owned(),
        };
        return Err(ApiFailure::new(ErrorCode::INSUFFICIENT_SCOPE, message));
    }
    let verified = needs.is_some_and(|needs| needs.verified) && api.app.requires_verified_email();
    if verified && !principal.is_verified {
        let message = "verify your e-mail address first: send the token of the mail to POST /auth/verify-email, or have it \
                       sent again with POST /auth/resend-verification";
        return Err(ApiFailure::new(ErrorCode::EMAIL_UNVERIFIED, message));
    }
    Ok(())
}

/// Who sent the request; `None` without an `Authorization` header. Looked up once per request.
pub(crate) async fn principal_in(parts: &mut Parts, api: &Api) -> Result<Option<Principal>, ApiFailure> {
    if let Some(known) = parts.extensions.get::<Principal>() {
        return Ok(Some(known.clone()));
    }
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = bearer(value.as_bytes()).ok_or_else(ApiFailure::unauthenticated)?;
    let principal = principal_authenticate(&api.app, token).await?;
    parts.extensions.insert(principal.clone());
    Ok(Some(principal))
}

/// Whether `headers` carry this secret as their bearer token, compared in constant time.
pub(crate) fn bearer_is(headers: &HeaderMap, expected: &SecretString) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    given.is_some_and(|given| {
        let expected = expected.expose_secret().as_bytes();
        aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), expected).is_ok()
    })
}

/// The token of `Bearer <token>`; the scheme in any case (RFC 9110, section 11.1).
pub(crate) fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
