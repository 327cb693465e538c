//! Doubles of payment providers on the wire: real HTTP servers on loopback, written from the providers' public documentation,
//! as strict as they are, and able to fail on request.

pub(crate) mod cashfree;
pub(crate) mod stripe;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How long the adapters wait for a double: long enough for a slow machine, and no test waits for it often.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(1_500);

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut before the request was looked at.
    LostBefore,
    /// The request is done, and the answer lost.
    LostAfter,
    /// The request is done, and the answer never comes.
    Silent,
    /// The request is done, and the answer is a 500.
    FailedAfter,
    /// A 503 from something in front of the provider.
    Unavailable,
}

/// One request, its header names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Status and body.
pub(crate) type Reply = (u16, String);

/// What a double does with a request; `Fault::FailedAfter` is its own business, because it may have to be remembered.
pub(crate) trait Answers: Send + 'static {
    fn answer(&mut self, request: &Request, fault: Option<Fault>) -> Reply;
}

/// A running double. Ends with the test.
pub(crate) struct Server<D> {
    pub(crate) url: String,
    pub(crate) double: Arc<Mutex<D>>,
    faults: Arc<Mutex<VecDeque<Option<Fault>>>>,
    task: JoinHandle<()>,
}

impl<D> Drop for Server<D> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<D: Answers> Server<D> {
    pub(crate) async fn start(double: D) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let double = Arc::new(Mutex::new(double));
        let faults: Arc<Mutex<VecDeque<_>>> = Arc::default();
        let (of_task, faults_of_task) = (Arc::clone(&double), Arc::clone(&faults));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&of_task), Arc::clone(&faults_of_task)));
            }
        });
        Self { url, double, faults, task }
    }

    /// What goes wrong with the next requests, in turn; `None` is a request that goes well.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut D) -> T) -> T {
        look(&mut self.double.lock().unwrap())
    }
}

/// An address on which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve<D: Answers>(
    mut stream: TcpStream,
    double: Arc<Mutex<D>>,
    faults: Arc<Mutex<VecDeque<Option<Fault>>>>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let fault = faults.lock().unwrap().pop_front().flatten();
    if fault == Some(Fault::LostBefore) {
        return;
    }
    if fault == Some(Fault::Unavailable) {
        return write(&mut stream, (503, "<html>busy</html>".to_owned())).await;
    }
    let reply = double.lock().unwrap().answer(&request, fault);
    match fault {
        Some(Fault::LostAfter) => {}
        // Until the client gives up.
        Some(Fault::Silent) => drop(stream.read(&mut [0; 1]).await),
        _ => write(&mut stream, reply).await,
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
            let headers: BTreeMap<_, _> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(Request { method, path, headers, body: body.to_owned() });
            }
        }
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
}

async fn write(stream: &mut TcpStream, (status, body): Reply) {
    let head = format!(
        "HTTP/1.1 {status} Reply\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that gave up is part of the game.
    drop(stream.write_all(format!("{head}{body}").as_bytes()).await);
}

pub(crate) fn hmac_sha256(secret: &str, text: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text).as_ref().to_vec()
}
