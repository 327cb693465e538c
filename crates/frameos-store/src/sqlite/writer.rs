//! The writer thread: what waits in its queue is committed together, so that one sync to disk serves many transactions.
//!
//! Invariants: each job is whole or not at all, whatever its neighbours do (a savepoint each); nobody is answered, and no
//! signal fires, before the commit is on disk; if the commit fails, or an error ends the whole transaction, everyone in the
//! batch hears of it. A job that is alone waits for nobody. The batch is bounded, so that the first in it need not wait for
//! ever, nor the write-ahead log grow without end. Urgent jobs are the exception: they go first, end the batch they come into, and
//! among themselves do not wait for the disk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    Urgency, block_on,
    checkpoint::Checkpoints,
    waiting::{Served, Waiting},
};
use crate::{
    error::StoreError,
    signal::Signal,
    tx::{BoxFuture, Tx},
};

/// Jobs in one commit.
const MOST: usize = 256;
/// How long a batch takes in further jobs.
const LONGEST: Duration = Duration::from_millis(10);

/// A writer's job: does its work in the open batch, or learns why there is none.
pub(super) type Write = Box<dyn FnOnce(Result<&mut Batch<'_>, StoreError>) -> Answer + Send>;
/// Tells the caller, now that it is known whether the batch was committed.
type Answer = Box<dyn FnOnce(Result<(), &Arc<StoreError>>)>;

/// An open transaction and what waits for its commit.
pub(super) struct Batch<'a> {
    tx: &'a mut Tx,
    signals: Vec<Signal>,
    /// The error of a job that took the whole transaction with it.
    lost: Option<StoreError>,
}

impl Batch<'_> {
    fn run<T, F>(&mut self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        let result = block_on(self.tx.batch_job(work, &mut self.signals));
        match result {
            Err(error) if !self.tx.batch_is_open() => {
                self.lost = Some(error);
                Err(StoreError::Aborted)
            }
            result => result,
        }
    }
}

/// Makes a job of a caller's work.
pub(super) fn job<T, F>(work: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Write
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
{
    Box::new(move |batch| {
        let result = batch.and_then(|batch| batch.run(work));
        Box::new(move |committed| {
            let result = match committed {
                Ok(()) => result,
                Err(error) => Err(error.shared()),
            };
            // A caller who has left is told nothing; the work is done all the same.
            drop(reply.send(result));
        })
    })
}

/// Works until there will be nothing more.
pub(super) fn serve(mut tx: Tx, mut checkpoints: Checkpoints, jobs: &Waiting<Write>) {
    let _served = Served(jobs);
    while let Some((first, urgency)) = jobs.next() {
        if let Err(error) = tx.batch_begin(urgency == Urgency::InTurn) {
            first(Err(error))(Ok(()));
            continue;
        }
        batch(&mut tx, (first, urgency), jobs);
        if let Ok(connection) = tx.sqlite() {
            checkpoints.committed(connection);
        }
    }
}

fn batch(tx: &mut Tx, (first, urgency): (Write, Urgency), jobs: &Waiting<Write>) {
    let started = Instant::now();
    let mut batch = Batch { tx, signals: Vec::new(), lost: None };
    let mut answers = vec![first(Ok(&mut batch))];
    while batch.tx.batch_is_open() && answers.len() < MOST && started.elapsed() < LONGEST {
        let next = match urgency {
            Urgency::First => jobs.try_first().map(|job| (job, Urgency::InTurn)),
            Urgency::InTurn => jobs.try_next(),
        };
        let Some((job, urgency)) = next else { break };
        answers.push(job(Ok(&mut batch)));
        if urgency == Urgency::First {
            break;
        }
    }
    let Batch { tx, signals, lost } = batch;
    let committed = lost.map_or_else(|| block_on(tx.batch_commit()), Err).map_err(Arc::new);
    if committed.is_ok() {
        tx.fire(signals);
    }
    for answer in answers {
        answer(committed.as_ref().copied());
    }
}
