//! The edge to whatever runs agents.

use frameos_gateway::BoxFuture;
use frameos_sandbox::{Outcome, RunEvent, RunSpec, Sandbox, SandboxError, WarmUse};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Runs agents. Only [`Sandbox`] does so for users; the trait is where the engine is measured without agents.
pub trait Runner: Send + Sync {
    /// Runs one program to its end and leaves nothing behind. Told to cancel, it ends soon. An error is a fault of the platform.
    fn run(
        &self,
        spec: RunSpec,
        events: mpsc::Sender<RunEvent>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Outcome, SandboxError>>;

    /// The isolation that is enforced, as run records and receipts tell it.
    fn tier(&self) -> String;

    /// How its warm pool has served.
    fn warm_use(&self) -> WarmUse;
}

impl Runner for Sandbox {
    fn run(
        &self,
        spec: RunSpec,
        events: mpsc::Sender<RunEvent>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Outcome, SandboxError>> {
        Box::pin(Self::run(self, spec, Some(events), cancel))
    }

    fn tier(&self) -> String {
        Self::tier(self).to_string()
    }

    fn warm_use(&self) -> WarmUse {
        Self::warm_use(self)
    }
}
