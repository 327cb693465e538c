//! Checkpoints: what is in the write-ahead log goes into the database's file.
//!
//! A thread of its own does most of it, while the writer goes on; the writer does what has been added meanwhile. The log begins anew
//! only when nothing of it is left, and beside a writer that never rests something always would be.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
};

use super::{SqliteConnection, start};
use crate::{error::StoreError, store::Purpose, tx::Mode};

/// Pages of 4 KiB in the log from which on it is worth one.
const WORTH: usize = 4_000;

/// How many pages the log of a writing connection has after its last commit.
pub(super) type LogPages = Arc<AtomicUsize>;

/// The writer's part.
pub(super) struct Checkpoints {
    log: LogPages,
    begin: mpsc::Sender<()>,
    /// Whether the thread has been asked, and has answered.
    is_asked: bool,
    is_done: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts the thread, which ends when this is dropped. `log` is the writer's.
    pub(super) fn start(path: &Path, log: LogPages) -> Result<Self, StoreError> {
        let mut connection = SqliteConnection::open(path, Mode::Write, Purpose::Work)?;
        let (begin, begun) = mpsc::channel();
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        start("store-checkpoint", move || {
            while begun.recv().is_ok() {
                checkpoint(&mut connection);
                done.store(true, Ordering::Release);
            }
        })?;
        Ok(Self { log, begin, is_asked: false, is_done })
    }

    /// To be called after each of the writer's commits.
    pub(super) fn committed(&mut self, writer: &mut SqliteConnection) {
        if !self.is_asked {
            self.is_asked = self.log.load(Ordering::Relaxed) >= WORTH && self.begin.send(()).is_ok();
        } else if self.is_done.swap(false, Ordering::Acquire) {
            checkpoint(writer);
            self.is_asked = false;
        }
    }
}

/// Does as much as it can without keeping anybody waiting. What is not done is done the next time.
fn checkpoint(connection: &mut SqliteConnection) {
    if let Err(error) = connection.query("PRAGMA wal_checkpoint(PASSIVE)", &[]) {
        tracing::warn!(%error, "the write-ahead log could not be moved into the database's file");
    }
}
