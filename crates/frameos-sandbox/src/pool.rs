//! The warm pool: for each runtime some sandboxes that wait, refilled in the background.
//!
//! Invariants: a sandbox serves one run and is never put back; all that wait together hold no more memory than configured; one
//! that waited too long is replaced; a run never waits for the pool: when it is empty, it starts cold; a runtime that cannot
//! boot keeps no other from being filled.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::WarmConfig;
use crate::error::SandboxError;
use crate::linux::Linux;
use crate::runtime::Runtime;
use crate::spec::Language;
use crate::warm::Waiting;

/// Runs that the warm pool was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WarmUse {
    /// A sandbox waited.
    pub hits: u64,
    /// None did, and the run started cold.
    pub misses: u64,
}

/// After a boot that failed.
const RETRY: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    /// Ends the keeper.
    _end: DropGuard,
}

#[derive(Debug)]
struct Shared {
    config: WarmConfig,
    shelves: Mutex<Vec<Shelf>>,
    /// Something was taken.
    taken: Notify,
    /// Something was put in, or nothing more will be for now.
    filled: Notify,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The sandboxes of one runtime that wait, oldest first.
struct Shelf {
    runtime: Runtime,
    waiting: VecDeque<Waiting>,
    /// What the last one held in memory when it was ready.
    size: u64,
    /// Nothing will be put in before something is taken: there is no room in memory.
    resting: bool,
    /// Nothing will be put in before this: the last boot failed.
    retry: Option<Instant>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("language", &self.runtime.language).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts to fill.
    pub(crate) fn open(config: WarmConfig, linux: &Arc<Linux>, runtimes: &[Runtime]) -> Self {
        let mut shelves: Vec<Shelf> = Vec::new();
        // Of one language the newest comes last, and is the one that runs get.
        for runtime in runtimes.iter().rev() {
            if shelves.iter().all(|shelf| shelf.runtime.language != runtime.language) {
                let (runtime, waiting) = (runtime.clone(), VecDeque::new());
                shelves.push(Shelf { runtime, waiting, size: 0, resting: false, retry: None });
            }
        }
        let shelves = Mutex::new(shelves);
        let shared = Arc::new(Shared {
            config,
            shelves,
            taken: Notify::new(),
            filled: Notify::new(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        });
        let end = CancellationToken::new();
        let keeper = keep(Arc::clone(&shared), Arc::clone(linux));
        tokio::spawn(end.clone().run_until_cancelled_owned(keeper));
        Self { shared, _end: end.drop_guard() }
    }

    /// How often it was of use, and how often not.
    pub(crate) fn used(&self) -> WarmUse {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WarmUse { hits: read(&self.shared.hits), misses: read(&self.shared.misses) }
    }

    /// The one that waited longest.
    pub(crate) fn take(&self, language: Language) -> Option<Waiting> {
        let mut shelves = self.shared.shelves();
        let shelf = shelves.iter_mut().find(|shelf| shelf.runtime.language == language)?;
        let waiting = shelf.waiting.pop_front();
        // Room may have come for every shelf.
        shelves.iter_mut().for_each(|shelf| shelf.resting = false);
        self.shared.taken.notify_one();
        let counter = if waiting.is_some() { &self.shared.hits } else { &self.shared.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        waiting
    }

    /// Until every shelf is as full as it gets.
    pub(crate) async fn full(&self) {
        loop {
            let filled = self.shared.filled.notified();
            tokio::pin!(filled);
            filled.as_mut().enable();
            if !self.shared.shelves().iter().any(|shelf| self.shared.has_room(shelf)) {
                return;
            }
            filled.await;
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.shelves().iter_mut().for_each(|shelf| shelf.waiting.clear());
    }
}

impl Shared {
    fn shelves(&self) -> MutexGuard<'_, Vec<Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, shelf: &Shelf) -> bool {
        let failed = shelf.retry.is_some_and(|retry| retry > Instant::now());
        !shelf.resting && !failed && shelf.waiting.len() < self.config.per_runtime
    }

    /// The runtime with the emptiest shelf that has room.
    fn wanted(&self) -> Option<Runtime> {
        let mut shelves = self.shelves();
        let held: u64 = shelves.iter().flat_map(|shelf| &shelf.waiting).map(Waiting::memory).sum();
        for shelf in shelves.iter_mut() {
            if held.saturating_add(shelf.size) > self.config.memory_bytes {
                shelf.resting = true;
            }
        }
        let short = shelves.iter().filter(|shelf| self.has_room(shelf));
        short.min_by_key(|shelf| shelf.waiting.len()).map(|shelf| shelf.runtime.clone())
    }

    /// Puts one in, or gives it back when it turned out too large.
    fn put(&self, language: Language, booted: Result<Waiting, SandboxError>) -> Option<Waiting> {
        let mut shelves = self.shelves();
        let held: u64 = shelves.iter().flat_map(|shelf| &shelf.waiting).map(Waiting::memory).sum();
        let shelf = shelves.iter_mut().find(|shelf| shelf.runtime.language == language)?;
        match booted {
            Ok(waiting) => {
                shelf.size = waiting.memory();
                if held.saturating_add(shelf.size) > self.config.memory_bytes {
                    shelf.resting = true;
                    Some(waiting)
                } else {
                    shelf.waiting.push_back(waiting);
                    None
                }
            }
            Err(error) => {
                tracing::warn!(%language, error = &error as &dyn std::error::Error, "a waiting sandbox could not be made");
                shelf.retry = Some(Instant::now() + RETRY);
                None
            }
        }
    }

    /// Those that waited too long.
    fn stale(&self) -> Vec<Waiting> {
        let mut stale = Vec::new();
        for shelf in self.shelves().iter_mut() {
            while shelf.waiting.front().is_some_and(|first| first.since.elapsed() >= self.config.idle) {
                stale.extend(shelf.waiting.pop_front());
            }
        }
        stale
    }

    /// When the next one will have waited too long, or a boot is to be tried again.
    fn next_change(&self) -> Instant {
        let (now, shelves) = (Instant::now(), self.shelves());
        let oldest = shelves.iter().filter_map(|shelf| shelf.waiting.front()).map(|first| first.since).min();
        let stale = oldest.unwrap_or(now) + self.config.idle;
        let retries = shelves.iter().filter_map(|shelf| shelf.retry).filter(|retry| *retry > now);
        retries.fold(stale, Instant::min)
    }
}

/// Fills the pool until it is told to end.
async fn keep(shared: Arc<Shared>, linux: Arc<Linux>) {
    loop {
        bury(shared.stale()).await;
        let Some(runtime) = shared.wanted() else {
            shared.filled.notify_waiters();
            let _ = timeout_at(shared.next_change(), shared.taken.notified()).await;
            continue;
        };
        let language = runtime.language;
        let booted = Arc::clone(&linux).boot(runtime).await;
        bury(shared.put(language, booted).into_iter().collect()).await;
        shared.filled.notify_waiters();
    }
}

/// Blocks for some milliseconds each.
async fn bury(waiting: Vec<Waiting>) {
    if !waiting.is_empty() {
        let _ = tokio::task::spawn_blocking(move || drop(waiting)).await;
    }
}
