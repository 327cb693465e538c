//! Wake-up signals: "there may be work in the queue", "this run changed", "this run is to be cancelled" and "the catalogue changed".
//!
//! Invariant: a signal is a hint that saves a poll, never the truth; every waiter also looks from time to time. Signals fire
//! after commit only. On PostgreSQL they reach all processes (`postgres/listen.rs`), on SQLite this one. What other processes are
//! still to be told waits in an outbox, each signal once: nobody's commit waits for it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use frameos_domain::id::ExecutionId;
use tokio::sync::{Notify, broadcast, futures::Notified, watch};

/// How many run changes a slow listener may lag behind before it is told that it missed some.
const EVENT_BACKLOG: usize = 1024;

/// How many signals wait for other processes at most. With nobody to take them, they are worth nothing after a second.
const OUTBOX: usize = 4096;

/// A hint to whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    Queue,
    Catalogue,
    Execution(ExecutionId),
    Cancel(ExecutionId),
}

/// The process's waiters. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    queue: Arc<Notify>,
    /// How often it fired.
    catalogue: watch::Sender<u64>,
    executions: broadcast::Sender<ExecutionId>,
    cancels: broadcast::Sender<ExecutionId>,
    outbox: Arc<Outbox>,
}

#[derive(Debug, Default)]
struct Outbox {
    waiting: Mutex<BTreeSet<Signal>>,
    filled: Notify,
}

impl Signals {
    pub(crate) fn new() -> Self {
        Self {
            queue: Arc::new(Notify::new()),
            catalogue: watch::Sender::new(0),
            executions: broadcast::channel(EVENT_BACKLOG).0,
            cancels: broadcast::channel(EVENT_BACKLOG).0,
            outbox: Arc::default(),
        }
    }

    pub(crate) fn fire(&self, signal: Signal) {
        match signal {
            Signal::Queue => self.queue.notify_waiters(),
            Signal::Catalogue => self.catalogue.send_modify(|fired| *fired += 1),
            // An error means that nobody listens.
            Signal::Execution(id) => drop(self.executions.send(id)),
            Signal::Cancel(id) => drop(self.cancels.send(id)),
        }
    }

    /// Has the other processes told, too, as soon as may be.
    pub(crate) fn post(&self, signal: Signal) {
        let mut waiting = self.outbox.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < OUTBOX && waiting.insert(signal) {
            self.outbox.filled.notify_one();
        }
    }

    /// What other processes are to be told, once there is something.
    pub(crate) async fn posted(&self) -> BTreeSet<Signal> {
        loop {
            let waiting =
                std::mem::take(&mut *self.outbox.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !waiting.is_empty() {
                return waiting;
            }
            self.outbox.filled.notified().await;
        }
    }

    pub(crate) fn queue_changed(&self) -> Notified<'_> {
        self.queue.notified()
    }

    pub(crate) fn catalogue_changes(&self) -> watch::Receiver<u64> {
        self.catalogue.subscribe()
    }

    pub(crate) fn execution_events(&self) -> broadcast::Receiver<ExecutionId> {
        self.executions.subscribe()
    }

    pub(crate) fn execution_cancels(&self) -> broadcast::Receiver<ExecutionId> {
        self.cancels.subscribe()
    }
}
