//! Control groups, version 2: one hierarchy, handed down by delegation.
//!
//! Groups with limits cannot stand beside processes in one parent, so this process may first have to move into a leaf
//! of its own; that is done only when enabling the controllers asks for it, and takes along whatever is in its group.
//! Run groups have a parent of their own, because a controller that a child hands down cannot be taken away: systemd takes
//! those of a service without delegation at each reload, and running programs would be without limits.

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
const RUNS: &str = "frameos-runs";
const CONTROL: &str = "cgroup.subtree_control";
/// How often processes that others start while we move them are looked for anew.
const MOVES: usize = 20;
const HOW_TO_DELEGATE: &str = "with systemd, set Delegate=yes in the service, or start from a shell with \
    `systemd-run --user --scope -p Delegate=yes`";

/// Where run groups are made.
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
                "controllers {} are not delegated to {}; {HOW_TO_DELEGATE}",
                absent.join(", "),
                dir.display()
            ));
        }
        if !writable(&dir) || !writable_file(&dir.join("cgroup.procs")) {
            return lacks(format!("{} is not delegated to this user; {HOW_TO_DELEGATE}", dir.display()));
        }
        let runs = dir.join(RUNS);
        let enabled =
            hand_down(&dir).and_then(|()| make_shared(&runs)).and_then(|()| put(&runs, CONTROL, &needed()));
        enabled.map_err(|error| vec![format!("cgroup v2: {error}")])?;
        Ok(Self { dir: runs })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
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
        usage(&self.dir)
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

/// Hands the controllers of `dir` down to the groups below it.
fn hand_down(dir: &Path) -> Result<(), SandboxError> {
    let leaf = dir.join(LEAF);
    // What is in the group may fork, end, or be moved by another of our kind while we look.
    for _ in 0..MOVES {
        if put(dir, CONTROL, &needed()).is_ok() {
            return Ok(());
        }
        make_shared(&leaf)?;
        for pid in words(&dir.join("cgroup.procs")) {
            match put(&leaf, "cgroup.procs", &pid) {
                Err(SandboxError::Io { source, .. }) if source.raw_os_error() == Some(libc::ESRCH) => {}
                moved => moved?,
            }
        }
    }
    put(dir, CONTROL, &needed())
}

fn needed() -> String {
    NEEDED.map(|name| format!("+{name}")).join(" ")
}

/// A group that all FrameOS processes below one parent use.
fn make_shared(dir: &Path) -> Result<(), SandboxError> {
    match make(dir) {
        Err(_) if dir.is_dir() => Ok(()),
        made => made,
    }
}

pub(super) fn usage(dir: &Path) -> Usage {
    let micros = |key| get_field(dir, "cpu.stat", key).map(Duration::from_micros);
    Usage {
        cpu_user: micros("user_usec"),
        cpu_system: micros("system_usec"),
        throttled: micros("throttled_usec"),
        peak_memory: get_number(dir, "memory.peak"),
        peak_pids: get_number(dir, "pids.peak"),
        oom_kills: get_field(dir, "memory.events", "oom_kill").unwrap_or(0),
        written: written(dir),
    }
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
