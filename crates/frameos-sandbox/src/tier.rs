//! The name of the isolation a run had: printed to people, written into receipts.
//!
//! It is found out once, when a sandbox is opened, and never claims more than was proven.

use std::fmt;

use serde::{Serialize, Serializer};

/// What is enforced. Prints as, for example, `linux:userns+seccomp+landlock+cgroup1` or
/// `docker:runsc+seccomp+cgroup2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// By this machine's kernel, through the jail.
    Linux {
        /// Whether the parent runs as root; if not, all sandboxes share its one user id.
        root: bool,
        /// Version of the control groups in use, 1 or 2.
        cgroup: u8,
        /// Version of the kernel's Landlock interface.
        landlock_abi: u32,
    },
    /// By a Docker Engine and its OCI runtime.
    Docker {
        /// The OCI runtime, by the name the engine knows it by.
        oci_runtime: String,
        /// Version of the control groups in use, 1 or 2.
        cgroup: u8,
        /// Whether the kernel that the program sees enforces Landlock.
        landlock: bool,
    },
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linux { root, cgroup, landlock_abi: _ } => {
                let rootless = if *root { "" } else { "+rootless" };
                write!(f, "linux:userns+seccomp+landlock+cgroup{cgroup}{rootless}")
            }
            Self::Docker { oci_runtime, cgroup, landlock } => {
                let landlock = if *landlock { "+landlock" } else { "" };
                write!(f, "docker:{oci_runtime}+seccomp{landlock}+cgroup{cgroup}")
            }
        }
    }
}

impl Serialize for Tier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_names_what_holds_and_nothing_else() {
        let docker = |landlock| Tier::Docker { oci_runtime: "runsc".to_owned(), cgroup: 2, landlock };
        assert_eq!(docker(true).to_string(), "docker:runsc+seccomp+landlock+cgroup2");
        assert_eq!(docker(false).to_string(), "docker:runsc+seccomp+cgroup2");
        let rootless = Tier::Linux { root: false, cgroup: 1, landlock_abi: 4 };
        assert_eq!(rootless.to_string(), "linux:userns+seccomp+landlock+cgroup1+rootless");
    }
}
