//! A bound TCP listener that serves a router until it is told to stop.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::ServeError;

/// How long requests under way may go on once the process is to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Binds `address`; port 0 picks a free one.
pub(crate) async fn listener_bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    bound.await.map_err(|source| ServeError::Bind { address, source })
}

/// Serves until `shutdown`, then lets requests under way finish for a while.
pub(crate) async fn listener_serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let stop = shutdown.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = serving => ended.map_err(ServeError::Listener),
        () = drained => {
            tracing::warn!("requests were still under way when the process stopped");
            Ok(())
        }
    }
}
