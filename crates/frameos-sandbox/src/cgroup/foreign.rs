//! Control groups that somebody else makes and removes: a container engine's. They are measured, and emptied when the engine
//! cannot do it.

use std::path::PathBuf;

use super::mounts::Table;
use super::{Usage, kill_members, v1, v2};

#[derive(Debug)]
pub(crate) enum Foreign {
    /// The folders of cpu, cpuacct, memory and pids.
    V1([PathBuf; 4]),
    V2(PathBuf),
}

impl Foreign {
    /// The group of the process `pid`, if `name` is part of its path: a number alone may mean another process here than it
    /// does to whoever told us, who may live in another pid namespace or on another machine.
    pub(crate) fn of(pid: u32, name: &str) -> Option<Self> {
        let table = Table::of(pid).ok()?;
        let named = |dir: &PathBuf| dir.to_string_lossy().contains(name);
        if let Some(dir) = table.second().filter(|dir| named(dir) && dir.join("memory.max").exists()) {
            return Some(Self::V2(dir));
        }
        let find = |controller| table.first(controller).filter(named);
        Some(Self::V1([find("cpu")?, find("cpuacct")?, find("memory")?, find("pids")?]))
    }

    /// Sends SIGKILL to everything in it.
    pub(crate) fn kill(&self) {
        match self {
            Self::V1([.., pids]) => kill_members(pids),
            Self::V2(dir) => kill_members(dir),
        }
    }

    /// `None` when it is gone.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let usage = match self {
            Self::V1([cpu, cpuacct, memory, pids]) => v1::usage([cpu, cpuacct, memory, pids]),
            Self::V2(dir) => v2::usage(dir),
        };
        usage.cpu_user.is_some().then_some(usage)
    }
}
