//! The worker: claims runs and other work, and does them, as many at once as it has room for.
//!
//! Invariants: a ticket is claimed only when there is room for it, or as good as, so that another worker may have it otherwise; runs
//! have slots of their own, so that money and other jobs never wait for agents; two limits hold independently, runs at a time and starts per
//! second; told to stop, it claims nothing more and lets its runs finish for a while.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use frameos_domain::clock::Timestamp;
use frameos_store::{
    StoreError, execution, idempotency,
    job::{self, Work},
    ticket::{self, ClaimRules, Lease, Ticket},
};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{
    app::App,
    attempt::runs_claim,
    error::{AppError, Result},
    jobs,
    live::LiveRuns,
    payment,
    places::{Coming, Places},
    run, settle, trace,
    worker_status::WorkerStatus,
};

/// How long running agents may go on after the worker was told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// The safety net under the wake-up signal.
const POLL: Duration = Duration::from_millis(500);
/// Work that is no run, at a time: it waits for the database and other servers, and takes next to no processor.
const ERRANDS: usize = 16;
/// Ended runs that are being settled at a time, at least: what 10 starts a second come to while a gateway takes its time.
const ENDED: usize = 256;
/// Of so many slots the work of one may be claimed ahead, at most: as much as leaves while a slow database makes a claim.
const AHEAD_SHARE: usize = 2;
/// Of so many starts one goes to a free run that has waited too long.
const OVERDUE_SHARE: u32 = 4;

/// What the runs of one worker share.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) app: App,
    pub(crate) live: LiveRuns,
    /// For runs that have ended and are being settled. A database or a gateway that is slower than the agents holds the slots up,
    /// before unsettled runs pile up behind claims and outlast their leases.
    pub(crate) ended: Arc<Semaphore>,
    tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Cuts off the runs that outlive `stop` by the drain.
    pub(crate) cut: CancellationToken,
}

/// Takes back at once what the last process left leased or locked, instead of waiting for it to run out. Says how many runs
/// there were. Only for a process that is its database's only one.
pub async fn worker_recover(app: &App) -> Result<u64> {
    Ok(app
        .store()
        .tx(|tx| {
            Box::pin(async move {
                idempotency::idempotency_unlock_all_unscoped(tx).await?;
                ticket::ticket_release_all_unscoped(tx).await
            })
        })
        .await?)
}

/// Works until `stop`, then drains.
pub async fn worker_run(app: App, stop: CancellationToken) {
    let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
    let ended = Arc::new(Semaphore::new(app.settings.slots.max(ENDED)));
    let worker = Worker { app, live: LiveRuns::default(), ended, tasks, stop, cut };
    let writer = tokio::spawn(worker.live.clone().write(worker.app.clone()));
    let status = WorkerStatus::report(&worker.app, &worker.stop);
    tokio::join!(worker.runs_claim(), worker.errands_claim());
    worker.tasks.close();
    if tokio::time::timeout(DRAIN, worker.tasks.wait()).await.is_err() {
        tracing::warn!("runs are still going after the drain; they go back to the queue");
        worker.cut.cancel();
        worker.tasks.wait().await;
    }
    writer.abort();
    status.end().await;
}

impl Worker {
    async fn runs_claim(&self) {
        let claim = |lease, most, starts| runs_claim(&self.app, lease, most, self.rules(starts));
        let start = |claimed, coming| {
            let worker = self.clone();
            self.tasks.spawn(async move { run::run_attempt(&worker, claimed, coming).await });
        };
        let settings = &self.app.settings;
        // What is claimed ahead starts when it can, and not when the pace says.
        let ahead = if settings.starts_per_second == 0 { settings.slots / AHEAD_SHARE } else { 0 };
        let places = Places::new(settings.slots, ahead);
        self.claim(("runs", places, Pace::new(settings.starts_per_second)), claim, start).await;
    }

    async fn errands_claim(&self) {
        let claim = |lease: Lease, most, _| {
            self.app.store().tx(move |tx| Box::pin(async move { job::work_claim(tx, &lease, most).await }))
        };
        let start = |work, coming: Coming| {
            let app = self.app.clone();
            self.tasks.spawn(async move {
                // Claimed because there is one.
                let place = coming.place(std::future::pending()).await;
                errand(app, work).await;
                drop(place);
            });
        };
        self.claim(("errands", Places::new(ERRANDS, 0), Pace::new(0)), claim, start).await;
    }

    /// Claims as much as there is room for and starts it, until it is time to stop. `claim` is told how many at most, and how many
    /// were started before.
    async fn claim<T, C>(
        &self,
        (what, places, mut pace): (&'static str, Places, Pace),
        claim: impl Fn(Lease, u32, u32) -> C,
        start: impl Fn(T, Coming),
    ) where
        C: Future<Output = std::result::Result<Vec<T>, StoreError>>,
    {
        let mut trouble = Trouble::default();
        while let Some(most) = self.room(&places, &mut pace).await {
            let (changed, left) = (self.app.store().queue_changed(), places.claiming());
            match claim(self.lease(), most, pace.starts).await {
                Ok(claimed) => {
                    trouble.over();
                    places.claimed(left, claimed.len());
                    self.app.metrics().claimed(what, claimed.len());
                    if claimed.is_empty() {
                        // The signal was asked for before the look.
                        self.idle(changed).await;
                    }
                    for item in claimed {
                        pace.started();
                        start(item, places.come());
                    }
                }
                Err(error) => {
                    trouble.report(what, &error);
                    self.idle(std::future::pending()).await;
                }
            }
        }
    }

    /// How much may be claimed, once it is something; None when it is time to stop.
    async fn room(&self, places: &Places, pace: &mut Pace) -> Option<u32> {
        let room = async {
            places.room().await;
            pace.wait().await;
            places.room().await.min(pace.allowance())
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            room = room => Some(u32::try_from(room).unwrap_or(u32::MAX)),
        }
    }

    fn lease(&self) -> Lease {
        let now = self.app.now();
        Lease { owner: self.app.settings.worker_name.clone(), now, until: now.plus(self.app.settings.lease) }
    }

    fn rules(&self, starts: u32) -> ClaimRules {
        let settings = &self.app.settings;
        let patience = i64::try_from(settings.free_patience.as_micros()).unwrap_or(i64::MAX);
        let since = Timestamp::from_micros(self.app.now().as_micros().saturating_sub(patience));
        ClaimRules {
            user_cap: settings.user_concurrency,
            agent_cap: settings.agent_concurrency,
            overdue_since: (starts % OVERDUE_SHARE == OVERDUE_SHARE - 1).then_some(since),
        }
    }

    async fn idle(&self, changed: impl Future<Output = ()>) {
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(POLL) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Claims that fail, told once and not twice a second.
#[derive(Default)]
struct Trouble {
    since: Option<Instant>,
}

impl Trouble {
    fn report(&mut self, what: &str, error: &StoreError) {
        if self.since.is_none() {
            self.since = Some(Instant::now());
            tracing::error!(
                what,
                error = error as &dyn std::error::Error,
                "claiming failed; trying until it works"
            );
        }
    }

    fn over(&mut self) {
        if let Some(since) = self.since.take() {
            tracing::info!(for_ms = since.elapsed().as_millis(), "claiming works again");
        }
    }
}

async fn errand(app: App, work: Work) {
    let done = match work {
        Work::Money(ticket) => {
            let span = trace::ticket_span(&ticket);
            match ticket.kind.as_str() {
                "settle" => settle::settle_resume(&app, &ticket).instrument(span).await,
                "authorize" => authorize(&app, &ticket).instrument(span).await,
                other => Err(AppError::internal(format!("a ticket of unknown kind `{other}`"))),
            }
        }
        Work::Job(job) => jobs::job_work(&app, &job).await,
    };
    if let Err(error) = done {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a ticket could not be worked off; its lease will run out"
        );
    }
}

/// An authorisation whose request is gone: finished, or asked for again later.
async fn authorize(app: &App, ticket: &Ticket) -> Result<()> {
    let (id, attempt, ticket_id) = (ticket.execution_id, ticket.attempt, ticket.id);
    let row = app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }))
        .await?;
    let Some(row) = row else {
        app.store()
            .tx(move |tx| Box::pin(async move { ticket::ticket_delete(tx, ticket_id, attempt).await }))
            .await?;
        return Ok(());
    };
    if let Err(error) = payment::authorization_resume(app, &row).await {
        tracing::warn!(execution = %id, error = &error as &dyn std::error::Error, "an authorisation waits");
        let (owner, at): (String, Timestamp) =
            (app.settings.worker_name.clone(), app.now().plus(payment::AUTHORIZE_TAKEOVER));
        app.store()
            .tx(move |tx| {
                Box::pin(async move { ticket::ticket_release(tx, ticket_id, attempt, &owner, at).await })
            })
            .await?;
    }
    Ok(())
}

/// Counts the starts, and bounds those within any second.
struct Pace {
    per_second: usize,
    recent: VecDeque<Instant>,
    /// In all; wraps around.
    starts: u32,
}

const SECOND: Duration = Duration::from_secs(1);

impl Pace {
    /// 0 is no bound.
    const fn new(per_second: u32) -> Self {
        Self { per_second: per_second as usize, recent: VecDeque::new(), starts: 0 }
    }

    /// Until one more may start.
    async fn wait(&mut self) {
        while self.allowance() == 0 {
            if let Some(oldest) = self.recent.front() {
                tokio::time::sleep_until(*oldest + SECOND).await;
            }
        }
    }

    /// How many may start now.
    fn allowance(&mut self) -> usize {
        if self.per_second == 0 {
            return usize::MAX;
        }
        while self.recent.front().is_some_and(|start| start.elapsed() >= SECOND) {
            self.recent.pop_front();
        }
        self.per_second.saturating_sub(self.recent.len())
    }

    fn started(&mut self) {
        self.starts = self.starts.wrapping_add(1);
        if self.per_second > 0 {
            self.recent.push_back(Instant::now());
        }
    }
}
