//! What a worker says of itself, so that an operator sees all of them in one place.
//!
//! Invariants: nothing waits for these reports and nothing is decided by them; a report that fails is dropped, because the next
//! one says more; a worker that ends in good order takes itself off the list, one that does not is shown as lost.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::worker::{self, Worker};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{app::App, error::Result};

const REPORT_EVERY: Duration = Duration::from_secs(5);
/// Silence after which a worker is taken for lost: some missed reports, and less than a lease.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(20);
/// How long a lost worker is still shown.
const LOST_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long an ending worker tries to say so.
const FAREWELL: Duration = Duration::from_secs(2);

/// The reports of one worker.
pub(crate) struct WorkerStatus {
    app: App,
    reporting: JoinHandle<()>,
}

impl WorkerStatus {
    /// Reports from now on; from `stop` on as one that drains.
    pub(crate) fn report(app: &App, stop: &CancellationToken) -> Self {
        app.metrics().slots_set(app.settings.slots);
        Self { app: app.clone(), reporting: tokio::spawn(report(app.clone(), stop.clone())) }
    }

    /// The worker has ended.
    pub(crate) async fn end(self) {
        self.reporting.abort();
        // A report under way must not come after the farewell.
        let _ = self.reporting.await;
        let name = self.app.settings.worker_name.clone();
        let struck =
            self.app.store().tx(move |tx| Box::pin(async move { worker::worker_delete(tx, &name).await }));
        if !matches!(tokio::time::timeout(FAREWELL, struck).await, Ok(Ok(()))) {
            tracing::warn!("this worker could not take itself off the list; it will be shown as lost");
        }
    }
}

async fn report(app: App, stop: CancellationToken) {
    let (started_at, mut failing) = (app.now(), false);
    loop {
        let draining = stop.is_cancelled();
        let reported = report_write(&app, started_at, draining).await;
        if let (Err(error), false) = (&reported, failing) {
            tracing::warn!(error = error as &dyn std::error::Error, "a worker's report failed; trying again");
        }
        failing = reported.is_err();
        tokio::select! {
            () = tokio::time::sleep(REPORT_EVERY) => {}
            () = stop.cancelled(), if !draining => {}
        }
    }
}

async fn report_write(app: &App, started_at: Timestamp, draining: bool) -> Result<()> {
    let now = app.now();
    let worker = Worker {
        name: app.settings.worker_name.clone(),
        host: app.settings.host.clone(),
        pid: std::process::id().into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        isolation: app.runner.as_ref().map(|runner| runner.tier()),
        slots: i64::try_from(app.settings.slots).unwrap_or(i64::MAX),
        busy: app.metrics().busy(),
        draining,
        started_at,
        last_seen: now,
    };
    let forgotten = now.minus(LOST_KEPT);
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                worker::worker_report(tx, &worker).await?;
                worker::worker_purge_unscoped(tx, forgotten).await
            })
        })
        .await?;
    Ok(())
}
