//! What an operator's tools ask: is it alive, is it ready, what has it counted, which keys does it sign with.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use frameos_contract::ErrorCode;
use serde_json::json;

use super::{
    Api,
    extract::Public,
    failure::ApiFailure,
    reply::{Answer, json_response, ok},
};

/// `GET /`
pub(crate) async fn about(_: Public) -> Answer {
    ok(json!({"name": "frameos", "version": env!("CARGO_PKG_VERSION")}))
}

/// `GET /healthz`: the process answers.
pub(crate) async fn health(_: Public) -> Answer {
    ok(json!({"status": "ok"}))
}

/// `GET /readyz`: the database answers and has the schema this program knows.
pub(crate) async fn ready(State(api): State<Api>, _: Public) -> Answer {
    match api.app.store().schema_check().await {
        Ok(()) => ok(json!({"status": "ready"})),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            Err(ApiFailure::new(ErrorCode::UNAVAILABLE, "the database is not reachable or not migrated"))
        }
    }
}

/// `GET /metrics`: for anyone, or for whoever has `metrics.token` when it is set.
pub(crate) async fn metrics(State(api): State<Api>, _: Public, headers: HeaderMap) -> Answer {
    api.exposition.answer(&headers).await
}

/// `GET /.well-known/jwks.json`: the keys receipts verify with, as RFC 7517 wants them, so without our envelope.
pub(crate) async fn keys(State(api): State<Api>, _: Public) -> Answer {
    let mut response = json_response(StatusCode::OK, &api.app.public_keys());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
