//! Where the events of a run go: a bounded channel that the caller may read slowly, or not at all.
//!
//! A reader that keeps up slows the program down at most a little; one that stalls loses events, never the run. What was
//! captured is complete in either case.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use crate::outcome::RunEvent;

/// How long a full channel may hold up the program, once.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Sink {
    sender: Option<Sender<RunEvent>>,
    stalled: AtomicBool,
}

impl Sink {
    pub(crate) fn new(sender: Option<Sender<RunEvent>>) -> Self {
        Self { sender, stalled: AtomicBool::new(false) }
    }

    pub(crate) async fn emit(&self, event: RunEvent) {
        let Some(sender) = &self.sender else { return };
        if self.stalled.load(Ordering::Relaxed) {
            let _ = sender.try_send(event);
        } else if tokio::time::timeout(PATIENCE, sender.send(event)).await.is_err() {
            self.stalled.store(true, Ordering::Relaxed);
        }
    }
}
