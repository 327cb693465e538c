//! The name of the isolation a run had: printed to people, written into receipts.
//!
//! It is found out once, by `support`, and never claims more than was proven.

use std::fmt;

use serde::{Serialize, Serializer};

/// What this machine enforces. Prints as, for example, `linux:userns+seccomp+landlock+cgroup1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Whether the parent runs as root; if not, all sandboxes share its one user id.
    pub root: bool,
    /// Version of the control groups in use, 1 or 2.
    pub cgroup: u8,
    /// Version of the kernel's Landlock interface.
    pub landlock_abi: u32,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux:userns+seccomp+landlock+cgroup{}", self.cgroup)?;
        if !self.root {
            f.write_str("+rootless")?;
        }
        Ok(())
    }
}

impl Serialize for Tier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
