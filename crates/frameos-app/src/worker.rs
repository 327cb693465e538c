//! The worker: claims tickets and runs them, as many at once as it has slots.
//!
//! Invariants: a ticket is claimed only when a slot is free, so that another worker may have it otherwise; two limits hold
//! independently, runs at a time and starts per second; told to stop, it claims nothing more and lets its runs finish for a while.

use std::{sync::Arc, time::Duration};

use frameos_domain::clock::Timestamp;
use frameos_store::{
    execution, idempotency,
    ticket::{self, Ticket},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    app::App,
    error::{AppError, Result},
    live::LiveRuns,
    payment, run, settle,
};

/// How long running agents may go on after the worker was told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// The safety net under the wake-up signal.
const POLL: Duration = Duration::from_millis(500);

/// What the runs of one worker share.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) app: App,
    pub(crate) live: LiveRuns,
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
    let slots = Arc::new(Semaphore::new(app.settings.slots));
    let tasks = TaskTracker::new();
    // Runs outlive `stop` by the drain; then they are cut off.
    let cut = CancellationToken::new();
    let live = LiveRuns::default();
    let writer = tokio::spawn(live.clone().write(app.clone()));
    let mut pace = Pace::new(app.settings.starts_per_second);
    while !stop.is_cancelled() {
        let permit = tokio::select! {
            permit = Arc::clone(&slots).acquire_owned() => permit,
            () = stop.cancelled() => break,
        };
        let Ok(permit) = permit else { break };
        let changed = app.store().queue_changed();
        match claim(&app).await {
            Ok(Some(ticket)) => {
                if ticket.kind == "run" {
                    pace.wait().await;
                }
                let worker = Worker { app: app.clone(), live: live.clone() };
                tasks.spawn(work(worker, ticket, cut.clone(), permit));
            }
            Ok(None) => idle(changed, &stop).await,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "claiming failed; trying again");
                idle(std::future::pending(), &stop).await;
            }
        }
    }
    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("runs are still going after the drain; they go back to the queue");
        cut.cancel();
        tasks.wait().await;
    }
    writer.abort();
}

async fn idle(changed: impl Future<Output = ()>, stop: &CancellationToken) {
    tokio::select! {
        () = changed => {}
        () = tokio::time::sleep(POLL) => {}
        () = stop.cancelled() => {}
    }
}

async fn claim(app: &App) -> Result<Option<Ticket>> {
    let (owner, now) = (app.settings.worker_name.clone(), app.now());
    let until = now.plus(app.settings.lease);
    let mut claimed = app
        .store()
        .tx(move |tx| Box::pin(async move { ticket::ticket_claim(tx, &owner, now, until, 1).await }))
        .await?;
    Ok(claimed.pop())
}

async fn work(worker: Worker, ticket: Ticket, cut: CancellationToken, slot: OwnedSemaphorePermit) {
    let done = match ticket.kind.as_str() {
        "run" => {
            run::run_attempt(&worker, ticket, cut).await;
            Ok(())
        }
        "settle" => settle::settle_resume(&worker.app, &ticket).await,
        "authorize" => authorize(&worker.app, &ticket).await,
        other => Err(AppError::internal(format!("a ticket of unknown kind `{other}`"))),
    };
    if let Err(error) = done {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a ticket could not be worked off; its lease will run out"
        );
    }
    drop(slot);
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

/// Spaces starts evenly; a second's worth may come at once.
struct Pace {
    per_second: u32,
    recent: std::collections::VecDeque<Instant>,
}

impl Pace {
    const fn new(per_second: u32) -> Self {
        Self { per_second, recent: std::collections::VecDeque::new() }
    }

    async fn wait(&mut self) {
        if self.per_second == 0 {
            return;
        }
        let second = Duration::from_secs(1);
        while self.recent.len() >= self.per_second as usize {
            if let Some(oldest) = self.recent.pop_front() {
                tokio::time::sleep_until(oldest + second).await;
            }
        }
        self.recent.push_back(Instant::now());
    }
}
