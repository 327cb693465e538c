//! What ends a run from outside while its agent is at work: its lease, which must be kept, and its user, who may cancel it.
//!
//! Invariant: once the lease may have run out, the sandbox is told to stop; what can no longer be reported must not go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use frameos_domain::id::ExecutionId;
use frameos_store::{
    execution,
    ticket::{self, Ticket},
};
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{app::App, error::Result};

/// When to look for a cancel that came between the claim, which would have seen it, and the time somebody listened. A short run is over
/// by then, and a cancelled one is no success, however late that is seen.
const LOOK_FIRST: Duration = Duration::from_millis(250);
/// The safety net under the word that a run is to be cancelled.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Cancels the sandbox when the user asks, and when the lease is gone: another worker has the run then, or will, and what can no
/// longer be reported must not go on. The lease counts from `claimed`: code may have been waited for since.
pub(crate) async fn lease_keep(
    app: App,
    (ticket, claimed): (Ticket, Instant),
    cancel: CancellationToken,
    lost: Arc<AtomicBool>,
) {
    let user = async {
        cancel_heard(&app, ticket.execution_id).await;
        cancel.cancel();
        // Ending takes its time, too.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = user => {}
        () = lease_lost(&app, &ticket, claimed) => {
            lost.store(true, Ordering::Release);
            cancel.cancel();
        }
    }
}

/// Renews the lease until it is gone. A database that does not answer is waited for no longer than the lease lasts.
async fn lease_lost(app: &App, ticket: &Ticket, claimed: Instant) {
    let lease = app.settings.lease;
    let (mut kept_until, mut renew_at) = (claimed + lease, claimed + lease / 3);
    loop {
        tokio::time::sleep_until(renew_at.min(kept_until)).await;
        let asked = Instant::now();
        renew_at = asked + lease / 3;
        match tokio::time::timeout_at(kept_until, lease_renew(app, ticket)).await {
            Ok(Ok(true)) => kept_until = asked + lease,
            Ok(Err(_)) if Instant::now() < kept_until => {}
            Ok(Ok(false) | Err(_)) | Err(_) => return,
        }
    }
}

/// Until the user wants the run cancelled.
async fn cancel_heard(app: &App, id: ExecutionId) {
    let mut cancels = app.store().execution_cancels();
    let mut patience = LOOK_FIRST;
    loop {
        let told = async {
            loop {
                match cancels.recv().await {
                    Ok(cancelled) if cancelled != id => {}
                    // What was missed may have been about this run.
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // A look that finds nothing is all that a hint that got lost costs.
        let _ = tokio::time::timeout(patience, told).await;
        if matches!(cancel_wanted(app, id).await, Ok(true)) {
            return;
        }
        patience = LOOK_EVERY;
    }
}

async fn lease_renew(app: &App, ticket: &Ticket) -> Result<bool> {
    let until = app.now().plus(app.settings.lease);
    let (id, attempt, owner) = (ticket.id, ticket.attempt, app.settings.worker_name.clone());
    Ok(app
        .store()
        .tx(move |tx| Box::pin(async move { ticket::ticket_renew(tx, id, attempt, &owner, until).await }))
        .await?)
}

pub(crate) async fn cancel_wanted(app: &App, id: ExecutionId) -> Result<bool> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_cancel_requested_unscoped(tx, id).await }))
        .await?)
}
