//! One connection: TLS if the listener does it, then HTTP/2 where the client chose it, else HTTP/1.1.
//!
//! Invariant: each wait for the client has an end: handshake, head, body (`layers::body_time`), and its reading of answers.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use super::{Limits, patient::Patient, tls::Tls};
use crate::limit::ClientAddress;

/// Of one request's head; HTTP/1.1 answers 431 beyond that.
const HEADERS: usize = 100;
const HEAD_BYTES: usize = 64 << 10;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;
/// Requests that a client took back and we have not noticed yet; beyond that the connection ends.
const RESETS: usize = 32;
const WINDOW: u32 = 256 << 10;

/// A router that is told where its requests come from.
#[derive(Clone)]
pub(super) struct Peered {
    pub router: TowerToHyperService<Router>,
    pub peer: SocketAddr,
}

impl Service<Request<Incoming>> for Peered {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ClientAddress(self.peer));
        self.router.call(request)
    }
}

pub(super) async fn connection_serve(
    stream: TcpStream,
    tls: Option<Tls>,
    service: Peered,
    shutdown: CancellationToken,
    limits: Limits,
) {
    // Small answers go out at once; a failure only makes them slower.
    let _slower = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return http1_serve(Patient::new(stream, limits.stall), service, shutdown, limits.head).await;
    };
    let handshake = tokio::time::timeout(limits.head, tls.acceptor().accept(stream));
    let accepted = tokio::select! {
        accepted = handshake => accepted,
        () = shutdown.cancelled() => return,
    };
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "a TLS handshake failed");
            return;
        }
        Err(_) => return,
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = Patient::new(stream, limits.stall);
    if is_http2 {
        http2_serve(stream, service, shutdown, limits.head).await;
    } else {
        http1_serve(stream, service, shutdown, limits.head).await;
    }
}

async fn http1_serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    service: Peered,
    shutdown: CancellationToken,
    head: Duration,
) {
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_headers(HEADERS)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended(served);
}

async fn http2_serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    service: Peered,
    shutdown: CancellationToken,
    patience: Duration,
) {
    let mut connection = std::pin::pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(RESETS)
            .max_header_list_size(HEAD_BYTES as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW)
            .keep_alive_interval(patience)
            .keep_alive_timeout(patience)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended(served);
}

fn ended(served: Result<(), hyper::Error>) {
    if let Err(error) = served {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
