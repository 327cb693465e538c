//! Lanes: transactions of one kind, those that wait together in one commit (ADR 0017).
//!
//! Alone, each would wait for the disk and for every single answer, and those that append to one chain would take turns for the lock
//! on its head. Invariants: a lane's locks are taken first, so that a batch, which takes rows of many users, cannot wait for somebody
//! who waits for it; the jobs of a batch are interleaved on one connection without savepoints, their new rows written together
//! (`postponed.rs`), their like statements asked together (`gathered.rs`), and are all kept or, if one of them cannot be, all undone
//! and begun again one after the other, each in a savepoint; nobody is answered before the commit; a failed commit is never repeated,
//! because its outcome is unknown.

use std::{pin::pin, sync::Arc};

use deadpool_postgres::Pool;
use futures::{FutureExt, future::join_all, join};
use tokio::{
    select,
    sync::{mpsc, oneshot},
    task::yield_now,
};

use super::{PostgresConnection, checkout};
use crate::{
    chain::{RUN_RECEIPTS, chains_lock},
    cipher::Cipher,
    error::StoreError,
    gateway::chain::{LEDGER_CHAIN, RECEIPT_CHAIN},
    gathered::{self, Gathering},
    postponed::Postponed,
    signal::{Signal, Signals},
    tx::{BoxFuture, Connection, Lane, Mode, Tx},
};

/// Jobs in one commit.
const MOST: usize = 128;
/// From how many jobs on they ask together. Of fewer, each goes on while the database works for the next, which is worth more.
const GATHER_FROM: usize = 4;

/// The ways to the lanes' writers, which end when this is dropped and their queues are empty.
pub(super) struct Lanes {
    intents: LaneJobs,
    books: LaneJobs,
    results: LaneJobs,
    settlements: LaneJobs,
}

impl Lanes {
    pub(super) fn start(pool: &Pool, cipher: &Cipher, signals: &Signals) -> Self {
        let start = |lane| {
            LaneJobs::start(Writer {
                lane,
                pool: pool.clone(),
                cipher: cipher.clone(),
                signals: signals.clone(),
            })
        };
        Self {
            intents: start(Lane::Intents),
            books: start(Lane::Books),
            results: start(Lane::Results),
            settlements: start(Lane::Settlements),
        }
    }

    pub(super) const fn of(&self, lane: Lane) -> &LaneJobs {
        match lane {
            Lane::Intents => &self.intents,
            Lane::Books => &self.books,
            Lane::Results => &self.results,
            Lane::Settlements => &self.settlements,
        }
    }
}

/// The way to one lane's writer.
pub(super) struct LaneJobs {
    jobs: mpsc::UnboundedSender<Box<dyn Job>>,
}

impl LaneJobs {
    fn start(writer: Writer) -> Self {
        let (jobs, mut queue) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(first) = queue.recv().await {
                // Those who were answered together come back together; whoever is first would go alone, and the others wait for it.
                yield_now().await;
                let mut batch = vec![first];
                while batch.len() < MOST
                    && let Ok(next) = queue.try_recv()
                {
                    batch.push(next);
                }
                writer.serve(batch).await;
            }
        });
        Self { jobs }
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let stopped =
            || StoreError::Unavailable { what: "a writer of the database has stopped", source: None };
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Box::new(Work { work, reply, result: None })).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// A caller's work, to be begun as often as it takes.
trait Job: Send {
    /// Does the work. Returns whether it is to be kept.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
    /// Tells the caller, now that it is known whether the batch was committed.
    fn answer(self: Box<Self>, committed: Result<(), &Arc<StoreError>>);
}

struct Work<T, F> {
    work: F,
    reply: oneshot::Sender<Result<T, StoreError>>,
    result: Option<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send + 'static,
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        async move {
            let result = tx.attempt(&self.work).await;
            let is_kept = tx.is_kept(&result);
            self.result = Some(if is_kept { result } else { tx.undone(result) });
            is_kept
        }
        .boxed()
    }

    fn answer(self: Box<Self>, committed: Result<(), &Arc<StoreError>>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Aborted),
            (Err(error), _) => Err(error.shared()),
        };
        // A caller who has left is told nothing; the work is done all the same.
        drop(self.reply.send(result));
    }
}

struct Writer {
    lane: Lane,
    pool: Pool,
    cipher: Cipher,
    signals: Signals,
}

impl Writer {
    async fn serve(&self, mut jobs: Vec<Box<dyn Job>>) {
        let committed = self.batch(&mut jobs).await.map_err(Arc::new);
        for job in jobs {
            job.answer(committed.as_ref().copied());
        }
    }

    async fn batch(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let connection = PostgresConnection::new(checkout(&self.pool).await?);
        let mut tx = Tx::new(Connection::Postgres(connection), self.cipher.clone(), self.signals.clone());
        match together(&mut tx, self.lane, jobs).await? {
            Some(signals) => tx.fire(signals),
            None if jobs.len() == 1 => {}
            None => {
                let signals = one_by_one(&mut tx, self.lane, jobs).await?;
                finish(&mut tx, signals).await?;
            }
        }
        Ok(())
    }
}

/// Begins, with the lane's locks taken; all is sent before the first answer is awaited.
async fn begin(tx: &mut Tx, lane: Lane) -> Result<(), StoreError> {
    let chains: &[&'static str] = match lane {
        Lane::Books => &[LEDGER_CHAIN, RECEIPT_CHAIN],
        Lane::Intents | Lane::Results => &[],
        Lane::Settlements => &[RUN_RECEIPTS],
    };
    let mut locks = tx.share()?;
    let (begun, locked) = join!(tx.begin(Mode::WriteLane), chains_lock(&mut locks, chains));
    begun.and(locked)
}

async fn finish(tx: &mut Tx, signals: Vec<Signal>) -> Result<(), StoreError> {
    if let Err(error) = tx.commit().await {
        tx.rollback().await;
        return Err(error);
    }
    tx.fire(signals);
    Ok(())
}

/// Runs all jobs at once, and commits. None when one of them could not be kept, so that nothing was.
async fn together(
    tx: &mut Tx,
    lane: Lane,
    jobs: &mut [Box<dyn Job>],
) -> Result<Option<Vec<Signal>>, StoreError> {
    begin(tx, lane).await?;
    let mut shares = Vec::with_capacity(jobs.len());
    let (postponed, gathering) = (Postponed::default(), Gathering::default());
    let batched = (postponed.clone(), (jobs.len() >= GATHER_FROM).then(|| gathering.clone()));
    for _ in 0..jobs.len() {
        // A job that is alone waits for nobody.
        shares.push(if jobs.len() == 1 { tx.share()? } else { tx.share_batched(&batched)? });
    }
    let kept = {
        let mut all = pin!(join_all(jobs.iter_mut().zip(&mut shares).map(|(job, tx)| job.run(tx))));
        loop {
            select! {
                biased;
                kept = &mut all => break kept,
                asked = gathering.next() => gathered::answer(tx.share()?, asked).await?,
            }
        }
    };
    let signals = shares.iter_mut().flat_map(Tx::pending_take).collect();
    drop(shares);
    if !kept.into_iter().all(|is_kept| is_kept) {
        tx.rollback().await;
        return Ok(None);
    }
    match tx.commit_postponed(&postponed).await {
        Ok(None) => Ok(Some(signals)),
        Ok(Some(refused)) if jobs.len() == 1 => Err(refused),
        Ok(Some(_)) => Ok(None),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

/// Runs the jobs one after the other; each is kept or undone by itself.
async fn one_by_one(tx: &mut Tx, lane: Lane, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Signal>, StoreError> {
    begin(tx, lane).await?;
    let mut signals = Vec::new();
    for job in jobs {
        tx.forget();
        let heads = tx.heads().copy();
        tx.batch("SAVEPOINT job").await?;
        if job.run(tx).await {
            signals.append(&mut tx.pending_take());
            tx.batch("RELEASE job").await?;
        } else {
            tx.forget();
            tx.heads().restore(heads);
            tx.batch("ROLLBACK TO job; RELEASE job").await?;
        }
    }
    tx.forget();
    Ok(signals)
}
