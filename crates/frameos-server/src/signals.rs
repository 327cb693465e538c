//! Turns the signals that ask a process to stop into a token.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::ServeError;

/// A token that is cancelled by the first SIGTERM or SIGINT. Call it inside the Tokio runtime.
pub fn shutdown_on_signals() -> Result<CancellationToken, ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests or runs, waiting for those under way");
        cancelled.cancel();
    });
    Ok(token)
}
