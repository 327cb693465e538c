//! A bound TCP listener that serves a router until it is told to stop.
//!
//! Invariants: whoever connects sends the head of each request in time or is cut off; there are never more connections than
//! allowed, further ones wait in the kernel's queue; connections idle when the process is to stop are closed at once.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::error::ServeError;

#[cfg(test)]
mod tests;

/// What one listener grants those who connect.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How long the head of a request may take, from the end of the one before it.
    head: Duration,
    connections: usize,
    /// How long requests under way may go on once the process is to stop.
    drain: Duration,
}

const LIMITS: Limits =
    Limits { head: Duration::from_secs(15), connections: 4_096, drain: Duration::from_secs(30) };

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
) -> Result<(), ServeError> {
    serve(listener, router, shutdown, LIMITS).await;
    writes.close();
    if tokio::time::timeout(WRITES_DRAIN, writes.wait()).await.is_err() {
        tracing::warn!(writes = writes.len(), "writes were still under way when the process stopped");
    }
    Ok(())
}

async fn serve(mut listener: TcpListener, router: Router, shutdown: CancellationToken, limits: Limits) {
    let free = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let accepting = async {
        while let Ok(place) = Arc::clone(&free).acquire_owned().await {
            // Goes on after errors: of one connection at once, of the system after a pause.
            let (stream, peer) = Listener::accept(&mut listener).await;
            let service = Peered { router: TowerToHyperService::new(router.clone()), peer };
            let connection = connection_serve(stream, service, shutdown.clone(), limits.head);
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

/// A router that is told where its requests come from.
struct Peered {
    router: TowerToHyperService<Router>,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Peered {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.router.call(request)
    }
}

async fn connection_serve(stream: TcpStream, service: Peered, shutdown: CancellationToken, head: Duration) {
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
