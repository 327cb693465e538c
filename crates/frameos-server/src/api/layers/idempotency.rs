//! A request that changes something and has an `Idempotency-Key` has its effect once; repeats get the first answer, byte for byte.
//!
//! Rules: keys belong to an account, so requests without one pass through; the key stands for method, path and body, and
//! another request under it is refused; an answer is kept when it says what happened (2xx, or a refusal the state of things
//! gave: 402, 404, 409, 422). What the client may mend leaves the key unused. After a failure of ours, or the end of the
//! process, the key stays with its request, whose repeat finds by its [`Mint`](frameos_app::Mint) what was made by then.
//!
//! A route whose own row is the record of its request ([`idempotency_by_row`]) is spared the two writes this takes: its
//! handler is given the request's [`Fingerprint`] and answers repeats itself; only its refusals are kept here.

use std::{convert::Infallible, panic::AssertUnwindSafe};

use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use frameos_app::{
    Begin, IDEMPOTENCY_RENEWED, IdempotencyTicket, idempotency_abandon, idempotency_begin,
    idempotency_finish, idempotency_refusal_keep, idempotency_renew, idempotency_unlock,
};
use futures::FutureExt;

use super::RequestId;
use crate::api::{
    Api,
    extract::{body_bytes, is_run_token, key_in, principal_in},
    failure::{ApiFailure, failure_render},
    reply::{Reply, json_bytes},
};

static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What makes a request the same as another: method, path and body, as SHA-256 in hex.
#[derive(Clone)]
pub(crate) struct Fingerprint(pub String);

/// Applies the rules above to one request.
pub(crate) async fn idempotency(State(api): State<Api>, request: Request, next: Next) -> Response {
    match once(&api, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

/// A request of an account's that names a key.
struct Keyed {
    parts: Parts,
    body: Bytes,
    account: String,
    key: String,
    fingerprint: String,
}

/// `Err` in `Ok` is a request that is none, as it came.
async fn keyed(api: &Api, request: Request) -> Result<Result<Keyed, Request>, ApiFailure> {
    let (mut parts, body) = request.into_parts();
    let account = match key_in(&parts.headers)? {
        // A run is no account.
        Some(_) if is_run_token(&parts) => None,
        Some(key) => principal_in(&mut parts, api).await?.map(|principal| (principal.subject, key)),
        None => None,
    };
    let Some((account, key)) = account else { return Ok(Err(Request::from_parts(parts, body))) };
    let body = body_bytes(Request::from_parts(parts.clone(), body), api).await?;
    let fingerprint = fingerprint(&parts, &body);
    Ok(Ok(Keyed { parts, body, account, key, fingerprint }))
}

async fn once(api: &Api, request: Request, next: Next) -> Result<Response, ApiFailure> {
    let Keyed { parts, body, account, key, fingerprint } = match keyed(api, request).await? {
        Ok(keyed) => keyed,
        Err(request) => return Ok(next.run(request).await),
    };
    let request_id = parts.extensions.get::<RequestId>().cloned();
    let request_id = request_id.as_ref().map_or("", |id| &id.0);
    let ticket = match idempotency_begin(&api.app, &account, &key, &fingerprint).await? {
        Begin::Replay { status, body } => return Ok(replay(status, body)),
        Begin::New(ticket) => ticket,
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(ticket.mint());
    let answered = tokio::select! {
        answered = AssertUnwindSafe(next.run(request)).catch_unwind() => answered,
        never = renewed(api, &ticket) => match never {},
    };
    let response = match answered {
        Ok(response) => failure_render(response, request_id),
        Err(panic) => {
            idempotency_unlock(&api.app, ticket).await?;
            std::panic::resume_unwind(panic);
        }
    };
    if response.status().is_server_error() {
        idempotency_unlock(&api.app, ticket).await?;
        return Ok(response);
    }
    if !is_kept(response.status()) {
        idempotency_abandon(&api.app, ticket).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(ApiFailure::internal)?;
    let location = parts.headers.get(header::LOCATION).map_or(&b""[..], HeaderValue::as_bytes);
    let kept = [location, b"\n", &body].concat();
    idempotency_finish(&api.app, ticket, parts.status.as_u16(), &kept).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Keeps the key locked for as long as this is awaited.
async fn renewed(api: &Api, ticket: &IdempotencyTicket) -> Infallible {
    loop {
        tokio::time::sleep(IDEMPOTENCY_RENEWED).await;
        if let Err(error) = idempotency_renew(&api.app, ticket).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a request's key was not kept locked");
        }
    }
}

/// Applies the rules above to a route that remembers its requests by itself.
pub(crate) async fn idempotency_by_row(State(api): State<Api>, request: Request, next: Next) -> Response {
    match once_by_row(&api, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn once_by_row(api: &Api, request: Request, next: Next) -> Result<Response, ApiFailure> {
    let Keyed { mut parts, body, account, key, fingerprint } = match keyed(api, request).await? {
        Ok(keyed) => keyed,
        Err(request) => return Ok(next.run(request).await),
    };
    let request_id = parts.extensions.get::<RequestId>().cloned();
    parts.extensions.insert(Fingerprint(fingerprint.clone()));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let refused = response.extensions().get::<ApiFailure>();
    if !refused.is_some_and(|failure| is_kept(response.status()) && !failure.is_about_its_key()) {
        return Ok(response);
    }
    let response = failure_render(response, request_id.as_ref().map_or("", |id| &id.0));
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(ApiFailure::internal)?;
    let answer = (parts.status.as_u16(), &*[b"\n", &*body].concat());
    idempotency_refusal_keep(&api.app, &account, &key, &fingerprint, answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Marks an answer as that of an earlier request.
pub(crate) fn repeated<R>(mut answer: Reply<R>) -> Reply<R> {
    answer.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
    answer
}

fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
    response
}

fn is_kept(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 402 | 404 | 409 | 422)
}

/// What is kept is the `Location` (or nothing), a line break, and the body.
pub(crate) fn replay(status: u16, mut kept: Vec<u8>) -> Response {
    let end = kept.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let body = kept.split_off(end + usize::from(!kept.is_empty()));
    let mut response = json_bytes(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), body);
    if end > 0
        && let Ok(location) = HeaderValue::from_bytes(&kept[..end])
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    replayed(response)
}

fn fingerprint(parts: &Parts, body: &[u8]) -> String {
    let mut hash = Context::new(&SHA256);
    for part in [parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or("")] {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.update(body);
    hex::encode(hash.finish())
}
