//! Jobs that many add and finish at the same time, one by one: whoever asks while a commit is under way shares the next one.
//!
//! Invariants: nobody is answered before what he asked for is committed; what cannot be done with the others is done alone, so that
//! one job that the database refuses spoils no other; one who asks alone waits for nobody.

use std::sync::Arc;

use frameos_domain::clock::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{JobNew, JobTicket, jobs_delete, jobs_enqueue};
use crate::{Store, StoreError, Tx};

/// What share one commit at most.
const MOST: usize = 256;
/// Commits under way at once: one gathers while the other waits for the disk.
const COMMITS: usize = 2;

/// Adds and removes jobs, each in a transaction as good as its own. Clones share commits.
#[derive(Clone)]
pub struct JobQueue {
    asked: mpsc::UnboundedSender<Asked>,
}

struct Asked {
    what: Change,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

#[derive(Clone)]
enum Change {
    Add(JobNew, Timestamp),
    Finish(JobTicket),
}

impl JobQueue {
    /// On `store`. Must be called inside a Tokio runtime; ends when the last clone is gone.
    pub fn open(store: Store) -> Self {
        let (asked, waiting) = mpsc::unbounded_channel();
        tokio::spawn(serve(store, waiting));
        Self { asked }
    }

    /// Puts a job into the queue. False when there is one of this kind and key.
    pub async fn add(&self, new: JobNew, now: Timestamp) -> Result<bool, StoreError> {
        self.ask(Change::Add(new, now)).await
    }

    /// Removes a job that is done. False when it is not this claim's any more.
    pub async fn finish(&self, job: JobTicket) -> Result<bool, StoreError> {
        self.ask(Change::Finish(job)).await
    }

    async fn ask(&self, what: Change) -> Result<bool, StoreError> {
        let stopped = || StoreError::Unavailable { what: "the queue has stopped", source: None };
        let (answer, answered) = oneshot::channel();
        self.asked.send(Asked { what, answer }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn serve(store: Store, mut waiting: mpsc::UnboundedReceiver<Asked>) {
    let commits = Arc::new(Semaphore::new(COMMITS));
    while let Ok(turn) = Arc::clone(&commits).acquire_owned().await {
        let mut batch = Vec::new();
        if waiting.recv_many(&mut batch, MOST).await == 0 {
            return;
        }
        let store = store.clone();
        tokio::spawn(async move {
            work(&store, batch).await;
            drop(turn);
        });
    }
}

async fn work(store: &Store, batch: Vec<Asked>) {
    let (changes, answers): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|asked| (asked.what, asked.answer)).unzip();
    let changes = Arc::new(changes);
    match commit(store, Arc::clone(&changes)).await {
        Ok(done) => {
            for (answer, done) in answers.into_iter().zip(done) {
                // One who has left is told nothing; what he asked for is done all the same.
                drop(answer.send(Ok(done)));
            }
        }
        Err(error) if changes.len() == 1 || error.is_transient() => {
            let error = Arc::new(error);
            for answer in answers {
                drop(answer.send(Err(error.shared())));
            }
        }
        Err(_) => {
            for (change, answer) in changes.iter().zip(answers) {
                let alone = commit(store, Arc::new(vec![change.clone()])).await;
                drop(answer.send(alone.map(|done| done.first().copied().unwrap_or(false))));
            }
        }
    }
}

/// Makes the changes in one transaction; what came of each.
async fn commit(store: &Store, changes: Arc<Vec<Change>>) -> Result<Vec<bool>, StoreError> {
    let are_new = changes.iter().all(|change| matches!(change, Change::Add(..)));
    if are_new {
        return store.tx_once(move |tx| Box::pin(async move { make(tx, &changes).await })).await;
    }
    store.tx(move |tx| Box::pin(async move { make(tx, &changes).await })).await
}

async fn make(tx: &mut Tx, changes: &[Change]) -> Result<Vec<bool>, StoreError> {
    let (mut new, mut ended, mut now) = (Vec::new(), Vec::new(), None);
    for change in changes {
        match change {
            Change::Add(job, at) => {
                now = now.max(Some(*at));
                new.push(job);
            }
            Change::Finish(job) => ended.push(job),
        }
    }
    let mut finished = jobs_delete(tx, &ended).await?.into_iter();
    let mut added = match now {
        Some(now) => jobs_enqueue(tx, &new, now).await?.into_iter(),
        None => Vec::new().into_iter(),
    };
    let done = changes.iter().map(|change| match change {
        Change::Add(..) => added.next(),
        Change::Finish(_) => finished.next(),
    });
    Ok(done.map(|done| done.unwrap_or(false)).collect())
}
