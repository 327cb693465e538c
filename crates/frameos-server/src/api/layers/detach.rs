//! Lets a request that changes something run to its end even when its client leaves.
//!
//! A server drops a handler's future when the connection closes. What moves money or state must not be cut there, so every
//! route that is not a GET runs in a task of its own. The tasks are tracked, so that a process that stops waits for them.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::api::failure::ApiFailure;

/// Runs the rest of the request in its own task.
pub(crate) async fn detach(State(writes): State<TaskTracker>, request: Request, next: Next) -> Response {
    match writes.spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            // Goes on to the layer that turns panics into answers.
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that shuts down ends a task otherwise.
            Err(error) => ApiFailure::internal(error).into_response(),
        },
    }
}
