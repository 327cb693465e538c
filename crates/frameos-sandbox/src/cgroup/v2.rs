//! Control groups, version 2: one hierarchy, handed down by delegation.
//!
//! Groups with limits cannot stand beside processes in one parent, so this process may first have to move into a leaf
//! of its own; that is done only when enabling the controllers asks for it, and only among its own processes.

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

const NEEDED: [&str; 3] = ["cpu", "memory", "pids"];
/// The leaf into which this process moves itself.
const LEAF: &str = "frameos-supervisor";

/// The group in which run groups are made.
#[derive(Debug, Clone)]
pub(crate) struct Parent {
    dir: PathBuf,
}

impl Parent {
    pub(super) fn find(table: &Table) -> Result<Self, Vec<String>> {
        let lacks = |text: String| Err(vec![format!("cgroup v2: {text}")]);
        let Some(own) = table.second() else { return lacks("not mounted".to_owned()) };
        // A process that moved itself into its leaf before finds the delegated group above it.
        let dir = match own.parent() {
            Some(parent) if own.ends_with(LEAF) => parent.to_path_buf(),
            _ => own,
        };
        let offered = words(&dir.join("cgroup.controllers"));
        let absent: Vec<&str> =
            NEEDED.into_iter().filter(|needed| !offered.iter().any(|o| o == needed)).collect();
        if !absent.is_empty() {
            return lacks(format!(
                "controllers {} are not delegated to {}",
                absent.join(", "),
                dir.display()
            ));
        }
        if !writable(&dir) || !writable_file(&dir.join("cgroup.procs")) {
            return lacks(format!("{} is not delegated to this user", dir.display()));
        }
        let parent = Self { dir };
        parent.enable().map_err(|error| vec![format!("cgroup v2: {error}")])?;
        Ok(parent)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Hands the controllers down to the groups below.
    fn enable(&self) -> Result<(), SandboxError> {
        let control = "cgroup.subtree_control";
        let enabled = words(&self.dir.join(control));
        if NEEDED.iter().all(|needed| enabled.iter().any(|e| e == needed)) {
            return Ok(());
        }
        let all = NEEDED.map(|name| format!("+{name}")).join(" ");
        if put(&self.dir, control, &all).is_ok() {
            return Ok(());
        }
        let leaf = self.dir.join(LEAF);
        if !leaf.is_dir() {
            make(&leaf)?;
        }
        for pid in words(&self.dir.join("cgroup.procs")) {
            put(&leaf, "cgroup.procs", &pid)?;
        }
        put(&self.dir, control, &all)
    }

    pub(super) fn create(&self, name: &str, limits: &Limits) -> Result<Group, SandboxError> {
        let group = Group { dir: self.dir.join(name) };
        make(&group.dir)?;
        put(&group.dir, "memory.max", &limits.memory_bytes)?;
        if group.dir.join("memory.swap.max").exists() {
            put(&group.dir, "memory.swap.max", &0)?;
        } else if swap_present() {
            return Err(SandboxError::Unsupported {
                missing: vec!["cgroup v2: swap is in use but cannot be limited (memory.swap.max)".to_owned()],
            });
        }
        // Not `memory.oom.group`: a program may survive its child's end for want of memory, as under version 1.
        put(&group.dir, "cpu.max", &cpu_max(limits))?;
        put(&group.dir, "pids.max", &pids_max(limits))?;
        Ok(group)
    }
}

#[derive(Debug)]
pub(crate) struct Group {
    dir: PathBuf,
}

impl Group {
    pub(super) fn for_jail(&self) -> JailCgroup {
        JailCgroup::V2 { dir: self.dir.clone() }
    }

    pub(super) fn usage(&self) -> Usage {
        let micros = |key| get_field(&self.dir, "cpu.stat", key).map(Duration::from_micros);
        Usage {
            cpu_user: micros("user_usec"),
            cpu_system: micros("system_usec"),
            throttled: micros("throttled_usec"),
            peak_memory: get_number(&self.dir, "memory.peak"),
            peak_pids: get_number(&self.dir, "pids.peak"),
            oom_kills: get_field(&self.dir, "memory.events", "oom_kill").unwrap_or(0),
            written: written(&self.dir),
        }
    }

    pub(super) fn memory(&self) -> Option<u64> {
        get_number(&self.dir, "memory.current")
    }

    pub(super) fn limit(&self, new: &Limits, old: &Limits) -> Result<(), SandboxError> {
        if new.memory_bytes != old.memory_bytes {
            put(&self.dir, "memory.max", &new.memory_bytes)?;
        }
        if new.cpu_millis != old.cpu_millis {
            put(&self.dir, "cpu.max", &cpu_max(new))?;
        }
        if new.pids != old.pids {
            put(&self.dir, "pids.max", &pids_max(new))?;
        }
        Ok(())
    }

    pub(super) fn hurry(&self, usual: bool) -> Result<(), SandboxError> {
        put(&self.dir, "cpu.weight", &if usual { 100 } else { 25 })
    }

    pub(super) fn kill(&self) {
        // Since Linux 5.14; before that, one by one.
        if put(&self.dir, "cgroup.kill", &1).is_err() {
            kill_members(&self.dir);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        super::remove(&self.dir);
    }
}

fn cpu_max(limits: &Limits) -> String {
    format!("{} 100000", quota_micros(limits))
}

fn words(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn writable_file(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_killed_and_removed_with_what_is_in_it() -> Result<(), Box<dyn std::error::Error>> {
        // Needs no controllers, so it runs wherever the hierarchy is mounted and writable, hybrid machines included.
        let Some(own) = Table::read()?.second().filter(|own| writable(own)) else { return Ok(()) };
        let group = Group { dir: own.join(format!("frameos-test-{}", std::process::id())) };
        make(&group.dir)?;
        #[expect(clippy::disallowed_methods, reason = "this is the crate that spawns processes")]
        let mut child = std::process::Command::new("sleep").arg("600").spawn()?;
        put(&group.dir, "cgroup.procs", &child.id())?;
        group.kill();
        assert!(!child.wait()?.success());
        let dir = group.dir.clone();
        drop(group);
        assert!(!dir.exists());
        Ok(())
    }
}
