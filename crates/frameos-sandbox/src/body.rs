//! What holds a run's processes: measured while they live, killed when nothing milder helps, buried when they are gone.
//!
//! Dropping one kills and removes everything.

use std::process::Child;

use crate::cgroup::{Group, Usage};
use crate::slot::Slot;

pub(crate) enum Body {
    /// A jail of this process. The fields are dropped in this order: an id is free when nothing runs under it any more.
    Jail { child: Child, group: Group, _slot: Slot },
}

impl Body {
    /// What was used so far. Reads some small files.
    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::Jail { group, .. } => group.usage(),
        }
    }

    /// Sends SIGKILL to every process.
    pub(crate) fn kill(&self) {
        match self {
            Self::Jail { group, .. } => group.kill(),
        }
    }

    /// Removes what is left of a sandbox that has ended, and says what it used. Blocks.
    pub(crate) fn bury(self) -> Usage {
        match self {
            Self::Jail { mut child, group, _slot } => {
                // The sandbox is gone, so the jail's outer process is a zombie or about to be one.
                let _ = child.kill();
                let _ = child.wait();
                group.usage()
            }
        }
    }
}
