//! Control groups: where the limits of CPU, memory and processes are enforced and measured.
//!
//! A `Hierarchy` is found once; a `Group` is made per run, below the group this process is in, and removed when dropped.
//! Version 2 is used when it offers all controllers, else version 1. No group outlives its run.

mod foreign;
mod mounts;
mod v1;
mod v2;

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::SandboxError;
use crate::jail::JailCgroup;
use crate::spec::Limits;
pub(crate) use foreign::Foreign;

/// What a control group measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_user: Option<Duration>,
    pub(crate) cpu_system: Option<Duration>,
    pub(crate) throttled: Option<Duration>,
    pub(crate) peak_memory: Option<u64>,
    pub(crate) peak_pids: Option<u64>,
    /// How often the kernel killed for want of memory.
    pub(crate) oom_kills: u64,
    /// Bytes handed to write calls by processes that still live, and by those they waited for.
    pub(crate) written: Option<u64>,
}

/// Where groups are made.
#[derive(Debug, Clone)]
pub(crate) enum Hierarchy {
    V1(v1::Controllers),
    V2(v2::Parent),
}

impl Hierarchy {
    /// Finds one that can enforce every limit, or says what each lacks.
    pub(crate) fn find() -> Result<Self, Vec<String>> {
        let table = mounts::Table::read().map_err(|error| vec![error.to_string()])?;
        let second_lacks = match v2::Parent::find(&table) {
            Ok(parent) => return Ok(Self::V2(parent)),
            Err(missing) => missing,
        };
        if !table.has_first() {
            return Err(second_lacks);
        }
        v1::Controllers::find(&table).map(Self::V1).map_err(|mut missing| {
            missing.extend(second_lacks);
            missing
        })
    }

    /// 1 or 2.
    pub(crate) fn version(&self) -> u8 {
        match self {
            Self::V1(_) => 1,
            Self::V2(_) => 2,
        }
    }

    /// The folders in which groups are made.
    pub(crate) fn bases(&self) -> Vec<PathBuf> {
        match self {
            Self::V1(controllers) => controllers.bases(),
            Self::V2(parent) => vec![parent.dir().to_path_buf()],
        }
    }

    pub(crate) fn create(&self, name: &str, limits: &Limits) -> Result<Group, SandboxError> {
        match self {
            Self::V1(controllers) => controllers.create(name, limits).map(Group::V1),
            Self::V2(parent) => parent.create(name, limits).map(Group::V2),
        }
    }
}

/// One run's group. Dropping it kills what is left in it and removes it.
#[derive(Debug)]
pub(crate) enum Group {
    V1(v1::Group),
    V2(v2::Group),
}

impl Group {
    pub(crate) fn for_jail(&self) -> JailCgroup {
        match self {
            Self::V1(group) => group.for_jail(),
            Self::V2(group) => group.for_jail(),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::V1(group) => group.usage(),
            Self::V2(group) => group.usage(),
        }
    }

    /// Bytes held now.
    pub(crate) fn memory(&self) -> Option<u64> {
        match self {
            Self::V1(group) => group.memory(),
            Self::V2(group) => group.memory(),
        }
    }

    /// Sets the limits in which `new` differs from `old`, none of which it may exceed.
    pub(crate) fn limit(&self, new: &Limits, old: &Limits) -> Result<(), SandboxError> {
        match self {
            Self::V1(group) => group.limit(new, old),
            Self::V2(group) => group.limit(new, old),
        }
    }

    /// Its part of a busy processor, against other groups: the usual one, or a small one.
    pub(crate) fn hurry(&self, usual: bool) -> Result<(), SandboxError> {
        match self {
            Self::V1(group) => group.hurry(usual),
            Self::V2(group) => group.hurry(usual),
        }
    }

    /// Sends SIGKILL to everything in it.
    pub(crate) fn kill(&self) {
        match self {
            Self::V1(group) => group.kill(),
            Self::V2(group) => group.kill(),
        }
    }
}

/// Removes the group at `dir` and those below it, killing what is in them. The kernel needs a moment to let go of the
/// dead, hence the patience; what still resists is logged and left to the next start.
pub(crate) fn remove(dir: &Path) {
    for _ in 0..200 {
        if let Ok(entries) = std::fs::read_dir(dir) {
            for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
                remove(&entry.path());
            }
        }
        match std::fs::remove_dir(dir) {
            Ok(()) => return,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(_) => kill_members(dir),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    tracing::error!(group = %dir.display(), "control group cannot be removed");
}

fn kill_members(dir: &Path) {
    let Ok(members) = std::fs::read_to_string(dir.join("cgroup.procs")) else { return };
    for pid in members.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// What the members of a group wrote so far; `None` for one that has none.
fn written(dir: &Path) -> Option<u64> {
    let members = std::fs::read_to_string(dir.join("cgroup.procs")).ok()?;
    let of = |pid: &str| field(&std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?, "wchar:");
    members.lines().filter_map(of).reduce(u64::saturating_add)
}

fn make(dir: &Path) -> Result<(), SandboxError> {
    std::fs::create_dir(dir).map_err(SandboxError::io("create control group", dir))
}

fn put(dir: &Path, file: &str, value: &dyn Display) -> Result<(), SandboxError> {
    let path = dir.join(file);
    std::fs::write(&path, value.to_string()).map_err(SandboxError::io("set limit", &path))
}

fn get_number(dir: &Path, file: &str) -> Option<u64> {
    std::fs::read_to_string(dir.join(file)).ok()?.trim().parse().ok()
}

/// The value of `key` in a file of `key value` lines.
fn get_field(dir: &Path, file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(dir.join(file)).ok()?;
    field(&text, key)
}

fn field(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Whether this machine has swap in use at all.
pub(crate) fn swap_present() -> bool {
    std::fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1)
}

/// Whether we may create entries in `dir`.
fn writable(dir: &Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

/// Microseconds of CPU time per 100 ms period.
fn quota_micros(limits: &Limits) -> u64 {
    (u64::from(limits.cpu_millis) * 100).max(1000)
}

/// One more for the sandbox's init.
fn pids_max(limits: &Limits) -> u64 {
    u64::from(limits.pids) + 1
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!(field(text, "oom_kill"), Some(3));
        assert_eq!(field(text, "oom"), None);
    }
}
