//! Threads that decode and check pages while the next is being read.
//!
//! Invariants: verdicts come back in the order of the pages, a page that cannot be decoded as its error; what is read ahead is bounded, so memory is; a check that panics
//! is an error of the audit, never a page that passed.

use std::{
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

use frameos_store::StoreError;

/// Threads with a state each, over pages `I` with verdicts `O`.
pub(super) struct Workers<I, O, S> {
    pages: SyncSender<(usize, I)>,
    verdicts: Receiver<(usize, Result<O, StoreError>)>,
    threads: Vec<JoinHandle<S>>,
    sent: usize,
}

impl<I, O, S> Workers<I, O, S>
where
    I: Send + 'static,
    O: Send + 'static,
    S: Default + Send + 'static,
{
    /// As many threads as there are processors.
    pub(super) fn start(
        check: impl Fn(&mut S, I) -> Result<O, StoreError> + Clone + Send + 'static,
    ) -> Result<Self, StoreError> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let (pages, queue) = sync_channel(count);
        let queue = Arc::new(Mutex::new(queue));
        let (done, verdicts) = channel();
        let mut threads = Vec::with_capacity(count);
        for _ in 0..count {
            let (queue, done, check) = (Arc::clone(&queue), done.clone(), check.clone());
            let thread = thread::Builder::new()
                .name("ledger-audit".into())
                .spawn(move || serve(&queue, &done, &check));
            threads.push(thread.map_err(|error| StoreError::Unavailable {
                what: "no thread for the audit",
                source: Some(error.into()),
            })?);
        }
        Ok(Self { pages, verdicts, threads, sent: 0 })
    }

    /// Hands a page over; waits while all threads are busy and one page is waiting for each.
    pub(super) fn push(&mut self, page: I) -> Result<(), StoreError> {
        self.pages.send((self.sent, page)).map_err(|_| stopped())?;
        self.sent += 1;
        Ok(())
    }

    /// Every page's verdict, in order, and what the threads summed up.
    pub(super) fn finish(self) -> Result<(Vec<O>, Vec<S>), StoreError> {
        drop(self.pages);
        let mut verdicts: Vec<_> = self.verdicts.into_iter().collect();
        let states = self.threads.into_iter().map(|thread| thread.join().map_err(|_| stopped()));
        let states = states.collect::<Result<Vec<S>, _>>()?;
        if verdicts.len() != self.sent {
            return Err(stopped());
        }
        verdicts.sort_by_key(|(index, _)| *index);
        Ok((verdicts.into_iter().map(|(_, verdict)| verdict).collect::<Result<_, _>>()?, states))
    }
}

fn serve<I, O, S: Default>(
    queue: &Mutex<Receiver<(usize, I)>>,
    done: &Sender<(usize, Result<O, StoreError>)>,
    check: &impl Fn(&mut S, I) -> Result<O, StoreError>,
) -> S {
    let mut state = S::default();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, page)) = next else { return state };
        if done.send((index, check(&mut state, page))).is_err() {
            return state;
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable { what: "a thread of the audit has stopped", source: None }
}
