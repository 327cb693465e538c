//! Gives back, now and then, what the process has mapped of its program and uses no more.

use std::time::Duration;

use frameos_sandbox::footprint::program_unmap;
use tokio_util::sync::CancellationToken;

/// How soon after the start: then everything has run that runs only once.
const SETTLED: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(60);

/// Keeps what the process holds of its program to what it uses, until `stop`.
pub(crate) async fn footprint_keep(stop: CancellationToken) {
    let mut wait = SETTLED;
    while stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        if let Err(error) = program_unmap() {
            tracing::debug!(error = &error as &dyn std::error::Error, "the program's pages stay mapped");
        }
        wait = EVERY;
    }
}
