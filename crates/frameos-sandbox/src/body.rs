//! What holds a run's processes: measured while they live, killed when nothing milder helps, buried when they are gone.
//!
//! Dropping one kills and removes everything.

use crate::cgroup::{Group, Usage};
use crate::docker::Container;
use crate::slot::Slot;

pub(crate) enum Body {
    /// A jail's. The fields are dropped in this order: an id is free when nothing runs under it any more.
    Jail { group: Group, _slot: Slot },
    /// A container, which its driver removes.
    Container(Container),
}

impl Body {
    /// What was used so far. Reads some small files.
    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::Jail { group, .. } => group.usage(),
            Self::Container(container) => container.usage(),
        }
    }

    /// Where its limits can be changed, if it is ours.
    pub(crate) fn group(&self) -> Option<&Group> {
        match self {
            Self::Jail { group, .. } => Some(group),
            Self::Container(_) => None,
        }
    }

    /// Sends SIGKILL to every process.
    pub(crate) fn kill(&self) {
        match self {
            Self::Jail { group, .. } => group.kill(),
            Self::Container(container) => container.kill(),
        }
    }

    /// Removes what is left of a sandbox that has ended, and says what it used. Blocks.
    pub(crate) fn bury(self) -> Usage {
        match self {
            Self::Jail { group, .. } => group.usage(),
            Self::Container(container) => container.usage(),
        }
    }
}
