//! What the layers promise, without the application: writes outlive their client, panics and causes stay inside.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use frameos_store::clock::SystemClock;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{Frame, detach};
use crate::{
    api::{failure::ApiFailure, reply::ok, routes::framed},
    metrics::HttpMetrics,
};

fn served(router: Router) -> Router {
    framed(
        router,
        Frame {
            clock: Arc::new(SystemClock),
            https: false,
            http: HttpMetrics::default(),
            stopping: CancellationToken::new(),
            cors: None,
        },
        async || ApiFailure::not_found(),
    )
}

async fn asked(router: Router, path: &str) -> (u16, String) {
    let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_write_goes_on_when_its_client_leaves() {
    let (begun, go, writes) = (Arc::new(Notify::new()), Arc::new(Notify::new()), TaskTracker::new());
    let written = Arc::new(AtomicBool::new(false));
    let handler = {
        let (begun, go, written) = (begun.clone(), go.clone(), written.clone());
        move || async move {
            begun.notify_one();
            go.notified().await;
            written.store(true, Ordering::SeqCst);
            ok("done")
        }
    };
    let router = served(
        Router::new().route("/write", post(handler).layer(from_fn_with_state(writes.clone(), detach))),
    );
    let client = tokio::spawn(router.oneshot(Request::post("/write").body(Body::empty()).unwrap()));
    begun.notified().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    go.notify_one();
    writes.close();
    writes.wait().await;
    assert!(written.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_says_nothing() {
    let panicking = || async {
        if true {
            panic!("the secret is up my sleeve")
        }
    };
    let router = served(
        Router::new()
            .route("/", get(panicking))
            .route("/write", get(panicking).layer(from_fn_with_state(TaskTracker::new(), detach))),
    );
    for path in ["/", "/write"] {
        let (status, text) = asked(router.clone(), path).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &answer["error"]["code"]), (500, &Value::from("INTERNAL")));
        assert!(!text.contains("sleeve"), "{text}");
    }
}

#[tokio::test]
async fn the_cause_of_an_internal_error_is_not_sent() {
    let failing = || async { Err::<(), _>(ApiFailure::internal("SELECT password_hash FROM users")) };
    let (status, text) = asked(served(Router::new().route("/", get(failing))), "/").await;
    assert_eq!(status, 500);
    assert!(!text.contains("SELECT"), "{text}");
    assert!(text.contains("\"request_id\":\"req_"), "{text}");
}
