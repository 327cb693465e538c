//! The installation as its operators see it: what waits, who works, what became of runs.
//!
//! Invariant: one snapshot, so that the numbers belong together; nothing of what users and agents say is in it.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::{
    Store,
    overview::{self, Overview, QueueDepth, RunsSince},
    worker::{self, Worker},
};

use crate::{app::App, error::Result, worker_status::LOST_AFTER};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whether a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerState {
    Live,
    /// It takes no more runs and lets its own finish.
    Draining,
    /// It has been silent for longer than it may.
    Lost,
}

impl WorkerState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Draining => "draining",
            Self::Lost => "lost",
        }
    }

    fn of(worker: &Worker, now: Timestamp) -> Self {
        if worker.last_seen < now.minus(LOST_AFTER) {
            Self::Lost
        } else if worker.draining {
            Self::Draining
        } else {
            Self::Live
        }
    }
}

/// The installation at one moment.
#[derive(Debug, Clone)]
pub struct OverviewView {
    pub at: Timestamp,
    pub counts: Overview,
    pub queue: Vec<QueueDepth>,
    pub workers: Vec<(Worker, WorkerState)>,
    pub last_hour: RunsSince,
    pub last_day: RunsSince,
}

pub async fn overview(app: &App) -> Result<OverviewView> {
    overview_read(app.store(), app.now()).await
}

/// The same for a process that is no application.
pub async fn overview_read(store: &Store, now: Timestamp) -> Result<OverviewView> {
    let read = store.read(move |tx| {
        Box::pin(async move {
            let workers = worker::worker_list_unscoped(tx).await?.into_iter().map(|worker| {
                let state = WorkerState::of(&worker, now);
                (worker, state)
            });
            Ok(OverviewView {
                at: now,
                counts: overview::overview_unscoped(tx).await?,
                queue: overview::queue_depth_unscoped(tx, now).await?,
                workers: workers.collect(),
                last_hour: overview::runs_since_unscoped(tx, now.minus(HOUR)).await?,
                last_day: overview::runs_since_unscoped(tx, now.minus(DAY)).await?,
            })
        })
    });
    Ok(read.await?)
}
