//! Housekeeping on a clock: statistics, and what would otherwise pile up.
//!
//! Every job may be interrupted and repeated; one that fails is logged and tried again at its next turn.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::{idempotency, session, stats};
use tokio_util::sync::CancellationToken;

use crate::{app::App, error::Result};

const STATISTICS_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: u32 = 300;
/// How long an answer is kept for its idempotency key.
const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3600);
const EVENTS_AT_ONCE: u32 = 500;

/// Works until `stop`.
pub async fn jobs_run(app: App, stop: CancellationToken) {
    let mut turn = 0_u32;
    loop {
        tokio::select! {
            () = tokio::time::sleep(STATISTICS_EVERY) => {}
            () = stop.cancelled() => return,
        }
        report("statistics", statistics_roll_up(&app).await);
        if turn.is_multiple_of(SWEEP_EVERY) {
            report("sweep", sweep(&app).await);
        }
        turn = turn.wrapping_add(1);
    }
}

fn report(job: &str, result: Result<()>) {
    if let Err(error) = result {
        tracing::error!(
            job,
            error = &error as &dyn std::error::Error,
            "a job failed; it will be tried again"
        );
    }
}

async fn statistics_roll_up(app: &App) -> Result<()> {
    loop {
        let moved = app
            .store()
            .tx(|tx| Box::pin(async move { stats::stats_rollup_unscoped(tx, EVENTS_AT_ONCE).await }))
            .await?;
        if moved < EVENTS_AT_ONCE as usize {
            return Ok(());
        }
    }
}

async fn sweep(app: &App) -> Result<()> {
    let now = app.now();
    let old = Timestamp::from_micros(
        now.as_micros() - i64::try_from(IDEMPOTENCY_KEPT.as_micros()).unwrap_or(i64::MAX),
    );
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                idempotency::idempotency_purge_unscoped(tx, old).await?;
                session::session_purge_unscoped(tx, now).await.map(drop)
            })
        })
        .await?;
    Ok(())
}
