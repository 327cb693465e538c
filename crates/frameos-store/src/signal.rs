//! Wake-up signals: "there may be work in the queue" and "this run changed".
//!
//! Invariant: a signal is a hint that saves a poll, never the truth; every waiter also looks from time to time. Signals fire
//! after commit only. On PostgreSQL they reach all processes (`postgres/listen.rs`), on SQLite this one.

use std::sync::Arc;

use frameos_domain::id::ExecutionId;
use tokio::sync::{Notify, broadcast, futures::Notified};

/// How many run changes a slow listener may lag behind before it is told that it missed some.
const EVENT_BACKLOG: usize = 1024;

/// A hint to whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Queue,
    Execution(ExecutionId),
}

/// The process's waiters. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    queue: Arc<Notify>,
    executions: broadcast::Sender<ExecutionId>,
}

impl Signals {
    pub(crate) fn new() -> Self {
        Self { queue: Arc::new(Notify::new()), executions: broadcast::channel(EVENT_BACKLOG).0 }
    }

    pub(crate) fn fire(&self, signal: Signal) {
        match signal {
            Signal::Queue => self.queue.notify_waiters(),
            // An error means that nobody listens.
            Signal::Execution(id) => drop(self.executions.send(id)),
        }
    }

    pub(crate) fn queue_changed(&self) -> Notified<'_> {
        self.queue.notified()
    }

    pub(crate) fn execution_events(&self) -> broadcast::Receiver<ExecutionId> {
        self.executions.subscribe()
    }
}
