//! Slow, many and last connections, over real sockets.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{LIMITS, Limits, listener_bind, serve};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn start(limits: Limits, router: Router) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let (listener, address) = listener_bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, router, shutdown.clone(), limits));
    (address, shutdown, serving)
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// Whatever comes until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn who_never_ends_a_head_is_cut_off() {
    let limits = Limits { head: Duration::from_millis(50), ..LIMITS };
    let (address, shutdown, serving) = start(limits, hello()).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(REQUEST).await.unwrap();
    // These return only because the server closes: the process is not told to stop before.
    assert!(!rest(&mut slow).await.contains("hello"));
    assert!(!rest(&mut silent).await.contains("hello"));
    assert!(rest(&mut idle).await.ends_with("hello"), "a whole request is answered");
    shutdown.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_connection_too_many_waits_for_its_turn() {
    let limits = Limits { connections: 1, ..LIMITS };
    let (address, shutdown, serving) = start(limits, hello()).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 5];
    first.read_exact(&mut answer).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut one = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(100), second.peek(&mut one)).await;
    assert!(early.is_err(), "served beside the first");
    drop(first);
    assert!(rest(&mut second).await.ends_with("hello"));
    shutdown.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_waits_for_busy_ones() {
    let go = CancellationToken::new();
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let released = go.clone();
    let answer = async move || {
        begun.send(()).await.unwrap();
        released.cancelled().await;
        "done"
    };
    let (address, shutdown, serving) = start(LIMITS, Router::new().route("/", get(answer))).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(REQUEST).await.unwrap();
    begins.recv().await.unwrap();
    shutdown.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(!serving.is_finished(), "a request is under way");
    go.cancel();
    assert!(rest(&mut busy).await.ends_with("done"));
    serving.await.unwrap();
}
