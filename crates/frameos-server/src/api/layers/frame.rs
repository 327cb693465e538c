//! The outermost layer: a request id, the log line, the failure envelope and the security headers.
//!
//! Invariants: every answer has `x-request-id`, the client's own if that is well-formed; the log line names the route's pattern, never the query string or a header.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use frameos_app::{TRACE, trace_failed, trace_follow, trace_name};
use frameos_contract::ErrorCode;
use frameos_domain::{clock::Clock, id};
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;
use tracing::{Instrument, Span, field::Empty, trace_span};

use crate::{
    api::failure::{ApiFailure, failure_render},
    metrics::{HttpMetrics, method_name},
};

/// Longer than the longest granted wait; whoever needs longer than this is stuck.
const TIME_LIMIT: Duration = Duration::from_secs(90);

const PROBES: &[&str] = &["/healthz", "/readyz", "/metrics"];
const READ_OFTEN: &[&str] = &["/agents", "/agents/{agent}", "/executions/{execution}"];

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const SECURITY_HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// For what is not a page: it loads nothing and is shown nowhere.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// For a page of ours: what it loads is ours, and nothing runs that is written into it.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the frame needs to know of its listener.
#[derive(Clone)]
pub(crate) struct Frame {
    pub clock: Arc<dyn Clock>,
    /// Whether clients come by HTTPS and may be told to stay with it.
    pub https: bool,
    pub http: HttpMetrics,
    /// Cancelled once the process is to stop: connections are not to be used again.
    pub stopping: CancellationToken,
    /// `None`: no page of another origin may read answers.
    pub cors: Option<CorsLayer>,
}

/// The id of the request at hand.
#[derive(Clone)]
pub(crate) struct RequestId(pub Arc<str>);

/// Runs a request inside its frame.
pub(crate) async fn frame(State(frame): State<Frame>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let request_id: Arc<str> = match given.filter(|given| is_request_id(given)) {
        Some(given) => given.into(),
        None => id::RequestId::generate(frame.clock.now()).to_string().into(),
    };
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let private = request.headers().contains_key(header::AUTHORIZATION) || request.method() != Method::GET;
    let method = request.method().clone();
    let span = tracing::info_span!("request", request_id = %request_id);
    let trace = span.in_scope(|| request_trace(&request, &request_id));
    let started = Instant::now();
    let version = request.version();

    let response = next.run(request).instrument(trace.clone()).instrument(span).await;
    let path = response.extensions().get::<MatchedPath>().cloned();
    let mut response = failure_render(response, &request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(&REQUEST_ID, value);
    }
    headers_put(&mut response, frame.https, private);
    if frame.stopping.is_cancelled() && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let path = path.as_ref().map_or("(no route)", MatchedPath::as_str);
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    frame.http.answered(path, &method, status, started);
    answer_trace(&trace, &method, path, status);
    // What is read thousands of times a second is counted, not told one by one, unless it goes wrong.
    let is_routine = method == Method::GET && status < 400 && READ_OFTEN.contains(&path);
    if is_routine || PROBES.contains(&path) {
        tracing::debug!(request_id = %request_id, %method, path, status, ms, "answered");
    } else {
        tracing::info!(request_id = %request_id, %method, path, status, ms, "answered");
    }
    response
}

/// The request's span in its trace, which a client's `traceparent` goes before. Its route is known later.
fn request_trace(request: &Request, request_id: &str) -> Span {
    let span = trace_span!(
        target: TRACE,
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        error.type = Empty,
        http.request.method = method_name(request.method()),
        http.route = Empty,
        http.response.status_code = Empty,
        frameos.request.id = request_id,
    );
    if span.is_disabled() {
        return span;
    }
    if PROBES.contains(&request.uri().path()) {
        return Span::none();
    }
    let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    if let Some(parent) = parent {
        trace_follow(&span, parent);
    }
    span
}

fn answer_trace(span: &Span, method: &Method, route: &str, status: u16) {
    if span.is_disabled() {
        return;
    }
    let method = method_name(method);
    trace_name(span, format!("{method} {route}"));
    span.record("http.route", route).record("http.response.status_code", i64::from(status));
    if status >= 500 {
        trace_failed(span, &status.to_string());
    }
}

fn headers_put(response: &mut Response, https: bool, private: bool) {
    let failed = !response.status().is_success() && response.status() != StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let policy = if kind.starts_with(b"text/html") { PAGE_POLICY } else { POLICY };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    for (name, value) in SECURITY_HEADERS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if private || failed {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Whether a client's own id is fit to be logged and sent back.
fn is_request_id(given: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (8..=64).contains(&given.len()) && given.bytes().all(fits)
}

/// Lets the frame's log line name the route: copies the matched pattern to the answer.
pub(crate) async fn path_note(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(path);
    }
    response
}

/// Ends a request that takes longer than any may. A detached write goes on behind it.
pub(crate) async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = "this took too long; it may still complete: look before you repeat";
            ApiFailure::new(ErrorCode::UNAVAILABLE, message).into_response()
        }
    }
}

/// The answer when a handler panics. The panic itself has been logged by the process's hook.
#[expect(clippy::needless_pass_by_value, reason = "the shape `CatchPanicLayer` asks for")]
pub(crate) fn panic_answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ApiFailure::internal(format!("a handler panicked: {text}")).into_response()
}
