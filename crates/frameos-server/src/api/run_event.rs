//! Following a run as Server-Sent Events, and what a run says of itself by its execution token.
//!
//! Invariants: a stream is fed by a task of its own, through a small channel: a client that does not read, or is gone, ends it
//! after a while and holds nothing meanwhile but its place; a stream ends with its run, with the process, or after as long as an
//! access token lives, and whoever comes back with `Last-Event-ID` misses nothing.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use frameos_app::{self as app, Watch};
use frameos_contract::account::Done;
use frameos_contract::run_event::{RunLogRequest, RunProgressRequest};
use frameos_domain::id::kind;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Api,
    extract::{Json, LastEventId, PathId, Run, User},
    reply::{Answer, Events, Reply, Replying, done},
};
use crate::view::run_event as view;

/// Events on their way to a client.
const UNDER_WAY: usize = 16;
/// How long a client may leave them there.
const PATIENCE: Duration = Duration::from_secs(30);
/// As long as an access token lives.
const LONGEST: Duration = Duration::from_secs(15 * 60);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `GET /executions/:id/events`
pub(crate) async fn follow(
    State(api): State<Api>,
    User(user): User,
    PathId(id): PathId<kind::Execution>,
    LastEventId(last): LastEventId,
) -> Replying<Events> {
    let watch = app::execution_watch(&api.app, user, id, last).await?;
    if watch.is_over() {
        // What tells a browser not to come back.
        return Ok(Reply::of(StatusCode::NO_CONTENT.into_response()));
    }
    let (sender, receiver) = mpsc::channel(UNDER_WAY);
    tokio::spawn(feed(watch, sender, api.shutdown.clone()));
    Ok(Reply::of(stream(receiver)))
}

/// `POST /executions/:id/progress`
pub(crate) async fn progress(
    State(api): State<Api>,
    Run(run): Run,
    Json(body): Json<RunProgressRequest>,
) -> Answer<Done> {
    app::run_progress(&api.app, &run, body.fraction, &body.message).await?;
    done("Noted.")
}

/// `POST /executions/:id/logs`
pub(crate) async fn log(
    State(api): State<Api>,
    Run(run): Run,
    Json(body): Json<RunLogRequest>,
) -> Answer<Done> {
    app::run_log(&api.app, &run, &body.level, &body.message).await?;
    done("Noted.")
}

async fn feed(mut watch: Watch, sender: mpsc::Sender<Event>, shutdown: CancellationToken) {
    let fed = async {
        loop {
            let event = match watch.next().await {
                Ok(Some(event)) => view::event(event),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a run cannot be followed further"
                    );
                    return;
                }
            };
            let Ok(event) = event else { return };
            if sender.send_timeout(event, PATIENCE).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = fed => {}
        () = sender.closed() => {}
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(LONGEST) => {}
    }
}

fn stream(receiver: mpsc::Receiver<Event>) -> Response {
    let events = futures::stream::unfold(receiver, async |mut receiver| {
        let event = receiver.recv().await?;
        Some((Ok::<_, Infallible>(event), receiver))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    // Proxies that collect an answer before they pass it on would spoil this one.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(unbuffered, HeaderValue::from_static("no"));
    response
}
