//! A server that receives webhooks: answers as it is told, and lets the test see what came.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

/// Longer than the first retry takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to answer: a status and headers.
pub type Reply = (u16, Vec<(&'static str, String)>);

pub struct Receiver {
    pub address: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    received: mpsc::UnboundedReceiver<Received>,
    serving: JoinHandle<()>,
}

/// A request that came.
#[derive(Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Clone)]
struct Desk {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    came: mpsc::UnboundedSender<Received>,
}

impl Receiver {
    /// Answers with `statuses` in turn, and 200 after them.
    pub async fn start(statuses: &[u16]) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), statuses).await
    }

    pub async fn start_at(address: SocketAddr, statuses: &[u16]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let replies: VecDeque<Reply> = statuses.iter().map(|status| (*status, Vec::new())).collect();
        let replies = Arc::new(Mutex::new(replies));
        let (came, received) = mpsc::unbounded_channel();
        let router = Router::new().fallback(receive).with_state(Desk { replies: Arc::clone(&replies), came });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, replies, received, serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?from=test", self.address)
    }

    /// Answers the next request like this.
    pub fn reply_next(&self, status: u16, headers: Vec<(&'static str, String)>) {
        self.replies.lock().unwrap().push_back((status, headers));
    }

    pub async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
        next.expect("a delivery comes").unwrap()
    }

    /// Whether something has come that nobody has looked at.
    pub fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(desk): State<Desk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let path = parts.uri.to_string();
    desk.came.send(Received { path, headers: parts.headers, body }).unwrap();
    let (status, headers) = desk.replies.lock().unwrap().pop_front().unwrap_or((200, Vec::new()));
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from("x".repeat(1 << 16))).unwrap()
}

impl Received {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}")).to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of the signatures is what a receiver with this secret computes.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let text =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(&key, text.as_bytes())));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

/// RFC 2104, written out, so that the product is not checked with itself.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad =
        |byte: u8| -> Vec<u8> { (0..64).map(|index| key.get(index).copied().unwrap_or(0) ^ byte).collect() };
    let inner = digest(&SHA256, &[pad(0x36), text.to_vec()].concat());
    digest(&SHA256, &[pad(0x5c), inner.as_ref().to_vec()].concat()).as_ref().to_vec()
}
