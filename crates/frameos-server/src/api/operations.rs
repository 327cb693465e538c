//! What an operator's tools ask: is it alive, is it ready, what has it counted, which keys does it sign with.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use frameos_contract::{
    ErrorCode,
    operations::{About, Health, Ready},
};
use frameos_domain::signing::KeySet;
use serde_json::json;

use super::{
    Api,
    extract::Public,
    failure::ApiFailure,
    reply::{Answer, Bare, Metrics, Replying, bare, ok},
};

/// `GET /`
pub(crate) async fn about(_: Public) -> Answer<About> {
    ok(About { name: "frameos".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// `GET /healthz`: the process answers.
pub(crate) async fn health(_: Public) -> Answer<Health> {
    ok(Health { status: "ok".to_owned() })
}

/// `GET /readyz`: whether the process does its work, and how each thing is that it depends on.
pub(crate) async fn ready(State(api): State<Api>, _: Public) -> Answer<Ready> {
    let (is_ready, parts) = api.readiness.look().await;
    let is_stopping = api.stopping.is_cancelled();
    if is_ready && !is_stopping {
        let checks = parts.iter().map(|(name, check)| ((*name).to_owned(), check.clone())).collect();
        return ok(Ready { status: "ready".to_owned(), checks });
    }
    let (status, message) = if is_stopping {
        ("stopping", "this process is about to stop")
    } else {
        ("not_ready", "something this process depends on does not answer; `details` says what")
    };
    let details = json!({"status": status, "checks": &*parts});
    Err(ApiFailure::with_details(ErrorCode::UNAVAILABLE, message, details))
}

/// `GET /metrics`: for anyone, or for whoever has `metrics.token` when it is set.
pub(crate) async fn metrics(State(api): State<Api>, _: Public, headers: HeaderMap) -> Replying<Metrics> {
    api.exposition.answer(&headers).await
}

/// `GET /.well-known/jwks.json`: the keys receipts verify with, as RFC 7517 wants them, so without our envelope.
pub(crate) async fn keys(State(api): State<Api>, _: Public) -> Replying<Bare<KeySet>> {
    let mut response = bare(&api.app.public_keys())?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
