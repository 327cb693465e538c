//! One sandbox that waits: an interpreter booted behind all walls, without code and without inputs.
//!
//! It is used once. What it gets at the hand-over is what a cold one starts with; the walls are the same, built by the same
//! jail, and stood before the code came.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout};

use crate::cgroup::{Group, Usage};
use crate::control::SETUP_LIMIT;
use crate::error::SandboxError;
use crate::linux::{Linux, Prepared};
use crate::program::READY;
use crate::runtime::Runtime;
use crate::spec::{Limits, RunSpec};
use crate::supervise::{Origin, Started};

/// How long code may take to be mounted.
const MOUNT_LIMIT: Duration = Duration::from_secs(2);

/// Dropping it ends the sandbox.
pub(crate) struct Waiting {
    started: Started,
    /// Since when.
    pub(crate) since: Instant,
}

/// Whether a sandbox booted with the default limits can serve a run with these: some can be lowered while it lives, those that
/// are part of its walls cannot be changed.
pub(crate) fn fits(limits: &Limits) -> bool {
    let booted = Limits::default();
    let walls = |limits: &Limits| (limits.tmp_bytes, limits.tmp_files, limits.open_files);
    walls(limits) == walls(&booted)
        && limits.memory_bytes <= booted.memory_bytes
        && limits.pids <= booted.pids
        && limits.cpu_millis <= booted.cpu_millis
}

impl Waiting {
    /// Waits until the interpreter says that it is ready.
    pub(crate) async fn boot(prepared: Prepared) -> Result<Self, SandboxError> {
        let mut started = prepared.start(Instant::now())?;
        let ready = async {
            let mut said = [0_u8; READY.len()];
            started.reports.read_exact(&mut said).await.is_ok_and(|_| said == *READY)
        };
        match timeout(SETUP_LIMIT, ready).await {
            Ok(true) => Ok(Self { started, since: Instant::now() }),
            Ok(false) => {
                // Its jail knows better why it ended.
                let report = started.control.next().await;
                report.map_or(Ok(()), crate::control::fault)?;
                Err(SandboxError::JailVanished { timed_out: false })
            }
            Err(_) => Err(SandboxError::JailVanished { timed_out: true }),
        }
    }

    /// What it holds in memory, bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.started.body.group().and_then(Group::memory).unwrap_or(0)
    }

    /// Brings in the code and makes it the sandbox of one run.
    pub(crate) async fn hand_over(
        self,
        spec: RunSpec,
        message: Vec<u8>,
        called: Instant,
    ) -> Result<Started, SandboxError> {
        let mut started = self.started;
        if let Some(group) = started.body.group() {
            group.limit(&spec.limits, &started.limits)?;
            group.hurry(true)?;
        }
        let mounted = timeout(MOUNT_LIMIT, started.control.mount(&spec.code_dir)).await;
        mounted.map_err(|_| SandboxError::JailVanished { timed_out: true })??;
        let used = Usage { peak_memory: None, peak_pids: None, ..started.body.usage() };
        let origin = Origin { called, begun: Some(Instant::now()), used };
        Ok(Started { message, limits: spec.limits, origin, ..started })
    }
}

impl Linux {
    /// A sandbox that waits, for the default limits.
    pub(crate) async fn boot(self: std::sync::Arc<Self>, runtime: Runtime) -> Result<Waiting, SandboxError> {
        let prepared =
            tokio::task::spawn_blocking(move || self.prepare_warm(&runtime, Limits::default())).await;
        Waiting::boot(prepared.map_err(|_| SandboxError::JailVanished { timed_out: false })??).await
    }
}
