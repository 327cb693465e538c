//! A bound TCP listener that serves a router until it is told to stop.
//!
//! Invariants: whoever connects sends the head of each request in time, and reads its answer, or is cut off; there are never
//! more connections than allowed, further ones wait in the kernel's queue; connections idle when the process is to stop are
//! closed at once.

mod connection;
mod patient;
mod tls;
mod validity;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper_util::service::TowerToHyperService;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::connection::{Peered, connection_serve};
pub(crate) use self::tls::Tls;
pub use self::tls::TlsError;
use crate::error::ServeError;

#[cfg(test)]
mod tests;

/// What one listener grants those who connect.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How long the head of a request may take, from the end of the one before it.
    head: Duration,
    /// How long an answer may wait for a client that does not read.
    stall: Duration,
    connections: usize,
    /// How long requests under way may go on once the process is to stop.
    drain: Duration,
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(15),
    stall: Duration::from_secs(30),
    connections: 4_096,
    drain: Duration::from_secs(30),
};

/// How a listener's connections are treated.
#[derive(Clone, Default)]
pub(crate) struct Connections {
    pub tls: Option<Tls>,
    /// `None`: the built-in number.
    pub most: Option<usize>,
}

/// How long writes may go on after the last connection is closed.
const WRITES_DRAIN: Duration = Duration::from_secs(5);

/// Binds `address`; port 0 picks a free one.
pub(crate) async fn listener_bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    bound.await.map_err(|source| ServeError::Bind { address, source })
}

/// Serves until `shutdown`, then lets requests under way finish for a while, and `writes` whose clients have left.
pub(crate) async fn listener_serve(
    listener: TcpListener,
    router: Router,
    writes: TaskTracker,
    shutdown: CancellationToken,
    connections: Connections,
) -> Result<(), ServeError> {
    let limits = Limits { connections: connections.most.unwrap_or(LIMITS.connections), ..LIMITS };
    serve(listener, (router, connections.tls), shutdown, limits).await;
    writes.close();
    if tokio::time::timeout(WRITES_DRAIN, writes.wait()).await.is_err() {
        tracing::warn!(writes = writes.len(), "writes were still under way when the process stopped");
    }
    Ok(())
}

async fn serve(
    mut listener: TcpListener,
    (router, tls): (Router, Option<Tls>),
    shutdown: CancellationToken,
    limits: Limits,
) {
    let free = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let accepting = async {
        while let Ok(place) = Arc::clone(&free).acquire_owned().await {
            // Goes on after errors: of one connection at once, of the system after a pause.
            let (stream, peer) = Listener::accept(&mut listener).await;
            let service = Peered { router: TowerToHyperService::new(router.clone()), peer };
            let connection = connection_serve(stream, tls.clone(), service, shutdown.clone(), limits);
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
    };
    shutdown.run_until_cancelled(accepting).await;
    // Nobody waits for an answer from a process that has stopped listening.
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests were still under way when the process stopped"
        );
    }
}
