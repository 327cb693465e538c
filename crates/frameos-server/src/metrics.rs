//! The numbers of this process in Prometheus' text format: the database's, the engine's and those of HTTP, and who may read them.
//!
//! Invariants: labels are patterns and names of ours, never a path, an id or a text from outside; with a token set, whoever does
//! not send it learns nothing.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, Response, header},
    routing::get,
};
use frameos_app::{App, metrics_refresh};
use frameos_contract::ErrorCode;
use frameos_domain::clock::Clock;
use frameos_store::Store;
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::api::{
    extract::bearer_is,
    failure::ApiFailure,
    layers::Frame,
    reply::{Metrics, Reply, Replying, ok},
    routes::framed,
};
use crate::telemetry::Telemetry;

/// Seconds: 1 ms to the longest a request may take.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 90.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    route: String,
    method: &'static str,
    status: u16,
}

/// Counts of answered requests; clones share them.
#[derive(Clone)]
pub struct HttpMetrics {
    requests: Family<AnswerLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { requests: Family::default(), durations }
    }
}

impl HttpMetrics {
    fn register(&self, registry: &mut Registry) {
        let requests = "Requests answered, by the route's pattern";
        registry.register("frameos_http_requests", requests, self.requests.clone());
        let durations = "Time from a request's head to its answer's";
        registry.register("frameos_http_request_seconds", durations, self.durations.clone());
    }

    pub(crate) fn answered(&self, route: &str, method: &Method, status: u16, begun: Instant) {
        let (route, method) = (route.to_owned(), method_name(method));
        let labels = AnswerLabels { route: route.clone(), method, status };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&RouteLabels { route, method }).observe(begun.elapsed().as_secs_f64());
    }
}

/// A client may send any word as its method.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Everything this process counts; clones share it.
#[derive(Clone)]
pub struct Exposition(Arc<Shown>);

struct Shown {
    registry: Registry,
    app: Option<App>,
    http: HttpMetrics,
    token: Option<SecretString>,
}

impl Exposition {
    pub(crate) fn new(
        store: &Store,
        app: Option<App>,
        token: Option<SecretString>,
        telemetry: &Telemetry,
    ) -> Self {
        let (mut registry, http) = (Registry::default(), HttpMetrics::default());
        telemetry.metrics_register(&mut registry);
        store.metrics_register(&mut registry);
        http.register(&mut registry);
        if let Some(app) = &app {
            app.metrics().register(&mut registry);
        }
        Self(Arc::new(Shown { registry, app, http, token }))
    }

    pub(crate) fn http(&self) -> HttpMetrics {
        self.0.http.clone()
    }

    /// The numbers, for whoever may read them.
    pub(crate) async fn answer(&self, headers: &HeaderMap) -> Replying<Metrics> {
        if self.0.token.as_ref().is_some_and(|token| !bearer_is(headers, token)) {
            let message = "send `Authorization: Bearer <metrics.token>`";
            return Err(ApiFailure::new(ErrorCode::UNAUTHENTICATED, message));
        }
        if let Some(app) = &self.0.app {
            metrics_refresh(app).await;
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry).map_err(ApiFailure::internal)?;
        let mut response = Response::new(text.into());
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Reply::of(response))
    }
}

/// What `metrics.listen` serves: the numbers, and whether the process answers at all.
pub(crate) fn metrics_router(
    exposition: Exposition,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
) -> Router {
    let frame = Frame { clock, https: false, http: exposition.http(), stopping, cors: None };
    let numbers =
        async |State(exposition): State<Exposition>, headers: HeaderMap| exposition.answer(&headers).await;
    let router = Router::new()
        .route("/metrics", get(numbers))
        .route("/healthz", get(async || ok(json!({"status": "ok"}))));
    framed(router, frame, async || ApiFailure::not_found()).with_state(exposition)
}
