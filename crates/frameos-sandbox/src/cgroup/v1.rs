//! Control groups, version 1: one hierarchy per controller.
//!
//! Swap is bounded through `memory.memsw` where the kernel accounts for it; where it does not, only a machine without
//! swap will do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::mounts::Table;
use super::{
    Usage, get_field, get_number, kill_members, make, pids_max, put, quota_micros, swap_present, writable,
    written,
};
use crate::error::SandboxError;
use crate::jail::JailCgroup;
use crate::spec::Limits;

const SWAP_LIMIT: &str = "memory.memsw.limit_in_bytes";
const TCP_LIMIT: &str = "memory.kmem.tcp.limit_in_bytes";

/// This process's group in each hierarchy that is needed. Some may be the same folder.
#[derive(Debug, Clone)]
pub(crate) struct Controllers {
    cpu: PathBuf,
    cpuacct: PathBuf,
    memory: PathBuf,
    pids: PathBuf,
    /// Whether `memory.memsw` exists.
    swap_accounted: bool,
}

impl Controllers {
    pub(super) fn find(table: &Table) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let mut take = |controller: &str| match table.first(controller) {
            Some(dir) if writable(&dir) => dir,
            Some(dir) => {
                missing.push(format!(
                    "cgroup v1: no permission to make groups in {}; run as root",
                    dir.display()
                ));
                PathBuf::new()
            }
            None => {
                missing.push(format!("cgroup v1: controller {controller} is not mounted"));
                PathBuf::new()
            }
        };
        let (cpu, cpuacct, memory, pids) = (take("cpu"), take("cpuacct"), take("memory"), take("pids"));
        let swap_accounted = memory.join(SWAP_LIMIT).exists();
        if !memory.as_os_str().is_empty() && !swap_accounted && swap_present() {
            missing
                .push("cgroup v1: swap is in use but not accounted for (boot with swapaccount=1)".to_owned());
        }
        if missing.is_empty() {
            Ok(Self { cpu, cpuacct, memory, pids, swap_accounted })
        } else {
            Err(missing)
        }
    }

    pub(super) fn bases(&self) -> Vec<PathBuf> {
        let all = [&self.cpu, &self.cpuacct, &self.memory, &self.pids];
        all.into_iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn create(&self, name: &str, limits: &Limits) -> Result<Group, SandboxError> {
        // Dropped on the way out of an error, it removes what is there so far.
        let group = Group {
            cpu: self.cpu.join(name),
            cpuacct: self.cpuacct.join(name),
            memory: self.memory.join(name),
            pids: self.pids.join(name),
        };
        for dir in group.dirs() {
            make(dir)?;
        }
        put(&group.memory, "memory.limit_in_bytes", &limits.memory_bytes)?;
        if self.swap_accounted {
            // Memory and swap together get what memory alone gets: nothing is left for swap.
            put(&group.memory, SWAP_LIMIT, &limits.memory_bytes)?;
        }
        // Buffers of TCP connections are counted apart, and only when limited.
        if group.memory.join(TCP_LIMIT).exists() {
            put(&group.memory, TCP_LIMIT, &(limits.memory_bytes / 8))?;
        }
        put(&group.memory, "memory.oom_control", &0)?;
        put(&group.cpu, "cpu.cfs_period_us", &100_000)?;
        put(&group.cpu, "cpu.cfs_quota_us", &quota_micros(limits))?;
        put(&group.pids, "pids.max", &pids_max(limits))?;
        Ok(group)
    }
}

#[derive(Debug)]
pub(crate) struct Group {
    cpu: PathBuf,
    cpuacct: PathBuf,
    memory: PathBuf,
    pids: PathBuf,
}

impl Group {
    fn dirs(&self) -> BTreeSet<&Path> {
        [&self.cpu, &self.cpuacct, &self.memory, &self.pids].into_iter().map(PathBuf::as_path).collect()
    }

    pub(super) fn for_jail(&self) -> JailCgroup {
        JailCgroup::V1 { tasks: self.dirs().into_iter().map(|dir| dir.join("tasks")).collect() }
    }

    pub(super) fn usage(&self) -> Usage {
        usage([&self.cpu, &self.cpuacct, &self.memory, &self.pids])
    }

    pub(super) fn memory(&self) -> Option<u64> {
        get_number(&self.memory, "memory.usage_in_bytes")
    }

    pub(super) fn limit(&self, new: &Limits, old: &Limits) -> Result<(), SandboxError> {
        if new.memory_bytes != old.memory_bytes {
            // Alone it must not exceed both together, so it is lowered first.
            put(&self.memory, "memory.limit_in_bytes", &new.memory_bytes)?;
            if self.memory.join(SWAP_LIMIT).exists() {
                put(&self.memory, SWAP_LIMIT, &new.memory_bytes)?;
            }
            if self.memory.join(TCP_LIMIT).exists() {
                put(&self.memory, TCP_LIMIT, &(new.memory_bytes / 8))?;
            }
        }
        if new.cpu_millis != old.cpu_millis {
            put(&self.cpu, "cpu.cfs_quota_us", &quota_micros(new))?;
        }
        if new.pids != old.pids {
            put(&self.pids, "pids.max", &pids_max(new))?;
        }
        Ok(())
    }

    pub(super) fn hurry(&self, usual: bool) -> Result<(), SandboxError> {
        put(&self.cpu, "cpu.shares", &if usual { 1024 } else { 256 })
    }

    pub(super) fn kill(&self) {
        kill_members(&self.pids);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for dir in self.dirs() {
            super::remove(dir);
        }
    }
}

/// From the folders of cpu, cpuacct, memory and pids.
pub(super) fn usage([cpu, cpuacct, memory, pids]: [&Path; 4]) -> Usage {
    let nanos = |dir: &Path, file: &str| get_number(dir, file).map(Duration::from_nanos);
    Usage {
        cpu_user: nanos(cpuacct, "cpuacct.usage_user"),
        cpu_system: nanos(cpuacct, "cpuacct.usage_sys"),
        throttled: get_field(cpu, "cpu.stat", "throttled_time").map(Duration::from_nanos),
        peak_memory: get_number(memory, "memory.max_usage_in_bytes"),
        peak_pids: get_number(pids, "pids.peak"),
        oom_kills: get_field(memory, "memory.oom_control", "oom_kill").unwrap_or(0),
        written: written(pids),
    }
}
