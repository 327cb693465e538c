//! What a container uses: from its control group when that is in sight, else as the engine tells it.
//!
//! The last figures are kept, because the group goes with the container.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::models::ContainerStatsResponse;

use crate::cgroup::{Foreign, Usage};

#[derive(Debug)]
pub(crate) struct Meter {
    group: Option<Foreign>,
    latest: Mutex<Usage>,
    /// What the guest passed on, which the group counts as written once more.
    passed_on: AtomicU64,
}

impl Meter {
    pub(super) fn new(group: Option<Foreign>) -> Self {
        Self { group, latest: Mutex::default(), passed_on: AtomicU64::new(0) }
    }

    /// Reads some small files.
    pub(crate) fn measure(&self) -> Usage {
        let fresh = self.group.as_ref().and_then(Foreign::usage);
        let mut latest = self.latest();
        if let Some(fresh) = fresh {
            let passed_on = self.passed_on.load(Ordering::Relaxed);
            let oom_kills = fresh.oom_kills.max(latest.oom_kills);
            let written = fresh.written.map(|written| written.saturating_sub(passed_on)).max(latest.written);
            *latest = Usage { oom_kills, written, ..fresh };
        }
        latest.clone()
    }

    /// Without the engine.
    pub(super) fn kill(&self) {
        if let Some(group) = &self.group {
            group.kill();
        }
    }

    /// Whether the engine has to be asked.
    pub(super) fn is_blind(&self) -> bool {
        self.group.is_none()
    }

    pub(super) fn pass_on(&self, bytes: usize) {
        self.passed_on.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn note_oom(&self) {
        let mut latest = self.latest();
        latest.oom_kills = latest.oom_kills.max(1);
    }

    pub(super) fn note(&self, stats: &ContainerStatsResponse) {
        let mut latest = self.latest();
        let nanos = |nanos: Option<u64>| nanos.map(Duration::from_nanos);
        if let Some(cpu) = &stats.cpu_stats {
            let used = cpu.cpu_usage.as_ref();
            latest.cpu_user = nanos(used.and_then(|used| used.usage_in_usermode));
            latest.cpu_system = nanos(used.and_then(|used| used.usage_in_kernelmode));
            latest.throttled = nanos(cpu.throttling_data.as_ref().and_then(|data| data.throttled_time));
        }
        if let Some(memory) = &stats.memory_stats {
            // Version 2 control groups have no highest use for the engine to tell; the highest seen has to do.
            latest.peak_memory = memory.max_usage.max(memory.usage).max(latest.peak_memory);
        }
        let pids = stats.pids_stats.as_ref().and_then(|pids| pids.current);
        latest.peak_pids = pids.max(latest.peak_pids);
    }

    fn latest(&self) -> MutexGuard<'_, Usage> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
