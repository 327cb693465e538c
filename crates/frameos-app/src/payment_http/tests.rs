//! The HTTP adapter against a double of the wire: what is sent, what is repeated, and what each answer becomes.
//!
//! That the adapter agrees with the real routes is the conformance suite's business, in the server's tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use frameos_domain::{clock::Timestamp, money::Currency};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// What the double does with one connection.
#[derive(Clone, Copy)]
enum Reply {
    Answer(u16, &'static str),
    /// Reads the request, then closes.
    HangUp,
}

struct Double {
    gateway: HttpGateway,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Double {
    /// Answers with each reply in turn; a request too many is a failed test.
    async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/c-layer/", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let mut replies: VecDeque<_> = replies.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let request = serve(stream, replies.pop_front()).await;
                seen.lock().unwrap().push(request);
            }
        });
        Self { gateway: HttpGateway::new(&url, "k3y".into()).unwrap(), requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, reply: Option<Reply>) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the request was cut off");
        request.extend_from_slice(&buffer[..read]);
    }
    if let Reply::Answer(status, body) = reply.expect("no more requests than replies") {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Reply\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }
    String::from_utf8(request).unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

const WALLET: &str =
    r#"{"success":true,"data":{"owner":"u1","currency":"INR","available":5,"held":0,"new_field":1}}"#;
const TOP_UP: &str = r#"{"success":true,"data":{"top_up_id":"top_00000000000000000000000000","owner":"u1","amount":5,
    "currency":"INR","status":"settled","provider":"sandbox","provider_reference":null,"created_at":"2026-11-22T00:00:00Z"}}"#;

fn top_up(key: Option<&str>) -> TopUpNew {
    TopUpNew::new(5, Currency::INR, key.map(str::to_owned))
}

#[tokio::test]
async fn sends_key_path_and_body() {
    let double = Double::start([Reply::Answer(201, TOP_UP), Reply::Answer(200, WALLET)]).await;
    double.gateway.wallet_top_up("u1".into(), top_up(Some("once"))).await.unwrap();
    let wallet = double.gateway.wallet_get("../x?y".into()).await.unwrap();
    assert_eq!(wallet.available, 5, "unknown fields of an answer do no harm");
    let [first, second] = double.requests().try_into().unwrap();
    assert!(first.starts_with("POST /c-layer/wallets/u1/top-ups HTTP/1.1\r\n"), "{first}");
    assert!(
        first.contains("authorization: Bearer k3y\r\n") && first.contains("idempotency-key: once\r\n"),
        "{first}"
    );
    assert!(first.ends_with(r#"{"amount":5,"currency":"INR"}"#), "{first}");
    assert!(second.starts_with("GET /c-layer/wallets/..%2Fx%3Fy HTTP/1.1\r\n"), "{second}");
    assert!(!format!("{:?}", double.gateway).contains("k3y"));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_when_that_is_harmless() {
    let replies = [Reply::HangUp, Reply::Answer(503, "<html>"), Reply::Answer(201, TOP_UP)];
    let double = Double::start(replies).await;
    double.gateway.wallet_top_up("u1".into(), top_up(Some("once"))).await.unwrap();
    let requests = double.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.contains("idempotency-key: once\r\n")));
}

#[tokio::test]
async fn without_a_key_nothing_is_sent_twice() {
    for reply in [Reply::HangUp, Reply::Answer(502, "<html>")] {
        let double = Double::start([reply]).await;
        let error = double.gateway.wallet_top_up("u1".into(), top_up(None)).await.unwrap_err();
        assert_eq!(error.code(), "UNAVAILABLE");
        assert_eq!(double.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_address_nobody_listens_on_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = HttpGateway::new(&url, "k3y".into()).unwrap();
    assert_eq!(gateway.wallet_top_up("u1".into(), top_up(None)).await.unwrap_err().code(), "UNAVAILABLE");
}

#[tokio::test]
async fn every_answer_becomes_the_error_it_means() {
    let funds = r#"{"success":false,"error":{"code":"INSUFFICIENT_FUNDS","message":"no","details":
        {"available":1,"needed":2,"currency":"INR"},"request_id":"req_1"}}"#;
    let cases = [
        (402, funds, "INSUFFICIENT_FUNDS"),
        (401, r#"{"success":false,"error":{"code":"UNAUTHENTICATED","message":"no"}}"#, "UNAUTHENTICATED"),
        (401, "<html>", "UNAUTHENTICATED"),
        (429, "slow down", "UNAVAILABLE"),
        (500, "<html>", "UNAVAILABLE"),
        (404, "<html>", "INTERNAL"),
        (302, "", "INTERNAL"),
        (200, "<html>", "INTERNAL"),
        (200, r#"{"success":true,"data":{"available":"much"}}"#, "INTERNAL"),
        (200, r#"{"success":false,"data":{}}"#, "INTERNAL"),
        (409, r#"{"success":false,"error":{"code":"SOMETHING_NEW","message":"no"}}"#, "INTERNAL"),
    ];
    for (status, body, code) in cases {
        let double = Double::start([Reply::Answer(status, body)]).await;
        let intent_id = IntentId::generate(Timestamp::from_micros(0));
        let new = MandateNew { intent_id, ttl_seconds: None };
        let error = double.gateway.mandate_issue(new).await.unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}: {error:?}");
    }
    for url in ["ftp://x", "mailto:x", "gateway", "http://x/?a=b"] {
        assert!(HttpGateway::new(url, "k3y".into()).is_err(), "{url}");
    }
}
