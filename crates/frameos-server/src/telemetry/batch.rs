//! Sending things in the background: a bounded queue before a task that posts what has come, again if that did not work.
//!
//! Invariants: putting something in never waits; what finds no room is counted as dropped; what the other side refuses is dropped
//! and told once; the task ends with the last of what it was asked to finish.

use std::time::Duration;

use axum::body::Bytes;
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

/// Of one request; whoever takes longer is as good as away.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// For more to come before a request is made.
const GATHER: Duration = Duration::from_millis(500);
/// Between attempts at one request.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6)];
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Counts of what was told.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    sent: Counter,
    dropped: Counter,
}

impl Told {
    pub(super) fn dropped(&self, count: usize) {
        self.dropped.inc_by(count as u64);
    }
}

/// Where things go in.
#[derive(Debug)]
pub(super) struct Entry<T> {
    queue: mpsc::Sender<T>,
    pub(super) told: Told,
}

impl<T> Entry<T> {
    pub(super) fn put(&self, item: T) {
        if self.queue.try_send(item).is_err() {
            self.told.dropped(1);
        }
    }
}

/// The sending side; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Batches {
    told: Told,
    finish: mpsc::Sender<oneshot::Sender<()>>,
}

impl Batches {
    /// Waits until all that was put in before is sent or dropped.
    pub(super) async fn finish(&self) {
        let (done, finished) = oneshot::channel();
        if self.finish.send(done).await.is_ok() {
            let _ = finished.await;
        }
    }

    pub(super) fn metrics_register(&self, registry: &mut Registry, what: &str, help: &str) {
        let (sent, dropped) = (self.told.sent.clone(), self.told.dropped.clone());
        registry.register(format!("frameos_{what}_sent"), format!("{help} that it took"), sent);
        registry.register(format!("frameos_{what}_dropped"), format!("{help} that were not sent"), dropped);
    }
}

/// How things become requests.
pub(super) trait Post<T>: Send + 'static {
    /// Who is told, in words.
    const TO: &'static str;
    /// Things in one request.
    const AT_ONCE: usize;

    fn body(&self, items: Vec<T>) -> Bytes;

    fn request(&self, body: Bytes) -> RequestBuilder;

    /// How long nothing may be sent after an answer with these headers, beside what `Retry-After` says.
    fn rest(&self, headers: &HeaderMap) -> Option<Duration>;
}

/// Starts the task. `room` things may wait.
pub(super) fn batches_start<T: Send + 'static, P: Post<T> + Sync>(
    post: P,
    room: usize,
) -> (Entry<T>, Batches) {
    let (entry, waiting) = entry_open(room);
    let (finish, finishing) = mpsc::channel(1);
    let told = entry.told.clone();
    let sender =
        Sender { post, told: told.clone(), finishing, done: None, in_trouble: false, rests_until: None };
    tokio::spawn(sender.run(waiting));
    (entry, Batches { told, finish })
}

/// An entry, and what comes in by it.
pub(super) fn entry_open<T>(room: usize) -> (Entry<T>, mpsc::Receiver<T>) {
    let (queue, waiting) = mpsc::channel(room);
    (Entry { queue, told: Told::default() }, waiting)
}

struct Sender<P> {
    post: P,
    told: Told,
    finishing: mpsc::Receiver<oneshot::Sender<()>>,
    /// Who waits for the end of what is there.
    done: Option<oneshot::Sender<()>>,
    /// Whether the last request failed, which is told once.
    in_trouble: bool,
    rests_until: Option<Instant>,
}

/// What one request came to.
enum Answer {
    Taken,
    Refused(StatusCode),
    /// It may be taken the next time, after this pause if it names one.
    Again(String, Option<Duration>),
}

impl<P> Sender<P> {
    async fn run<T: Send>(mut self, mut waiting: mpsc::Receiver<T>)
    where
        P: Post<T>,
    {
        let mut items = Vec::new();
        loop {
            tokio::select! {
                taken = waiting.recv_many(&mut items, P::AT_ONCE) => {
                    if taken == 0 {
                        return;
                    }
                }
                Some(asked) = self.finishing.recv() => self.done = Some(asked),
            }
            if self.done.is_none() {
                tokio::select! {
                    () = gather(&mut waiting, &mut items, P::AT_ONCE) => {}
                    Some(asked) = self.finishing.recv() => self.done = Some(asked),
                }
            }
            loop {
                while items.len() < P::AT_ONCE
                    && let Ok(item) = waiting.try_recv()
                {
                    items.push(item);
                }
                if items.is_empty() {
                    break;
                }
                self.send(std::mem::take(&mut items)).await;
                if self.done.is_none() {
                    break;
                }
            }
            if let Some(done) = self.done.take() {
                let _ = done.send(());
            }
        }
    }

    /// Sends them, some times over if need be, or drops them.
    async fn send<T>(&mut self, items: Vec<T>)
    where
        P: Post<T>,
    {
        let count = items.len();
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return self.told.dropped(count);
        }
        let body = self.post.body(items);
        let mut pauses = PAUSES.into_iter();
        loop {
            let (why, pause) = match self.ask(body.clone()).await {
                Answer::Taken => {
                    if std::mem::take(&mut self.in_trouble) {
                        tracing::info!("{} takes what it is told again", P::TO);
                    }
                    self.told.sent.inc_by(count as u64);
                    return;
                }
                Answer::Refused(status) => {
                    self.trouble(P::TO, &format!("HTTP {status}"));
                    return self.told.dropped(count);
                }
                Answer::Again(why, pause) => (why, pause),
            };
            self.trouble(P::TO, &why);
            let Some(usual) = pauses.next().filter(|_| self.done.is_none()) else {
                return self.told.dropped(count);
            };
            tokio::select! {
                () = sleep(pause.unwrap_or(usual).min(LONGEST_PAUSE)) => {}
                // Once more, and then no more.
                Some(asked) = self.finishing.recv() => self.done = Some(asked),
            }
        }
    }

    async fn ask<T>(&mut self, body: Bytes) -> Answer
    where
        P: Post<T>,
    {
        let answer = match self.post.request(body).timeout(ANSWER).send().await {
            Ok(answer) => answer,
            // Its words hold the URL, which may hold a key.
            Err(error) => return Answer::Again(error.without_url().to_string(), None),
        };
        let (status, pause) = (answer.status(), retry_after(answer.headers()));
        if let Some(rest) = self.post.rest(answer.headers()) {
            self.rests_until = Some(Instant::now() + rest.min(LONGEST_PAUSE));
        }
        match status.as_u16() {
            200..=299 => Answer::Taken,
            429 | 502..=504 => Answer::Again(format!("HTTP {status}"), pause),
            _ => Answer::Refused(status),
        }
    }

    fn trouble(&mut self, to: &str, why: &str) {
        if !std::mem::replace(&mut self.in_trouble, true) {
            tracing::warn!(why, "{to} does not take what it is told; what finds no room is dropped");
        }
    }
}

/// Takes what comes for a while, until it is enough for a request.
async fn gather<T>(waiting: &mut mpsc::Receiver<T>, items: &mut Vec<T>, enough: usize) {
    let until = Instant::now() + GATHER;
    while items.len() < enough {
        let room = enough - items.len();
        match tokio::time::timeout_at(until, waiting.recv_many(items, room)).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    struct Words {
        client: reqwest::Client,
        url: String,
    }

    impl Post<&'static str> for Words {
        const TO: &'static str = "a test";
        const AT_ONCE: usize = 4;

        fn body(&self, items: Vec<&'static str>) -> Bytes {
            items.concat().into()
        }

        fn request(&self, body: Bytes) -> RequestBuilder {
            self.client.post(&self.url).body(body)
        }

        fn rest(&self, _headers: &HeaderMap) -> Option<Duration> {
            None
        }
    }

    /// Somebody who answers as told, one status for each request; after the last one, not at all.
    async fn told(answers: &'static [&'static str]) -> (Entry<&'static str>, Batches, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut open = Vec::new();
            let mut answers = answers.iter();
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut head = [0_u8; 1_024];
                let _ = connection.read(&mut head).await;
                counted.fetch_add(1, Ordering::SeqCst);
                if let Some(status) = answers.next() {
                    let answer =
                        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                    connection.write_all(answer.as_bytes()).await.unwrap();
                }
                open.push(connection);
            }
        });
        let (entry, batches) = batches_start(Words { client: reqwest::Client::new(), url }, 8);
        (entry, batches, asked)
    }

    #[tokio::test]
    async fn what_is_taken_and_what_is_refused_is_counted() {
        let (entry, batches, asked) = told(&["200 OK", "400 Bad Request"]).await;
        entry.put("a");
        batches.finish().await;
        assert_eq!((batches.told.sent.get(), batches.told.dropped.get()), (1, 0));
        (0..3).for_each(|_| entry.put("b"));
        batches.finish().await;
        assert_eq!((batches.told.sent.get(), batches.told.dropped.get()), (1, 3));
        assert_eq!(asked.load(Ordering::SeqCst), 2, "what is refused is not sent again");
    }

    #[tokio::test]
    async fn somebody_who_is_busy_is_asked_again() {
        let (entry, batches, asked) = told(&["503 Service Unavailable\r\nretry-after: 0", "200 OK"]).await;
        entry.put("a");
        while batches.told.sent.get() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!((asked.load(Ordering::SeqCst), batches.told.dropped.get()), (2, 0));
    }

    #[tokio::test]
    async fn nobody_waits_for_somebody_who_does_not_answer() {
        let (entry, batches, _asked) = told(&[]).await;
        (0..1_000).for_each(|_| entry.put("a"));
        // Those that wait, and those on their way.
        assert!(batches.told.dropped.get() >= 1_000 - 8 - 4, "{}", batches.told.dropped.get());
        assert!(tokio::time::timeout(Duration::from_millis(50), batches.finish()).await.is_err());
    }
}
